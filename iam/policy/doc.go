// Package policy reads IAM policy documents: strictly, with the position of
// every part, and without losing what it does not understand.
package policy
