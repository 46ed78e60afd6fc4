package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of go test -json (see `go doc test2json`).
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build, where Package is empty
	Test       string
	Output     string
	Elapsed    float64
}

// summary is what a run came to. Subtests count, and so do their parents.
type summary struct {
	passed, failed int
	skips          []skip
	// broken are the packages that failed without a failed test: they did not
	// build, or ended early.
	broken []string
}

type skip struct {
	name   string // PACKAGE.TEST
	reason string
}

// maxEventBytes bounds one line of go test -json.
const maxEventBytes = 16 << 20

// follow reads events to the end, writes a line for each package and the output
// of each failed test as they come, and returns the summary.
func follow(r io.Reader, w io.Writer) (*summary, error) {
	sum := &summary{}
	output := map[string][]string{} // by package and test; dropped when the test ends
	failedIn := map[string]int{}    // failed tests by package
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEventBytes)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			// The go command itself speaks plainly where it cannot start.
			fmt.Fprintln(w, lines.Text())
			continue
		}
		name := e.Package + "." + e.Test
		switch e.Action {
		case "output":
			output[name] = append(output[name], e.Output)
		case "build-output":
			fmt.Fprint(w, e.Output)
		case "pass", "fail", "skip":
			text := output[name]
			delete(output, name)
			if e.Test == "" {
				sum.endPackage(w, e, text, failedIn[e.Package])
				continue
			}
			switch e.Action {
			case "pass":
				sum.passed++
			case "fail":
				sum.failed++
				failedIn[e.Package]++
				fmt.Fprint(w, strings.Join(text, ""))
			case "skip":
				sum.skips = append(sum.skips, skip{name, reason(text)})
			}
		}
	}
	if err := lines.Err(); err != nil {
		return sum, fmt.Errorf("reading the output of go test: %w", err)
	}
	// A test that never ended took its process with it; its output says why.
	for name, text := range output {
		if !strings.HasSuffix(name, ".") {
			fmt.Fprintf(w, "%s did not end:\n%s", name, strings.Join(text, ""))
		}
	}
	return sum, nil
}

// endPackage writes the line of a package that go test would write, and for a
// package that failed by itself everything it said.
func (s *summary) endPackage(w io.Writer, e event, text []string, failed int) {
	if e.Action == "fail" && failed == 0 {
		s.broken = append(s.broken, e.Package)
		fmt.Fprint(w, strings.Join(text, ""))
		return
	}
	if len(text) > 0 {
		fmt.Fprint(w, text[len(text)-1])
	}
}

var place = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: `)

// reason finds what a test said when it skipped: the text logged with a place.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		if place.MatchString(line) {
			said = append(said, strings.TrimSpace(place.ReplaceAllString(line, "")))
		}
	}
	if len(said) == 0 {
		return "it did not say why"
	}
	return strings.Join(said, "; ")
}

// print closes the run: the skipped tests by name, and the counts, alone on the
// last line.
func (s *summary) print(w io.Writer) {
	if len(s.skips) > 0 {
		fmt.Fprintf(w, "\nLeft out on this machine:\n")
		for _, k := range s.skips {
			fmt.Fprintf(w, "  %s: %s\n", k.name, k.reason)
		}
	}
	if len(s.broken) > 0 {
		fmt.Fprintf(w, "\nDid not build, or ended early:\n  %s\n", strings.Join(s.broken, "\n  "))
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed+len(s.broken), len(s.skips))
}
