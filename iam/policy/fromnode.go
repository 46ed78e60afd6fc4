package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Policy versions. A document without Version has Version2008.
const (
	Version2012 = "2012-10-17"
	Version2008 = "2008-10-17"
)

// FromNode reads a policy document from a tree. It never fails: what it does not
// understand is in Problems and makes the statement concerned Broken, what is
// unresolved makes it Unknown in the smallest part that covers it.
//
// It knows no side: whether an element is required or forbidden in, say, a trust
// policy is decided where a document is compiled for a side.
func FromNode(n *Node) *Document {
	d := &Document{Version: Version2008}
	if n == nil {
		return d
	}
	d.Pos = n.Pos
	if n.Kind == Unknown {
		d.Statements = []Statement{{Unknown: unknownReason(n), Pos: n.Pos}}
		return d
	}
	if n.Kind != Map {
		d.problem(n.Pos, "a policy document must be an object, not %s", n.describe())
		d.Statements = []Statement{{Broken: "the policy document is not an object", Pos: n.Pos}}
		return d
	}
	r := &documentReader{doc: d}
	r.read(n)
	return d
}

func (d *Document) problem(pos Pos, format string, args ...any) {
	d.Problems = append(d.Problems, Problem{Message: fmt.Sprintf(format, args...), Pos: pos})
}

type documentReader struct {
	doc *Document
	// broken and unknown hold for every statement of the document.
	broken, unknown string
	sids            map[string]bool
}

func (r *documentReader) read(n *Node) {
	d := r.doc
	seen := map[string]bool{}
	var statements []*Node
	for _, e := range members(n) {
		name := canonicalName(e.Key, "Version", "Id", "Statement")
		r.checkName(e, name, "policy")
		if seen[name] && name != "" {
			d.problem(e.KeyPos, "%s stands twice", name)
			r.broken = name + " stands twice in the document"
		}
		seen[name] = true
		switch name {
		case "Version":
			r.version(e.Value)
		case "Id":
			d.ID, _ = e.Value.Scalar()
		case "Statement":
			statements = append(statements, e.Value)
		}
	}
	if len(statements) == 0 {
		d.problem(n.Pos, "a policy document needs a Statement")
		if len(n.Entries) > 0 {
			// Whatever stands there instead was meant to say something.
			d.Statements = []Statement{{Broken: "the document has no Statement", Pos: n.Pos}}
		}
		return
	}
	for _, s := range statements {
		if s.Kind == Null {
			d.problem(s.Pos, "Statement must be an object or a list of objects, not null")
		}
		for _, item := range elements(s) {
			d.Statements = append(d.Statements, r.statement(item, len(d.Statements)))
		}
	}
}

func (r *documentReader) version(n *Node) {
	text, ok := n.Scalar()
	switch {
	case n.Kind == Unknown || n.HasHole():
		r.unknown = unknownReason(n)
		r.doc.Version = Version2012
	case ok && (text == Version2012 || text == Version2008):
		r.doc.Version = text
	default:
		r.doc.problem(n.Pos, "Version must be %q or %q", Version2012, Version2008)
		r.doc.Version = Version2012
		r.broken = "the document's Version is not one that AWS knows"
	}
}

// checkName reports an element name that is not spelt as AWS spells it.
func (r *documentReader) checkName(e Entry, name, where string) {
	switch {
	case name == "":
		r.doc.problem(e.KeyPos, "unknown element %q in a %s", e.Key, where)
	case name != e.Key:
		r.doc.problem(e.KeyPos, "element %q must be spelt %q", e.Key, name)
	}
}

var statementElements = []string{
	"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
	"Resource", "NotResource", "Condition",
}

func (r *documentReader) statement(n *Node, index int) Statement {
	s := &statementReader{r: r, s: Statement{Index: index, Pos: n.Pos, Broken: r.broken}}
	switch n.Kind {
	case Unknown:
		s.s.Unknown = unknownReason(n)
		return s.s
	case Map:
	default:
		s.broken(n.Pos, "a statement must be an object, not %s", n.describe())
		return s.s
	}
	s.elements(n)
	return s.s
}

type statementReader struct {
	r *documentReader
	s Statement
}

// broken reports a problem after which the statement cannot be trusted to mean
// what it says.
func (s *statementReader) broken(pos Pos, format string, args ...any) {
	s.r.doc.problem(pos, format, args...)
	if s.s.Broken == "" {
		s.s.Broken = fmt.Sprintf(format, args...)
	}
}

func (s *statementReader) elements(n *Node) {
	seen := map[string]bool{}
	for _, e := range members(n) {
		name := canonicalName(e.Key, statementElements...)
		s.r.checkName(e, name, "statement")
		if name == "" && s.s.Broken == "" {
			s.s.Broken = fmt.Sprintf("unknown element %q", e.Key)
		}
		if name != "" && seen[name] {
			s.broken(e.KeyPos, "%s stands twice in one statement", name)
		}
		seen[name] = true
		s.element(name, e.Value)
	}
	if !seen["Effect"] {
		s.broken(n.Pos, "a statement needs an Effect")
	}
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if seen[pair[0]] && seen[pair[1]] {
			s.broken(n.Pos, "a statement may not have both %s and %s", pair[0], pair[1])
		}
	}
	if !seen["Action"] && !seen["NotAction"] {
		s.broken(n.Pos, "a statement needs an Action or a NotAction")
	}
	if s.r.unknown != "" {
		s.forgetVariables("whether variables are replaced depends on Version: " + s.r.unknown)
	}
}

func (s *statementReader) element(name string, v *Node) {
	switch name {
	case "Sid":
		s.sid(v)
	case "Effect":
		s.effect(v)
	case "Action", "NotAction":
		s.s.NotAction = name == "NotAction"
		s.s.Actions = append(s.s.Actions, s.texts(name, v)...)
	case "Resource", "NotResource":
		s.s.NotResource = name == "NotResource"
		s.s.HasResource = true
		s.s.Resources = append(s.s.Resources, s.texts(name, v)...)
	case "Principal", "NotPrincipal":
		s.principals(name, v)
	case "Condition":
		s.conditions(v)
	}
}

func (s *statementReader) sid(v *Node) {
	if v.Kind == Unknown {
		return
	}
	text, ok := v.Scalar()
	if !ok {
		s.r.doc.problem(v.Pos, "Sid must be a string, not %s", v.describe())
		return
	}
	s.s.Sid = text
	if text == "" || v.HasHole() {
		return
	}
	if s.r.sids == nil {
		s.r.sids = map[string]bool{}
	}
	if s.r.sids[text] {
		s.r.doc.problem(v.Pos, "Sid %q stands twice", text)
	}
	s.r.sids[text] = true
}

func (s *statementReader) effect(v *Node) {
	text, ok := v.Scalar()
	switch {
	case v.Kind == Unknown || v.HasHole():
		s.s.Unknown = unknownReason(v)
		return
	case ok && text == "Allow":
		s.s.Effect = EffectAllow
		return
	case ok && text == "Deny":
		s.s.Effect = EffectDeny
		return
	case ok && strings.EqualFold(text, "Allow"):
		s.s.Effect = EffectAllow
	case ok && strings.EqualFold(text, "Deny"):
		s.s.Effect = EffectDeny
	}
	s.broken(v.Pos, "Effect must be %q or %q", "Allow", "Deny")
}

// texts reads a string or a list of strings.
func (s *statementReader) texts(name string, v *Node) []Text {
	items := elements(v)
	if len(items) == 0 {
		s.broken(v.Pos, "%s must not be empty", name)
	}
	out := make([]Text, 0, len(items))
	for _, item := range items {
		switch item.Kind {
		case Unknown:
			out = append(out, Text{Value: Hole, Reason: unknownReason(item), Pos: item.Pos})
		case String:
			out = append(out, Text{Value: item.Text, Reason: item.Reason, Pos: item.Pos})
		default:
			s.broken(item.Pos, "%s must be strings, not %s", name, item.describe())
		}
	}
	return out
}

func (s *statementReader) conditions(v *Node) {
	switch v.Kind {
	case Null:
		s.broken(v.Pos, "Condition must be an object, not null")
	case Unknown:
		s.s.Conditions = append(s.s.Conditions, Condition{Unknown: unknownReason(v), Pos: v.Pos})
	case Map:
		s.distinct(v, "Condition")
		for _, op := range members(v) {
			s.operator(op)
		}
	default:
		s.broken(v.Pos, "Condition must be an object, not %s", v.describe())
	}
}

func (s *statementReader) operator(op Entry) {
	switch op.Value.Kind {
	case Unknown:
		s.s.Conditions = append(s.s.Conditions, Condition{Operator: op.Key, Unknown: unknownReason(op.Value), Pos: op.KeyPos})
	case Map:
		s.distinct(op.Value, op.Key)
		for _, key := range members(op.Value) {
			s.s.Conditions = append(s.s.Conditions, Condition{
				Operator: op.Key, Key: key.Key, Values: s.values(op.Key, key), Pos: key.KeyPos,
			})
		}
	default:
		s.broken(op.Value.Pos, "condition operator %s must hold an object of keys, not %s", op.Key, op.Value.describe())
	}
}

func (s *statementReader) values(op string, key Entry) []Text {
	var out []Text
	for _, item := range elements(key.Value) {
		text, ok := item.Scalar()
		switch {
		case item.Kind == Unknown:
			out = append(out, Text{Value: Hole, Reason: unknownReason(item), Pos: item.Pos})
		case ok:
			out = append(out, Text{Value: text, Reason: item.Reason, Pos: item.Pos})
		default:
			s.broken(item.Pos, "condition %s on %s must hold strings, not %s", op, key.Key, item.describe())
		}
	}
	if key.Value.Kind == Null {
		s.broken(key.Value.Pos, "condition %s on %s must hold strings, not null", op, key.Key)
	}
	return out
}

// distinct reports keys that stand twice in one object: a reader that keeps one
// of them silently loses the other.
func (s *statementReader) distinct(v *Node, where string) {
	var seen []string
	for _, e := range v.Entries {
		if slices.Contains(seen, e.Key) {
			s.broken(e.KeyPos, "%s stands twice in %s", e.Key, where)
		}
		seen = append(seen, e.Key)
	}
}

func unknownReason(n *Node) string {
	if n.Reason != "" {
		return n.Reason
	}
	return "not resolved"
}

// members returns the members of a Map, a missing value as Null.
func members(n *Node) []Entry {
	if !slices.ContainsFunc(n.Entries, func(e Entry) bool { return e.Value == nil }) {
		return n.Entries
	}
	out := slices.Clone(n.Entries)
	for i := range out {
		if out[i].Value == nil {
			out[i].Value = &Node{Kind: Null, Pos: out[i].KeyPos}
		}
	}
	return out
}

// elements is Node.Elements with a missing element as Null.
func elements(n *Node) []*Node {
	items := n.Elements()
	if !slices.Contains(items, nil) {
		return items
	}
	out := slices.Clone(items)
	for i := range out {
		if out[i] == nil {
			out[i] = &Node{Kind: Null, Pos: n.Pos}
		}
	}
	return out
}

// canonicalName returns the one of names that key spells, ignoring case, or "".
func canonicalName(key string, names ...string) string {
	for _, n := range names {
		if strings.EqualFold(n, key) {
			return n
		}
	}
	return ""
}

// forgetVariables puts a Hole in the place of every policy variable.
func (s *statementReader) forgetVariables(reason string) {
	forget := func(ts []Text) {
		for i := range ts {
			text := ts[i].Value
			for at := 0; ; {
				start := strings.Index(text[at:], "${")
				if start < 0 {
					break
				}
				start += at
				end := strings.IndexByte(text[start:], '}')
				if end < 0 {
					break
				}
				text = text[:start] + Hole + text[start+end+1:]
				at = start + len(Hole)
				ts[i].Reason = reason
			}
			ts[i].Value = text
		}
	}
	forget(s.s.Resources)
	for i := range s.s.Conditions {
		forget(s.s.Conditions[i].Values)
	}
}

// describe names the kind of n for a message.
func (n *Node) describe() string {
	switch n.Kind {
	case Null:
		return "null"
	case Bool:
		return "a boolean"
	case Number:
		return "a number"
	case String:
		return "a string"
	case List:
		return "a list"
	case Map:
		return "an object"
	}
	return "an unresolved value"
}
