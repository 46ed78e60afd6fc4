package reach

import "slices"

// cone is everything that can lead to one pipeline's production: the facts that
// matter, numbered from 0, and the rules between them.
type cone struct {
	e     *engine
	line  *line
	facts []factID
	local map[factID]int32
	rules []coneRule
	// uses are the rules whose body holds a fact.
	uses [][]int32
	goal int32
	// leaves by what they are.
	openings []int32
	entries  map[int]int32 // actor → fact Is
	votes    []int32
	// excluding: a governed gate of the cone excludes authors or starters.
	excluding uint8
	deeds     map[deedKey]int32
	deedOf    []int32 // by rule of the cone
	signs     map[int32]string
	// alike are, by a person, those whose identities do exactly the same, the
	// person among them.
	alike map[int][]int
}

type coneRule struct {
	id   ruleID
	head int32
	body []int32
}

func (e *engine) newCone(l *line) *cone {
	c := &cone{e: e, line: l, local: map[factID]int32{}, entries: map[int]int32{}}
	c.goal = c.add(e.id(factProd, l.index, 0))
	for i := 0; i < len(c.facts); i++ {
		id := c.facts[i]
		f := e.facts[id]
		switch f.kind {
		case factIs:
			c.entries[int(f.a)] = int32(i)
		case factOpen:
			c.openings = append(c.openings, int32(i))
		case factVotes:
			c.votes = append(c.votes, int32(i))
			c.excluding |= excludes(e.lines[f.a].acts[f.b].rule)
		}
		for _, r := range e.rulesOf(id) {
			cr := coneRule{id: r, head: int32(i)}
			for _, b := range e.rules[r].body {
				cr.body = append(cr.body, c.add(b))
			}
			c.rules = append(c.rules, cr)
		}
	}
	c.deedOf = make([]int32, len(c.rules))
	for i := range c.rules {
		c.deedOf[i] = c.deed(c.rules[i].id)
	}
	c.uses = make([][]int32, len(c.facts))
	for i := range c.rules {
		for _, b := range c.rules[i].body {
			c.uses[b] = append(c.uses[b], int32(i))
		}
	}
	return c
}

func (c *cone) add(id factID) int32 {
	if i, ok := c.local[id]; ok {
		return i
	}
	i := int32(len(c.facts))
	c.local[id] = i
	c.facts = append(c.facts, id)
	return i
}

// coalition is a set of people, by their index in people.list; -1 stands for
// somebody of whom nothing is known but the openings.
type coalition []int

const stranger = -1

// closure returns the facts that hold for a coalition: the least set that holds
// what its people are, what openings give, and what the rules add. acting marks
// the members who write the change or start the run; it is nil where no gate
// excludes those.
func (c *cone) closure(p *people, who coalition, acting []bool) []bool {
	leaves := c.leavesOf(p, who)
	for _, v := range c.votes {
		f := c.e.facts[c.facts[v]]
		if p.satisfy(c.e.lines[f.a].acts[f.b].rule, who, acting) {
			leaves = append(leaves, v)
		}
	}
	if acting == nil {
		return c.closureWith(leaves, nil)
	}
	return c.closureWith(leaves, func(r *coneRule) bool { return c.permitted(p, r, who, acting) })
}

// closureWith is the closure of some facts by the rules that may be used; nil
// permits all.
func (c *cone) closureWith(leaves []int32, permitted func(*coneRule) bool) []bool {
	have := make([]bool, len(c.facts))
	waiting := make([]int32, len(c.rules))
	for i := range c.rules {
		waiting[i] = int32(len(c.rules[i].body))
	}
	queue := make([]int32, 0, len(c.facts))
	for _, f := range leaves {
		if !have[f] {
			have[f] = true
			queue = append(queue, f)
		}
	}
	for len(queue) > 0 {
		f := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, r := range c.uses[f] {
			waiting[r]--
			if h := c.rules[r].head; waiting[r] == 0 && !have[h] && (permitted == nil || permitted(&c.rules[r])) {
				have[h] = true
				queue = append(queue, h)
			}
		}
	}
	return have
}

// leavesOf returns the facts that people begin with, votes left out.
func (c *cone) leavesOf(p *people, who coalition) []int32 {
	out := slices.Clone(c.openings)
	for _, m := range who {
		out = append(out, c.entriesOf(p, m)...)
	}
	return out
}

// permitted reports whether a rule that makes somebody an author or starter may
// be used: where gates exclude those, whoever acts must be one who is excluded,
// or an identity that is none of the members'.
func (c *cone) permitted(p *people, r *coneRule, who coalition, acting []bool) bool {
	s := &c.e.rules[r.id].step
	if acting == nil || s.authored == 0 || s.actor == nobody {
		return true
	}
	held := false
	for i, m := range who {
		if m == stranger || !slices.Contains(p.list[m].entry, s.actor) {
			continue
		}
		held = true
		if acting[i] {
			return true
		}
	}
	return !held
}

// reaches reports whether a coalition changes production, and with which members
// acting as authors.
func (c *cone) reaches(p *people, who coalition) (acting []bool, ok bool) {
	if c.excluding == 0 {
		return nil, c.closure(p, who, nil)[c.goal]
	}
	for mask := range 1 << len(who) {
		acting := make([]bool, len(who))
		for i := range who {
			acting[i] = mask&(1<<i) != 0
		}
		if c.closure(p, who, acting)[c.goal] {
			return acting, true
		}
	}
	return nil, false
}
