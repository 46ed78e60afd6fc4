// Package finding is the vocabulary of what Twokey reports: findings, ways to
// production, where they are, how bad, and how they are told apart between runs.
package finding

// Location is where something was written: a file relative to the scanned root
// with 1-based line and column, or the ARN of a live resource.
type Location struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	ARN    string `json:"arn,omitempty"`
}

// Severity grades a finding.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Status is what a rule answered for one subject.
type Status string

// The answers of a rule. StatusInfo is an observation that is no fault.
const (
	StatusFail    Status = "fail"
	StatusUnknown Status = "unknown"
	StatusInfo    Status = "info"
)

// Subject is what a finding is about.
type Subject struct {
	Type    string `json:"type"` // CloudFormation type
	ID      string `json:"id"`   // logical id, or the name of a live resource
	ARN     string `json:"arn,omitempty"`
	Account string `json:"account,omitempty"`
	Stack   string `json:"stack,omitempty"`
	// Part is the stage/action of a pipeline that the finding is about, if one.
	Part string `json:"part,omitempty"`
}

// Span is a related place with a sentence that says what it has to do with the finding.
type Span struct {
	Location Location `json:"location"`
	Message  string   `json:"message"`
}

// Suppression says why a finding does not count.
type Suppression struct {
	Kind     string   `json:"kind"` // ignore, metadata, config, baseline
	Reason   string   `json:"reason"`
	Until    string   `json:"until,omitempty"` // YYYY-MM-DD
	Location Location `json:"location"`
}

// Finding is one answer of one rule about one subject.
type Finding struct {
	Rule       string   `json:"rule"` // "CP-203"
	Name       string   `json:"name"` // "artifact-bucket-versioning-off"
	Severity   Severity `json:"severity"`
	Confidence string   `json:"confidence"` // high, medium, low
	Status     Status   `json:"status"`
	Subject    Subject  `json:"subject"`
	Location   Location `json:"location"`
	Related    []Span   `json:"related"`
	Message    string   `json:"message"`
	// Evidence is the chain that led to the finding, one hop a line, for a
	// finding that is more than one line of configuration.
	Evidence    []string `json:"evidence,omitempty"`
	Remediation string   `json:"remediation"`
	// Patch is the exact text to put in place, where there is one.
	Patch       string   `json:"patch,omitempty"`
	Controls    []string `json:"controls"`
	Fingerprint string   `json:"fingerprint"`
	// Needs names the values of template conditions under which the finding
	// holds, where it does not hold under all: "CrossAccountCondition=false".
	Needs      string       `json:"needs,omitempty"`
	Suppressed *Suppression `json:"suppressed,omitempty"`
}
