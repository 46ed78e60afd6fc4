package condition

import (
	"encoding/base64"
	"net/netip"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// Options say how the conditions of a statement are read.
type Options struct {
	// Variables: the policy's version is 2012-10-17.
	Variables bool
	// Deny: the statement denies. What cannot be understood then counts as true,
	// so that the Deny is not lost; under Allow it counts as false.
	Deny bool
}

// Program is the compiled Condition element of a statement; all its conditions
// must hold. The empty Program always holds.
type Program []Condition

// Condition is one operator applied to one key.
type Condition struct {
	op     operator
	key    string
	hash   uint64
	values []value
	deny   bool
	broken string
	// unknown says why nothing is known of the condition.
	unknown string
	source  policy.Condition
}

type value struct {
	bad, hole bool
	exact     bool // under StringEquals and StringLike: text, and nothing but it
	text      string
	template  Template
	arn       ARNPattern
	decimal   decimal
	instant   instant
	prefix    netip.Prefix
	binary    string // the bytes
	base64    string // their standard encoding
	truth     bool
	variable  bool // under Bool: the value is a template
}

// Compile compiles the conditions of one statement.
func Compile(conditions []policy.Condition, o Options) Program {
	p := make(Program, len(conditions))
	for i := range conditions {
		p[i] = compileOne(conditions[i], o)
	}
	return p
}

func compileOne(src policy.Condition, o Options) Condition {
	c := Condition{op: parseOperator(src.Operator), key: strings.ToLower(src.Key), deny: o.Deny, unknown: src.Unknown, source: src}
	c.hash = Hash(c.key)
	switch {
	case c.unknown != "":
		return c
	case strings.Contains(src.Operator, arn.Hole) || strings.Contains(src.Key, arn.Hole):
		c.unknown = "the operator or the key is not resolved"
		return c
	case c.op.base == badOperator:
		c.broken = "unknown condition operator " + src.Operator
		return c
	}
	c.values = make([]value, len(src.Values))
	for i := range src.Values {
		c.values[i] = c.compileValue(src.Values[i].Value, o)
		if c.values[i].bad && c.broken == "" {
			c.broken = src.Operator + " cannot read the value " + src.Values[i].Value
		}
	}
	return c
}

func (c *Condition) compileValue(text string, o Options) (v value) {
	ok := true
	v.hole = strings.Contains(text, arn.Hole)
	switch c.op.base {
	case stringOperator:
		v.template = CompileTemplate(text, Syntax{Variables: o.Variables})
		v.text, v.exact = v.template.exact()
		return v
	case stringFoldOperator:
		v.template = CompileTemplate(text, Syntax{Variables: o.Variables, FoldCase: true})
		return v
	case stringLikeOperator:
		v.template = CompileTemplate(text, Syntax{Variables: o.Variables, Wildcards: true})
		v.text, v.exact = v.template.exact()
		return v
	case arnOperator:
		v.arn, ok = CompileARN(text, ARNSyntax{Variables: o.Variables, VariablesAnywhere: true, Completion: arn.CompleteTrailingStar})
	case boolOperator:
		v.variable = o.Variables && strings.Contains(text, "${")
		if v.variable {
			v.template = CompileTemplate(text, Syntax{Variables: true, FoldCase: true})
			return v
		}
		if v.truth, ok = parseBool(text); ok {
			v.text = strings.ToLower(text)
		}
	case nullOperator:
		v.truth, ok = parseBool(text)
	case numericOperator:
		v.decimal, ok = parseDecimal(text)
	case dateOperator:
		v.instant, ok = parseInstant(text)
	case ipOperator:
		v.prefix, ok = parsePrefix(text)
	case binaryOperator:
		raw, err := base64.StdEncoding.DecodeString(text)
		ok = err == nil
		v.binary, v.base64 = string(raw), text
	}
	v.bad = !ok && !v.hole
	return v
}

func parseBool(s string) (truth, ok bool) {
	if strings.EqualFold(s, "true") {
		return true, true
	}
	return false, strings.EqualFold(s, "false")
}

// parsePrefix reads a CIDR block or a bare address, which stands for itself alone.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// Source returns the condition as it stands in the policy.
func (c *Condition) Source() policy.Condition { return c.source }

// Broken says what of the condition cannot be understood, or nothing.
func (c *Condition) Broken() string { return c.broken }

// Key returns the condition key in lower case.
func (c *Condition) Key() string { return c.key }

// VariableKeys returns the keys of the variables in the values, in lower case.
func (c *Condition) VariableKeys() []string {
	var out []string
	for i := range c.values {
		out = append(out, c.values[i].template.VariableKeys()...)
		out = append(out, c.values[i].arn.VariableKeys()...)
	}
	return out
}
