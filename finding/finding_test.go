package finding_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/finding"
)

func TestFingerprintIgnoresPlaceAndKeepsPartsApart(t *testing.T) {
	t.Parallel()
	s := finding.Subject{Type: "AWS::S3::Bucket", ID: "ArtifactBucket", Stack: "pre-reqs", Account: "111111111111"}
	a := finding.Fingerprint("CP-203", s)
	for name, other := range map[string]string{
		"rule":     finding.Fingerprint("CP-204", s),
		"evidence": finding.Fingerprint("CP-203", s, "x"),
		"split":    finding.Fingerprint("CP-203", finding.Subject{Type: s.Type, ID: "Bucket", Stack: "pre-reqsArtifact", Account: s.Account}),
	} {
		if other == a {
			t.Errorf("%s makes no difference to the fingerprint", name)
		}
	}
	if again := finding.Fingerprint("CP-203", s); again != a {
		t.Errorf("not stable: %s, %s", a, again)
	}
}

func TestSeverityOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s, floor finding.Severity
		want     bool
	}{
		{finding.Critical, finding.High, true},
		{finding.High, finding.High, true},
		{finding.Medium, finding.High, false},
		{finding.Info, finding.Low, false},
		{"misspelt", finding.Critical, true},
	} {
		if got := c.s.AtLeast(c.floor); got != c.want {
			t.Errorf("%s at least %s: got %v", c.s, c.floor, got)
		}
	}
}

func TestParseIgnoreComment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		comment string
		want    finding.Ignore
		ok      bool
		err     string
	}{
		{comment: "# nothing to see"},
		{comment: "# twokey: ignore[CP-203] reason=kept for a month until=2027-01-31", ok: true,
			want: finding.Ignore{Kind: "comment", Rules: []string{"CP-203"}, Reason: "kept for a month", Until: "2027-01-31"}},
		{comment: "# twokey: ignore[CP-203, CP-204] until=2027-01-31 reason=kept", ok: true,
			want: finding.Ignore{Kind: "comment", Rules: []string{"CP-203", "CP-204"}, Reason: "kept", Until: "2027-01-31"}},
		{comment: "# twokey: ignore[CP-203]", ok: true, want: finding.Ignore{Kind: "comment", Rules: []string{"CP-203"}}},
		{comment: "# twokey: ignore[]", ok: true, err: "names no rule"},
		{comment: "# twokey: ignore[CP-203", ok: true, err: "not closed"},
		{comment: "# twokey: skip CP-203", ok: true, err: `unknown directive "skip"`},
	} {
		got, ok, err := finding.ParseIgnoreComment(c.comment)
		if ok != c.ok {
			t.Errorf("%s: ok %v", c.comment, ok)
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.comment, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.comment, err, diff)
		}
	}
}

func FuzzParseIgnoreComment(f *testing.F) {
	f.Add("# twokey: ignore[CP-203] reason=x until=2027-01-31")
	f.Fuzz(func(t *testing.T, s string) {
		ig, ok, err := finding.ParseIgnoreComment(s)
		if ok && err == nil && len(ig.Rules) == 0 {
			t.Fatalf("an ignore of nothing from %q", s)
		}
	})
}

func TestSuppress(t *testing.T) {
	t.Parallel()
	at := func(line int) finding.Location { return finding.Location{File: "a.yaml", Line: line, Column: 1} }
	base := finding.Finding{Rule: "CP-203", Name: "artifact-bucket-versioning-off", Severity: finding.High, Status: finding.StatusFail,
		Subject: finding.Subject{ID: "Bucket", Stack: "s"}, Location: at(10),
		Related: []finding.Span{{Location: at(30)}}}
	comment := func(from, to int, reason, until string) finding.Ignore {
		return finding.Ignore{Kind: "comment", Rules: []string{"CP-203"}, Reason: reason, Until: until, Location: at(from), FromLine: from, ToLine: to}
	}
	day := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		ignore     finding.Ignore
		suppressed bool
		note       string
	}{
		{"line covered", comment(8, 12, "why", ""), true, ""},
		{"related line covered", comment(29, 31, "why", ""), true, ""},
		{"other line", comment(11, 12, "why", ""), false, finding.RuleIgnoreUnused},
		{"no reason", comment(8, 12, " ", ""), false, finding.RuleIgnoreNoReason},
		{"last day counts", comment(8, 12, "why", "2026-11-21"), true, ""},
		{"expired", comment(8, 12, "why", "2026-11-20"), false, finding.RuleIgnoreExpired},
		{"bad date", comment(8, 12, "why", "soon"), false, finding.RuleIgnoreBadDate},
		{"by name in config", finding.Ignore{Kind: "config", Rules: []string{"artifact-bucket-versioning-off"}, Reason: "why"}, true, ""},
		{"metadata", finding.Ignore{Kind: "metadata", Rules: []string{"CP-203"}, Reason: "why", Stack: "s", LogicalID: "Bucket"}, true, ""},
		{"metadata of another", finding.Ignore{Kind: "metadata", Rules: []string{"CP-203"}, Reason: "why", Stack: "s", LogicalID: "Other"}, false, finding.RuleIgnoreUnused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := finding.Suppress([]finding.Finding{base}, []finding.Ignore{c.ignore}, day)
			if (got[0].Suppressed != nil) != c.suppressed {
				t.Errorf("suppressed: %v", got[0].Suppressed)
			}
			note := ""
			if len(got) > 1 {
				note = got[1].Rule
			}
			if note != c.note {
				t.Errorf("note %q, want %q", note, c.note)
			}
		})
	}
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	scan := func() *finding.Scan {
		return &finding.Scan{
			Pipelines: []finding.Pipeline{{Name: "p", Ways: []finding.Way{{Title: "w", Fingerprint: "f1"}}}},
			Findings: []finding.Finding{
				{Rule: "CP-203", Status: finding.StatusFail, Fingerprint: "f2"},
				{Rule: "CP-204", Status: finding.StatusUnknown, Fingerprint: "f3"},
			},
		}
	}
	var buf bytes.Buffer
	if err := finding.NewBaseline(scan()).Write(&buf); err != nil {
		t.Fatal(err)
	}
	b, err := finding.ReadBaseline(&buf)
	if err != nil {
		t.Fatal(err)
	}
	s := scan()
	s.Findings = append(s.Findings, finding.Finding{Rule: "CP-205", Status: finding.StatusFail, Fingerprint: "new"})
	if n := b.Apply(s); n != 2 {
		t.Errorf("matched %d, want 2", n)
	}
	if s.Findings[2].Suppressed != nil || s.Findings[1].Suppressed != nil {
		t.Error("a finding that the baseline does not hold was suppressed")
	}
	for _, bad := range []string{"", "{}", `{"schema":"twokey.baseline/v1","entries":[],"x":1}`, `{"schema":"twokey.baseline/v9","entries":[]}`, `{"schema":"twokey.baseline/v1","entries":[]} more`} {
		if _, err := finding.ReadBaseline(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read as a baseline", bad)
		}
	}
}

func TestPipelineShort(t *testing.T) {
	t.Parallel()
	way := finding.Way{Title: "w"}
	accepted := finding.Way{Title: "w", Suppressed: &finding.Suppression{Reason: "known"}}
	for _, c := range []struct {
		name     string
		p        finding.Pipeline
		short    bool
		severity finding.Severity
	}{
		{"one person", finding.Pipeline{PeopleToProduction: 1, Want: 2, Ways: []finding.Way{way}}, true, finding.Critical},
		{"one person, accepted", finding.Pipeline{PeopleToProduction: 1, Want: 2, Ways: []finding.Way{accepted}}, false, ""},
		{"one way of two accepted", finding.Pipeline{PeopleToProduction: 1, Want: 2, Ways: []finding.Way{accepted, way}}, true, finding.Critical},
		{"two of three", finding.Pipeline{PeopleToProduction: 2, Want: 3, Ways: []finding.Way{way}}, true, finding.High},
		{"two of two", finding.Pipeline{PeopleToProduction: 2, Want: 2}, false, ""},
		{"an upper bound", finding.Pipeline{PeopleToProduction: 3, Want: 2, Unknown: "a role is missing"}, true, finding.Medium},
		{"not worked out", finding.Pipeline{Want: 2, Unknown: "the structure could not be read"}, true, finding.Medium},
		{"four or more of five", finding.Pipeline{PeopleToProduction: 4, Want: 5}, true, finding.Medium},
		{"four or more of four", finding.Pipeline{PeopleToProduction: 4, Want: 4}, false, ""},
	} {
		c.p.Production = []string{"Prod/Deploy"}
		if got := c.p.Short(); got != c.short {
			t.Errorf("%s: short %v", c.name, got)
		}
		if c.short && c.p.Severity() != c.severity {
			t.Errorf("%s: %s, want %s", c.name, c.p.Severity(), c.severity)
		}
	}
	none := finding.Pipeline{Want: 2, Unknown: "nothing is production"}
	if none.Short() {
		t.Error("a pipeline that changes no production counts against the estate")
	}
}
