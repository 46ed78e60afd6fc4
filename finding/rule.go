package finding

// Rule is what there is to know of a rule before it has looked at anything.
type Rule struct {
	ID   string `json:"id"`   // "CP-203"
	Name string `json:"name"` // "artifact-bucket-versioning-off"
	// Severity is the worst that the rule reports; Grades says when it reports less.
	Severity Severity `json:"severity"`
	Grades   string   `json:"grades,omitempty"`
	Title    string   `json:"title"` // one line: what is wrong where the rule fails
	Persona  Persona  `json:"persona"`
	Evidence Evidence `json:"evidence"`
	// Controls are ids of other catalogues, each with the catalogue's name:
	// "OWASP CICD-SEC-5", "NIST 800-53 AC-6", "Security Hub IAM.1", "Checkov CKV_AWS_21".
	Controls []string `json:"controls"`
}

// Doc returns the page that documents the rule, relative to the repository.
func (r Rule) Doc() string { return "docs/rules/" + r.ID + ".md" }

// Persona says for whom a rule is meant.
type Persona string

// The personas. Regular rules are meant for everyone.
const (
	Regular  Persona = "regular"
	Pedantic Persona = "pedantic"
	Auditor  Persona = "auditor"
)

// Evidence says what a rule has to see.
type Evidence string

// The kinds of evidence. FromTemplate rules work on whatever was loaded;
// FromLive rules need an estate read from live accounts or a snapshot, and say
// nothing of templates.
const (
	FromTemplate Evidence = "template"
	FromLive     Evidence = "live"
)
