package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type renderer func(io.Writer, *finding.Scan, report.Options) error

// scans are the four scans each renderer is shown.
var scans = []struct {
	name string
	scan func() *finding.Scan
}{{"storefront", storefront}, {"large", large}, {"empty", empty}, {"hostile", hostile}}

func render(tb testing.TB, r renderer, s *finding.Scan, o report.Options) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := r(&b, s, o); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, go test -update rewrites it):\n%s", path, diff)
	}
}

// named puts the names of files in the place of what they hold, which a page has
// once, to the letter.
func named(t *testing.T, page []byte, files ...string) []byte {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(page, text); n != 1 {
			t.Errorf("the page holds %s %d times", file, n)
		}
		page = bytes.Replace(page, text, []byte("("+file+")\n"), 1)
	}
	return page
}

func TestGolden(t *testing.T) {
	t.Parallel()
	opts := report.Options{Version: "1.2.3", Title: "examples/storefront", Rules: rules(), Elapsed: 41 * time.Millisecond}
	explain := opts
	explain.Explain = true
	for _, r := range []struct {
		ext    string
		render renderer
		opts   report.Options
	}{
		{"txt", report.Text, opts},
		{"explain.txt", report.Text, explain},
		{"paths.txt", report.Paths, opts},
		{"json", report.JSON, opts},
		{"md", report.Markdown, opts},
		{"sarif", report.SARIF, opts},
		{"html", report.HTML, opts},
	} {
		for _, s := range scans {
			if s.name == "large" && (r.ext == "json" || r.ext == "sarif" || r.ext == "html") || s.name == "hostile" && r.ext == "json" {
				continue // hundreds of kilobytes that nobody would read; other tests look into them
			}
			t.Run(s.name+"."+r.ext, func(t *testing.T) {
				t.Parallel()
				got := render(t, r.render, s.scan(), r.opts)
				if r.ext == "html" {
					got = named(t, got, "assets/report.css", "assets/report.js")
				}
				golden(t, s.name+"."+r.ext, got)
			})
		}
	}
}

func TestConditionSaysIfOnce(t *testing.T) {
	t.Parallel()
	s := storefront()
	s.Pipelines[0].Ways[0].Steps[0].If = []string{"if they are on that network", "the sun shines"}
	for name, r := range map[string]renderer{"text": report.Text, "markdown": report.Markdown, "html": report.HTML, "sarif": report.SARIF} {
		got := string(render(t, r, s, report.Options{}))
		if strings.Contains(got, "if if") || !strings.Contains(got, "if they are on that network") || !strings.Contains(got, "if the sun shines") {
			t.Errorf("%s does not say each condition with one if", name)
		}
	}
}
