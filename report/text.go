package report

import (
	"bufio"
	"io"
	"strings"

	"github.com/twokey/twokey/finding"
)

// maxWaysShown is how many ways of one pipeline Text lists without Explain;
// Paths lists them all.
const maxWaysShown = 5

// Text writes a scan for a terminal: each pipeline with its number and shortest
// ways, the findings worst first, what was ignored, what was and was not seen,
// and one line of summary. It returns the first error of w.
func Text(w io.Writer, s *finding.Scan, o Options) error {
	t, p := tallyOf(s), newPage(w, o)
	for _, pl := range t.pipelines {
		p.pipeline(pl, o.Explain)
		p.line()
	}
	p.findings(t, o)
	p.rest(t, s, o)
	for _, l := range wrap(t.summary(s, o.Elapsed), p.width) {
		p.line(p.bold(l))
	}
	return p.w.Flush()
}

// Paths writes the ways to production alone, all of them, with every statement
// that allows each step. It returns the first error of w.
func Paths(w io.Writer, s *finding.Scan, o Options) error {
	t, p := tallyOf(s), newPage(w, o)
	for i, pl := range t.pipelines {
		if i > 0 {
			p.line()
		}
		p.pipeline(pl, true)
	}
	if len(t.pipelines) == 0 {
		p.line("no pipelines")
	}
	return p.w.Flush()
}

// page is a terminal page: a writer that knows its width and whether it may
// use colour. Text reaches it clean.
type page struct {
	w     *bufio.Writer
	width int
	color bool
}

func newPage(w io.Writer, o Options) *page {
	return &page{bufio.NewWriter(w), o.width(), o.Color}
}

// line writes the parts and a line end, without blanks at its end. A failed
// write is kept by the buffer and returned by Flush.
func (p *page) line(parts ...string) {
	_, _ = p.w.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	_ = p.w.WriteByte('\n')
}

// para writes text wrapped to the page behind a head; further lines are
// indented by the given columns.
func (p *page) para(head string, indent int, text string) {
	first := p.width - columns(p.plain(head))
	for i, l := range wrapAfter(text, max(first, 1), max(p.width-indent, 20)) {
		if i > 0 {
			head = strings.Repeat(" ", indent)
		}
		p.line(head, l)
	}
}

// plain takes from s the colours that style put there.
func (p *page) plain(s string) string {
	if !p.color {
		return s
	}
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		end := strings.IndexByte(s[i:], 'm')
		s = s[:i] + s[i+end+1:]
	}
}

func (p *page) style(code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *page) bold(s string) string  { return p.style("1", s) }
func (p *page) faint(s string) string { return p.style("2", s) }
func (p *page) mend(s string) string  { return p.style("32", s) }

func (p *page) verdict(v verdict, s string) string {
	return p.style([...]string{short: "1;31", unsure: "1;33", reached: "1;32"}[v], s)
}

func (p *page) severity(s finding.Severity, text string) string {
	code := "1;31"
	switch s {
	case finding.High:
		code = "31"
	case finding.Medium:
		code = "33"
	case finding.Low:
		code = "36"
	case finding.Info:
		code = "2"
	}
	return p.style(code, text)
}

// rest writes what is neither way nor finding: suppressions, coverage, and
// what was assumed.
func (p *page) rest(t tally, s *finding.Scan, o Options) {
	const indent = 10
	head := func(h string) string { return p.bold(pad(h, indent)) }
	wrote := false
	section := func(h, text string) {
		p.para(head(h), indent, text)
		wrote = true
	}
	item := func(text string) { p.para(strings.Repeat(" ", indent)+"- ", indent+2, text) }

	if q := t.quieted(); q != "" {
		section("ignored", q)
		if o.Explain {
			for _, f := range t.suppressed {
				item(name(f.Rule) + " " + name(f.Subject.ID) + ": " + reason(f.Suppressed))
			}
			for _, w := range t.silenced {
				item(name(w.pipeline) + ", " + headline(w.way) + ": " + reason(w.way.Suppressed))
			}
		}
	}
	c := s.Coverage
	section("read", readLine(c))
	if o.Explain {
		for _, r := range c.Read {
			item(name(r))
		}
	}
	if len(c.Unknown) > 0 {
		section("unknown", count(len(c.Unknown), "thing was", "things were")+" not seen, and nothing unseen is taken as safe")
		for _, u := range c.Unknown {
			item(unknownLine(u))
		}
	}
	if len(c.Denied) > 0 {
		section("denied", count(len(c.Denied), "call was", "calls were")+" refused, so what they would have told is not known")
		for _, u := range c.Denied {
			item(unknownLine(u))
		}
	}
	if len(s.Assumptions) > 0 {
		section("assumed", prose(s.Assumptions[0]))
		for _, a := range s.Assumptions[1:] {
			p.para(strings.Repeat(" ", indent), indent, prose(a))
		}
	}
	if wrote {
		p.line()
	}
}

func readLine(c finding.Coverage) string {
	text := "nothing"
	switch n := len(c.Read); {
	case n > 0 && n <= 4:
		names := make([]string, n)
		for i, r := range c.Read {
			names[i] = name(r)
		}
		text = strings.Join(names, ", ")
	case n > 0:
		text = count(n, "source", "sources")
	}
	total := 0
	for _, n := range c.Unmodelled {
		total += n
	}
	if total > 0 {
		text += "; " + count(total, "resource", "resources") + " of " + count(len(c.Unmodelled), "type", "types") +
			" that cannot change who reaches production"
	}
	return text
}

func unknownLine(u finding.Unknown) string {
	text := prose(u.What)
	if u.Why != "" {
		text += ": " + prose(u.Why)
	}
	if w := where(u.Location); w != "" {
		text += " (" + w + ")"
	}
	return text
}

func reason(s *finding.Suppression) string {
	text := prose(s.Reason)
	if text == "" {
		text = "no reason given"
	}
	if s.Until != "" {
		text += ", until " + name(s.Until)
	}
	if w := where(s.Location); w != "" {
		text += " (" + w + ")"
	}
	return text
}
