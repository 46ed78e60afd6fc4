package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/internal/load/estatefile"
)

// unit is one stack to be: a template, an account, a region and parameters.
type unit struct {
	name, account, accountName, region string
	regionAssumed                      bool
	template                           *cfn.Template
	path                               string
	given                              []estatefile.Parameter
	// values are parameters of a nested stack, as its parent gives them.
	values map[string]*policy.Node
	// role is the CloudFormation execution role, where the loader knows it.
	role string
	pos  policy.Pos
	// alone: nobody says how the template is deployed, so its parameters may have
	// other values than their defaults.
	alone bool
	// parent is the stack that this one is nested in; nil at the top.
	parent  *unit
	logical string // in the parent's template

	// named is where an estate file names the template; nil otherwise.
	named *policy.Pos

	stack    *cfn.Stack // of a settled stack, its outputs alone
	children []*unit
	waiting  bool        // for a value that another stack exports
	imports  []importUse // of a stack at the top, those of nested stacks included
}

// importUse is one use of an exported value.
type importUse struct {
	name  string
	found *unit // nil where nothing exports it
}

// id names the unit in messages and options: "account/name".
func (u *unit) id() string {
	account := u.accountName
	if account == "" {
		account = u.account
	}
	return account + "/" + u.name
}

func (l *loader) addUnit(u *unit) {
	if u.region == "" {
		u.region, u.regionAssumed = l.region, true
	}
	l.units = append(l.units, u)
	l.byID[u.id()] = u
	l.uses[realPath(u.path)]++
}

// order returns the top-level units so that each comes after those whose outputs
// and exports it uses; in a cycle, in the order of the file.
func (l *loader) order() []*unit {
	var out []*unit
	visited := map[*unit]bool{}
	var visit func(u *unit)
	visit = func(u *unit) {
		if visited[u] {
			return
		}
		visited[u] = true
		for _, p := range u.given {
			if p.Output == nil {
				continue
			}
			if before := l.byID[p.Output.Account+"/"+p.Output.Stack]; before != nil {
				visit(before)
			}
		}
		for _, use := range u.imports {
			if use.found != nil {
				visit(use.found)
			}
		}
		out = append(out, u)
	}
	for _, u := range l.units {
		visit(u)
	}
	return out
}

type export struct {
	value *policy.Node
	unit  *unit
}

// exportKey is the scope of an export: an account and region.
func exportKey(account, region, name string) string { return account + "\x01" + region + "\x01" + name }

// export adds the exports of a stack, and reports whether any is new or has
// another value than before.
func (l *loader) export(top *unit, exports map[string]export) (changed bool) {
	var add func(u *unit)
	add = func(u *unit) {
		for _, o := range u.stack.Outputs {
			name, ok := o.Export.Scalar()
			if !ok || strings.Contains(name, policy.Hole) {
				continue
			}
			value := o.Value
			if o.Maybe {
				value = &policy.Node{Kind: policy.Unknown, Reason: "whether " + name + " is exported depends on a condition that could not be decided", Pos: o.Pos}
			}
			key := exportKey(u.account, u.region, name)
			if have, ok := exports[key]; !ok || !equalNode(have.value, value) {
				changed = true
			}
			exports[key] = export{value, top}
		}
		for _, c := range u.children {
			add(c)
		}
	}
	add(top)
	return changed
}

// resolveUnit resolves a stack and the stacks nested in it.
func (l *loader) resolveUnit(u *unit, exports map[string]export) {
	if u.parent == nil {
		u.imports = nil
	}
	env := l.env(u, exports, l.parameters(u))
	u.stack = u.template.Resolve(env)
	l.resolveNested(u, env, exports)
}

func (l *loader) env(u *unit, exports map[string]export, parameters map[string]*policy.Node) cfn.Env {
	top := u
	for top.parent != nil {
		top = top.parent
	}
	return cfn.Env{
		AccountID: u.account, Region: u.region, StackName: u.name, Parameters: parameters,
		Conditions: l.opts.Conditions[u.id()],
		Import: func(name string) (*policy.Node, bool) {
			e, ok := exports[exportKey(u.account, u.region, name)]
			if !slices.ContainsFunc(top.imports, func(use importUse) bool { return use.name == name }) {
				top.imports = append(top.imports, importUse{name, e.unit})
			}
			return e.value, ok
		},
	}
}

// parameters works out the parameters of a stack. An output that is not known
// is an unknown value.
func (l *loader) parameters(u *unit) map[string]*policy.Node {
	if u.values != nil {
		return u.values
	}
	out := map[string]*policy.Node{}
	for _, p := range u.given {
		if p.Output == nil {
			out[p.Name] = p.Value
			continue
		}
		out[p.Name] = l.output(p)
	}
	return out
}

// output returns the value of another stack's output.
func (l *loader) output(p estatefile.Parameter) *policy.Node {
	unknown := func(why string) *policy.Node {
		return &policy.Node{Kind: policy.Unknown, Reason: why, Pos: p.Pos}
	}
	u := l.byID[p.Output.Account+"/"+p.Output.Stack]
	switch {
	case u == nil:
		return unknown("there is no stack " + p.Output.Account + "/" + p.Output.Stack)
	case u.stack == nil:
		return unknown("stack " + u.id() + " was not resolved before")
	}
	for _, o := range u.stack.Outputs {
		if o.Name != p.Output.Name {
			continue
		}
		if o.Maybe {
			return unknown("whether " + u.id() + " has output " + o.Name + " depends on a condition that could not be decided")
		}
		return o.Value
	}
	return unknown("stack " + u.id() + " has no output " + p.Output.Name)
}

// missingOutputs reports outputs that a template does not have.
func (l *loader) missingOutputs(u *unit) {
	for _, p := range u.given {
		if p.Output == nil {
			continue
		}
		from := l.byID[p.Output.Account+"/"+p.Output.Stack]
		if from == nil || from.stack == nil {
			continue
		}
		var names []string
		for _, o := range from.stack.Outputs {
			names = append(names, o.Name)
		}
		if slices.Contains(names, p.Output.Name) {
			continue
		}
		hint := "its template has no outputs"
		if len(names) > 0 {
			hint = "it has " + strings.Join(names, ", ")
		}
		l.b.Problem(estate.Problem{
			Message: fmt.Sprintf("parameter %s takes output %s of stack %s, which has no such output", p.Name, p.Output.Name, from.id()),
			Hint:    hint, Pos: p.Pos,
		})
	}
}

// reportImports reports stacks that import from each other in a circle.
func (l *loader) reportImports(units []*unit) {
	place := map[*unit]int{}
	for i, u := range units {
		place[u] = i
	}
	for _, u := range units {
		for _, use := range u.imports {
			if use.found != nil && use.found != u && place[use.found] > place[u] {
				l.b.Problem(estate.Problem{
					Message: "stacks " + u.id() + " and " + use.found.id() + " wait for each other: " + u.id() + " imports " + use.name,
					Hint:    "a stack can import only what was exported before", Pos: u.pos,
				})
			}
		}
	}
}

func equalNode(a, b *policy.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) {
		return false
	}
	for i := range a.Items {
		if !equalNode(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Entries {
		if a.Entries[i].Key != b.Entries[i].Key || !equalNode(a.Entries[i].Value, b.Entries[i].Value) {
			return false
		}
	}
	return true
}
