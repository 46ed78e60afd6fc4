package condition

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

func TestDecimalAgainstRationals(t *testing.T) {
	t.Parallel()
	number := rapid.StringMatching(`[+-]?[0-9]{1,6}(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, ok := new(big.Rat).SetString(a)
		y, ok2 := new(big.Rat).SetString(b)
		if !ok || !ok2 {
			t.Fatalf("the reference cannot read %q or %q", a, b)
		}
		d, ok := parseDecimal(a)
		e, ok2 := parseDecimal(b)
		if !ok || !ok2 {
			t.Fatalf("cannot read %q or %q", a, b)
		}
		if got, want := d.compare(e), x.Cmp(y); got != want {
			t.Fatalf("%s against %s: %d, want %d", a, b, got, want)
		}
	})
}

func TestDecimalRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "-", "+", ".", "1.", ".5", "1..2", "1.2.3", "0x10", "1e", "1e+", "1e1001", "1_000", " 1", "1 ", "NaN", "Inf", "--1", "١",
		strings.Repeat("9", maxDigits+1),
	} {
		if _, ok := parseDecimal(s); ok {
			t.Errorf("%q is read as a number", s)
		}
	}
}

func TestInstantAgainstTime(t *testing.T) {
	t.Parallel()
	layouts := []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.000000000Z07:00", "2006-01-02", "2006-01", "2006"}
	rapid.Check(t, func(t *rapid.T) {
		sec := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds")
		zone := time.FixedZone("", rapid.IntRange(-12*60, 14*60).Draw(t, "minutes")*60)
		layout := rapid.SampledFrom(layouts).Draw(t, "layout")
		at := time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).In(zone)
		if at.Year() < 1 || at.Year() > 9999 {
			return
		}
		text := at.Format(layout)
		want, err := time.Parse(layout, text)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := parseInstant(text)
		if !ok || got.seconds != want.Unix() || int(got.nanos) != want.Nanosecond() {
			t.Fatalf("%s: %v %t, want %d.%09d", text, got, ok, want.Unix(), want.Nanosecond())
		}
		epoch := fmt.Sprint(sec)
		if len(epoch) != 4 {
			if got, ok := parseInstant(epoch); !ok || got.seconds != sec {
				t.Fatalf("%s: %v %t", epoch, got, ok)
			}
		}
	})
}

func TestInstantRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "-", "20x0", "2020-1-01", "2020-00", "2020-13", "2020-02-30", "2021-02-29", "1900-02-29", "2020-01-01T", "2020-01-01T00Z",
		"2020-01-01T24:00Z", "2020-01-01T00:60Z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00", "2020-01-01T00:00:00.Z",
		"2020-01-01T00:00:00+1:00", "2020-01-01T00:00:00+24:00", "2020-01-01t00:00:00z", "2020-01-01 00:00:00Z", "2020-01-01T00:00:00Zx",
		"1577836800.5", "999999999999999999",
	} {
		if _, ok := parseInstant(s); ok {
			t.Errorf("%q is read as a date", s)
		}
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	ctx := NewContext().Set("aws:username", "alice").Set("aws:PrincipalTag/Team Name", "red").Set("star", "a*b").
		SetList("multi", "x", "y").Empty("empty").MarkUnknown("unknown").Set("part", "pre"+policy.Hole)
	wild := Syntax{Wildcards: true, Variables: true}
	for _, test := range []struct {
		text, s  string
		want     arn.Verdict
		resolved bool
	}{
		{"home/${aws:username}/*", "home/alice/k", arn.Yes, true},
		{"home/${AWS:UserName}/*", "home/alice/k", arn.Yes, true},
		{"home/${aws:username}/*", "home/bob/k", arn.No, true},
		{"${aws:PrincipalTag/team name}", "red", arn.Yes, true},
		{"x${missing}", "x", arn.No, false},
		{"x${missing, 'd'}", "xd", arn.Yes, true},
		{"x${missing, ''}", "x", arn.Yes, true},
		{"x${missing, d}", "xd", arn.No, false},
		{"x${aws:username, 'd'}", "xalice", arn.Yes, true},
		{"${*}${?}${$}", "*?$", arn.Yes, true},
		{"${*}", "x", arn.No, true},
		{"${star}", "a*b", arn.Yes, true},
		{"${star}", "axb", arn.No, true},
		{"${multi}", "x", arn.No, false},
		{"${multi, 'd'}", "d", arn.Yes, true},
		{"a${empty}b", "ab", arn.Yes, true},
		{"a${empty, 'd'}b", "ab", arn.Yes, true},
		{"a${unknown}b", "axb", arn.Maybe, true},
		{"a${unknown}b", "ab", arn.Maybe, true},
		{"a${unknown}b", "axc", arn.No, true},
		{"${part}/*", "prefix/k", arn.Maybe, true},
		{"${part}/*", "x/k", arn.No, true},
		{"${star}/*", policy.Hole, arn.Maybe, true},
		{"${", "${", arn.Yes, true},
		{"a${b", "a${b", arn.Yes, true},
		{"?*${aws:username}*?", "xxalicexx", arn.Yes, true},
		{"?*${aws:username}*?", "alicex", arn.No, true},
		{"*${aws:username}", "alialice", arn.Yes, true},
		{"é?${aws:username}", "ééalice", arn.Yes, true},
	} {
		tm := CompileTemplate(test.text, wild)
		got, resolved := tm.Match(&Env{Request: ctx}, test.s)
		if got != test.want || resolved != test.resolved {
			t.Errorf("%q against %q: %s %t, want %s %t", test.text, test.s, got, resolved, test.want, test.resolved)
		}
	}
	old := CompileTemplate("x${aws:username}", Syntax{Wildcards: true})
	if v, _ := old.Match(&Env{Request: ctx}, "xalice"); v != arn.No {
		t.Error("a policy of 2008 has variables")
	}
	fold := CompileTemplate("X${aws:username}Y", Syntax{Variables: true, FoldCase: true})
	for s, want := range map[string]arn.Verdict{"xALICEy": arn.Yes, "xALICE": arn.No, "xALICEyz": arn.No, "x" + policy.Hole: arn.Maybe} {
		if v, _ := fold.Match(&Env{Request: ctx}, s); v != want {
			t.Errorf("folded against %q: %s, want %s", s, v, want)
		}
	}
}

// TestConditionVariables: §2.2, a variable without value makes positive operators
// false and negated ones true.
func TestConditionVariables(t *testing.T) {
	t.Parallel()
	ctx := NewContext().Set("k", "alice").Set("a", "arn:aws:iam::111122223333:role/x").Set("b", "true").Set("acct", "111122223333").Set("yes", "true")
	for _, test := range []struct {
		op, key, value string
		o              Options
		want           bool
	}{
		{"StringEquals", "k", "${k}", modern, true},
		{"StringEquals", "k", "${k}", Options{}, false},
		{"StringEquals", "k", "${none}", modern, false},
		{"StringLike", "k", "*${none}*", modern, false},
		{"StringNotEquals", "k", "${none}", modern, true},
		{"StringNotLike", "k", "${none}", modern, true},
		{"StringEqualsIgnoreCase", "k", "ALI${missing, 'CE'}", modern, true},
		{"ArnLike", "a", "arn:aws:iam::${acct}:role/*", modern, true},
		{"ArnLike", "a", "arn:aws:iam::${none}:role/*", modern, false},
		{"ArnNotLike", "a", "arn:aws:iam::${none}:role/*", modern, true},
		{"Bool", "b", "${yes}", modern, true},
		{"Bool", "b", "${none}", modern, false},
		{"NumericEquals", "k", "${k}", modern, false},
		{"StringLike", "k", "al${*}", modern, false},
	} {
		if got := eval(one(test.op, test.key, test.value), test.o, ctx); got != arn.Known(test.want) {
			t.Errorf("%s %s %s: %s, want %t", test.op, test.key, test.value, got, test.want)
		}
	}
}

// TestUnknownIsSound: an answer on partly unknown context holds for every way to
// complete it (property vi of the fact sheet, for one condition).
func TestUnknownIsSound(t *testing.T) {
	t.Parallel()
	ops := []string{
		"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "Bool", "Null",
		"NumericLessThan", "NumericNotEquals", "IpAddress", "NotIpAddress", "ArnLike", "ArnNotLike", "DateLessThan", "BinaryEquals",
	}
	values := []string{"true", "false", "a", "a*", "*", "${v}", "x${v}*", "1", "2020-01-01", "10.0.0.0/8", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/${v}", "?", "YQ=="}
	inputs := []string{"true", "false", "a", "ab", "xa", "1", "0", "2020", "10.0.0.1", "arn:aws:iam::1:role/a", "*", "", "b"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(ops).Draw(t, "op")
		if name != "Null" {
			name = rapid.SampledFrom([]string{"", "ForAllValues:", "ForAnyValue:"}).Draw(t, "set") + name +
				rapid.SampledFrom([]string{"", "IfExists"}).Draw(t, "ifExists")
		}
		c := one(name, "k", rapid.SliceOfN(rapid.SampledFrom(values), 0, 2).Draw(t, "values")...)
		o := Options{Variables: rapid.Bool().Draw(t, "variables"), Deny: rapid.Bool().Draw(t, "deny")}

		full := NewContext()
		partial := NewContext().UnknownUnlessSet(rapid.Bool().Draw(t, "open"))
		for _, key := range []string{"k", "v"} {
			list := rapid.SliceOfN(rapid.SampledFrom(inputs), 0, 2).Draw(t, key)
			switch rapid.IntRange(0, 3).Draw(t, key+" state") {
			case 0: // absent
			case 1:
				full.SetList(key, list...)
			default:
				full.Set(key, list...)
			}
			state, known := full.Lookup(key)
			switch e := full.find(Hash(key), key); {
			case rapid.Bool().Draw(t, key+" unknown"):
				partial.MarkUnknown(key)
			case state == Absent:
				partial.Absent(key)
			case e.multi:
				partial.SetList(key, known...)
			case state == Present && rapid.Bool().Draw(t, key+" hole"):
				partial.Set(key, known[0][:1]+policy.Hole)
			default:
				partial.Set(key, known...)
			}
		}
		got := eval(c, o, partial)
		exact := eval(c, o, full)
		if exact == arn.Maybe {
			t.Fatalf("%v is not decided on a full context", c)
		}
		if got != arn.Maybe && got != exact {
			t.Fatalf("%+v %+v: %s with unknowns %+v, %s with %+v", c, o, got, partial.entries, exact, full.entries)
		}
	})
}

func FuzzValues(f *testing.F) {
	f.Add("NumericLessThan", "1.5", "1e3")
	f.Add("DateEquals", "2020-01-01T00:00:00Z", "1577836800")
	f.Add("StringLike", "a${k, 'x'}*", "ab")
	f.Add("ForAnyValue:IpAddressIfExists", "10.0.0.0/8", "::1")
	f.Fuzz(func(t *testing.T, op, value, s string) {
		ctx := NewContext().Set("k", s)
		for _, deny := range []bool{false, true} {
			o := Options{Variables: true, Deny: deny}
			positive := eval(one(op, "k", value), o, ctx)
			if !strings.Contains(op+value+s, policy.Hole) && positive == arn.Maybe {
				t.Errorf("%s %q against %q is Maybe with nothing unknown", op, value, s)
			}
			if !KnownOperator(op) && !strings.Contains(op, policy.Hole) && positive != arn.Known(deny) {
				t.Errorf("unknown operator %q: %s (deny %t)", op, positive, deny)
			}
		}
	})
}
