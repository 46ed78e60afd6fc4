// Package policy reads IAM policy documents: strictly, with the position of every
// part, and without losing what it does not understand.
//
// Invalid JSON is an error. A document that is JSON but no sound policy is still
// read: Document.Problems says what is wrong and where, and the statements that
// cannot be trusted to mean what they say are Broken, so that an evaluator can
// fail closed. FromNode reads the same from a tree that a template loader built,
// in which parts may be unknown.
//
// It judges no statement by the kind of policy it stands in; whether Principal is
// needed or forbidden is known where the document is compiled (package iam).
package policy
