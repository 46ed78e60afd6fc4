package report_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

func sarifSchema(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	f, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSARIFIsValid(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	for _, s := range append(scans, struct {
		name string
		scan func() *finding.Scan
	}{"repeated", repeated}) {
		var doc any
		if err := json.Unmarshal(render(t, report.SARIF, s.scan(), report.Options{Rules: rules(), Version: "1.0.0"}), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	// A log that breaks the standard is told from one that keeps it.
	if schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{}}}) == nil {
		t.Error("the schema takes a run without a tool")
	}
}

// repeated is a scan with values twice where SARIF wants sets.
func repeated() *finding.Scan {
	s := storefront()
	f := &s.Findings[1]
	f.Related = append(f.Related, f.Related...)
	f.Controls = []string{"NIST AC-5", "NIST AC-5"}
	b := &s.Pipelines[0].Ways[0].Steps[0].Because
	*b = append(*b, (*b)[0], (*b)[0])
	s.Findings = append(s.Findings, s.Findings...)
	return s
}

type object = map[string]any

// pick follows keys and indexes into decoded JSON.
func pick(tb testing.TB, v any, path ...any) any {
	tb.Helper()
	for i, p := range path {
		switch p := p.(type) {
		case string:
			o, ok := v.(object)
			if !ok || o[p] == nil {
				tb.Fatalf("no %v in the log", path[:i+1])
			}
			v = o[p]
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= p {
				tb.Fatalf("no %v in the log", path[:i+1])
			}
			v = l[p]
		}
	}
	return v
}

func sarifRun(tb testing.TB, s *finding.Scan) any {
	tb.Helper()
	var doc any
	if err := json.Unmarshal(render(tb, report.SARIF, s, report.Options{Rules: rules()}), &doc); err != nil {
		tb.Fatal(err)
	}
	return pick(tb, doc, "runs", 0)
}

func resultsOf(tb testing.TB, run any, rule string) []any {
	tb.Helper()
	var out []any
	for _, r := range pick(tb, run, "results").([]any) {
		if r.(object)["ruleId"] == rule {
			out = append(out, r)
		}
	}
	return out
}

func TestSARIFResults(t *testing.T) {
	t.Parallel()
	run := sarifRun(t, storefront())

	ways := resultsOf(t, run, "TK-WAY-1")
	if len(ways) != 2 {
		t.Fatalf("%d results for ways, want 2", len(ways))
	}
	way := ways[0]
	if got := pick(t, way, "level"); got != "error" {
		t.Errorf("level of a way to production: %v", got)
	}
	if got := pick(t, way, "locations", 0, "physicalLocation"); !cmp.Equal(got, object{
		"artifactLocation": object{"uri": "pipeline.yaml", "uriBaseId": "%SRCROOT%"},
		"region":           object{"startLine": 88.0, "startColumn": 3.0},
	}) {
		t.Errorf("a way points at %v, not at what the mend names", got)
	}
	steps := pick(t, way, "codeFlows", 0, "threadFlows", 0, "locations").([]any)
	if len(steps) != 4 {
		t.Errorf("%d steps, want 4", len(steps))
	}
	if got := pick(t, steps[2], "location", "physicalLocation", "region", "startLine"); got != 88.0 {
		t.Errorf("the third step is at line %v", got)
	}

	// An index must lead to the rule of that id.
	driver := pick(t, run, "tool", "driver", "rules").([]any)
	for _, r := range pick(t, run, "results").([]any) {
		i := int(pick(t, r, "ruleIndex").(float64))
		if got, want := pick(t, driver[i], "id"), pick(t, r, "ruleId"); got != want {
			t.Errorf("ruleIndex %d is %v, want %v", i, got, want)
		}
	}

	for _, tc := range []struct{ rule, kind, level, score string }{
		{"CP-502", "", "error", "8.0"},
		{"CP-203", "", "warning", "5.5"},
		{"CP-701", "review", "none", "3.0"}, // kind other than fail requires level none (3.27.9)
		{"CP-708", "", "note", "3.0"},
	} {
		rs := resultsOf(t, run, tc.rule)
		if len(rs) != 1 {
			t.Fatalf("%s: %d results", tc.rule, len(rs))
		}
		kind, _ := rs[0].(object)["kind"].(string)
		if got := [3]any{kind, pick(t, rs[0], "level"), pick(t, rs[0], "properties", "security-severity")}; got != [3]any{tc.kind, tc.level, tc.score} {
			t.Errorf("%s: kind, level and score are %v, want %v", tc.rule, got, tc)
		}
		_, suppressed := rs[0].(object)["suppressions"]
		if want := tc.rule == "CP-708"; suppressed != want {
			t.Errorf("%s: suppressed is %v", tc.rule, suppressed)
		}
	}
	if got := pick(t, resultsOf(t, run, "CP-502")[0], "partialFingerprints", "twokeyFingerprint/v1"); got != "a502bb00112233445566778899aabbcc" {
		t.Errorf("fingerprint %v", got)
	}
	if got := pick(t, resultsOf(t, run, "CP-708")[0], "suppressions", 0, "kind"); got != "external" {
		t.Errorf("an ignore in twokey.yaml is %v", got)
	}
	if got := len(pick(t, run, "invocations", 0, "toolExecutionNotifications").([]any)); got != 1 {
		t.Errorf("%d notifications for one thing not seen", got)
	}
}

func TestSARIFNumbers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		number, want int
		unknown      string
		rule         string // "" where it is no result
	}{
		{"one of two", 1, 2, "", "TK-WAY-1"},
		{"one, as upper bound", 1, 2, "a role is not known", "TK-WAY-1"},
		{"two of three", 2, 3, "", "TK-WAY-2"},
		{"two of two", 2, 2, "", ""},
		{"at most two of two", 2, 2, "a role is not known", "TK-WAY-0"},
		{"not known", 0, 2, "no production", "TK-WAY-0"},
		{"not known, no reason", 0, 2, "", "TK-WAY-0"},
		{"four or more of five", 4, 5, "", "TK-WAY-0"},
		{"four or more of four", 4, 4, "", ""},
		{"nothing wanted means two", 1, 0, "", "TK-WAY-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, ways := range []bool{true, false} {
				s := storefront()
				p := &s.Pipelines[0]
				p.PeopleToProduction, p.Want, p.Unknown = tc.number, tc.want, tc.unknown
				if !ways {
					p.Ways = nil
				}
				run := sarifRun(t, s)
				for _, rule := range []string{"TK-WAY-0", "TK-WAY-1", "TK-WAY-2"} {
					if got := len(resultsOf(t, run, rule)) > 0; got != (rule == tc.rule) {
						t.Errorf("ways %v: result of %s: %v", ways, rule, got)
					}
				}
			}
		})
	}
}

func TestSARIFPaths(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]object{
		"a b/c#d%.yaml":   {"uri": "a%20b/c%23d%25.yaml", "uriBaseId": "%SRCROOT%"},
		`windows\way.yml`: {"uri": "windows/way.yml", "uriBaseId": "%SRCROOT%"},
		"js:x.yaml":       {"uri": "./js:x.yaml", "uriBaseId": "%SRCROOT%"},
		"ü/\u202e.yaml":   {"uri": "%C3%BC/%E2%80%AE.yaml", "uriBaseId": "%SRCROOT%"},
		"/etc/a.yaml":     {"uri": "file:///etc/a.yaml"},
	} {
		s := storefront()
		s.Findings = s.Findings[:1]
		s.Findings[0].Location = finding.Location{File: file, Line: 3}
		got := pick(t, resultsOf(t, sarifRun(t, s), "CP-203")[0], "locations", 0, "physicalLocation", "artifactLocation")
		if diff := cmp.Diff(want, got.(object)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", file, diff)
		}
	}
}

func TestSARIFLiveResource(t *testing.T) {
	t.Parallel()
	s := storefront()
	s.Findings = s.Findings[:1]
	s.Findings[0].Location = finding.Location{ARN: "arn:aws:s3:::b"}
	got := pick(t, resultsOf(t, sarifRun(t, s), "CP-203")[0], "locations", 0)
	want := object{"logicalLocations": []any{object{"fullyQualifiedName": "arn:aws:s3:::b", "kind": "resource", "name": "ArtifactBucket"}}}
	if diff := cmp.Diff(want, got.(object)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
