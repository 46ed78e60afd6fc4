package condition

import (
	"net/netip"

	"github.com/twokey/twokey/arn"
)

// Eval evaluates all conditions; it does not allocate where nothing is unknown.
func (p Program) Eval(env *Env) arn.Verdict {
	v := arn.Yes
	for i := range p {
		if v = min(v, p[i].Eval(env)); v == arn.No {
			return v
		}
	}
	return v
}

// Eval evaluates one condition. Maybe means that it depends on what is unknown
// of the request or the policy.
func (c *Condition) Eval(env *Env) arn.Verdict {
	switch {
	case c.unknown != "":
		return arn.Maybe
	case c.op.base == badOperator:
		return arn.Known(c.deny)
	}
	state, e := env.find(c.hash, c.key)
	if c.op.base == nullOperator {
		return c.null(state)
	}
	if state == Empty && c.emptyIsAbsent(e) {
		return c.absent(e.multi || c.op.set != single)
	}
	switch state {
	case Absent:
		return c.absent(false)
	case Unknown:
		return c.unknownKey()
	}
	switch {
	case c.op.set == forAll:
		return c.all(env, e)
	case c.op.set == forAny:
		return c.anyOf(env, e)
	case e.multi:
		// AWS: a multivalued key needs a set operator.
		return arn.No
	}
	return c.compare(env, e.values[0], e.hole)
}

// emptyIsAbsent reports whether a key without a value counts as absent: as a
// set it has no elements, and only a string can be compared with "".
func (c *Condition) emptyIsAbsent(e *entry) bool {
	if e.multi || c.op.set != single {
		return true
	}
	switch c.op.base {
	case stringOperator, stringFoldOperator, stringLikeOperator:
		return false
	}
	return true
}

// absent is the answer where the key is not in the request, or (emptySet) there
// with an empty list.
func (c *Condition) absent(emptySet bool) arn.Verdict {
	switch {
	case c.op.set == forAll:
		return arn.Yes
	case c.op.ifExists && !emptySet:
		return arn.Yes
	case c.op.set == forAny:
		return arn.No
	}
	return arn.Known(c.op.negated || c.op.ifExists)
}

// unknownKey is the answer where nothing is known of the key: Maybe, but for
// what holds or fails whatever it is.
func (c *Condition) unknownKey() arn.Verdict {
	anything := false
	for i := range c.values {
		v := &c.values[i]
		anything = anything || c.op.base == stringLikeOperator && v.template.Any() ||
			c.op.base == arnOperator && v.arn.Any()
	}
	switch {
	case anything && !c.op.negated && c.op.set == forAll:
		return arn.Yes
	case anything && c.op.negated && c.op.set == forAny && !c.op.ifExists:
		return arn.No
	}
	return arn.Maybe
}

func (c *Condition) null(state State) arn.Verdict {
	out := arn.No
	for i := range c.values {
		v := &c.values[i]
		switch {
		case v.bad:
			out = max(out, arn.Known(c.deny))
		case v.hole || state == Unknown:
			out = max(out, arn.Maybe)
		default:
			out = max(out, arn.Known(v.truth == (state != Present)))
		}
	}
	return out
}

func (c *Condition) all(env *Env, e *entry) arn.Verdict {
	out := arn.Yes
	for _, s := range e.values {
		out = min(out, c.compare(env, s, e.hole))
	}
	return out
}

func (c *Condition) anyOf(env *Env, e *entry) arn.Verdict {
	out := arn.No
	for _, s := range e.values {
		out = max(out, c.compare(env, s, e.hole))
	}
	return out
}

// compare holds one value of the request against the policy's, of which one must
// match, or, negated, none may. hole is false where s certainly has no Holes.
func (c *Condition) compare(env *Env, s string, hole bool) arn.Verdict {
	out := arn.No
	for i := range c.values {
		v := &c.values[i]
		if v.text != "" && v.text == s {
			out = arn.Yes
			break
		}
		if v.exact && !hole {
			out = max(out, arn.Known(v.text == s))
			continue
		}
		if out = max(out, c.match(env, v, s, hole)); out == arn.Yes {
			break
		}
	}
	if c.op.negated {
		return out.Not()
	}
	return out
}

// unreadable is the answer where a value cannot be parsed: no match, but never
// so that a Deny is lost by it.
func (c *Condition) unreadable() arn.Verdict { return arn.Known(c.deny && !c.op.negated) }

func (c *Condition) match(env *Env, v *value, s string, hole bool) arn.Verdict {
	if v.bad {
		return c.unreadable()
	}
	switch c.op.base {
	case stringOperator, stringFoldOperator, stringLikeOperator:
		m, _ := v.template.match(env, s, hole)
		return m
	case arnOperator:
		subject := Subject{Text: s, hole: hole}
		subject.fields, subject.n = arn.Split(s)
		m, _ := v.arn.Match(env, &subject)
		return m
	}
	if v.hole || hole {
		return arn.Maybe
	}
	switch c.op.base {
	case boolOperator:
		return c.matchBool(env, v, s)
	case numericOperator:
		d, ok := parseDecimal(s)
		if !ok {
			return c.unreadable()
		}
		return arn.Known(c.op.relation.holds(d.compare(v.decimal)))
	case dateOperator:
		t, ok := parseInstant(s)
		if !ok {
			return c.unreadable()
		}
		return arn.Known(c.op.relation.holds(t.compare(v.instant)))
	case ipOperator:
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return c.unreadable()
		}
		return arn.Known(v.prefix.Contains(a))
	}
	return arn.Known(s == v.binary || s == v.base64)
}

func (c *Condition) matchBool(env *Env, v *value, s string) arn.Verdict {
	truth, ok := parseBool(s)
	switch {
	case !ok:
		return c.unreadable()
	case v.variable:
		m, _ := v.template.Match(env, s)
		return m
	}
	return arn.Known(truth == v.truth)
}
