package harden_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/internal/load/cloudformation"
)

var update = flag.Bool("update", false, "write the findings of each archive anew")

// kinds are the three kinds of case that each rule's archive has. A kind may
// have several cases: "fires", "fires-boundary".
var kinds = []string{"fires", "must-not", "unknown"}

// TestRules runs each rule's archive. A case is a folder: templates, an optional
// twokey.yaml, an optional live.yaml (resources as if read from account
// 111111111111), "want" with a line for each finding, written by hand, and
// findings.json with the findings in full. A line of want is
//
//	STATUS SEVERITY SUBJECT[:PART] | text of the line that the finding is at | part of its message
//
// or "coverage | part of what was not looked at".
func TestRules(t *testing.T) {
	t.Parallel()
	for _, rule := range harden.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join("testdata", rule.ID+".txtar")
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			cases := casesOf(archive)
			for _, kind := range kinds {
				if !slices.ContainsFunc(cases, func(c string) bool { return c == kind || strings.HasPrefix(c, kind+"-") }) {
					t.Errorf("%s has no case %q", name, kind)
				}
			}
			for _, c := range cases {
				t.Run(c, func(t *testing.T) { runCase(t, archive, c, rule) })
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func casesOf(a *txtar.Archive) []string {
	var out []string
	for _, f := range a.Files {
		if c, _, ok := strings.Cut(f.Name, "/"); ok && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func runCase(t *testing.T, a *txtar.Archive, name string, rule finding.Rule) {
	dir := t.TempDir()
	files := map[string]string{}
	for _, f := range a.Files {
		rest, ok := strings.CutPrefix(f.Name, name+"/")
		if !ok {
			continue
		}
		files[rest] = string(f.Data)
		if strings.HasSuffix(rest, ".yaml") && rest != "live.yaml" {
			path := filepath.Join(dir, filepath.FromSlash(rest))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := load(t, dir, files["live.yaml"])
	var got []finding.Finding
	for _, f := range found(e) {
		if f.Rule == rule.ID {
			got = append(got, f)
		}
	}
	if !strings.HasPrefix(name, "must-not") && strings.TrimSpace(files["want"]) == "" {
		t.Error("the case wants nothing")
	}
	checkWant(t, files, got, harden.Run(e, harden.Options{}))
	checkWhole(t, a, name, files, got)
	for _, f := range got {
		checkShape(t, f)
	}
	if strings.HasPrefix(name, "must-not") && slices.ContainsFunc(got, func(f finding.Finding) bool { return f.Status == finding.StatusFail }) {
		t.Error("the rule fires on what is right")
	}
}

// load reads a case: its templates, or else its live resources.
func load(t *testing.T, dir, live string) *estate.Estate {
	t.Helper()
	if live != "" {
		return loadLive(t, dir, live)
	}
	l, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l.Estate
}

// loadLive declares resources as a loader of live accounts does: without stack
// or logical id, at their ARNs. Beside them stand the templates of the case.
func loadLive(t *testing.T, dir, text string) *estate.Estate {
	t.Helper()
	const account, region = "111111111111", "us-east-1"
	b := estate.NewBuilder()
	b.Account(estate.Account{ID: account, Name: "tools"})
	declare := func(file string, data []byte, live bool) {
		tpl, err := cfn.Parse(file, data)
		if err != nil {
			t.Fatal(err)
		}
		st := tpl.Resolve(cfn.Env{AccountID: account, Region: region, StackName: "app"})
		for _, r := range st.Resources {
			ref, _ := r.Ref.Scalar()
			d := estate.Declaration{Type: r.Type, LogicalID: r.LogicalID, Stack: "app", Account: account, Region: region, ARN: r.ARN, Ref: ref, Props: r.Props, Attrs: r.Attrs, Pos: r.Pos}
			if live {
				d.LogicalID, d.Stack, d.Pos = "", "", policy.Pos{File: cmp.Or(r.ARN, "arn:aws:twokey::"+account+":"+r.LogicalID)}
			}
			b.Add(d)
		}
	}
	declare("live.yaml", []byte(text), true)
	templates, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, name := range templates {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		declare(filepath.Base(name), data, false)
	}
	return b.Build()
}

func checkWant(t *testing.T, files map[string]string, got []finding.Finding, r harden.Result) {
	t.Helper()
	left := slices.Clone(got)
	for line := range strings.SplitSeq(strings.TrimSpace(files["want"]), "\n") {
		if line == "" {
			continue
		}
		parts := strings.Split(line, "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if parts[0] == "coverage" {
			if !slices.ContainsFunc(r.Unseen, func(u finding.Unknown) bool { return strings.Contains(u.What+": "+u.Why, parts[1]) }) {
				t.Errorf("coverage does not say %q: %v", parts[1], r.Unseen)
			}
			continue
		}
		if parts[0] == "not applied" {
			if !slices.Contains(r.NotApplied, parts[1]) {
				t.Errorf("%s is not among the rules that were not applied: %v", parts[1], r.NotApplied)
			}
			continue
		}
		i := slices.IndexFunc(left, func(f finding.Finding) bool {
			about := f.Subject.ID
			if f.Subject.Part != "" {
				about += ":" + f.Subject.Part
			}
			return fmt.Sprintf("%s %s %s", f.Status, f.Severity, about) == parts[0] &&
				strings.Contains(lineAt(files, f.Location), parts[1]) && strings.Contains(f.Message, parts[2])
		})
		if i < 0 {
			t.Errorf("no finding is\n\t%s", line)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, f := range left {
		t.Errorf("nothing wants\n\t%s %s %s:%s | %s | %s", f.Status, f.Severity, f.Subject.ID, f.Subject.Part, lineAt(files, f.Location), f.Message)
	}
}

// lineAt is the line of a file that a finding is at, or its ARN.
func lineAt(files map[string]string, l finding.Location) string {
	lines := strings.Split(files[l.File], "\n")
	if l.Line < 1 || l.Line > len(lines) {
		return l.ARN
	}
	return strings.TrimSpace(lines[l.Line-1])
}

// checkWhole compares the findings with those written down, whole.
func checkWhole(t *testing.T, a *txtar.Archive, name string, files map[string]string, got []finding.Finding) {
	t.Helper()
	if len(got) == 0 && files["findings.json"] == "" {
		return
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		put(a, name+"/findings.json", buf.Bytes())
		return
	}
	if diff := gocmp.Diff(files["findings.json"], buf.String()); diff != "" {
		t.Errorf("findings (-written +got):\n%s", diff)
	}
}

// put sets a file of an archive, after the other files of its case.
func put(a *txtar.Archive, name string, data []byte) {
	last := len(a.Files)
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = data
			return
		}
		if strings.HasPrefix(a.Files[i].Name, name[:strings.IndexByte(name, '/')+1]) {
			last = i + 1
		}
	}
	a.Files = slices.Insert(a.Files, last, txtar.File{Name: name, Data: data})
}

// checkShape holds every finding to what readers rely on.
func checkShape(t *testing.T, f finding.Finding) {
	t.Helper()
	switch {
	case !f.Severity.Valid():
		t.Errorf("severity %q", f.Severity)
	case f.Message == "" || strings.HasSuffix(f.Message, "."):
		t.Errorf("message %q: want a sentence without a full stop", f.Message)
	case f.Remediation == "":
		t.Errorf("no remediation: %s", f.Message)
	case f.Subject.Type == "" || f.Subject.ID == "" || f.Fingerprint == "" || len(f.Controls) == 0:
		t.Errorf("incomplete: %+v", f)
	case f.Location.File == "" && f.Location.ARN == "":
		t.Errorf("no place: %s", f.Message)
	case strings.Contains(f.Message+f.Remediation+f.Patch+strings.Join(f.Evidence, ""), policy.Hole):
		t.Errorf("a hole in what is printed: %q", f.Message)
	}
	for _, r := range f.Related {
		if r.Message == "" || r.Location == (finding.Location{}) {
			t.Errorf("related without a place or sentence: %+v", r)
		}
	}
}
