package iamtest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/condition"
)

const minimal = `"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resourceAccount":"111122223333"`

func TestReadCases(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf{" + minimal + `,"want":"Allow","n":7,"name":"x","why":"y","conf":"doc","ctx":{"aws:TagKeys":["a"],"k":true,"n":12,"gone":null,"e":""},` +
		`"unknown":["u"],"id":[],"grants":[{"grantee":"g","operations":["Decrypt"],"encryptionContextEquals":{"a":"b"},"encryptionContextSubset":{}}]}` + "\n\n  \n{" + minimal + `,"want":"If"}`
	cases, err := ReadCases(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 2 || cases[0].Line != 1 || cases[1].Line != 4 || cases[1].Want != "If" {
		t.Fatalf("got %+v", cases)
	}
	c := cases[0]
	if c.N != 7 || c.Name != "x" || c.Why != "y" || c.Conf != "doc" || c.Identity == nil || c.Boundary != nil {
		t.Errorf("got %+v", c)
	}
	for key, want := range map[string]condition.State{
		"aws:tagkeys": condition.Present, "k": condition.Present, "n": condition.Present, "gone": condition.Absent, "e": condition.Empty, "u": condition.Unknown,
	} {
		if got, _ := c.Context.Lookup(key); got != want {
			t.Errorf("%s: state %d, want %d", key, got, want)
		}
	}
	want := []iam.Grant{{Grantee: "g", Operations: []string{"Decrypt"}, EncryptionContextEquals: map[string]string{"a": "b"}, EncryptionContextSubset: map[string]string{}}}
	if diff := cmp.Diff(want, c.Grants); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

func TestReadCasesErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, fields, want string }{
		{"unknown field", minimal + `,"want":"Allow","idd":[]`, "line 2: idd: unknown field"},
		{"field twice", minimal + `,"want":"Allow","want":"Allow"`, `line 2: field "want" stands twice`},
		{"not JSON", minimal + `,"want":`, "line 2: column"},
		{"no want", minimal, `line 2: field "want" is missing`},
		{"no principal", `"action":"a:b","resource":"*","want":"Allow"`, `line 2: field "principal" is missing`},
		{"odd want", minimal + `,"want":"allow"`, `line 2: want: "allow" is not Allow`},
		{"n", minimal + `,"want":"Allow","n":"x"`, "line 2: n: must be a whole number"},
		{"name", minimal + `,"want":"Allow","name":1`, "line 2: name: must be a string"},
		{"action shape", `"principal":"*","action":[1],"resource":"*","want":"Allow"`, "line 2: action: must be a string or a list of strings"},
		{"no action", `"principal":"*","action":[],"resource":"*","want":"Allow"`, "line 2: action: must not be empty"},
		{"id shape", minimal + `,"want":"Allow","id":"x"`, "line 2: id: must be a statement, a policy, or a list of them"},
		{"id item", minimal + `,"want":"Allow","id":["x"]`, "line 2: id: must be a statement, a policy, or a list of them"},
		{"scp shape", minimal + `,"want":"Allow","scp":{}`, "line 2: scp: must be a list of levels"},
		{"scp level", minimal + `,"want":"Allow","scp":["x"]`, "line 2: scp: must be a statement"},
		{"ctx shape", minimal + `,"want":"Allow","ctx":[]`, "line 2: ctx: must be an object of condition keys"},
		{"ctx value", minimal + `,"want":"Allow","ctx":{"k":{}}`, "line 2: ctx: k: must be a string or a list of strings"},
		{"ctx item", minimal + `,"want":"Allow","ctx":{"k":[{}]}`, "line 2: ctx: k: must hold strings"},
		{"grants shape", minimal + `,"want":"Allow","grants":[1]`, "line 2: grants: must be a list of objects"},
		{"grant field", minimal + `,"want":"Allow","grants":[{"x":1}]`, "line 2: grants: x: unknown field"},
		{"grant context", minimal + `,"want":"Allow","grants":[{"encryptionContextSubset":1}]`, "must be an object of strings"},
		{"flag", minimal + `,"want":"Allow","managementAccount":"yes"`, "line 2: managementAccount: must be true or false"},
		{"ver", minimal + `,"want":"Allow","ver":1`, "line 2: ver: must be a string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			good := "{" + minimal + `,"want":"Allow"}`
			cases, err := ReadCases(strings.NewReader(good + "\n{" + test.fields + "}\n" + good))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if len(cases) != 2 {
				t.Errorf("%d cases beside the bad line, want 2", len(cases))
			}
		})
	}
	if _, err := ReadCases(strings.NewReader("[]")); err == nil || !strings.Contains(err.Error(), "line 1: is not a JSON object") {
		t.Errorf("a list: %v", err)
	}
	if _, err := ReadCases(strings.NewReader(strings.Repeat("x", MaxLineBytes+1))); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a line without end: %v", err)
	}
}

// TestShapes: the ways to write a policy come to the same.
func TestShapes(t *testing.T) {
	t.Parallel()
	const s = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	for _, id := range []string{
		s, `[` + s + `]`, `{"Version":"2012-10-17","Statement":` + s + `}`, `{"Statement":[` + s + `]}`,
		`[{"Version":"2012-10-17","Statement":` + s + `}]`, `[{"Statement":[]},{"Statement":` + s + `}]`, `[[` + s + `]]`, `[{"Statement":[]},` + s + `]`,
	} {
		cases, err := ReadCases(strings.NewReader("{" + minimal + `,"want":"Allow","id":` + id + "}"))
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if got, err := cases[0].Run(); got != "Allow" || err != nil {
			t.Errorf("%s: %s %v", id, got, err)
		}
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"principal":"nobody","action":"a:b","resource":"*","want":"Allow"}`,
		`{"principal":"*","action":"s3:Get*","resource":"*","want":"Allow"}`,
		`{"principal":"*","action":"s3:GetObject","resource":"b/k","want":"Allow"}`,
	} {
		cases, err := ReadCases(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cases[0].Run(); err == nil {
			t.Errorf("%s: %s without an error", text, got)
		}
	}
}

func TestWildcardOnly(t *testing.T) {
	t.Parallel()
	cases, err := ReadCases(strings.NewReader(`{` + strings.Replace(minimal, "s3:GetObject", "s3:ListAllMyBuckets", 1) +
		`,"want":"ImplicitDeny","id":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := cases[0].RunWith(Options{WildcardOnly: func(action string) bool { return action == "s3:ListAllMyBuckets" }})
	if err != nil || got != "ImplicitDeny" {
		t.Errorf("got %s %v", got, err)
	}
	if got, _ := cases[0].Run(); got != "Allow" {
		t.Errorf("without the hook: %s", got)
	}
}

func FuzzReadCases(f *testing.F) {
	f.Add("{" + minimal + `,"want":"Allow","id":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	f.Add("{" + minimal + `,"want":"If","scp":[[]],"ctx":{"a":["b"]},"unknown":"c"}`)
	f.Fuzz(func(t *testing.T, text string) {
		cases, _ := ReadCases(strings.NewReader(text))
		for _, c := range cases {
			d, err := c.Explain(Options{})
			if err != nil {
				continue
			}
			qs, err := c.Questions(Options{})
			if err != nil {
				t.Fatal(err)
			}
			if o := iam.DecideAll(qs...); o != d.Outcome {
				t.Errorf("Decide %s, Explain %s", o, d.Outcome)
			}
		}
	})
}
