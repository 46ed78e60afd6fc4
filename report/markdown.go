package report

import (
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
)

// MaxMarkdownBytes bounds what Markdown writes. A comment on GitHub may have
// 65,536 characters; bytes are never fewer than characters.
const MaxMarkdownBytes = 65_000

// Up to which size each part of the comment may go on, so that a long list of
// ways leaves room for findings; what a part leaves over, the next may use.
const (
	markdownPipelines = 10_000
	markdownWays      = 28_000
	markdownFindings  = 54_000
	markdownRest      = MaxMarkdownBytes - 1_000 // the last line is always there
)

// Markdown writes a scan as a comment for a pull request: a table of pipelines,
// the ways of those that fall short, a table of findings, and folded below them
// what was ignored, not seen and assumed. It is at most MaxMarkdownBytes long;
// what it leaves out it counts. Names in it are never links, mentions or HTML.
// It returns an error of w.
func Markdown(w io.Writer, s *finding.Scan, o Options) error {
	t := tallyOf(s)
	var c comment
	c.add(markdownRest, "## Twokey: "+mdHeading(t)+"\n\n")
	c.pipelines(t)
	c.ways(t)
	c.findings(t)
	c.rest(t, s)
	c.b.WriteString(md(t.summary(s, o.Elapsed)) + "\n")
	_, err := io.WriteString(w, c.b.String())
	return err
}

func mdHeading(t tally) string {
	n := map[verdict]int{}
	for _, p := range t.pipelines {
		n[judge(p)]++
	}
	if len(t.pipelines) == 1 {
		p := t.pipelines[0]
		return md(name(p.Name)) + " takes " + takes(p) + ", wants " + strconv.Itoa(wanted(p)) + judge(p).tail()
	}
	var parts []string
	if n[short] > 0 {
		parts = append(parts, count(n[short], "pipeline takes", "pipelines take")+" fewer people than wanted")
	}
	if n[unsure] > 0 {
		parts = append(parts, count(n[unsure], "pipeline is", "pipelines are")+" not certain")
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case n[reached] > 0:
		return "each of " + strconv.Itoa(n[reached]) + " pipelines takes as many people as wanted"
	}
	return "no pipelines"
}

// comment is a Markdown text that grows up to a bound.
type comment struct{ b strings.Builder }

// add appends text unless the comment would grow beyond limit.
func (c *comment) add(limit int, text string) bool {
	if c.b.Len()+len(text) > limit {
		return false
	}
	c.b.WriteString(text)
	return true
}

// list appends as many of n items as fit between head and foot, and says how
// many it left out.
func (c *comment) list(limit, n int, head, foot, what string, item func(int) string) {
	const noteBytes = 160
	if n == 0 {
		return
	}
	if !c.add(limit-len(foot)-noteBytes, head) {
		c.add(limit, "*"+count(n, what, what+"s")+" left out here.*\n\n")
		return
	}
	shown := 0
	for shown < n && c.add(limit-len(foot)-noteBytes, item(shown)) {
		shown++
	}
	c.b.WriteString(foot)
	if shown < n {
		c.b.WriteString("*" + thousands(n-shown) + " more of " + count(n, what, what+"s") + " left out: a comment has only so much room.*\n\n")
	}
}

func (c *comment) pipelines(t tally) {
	c.list(markdownPipelines, len(t.pipelines), "| | Pipeline | Production takes | Wants |\n| :-: | --- | --- | --: |\n", "\n", "pipeline",
		func(i int) string {
			p := t.pipelines[i]
			text := md(name(p.Name))
			if at := place(p); at != "" {
				text += " (" + md(at) + ")"
			}
			people := "**" + takes(p) + "**"
			if p.Unknown != "" {
				people += "<br>" + md(prose(p.Unknown))
			}
			return "| " + worded(judge(p)) + " | " + text + " | " + people + " | " + strconv.Itoa(wanted(p)) + " |\n"
		})
}

// worded is a verdict's mark with its meaning, for those who cannot tell by the mark.
func worded(v verdict) string {
	return v.mark() + [...]string{short: " too few", unsure: " not certain", reached: ""}[v]
}

func (c *comment) ways(t tally) {
	for _, p := range t.pipelines {
		var open []finding.Way
		for _, w := range p.Ways {
			if w.Suppressed == nil {
				open = append(open, w)
			}
		}
		if len(open) == 0 || judge(p) == reached {
			continue
		}
		head := "<details><summary>" + mdHTML(name(p.Name)) + ": " + count(len(open), "way", "ways") + " to production</summary>\n\n"
		c.list(markdownWays, len(open), head, "</details>\n\n", "way", func(i int) string { return mdWay(p, open[i]) })
	}
}

func mdWay(p *finding.Pipeline, w finding.Way) string {
	var b strings.Builder
	b.WriteString("**" + alone(p) + ":** " + md(headline(w)) + "\n\n")
	for i, s := range w.Steps {
		b.WriteString(strconv.Itoa(i+1) + ". " + md(sentence(s)))
		for _, part := range []string{name(s.Action), stepPlace(s)} {
			if part != "" {
				b.WriteString(" · " + md(part))
			}
		}
		for _, cond := range s.If {
			b.WriteString(" · if " + md(condition(cond)))
		}
		b.WriteByte('\n')
	}
	for _, a := range w.Assumes {
		b.WriteString("\nassumes: " + md(prose(a)) + "\n")
	}
	if w.Mend != "" {
		b.WriteString("\n**mend:** " + md(prose(w.Mend)))
		if at := where(w.MendLocation); at != "" {
			b.WriteString(" (" + md(at) + ")")
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.String()
}

func (c *comment) findings(t tally) {
	if len(t.fails) == 0 {
		c.add(markdownFindings, "No findings.\n\n")
		return
	}
	head := "### " + t.bySeverity() + "\n\n| Severity | Finding | Where |\n| --- | --- | --- |\n"
	c.list(markdownFindings, len(t.fails), head, "\n", "finding", func(i int) string {
		r := newRow(t.fails[i], "")
		text := md(r.message)
		if r.f.Remediation != "" {
			text += "<br>**mend:** " + md(prose(r.f.Remediation))
		}
		return "| " + md(name(string(r.f.Severity))) + " | **" + md(r.title) + "**<br>" + text + " | " + md(r.at) + " |\n"
	})
}

func (c *comment) rest(t tally, s *finding.Scan) {
	fold := func(title string, lines []string) {
		c.list(markdownRest, len(lines), "<details><summary>"+mdHTML(title)+"</summary>\n\n", "\n</details>\n\n", "line",
			func(i int) string { return "- " + lines[i] + "\n" })
	}
	var unknown, quiet, assumed []string
	for _, f := range t.unknown {
		r := newRow(f, "")
		unknown = append(unknown, md(r.title+": "+r.message))
	}
	for _, u := range s.Coverage.Unknown {
		unknown = append(unknown, md(unknownLine(u)))
	}
	for _, u := range s.Coverage.Denied {
		unknown = append(unknown, "denied: "+md(unknownLine(u)))
	}
	for _, f := range t.suppressed {
		quiet = append(quiet, md(name(f.Rule)+" "+name(f.Subject.ID)+": "+reason(f.Suppressed)))
	}
	for _, w := range t.silenced {
		quiet = append(quiet, md(name(w.pipeline)+", "+headline(w.way)+": "+reason(w.way.Suppressed)))
	}
	for _, a := range s.Assumptions {
		assumed = append(assumed, md(prose(a)))
	}
	fold("Not seen, and not taken as safe ("+thousands(len(unknown))+")", unknown)
	fold("Ignored or in the baseline ("+t.quieted()+")", quiet)
	fold("Assumed ("+thousands(len(assumed))+")", assumed)
}

// unlink keeps a forge from turning text into mentions, references and links:
// it sets a zero-width space where one would begin.
var unlink = strings.NewReplacer("@", "@&#8203;", "#", "#&#8203;", "://", ":&#8203;//", "www.", "www&#8203;.", "GH-", "GH&#8203;-")

var mdEscape = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`, "!", `\!`)

// md escapes clean text for a table cell, a list item or a paragraph.
func md(s string) string {
	s = strings.TrimSpace(s)
	head := ""
	if digits := len(s) - len(strings.TrimLeft(s, "0123456789")); digits < len(s) && strings.IndexByte("-+=.)", s[digits]) >= 0 {
		// It would begin a list or underline a heading.
		head, s = s[:digits]+`\`+s[digits:digits+1], s[digits+1:]
	}
	return head + unlink.Replace(mdEscape.Replace(s))
}

// mdHTML escapes clean text for inside an HTML element of a Markdown text.
func mdHTML(s string) string { return unlinkHTML.Replace(html.EscapeString(s)) }

// unlinkHTML is unlink for text in which "#" may be part of an entity.
var unlinkHTML = strings.NewReplacer("`", "&#96;", "[", "&#91;", "]", "&#93;", "*", "&#42;", "_", "&#95;", "@", "@&#8203;", "&#", "&#", "#", "#&#8203;", "://", ":&#8203;//", "www.", "www&#8203;.", "GH-", "GH&#8203;-")
