package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

var renderers = map[string]renderer{
	"text": report.Text, "paths": report.Paths, "json": report.JSON, "markdown": report.Markdown, "sarif": report.SARIF, "html": report.HTML,
}

// forbidden are characters that no report may hold, whatever the names in it.
func forbidden(r rune) bool {
	return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	for format, r := range renderers {
		for _, explain := range []bool{false, true} {
			got := render(t, r, hostile(), report.Options{Explain: explain, Title: evil, Version: evil, Rules: []report.RuleInfo{
				{ID: "CP-203" + evil, Name: evil, Short: evil, Help: evil, HelpURI: "javascript:alert(1)"}}})
			if !utf8.Valid(got) {
				t.Errorf("%s: not UTF-8", format)
			}
			if i := bytes.IndexFunc(got, forbidden); i >= 0 {
				t.Errorf("%s: %q", format, got[max(0, i-40):i+10])
			}
			if format != "json" && len(got) > 200_000 {
				t.Errorf("%s: %d bytes for a scan of one pipeline and four findings: a long name was not cut", format, len(got))
			}
			for _, line := range strings.Split(string(got), "\n") {
				// A patch has lines of its own, and a page shows them inside of a box.
				if format != "html" && strings.HasPrefix(line, "HIGH forged-line") {
					t.Errorf("%s: a name forged the line %q", format, line)
				}
			}
		}
	}
}

func TestEscapedForItsFormat(t *testing.T) {
	t.Parallel()
	markdown := string(render(t, report.Markdown, hostile(), report.Options{}))
	markdown = regexp.MustCompile(`\\[[:punct:]]`).ReplaceAllString(markdown, "") // what is escaped does nothing
	for _, s := range []string{"<script", "<img", "@octocat", "#1 ", "](javascript", "https://evil", "<!--", "| `"} {
		if strings.Contains(markdown, s) {
			t.Errorf("markdown holds %q", s)
		}
	}
	html := string(render(t, report.HTML, hostile(), report.Options{Title: evil, Rules: []report.RuleInfo{{ID: "CP-203" + evil, HelpURI: "javascript:alert(1)"}}}))
	for _, s := range []string{"<script>alert", "<img", "</title><script", `="javascript`, "<!-- @"} {
		if strings.Contains(html, s) {
			t.Errorf("html holds %q", s)
		}
	}
	if n := strings.Count(html, "<script"); n != 1 {
		t.Errorf("%d scripts, want the page's own", n)
	}
}

func TestDeterministicAndReadOnly(t *testing.T) {
	t.Parallel()
	for format, r := range renderers {
		for _, s := range scans {
			scan := s.scan()
			first := render(t, r, scan, report.Options{Rules: rules()})
			if diff := cmp.Diff(s.scan(), scan); diff != "" {
				t.Errorf("%s changed the scan:\n%s", format, diff)
			}
			if !bytes.Equal(first, render(t, r, s.scan(), report.Options{Rules: rules()})) {
				t.Errorf("%s of %s differs from run to run", format, s.name)
			}
			// The order in which findings and pipelines come says nothing.
			for i, j := 0, len(scan.Findings)-1; i < j; i, j = i+1, j-1 {
				scan.Findings[i], scan.Findings[j] = scan.Findings[j], scan.Findings[i]
			}
			for i, j := 0, len(scan.Pipelines)-1; i < j; i, j = i+1, j-1 {
				scan.Pipelines[i], scan.Pipelines[j] = scan.Pipelines[j], scan.Pipelines[i]
			}
			if !bytes.Equal(first, render(t, r, scan, report.Options{Rules: rules()})) {
				t.Errorf("%s of %s depends on the order of its input", format, s.name)
			}
		}
	}
}

type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorsComeBack(t *testing.T) {
	t.Parallel()
	for format, r := range renderers {
		if err := r(&failing{50}, storefront(), report.Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v", format, err)
		}
	}
}

func TestJSONHasNoNull(t *testing.T) {
	t.Parallel()
	s := storefront()
	s.Coverage, s.Assumptions = finding.Coverage{}, nil
	s.Pipelines[0].Ways[0].Steps[0].Because, s.Pipelines[0].Stages[0].Actions = nil, nil
	s.Findings[0].Controls, s.Findings[0].Related = nil, nil
	for _, scan := range []*finding.Scan{s, empty(), {}} {
		got := render(t, report.JSON, scan, report.Options{})
		if bytes.Contains(got, []byte("null")) {
			t.Errorf("%s", got)
		}
		if !bytes.HasSuffix(got, []byte("}\n")) {
			t.Error("no line end")
		}
		if !bytes.HasPrefix(got, []byte("{\n  \"schema\": \"twokey.scan/v1\",\n  \"estate\": {")) {
			t.Errorf("begins with %.60q", got)
		}
	}
}

// What JSON writes must read back as it was, hostile characters and all.
func TestJSONKeepsText(t *testing.T) {
	t.Parallel()
	// JSON has no way to write bytes that are no UTF-8.
	valid := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
	opts := cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b string) bool { return valid(a) == valid(b) }),
		cmp.Comparer(func(a, b finding.Severity) bool { return valid(string(a)) == valid(string(b)) }),
	}
	for _, s := range scans {
		want := s.scan()
		want.Coverage.Unmodelled = map[string]int{"AWS::X::\u202eY\x1b": 3}
		var got finding.Scan
		if err := json.Unmarshal(render(t, report.JSON, want, report.Options{}), &got); err != nil {
			t.Fatal(err)
		}
		finding.Sort(want.Findings)
		if diff := cmp.Diff(want, &got, opts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
}

func TestTextKeepsItsWidth(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 60, 80, 100, 140} {
		for _, line := range strings.Split(string(render(t, report.Text, storefront(), report.Options{Width: width})), "\n") {
			want := width
			if want == 0 {
				want = 100
			}
			if n := utf8.RuneCountInString(line); n > want {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
		}
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	plain := render(t, report.Text, storefront(), report.Options{Explain: true})
	if bytes.ContainsRune(plain, 0x1b) {
		t.Error("colour that nobody asked for")
	}
	colored := render(t, report.Text, storefront(), report.Options{Explain: true, Color: true})
	if !bytes.Contains(colored, []byte("\x1b[1;31m✗ wants 2\x1b[0m")) {
		t.Error("no red verdict")
	}
	// Colour is all that differs.
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(string(colored), ""); got != string(plain) {
		t.Errorf("(-plain +coloured):\n%s", cmp.Diff(string(plain), got))
	}
}

// The verdict must never be a tick unless the number is certain and enough.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		number, want int
		unknown      string
		line         string
	}{
		{1, 2, "", "production takes 1 person   ✗ wants 2"},
		{1, 2, "a role is not known", "production takes 1 person   ✗ wants 2"},
		{2, 2, "", "production takes 2 people   ✔ wants 2"},
		{2, 2, "a role is not known", "production takes at most 2 people   ? wants 2, not certain"},
		{2, 3, "", "production takes 2 people   ✗ wants 3"},
		{0, 2, "", "production takes an unknown number of people   ? wants 2, not certain"},
		{-1, 2, "", "production takes an unknown number of people   ? wants 2, not certain"},
		{4, 4, "", "production takes 4 or more people   ✔ wants 4"},
		{4, 5, "", "production takes 4 or more people   ? wants 5, not certain"},
		{4, 2, "a role is not known", "production takes 4 or more people   ? wants 2, not certain"},
		{1, 0, "", "production takes 1 person   ✗ wants 2"},
		{1, 1, "", "production takes 1 person   ✔ wants 1"},
	} {
		s := storefront()
		p := &s.Pipelines[0]
		p.PeopleToProduction, p.Want, p.Unknown = tc.number, tc.want, tc.unknown
		first, _, _ := strings.Cut(string(render(t, report.Text, s, report.Options{})), "\n")
		if !strings.HasSuffix(first, " "+tc.line) {
			t.Errorf("%+v: %q", tc, first)
		}
		for format, mark := range map[string]string{"html": "✔ wants", "markdown": "| ✔ |"} {
			ticked := strings.Contains(string(render(t, renderers[format], s, report.Options{})), mark)
			if want := strings.Contains(tc.line, "✔"); ticked != want {
				t.Errorf("%+v: %s has a tick: %v", tc, format, ticked)
			}
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	s := &finding.Scan{Estate: finding.Counts{Pipelines: 1, Accounts: 4, Principals: 11}}
	for severity, n := range map[finding.Severity]int{finding.High: 3, finding.Medium: 5, finding.Low: 2} {
		for range n {
			s.Findings = append(s.Findings, finding.Finding{Severity: severity, Status: finding.StatusFail})
		}
	}
	s.Findings = append(s.Findings, finding.Finding{Severity: finding.Critical, Suppressed: &finding.Suppression{}})
	for elapsed, tail := range map[time.Duration]string{41 * time.Millisecond: " · 41 ms", 2345 * time.Millisecond: " · 2.3 s", 20 * time.Microsecond: " · under 1 ms", 0: ""} {
		got := string(render(t, report.Text, s, report.Options{Elapsed: elapsed}))
		want := "\n1 pipeline, 4 accounts, 11 principals · 3 high, 5 medium, 2 low" + tail + "\n"
		if !strings.HasSuffix(got, want) {
			t.Errorf("%q has no %q", got[max(0, len(got)-120):], want)
		}
	}
}

func TestMarkdownIsBounded(t *testing.T) {
	t.Parallel()
	s := large()
	s.Findings = manyFindings(3000)
	for range 400 {
		p := s.Pipelines[0]
		p.Ways = slices.Repeat(p.Ways, 10)
		s.Pipelines = append(s.Pipelines, p)
		s.Assumptions = append(s.Assumptions, strings.Repeat("long ", 700))
	}
	got := string(render(t, report.Markdown, s, report.Options{}))
	if len(got) > report.MaxMarkdownBytes {
		t.Errorf("%d bytes", len(got))
	}
	if open, shut := strings.Count(got, "<details>"), strings.Count(got, "</details>"); open != shut || open == 0 {
		t.Errorf("%d details opened, %d closed", open, shut)
	}
	shown := strings.Count(got, "\n| critical ") + strings.Count(got, "\n| high ") + strings.Count(got, "\n| medium ") + strings.Count(got, "\n| low ") + strings.Count(got, "\n| info ")
	total := 0
	for _, f := range s.Findings {
		if f.Suppressed == nil && f.Status == finding.StatusFail {
			total++
		}
	}
	if want := fmt.Sprintf("more of %s findings left out", thousands(total)); !strings.Contains(got, want) {
		t.Errorf("no note %q", want)
	}
	if want := "*" + thousands(total-shown) + " more of"; shown == 0 || !strings.Contains(got, want) {
		t.Errorf("%d of %d findings shown, and no note %q", shown, total, want)
	}
	if !strings.Contains(got[len(got)-200:], "2 pipelines, 12 accounts") {
		t.Error("no summary at the end")
	}
}

// thousands writes a number below a million with its comma.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func benchmarkScan() *finding.Scan {
	s := large()
	s.Findings = manyFindings(1000)
	return s
}

func BenchmarkText(b *testing.B)     { benchmark(b, report.Text) }
func BenchmarkJSON(b *testing.B)     { benchmark(b, report.JSON) }
func BenchmarkMarkdown(b *testing.B) { benchmark(b, report.Markdown) }
func BenchmarkSARIF(b *testing.B)    { benchmark(b, report.SARIF) }
func BenchmarkHTML(b *testing.B)     { benchmark(b, report.HTML) }

// benchmark renders 1,000 findings and a pipeline of 50 stages.
func benchmark(b *testing.B, r renderer) {
	s, o := benchmarkScan(), report.Options{Rules: rules()}
	b.SetBytes(int64(len(render(b, r, s, o))))
	b.ReportAllocs()
	for b.Loop() {
		if err := r(io.Discard, s, o); err != nil {
			b.Fatal(err)
		}
	}
}
