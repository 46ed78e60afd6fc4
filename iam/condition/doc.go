// Package condition compiles the Condition element of IAM policies and evaluates
// it against the condition keys of a request.
//
// All operators of IAM are known (String, Numeric, Date, Bool, Binary, IpAddress,
// Arn, Null), with IfExists, ForAllValues and ForAnyValue, in any case, and policy
// variables where the policy's version has them. Numbers compare exactly, as
// decimals. A key is absent, empty, present or unknown; an answer that depends on
// something unknown is arn.Maybe, and an answer of Yes or No holds however the
// unknown is filled in.
//
// BinaryEquals takes the value in the request for the bytes themselves, or for the
// same base64 text as in the policy. Dates need a time zone where they have a
// time. An IPv4 address in IPv6 form is IPv6.
//
// It does not know which keys a service supports, nor which are multivalued: that
// is for the Context to say (SetList).
package condition
