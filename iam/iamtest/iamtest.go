// Package iamtest reads and runs decision tests for IAM policies.
package iamtest

import "io"

// Case is one decision test, a line of a file of cases.
type Case struct {
	Line int
	N    int
	Name string
	Want string // Allow, ImplicitDeny, ExplicitDeny or If
	Why  string
}

// ReadCases reads one JSON object a line. Unknown fields are errors that name their line.
func ReadCases(r io.Reader) ([]Case, error) { return nil, nil }

// Run decides the case and returns the outcome in the words of Want.
func (c Case) Run() (got string, err error) { return "", nil }
