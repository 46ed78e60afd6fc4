// Package arn parses Amazon Resource Names and matches them and other AWS
// strings against patterns with * and ?.
//
// It knows nothing of any service: whether a resource part is well formed, or
// whether a service exists, is not its business. Matching is iterative, without
// regular expressions and without allocation.
//
// A string may be known in part only: [Hole] stands for a run of characters
// (possibly empty) that nobody could resolve. The functions that return a
// [Verdict] take holes into account; [Glob] does not.
package arn
