package cfn

import (
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// truth is a value of Kleene's logic: a condition that hangs on something
// unknown is open.
type truth uint8

const (
	no truth = iota
	yes
	open
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// conditionState is what a condition comes to; why says why it is open.
type conditionState struct {
	value truth
	why   string
	done  bool
}

// decideConditions decides every condition of the template.
func (r *resolver) decideConditions() {
	r.block = "Conditions"
	for i := range r.t.Conditions {
		c := &r.t.Conditions[i]
		if r.t.condition[c.Name] != i {
			continue
		}
		switch s := r.condition(c.Name, c.Pos); s.value {
		case open:
			r.stack.Open = append(r.stack.Open, c.Name)
		default:
			r.stack.Conditions[c.Name] = s.value == yes
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.env.Conditions)) {
		if _, ok := r.t.condition[name]; !ok {
			r.problem(policy.Pos{File: r.t.File}, r.nearest(name, r.t.conditionNames()), "condition %s is given a value but is not defined", name)
		}
	}
}

// condition decides a condition by its name; pos is where it is named.
func (r *resolver) condition(name string, pos policy.Pos) conditionState {
	i, ok := r.t.condition[name]
	if !ok {
		if name != unreadableCondition {
			r.problem(pos, r.nearest(name, r.t.conditionNames()), "unresolved condition dependency %s in the %s block of the template", name, r.block)
		}
		return conditionState{value: open, why: "it is not defined"}
	}
	if forced, ok := r.env.Conditions[name]; ok {
		return conditionState{value: truthOf(forced)}
	}
	s := r.conditions[name]
	if s == nil {
		s = &conditionState{}
		r.conditions[name] = s
		r.deciding = append(r.deciding, name)
		s.value, s.why = r.decide(r.t.Conditions[i].Node)
		s.done = true
		r.deciding = r.deciding[:len(r.deciding)-1]
		return *s
	}
	if !s.done {
		cycle := r.deciding[slices.Index(r.deciding, name):]
		first := r.t.Conditions[r.t.condition[cycle[0]]].Pos
		r.problem(first, "", "Circular dependency between conditions: [%s]", strings.Join(cycle, ", "))
		return conditionState{value: open, why: "it depends on itself"}
	}
	return *s
}

// decide evaluates a condition function.
func (r *resolver) decide(n *policy.Node) (truth, string) {
	if n.Kind == policy.Map && len(n.Entries) > 0 {
		e := n.Entries[len(n.Entries)-1]
		switch e.Key {
		case "Condition":
			if e.Value.Kind == policy.String {
				s := r.condition(e.Value.Text, e.Value.Pos)
				if s.value == open {
					return open, "condition " + e.Value.Text + " is open: " + s.why
				}
				return s.value, ""
			}
		case "Fn::Equals":
			return r.equals(e.Value)
		case "Fn::Not":
			return r.not(e.Value)
		case "Fn::And":
			return r.all(e.Key, e.Value, no)
		case "Fn::Or":
			return r.all(e.Key, e.Value, yes)
		}
	}
	if n.Kind == policy.Unknown {
		return open, n.Reason
	}
	r.problem(n.Pos, "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition", "a condition has to be a condition function")
	return open, "it is not a condition function"
}

func (r *resolver) not(arg *policy.Node) (truth, string) {
	if arg.Kind != policy.List || len(arg.Items) != 1 {
		return open, r.malformed(arg.Pos, "Fn::Not", "takes a list of one condition").Reason
	}
	switch v, why := r.decide(arg.Items[0]); v {
	case yes:
		return no, ""
	case no:
		return yes, ""
	default:
		return open, why
	}
}

// all is Fn::And, which a false member decides, or Fn::Or, which a true one does.
func (r *resolver) all(fn string, arg *policy.Node, decisive truth) (truth, string) {
	if arg.Kind != policy.List || len(arg.Items) == 0 {
		return open, r.malformed(arg.Pos, fn, "takes a list of conditions").Reason
	}
	if len(arg.Items) < 2 || len(arg.Items) > 10 {
		r.problem(arg.Pos, "", "%s takes 2 to 10 conditions and has %d", fn, len(arg.Items))
	}
	result, why := 1-decisive, ""
	for _, item := range arg.Items {
		switch v, w := r.decide(item); v {
		case decisive:
			// The others are decided all the same, for what is wrong in them.
			result, why = decisive, ""
		case open:
			if result != decisive {
				result, why = open, joinReasons(why, w)
			}
		}
	}
	return result, why
}

// equals compares by text, as CloudFormation does: 1 equals "1", true equals
// "true", case counts.
func (r *resolver) equals(arg *policy.Node) (truth, string) {
	if arg.Kind != policy.List || len(arg.Items) != 2 {
		return open, r.malformed(arg.Pos, "Fn::Equals", "takes a list of two values").Reason
	}
	a, b := r.resolve(arg.Items[0]), r.resolve(arg.Items[1])
	for _, n := range []*policy.Node{a, b} {
		if n.IsUnknown() {
			return open, n.Reason
		}
	}
	at, aok := a.Scalar()
	bt, bok := b.Scalar()
	if !aok || !bok {
		return open, r.malformed(arg.Pos, "Fn::Equals", "compares strings, and one of these is no string").Reason
	}
	switch mayBeEqual(at, bt) {
	case no:
		return no, ""
	case yes:
		return yes, ""
	}
	return open, joinReasons(a.Reason, b.Reason)
}

// mayBeEqual compares two texts that may hold holes: their fixed beginnings and
// ends can tell them apart.
func mayBeEqual(a, b string) truth {
	ah, bh := strings.Contains(a, policy.Hole), strings.Contains(b, policy.Hole)
	if !ah && !bh {
		return truthOf(a == b)
	}
	ends := func(s string, hole bool) (prefix, suffix string, fixed int) {
		if !hole {
			return s, s, len(s)
		}
		prefix = s[:strings.Index(s, policy.Hole)]
		suffix = s[strings.LastIndex(s, policy.Hole)+1:]
		return prefix, suffix, len(s) - strings.Count(s, policy.Hole)
	}
	ap, as, alen := ends(a, ah)
	bp, bs, blen := ends(b, bh)
	n := min(len(ap), len(bp))
	m := min(len(as), len(bs))
	if ap[:n] != bp[:n] || as[len(as)-m:] != bs[len(bs)-m:] ||
		!ah && alen < blen || !bh && blen < alen {
		return no
	}
	return open
}

// fnIf is Fn::If. An open condition gives the value that both branches have, if
// it is the same.
func (r *resolver) fnIf(arg *policy.Node, pos policy.Pos) *policy.Node {
	if arg.Kind != policy.List || len(arg.Items) != 3 || arg.Items[0].Kind != policy.String {
		return r.malformed(pos, "Fn::If", "takes the name of a condition and two values")
	}
	name := arg.Items[0].Text
	c := r.condition(name, arg.Items[0].Pos)
	switch c.value {
	case yes:
		return r.resolve(arg.Items[1])
	case no:
		return r.resolve(arg.Items[2])
	}
	then, otherwise := r.resolve(arg.Items[1]), r.resolve(arg.Items[2])
	if then == otherwise || equalNodes(then, otherwise) {
		return then
	}
	n := &policy.Node{Kind: policy.Unknown, Reason: "condition " + name + " is open: " + c.why, Pos: pos}
	if then == noValue || otherwise == noValue || r.vague[then] || r.vague[otherwise] {
		r.vague[n] = true
	}
	return n
}

// equalNodes reports whether two values are the same wherever they were written.
func equalNodes(a, b *policy.Node) bool {
	if a == b {
		return true
	}
	if a == noValue || b == noValue || a.Kind != b.Kind || a.Text != b.Text || a.Reason != b.Reason ||
		len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) {
		return false
	}
	for i := range a.Items {
		if !equalNodes(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Entries {
		key, v := a.Entries[i].Key, b.Entries[i].Value
		if b.Entries[i].Key != key {
			if len(a.Entries) > maxReordered {
				return false
			}
			v = b.Get(key)
		}
		if v == nil || !equalNodes(a.Entries[i].Value, v) {
			return false
		}
	}
	return true
}

// maxReordered is the longest map of which it is looked into whether another one
// has the same members in another order; longer ones count as different.
const maxReordered = 256

func (t *Template) conditionNames() []string {
	names := make([]string, len(t.Conditions))
	for i := range t.Conditions {
		names[i] = t.Conditions[i].Name
	}
	return names
}

func (t *Template) logicalIDs() []string {
	ids := make([]string, len(t.Resources))
	for i := range t.Resources {
		ids[i] = t.Resources[i].LogicalID
	}
	return ids
}
