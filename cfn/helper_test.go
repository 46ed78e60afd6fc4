package cfn_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

func mustParse(t testing.TB, text string) *cfn.Template {
	t.Helper()
	tm, err := cfn.Parse("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

// env is a stack of which all is known but its parameters.
func env() cfn.Env {
	return cfn.Env{
		AccountID: "111122223333", Region: "us-east-1", StackName: "demo",
		StackID: "arn:aws:cloudformation:us-east-1:111122223333:stack/demo/51af3dc0-da77-11e4-872e-1234567db123",
	}
}

func params(pairs ...string) map[string]*policy.Node {
	out := map[string]*policy.Node{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &policy.Node{Kind: policy.String, Text: pairs[i+1]}
	}
	return out
}

// plain is a value as JSON shows it; what is unknown is written ?(reason) and a
// hole is an underscore.
func plain(n *policy.Node) any {
	switch {
	case n == nil:
		return "<absent>"
	case n.Kind == policy.Null:
		return nil
	case n.Kind == policy.Bool:
		return n.Text == "true"
	case n.Kind == policy.Number:
		return json.Number(n.Text)
	case n.Kind == policy.String:
		return strings.ReplaceAll(n.Text, policy.Hole, "_")
	case n.Kind == policy.List:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, plain(item))
		}
		return out
	case n.Kind == policy.Map:
		out := map[string]any{}
		for _, e := range n.Entries {
			out[e.Key] = plain(e.Value)
		}
		return out
	}
	return "?(" + n.Reason + ")"
}

func show(t testing.TB, n *policy.Node) string {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain(n)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func messages(problems []cfn.Problem) string {
	var out []string
	for _, p := range problems {
		text := p.Message
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func whats(unknowns []cfn.Unknown) string {
	var out []string
	for _, u := range unknowns {
		out = append(out, u.What)
	}
	return strings.Join(out, ", ")
}

func resource(t testing.TB, s *cfn.Stack, id string) cfn.Resource {
	t.Helper()
	for _, r := range s.Resources {
		if r.LogicalID == id {
			return r
		}
	}
	t.Fatalf("the stack has no resource %s", id)
	return cfn.Resource{}
}
