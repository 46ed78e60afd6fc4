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

// Run applies every rule to an estate and returns what they found, sorted. It
// reads the estate and nothing else, and gives the same answer each time.
//
// A finding has status fail where a rule saw the fault, unknown where it could
// not see what decides, and info where it notes something that is no fault. What
// a rule could not look at for want of a whole resource is in Coverage.
func Run(e *estate.Estate, opts Options) []finding.Finding {
	fs, _ := run(e, opts)
	return fs
}

// Coverage returns what the rules could not look at, and why: roles that nothing
// in the estate defines, and rules that need a live account where the estate
// comes from templates.
func Coverage(e *estate.Estate, opts Options) []finding.Unknown {
	_, unknowns := run(e, opts)
	return unknowns
}

func run(e *estate.Estate, opts Options) ([]finding.Finding, []finding.Unknown) {
	s := newScan(e, opts.withDefaults())
	for i := range registry {
		s.rule = &registry[i].Rule
		if s.rule.Evidence == finding.FromLive && !s.live {
			s.notApplicable = append(s.notApplicable, s.rule.ID)
			continue
		}
		registry[i].check(s)
	}
	out := make([]finding.Finding, 0, len(s.drafts))
	for _, d := range s.drafts {
		out = append(out, d.finish())
	}
	finding.Sort(out)
	return out, s.unknowns()
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
	if len(s.notApplicable) > 0 {
		slices.Sort(s.notApplicable)
		out = append(out, finding.Unknown{
			What: "rules " + strings.Join(s.notApplicable, ", "), Why: "they need a live account or a snapshot, and this estate comes from templates",
		})
	}
	return out
}
