package finding

import (
	"cmp"
	"slices"
)

var severities = []Severity{Critical, High, Medium, Low, Info}

// Severities returns the severities, worst first.
func Severities() []Severity { return slices.Clone(severities) }

// Valid reports whether s is one of the five.
func (s Severity) Valid() bool { return slices.Contains(severities, s) }

// AtLeast reports whether s is as bad as t or worse. A severity that is not one
// of the five is worse than all, so that a slip never hides a finding.
func (s Severity) AtLeast(t Severity) bool {
	return slices.Index(severities, s) <= slices.Index(severities, t)
}

// Sort orders findings for reading: worst first, then by place, rule and
// subject. The order is total, so equal scans print equally.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Location.File, b.Location.File),
			cmp.Compare(a.Location.Line, b.Location.Line),
			cmp.Compare(a.Location.ARN, b.Location.ARN),
			cmp.Compare(a.Subject.Account, b.Subject.Account),
			cmp.Compare(a.Subject.Stack, b.Subject.Stack),
			cmp.Compare(a.Subject.ID, b.Subject.ID),
			cmp.Compare(a.Subject.Part, b.Subject.Part),
			cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
}
