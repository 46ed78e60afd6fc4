package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/finding"
)

// verdict is what a pipeline's number comes to.
type verdict int

const (
	short   verdict = iota // fewer people than wanted
	unsure                 // the number is missing, or nobody can rely on it
	reached                // as many as wanted, or more
)

// defaultWant is what is wanted of a pipeline that does not say.
const defaultWant = 2

func wanted(p *finding.Pipeline) int {
	if p.Want <= 0 {
		return defaultWant
	}
	return p.Want
}

// judge compares a pipeline's number with what is wanted. A number that is only
// an upper bound can show a fault but never its absence.
func judge(p *finding.Pipeline) verdict {
	n := p.PeopleToProduction
	switch {
	case n <= 0:
		return unsure
	case n < manyPeople && n < wanted(p):
		return short
	case p.Unknown != "", n < wanted(p): // 4 stands for "at least 4"
		return unsure
	}
	return reached
}

// manyPeople is the number that stands for "so many or more".
const manyPeople = 4

// takes says the number: "1 person", "4 or more people", "at most 2 people".
func takes(p *finding.Pipeline) string {
	n := p.PeopleToProduction
	switch {
	case n <= 0:
		return "an unknown number of people"
	case n >= manyPeople:
		return "4 or more people"
	case p.Unknown != "" && n > 1:
		return fmt.Sprintf("at most %d people", n)
	}
	return count(n, "person", "people")
}

// figure is the number by itself.
func figure(p *finding.Pipeline) string {
	switch n := p.PeopleToProduction; {
	case n <= 0:
		return "?"
	case n >= manyPeople:
		return "4+"
	case p.Unknown != "" && n > 1:
		return "≤" + strconv.Itoa(n)
	default:
		return strconv.Itoa(n)
	}
}

func (v verdict) mark() string {
	return [...]string{short: "✗", unsure: "?", reached: "✔"}[v]
}

func (v verdict) tail() string {
	return [...]string{short: "", unsure: ", not certain", reached: ""}[v]
}

// count writes "1 person", "2 people", "1,234 people".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// place is where a pipeline lives: "tools/us-east-1".
func place(p *finding.Pipeline) string {
	var parts []string
	for _, s := range []string{cmp.Or(p.AccountName, p.Account), p.Region} {
		if s != "" {
			parts = append(parts, name(s))
		}
	}
	return strings.Join(parts, "/")
}

// where writes a location: "roles.yaml:41", or an ARN.
func where(l finding.Location) string {
	switch {
	case l.File == "":
		return name(l.ARN)
	case l.Line > 0:
		return name(l.File) + ":" + strconv.Itoa(l.Line)
	}
	return name(l.File)
}

// stepPlace is the place of the first statement that allows a step.
func stepPlace(s finding.Step) string {
	for _, b := range s.Because {
		if w := where(b.Location); w != "" {
			return w
		}
	}
	return ""
}

// sentence is what a step does, in words.
func sentence(s finding.Step) string { return prose(cmp.Or(s.Gains, s.Technique, s.Action)) }

// headline says whose way it is and what it is.
func headline(w finding.Way) string {
	who := prose(strings.Join(w.People, " and "))
	switch {
	case w.Title == "":
		return who
	case who == "" || strings.Contains(w.Title, who):
		return prose(w.Title)
	}
	return who + ": " + prose(w.Title)
}

// alone is the word before a headline: how many act together.
func alone(p *finding.Pipeline) string {
	switch n := p.PeopleToProduction; {
	case n == 1:
		return "alone"
	case n > 1 && n < manyPeople:
		return strconv.Itoa(n) + " people"
	}
	return "way"
}

func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Round(time.Millisecond).Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// tally is a scan sorted for reading: what counts, what is open, what is only
// said, and what was suppressed.
type tally struct {
	pipelines  []*finding.Pipeline
	fails      []finding.Finding
	unknown    []finding.Finding
	notes      []finding.Finding
	suppressed []finding.Finding
	// silenced are the suppressed ways, with the pipeline they are of.
	silenced []silencedWay
	by       map[finding.Severity]int
}

type silencedWay struct {
	pipeline string
	way      finding.Way
}

func tallyOf(s *finding.Scan) tally {
	t := tally{by: map[finding.Severity]int{}}
	for i := range s.Pipelines {
		t.pipelines = append(t.pipelines, &s.Pipelines[i])
	}
	slices.SortStableFunc(t.pipelines, func(a, b *finding.Pipeline) int {
		return cmp.Or(cmp.Compare(judge(a), judge(b)), cmp.Compare(a.PeopleToProduction, b.PeopleToProduction),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ARN, b.ARN))
	})
	for _, p := range t.pipelines {
		for _, w := range p.Ways {
			if w.Suppressed != nil {
				t.silenced = append(t.silenced, silencedWay{p.Name, w})
			}
		}
	}
	fs := slices.Clone(s.Findings)
	finding.Sort(fs)
	for _, f := range fs {
		switch {
		case f.Suppressed != nil:
			t.suppressed = append(t.suppressed, f)
		case f.Status == finding.StatusUnknown:
			t.unknown = append(t.unknown, f)
		case f.Status == finding.StatusInfo:
			t.notes = append(t.notes, f)
		default: // a status that is not known is a fail
			t.fails = append(t.fails, f)
			t.by[f.Severity]++
		}
	}
	return t
}

// bySeverity says how many findings there are: "3 high, 5 medium, 2 low".
func (t tally) bySeverity() string {
	if len(t.fails) == 0 {
		return "no findings"
	}
	var parts []string
	for _, s := range finding.Severities() {
		if n := t.by[s]; n > 0 {
			parts = append(parts, thousands(n)+" "+string(s))
		}
	}
	if n := len(t.fails) - t.valid(); n > 0 {
		parts = append(parts, thousands(n)+" of no known severity")
	}
	return strings.Join(parts, ", ")
}

func (t tally) valid() (n int) {
	for s, c := range t.by {
		if s.Valid() {
			n += c
		}
	}
	return n
}

// quieted says what was suppressed and by what, or "" where nothing was:
// "2 findings and 1 way: 2 by comment, 1 by config".
func (t tally) quieted() string {
	if len(t.suppressed)+len(t.silenced) == 0 {
		return ""
	}
	kinds := map[string]int{}
	for _, f := range t.suppressed {
		kinds[f.Suppressed.Kind]++
	}
	for _, w := range t.silenced {
		kinds[w.way.Suppressed.Kind]++
	}
	var what, how []string
	if n := len(t.suppressed); n > 0 {
		what = append(what, count(n, "finding", "findings"))
	}
	if n := len(t.silenced); n > 0 {
		what = append(what, count(n, "way", "ways"))
	}
	for _, k := range sortedKeys(kinds) {
		how = append(how, thousands(kinds[k])+" by "+name(cmp.Or(k, "ignore")))
	}
	return strings.Join(what, " and ") + ": " + strings.Join(how, ", ")
}

// summary is the last line of a report: the size of the estate, the findings
// by severity, what stayed unknown, and the time it took.
func (t tally) summary(s *finding.Scan, elapsed time.Duration) string {
	line := count(s.Estate.Pipelines, "pipeline", "pipelines") + ", " + count(s.Estate.Accounts, "account", "accounts") +
		", " + count(s.Estate.Principals, "principal", "principals") + " · " + t.bySeverity()
	if n := len(t.unknown) + len(s.Coverage.Unknown) + len(s.Coverage.Denied); n > 0 {
		line += " · " + thousands(n) + " unknown"
	}
	if elapsed > 0 {
		line += " · " + took(elapsed)
	}
	return line
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
