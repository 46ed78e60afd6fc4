// Package finding is the vocabulary of what Twokey reports: findings, where
// they are, how bad, and how they are told apart between runs.
package finding

// Location is where something was written: a file relative to the scanned root
// with 1-based line and column, or the ARN of a live resource.
type Location struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	ARN    string `json:"arn,omitempty"`
}
