package report

import (
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
)

// pipeline writes one pipeline: name and number on one line, then its ways.
func (p *page) pipeline(pl *finding.Pipeline, explain bool) {
	left := name(pl.Name)
	if at := place(pl); at != "" {
		left += " (" + at + ")"
	}
	v := judge(pl)
	right := "production takes " + takes(pl)
	want := v.mark() + " wants " + strconv.Itoa(wanted(pl)) + v.tail()
	gap := p.width - columns(left) - columns(right) - columns(want) - 3
	if gap >= 2 {
		p.line(p.bold(left), strings.Repeat(" ", gap), right, "   ", p.verdict(v, want))
	} else {
		p.para("", 4, left) // a name that is too long must not begin a line of its own
		p.line("  ", right, "   ", p.verdict(v, want))
	}
	if pl.Unknown != "" {
		p.para("  unknown: ", 11, prose(pl.Unknown))
	}
	if pl.Inferred && len(pl.Production) > 0 {
		p.para("  inferred: ", 12, "nothing is marked production; taken to be "+names(pl.Production))
	}
	shown, quiet := 0, 0
	for i, w := range pl.Ways {
		if w.Suppressed != nil {
			quiet++
			continue
		}
		if shown == maxWaysShown && !explain {
			left := 0
			for _, r := range pl.Ways[i:] {
				if r.Suppressed == nil {
					left++
				}
			}
			p.line("  … and ", count(left, "more way", "more ways"))
			break
		}
		p.way(w, alone(pl), explain)
		shown++
	}
	if quiet > 0 {
		p.line("  ", count(quiet, "way is", "ways are"), " ignored or in the baseline; the number counts them all the same")
	}
	if len(pl.BreakGlass) > 0 {
		p.para("  left out of the count (break glass): ", 4, names(pl.BreakGlass))
	}
}

func names(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = name(s)
	}
	return strings.Join(out, ", ")
}

const stepIndent = 7 // "    1. "

// way writes one way: who, the numbered steps in columns, and what mends it.
func (p *page) way(w finding.Way, who string, explain bool) {
	p.para("  "+p.bold(who+":")+" ", 4, headline(w))
	sentenceWidth, actionWidth, stacked := p.stepColumns(w.Steps)
	for i, s := range w.Steps {
		num := pad("    "+strconv.Itoa(i+1)+".", stepIndent)
		action, at := name(s.Action), stepPlace(s)
		room := sentenceWidth
		if action == "" && at == "" {
			room = p.width - stepIndent
		}
		lines := wrap(sentence(s), room)
		first := lines[0]
		if !stacked && (action != "" || at != "") {
			first = pad(first, sentenceWidth) + "  " + pad(action, actionWidth)
			if at != "" {
				first += "  " + p.faint(at)
			}
		}
		p.line(num, first)
		for _, l := range lines[1:] {
			p.line(strings.Repeat(" ", stepIndent), l)
		}
		if stacked && (action != "" || at != "") {
			p.line(strings.Repeat(" ", stepIndent), action, gapIf(action, at), p.faint(at))
		}
		for _, c := range s.If {
			p.para(strings.Repeat(" ", stepIndent)+"if ", stepIndent+3, condition(c))
		}
		if explain {
			p.stepDetail(s)
		}
	}
	for _, a := range w.Assumes {
		p.para("    assumes: ", 13, prose(a))
	}
	if w.Mend != "" {
		text := prose(w.Mend)
		if at := where(w.MendLocation); at != "" && !strings.Contains(text, at) {
			text += " (" + at + ")"
		}
		p.para("    "+p.mend("mend:")+" ", 10, text)
	}
}

func (p *page) stepDetail(s finding.Step) {
	const indent = stepIndent + 10
	detail := func(head, text string) {
		if text != "" {
			p.para(strings.Repeat(" ", stepIndent)+p.faint(pad(head, 10)), indent, text)
		}
	}
	detail("as", name(s.Principal))
	detail("on", name(s.Resource))
	for _, b := range s.Because {
		text := name(b.Policy) + " statement " + strconv.Itoa(b.Statement)
		if at := where(b.Location); at != "" {
			text += " (" + at + ")"
		}
		detail("because", text)
	}
}

// stepColumns decides how wide the sentences and actions of a way's steps are,
// and whether action and place need a line of their own.
func (p *page) stepColumns(steps []finding.Step) (sentenceWidth, actionWidth int, stacked bool) {
	longest, at := 0, 0
	for _, s := range steps {
		actionWidth = max(actionWidth, columns(name(s.Action)))
		at = max(at, columns(stepPlace(s)))
		longest = max(longest, columns(sentence(s)))
	}
	room := p.width - stepIndent
	sentenceWidth = room - actionWidth - at - 4
	if sentenceWidth < min(longest, 36) {
		return room, actionWidth, true
	}
	return min(sentenceWidth, longest), actionWidth, false
}

func gapIf(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	return "  "
}
