package cfn

import (
	"maps"
	"slices"

	"github.com/twokey/twokey/iam/policy"
)

// maxChoices bounds how many combinations of parameter values are tried for the
// conditions that hang on them.
const maxChoices = 4096

// Assignments returns the combinations of values that the conditions left open
// by env can have together, each of which can be put into Env.Conditions. It
// knows that conditions which compare the same parameter exclude each other and
// that a parameter has one of its allowed values; beyond that it takes every
// combination to be possible, so it may return some that are not, but leaves
// none out that is. A stack without open conditions has one empty assignment.
//
// At most limit assignments are returned; complete is false where there are more.
func (t *Template) Assignments(env Env, limit int) (assignments []map[string]bool, complete bool) {
	names := t.openConditions(env)
	if len(names) == 0 {
		return []map[string]bool{{}}, true
	}
	a := &assigner{t: t, env: env, names: names, limit: limit, seen: map[string]bool{}, complete: true}
	a.choose(t.choices(env), map[string]*policy.Node{})
	return a.found, a.complete
}

type assigner struct {
	t        *Template
	env      Env
	names    []string // the conditions to give values to
	limit    int
	seen     map[string]bool
	found    []map[string]bool
	complete bool
}

// choice is an unknown parameter and the values that tell conditions apart.
type choice struct {
	name   string
	values []string
}

// choose gives each of the parameters each of its values.
func (a *assigner) choose(choices []choice, chosen map[string]*policy.Node) {
	if !a.complete {
		return
	}
	if len(choices) == 0 {
		env := a.env
		env.Parameters = maps.Clone(a.env.Parameters)
		if env.Parameters == nil {
			env.Parameters = map[string]*policy.Node{}
		}
		maps.Copy(env.Parameters, chosen)
		env.Conditions = maps.Clone(a.env.Conditions)
		if env.Conditions == nil {
			env.Conditions = map[string]bool{}
		}
		a.force(env)
		return
	}
	for _, v := range choices[0].values {
		chosen[choices[0].name] = &policy.Node{Kind: policy.String, Text: v}
		a.choose(choices[1:], chosen)
	}
	delete(chosen, choices[0].name)
}

// force gives the conditions that are open all the same both values in turn.
func (a *assigner) force(env Env) {
	if !a.complete {
		return
	}
	r := newResolver(a.t, env)
	r.bindParameters()
	r.decideConditions()
	if len(r.stack.Open) > 0 {
		name := a.t.foundation(r.stack.Open)
		for _, value := range []bool{true, false} {
			env.Conditions[name] = value
			a.force(env)
		}
		delete(env.Conditions, name)
		return
	}
	assignment, key := map[string]bool{}, make([]byte, len(a.names))
	for i, name := range a.names {
		assignment[name] = r.stack.Conditions[name]
		key[i] = byte(truthOf(assignment[name]))
	}
	switch {
	case a.seen[string(key)]:
	case len(a.found) == a.limit:
		a.complete = false
	default:
		a.seen[string(key)] = true
		a.found = append(a.found, assignment)
	}
}

// foundation returns the first of the conditions that rests on no other of them,
// so that those above it follow from what it is given.
func (t *Template) foundation(names []string) string {
	for _, name := range names {
		if !restsOn(t.Conditions[t.condition[name]].Node, names) {
			return name
		}
	}
	return names[0]
}

func restsOn(n *policy.Node, names []string) bool {
	for _, item := range n.Items {
		if restsOn(item, names) {
			return true
		}
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		if e.Key == "Condition" && slices.Contains(names, e.Value.Text) || restsOn(e.Value, names) {
			return true
		}
	}
	return false
}

func (t *Template) openConditions(env Env) []string {
	r := newResolver(t, env)
	r.bindParameters()
	r.decideConditions()
	return r.stack.Open
}

// choices lists the unknown parameters on which conditions hang, with the values
// to try: the allowed ones or, where conditions only compare the parameter with
// fixed texts, those texts and one that is none of them.
func (t *Template) choices(env Env) []choice {
	r := newResolver(t, env)
	r.bindParameters()
	uses := map[string]*parameterUse{}
	for _, c := range t.Conditions {
		collectUses(c.Node, uses)
	}
	var out []choice
	product := 1
	for i := range t.Parameters {
		p := &t.Parameters[i]
		use := uses[p.Name]
		if use == nil || p.List() || p.FromSSM() || !r.parameters[p.Name].node.IsUnknown() {
			continue
		}
		values := p.AllowedValues
		if len(values) == 0 {
			if use.otherwise {
				continue
			}
			// Control characters are in no text that a template compares with.
			values = append(slices.Clone(use.literals), "\x01")
		}
		if product *= len(values); product > maxChoices {
			break
		}
		out = append(out, choice{p.Name, values})
	}
	return out
}

// parameterUse is how conditions use a parameter.
type parameterUse struct {
	literals  []string // what it is compared with
	otherwise bool     // it is also used in other ways
}

func collectUses(n *policy.Node, uses map[string]*parameterUse) {
	use := func(name string) *parameterUse {
		if uses[name] == nil {
			uses[name] = &parameterUse{}
		}
		return uses[name]
	}
	if arg := n.Get("Fn::Equals"); arg != nil && arg.Kind == policy.List && len(arg.Items) == 2 {
		for i := range arg.Items {
			name, ok := arg.Items[i].Get("Ref").Scalar()
			literal, fixed := arg.Items[1-i].Scalar()
			if !ok || !fixed {
				continue
			}
			if u := use(name); !slices.Contains(u.literals, literal) {
				u.literals = append(u.literals, literal)
			}
			return
		}
	}
	for _, item := range n.Items {
		collectUses(item, uses)
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		switch e.Key {
		case "Ref":
			name, _ := e.Value.Scalar()
			use(name).otherwise = true
		case "Fn::Sub":
			if text, variables, ok := subArgs(e.Value); ok {
				parts, _ := parseSub(text)
				for _, p := range parts {
					if p.variable && variables.Get(p.text) == nil {
						use(p.text).otherwise = true
					}
				}
			}
			collectUses(e.Value, uses)
		default:
			collectUses(e.Value, uses)
		}
	}
}
