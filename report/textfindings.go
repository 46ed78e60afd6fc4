package report

import (
	"strings"

	"github.com/twokey/twokey/finding"
)

// findings writes what fails, worst first, then what could not be decided,
// then what is only said. Each takes one line where all of them fit on one,
// and otherwise each has its message underneath.
func (p *page) findings(t tally, o Options) {
	all := make([]row, 0, len(t.fails)+len(t.unknown)+len(t.notes))
	for _, f := range t.fails {
		all = append(all, newRow(f, strings.ToUpper(name(string(f.Severity)))))
	}
	for _, f := range t.unknown {
		all = append(all, newRow(f, "UNKNOWN"))
	}
	for _, f := range t.notes {
		all = append(all, newRow(f, "NOTE"))
	}
	if len(all) == 0 {
		return
	}
	nameWidth, messageWidth, atWidth := 0, 0, 0
	for _, r := range all {
		nameWidth = max(nameWidth, columns(r.title))
		messageWidth = max(messageWidth, columns(r.message))
		atWidth = max(atWidth, columns(r.at))
	}
	oneLine := !o.Explain && labelWidth+nameWidth+2+messageWidth+2+atWidth <= p.width
	for _, r := range all {
		label := p.severity(r.f.Severity, pad(r.label, labelWidth-1)) + " "
		if r.f.Status == finding.StatusUnknown || r.f.Status == finding.StatusInfo {
			label = p.faint(pad(r.label, labelWidth-1)) + " "
		}
		if oneLine {
			p.line(label, pad(r.title, nameWidth+2), pad(r.message, messageWidth+2), p.faint(r.at))
			continue
		}
		gap := p.width - labelWidth - columns(r.title) - columns(r.at)
		if gap >= 2 {
			p.line(label, p.bold(r.title), strings.Repeat(" ", gap), p.faint(r.at))
		} else {
			p.line(label, p.bold(r.title))
			p.line(strings.Repeat(" ", labelWidth), p.faint(r.at))
		}
		p.para(strings.Repeat(" ", labelWidth), labelWidth, r.message)
		if o.Explain {
			p.findingDetail(r.f)
		}
	}
	p.line()
}

const labelWidth = 9 // "CRITICAL "

type row struct {
	f                         finding.Finding
	label, title, message, at string
}

func newRow(f finding.Finding, label string) row {
	title := name(f.Name)
	if title != "" {
		title += " "
	}
	message := prose(f.Message)
	if f.Needs != "" {
		message += " (when " + prose(f.Needs) + ")"
	}
	return row{f, label, title + name(f.Rule), message, where(f.Location)}
}

func (p *page) findingDetail(f finding.Finding) {
	in := strings.Repeat(" ", labelWidth)
	for i, e := range f.Evidence {
		head := "  "
		if i > 0 {
			head = "→ "
		}
		p.para(in+head, labelWidth+2, prose(e))
	}
	for _, r := range f.Related {
		p.para(in+"see ", labelWidth+4, where(r.Location)+" "+prose(r.Message))
	}
	if f.Remediation != "" {
		p.para(in+p.mend("mend:")+" ", labelWidth+6, prose(f.Remediation))
	}
	if f.Patch != "" {
		for _, l := range strings.Split(strings.TrimRight(block(f.Patch), "\n"), "\n") {
			p.line(in, "  ", l)
		}
	}
}
