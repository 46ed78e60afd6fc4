package arn

// Verdict is the answer of a match where either side may be unknown in part.
// The order matters: AND is the lesser of two verdicts, OR the greater.
type Verdict uint8

// The three verdicts.
const (
	No Verdict = iota
	Maybe
	Yes
)

// Not turns Yes into No and No into Yes.
func (v Verdict) Not() Verdict { return Yes - v }

// String returns no, maybe or yes.
func (v Verdict) String() string {
	switch v {
	case Yes:
		return "yes"
	case Maybe:
		return "maybe"
	}
	return "no"
}

// Known turns a bool into a Verdict.
func Known(b bool) Verdict {
	if b {
		return Yes
	}
	return No
}
