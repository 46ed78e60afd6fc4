package cli

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/report"
)

// answer is a decision in the shape of its JSON output (schema twokey.can/v1).
// Fields may be added; none is renamed or removed without a new schema version.
type answer struct {
	Schema    string          `json:"schema"`
	Principal string          `json:"principal"`
	Action    string          `json:"action"`
	Resource  string          `json:"resource"`
	Decision  string          `json:"decision"`
	Reasons   []answerReason  `json:"reasons"`
	Missing   []answerMissing `json:"missing"`
	// DependsOn are the conditions and unknown texts on which an "if" depends.
	DependsOn []answerResidual `json:"depends_on"`
	Notes     []string         `json:"notes"`
	outcome   iam.Outcome
}

type answerReason struct {
	Effect    string           `json:"effect"`
	Side      iam.Side         `json:"side"`
	Policy    string           `json:"policy"`
	Statement int              `json:"statement"`
	Sid       string           `json:"sid,omitempty"`
	Location  finding.Location `json:"location"`
	Certain   bool             `json:"certain"`
	Note      string           `json:"note,omitempty"`
}

type answerMissing struct {
	Side    iam.Side `json:"side"`
	Account string   `json:"account,omitempty"`
	Policy  string   `json:"policy,omitempty"`
	Note    string   `json:"note"`
}

type answerResidual struct {
	Key      string           `json:"key,omitempty"`
	Operator string           `json:"operator,omitempty"`
	Values   []string         `json:"values,omitempty"`
	Wanted   bool             `json:"wanted"`
	Why      string           `json:"why,omitempty"`
	Location finding.Location `json:"location"`
}

func newAnswer(principal, action, resource string, notes []string, d iam.Decision) *answer {
	a := &answer{
		Schema: "twokey.can/v1", Principal: principal, Action: action, Resource: resource,
		Decision: d.Outcome.String(), outcome: d.Outcome,
		Reasons: []answerReason{}, Missing: []answerMissing{}, DependsOn: []answerResidual{}, Notes: []string{},
	}
	a.Notes = append(a.Notes, notes...)
	for _, r := range d.Reasons {
		a.Reasons = append(a.Reasons, answerReason{
			Effect: r.Effect, Side: r.Side, Policy: estate.Show(r.Policy), Statement: r.Statement, Sid: estate.Show(r.Sid),
			Location: locationOf(r.Pos), Certain: r.Certain, Note: r.Note,
		})
	}
	for _, m := range d.Missing {
		a.Missing = append(a.Missing, answerMissing{Side: m.Side, Account: m.Account, Policy: estate.Show(m.Policy), Note: estate.Show(m.Note)})
	}
	for _, r := range d.Residual {
		var values []string
		for _, v := range r.Values {
			values = append(values, estate.Show(v))
		}
		residual := answerResidual{
			Key: r.Key, Operator: r.Operator, Values: values, Wanted: r.Wanted, Why: estate.Show(r.Why), Location: locationOf(r.Pos),
		}
		// A Deny and an Allow may depend on one and the same thing.
		if !slices.ContainsFunc(a.DependsOn, func(o answerResidual) bool { return reflect.DeepEqual(o, residual) }) {
			a.DependsOn = append(a.DependsOn, residual)
		}
	}
	return a
}

// text prints the decision for people; its first line is the decision alone.
func (a *answer) text(w io.Writer, p painter) error {
	var b strings.Builder
	c := red
	switch a.outcome {
	case iam.Allow:
		c = green
	case iam.If:
		c = yellow
	}
	fmt.Fprintln(&b, p.paint(c, a.Decision))
	fmt.Fprintf(&b, "  %s on %s\n  as %s\n", report.Line(a.Action), report.Line(a.Resource), report.Line(a.Principal))
	if len(a.Reasons) > 0 {
		fmt.Fprintln(&b, "because")
	}
	for _, r := range a.Reasons {
		effect := r.Effect
		if !r.Certain {
			effect = "may " + effect
		}
		statement := fmt.Sprintf("%s, Statement[%d]", r.Policy, r.Statement)
		if r.Sid != "" {
			statement += " " + r.Sid
		}
		withPlace(&b, p, fmt.Sprintf("  %-9s %-8s  %s", effect, r.Side, report.Line(statement)), r.Location)
		if r.Note != "" {
			fmt.Fprintf(&b, "  %20s %s\n", "", report.Line(r.Note))
		}
	}
	switch {
	case len(a.Missing) > 0 && a.outcome == iam.If:
		fmt.Fprintln(&b, "missing, if it comes to nothing")
	case len(a.Missing) > 0:
		fmt.Fprintln(&b, "missing")
	}
	for _, m := range a.Missing {
		where := ""
		if m.Account != "" {
			where = "in " + m.Account + ": "
		}
		for i, line := range report.Wrap(where+m.Note, textColumns-12) {
			side := string(m.Side)
			if i > 0 {
				side = ""
			}
			fmt.Fprintf(&b, "  %-8s  %s\n", side, line)
		}
	}
	if len(a.DependsOn) > 0 {
		fmt.Fprintln(&b, "depends on")
	}
	for _, r := range a.DependsOn {
		withPlace(&b, p, "  "+report.Line(r.sentence()), r.Location)
	}
	for _, n := range a.Notes {
		fmt.Fprintf(&b, "note: %s\n", report.Line(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// withPlace writes a line with its place after it, where it has one.
func withPlace(b *strings.Builder, p painter, line string, l finding.Location) {
	b.WriteString(line)
	if at := report.Line(place(l)); at != "" {
		b.WriteString("  " + p.paint(dim, at))
	}
	b.WriteByte('\n')
}

// sentence says what must hold, or must not, for the decision to be allow.
func (r answerResidual) sentence() string {
	if r.Key == "" {
		return r.Why
	}
	s := fmt.Sprintf("%s %s %s", r.Key, r.Operator, strings.Join(r.Values, ", "))
	if r.Wanted {
		return s + " must hold"
	}
	return s + " must not hold"
}
