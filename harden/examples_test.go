package harden_test

import (
	"context"
	"os"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/internal/load/cloudformation"
)

func loadDir(t *testing.T, dir string) *estate.Estate {
	t.Helper()
	l, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Estate.Problems {
		t.Errorf("%s:%d: %s", p.Pos.File, p.Pos.Line, p.Message)
	}
	return l.Estate
}

// TestStorefront: each mistake that the example's README owns up to is found.
func TestStorefront(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, id := range []string{
		"CP-102", "CP-106", "CP-108", "CP-109", "CP-110", "CP-111", "CP-203", "CP-204", "CP-205", "CP-207", "CP-208", "CP-209", "CP-210", "CP-211", "CP-214",
		"CP-305", "CP-306", "CP-403", "CP-404", "CP-503", "CP-505", "CP-506", "CP-507", "CP-512", "CP-514", "CP-601", "CP-604", "CP-605", "CP-606", "CP-612",
	} {
		want[id] = true
	}
	got := map[string]bool{}
	for _, f := range found(loadDir(t, "../examples/storefront")) {
		if f.Status == finding.StatusFail {
			got[f.Rule] = true
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("rules that fail (-want +got):\n%s", diff)
	}
}

// TestStorefrontSafe: nothing of medium or above is left, and nothing unknown.
func TestStorefrontSafe(t *testing.T) {
	t.Parallel()
	for _, f := range found(loadDir(t, "../examples/storefront-safe")) {
		if f.Severity.AtLeast(finding.Medium) || f.Status == finding.StatusUnknown {
			t.Errorf("%s %s %s: %s", f.Severity, f.Rule, f.Subject.ID, f.Message)
		}
	}
}

// TestSameAnswerTwice: nothing depends on the order of a map.
func TestSameAnswerTwice(t *testing.T) {
	t.Parallel()
	first := found(loadDir(t, "../examples/storefront"))
	for range 5 {
		if diff := gocmp.Diff(first, found(loadDir(t, "../examples/storefront"))); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestOneFindingPerSubject: a rule says one thing of one subject once.
func TestOneFindingPerSubject(t *testing.T) {
	t.Parallel()
	type key struct {
		rule    string
		subject finding.Subject
	}
	seen := map[key]bool{}
	prints := map[string]bool{}
	for _, f := range found(loadDir(t, "../examples/storefront")) {
		k := key{f.Rule, f.Subject}
		if seen[k] || prints[f.Fingerprint] {
			t.Errorf("%s twice of %+v", f.Rule, f.Subject)
		}
		seen[k], prints[f.Fingerprint] = true, true
	}
}

// TestReferenceArchitecture reads a published set of templates that nobody here
// wrote, where it is at hand.
func TestReferenceArchitecture(t *testing.T) {
	t.Parallel()
	const corpus = "../../shared/corpus/aws-refarch"
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the reference templates are not here: ", err)
	}
	var got []string
	for _, f := range found(loadDir(t, corpus)) {
		if f.Status == finding.StatusFail && !slices.Contains(got, f.Rule) {
			got = append(got, f.Rule)
		}
	}
	for _, id := range []string{"CP-102", "CP-103", "CP-106", "CP-107", "CP-108", "CP-109", "CP-110", "CP-111", "CP-305", "CP-405", "CP-503", "CP-512", "CP-603"} {
		if !slices.Contains(got, id) {
			t.Errorf("%s does not fire", id)
		}
	}
}

func found(e *estate.Estate) []finding.Finding { return harden.Run(e, harden.Options{}).Findings }

func TestChosenRules(t *testing.T) {
	t.Parallel()
	r := harden.Run(loadDir(t, "../examples/storefront"), harden.Options{Rules: []string{"cp-203", "passrole-wildcard"}})
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Rule] = true
	}
	if len(seen) != 2 || !seen["CP-203"] || !seen["CP-108"] {
		t.Errorf("rules %v, want CP-108 and CP-203 alone", seen)
	}
	if len(r.Unseen)+len(r.NotApplied) > 0 {
		t.Errorf("not looked at: %v, not applied: %v, though the rules that were asked for say neither", r.Unseen, r.NotApplied)
	}
}
