package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse("p", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFromNode(t *testing.T) {
	t.Parallel()
	d := parse(t, `{"Version":"2012-10-17","Id":"x","Statement":[
 {"Sid":"a","Effect":"Allow","Principal":{"AWS":["111122223333",222233334444],"Service":"s.amazonaws.com"},
  "Action":"s3:*","NotResource":["r1","r2"],
  "Condition":{"Bool":{"k":true},"NumericLessThan":{"n":[1.5,"2"]}}},
 {"Effect":"Deny","NotPrincipal":"*","NotAction":["a:b"],"Resource":"*"}]}`)
	text := func(values ...string) (out []Text) {
		for _, v := range values {
			out = append(out, Text{Value: v})
		}
		return out
	}
	want := &Document{Version: "2012-10-17", ID: "x", Statements: []Statement{
		{
			Sid: "a", Effect: EffectAllow, Actions: text("s3:*"), Resources: text("r1", "r2"),
			HasResource: true, NotResource: true,
			Principals: &Principals{List: []Principal{
				{"AWS", Text{Value: "111122223333"}}, {"AWS", Text{Value: "222233334444"}}, {"Service", Text{Value: "s.amazonaws.com"}},
			}},
			Conditions: []Condition{
				{Operator: "Bool", Key: "k", Values: text("true")},
				{Operator: "NumericLessThan", Key: "n", Values: text("1.5", "2")},
			},
		},
		{
			Index: 1, Effect: EffectDeny, Actions: text("a:b"), NotAction: true, Resources: text("*"), HasResource: true,
			Principals: &Principals{Not: true, List: []Principal{{"*", Text{Value: "*"}}}},
		},
	}}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreTypes(Pos{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := d.Statements[0].Conditions[1].Pos, (Pos{"p", 4, 53}); got != want {
		t.Errorf("the key n stands at %v, want %v", got, want)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"Statement":[]}`:                        Version2008,
		`{"Version":"2008-10-17","Statement":[]}`: Version2008,
		`{"Version":"2012-10-17","Statement":[]}`: Version2012,
	} {
		if d := parse(t, text); d.Version != want || len(d.Problems) > 0 {
			t.Errorf("%s: version %s, problems %v", text, d.Version, d.Problems)
		}
	}
	d := parse(t, `{"Version":"2012-10-18","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	if len(d.Problems) != 1 || d.Statements[0].Broken == "" {
		t.Errorf("an unknown version passes: %+v", d)
	}
}

// TestProblems holds every way in which a document can be wrong against the words
// it must be reported in, and whether the statement must fail closed.
func TestProblems(t *testing.T) {
	t.Parallel()
	const ok = `"Effect":"Allow","Action":"a:b","Resource":"*"`
	for _, test := range []struct {
		name, text, want string
		broken           bool
	}{
		{"not an object", `[]`, "a policy document must be an object, not a list", true},
		{"no statement", `{"Version":"2012-10-17"}`, "a policy document needs a Statement", true},
		{"null statement", `{"Statement":null}`, "Statement must be an object or a list of objects, not null", false},
		{"text statement", `{"Statement":"x"}`, "a statement must be an object, not a string", true},
		{"null in list", `{"Statement":[null]}`, "a statement must be an object, not null", true},
		{"unknown top element", `{"Statements":{},"Statement":{` + ok + `}}`, `unknown element "Statements" in a policy`, false},
		{"version twice", `{"Version":"2012-10-17","Version":"2012-10-17","Statement":{` + ok + `}}`, "Version stands twice", true},
		{"statement twice", `{"Statement":[],"Statement":{` + ok + `}}`, "Statement stands twice", true},
		{"lower-case element", `{"Statement":{"effect":"Allow","Action":"a:b","Resource":"*"}}`, `element "effect" must be spelt "Effect"`, false},
		{"unknown element", `{"Statement":{` + ok + `,"Conditions":{}}}`, `unknown element "Conditions" in a statement`, true},
		{"no effect", `{"Statement":{"Action":"a:b","Resource":"*"}}`, "a statement needs an Effect", true},
		{"effect spelling", `{"Statement":{"Effect":"allow","Action":"a:b","Resource":"*"}}`, `Effect must be "Allow" or "Deny"`, true},
		{"effect shape", `{"Statement":{"Effect":["Allow"],"Action":"a:b","Resource":"*"}}`, `Effect must be`, true},
		{"no action", `{"Statement":{"Effect":"Allow","Resource":"*"}}`, "a statement needs an Action or a NotAction", true},
		{"both actions", `{"Statement":{` + ok + `,"NotAction":"c:d"}}`, "a statement may not have both Action and NotAction", true},
		{"both resources", `{"Statement":{` + ok + `,"NotResource":"x"}}`, "a statement may not have both Resource and NotResource", true},
		{"both principals", `{"Statement":{` + ok + `,"Principal":"*","NotPrincipal":"*"}}`, "a statement may not have both Principal and NotPrincipal", true},
		{"action twice", `{"Statement":{` + ok + `,"Action":"c:d"}}`, "Action stands twice in one statement", true},
		{"empty action", `{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}`, "Action must not be empty", true},
		{"number action", `{"Statement":{"Effect":"Allow","Action":1,"Resource":"*"}}`, "Action must be strings, not a number", true},
		{"nested list", `{"Statement":{"Effect":"Allow","Action":[["a:b"]],"Resource":"*"}}`, "Action must be strings, not a list", true},
		{"null resource", `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":null}}`, "Resource must not be empty", true},
		{"sid shape", `{"Statement":{"Sid":{},` + ok + `}}`, "Sid must be a string, not an object", false},
		{"sid twice", `{"Statement":[{"Sid":"a",` + ok + `},{"Sid":"a",` + ok + `}]}`, `Sid "a" stands twice`, false},
		{"principal text", `{"Statement":{` + ok + `,"Principal":"111122223333"}}`, `Principal must be "*" or an object, not a string`, true},
		{"empty principal", `{"Statement":{` + ok + `,"Principal":{}}}`, "Principal must not be empty", true},
		{"empty principal list", `{"Statement":{` + ok + `,"Principal":{"AWS":[]}}}`, "Principal AWS must not be empty", true},
		{"principal type", `{"Statement":{` + ok + `,"Principal":{"Role":"x"}}}`, `unknown type "Role" in Principal`, true},
		{"principal type twice", `{"Statement":{` + ok + `,"Principal":{"AWS":"*","AWS":"1"}}}`, "AWS stands twice in Principal", true},
		{"principal shape", `{"Statement":{` + ok + `,"Principal":{"AWS":true}}}`, "Principal AWS must be strings, not a boolean", true},
		{"service number", `{"Statement":{` + ok + `,"Principal":{"Service":1}}}`, "Principal Service must be strings, not a number", true},
		{"condition shape", `{"Statement":{` + ok + `,"Condition":[]}}`, "Condition must be an object, not a list", true},
		{"condition null", `{"Statement":{` + ok + `,"Condition":null}}`, "Condition must be an object, not null", true},
		{"operator shape", `{"Statement":{` + ok + `,"Condition":{"Bool":"true"}}}`, "condition operator Bool must hold an object of keys, not a string", true},
		{"operator twice", `{"Statement":{` + ok + `,"Condition":{"Bool":{},"Bool":{}}}}`, "Bool stands twice in Condition", true},
		{"key twice", `{"Statement":{` + ok + `,"Condition":{"Bool":{"k":"true","k":"false"}}}}`, "k stands twice in Bool", true},
		{"value shape", `{"Statement":{` + ok + `,"Condition":{"Bool":{"k":{}}}}}`, "condition Bool on k must hold strings, not an object", true},
		{"value null", `{"Statement":{` + ok + `,"Condition":{"Bool":{"k":null}}}}`, "condition Bool on k must hold strings, not null", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, test.text)
			found := false
			for _, p := range d.Problems {
				found = found || strings.Contains(p.Message, test.want)
				if p.Pos.Line == 0 {
					t.Errorf("problem without a place: %v", p)
				}
			}
			if !found {
				t.Errorf("problems %v, want one with %q", d.Problems, test.want)
			}
			broken := false
			for _, s := range d.Statements {
				broken = broken || s.Broken != ""
			}
			if broken != test.broken {
				t.Errorf("broken is %t, want %t: %+v", broken, test.broken, d.Statements)
			}
		})
	}
}

func TestUnknownParts(t *testing.T) {
	t.Parallel()
	unknown := &Node{Kind: Unknown, Reason: "parameter Env has no value"}
	str := func(s string) *Node { return &Node{Kind: String, Text: s} }
	statement := func(entries ...Entry) *Node {
		return &Node{Kind: Map, Entries: []Entry{{Key: "Statement", Value: &Node{Kind: Map, Entries: entries}}}}
	}
	all := []Entry{{Key: "Effect", Value: str("Deny")}, {Key: "Resource", Value: str("*")}}

	if d := FromNode(unknown); d.Statements[0].Unknown != unknown.Reason {
		t.Errorf("document: %+v", d)
	}
	d := FromNode(statement(append(all, Entry{Key: "Action", Value: &Node{Kind: List, Items: []*Node{str("s3:*"), unknown}}})...))
	want := []Text{{Value: "s3:*"}, {Value: Hole, Reason: unknown.Reason}}
	if diff := cmp.Diff(want, d.Statements[0].Actions); diff != "" || d.Statements[0].Broken+d.Statements[0].Unknown != "" {
		t.Errorf("action (-want +got):\n%s\n%+v", diff, d.Statements[0])
	}
	act := append(all, Entry{Key: "Action", Value: str("s3:*")})
	if s := FromNode(statement(append(act, Entry{Key: "Condition", Value: unknown})...)).Statements[0]; len(s.Conditions) != 1 || s.Conditions[0].Unknown != unknown.Reason {
		t.Errorf("condition: %+v", s)
	}
	op := &Node{Kind: Map, Entries: []Entry{{Key: "Bool", Value: unknown}}}
	if s := FromNode(statement(append(act, Entry{Key: "Condition", Value: op})...)).Statements[0]; s.Conditions[0].Operator != "Bool" || s.Conditions[0].Unknown != unknown.Reason {
		t.Errorf("operator: %+v", s)
	}
	for _, v := range []*Node{unknown, {Kind: String, Text: "arn:" + Hole}} {
		if s := FromNode(statement(append(act, Entry{Key: "Principal", Value: v})...)).Statements[0]; s.Principals.List[0].Type != TypeUnknown || s.Broken != "" {
			t.Errorf("principal: %+v", s)
		}
	}
	aws := &Node{Kind: Map, Entries: []Entry{{Key: "AWS", Value: unknown}}}
	if s := FromNode(statement(append(act, Entry{Key: "Principal", Value: aws})...)).Statements[0]; s.Principals.List[0].Value != Hole {
		t.Errorf("AWS principal: %+v", s)
	}
	effect := []Entry{{Key: "Effect", Value: unknown}, {Key: "Action", Value: str("a:b")}, {Key: "Resource", Value: str("*")}}
	if s := FromNode(statement(effect...)).Statements[0]; s.Unknown != unknown.Reason || s.Effect != EffectUnknown {
		t.Errorf("effect: %+v", s)
	}
	version := statement(append(act, Entry{Key: "Sid", Value: unknown})...)
	version.Entries = append([]Entry{{Key: "Version", Value: unknown}}, version.Entries...)
	if s := FromNode(version).Statements[0]; s.Unknown != "" {
		t.Errorf("a statement without variables does not depend on the version: %+v", s)
	}
	vars := []Entry{{Key: "Effect", Value: str("Allow")}, {Key: "Action", Value: str("a:b")}, {Key: "Resource", Value: str("x${aws:username}")}}
	version = statement(vars...)
	version.Entries = append([]Entry{{Key: "Version", Value: unknown}}, version.Entries...)
	if r := FromNode(version).Statements[0].Resources[0]; r.Value != "x"+Hole || r.Reason == "" {
		t.Errorf("variables depend on the version: %+v", r)
	}
	// Loaders may leave nil where a value is missing; it must not panic.
	nilled := statement(append(act, Entry{Key: "Condition"})...)
	if s := FromNode(nilled).Statements[0]; s.Broken == "" {
		t.Errorf("nil condition: %+v", s)
	}
	if d := FromNode(nil); len(d.Statements) != 0 {
		t.Errorf("nil document: %+v", d)
	}
}
