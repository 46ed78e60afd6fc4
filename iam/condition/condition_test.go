package condition

import (
	"strings"
	"testing"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

func one(op, key string, values ...string) policy.Condition {
	c := policy.Condition{Operator: op, Key: key}
	for _, v := range values {
		c.Values = append(c.Values, policy.Text{Value: v})
	}
	return c
}

func eval(c policy.Condition, o Options, ctx *Context) arn.Verdict {
	return Compile([]policy.Condition{c}, o).Eval(&Env{Request: ctx})
}

var modern = Options{Variables: true}

// TestOperators is the table of operators: for each, a value that matches and one
// that does not, and what an absent key comes to.
func TestOperators(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		op, policy      string
		yes, no         []string
		absent, negated bool
	}{
		{op: "StringEquals", policy: "a*", yes: []string{"a*"}, no: []string{"A*", "ab", "a", ""}},
		{op: "StringEqualsIgnoreCase", policy: "Straße", yes: []string{"sTRAßE"}, no: []string{"strasse", "Straß"}},
		{op: "StringLike", policy: "a*b?c", yes: []string{"abxc", "a/:bbéc"}, no: []string{"Abxc", "abc", "abxxc"}},
		{op: "StringLike", policy: "*", yes: []string{"", "x:y/z"}},
		{op: "StringNotEquals", policy: "a", yes: []string{"b", "A", ""}, no: []string{"a"}, absent: true, negated: true},
		{op: "StringNotEqualsIgnoreCase", policy: "a", yes: []string{"b"}, no: []string{"A", "a"}, absent: true, negated: true},
		{op: "StringNotLike", policy: "a*", yes: []string{"b"}, no: []string{"a", "ab"}, absent: true, negated: true},
		{op: "NumericEquals", policy: "1.50", yes: []string{"1.5", "+1.5", "01.500", "15e-1", "0.15E1"}, no: []string{"1.5000000000000000000000001", "-1.5", "15"}},
		{op: "NumericNotEquals", policy: "3600", yes: []string{"3601"}, no: []string{"3600", "3600.0"}, absent: true, negated: true},
		{op: "NumericLessThan", policy: "10", yes: []string{"9.999", "-11", "0"}, no: []string{"10", "10.0", "11"}},
		{op: "NumericLessThanEquals", policy: "10", yes: []string{"9", "10"}, no: []string{"10.1"}},
		{op: "NumericGreaterThan", policy: "-0.5", yes: []string{"-0.49", "0", "1"}, no: []string{"-0.5", "-1"}},
		{op: "NumericGreaterThanEquals", policy: "9007199254740993", yes: []string{"9007199254740993"}, no: []string{"9007199254740992"}},
		{op: "DateEquals", policy: "2020-01-01T00:00:00Z", yes: []string{"2020-01-01T01:00:00+01:00", "2020-01-01", "2020", "1577836800"}, no: []string{"2020-01-01T00:00:00.001Z"}},
		{op: "DateNotEquals", policy: "2020-01-01T00:00:00Z", yes: []string{"2021-01-01"}, no: []string{"2020-01"}, absent: true, negated: true},
		{op: "DateLessThan", policy: "2020-01-01T00:00:00Z", yes: []string{"2019-12-31T23:59:59Z", "0"}, no: []string{"2020-01-01T00:00:00Z"}},
		{op: "DateLessThanEquals", policy: "1577836800", yes: []string{"2020-01-01T00:00:00Z"}, no: []string{"2020-01-01T00:00:01Z"}},
		{op: "DateGreaterThan", policy: "2020-01-01T00:00:00Z", yes: []string{"2020-01-02"}, no: []string{"2020-01-01T00:00Z"}},
		{op: "DateGreaterThanEquals", policy: "2020-02-29", yes: []string{"2020-02-29T00:00:00Z", "2020-03-01"}, no: []string{"2020-02-28"}},
		{op: "Bool", policy: "true", yes: []string{"true", "TRUE", "True"}, no: []string{"false"}},
		{op: "Bool", policy: "False", yes: []string{"false", "FALSE"}, no: []string{"true"}},
		{op: "BinaryEquals", policy: "QmluYXJ5", yes: []string{"Binary", "QmluYXJ5"}, no: []string{"binary", "QmluYXJ5QQ=="}},
		{op: "IpAddress", policy: "203.0.113.0/24", yes: []string{"203.0.113.7"}, no: []string{"203.0.114.1", "::ffff:203.0.113.7", "2001:db8::1"}},
		{op: "IpAddress", policy: "203.0.113.7", yes: []string{"203.0.113.7"}, no: []string{"203.0.113.8"}},
		{op: "IpAddress", policy: "203.0.113.9/24", yes: []string{"203.0.113.200"}, no: []string{"203.0.112.200"}},
		{op: "IpAddress", policy: "2001:DB8::/32", yes: []string{"2001:db8:1::1"}, no: []string{"2001:db9::1", "32.1.13.184"}},
		{op: "NotIpAddress", policy: "10.0.0.0/8", yes: []string{"11.0.0.1", "::1"}, no: []string{"10.1.2.3"}, absent: true, negated: true},
		{op: "ArnEquals", policy: "arn:aws:iam::*:role/d?v", yes: []string{"arn:aws:iam::111122223333:role/dev"}, no: []string{"arn:aws:iam::111122223333:role/Dev", "arn:aws:iam::1:x:role/dev", "dev"}},
		{op: "ArnLike", policy: "arn:aws:s3:::*", yes: []string{"arn:aws:s3:::b/k:x"}, no: []string{"arn:aws:sqs:::b"}},
		{op: "ArnLike", policy: "arn:aws:cloudtrail:*", yes: []string{"arn:aws:cloudtrail:eu-west-1:1:trail/t"}, no: []string{"arn:aws:s3:::b"}},
		{op: "ArnLike", policy: "*", yes: []string{"arn:aws:s3:::b", "anything"}},
		{op: "ArnNotEquals", policy: "arn:aws:iam::1:role/*", yes: []string{"arn:aws:iam::2:role/a"}, no: []string{"arn:aws:iam::1:role/a"}, absent: true, negated: true},
		{op: "ArnNotLike", policy: "arn:aws:iam::1:role/*", yes: []string{"arn:aws:iam::1:user/a", "no arn"}, no: []string{"arn:aws:iam::1:role/a/b"}, absent: true, negated: true},
	} {
		t.Run(test.op+" "+test.policy, func(t *testing.T) {
			t.Parallel()
			c := one(test.op, "aws:Key", test.policy)
			check := func(what string, c policy.Condition, ctx *Context, want bool) {
				t.Helper()
				for _, deny := range []bool{false, true} {
					if got := eval(c, Options{Variables: true, Deny: deny}, ctx); got != arn.Known(want) {
						t.Errorf("%s (deny %t): %s, want %t", what, deny, got, want)
					}
				}
			}
			for _, v := range test.yes {
				check("value "+v, c, NewContext().Set("AWS:kEY", v), true)
			}
			for _, v := range test.no {
				check("value "+v, c, NewContext().Set("aws:key", v), false)
			}
			check("absent", c, NewContext(), test.absent)
			check("absent, no context", c, nil, test.absent)
			check("absent, IfExists", one(test.op+"IfExists", "aws:Key", test.policy), NewContext(), true)
			check("multivalued without set operator", c, NewContext().SetList("aws:key", "a", "b"), false)
			check("odd case", one(strings.ToUpper(test.op), "aws:Key", test.policy), NewContext(), test.absent)
			// Set operators: absent and empty sets.
			check("ForAllValues absent", one("ForAllValues:"+test.op, "aws:key", test.policy), NewContext(), true)
			check("ForAllValues empty", one("ForAllValues:"+test.op, "aws:key", test.policy), NewContext().SetList("aws:key"), true)
			check("ForAllValues empty string", one("ForAllValues:"+test.op, "aws:key", test.policy), NewContext().Set("aws:key", ""), true)
			check("ForAnyValue absent", one("ForAnyValue:"+test.op, "aws:key", test.policy), NewContext(), false)
			check("ForAnyValue empty", one("ForAnyValue:"+test.op, "aws:key", test.policy), NewContext().SetList("aws:key"), false)
			check("ForAnyValue absent IfExists", one("ForAnyValue:"+test.op+"IfExists", "aws:key", test.policy), NewContext(), true)
			if len(test.yes) > 0 && len(test.no) > 0 {
				yes, no := pick(test.yes), pick(test.no)
				mixed := NewContext().SetList("aws:key", yes, no)
				check("ForAllValues mixed", one("ForAllValues:"+test.op, "aws:key", test.policy), mixed, false)
				check("ForAnyValue mixed", one("foranyvalue:"+test.op, "aws:key", test.policy), mixed, true)
				check("ForAllValues, one-element set", one("ForAllValues:"+test.op, "aws:key", test.policy), NewContext().Set("aws:key", yes), true)
				check("ForAnyValue, none", one("ForAnyValue:"+test.op, "aws:key", test.policy), NewContext().SetList("aws:key", no, no), false)
			}
		})
	}
}

// pick returns a value that is not the empty string, which would be a state of
// its own.
func pick(list []string) string {
	for _, v := range list {
		if v != "" {
			return v
		}
	}
	return ""
}

func TestNull(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value    string
		ctx      *Context
		want     arn.Verdict
		scenario string
	}{
		{"true", NewContext(), arn.Yes, "absent"},
		{"TRUE", NewContext(), arn.Yes, "absent, upper case"},
		{"false", NewContext(), arn.No, "absent"},
		{"true", NewContext().Set("k", "v"), arn.No, "present"},
		{"false", NewContext().Set("k", "v"), arn.Yes, "present"},
		{"true", NewContext().Empty("k"), arn.Yes, "empty"},
		{"false", NewContext().Empty("k"), arn.No, "empty"},
		{"true", NewContext().SetList("k"), arn.Yes, "empty list"},
		{"false", NewContext().SetList("k", "a", "b"), arn.Yes, "list"},
		{"true", NewContext().MarkUnknown("k"), arn.Maybe, "unknown"},
		{"true", NewContext().UnknownUnlessSet(true), arn.Maybe, "unmentioned in an open context"},
		{"true", NewContext().UnknownUnlessSet(true).Absent("k"), arn.Yes, "absent in an open context"},
		{"false", NewContext().Set("k", policy.Hole), arn.Yes, "present, value unknown"},
	} {
		if got := eval(one("Null", "K", test.value), modern, test.ctx); got != test.want {
			t.Errorf("Null %s, %s: %s, want %s", test.value, test.scenario, got, test.want)
		}
	}
}

// TestFailClosed: what cannot be understood never loses a Deny and never makes an
// Allow of a positive operator.
func TestFailClosed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		c           policy.Condition
		ctx         *Context
		allow, deny bool
	}{
		{"unknown operator", one("StringEqualz", "k", "v"), NewContext(), false, true},
		{"unknown operator, key there", one("StringEqualz", "k", "v"), NewContext().Set("k", "w"), false, true},
		{"yams' spelling", one("ForAnyValues:StringEquals", "k", "v"), NewContext(), false, true},
		{"NullIfExists", one("NullIfExists", "k", "true"), NewContext(), false, true},
		{"ForAnyValue:Null", one("ForAnyValue:Null", "k", "true"), NewContext(), false, true},
		{"Null value", one("Null", "k", "yes"), NewContext(), false, true},
		{"number in policy", one("NumericLessThan", "k", "ten"), NewContext().Set("k", "1"), false, true},
		{"number in request", one("NumericLessThan", "k", "10"), NewContext().Set("k", "one"), false, true},
		{"negated number in request", one("NumericNotEquals", "k", "10"), NewContext().Set("k", "one"), true, true},
		{"negated number in policy", one("NumericNotEquals", "k", "ten"), NewContext().Set("k", "1"), true, true},
		{"date", one("DateGreaterThan", "k", "2020-13-01"), NewContext().Set("k", "2021-01-01"), false, true},
		{"date without zone", one("DateGreaterThan", "k", "2020-01-01T00:00:00"), NewContext().Set("k", "2021-01-01"), false, true},
		{"date in request", one("DateGreaterThan", "k", "2020-01-01"), NewContext().Set("k", "tomorrow"), false, true},
		{"bool in policy", one("Bool", "k", "yes"), NewContext().Set("k", "true"), false, true},
		{"bool in request", one("Bool", "k", "true"), NewContext().Set("k", "yes"), false, true},
		{"base64", one("BinaryEquals", "k", "%%%"), NewContext().Set("k", "x"), false, true},
		{"prefix length", one("IpAddress", "k", "10.0.0.0/99"), NewContext().Set("k", "10.0.0.1"), false, true},
		{"address in request", one("IpAddress", "k", "10.0.0.0/8"), NewContext().Set("k", "host"), false, true},
		{"address with zone", one("IpAddress", "k", "fe80::1%eth0"), NewContext().Set("k", "fe80::1"), false, true},
		{"NotIpAddress, bad policy", one("NotIpAddress", "k", "x"), NewContext().Set("k", "10.0.0.1"), true, true},
		{"short ARN", one("ArnLike", "k", "arn:aws:s3"), NewContext().Set("k", "arn:aws:s3:::b"), false, true},
		{"second value good", one("IpAddress", "k", "x", "10.0.0.0/8"), NewContext().Set("k", "10.0.0.1"), true, true},
		{"absent key", one("NumericLessThan", "k", "ten"), NewContext(), false, false},
	} {
		if got := eval(test.c, Options{Variables: true}, test.ctx); got != arn.Known(test.allow) {
			t.Errorf("%s under Allow: %s, want %t", test.name, got, test.allow)
		}
		if got := eval(test.c, Options{Variables: true, Deny: true}, test.ctx); got != arn.Known(test.deny) {
			t.Errorf("%s under Deny: %s, want %t", test.name, got, test.deny)
		}
	}
	p := Compile([]policy.Condition{one("StringEqualz", "k", "v"), one("IpAddress", "k", "x"), one("Bool", "k", "true")}, modern)
	for i, want := range []string{"unknown condition operator StringEqualz", "IpAddress cannot read the value x", ""} {
		if got := p[i].Broken(); got != want {
			t.Errorf("Broken %d: %q, want %q", i, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	two := NewContext().SetList("k", "x", "y")
	for _, test := range []struct {
		op     string
		values []string
		ctx    *Context
		want   bool
	}{
		{"StringEquals", []string{"a", "b"}, NewContext().Set("k", "b"), true},
		{"StringNotEquals", []string{"a", "b"}, NewContext().Set("k", "b"), false},
		{"StringNotEquals", []string{"a", "b"}, NewContext().Set("k", "c"), true},
		{"ForAllValues:StringEquals", []string{"x"}, two, false},
		{"ForAllValues:StringEquals", []string{"x", "y", "z"}, two, true},
		{"ForAllValues:StringNotEquals", []string{"x"}, two, false},
		{"ForAllValues:StringNotEquals", []string{"z"}, two, true},
		{"ForAnyValue:StringEquals", []string{"x"}, two, true},
		{"ForAnyValue:StringEquals", []string{"z"}, two, false},
		{"ForAnyValue:StringNotEquals", []string{"x"}, two, true},
		{"ForAnyValue:StringNotEquals", []string{"x", "y"}, two, false},
		{"StringEquals", nil, NewContext().Set("k", "b"), false},
		{"StringNotEquals", nil, NewContext().Set("k", "b"), true},
		{"StringEquals", []string{""}, NewContext().Set("k", ""), true},
		{"StringEquals", []string{"a"}, NewContext().Set("k", ""), false},
		{"StringEqualsIfExists", []string{"a"}, NewContext().Set("k", ""), false},
		{"StringNotEquals", []string{"a"}, NewContext().Set("k", ""), true},
		{"StringLike", []string{"*"}, NewContext().Set("k", ""), true},
		{"StringLike", []string{"?"}, NewContext().Set("k", ""), false},
		{"NumericEquals", []string{"0"}, NewContext().Set("k", ""), false},
		{"NumericNotEquals", []string{"0"}, NewContext().Set("k", ""), true},
		{"ForAnyValue:StringEqualsIfExists", []string{"a"}, NewContext().SetList("k"), false},
	} {
		for _, deny := range []bool{false, true} {
			if got := eval(one(test.op, "k", test.values...), Options{Variables: true, Deny: deny}, test.ctx); got != arn.Known(test.want) {
				t.Errorf("%s %q against %v: %s, want %t", test.op, test.values, test.ctx.entries, got, test.want)
			}
		}
	}
}

func TestProgramIsAnd(t *testing.T) {
	t.Parallel()
	yes, no, maybe := one("StringEquals", "k", "v"), one("StringEquals", "k", "w"), one("StringEquals", "u", "v")
	ctx := NewContext().Set("k", "v").MarkUnknown("u")
	for _, test := range []struct {
		list []policy.Condition
		want arn.Verdict
	}{
		{nil, arn.Yes}, {[]policy.Condition{yes, yes}, arn.Yes}, {[]policy.Condition{yes, no}, arn.No},
		{[]policy.Condition{yes, maybe}, arn.Maybe}, {[]policy.Condition{maybe, no}, arn.No},
		{[]policy.Condition{{Unknown: "why"}}, arn.Maybe}, {[]policy.Condition{{Unknown: "why"}, no}, arn.No},
	} {
		if got := Compile(test.list, modern).Eval(&Env{Request: ctx}); got != test.want {
			t.Errorf("%v: %s, want %s", test.list, got, test.want)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	c := Compile([]policy.Condition{one("StringEquals", "k", "v")}, modern)
	principal := NewContext().Set("k", "v")
	for _, test := range []struct {
		name    string
		request *Context
		want    arn.Verdict
	}{
		{"not mentioned", NewContext(), arn.Yes},
		{"nil", nil, arn.Yes},
		{"overridden", NewContext().Set("k", "w"), arn.No},
		{"certainly absent", NewContext().Absent("k"), arn.No},
		{"unknown", NewContext().MarkUnknown("k"), arn.Maybe},
		{"open", NewContext().UnknownUnlessSet(true), arn.Yes},
	} {
		if got := c.Eval(&Env{Request: test.request, Principal: principal}); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	c := NewContext().Set("A", "1").Set("b", "2", "3").SetList("c", "4").Empty("d").Absent("e").MarkUnknown("f")
	for i := range 40 {
		c.Set("aws:RequestTag/"+strings.Repeat("x", i), "v")
	}
	d := c.Clone().Set("a", "9")
	for key, want := range map[string]State{
		"a": Present, "B": Present, "c": Present, "d": Empty, "e": Absent, "f": Unknown, "g": Absent,
		"AWS:requesttag/XXX": Present,
	} {
		if got, _ := c.Lookup(key); got != want {
			t.Errorf("%s: state %d, want %d", key, got, want)
		}
	}
	if _, v := c.Lookup("a"); v[0] != "1" {
		t.Error("changing a clone changed the context")
	}
	if _, v := d.Lookup("A"); v[0] != "9" {
		t.Error("a key that is set again keeps its old value")
	}
	if s, _ := NewContext().UnknownUnlessSet(true).Lookup("z"); s != Unknown {
		t.Error("an open context knows what it was not told")
	}
	if s, _ := (*Context)(nil).Lookup("z"); s != Absent {
		t.Error("nil context")
	}
	if got := NewContext().Set("x", "1").Merge(NewContext().Set("X", "2").MarkUnknown("y")); len(got.Keys()) != 2 {
		t.Errorf("merged keys %v", got.Keys())
	}
}

func TestEvalDoesNotAllocate(t *testing.T) {
	ctx := NewContext().Set("s", "abc").Set("n", "12.5").Set("d", "2020-01-01T00:00:00Z").Set("ip", "10.1.2.3").
		Set("arn", "arn:aws:iam::1:role/x").Set("b", "true").SetList("l", "x", "y").Set("v", "abc")
	p := Compile([]policy.Condition{
		one("StringLike", "s", "*b?"), one("StringLike", "s", "${v}*"), one("StringEqualsIgnoreCase", "s", "ABC"), one("NumericLessThan", "n", "13"),
		one("DateGreaterThan", "d", "2019"), one("IpAddress", "ip", "10.0.0.0/8"), one("ArnLike", "arn", "arn:aws:iam::*:role/${v}", "arn:*:iam::*:role/*"),
		one("Bool", "b", "true"), one("ForAllValues:StringEquals", "l", "y", "x"), one("Null", "z", "true"),
	}, modern)
	env := &Env{Request: ctx}
	if p.Eval(env) != arn.Yes {
		t.Fatal("does not hold")
	}
	if n := testing.AllocsPerRun(100, func() { p.Eval(env) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
