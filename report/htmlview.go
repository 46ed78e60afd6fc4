package report

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
)

// maxWaysOpen is how many ways of one pipeline are listed without unfolding.
const maxWaysOpen = 10

// maxPictures is how many pipelines of one report are drawn; those that fall
// short come first.
const maxPictures = 100

// htmlView is what the template shows. All text in it is clean; the template
// escapes it.
type htmlView struct {
	CSP        string
	Style      template.CSS
	Script     template.JS
	Title      string
	Heading    string
	Summary    string
	Foot       string
	Index      bool
	Pipelines  []pipelineView
	Counts     []termView
	Findings   int
	Severities []string
	Rules      []string
	Groups     []groupView
	Coverage   []coverageView
}

type termView struct{ Term, Text string }

type pipelineView struct {
	ID, Name, Place, At         string
	Verdict, Mark, Tail         string
	Figure, Phrase, Takes, Want string
	Notes                       []string
	Pic                         *picture
	Drawn                       bool
	WaysTitle                   string
	Ways                        []wayView
	// More are the ways after the first few, folded away, and MoreTitle counts them.
	More      []wayView
	MoreTitle string
}

type wayView struct {
	ID, Who, Headline string
	Open, Drawn       bool
	Steps             []stepView
	Assumes           []string
	Mend, MendAt      string
	Quiet             string
}

type stepView struct {
	Sentence, Action, At string
	If                   []string
	Detail               []termView
}

type groupView struct {
	ID, Title string
	Findings  []findingView
}

type findingView struct {
	ID, Severity, SeverityClass, Label string
	State, Rule, Name, HelpURI, Short  string
	Message, At, Subject, Confidence   string
	Evidence, Controls                 []string
	Related                            []termView
	Mend, Patch, Quiet                 string
}

type coverageView struct {
	Title, Lead, Fold string
	Items             []termView
}

// ids hands out the ids of a page: each only once, and of harmless characters.
type ids map[string]bool

func (t ids) take(want string) string {
	id := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, want)
	if len(id) > 64 {
		id = id[:64]
	}
	id = cmp.Or(id, "item")
	free := id
	for i := 2; t[free]; i++ {
		free = id + "-" + strconv.Itoa(i)
	}
	t[free] = true
	return free
}

func newHTMLView(s *finding.Scan, o Options) *htmlView {
	t := tallyOf(s)
	v := &htmlView{
		CSP: contentPolicy(htmlStyle, htmlScript), Style: template.CSS(htmlStyle), Script: template.JS(htmlScript),
		Heading: cmp.Or(name(o.Title), "How many people does it take to change production?"),
		Summary: t.summary(s, o.Elapsed), Index: len(t.pipelines) > 1,
	}
	v.Title = "Twokey"
	if o.Title != "" {
		v.Title += ": " + name(o.Title)
	}
	v.Foot = "Made by Twokey"
	if o.Version != "" {
		v.Foot += " " + name(o.Version)
	}
	v.Foot += ". A number says how many people have to act together to change production; what was not seen is never taken as safe."
	used := ids{"findings": true, "coverage": true, "filter": true, "list": true, "expand": true,
		"findings-title": true, "coverage-title": true, "filter-rule": true, "filter-state": true, "filter-text": true, "filter-count": true}
	for i := range t.pipelines {
		for _, part := range []string{"", "-name", "-title", "-desc"} {
			used[pipelineID(i)+part] = true
		}
	}
	for i, p := range t.pipelines {
		v.Pipelines = append(v.Pipelines, newPipelineView(p, pipelineID(i), s.Accounts, used, i < maxPictures))
	}
	v.findings(t, o, used)
	v.coverage(t, s)
	return v
}

func pipelineID(i int) string { return "pipeline-" + strconv.Itoa(i+1) }

func newPipelineView(p *finding.Pipeline, id string, accounts []finding.Account, used ids, drawn bool) pipelineView {
	j := judge(p)
	v := pipelineView{
		ID: id, Name: cmp.Or(name(p.Name), "unnamed pipeline"), Place: place(p), At: where(p.Location),
		Verdict: [...]string{short: "short", unsure: "unsure", reached: "reached"}[j], Mark: j.mark(), Tail: j.tail(),
		Figure: figure(p), Phrase: phrase(p), Takes: takes(p), Want: strconv.Itoa(wanted(p)),
	}
	if p.Unknown != "" {
		v.Notes = append(v.Notes, "Not certain: "+prose(p.Unknown))
	}
	if p.Inferred && len(p.Production) > 0 {
		v.Notes = append(v.Notes, "Nothing is marked production; taken to be "+names(p.Production)+".")
	}
	if len(p.BreakGlass) > 0 {
		v.Notes = append(v.Notes, "Left out of the count (break glass): "+names(p.BreakGlass)+".")
	}
	if drawn && len(p.Stages) > 0 {
		v.Pic = draw(p, accounts)
	} else if !drawn {
		v.Notes = append(v.Notes, "No picture: a report has room for "+strconv.Itoa(maxPictures)+".")
	}
	first := firstWay(p)
	for i := range p.Ways {
		w := &p.Ways[i]
		wv := newWayView(p, w, used)
		wv.Drawn = w == first && v.Pic != nil
		wv.Open = w == first && j != reached
		v.Drawn = v.Drawn || wv.Drawn
		v.Ways = append(v.Ways, wv)
	}
	if len(v.Ways) > maxWaysOpen+1 {
		v.Ways, v.More = v.Ways[:maxWaysOpen], v.Ways[maxWaysOpen:]
		v.MoreTitle = thousands(len(v.More)) + " more ways"
	}
	v.WaysTitle = count(len(p.Ways), "way", "ways") + " to change production"
	return v
}

// phrase follows the figure: "person can change production alone".
func phrase(p *finding.Pipeline) string {
	switch n := p.PeopleToProduction; {
	case n <= 0:
		return "nobody can say how many people it takes to change production"
	case n == 1:
		return "person can change production alone"
	case n >= manyPeople:
		return "people, or more, have to act together to change production"
	case p.Unknown != "":
		return "people have to act together to change production, and it may be fewer"
	}
	return "people have to act together to change production"
}

func newWayView(p *finding.Pipeline, w *finding.Way, used ids) wayView {
	v := wayView{ID: used.take(cmp.Or(w.Fingerprint, "way")), Who: alone(p), Headline: headline(*w), Mend: prose(w.Mend), MendAt: where(w.MendLocation)}
	for _, a := range w.Assumes {
		v.Assumes = append(v.Assumes, prose(a))
	}
	if w.Suppressed != nil {
		v.Quiet = "Ignored by " + name(cmp.Or(w.Suppressed.Kind, "ignore")) + ": " + reason(w.Suppressed)
	}
	for _, s := range w.Steps {
		sv := stepView{Sentence: sentence(s), Action: name(s.Action), At: stepPlace(s)}
		for _, c := range s.If {
			sv.If = append(sv.If, condition(c))
		}
		detail := func(term, text string) {
			if text != "" {
				sv.Detail = append(sv.Detail, termView{term, text})
			}
		}
		detail("as", name(s.Principal))
		detail("on", name(s.Resource))
		for _, b := range s.Because {
			text := name(b.Policy) + ", statement " + strconv.Itoa(b.Statement)
			if at := where(b.Location); at != "" {
				text += " (" + at + ")"
			}
			detail("because", text)
		}
		v.Steps = append(v.Steps, sv)
	}
	return v
}

func (v *htmlView) findings(t tally, o Options, used ids) {
	rules, seen := o.rules(), map[string]bool{}
	group := func(title string, list []finding.Finding, state, label string) {
		if len(list) == 0 {
			return
		}
		g := groupView{ID: used.take("group-" + title), Title: title}
		for _, f := range list {
			g.Findings = append(g.Findings, newFindingView(f, rules[f.Rule], used, state, label))
			seen[name(f.Rule)] = true
		}
		v.Groups = append(v.Groups, g)
		v.Findings += len(list)
	}
	rest := t.fails
	for _, sev := range finding.Severities() {
		var mine, others []finding.Finding
		for _, f := range rest {
			if f.Severity == sev {
				mine = append(mine, f)
			} else {
				others = append(others, f)
			}
		}
		rest = others
		if n := len(mine); n > 0 {
			v.Counts = append(v.Counts, termView{string(sev), thousands(n) + " " + string(sev)})
		}
		title := string(sev)
		group(strings.ToUpper(title[:1])+title[1:], mine, "open", "")
	}
	if len(rest) > 0 {
		v.Counts = append(v.Counts, termView{"critical", thousands(len(rest)) + " of no known severity"})
		group("Of no known severity", rest, "open", "")
	}
	if n := len(t.unknown); n > 0 {
		v.Counts = append(v.Counts, termView{"", thousands(n) + " unknown"})
	}
	if n := len(t.suppressed); n > 0 {
		v.Counts = append(v.Counts, termView{"", thousands(n) + " suppressed"})
	}
	group("Unknown", t.unknown, "unknown", "unknown")
	group("Notes", t.notes, "note", "note")
	group("Suppressed", t.suppressed, "suppressed", "")
	v.Rules = sortedKeys(seen)
	for _, sev := range finding.Severities() {
		has := func(f finding.Finding) bool { return f.Severity == sev }
		if slices.ContainsFunc(slices.Concat(t.fails, t.unknown, t.notes, t.suppressed), has) {
			v.Severities = append(v.Severities, string(sev))
		}
	}
}

func newFindingView(f finding.Finding, r RuleInfo, used ids, state, label string) findingView {
	row := newRow(f, "")
	v := findingView{
		ID: used.take(cmp.Or(f.Fingerprint, "finding")), Severity: name(string(f.Severity)), SeverityClass: "critical",
		Label: cmp.Or(label, name(string(f.Severity))), State: state, Rule: name(f.Rule), Name: name(f.Name),
		Short: prose(r.Short), Message: row.message, At: row.at, Confidence: name(f.Confidence),
		Mend: prose(f.Remediation), Patch: strings.TrimRight(block(f.Patch), "\n"), Subject: subject(f.Subject),
	}
	if f.Severity.Valid() {
		v.SeverityClass = string(f.Severity)
	}
	if label != "" {
		v.SeverityClass = ""
	}
	if u, err := url.Parse(r.HelpURI); err == nil && u.Scheme == "https" && u.Host != "" {
		v.HelpURI = u.String()
	}
	for _, e := range f.Evidence {
		v.Evidence = append(v.Evidence, prose(e))
	}
	for _, c := range f.Controls {
		v.Controls = append(v.Controls, name(c))
	}
	for _, s := range f.Related {
		v.Related = append(v.Related, termView{where(s.Location), prose(s.Message)})
	}
	if f.Suppressed != nil {
		v.Quiet = "Suppressed by " + name(cmp.Or(f.Suppressed.Kind, "ignore")) + ": " + reason(f.Suppressed)
	}
	return v
}

func subject(s finding.Subject) string {
	text := name(s.ID)
	if s.Type != "" {
		text = strings.TrimSpace(name(s.Type) + " " + text)
	}
	if s.Part != "" {
		text += ", " + name(s.Part)
	}
	if s.Stack != "" {
		text += ", stack " + name(s.Stack)
	}
	if s.Account != "" {
		text += ", account " + name(s.Account)
	}
	return text
}

func (v *htmlView) coverage(t tally, s *finding.Scan) {
	add := func(title, lead string, items []termView) {
		if lead == "" && len(items) == 0 {
			return
		}
		const maxOpen = 12
		c := coverageView{Title: title, Lead: lead, Items: items}
		if len(items) > maxOpen {
			c.Fold = "All " + thousands(len(items))
		}
		v.Coverage = append(v.Coverage, c)
	}
	unknowns := func(list []finding.Unknown) (out []termView) {
		for _, u := range list {
			at := where(u.Location)
			u.Location = finding.Location{}
			out = append(out, termView{at, unknownLine(u)})
		}
		return out
	}
	plainTerms := func(list []string, clean func(string) string) (out []termView) {
		for _, l := range list {
			out = append(out, termView{"", clean(l)})
		}
		return out
	}
	c := s.Coverage
	if len(c.Unknown) > 0 {
		add("Not seen", count(len(c.Unknown), "thing was", "things were")+" not seen, and nothing unseen is taken as safe.", unknowns(c.Unknown))
	}
	if len(c.Denied) > 0 {
		add("Denied", count(len(c.Denied), "call was", "calls were")+" refused, so what they would have told is not known.", unknowns(c.Denied))
	}
	add("Assumed", "", plainTerms(s.Assumptions, prose))
	if q := t.quieted(); q != "" {
		add("Ignored or in the baseline", q+".", nil)
	}
	read := ""
	if len(c.Read) == 0 {
		read = "Nothing."
	}
	add("Read", read, plainTerms(c.Read, name))
	var other []termView
	for _, k := range sortedKeys(c.Unmodelled) {
		other = append(other, termView{"", name(k) + ": " + thousands(c.Unmodelled[k])})
	}
	add("Read, but without a part in who reaches production", "", other)
}
