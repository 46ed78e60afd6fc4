package cfn

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// Resolve works out the values of a template in an environment. It always
// returns a Stack: what is wrong is in its Problems, what is not known in its
// Unknowns and Open.
func (t *Template) Resolve(env Env) *Stack {
	r := newResolver(t, env)
	r.bindParameters()
	r.decideConditions()
	r.checkTransforms()
	r.block = "Resources"
	for i := range t.Resources {
		if t.resource[t.Resources[i].LogicalID] == i {
			r.resolveResource(&t.Resources[i])
		}
	}
	r.reportMacroMembers("Resources")
	r.block = "Outputs"
	for i := range t.Outputs {
		r.resolveOutput(&t.Outputs[i])
	}
	r.reportMacroMembers("Outputs")
	for _, cycle := range t.Dependencies(r.stack.Conditions).Cycles {
		r.problem(t.Resource(cycle[0]).Pos, "", "Circular dependency between resources: [%s]", strings.Join(cycle, ", "))
	}
	s := r.stack
	s.Problems = slices.Concat(t.Problems, s.Problems)
	slices.SortStableFunc(s.Problems, func(a, b Problem) int { return comparePos(a.Pos, b.Pos) })
	slices.SortStableFunc(s.Unknowns, func(a, b Unknown) int { return comparePos(a.Pos, b.Pos) })
	return s
}

// Ref answers what Ref of a parameter, pseudo parameter or resource comes to in
// the stack, and GetAtt the attribute of a resource. They also know the roles
// that AWS SAM makes for its functions and state machines ("FunctionRole").
func (s *Stack) Ref(name string) *policy.Node {
	defer s.resolver.hush()()
	return s.resolver.ref(name, policy.Pos{File: s.resolver.t.File})
}

// GetAtt answers what an attribute of a resource comes to; see Ref.
func (s *Stack) GetAtt(logicalID, attribute string) *policy.Node {
	defer s.resolver.hush()()
	return s.resolver.getAtt(logicalID, attribute, policy.Pos{File: s.resolver.t.File})
}

func comparePos(a, b policy.Pos) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// given is a value that the environment gave, as if it were written at pos.
func given(v *policy.Node, what string, pos policy.Pos) *policy.Node {
	n := *v
	n.Pos = pos
	if n.Reason == "" && (n.Kind == policy.Unknown || n.HasHole()) {
		n.Reason = what + " is not known"
	}
	return &n
}

// maxTextBytes is how much text Resolve composes for one template. What goes
// beyond is unknown: a name made of two others, each made of two others, and so
// on, doubles with every resource.
const maxTextBytes = 64 << 20

// composed makes a String of a text that was put together.
func (r *resolver) composed(text, reason string, pos policy.Pos) *policy.Node {
	if r.text += len(text); r.text > maxTextBytes {
		why := "the texts of the template come to more than can be worked out"
		r.problem(policy.Pos{File: r.t.File}, "", "%s", why)
		return r.wrong(pos, why)
	}
	return r.dynamic(&policy.Node{Kind: policy.String, Text: text, Reason: reason, Pos: pos})
}

// noValue is what AWS::NoValue comes to: whoever holds it is left out.
var noValue = &policy.Node{Kind: policy.Null, Reason: "AWS::NoValue"}

type resolver struct {
	t     *Template
	env   Env
	stack *Stack
	block string // the section being resolved

	parameters map[string]parameterValue
	conditions map[string]*conditionState
	deciding   []string // the conditions being decided, outermost first
	identities map[string]*identity
	properties map[string]*policy.Node // by "LogicalId.Property"
	// vague are the unknown members of lists that may stand for any number of
	// members, none included.
	vague map[*policy.Node]bool

	text     int // bytes of composed text so far
	names    []string
	quiet    int // above zero, nothing is recorded
	problems map[Problem]bool
	unknowns map[string]bool
}

func newResolver(t *Template, env Env) *resolver {
	partition, suffix := partitionOf(env.Region)
	env.Partition = cmp.Or(env.Partition, partition)
	env.URLSuffix = cmp.Or(env.URLSuffix, suffix)
	r := &resolver{
		t: t, env: env, stack: &Stack{Conditions: map[string]bool{}},
		conditions: map[string]*conditionState{}, identities: map[string]*identity{},
		properties: map[string]*policy.Node{},
		vague:      map[*policy.Node]bool{}, problems: map[Problem]bool{}, unknowns: map[string]bool{},
	}
	r.stack.resolver = r
	return r
}

// hush keeps a question from being recorded as one that the template asks.
func (r *resolver) hush() (undo func()) {
	r.quiet++
	return func() { r.quiet-- }
}

func (r *resolver) problem(pos policy.Pos, hint, format string, args ...any) {
	p := newProblem(pos, hint, format, args...)
	if r.quiet > 0 || r.problems[p] || len(r.problems) > maxProblems {
		return
	}
	r.problems[p] = true
	r.stack.Problems = addProblem(r.stack.Problems, p)
}

// unknown records a value that cannot be resolved, once for each what, and
// returns the node that stands for it.
func (r *resolver) unknown(pos policy.Pos, what, why string) *policy.Node {
	r.record(pos, what, why)
	return &policy.Node{Kind: policy.Unknown, Reason: what + ": " + why, Pos: pos}
}

func (r *resolver) record(pos policy.Pos, what, why string) {
	if r.quiet > 0 || r.unknowns[what] {
		return
	}
	r.unknowns[what] = true
	r.stack.Unknowns = append(r.stack.Unknowns, Unknown{What: what, Why: why, Pos: pos})
}

// malformed reports a use of a function that CloudFormation would refuse.
func (r *resolver) malformed(pos policy.Pos, fn, why string) *policy.Node {
	r.problem(pos, "", "%s %s", fn, why)
	return r.wrong(pos, fn+" "+why)
}

// wrong is the unknown value of something that was reported as a problem.
func (r *resolver) wrong(pos policy.Pos, why string) *policy.Node {
	return &policy.Node{Kind: policy.Unknown, Reason: why, Pos: pos}
}

func (r *resolver) resolveResource(d *ResourceDeclaration) {
	res := Resource{LogicalID: d.LogicalID, Type: d.Type, DependsOn: d.DependsOn, Condition: d.Condition, Pos: d.Pos}
	if d.Condition != "" {
		switch c := r.condition(d.Condition, d.Pos); c.value {
		case no:
			return
		case open:
			res.Maybe = true
		}
	}
	for _, on := range d.DependsOn {
		if r.t.Resource(on) == nil && !r.impliedBySAM(on) {
			r.problem(d.Node.Get("DependsOn").Pos, r.nearest(on, r.t.logicalIDs()), "Unresolved resource dependencies [%s] in the Resources block of the template", on)
		}
	}
	res.Props = r.resolve(d.Node.Get("Properties"))
	switch {
	case res.Props == nil || res.Props.Kind == policy.Null:
		res.Props = &policy.Node{Kind: policy.Map, Pos: d.Pos}
	case res.Props.Kind != policy.Map && res.Props.Kind != policy.Unknown:
		r.problem(res.Props.Pos, "", "the Properties of %s have to be a map and are %s", d.LogicalID, kindWord(res.Props.Kind))
		res.Props = r.wrong(res.Props.Pos, "the Properties are not a map")
	}
	attrs := &policy.Node{Kind: policy.Map, Pos: d.Node.Pos}
	for _, e := range r.t.members(d.Node) {
		switch {
		case e.Key == "Type", e.Key == "Properties", e.Key == "DependsOn", e.Key == "Condition":
			continue
		case strings.HasPrefix(e.Key, "Fn::"):
			r.unknown(e.KeyPos, e.Key+" in resource "+d.LogicalID, "macros are not run; it may change the whole resource")
			res.Props = r.wrong(e.KeyPos, e.Key+" may change the whole resource")
			continue
		}
		if e.Value = r.resolve(e.Value); e.Value != noValue {
			attrs.Entries = append(attrs.Entries, e)
		}
	}
	res.Attrs = attrs
	undo := r.hush()
	res.Ref = r.ref(d.LogicalID, d.Pos)
	res.ARN, res.Generated = r.arnOf(d)
	undo()
	r.stack.Resources = append(r.stack.Resources, res)
}

func (r *resolver) resolveOutput(d *OutputDeclaration) {
	o := Output{Name: d.Name, Pos: d.Pos}
	if d.Condition != "" {
		switch c := r.condition(d.Condition, d.Pos); c.value {
		case no:
			return
		case open:
			o.Maybe = true
		}
	}
	o.Value = r.resolve(d.Node.Get("Value"))
	if o.Value == nil || o.Value == noValue {
		o.Value = r.wrong(d.Pos, "the output has no value")
	}
	if e := d.Node.Get("Export"); e != nil {
		if o.Export = r.resolve(e.Get("Name")); o.Export == nil || o.Export == noValue {
			r.problem(e.Pos, "", "the export of output %s has no Name", d.Name)
			o.Export = r.wrong(e.Pos, "the export has no name")
		}
	}
	r.stack.Outputs = append(r.stack.Outputs, o)
}

// checkTransforms reports the macros that may change the template in ways that
// are not known.
func (r *resolver) checkTransforms() {
	for _, tr := range r.t.Transforms {
		switch tr.Name {
		case TransformServerless, TransformLanguageExtensions:
		case "":
			r.record(tr.Pos, "transform", "its name could not be read; it may change anything in the template")
		case "AWS::Include":
			r.record(tr.Pos, "transform AWS::Include", "what it includes is not read; it may add anything to the template")
		default:
			r.record(tr.Pos, "transform "+tr.Name, "macros are not run; it may change anything in the template")
		}
	}
	for _, e := range r.t.Root.Entries {
		if strings.HasPrefix(e.Key, "Fn::") {
			r.record(e.KeyPos, e.Key+" in the template", "macros are not run; it may add anything to the template")
		}
	}
}

// reportMacroMembers reports what makes further members of a section.
func (r *resolver) reportMacroMembers(section string) {
	n := r.t.Root.Get(section)
	if n == nil || n.Kind != policy.Map {
		return
	}
	for _, e := range n.Entries {
		if !strings.HasPrefix(e.Key, "Fn::") {
			continue
		}
		why := "macros are not run; it may add anything to the section"
		if strings.HasPrefix(e.Key, "Fn::ForEach") {
			why = "loops are not expanded, so what it makes is missing"
		}
		r.record(e.KeyPos, e.Key+" in "+section, why)
	}
}

// resolve returns what a value comes to: n itself where there is nothing to
// resolve in it, noValue where it is to be left out, nil for nil.
func (r *resolver) resolve(n *policy.Node) *policy.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case policy.String:
		return r.dynamic(n)
	case policy.List:
		return r.resolveList(n)
	case policy.Map:
		if fn, arg := r.intrinsic(n); fn != nil {
			return r.call(fn.Key, arg, n.Pos)
		}
		return r.resolveMap(n)
	}
	return n
}

// intrinsic returns the function that a map stands for, if any.
func (r *resolver) intrinsic(n *policy.Node) (fn *policy.Entry, arg *policy.Node) {
	if n == nil || n.Kind != policy.Map || len(n.Entries) == 0 {
		return nil, nil
	}
	e := &n.Entries[len(n.Entries)-1]
	if e.Key != "Ref" && !strings.HasPrefix(e.Key, "Fn::") {
		return nil, nil
	}
	for i := range n.Entries[:len(n.Entries)-1] {
		if n.Entries[i].Key != e.Key {
			return nil, nil
		}
	}
	return e, e.Value
}

func (r *resolver) resolveList(n *policy.Node) *policy.Node {
	var out []*policy.Node // nil as long as nothing differs
	for i, item := range n.Items {
		v := r.resolve(item)
		if out == nil {
			if v == item {
				continue
			}
			out = append(make([]*policy.Node, 0, len(n.Items)), n.Items[:i]...)
		}
		if v != noValue {
			out = append(out, v)
		}
	}
	if out == nil {
		return n
	}
	return &policy.Node{Kind: policy.List, Items: out, Pos: n.Pos}
}

func (r *resolver) resolveMap(n *policy.Node) *policy.Node {
	for i := range n.Entries {
		if key := n.Entries[i].Key; strings.HasPrefix(key, "Fn::") {
			return r.besideFunction(n, &n.Entries[i])
		}
	}
	entries, own := n.Entries, false
	if r.t.repeated[n] {
		entries, own = r.t.members(n), true
	}
	kept := 0
	for i := range entries {
		v := r.resolve(entries[i].Value)
		if v != entries[i].Value && !own {
			entries, own = slices.Clone(entries), true
		}
		if v == noValue {
			continue
		}
		if own {
			entries[kept] = entries[i]
			entries[kept].Value = v
		}
		kept++
	}
	if !own {
		return n
	}
	return &policy.Node{Kind: policy.Map, Entries: entries[:kept], Pos: n.Pos}
}

// besideFunction is a map in which a function stands beside other members,
// which only macros and loops may.
func (r *resolver) besideFunction(n *policy.Node, e *policy.Entry) *policy.Node {
	switch {
	case e.Key == "Fn::Transform":
		return r.transform(e.Value, e.KeyPos)
	case strings.HasPrefix(e.Key, "Fn::ForEach"):
		return r.unknown(e.KeyPos, e.Key, "loops are not expanded")
	}
	return r.malformed(e.KeyPos, e.Key, "stands beside other keys; a function is the only key of its map")
}

// joinReasons puts the reasons of the parts of a value together, each once. A
// dynamic reference comes first, so that it can be told from the beginning of
// the text.
func joinReasons(a, b string) string {
	const long = 400
	switch {
	case b == "" || strings.Contains(a, b) || len(a) > long:
		return a
	case a == "":
		return b
	case strings.HasPrefix(b, dynamicReference) && !strings.HasPrefix(a, dynamicReference):
		return b + "; " + a
	}
	return a + "; " + b
}
