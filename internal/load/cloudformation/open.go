package cloudformation

import (
	"maps"
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// maxAssignments bounds the alternatives that are offered for analysis.
const maxAssignments = 16

// choice is the open conditions of one stack: the values they can have together.
type choice struct {
	stack    string
	values   []map[string]bool
	complete bool
}

// openConditions notes the conditions of a stack whose value nobody gave: those
// that could not be decided and, where nobody says how the template is deployed,
// those that only defaults decided.
func (l *loader) openConditions(u *unit, exports map[string]export) {
	for _, c := range u.children {
		l.openConditions(c, exports)
	}
	forced := l.opts.Conditions[u.id()]
	open := slices.Clone(u.stack.Open)
	for _, name := range open {
		l.open = append(l.open, estate.OpenCondition{Stack: u.id(), Name: name})
	}
	parameters := l.parameters(u)
	if u.alone && len(u.template.Conditions) > 0 && forced == nil {
		parameters = maps.Clone(parameters)
		for _, p := range u.template.Parameters {
			if parameters[p.Name] == nil && p.Default != nil {
				parameters[p.Name] = &policy.Node{Kind: policy.Unknown, Reason: "nobody gave parameter " + p.Name + " a value", Pos: p.Pos}
			}
		}
		for _, name := range u.template.Resolve(l.env(u, exports, parameters)).Open {
			if value, decided := u.stack.Conditions[name]; decided {
				open = append(open, name)
				l.open = append(l.open, estate.OpenCondition{Stack: u.id(), Name: name, ByDefault: true, Value: value})
			}
		}
	}
	if len(open) == 0 {
		return
	}
	values, complete := u.template.Assignments(l.env(u, exports, parameters), maxAssignments)
	l.choices = append(l.choices, choice{u.id(), values, complete})
}

// assignments combines the choices of all stacks.
func (l *loader) assignments() (all []map[string]map[string]bool, complete bool) {
	if len(l.choices) == 0 {
		return nil, true
	}
	all, complete = []map[string]map[string]bool{{}}, true
	for _, c := range l.choices {
		complete = complete && c.complete
		var next []map[string]map[string]bool
		for _, have := range all {
			for _, v := range c.values {
				if len(next) == maxAssignments {
					complete = false
					break
				}
				more := maps.Clone(have)
				more[c.stack] = v
				next = append(next, more)
			}
		}
		all = next
	}
	return all, complete
}
