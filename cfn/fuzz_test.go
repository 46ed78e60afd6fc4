package cfn

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/iam/policy"
)

var fuzzSeeds = []string{
	"Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Sub '${AWS::StackName}-${B}-${C.Arn}'}\n  B: {Type: AWS::SNS::Topic}\n  C: {Type: AWS::IAM::Role}\n",
	`{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::If": ["X", {"Ref": "AWS::NoValue"}, {}]}}}}`,
	"Parameters: {P: {Type: CommaDelimitedList, Default: 'a, b'}}\nConditions: {X: !Not [!Equals [!Ref P, a]]}\nResources: {}\nOutputs: {O: {Value: !Select [1, !Split [',', !Join [',', !Ref P]]]}}\n",
	"Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\nResources:\n  F: {Type: AWS::Serverless::Function}\n  G: {Type: X, Properties: {A: !GetAtt FRole.Arn, B: !Length [1], C: !ToJsonString {A: !Ref F}, D: !Cidr [10.0.0.0/8, 2, 8]}}\n",
	"a: &a {<<: *b}\nb: &b [*a]\n",
	"x: &a {k: v}\nMappings: {M: {a: {b: [c]}}}\nResources: {A: {<<: *a, Type: T, Properties: !FindInMap [M, a, b]}}\n",
	"Conditions: {A: !Condition B, B: !Or [!Condition A, !Condition A]}\nResources: {A: {Type: AWS::S3::Bucket, Condition: A, Properties: {BucketName: !Ref A}}}\n",
	"Resources:\n  A: # twokey: ignore[CP-1]\n    Type: |\n      # twokey: text\n    X: '{{resolve:ssm:x}}'\n",
	"\xef\xbb\xbf{Resources: {A: {Type: \"a\\0b\"}}}",
	"? [a]\n: b\n", "--- \n...\n---\n", "Resources: !Foo {Fn::Transform: x}\n",
}

// Whatever the input, Parse returns a template or an error with a message, and
// never fails otherwise.
func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		tm, err := Parse("f", data)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Message == "" || e.Pos.File != "f" {
				t.Errorf("%#v", err)
			}
			return
		}
		lines := len(yamlLineStarts(data)) + 1
		var check func(n *policy.Node)
		check = func(n *policy.Node) {
			if n.Pos.Line < 1 || n.Pos.Line > lines || n.Pos.Column < 1 {
				t.Errorf("%q is at %v", n.Text, n.Pos)
			}
			for _, item := range n.Items {
				check(item)
			}
			for _, e := range n.Entries {
				check(e.Value)
			}
		}
		check(tm.Root)
		for _, c := range tm.Comments {
			if !strings.HasPrefix(c.Text, "twokey:") || c.AppliesTo != 0 && c.AppliesTo < c.Line {
				t.Errorf("%+v", c)
			}
		}
	})
}

// Every value of a stack is resolved, or says why it is not.
func FuzzResolve(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s), "stack", "a,b", true)
	}
	f.Fuzz(func(t *testing.T, data []byte, name, value string, condition bool) {
		tm, err := Parse("f", data)
		if err != nil {
			return
		}
		env := Env{StackName: name, Conditions: map[string]bool{"X": condition}, Parameters: map[string]*policy.Node{"P": {Kind: policy.String, Text: value}}}
		s := tm.Resolve(env)
		var check func(n *policy.Node)
		check = func(n *policy.Node) {
			switch {
			case n == noValue:
				t.Error("NoValue is left in a result")
			case n.Kind == policy.Unknown && n.Reason == "":
				t.Error("an unknown value without a reason")
			case n.HasHole() && n.Reason == "" && !strings.Contains(value+name, policy.Hole):
				t.Errorf("%q has a hole without a reason", n.Text)
			}
			for _, item := range n.Items {
				check(item)
			}
			seen := map[string]bool{}
			for _, e := range n.Entries {
				if seen[e.Key] {
					t.Errorf("key %q stands twice in a result", e.Key)
				}
				if strings.HasPrefix(e.Key, "Fn::") {
					t.Errorf("%s is left in a result", e.Key)
				}
				seen[e.Key] = true
				check(e.Value)
			}
		}
		for _, r := range s.Resources {
			check(r.Props)
			check(r.Attrs)
			check(r.Ref)
			if r.Props.Kind != policy.Map && r.Props.Kind != policy.Unknown {
				t.Errorf("Properties of kind %d", r.Props.Kind)
			}
		}
		for _, o := range s.Outputs {
			check(o.Value)
		}
		if len(s.Conditions)+len(s.Open) != len(tm.condition) {
			t.Errorf("%d conditions, %v decided, %v open", len(tm.condition), s.Conditions, s.Open)
		}
		d := tm.Dependencies(s.Conditions)
		placed := map[string]bool{}
		for _, id := range d.Order {
			for _, on := range d.Of[id] {
				if !placed[on] {
					t.Errorf("%s comes before %s, which it needs", id, on)
				}
			}
			placed[id] = true
		}
		if len(d.Cycles) == 0 && len(d.Order) != len(d.Of) {
			t.Errorf("%d of %d resources in order, and no cycle", len(d.Order), len(d.Of))
		}
		tm.Assignments(env, 4)
	})
}

// The parts of a Fn::Sub string, written again, are the string.
func FuzzSub(f *testing.F) {
	for _, s := range []string{"", "a", "${A}", "${!A}", "$${A}${", "${A.B}-${AWS::Region}", "${ A }", "${${A}}", "}${}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, bad := parseSub(s)
		var b strings.Builder
		literals, names := true, true
		for i, p := range parts {
			if p.variable {
				literals = false
				names = names && isSubName(p.text)
				b.WriteString("${" + p.text + "}")
				continue
			}
			if p.text == "" || i > 0 && !parts[i-1].variable {
				t.Errorf("%q: parts %+v", s, parts)
			}
			b.WriteString(p.text)
		}
		if got := b.String(); got != strings.ReplaceAll(s, "${!", "${") && !strings.Contains(s, "${!") {
			t.Errorf("%q became %q", s, got)
		}
		if names != (bad == "") {
			t.Errorf("%q: bad is %q", s, bad)
		}
		if !strings.Contains(s, "${") && !literals {
			t.Errorf("%q has no variable: %+v", s, parts)
		}
	})
}

// A template means the same in YAML and in JSON.
func FuzzYAMLAndJSON(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		y, err := parseTree("f", data)
		if err != nil || y.json || hasText(y.root, func(n *policy.Node) bool { return n.Kind == policy.Unknown }) {
			return
		}
		j, err := parseTree("f", []byte(asJSON(t, y.root)))
		if err != nil || !j.json {
			t.Fatalf("%v\n%s", err, asJSON(t, y.root))
		}
		a, b := newTemplate("f", y).Resolve(Env{StackName: "s"}), newTemplate("f", j).Resolve(Env{StackName: "s"})
		var ra, rb []string
		for _, r := range a.Resources {
			ra = append(ra, r.LogicalID, r.Type, asJSON(t, r.Props), r.ARN)
		}
		for _, r := range b.Resources {
			rb = append(rb, r.LogicalID, r.Type, asJSON(t, r.Props), r.ARN)
		}
		if d := cmp.Diff(ra, rb); d != "" {
			t.Error(d)
		}
	})
}

func hasText(n *policy.Node, is func(*policy.Node) bool) bool {
	if is(n) {
		return true
	}
	for _, item := range n.Items {
		if hasText(item, is) {
			return true
		}
	}
	for _, e := range n.Entries {
		if hasText(e.Value, is) {
			return true
		}
	}
	return false
}

// asJSON writes a tree with its repeated keys.
func asJSON(t testing.TB, n *policy.Node) string {
	t.Helper()
	text := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	switch n.Kind {
	case policy.Null:
		return "null"
	case policy.Bool, policy.Number:
		return n.Text
	case policy.String:
		return text(n.Text)
	case policy.List:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = asJSON(t, item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case policy.Map:
		parts := make([]string, len(n.Entries))
		for i, e := range n.Entries {
			parts[i] = text(e.Key) + ":" + asJSON(t, e.Value)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return text("?" + n.Reason)
}

// The numbers that stay numbers are those of JSON, as an independent reader sees them.
func FuzzIsNumber(f *testing.F) {
	for _, s := range []string{"0", "01", "-1.5e+3", "1.", ".5", "1e", "--1", "0x1", "9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var n json.Number
		dec := json.NewDecoder(strings.NewReader(s))
		err := dec.Decode(&n)
		want := err == nil && !dec.More() && n.String() == s && s != "" && s != "null" && s[0] != '"'
		if got := isNumber(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	})
}
