package iam_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/iamtest"
)

// The callers and things of the cases: account 111122223333 is "here",
// 444455556666 another one.
const (
	dev       = `"principal":"arn:aws:sts::111122223333:assumed-role/dev/alice"`
	user      = `"principal":"arn:aws:iam::111122223333:user/alice"`
	rootUser  = `"principal":"arn:aws:iam::111122223333:root"`
	federated = `"principal":"arn:aws:sts::111122223333:federated-user/alice"`
	outsider  = `"principal":"arn:aws:sts::444455556666:assumed-role/ext/bob"`
	role      = `"principal":"arn:aws:iam::111122223333:role/dev"`
	service   = `"principal":"codepipeline.amazonaws.com"`
	anonymous = `"principal":"*"`

	all     = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	idAll   = `"id":[` + all + `]`
	getAny  = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`
	decrypt = `"action":"kms:Decrypt","resource":"arn:aws:kms:us-east-1:111122223333:key/1234"`
	assume  = `"action":"sts:AssumeRole","resource":"arn:aws:iam::111122223333:role/prod"`
)

// decided is one decision test: fields of a case (see iamtest) that override the
// usual ones, which are dev getting the object k of bucket b in its own account.
type decided struct {
	name   string
	fields string // without braces
	want   string
}

func readDecided(t testing.TB, d decided) iamtest.Case {
	t.Helper()
	line := map[string]json.RawMessage{}
	for _, text := range []string{
		dev + `,"action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resourceAccount":"111122223333"`, d.fields,
	} {
		if err := json.Unmarshal([]byte("{"+text+"}"), &line); err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
	}
	line["want"], _ = json.Marshal(d.want)
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := iamtest.ReadCases(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", d.name, err)
	}
	return cases[0]
}

func decideAll(t *testing.T, cases []decided) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range cases {
		if seen[d.name] {
			t.Errorf("two cases are called %q", d.name)
		}
		seen[d.name] = true
		t.Run(strings.ReplaceAll(d.name, "/", "∕"), func(t *testing.T) {
			t.Parallel()
			c := readDecided(t, d)
			got, err := c.Run()
			if err != nil {
				t.Fatal(err)
			}
			explained, err := c.Explain(iamtest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != d.want {
				t.Errorf("got %s, want %s\n%+v", got, d.want, explained)
			}
			qs, err := c.Questions(iamtest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if o := iamtest.Word(iam.DecideAll(qs...)); o != got {
				t.Errorf("Decide says %s, Explain %s", o, got)
			}
			checkExplained(t, explained)
		})
	}
}

// checkExplained holds a decision to what every decision must show.
func checkExplained(t *testing.T, d iam.Decision) {
	t.Helper()
	deny, allow := false, false
	for _, r := range d.Reasons {
		deny = deny || r.Effect == "Deny" && r.Certain
		allow = allow || r.Effect == "Allow"
	}
	switch d.Outcome {
	case iam.ExplicitDeny:
		if !deny {
			t.Errorf("explicit deny without a Deny among the reasons: %+v", d.Reasons)
		}
	case iam.ImplicitDeny:
		if deny {
			t.Errorf("implicit deny with a Deny among the reasons: %+v", d.Reasons)
		}
		if len(d.Missing) == 0 {
			t.Error("implicit deny, and nothing is missing")
		}
	case iam.Allow:
		if deny || len(d.Missing)+len(d.Residual) > 0 {
			t.Errorf("allowed, with %+v", d)
		}
	case iam.If:
		if len(d.Residual) == 0 {
			t.Errorf("if, but on what? %+v", d)
		}
	}
}
