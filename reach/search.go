package reach

import (
	"cmp"
	"slices"
	"strings"
)

// verdict is what the search finds for one pipeline.
type verdict struct {
	number int // 1, 2, 3, or 4 for more than three
	// coalitions are the smallest that change production, each with the members
	// who act as authors or starters (nil where that is no matter).
	coalitions []found
	cone       *cone
}

type found struct {
	who    coalition
	acting []bool
}

// search finds the smallest coalitions that change production.
func (e *engine) search(p *people, l *line) verdict {
	c := e.newCone(l)
	v := verdict{number: 4, cone: c}
	who := c.relevant(p)
	everyone := make(coalition, len(who))
	copy(everyone, who)
	if !c.possible(p, everyone) {
		return v
	}
	strong := c.strongest(p, who)
	for size := 1; size <= 3; size++ {
		if v.coalitions = c.able(p, strong, size); len(v.coalitions) == 0 {
			continue
		}
		v.number = size
		// The number is settled; who else could be in such a coalition is for the
		// report, as far as trying everybody stays cheap.
		if len(strong) < len(who) && tries(len(who), size) <= mostTries {
			v.coalitions = c.able(p, who, size)
		}
		v.coalitions = c.distinct(v.coalitions)
		return v
	}
	return v
}

// distinct keeps one coalition of those whose members are alike.
func (c *cone) distinct(list []found) (out []found) {
	seen := map[string]bool{}
	for _, f := range list {
		var key []string
		for i, m := range f.who {
			first := m
			if a := c.alike[m]; len(a) > 0 {
				first = a[0]
			}
			k := itoa(first + 1)
			if f.acting != nil && f.acting[i] {
				k += "!"
			}
			key = append(key, k)
		}
		slices.Sort(key)
		if k := strings.Join(key, " "); !seen[k] {
			seen[k] = true
			out = append(out, f)
		}
	}
	return out
}

// mostTries is how many coalitions are tried only to list more ways.
const mostTries = 2000

// tries is how many coalitions of a size there are among n people.
func tries(n, size int) int {
	out := 1
	for i := range size {
		out = out * (n - i) / (i + 1)
	}
	return out
}

// able returns the coalitions of a size that change production.
func (c *cone) able(p *people, who []int, size int) (out []found) {
	c.each(who, size, func(members coalition) {
		if acting, ok := c.reaches(p, members); ok {
			out = append(out, found{slices.Clone(members), acting})
		}
	})
	return out
}

// possible reports whether everybody together changes production. Where not even
// they do, no smaller coalition has to be tried. It lets everyone vote and write
// at once, so that it may say yes too often and never no.
func (c *cone) possible(p *people, who coalition) bool {
	have := c.closureWith(append(c.leavesOf(p, who), c.votes...), nil)
	return have[c.goal]
}

// relevant returns the people who can do anything about the pipeline, and the
// stranger, in a stable order: of people whose identities can do exactly the
// same things, the first few, with all of them in alike.
func (c *cone) relevant(p *people) []int {
	out := []int{stranger}
	c.alike = map[int][]int{}
	classes := map[string][]int{} // the people taken of a class
	for i := range p.list {
		q := &p.list[i]
		able := len(c.votes) > 0 && (q.listed || !p.listed)
		var signs []string
		for _, f := range c.entriesOf(p, i) {
			able = true
			signs = append(signs, c.sign(f))
		}
		if !able {
			continue
		}
		slices.Sort(signs)
		key := strings.Join(signs, "\x00")
		if len(c.votes) > 0 {
			groups := slices.Clone(q.groups)
			slices.Sort(groups)
			key += "\x01" + strings.Join(groups, "\x00")
			if q.listed {
				key += "\x02"
			}
		}
		taken := classes[key]
		if len(taken) < keep {
			classes[key] = append(taken, i)
			out = append(out, i)
			taken = classes[key]
		}
		first := taken[0]
		c.alike[first] = append(c.alike[first], i)
	}
	for _, taken := range classes {
		for _, i := range taken[1:] {
			c.alike[i] = c.alike[taken[0]]
		}
	}
	return out
}

// sign describes what a fact that a person begins with leads to; two facts of
// the same sign can stand for one another.
func (c *cone) sign(f int32) string {
	if s, ok := c.signs[f]; ok {
		return s
	}
	var lines []string
	for _, r := range c.uses[f] {
		cr := &c.rules[r]
		s := &c.e.rules[cr.id].step
		line := itoa(int(cr.head)) + " " + itoa(s.needs) + " " + strings.Join(s.ifs, ";")
		if s.row != nil {
			line += " " + s.row.ID
		}
		for _, b := range cr.body {
			if b != f {
				line += " " + itoa(int(b))
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	out := strings.Join(lines, "\n")
	if c.signs == nil {
		c.signs = map[int32]string{}
	}
	c.signs[f] = out
	return out
}

// keep is how many people of the same reach can matter: a coalition of three may
// need each of them as a voter of their own.
const keep = 3

// strongest drops people who add nothing: whose reach and groups at least three
// others have as well. A coalition with one of them can do no more than the same
// one with one of those instead.
func (c *cone) strongest(p *people, who []int) []int {
	type strength struct {
		i       int
		closure []bool
		size    int
		entries []int32
		// free is, where gates exclude authors, what holds without anybody being
		// one; nil for somebody whose own identities can write the change.
		free []bool
	}
	list := make([]strength, 0, len(who))
	for _, i := range who {
		s := strength{i: i, closure: c.closureWith(c.leavesOf(p, coalition{i}), nil), entries: c.entriesOf(p, i)}
		for _, h := range s.closure {
			if h {
				s.size++
			}
		}
		if c.excluding != 0 && !c.writes(s.entries) {
			s.free = c.closureWith(c.leavesOf(p, coalition{i}), func(r *coneRule) bool {
				x := &c.e.rules[r.id].step
				return x.authored == 0 || x.actor == nobody || len(p.of[x.actor]) == 0
			})
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b strength) int { return cmp.Compare(b.size, a.size) })
	within := func(a, b *strength) bool {
		if len(c.votes) > 0 && !p.votesLike(a.i, b.i) {
			return false
		}
		if c.excluding != 0 {
			// Only somebody who cannot be the author can stand in for another: then
			// no gate excludes them for what somebody else of the coalition does.
			return slices.Equal(a.entries, b.entries) || b.free != nil && holdsAll(b.free, a.closure)
		}
		return a.size <= b.size && holdsAll(b.closure, a.closure)
	}
	var kept []strength
	for n := range list {
		better := 0
		for k := range kept {
			if within(&list[n], &kept[k]) {
				better++
			}
		}
		if better < keep {
			kept = append(kept, list[n])
		}
	}
	out := make([]int, len(kept))
	for i := range kept {
		out[i] = kept[i].i
	}
	slices.Sort(out)
	return out
}

// holdsAll reports whether a holds every fact that b does.
func holdsAll(a, b []bool) bool {
	for f, h := range b {
		if h && !a[f] {
			return false
		}
	}
	return true
}

// writes reports whether one of some identities can write the change or start
// the run itself.
func (c *cone) writes(entries []int32) bool {
	for _, f := range entries {
		for _, r := range c.uses[f] {
			if c.e.rules[c.rules[r].id].step.authored != 0 {
				return true
			}
		}
	}
	return false
}

// votesLike reports whether b can vote wherever a can.
func (p *people) votesLike(a, b int) bool {
	if a == stranger {
		return !p.listed || b != stranger
	}
	if b == stranger {
		return p.listed && !p.list[a].listed
	}
	x, y := &p.list[a], &p.list[b]
	if x.listed && !y.listed {
		return false
	}
	for _, g := range x.groups {
		if !slices.Contains(y.groups, g) {
			return false
		}
	}
	return true
}

func (c *cone) entriesOf(p *people, i int) []int32 {
	if i == stranger {
		return nil
	}
	var out []int32
	for _, x := range p.list[i].entry {
		if f, ok := c.entries[x]; ok {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// each calls f with every coalition of a size. The slice is reused.
func (c *cone) each(who []int, size int, f func(coalition)) {
	members := make(coalition, 0, size)
	var pick func(from int)
	pick = func(from int) {
		if len(members) == size {
			f(members)
			return
		}
		for i := from; i < len(who); i++ {
			members = append(members, who[i])
			pick(i + 1)
			members = members[:len(members)-1]
		}
	}
	pick(0)
}
