package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// Options are the choices of a run. The zero value takes the defaults.
type Options struct {
	// MaxApprovers is how many people may answer one gate before CP-508 speaks; 10 where 0.
	MaxApprovers int
	// RetentionDays is how long events must be kept (CP-703); 365 where 0.
	RetentionDays int
	// NoncurrentDays is how long old artifact versions may be kept (CP-204); 90 where 0.
	NoncurrentDays int
	// PipelineAdmins are ARN patterns of people who may change pipelines; CP-514
	// leaves them out.
	PipelineAdmins []string
	// Rules are the ids or names of the rules to apply; empty means all.
	Rules []string
}

func (o Options) applies(r *finding.Rule) bool {
	return len(o.Rules) == 0 || slices.ContainsFunc(o.Rules, func(w string) bool {
		return strings.EqualFold(w, r.ID) || strings.EqualFold(w, r.Name)
	})
}

func (o Options) withDefaults() Options {
	if o.MaxApprovers == 0 {
		o.MaxApprovers = 10
	}
	if o.RetentionDays == 0 {
		o.RetentionDays = 365
	}
	if o.NoncurrentDays == 0 {
		o.NoncurrentDays = 90
	}
	return o
}

// rule is a rule of the catalogue with what carries it out.
type rule struct {
	finding.Rule
	check func(*scan)
}

// Rules returns the catalogue, in order of id.
func Rules() []finding.Rule {
	out := make([]finding.Rule, len(registry))
	for i := range registry {
		out[i] = registry[i].Rule
	}
	return out
}

// RuleByID returns a rule by its id or name, in any case.
func RuleByID(id string) (finding.Rule, bool) {
	for i := range registry {
		if r := registry[i].Rule; strings.EqualFold(r.ID, id) || strings.EqualFold(r.Name, id) {
			return r, true
		}
	}
	return finding.Rule{}, false
}

// Result is what the rules say of an estate.
type Result struct {
	// Findings are sorted. One has status fail where a rule saw the fault, unknown
	// where it could not see what decides, and info where it notes something that
	// is no fault.
	Findings []finding.Finding
	// Unseen is what the rules could not look at, and why: roles that nothing in the
	// estate defines, for example.
	Unseen []finding.Unknown
	// NotApplied are the ids of rules that need a live account or a snapshot, where
	// the estate comes from templates.
	NotApplied []string
}

// Run applies the rules to an estate. It reads the estate and nothing else, and
// gives the same answer each time.
func Run(e *estate.Estate, opts Options) Result {
	s := newScan(e, opts.withDefaults())
	for i := range registry {
		s.rule = &registry[i].Rule
		if !opts.applies(s.rule) {
			continue
		}
		if s.rule.Evidence == finding.FromLive && !s.live {
			s.notApplied = append(s.notApplied, s.rule.ID)
			continue
		}
		registry[i].check(s)
	}
	out := make([]finding.Finding, 0, len(s.drafts))
	for _, d := range s.drafts {
		out = append(out, d.finish())
	}
	finding.Sort(out)
	return Result{Findings: out, Unseen: s.unknowns(), NotApplied: s.notApplied}
}

// location puts a position into the shape of a finding.
func location(p policy.Pos) finding.Location {
	if p.Line == 0 && strings.HasPrefix(p.File, "arn:") {
		return finding.Location{ARN: p.File}
	}
	return finding.Location{File: p.File, Line: p.Line, Column: p.Column}
}

// unknowns lists what was not looked at, joined by subject and reason.
func (s *scan) unknowns() []finding.Unknown {
	var out []finding.Unknown
	for _, m := range s.missed {
		what := m.what + " (" + strings.Join(m.rules, ", ") + ")"
		out = append(out, finding.Unknown{What: what, Why: m.why, Location: location(m.pos)})
	}
	return out
}
