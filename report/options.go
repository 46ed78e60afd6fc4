package report

import (
	"time"

	"github.com/twokey/twokey/finding"
)

// Options says how a scan is rendered. The zero value is plain, without colour,
// 100 columns wide and without anything that changes from run to run.
type Options struct {
	// Version is the version of Twokey, for the SARIF driver and the foot of
	// the HTML page. Empty leaves it out.
	Version string
	// Title names what was scanned, for the HTML page.
	Title string
	// Color lets Text and Paths write ANSI colours. The caller knows whether
	// this is a terminal and whether NO_COLOR is set.
	Color bool
	// Width is the number of columns Text and Paths may use; 0 means 100, and
	// less than 60 is taken as 60.
	Width int
	// Elapsed is how long the scan took, for the summary line of Text; 0 leaves it out.
	Elapsed time.Duration
	// Explain adds to Text, for each way, all its statements, and for each
	// finding how to mend it, its evidence, and what was suppressed and why.
	Explain bool
	// Rules describes the rules that ran, for the SARIF driver and for help in
	// the HTML page. A finding of a rule that is not listed is still rendered.
	Rules []RuleInfo
}

// RuleInfo is what a report tells about a rule.
type RuleInfo struct {
	ID       string           // "CP-203"
	Name     string           // "artifact-bucket-versioning-off"
	Short    string           // one sentence
	Help     string           // Markdown: why it matters and how to mend it
	Severity finding.Severity // what it is usually worth
	HelpURI  string           // absolute https address of the rule's page, or empty
}

const defaultWidth, minWidth = 100, 60

func (o Options) width() int {
	if o.Width == 0 {
		return defaultWidth
	}
	return max(o.Width, minWidth)
}

func (o Options) rules() map[string]RuleInfo {
	m := make(map[string]RuleInfo, len(o.Rules))
	for _, r := range o.Rules {
		m[r.ID] = r
	}
	return m
}
