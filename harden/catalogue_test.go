package harden_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
)

// firstRelease is the list of the first release as the catalogue of rules has
// it: 54 rules of severity critical or high and twenty others.
var firstRelease = strings.Fields(`
	CP-101 CP-102 CP-103 CP-105 CP-106 CP-107 CP-108 CP-109 CP-110 CP-111 CP-112 CP-113
	CP-201 CP-202 CP-203 CP-204 CP-205 CP-206 CP-207 CP-208 CP-209 CP-210 CP-211 CP-213 CP-214
	CP-301 CP-302 CP-303 CP-305 CP-306 CP-307 CP-310
	CP-401 CP-402 CP-403 CP-404 CP-405 CP-407 CP-408 CP-410
	CP-501 CP-502 CP-503 CP-504 CP-505 CP-506 CP-507 CP-508 CP-509 CP-510 CP-512 CP-514 CP-515
	CP-601 CP-602 CP-603 CP-604 CP-605 CP-606 CP-607 CP-608 CP-609 CP-610 CP-611 CP-612
	CP-701 CP-702 CP-703 CP-705 CP-708 CP-709 CP-710 CP-714 CP-715`)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	var ids []string
	names := map[string]bool{}
	for _, r := range harden.Rules() {
		ids = append(ids, r.ID)
		if names[r.Name] {
			t.Errorf("name %s twice", r.Name)
		}
		names[r.Name] = true
		if !r.Severity.Valid() || r.Title == "" || strings.HasSuffix(r.Title, ".") || len(r.Controls) == 0 || r.Persona == "" || r.Evidence == "" {
			t.Errorf("%s is incomplete: %+v", r.ID, r)
		}
	}
	if !slices.Equal(ids, firstRelease) {
		t.Errorf("rules are\n%v\nwant\n%v", ids, firstRelease)
	}
}

// TestEachRuleHasItsFiles: one source file, one test archive and one page for
// each rule, and none without a rule.
func TestEachRuleHasItsFiles(t *testing.T) {
	t.Parallel()
	count := func(pattern string) int {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	for _, r := range harden.Rules() {
		source := strings.ToLower(strings.ReplaceAll(r.ID, "-", "")) + "_" + strings.ReplaceAll(r.Name, "-", "_") + ".go"
		for _, file := range []string{source, filepath.Join("testdata", r.ID+".txtar"), filepath.Join("..", r.Doc())} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", r.ID, err)
			}
		}
	}
	n := len(harden.Rules())
	for _, pattern := range []string{"cp[0-9]*.go", "testdata/CP-*.txtar", "../docs/rules/CP-*.md"} {
		if got := count(pattern); got != n {
			t.Errorf("%s: %d files for %d rules", pattern, got, n)
		}
	}
}

// TestPages: each page has the parts that readers look for, names its rule and
// severity as the catalogue does, and lists its controls.
func TestPages(t *testing.T) {
	t.Parallel()
	parts := []string{"## What", "## Why it matters", "## Wrong", "## Right", "## How to mend it", "## When it is no fault", "## Controls"}
	for _, r := range harden.Rules() {
		data, err := os.ReadFile(filepath.Join("..", r.Doc()))
		if err != nil {
			t.Error(err)
			continue
		}
		text := string(data)
		if want := "# " + r.ID + " " + r.Name + "\n"; !strings.HasPrefix(text, want) {
			t.Errorf("%s does not begin with %q", r.Doc(), want)
		}
		if !strings.Contains(text, "Severity: **"+string(r.Severity)+"**") {
			t.Errorf("%s does not say severity %s", r.Doc(), r.Severity)
		}
		at := 0
		for _, p := range parts {
			i := strings.Index(text[at:], p+"\n")
			if i < 0 {
				t.Errorf("%s has no %q in its place", r.Doc(), p)
				continue
			}
			at += i
		}
		for _, c := range r.Controls {
			if !strings.Contains(text, "- "+c+"\n") {
				t.Errorf("%s does not list %s", r.Doc(), c)
			}
		}
	}
}

// TestIndex: the index of the pages is the one that the catalogue makes.
func TestIndex(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "docs", "rules", "README.md")
	want := index(harden.Rules())
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: go test ./harden -run TestIndex -update", name)
	}
}

var sections = []struct{ prefix, title string }{
	{"CP-1", "Roles of the pipeline"}, {"CP-2", "Artifact bucket and key"}, {"CP-3", "Source and trigger"}, {"CP-4", "Build"},
	{"CP-5", "Gates and approvers"}, {"CP-6", "Deploy roles and other accounts"}, {"CP-7", "Evidence, notification, definition"},
}

func index(rules []finding.Rule) string {
	var b strings.Builder
	b.WriteString("# Hardening rules\n\nWhat `twokey scan` looks for beside the number of people. Each page says what the rule sees, why it matters, how to mend it and when it is no fault.\n")
	b.WriteString("This index is made from the catalogue: `go test ./harden -run TestIndex -update`.\n")
	for _, s := range sections {
		b.WriteString("\n## " + s.title + "\n\n| rule | name | severity | what is wrong |\n| --- | --- | --- | --- |\n")
		for _, r := range rules {
			if !strings.HasPrefix(r.ID, s.prefix) {
				continue
			}
			severity := string(r.Severity)
			if r.Evidence == finding.FromLive {
				severity += ", live accounts only"
			}
			b.WriteString("| [" + r.ID + "](" + r.ID + ".md) | " + r.Name + " | " + severity + " | " + r.Title + " |\n")
		}
	}
	return b.String()
}
