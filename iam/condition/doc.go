// Package condition compiles the Condition element of IAM policies and
// evaluates it against the condition keys of a request.
package condition
