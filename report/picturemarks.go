package report

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
)

const textPad = 9 // between the edge of a box and its text

// header writes the name of a stage, over its first column only.
func (d *drawing) header(c column, x, y int) {
	lines := fitLines(name(c.stage), boxWidth, nameFont, 2)
	s := shape{Class: "stage", Title: name(c.stage)}
	line := y + headerHeight - 9 - 15*len(lines)
	s.Texts = append(s.Texts, text{X: x, Y: line, S: "stage " + strconv.Itoa(c.number)})
	for _, l := range lines {
		line += 15
		s.Texts = append(s.Texts, text{X: x, Y: line, Class: "name", S: l})
	}
	d.back = append(d.back, s)
}

// lane draws the band of one account.
func (d *drawing) lane(id string, y, width, height int) {
	a := d.accounts[id]
	s := shape{Class: "lane", Rects: []rect{{X: d.x0, Y: y, W: width, H: height}}}
	label := name(cmp.Or(a.Name, id, "account not known"))
	if a.Name != "" && id != "" {
		s.Title = label + " " + name(id)
	} else {
		s.Title = label
	}
	if a.Name == "" && id == d.p.Account && d.p.AccountName != "" {
		label = name(d.p.AccountName)
	}
	line := y + corridor + 12
	write := func(class, t string, f font, lines int) {
		for _, l := range fitLines(t, laneLabelWidth-10-gapWidth+2, f, lines) {
			s.Texts = append(s.Texts, text{X: d.x0 + 10, Y: line, Class: class, S: l})
			line += 15
		}
	}
	write("name", label, nameFont, 2)
	if label != name(id) && id != "" {
		write("", name(id), smallFont, 1)
	}
	if a.Production {
		write("prod", "production", font{11, true}, 1)
	}
	// Lanes lie under everything else.
	d.back = append([]shape{s}, d.back...)
}

// box draws an action.
func (d *drawing) box(c cell, x, y, col int) {
	a := c.action
	n := &node{x: x, y: y, col: col}
	if d.nodes[c.key] == nil {
		d.nodes[c.key] = n
	}
	for _, role := range []string{a.DeployRole, a.Role} {
		if role != "" && d.roles[role] == nil {
			d.roles[role] = n
		}
	}
	s := shape{Class: "action", Title: boxTitle(c)}
	s.Rects = append(s.Rects, rect{X: x, Y: y, W: boxWidth, H: boxHeight, R: 7})
	if a.Production {
		s.Class += " prod"
	}
	lines := fitLines(name(a.Name), boxWidth-2*textPad, nameFont, 2)
	line := y + 21
	write := func(class, t string) {
		s.Texts = append(s.Texts, text{X: x + textPad, Y: line, Class: class, S: t})
		line += 15
	}
	for _, l := range lines {
		write("name", l)
	}
	if a.Gate > 0 {
		s.Class += " gate"
		s.Rects = append(s.Rects,
			rect{X: x - 3, Y: y - 3, W: 6, H: boxHeight + 6, R: 3, Class: "post"},
			rect{X: x + boxWidth - 3, Y: y - 3, W: 6, H: boxHeight + 6, R: 3, Class: "post"})
		write("", fit("gate: "+count(a.Gate, "person", "people"), boxWidth-2*textPad, smallFont))
		write("", fit(governed(a), boxWidth-2*textPad, smallFont))
	} else {
		if a.Provider != "" {
			write("", fit(name(a.Provider), boxWidth-2*textPad, smallFont))
		}
		if role := cmp.Or(a.DeployRole, a.Role); role != "" {
			// A short name leaves the role two lines.
			for _, l := range fitLines("as "+shortRole(role), boxWidth-2*textPad, smallFont, 3-len(lines)) {
				write("", l)
			}
		}
	}
	if a.Production {
		const w = 74
		s.Rects = append(s.Rects, rect{X: x + boxWidth - w - 8, Y: y + boxHeight - 6, W: w, H: 15, R: 7, Class: "tag"})
		s.Texts = append(s.Texts, text{X: x + boxWidth - w/2 - 8, Y: y + boxHeight + 5, Class: "tag", Anchor: "middle", S: "production"})
	}
	d.front = append(d.front, s)
}

func governed(a *finding.Action) string {
	switch a.GovernedBy {
	case "twokey":
		return "kept by Twokey"
	case "native", "":
		return "native gate"
	}
	return name(a.GovernedBy)
}

func boxTitle(c cell) string {
	a := c.action
	parts := []string{name(c.key)}
	if a.Provider != "" {
		parts = append(parts, name(a.Provider))
	}
	if a.Gate > 0 {
		parts = append(parts, "gate for "+count(a.Gate, "person", "people")+", "+governed(a))
	}
	if a.Production {
		parts = append(parts, "changes production")
	}
	if a.Role != "" {
		parts = append(parts, "runs as "+name(a.Role))
	}
	if a.DeployRole != "" {
		parts = append(parts, "works as "+name(a.DeployRole))
	}
	if at := where(a.Location); at != "" {
		parts = append(parts, at)
	}
	return strings.Join(parts, "\n")
}

// shortRole is the name of a role without its path.
func shortRole(arn string) string {
	if _, role, ok := splitRole(arn); ok {
		return name(role)
	}
	return name(arn)
}

// chipRows draws the chips of a lane below its boxes and returns their height.
func (d *drawing) chipRows(lane string, y, perRow int) int {
	n := 0
	for _, c := range d.chips {
		if c.lane != lane {
			continue
		}
		col := n % perRow
		x, top := d.columnX(col), y+corridor+n/perRow*(chipHeight+corridor)
		d.nodes[c.key] = &node{x: x, y: top, col: col}
		s := shape{Class: "chip", Title: c.kind + " " + name(c.label) + "\n" + name(c.key),
			Rects:   []rect{{X: x, Y: top, W: boxWidth, H: chipHeight, R: 14}},
			Strokes: []stroke{{D: icon(c.kind, x+18, top+chipHeight/2), Class: "icon"}}}
		lines := fitLines(name(c.label), boxWidth-32-10, smallFont, 2)
		line := top + chipHeight/2 + 4 - 14*len(lines)/2
		s.Texts = append(s.Texts, text{X: x + 32, Y: line, S: c.kind})
		for _, l := range lines {
			line += 14
			s.Texts = append(s.Texts, text{X: x + 32, Y: line, Class: "ink", S: l})
		}
		d.front = append(d.front, s)
		n++
	}
	if n == 0 {
		return 0
	}
	return (n + perRow - 1) / perRow * (chipHeight + corridor)
}

// icon is the outline of a bucket, a key or a hat around a point.
func icon(kind string, x, y int) string {
	m := "M" + strconv.Itoa(x) + " " + strconv.Itoa(y)
	switch kind {
	case "bucket":
		return m + "m-7 -6h14l-2 12h-10z"
	case "key":
		return m + "m-1 0a3.5 3.5 0 1 1 0 -0.1zh8v4m-3 -4v3"
	}
	return m + "m-7 5q0 -6 7 -6t7 6zm7 -6a3 3 0 1 1 0.1 0z"
}

// people draws who has a hand in the pipeline, at the left, and returns the
// lower edge. The one who goes the way comes first.
func (d *drawing) people() int {
	y := margin + headerHeight
	if d.way != nil {
		y = d.person(d.goer(), "", "person way", y)
	}
	for i, person := range d.p.People {
		if i == maxPeopleDrawn {
			more := len(d.p.People) - i
			d.front = append(d.front, shape{Class: "person", Texts: []text{{X: margin + personText, Y: y + 10, S: "and " + thousands(more) + " more"}}})
			d.left = append(d.left, count(more, "person is", "people are")+" not drawn")
			return y + 24
		}
		var does []string
		for _, t := range person.Touches {
			does = append(does, prose(t.Does))
		}
		y = d.person(name(person.Name), strings.Join(distinct(does), ", "), "person", y)
	}
	return y
}

// goer is who goes the way.
func (d *drawing) goer() string {
	return cmp.Or(prose(strings.Join(d.way.People, " and ")), "somebody")
}

const personText = 26 // where the text beside a person begins

// person draws one person at y and returns where the next may begin.
func (d *drawing) person(label, does, class string, y int) int {
	lines := fitLines(label, peopleWidth-personText, nameFont, 4)
	var small []string
	if does != "" {
		lines = fitLines(label, peopleWidth-personText, nameFont, 3)
		small = fitLines(does, peopleWidth-personText, smallFont, 3)
	}
	s := shape{Class: class, Title: strings.TrimRight(label+"\n"+does, "\n")}
	s.Circles = []circle{{X: margin + 10, Y: y + 5, R: 5}}
	s.Strokes = []stroke{{D: "M" + strconv.Itoa(margin+1) + " " + strconv.Itoa(y+22) + "q0 -10 9 -10t9 10z"}}
	line := y + 10
	for _, l := range lines {
		s.Texts = append(s.Texts, text{X: margin + personText, Y: line, Class: "name", S: l})
		line += 15
	}
	for _, l := range small {
		s.Texts = append(s.Texts, text{X: margin + personText, Y: line, S: l})
		line += 14
	}
	d.front = append(d.front, s)
	return max(line, y+28) + personGap
}
