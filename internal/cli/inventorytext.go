package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/report"
)

// text prints the inventory in sections, empty ones left out, for a terminal of
// 100 columns. The last line is a count of everything.
func (s *inventory) text(w io.Writer, p painter) error {
	b := &sections{paint: p}
	s.accounts(b)
	s.people(b)
	for i := range s.Pipelines {
		s.Pipelines[i].text(b)
	}
	s.principals(b)
	s.resources(b)
	s.rest(b)
	b.title("%s, %s, %s, %s, %s, %s, %s", count(len(s.Accounts), "account"), count(len(s.Pipelines), "pipeline"),
		count(len(s.Principals), "principal"), count(len(s.Resources), "bucket or key", "buckets and keys"), count(len(s.People), "person", "people"),
		count(len(s.Unknowns), "unknown"), count(len(s.Problems), "problem"))
	_, err := io.WriteString(w, b.String())
	return err
}

// sections writes titles and aligned rows.
type sections struct {
	strings.Builder
	paint painter
}

func (b *sections) title(format string, args ...any) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(b.paint.paint(bold, report.Line(fmt.Sprintf(format, args...))))
	b.WriteByte('\n')
}

// row is the cells of a row; the last one is the place, written without padding.
type row []string

// rows writes rows with their columns aligned. A column is as wide as its widest
// cell, up to most: one long name does not push the others off the screen.
func (b *sections) rows(rows []row) {
	const most = 52
	var widths []int
	for _, r := range rows {
		for i, cell := range r[:len(r)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(most, report.Width(cell)))
		}
	}
	for _, r := range rows {
		line := " "
		for i, cell := range r[:len(r)-1] {
			if widths[i] > 0 {
				line += " " + report.Pad(cell, widths[i]) + " "
			}
		}
		if last := report.Line(r[len(r)-1]); last != "" {
			line += " " + b.paint.paint(dim, last)
		}
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
}

// textColumns is the width that paragraphs are broken to, but for an indent.
const textColumns = 96

// paragraph writes text that may be long, with its place after it.
func (b *sections) paragraph(text, at string) {
	lines := report.Wrap(text, textColumns)
	for i, line := range lines {
		indent := "  "
		if i > 0 {
			indent = "    "
		}
		b.WriteString(indent + line)
		if i == len(lines)-1 && at != "" {
			b.WriteString("  " + b.paint.paint(dim, report.Line(at)))
		}
		b.WriteByte('\n')
	}
}

func count(n int, one string, many ...string) string {
	switch {
	case n == 1:
		return "1 " + one
	case len(many) > 0:
		return fmt.Sprintf("%d %s", n, many[0])
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// say returns text where it holds, else nothing.
func say(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

func (s *inventory) accounts(b *sections) {
	if len(s.Accounts) == 0 {
		return
	}
	b.title("Accounts")
	var rows []row
	for _, a := range s.Accounts {
		var facts []string
		for _, f := range []string{
			say(a.Production, "production"), say(a.Management, "management"),
			say(a.Foreign, "only named"), say(a.StandIn, "the id is a stand-in"),
		} {
			if f != "" {
				facts = append(facts, f)
			}
		}
		rows = append(rows, row{a.ID, a.Name, strings.Join(facts, ", ")})
	}
	b.rows(rows)
}

func (s *inventory) people(b *sections) {
	if len(s.People) == 0 {
		return
	}
	b.title("People")
	var rows []row
	for _, p := range s.People {
		rows = append(rows, row{p.Name, strings.Join(p.Groups, ", "), strings.Join(p.Identities, ", ")})
	}
	b.rows(rows)
}

// text draws the pipeline from top to bottom: one line for each action, held
// together by the stages on the left.
func (p *itemPipeline) text(b *sections) {
	b.title("Pipeline %s", p.Name)
	b.rows([]row{{p.account + "/" + p.Region, say(p.role != "", "runs as "+p.role), place(p.Location)}})
	if p.Incomplete != "" {
		b.paragraph("not read in full: "+p.Incomplete, "")
	}
	var rows []row
	for i, st := range p.Stages {
		head, rest := "├─ ", "│  "
		switch {
		case len(p.Stages) == 1:
			head, rest = "── ", "   "
		case i == 0:
			head = "┌─ "
		case i == len(p.Stages)-1:
			head, rest = "└─ ", "   "
		}
		for j, ac := range st.Actions {
			first := head + st.Name
			if j > 0 {
				first = rest
			}
			what := ac.Provider
			if ac.Category == "Approval" {
				what = "⏸ approval"
			}
			rows = append(rows, row{first, ac.Name, what, say(ac.role != "", "as "+ac.role) + say(ac.Region != "" && ac.Region != p.Region, " in "+ac.Region), place(ac.Location)})
		}
		if len(st.Actions) == 0 {
			rows = append(rows, row{head + st.Name, "", "", "", ""})
		}
	}
	b.rows(rows)
}

func (s *inventory) principals(b *sections) {
	if len(s.Principals) == 0 {
		return
	}
	b.title("Principals")
	var rows []row
	for _, p := range s.Principals {
		policies := count(p.Policies+p.Inherited, "policy", "policies")
		if p.Inherited > 0 {
			policies += fmt.Sprintf(" (%d by group)", p.Inherited)
		}
		if p.UnknownPolicies > 0 {
			policies += fmt.Sprintf(", %d unknown", p.UnknownPolicies)
		}
		if p.Boundary {
			policies += ", boundary"
		}
		if p.Missing {
			policies = "only named, policies unknown"
		}
		rows = append(rows, row{p.account + "/" + p.Kind + "/" + p.Name, policies, place(p.Location)})
	}
	b.rows(rows)
}

func (s *inventory) resources(b *sections) {
	if len(s.Resources) == 0 {
		return
	}
	b.title("Buckets and keys")
	var rows []row
	for _, r := range s.Resources {
		policy := map[string]string{"yes": "has a policy", "no": "no policy", "unknown": "policy unknown"}[r.Policy]
		if r.Missing {
			policy = "only named, policy unknown"
		}
		rows = append(rows, row{r.account + "/" + r.Kind + "/" + r.Name, policy, place(r.Location)})
	}
	b.rows(rows)
}

// rest prints what the reader should know before trusting anything above it.
func (s *inventory) rest(b *sections) {
	if len(s.Unmodelled) > 0 {
		b.title("Read, but of no use to Twokey")
		var kinds []string
		for _, kind := range slices.Sorted(maps.Keys(s.Unmodelled)) {
			kinds = append(kinds, fmt.Sprintf("%d %s", s.Unmodelled[kind], kind))
		}
		b.paragraph(strings.Join(kinds, ", "), "")
	}
	if len(s.Unknowns) > 0 {
		b.title("Unknown")
		for _, u := range s.Unknowns {
			b.paragraph(u.What+": "+u.Why, place(u.Location))
		}
	}
	if len(s.Problems) > 0 {
		b.title("Problems")
		for _, p := range s.Problems {
			b.paragraph(p.Message, place(p.Location))
			if p.Hint != "" {
				b.paragraph("hint: "+p.Hint, "")
			}
		}
	}
	if len(s.Assumptions) > 0 {
		b.title("Assumed")
		for _, a := range s.Assumptions {
			b.paragraph(a, "")
		}
	}
}
