package iam_test

import (
	"os"
	"testing"

	"github.com/twokey/twokey/iam/iamtest"
)

// TestDecisions runs testdata/decisions.jsonl: decisions worked out from AWS's
// documentation by somebody who had not seen the evaluator.
func TestDecisions(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/decisions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, err := iamtest.ReadCases(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 150 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		if got, err := c.Run(); err != nil || got != c.Want {
			t.Errorf("%v %s: got %s (%v), want %s", c.N, c.Name, got, err, c.Want)
		}
	}
}
