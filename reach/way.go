package reach

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
)

// ways words the ways of the coalitions that a search found, best first.
func (e *engine) ways(l *line, v verdict, opts Options) []finding.Way {
	c := v.cone
	var out []*wayOf
	for _, f := range v.coalitions {
		for _, p := range c.proofsOf(e.people, f, opts.MaxWays) {
			if w := c.who(p, f); w != nil && (opts.Person == "" || w.includes(opts.Person)) {
				out = append(out, w)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *wayOf) int {
		return cmp.Or(cmp.Compare(a.doubts(), b.doubts()), cmp.Compare(a.proof.steps, b.proof.steps))
	})
	if len(out) > opts.MaxWays {
		out = out[:opts.MaxWays]
	}
	ways := make([]finding.Way, len(out))
	for i, w := range out {
		ways[i] = c.word(w)
	}
	return ways
}

// wayOf is a proof with the people whose way it is.
type wayOf struct {
	proof   *proof
	found   found
	members [][]string // names of those who could each be that member; none for a stranger
	cans    []string   // what the way needs of people whom the estate does not show
	whos    []string
}

// doubts is 0 for a way that the estate proves, 1 for one that depends on
// something or somebody that it does not show.
func (w *wayOf) doubts() int {
	if w.proof.conditional || len(w.cans) > 0 {
		return 1
	}
	return 0
}

func (w *wayOf) includes(person string) bool {
	return slices.ContainsFunc(w.members, func(names []string) bool { return slices.Contains(names, person) })
}

// oneOf words a member who may be any of several people.
func oneOf(names []string) string {
	const most = 5
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n > most:
		return "any of " + strings.Join(names[:most], ", ") + " and " + itoa(n-most) + " others"
	default:
		return "any of " + listed(names)
	}
}

// proofsOf returns the proofs that use every member of a coalition.
func (c *cone) proofsOf(p *people, f found, limit int) []*proof {
	leaves := c.leavesOf(p, f.who)
	for _, v := range c.votes {
		x := c.e.facts[c.facts[v]]
		if p.satisfy(c.e.lines[x.a].acts[x.b].rule, f.who, f.acting) {
			leaves = append(leaves, v)
		}
	}
	var permitted func(*coneRule) bool
	if f.acting != nil {
		permitted = func(r *coneRule) bool { return c.permitted(p, r, f.who, f.acting) }
	}
	return c.proofs(leaves, limit, permitted)
}

// leavesIn returns the facts that a proof begins with.
func (c *cone) leavesIn(p *proof) []int32 {
	derived := map[int32]bool{}
	for _, r := range p.rules {
		derived[c.rules[r].head] = true
	}
	var out []int32
	for _, r := range p.rules {
		for _, b := range c.rules[r].body {
			if !derived[b] && !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
	}
	return out
}

// who finds whose way a proof is; nil where it leaves out a member, whose way it
// then is not.
func (c *cone) who(p *proof, f found) *wayOf {
	e := c.e
	w := &wayOf{proof: p, found: f}
	used := make([]bool, len(f.who))
	for _, leaf := range c.leavesIn(p) {
		switch x := e.facts[c.facts[leaf]]; x.kind {
		case factOpen:
			o := &e.openings[x.a]
			w.cans, w.whos = add(w.cans, o.can), add(w.whos, o.who)
		case factIs:
			for i, m := range f.who {
				if m != stranger && slices.Contains(e.people.list[m].entry, int(x.a)) {
					used[i] = true
				}
			}
		case factVotes:
			for i, m := range f.who {
				if f.acting == nil || !f.acting[i] || m == stranger {
					used[i] = true
				}
			}
		}
	}
	for i, m := range f.who {
		if m == stranger {
			w.members = append(w.members, nil)
			continue
		}
		if !used[i] {
			return nil
		}
		w.members = append(w.members, c.namesOf(m, f.who))
	}
	return w
}

// namesOf returns who could be a member of a coalition: everybody who can do just
// what m can, unless another member is one of those.
func (c *cone) namesOf(m int, who coalition) []string {
	list := c.e.people.list
	for _, o := range who {
		if o != m && slices.Contains(c.alike[m], o) {
			return []string{list[m].name}
		}
	}
	var names []string
	for _, like := range c.alike[m] {
		names = append(names, list[like].name)
	}
	slices.Sort(names)
	return names
}

// word puts a way into words.
func (c *cone) word(w *wayOf) finding.Way {
	out := finding.Way{}
	named := false
	for i := range w.members {
		if w.members[i] == nil {
			out.People = append(out.People, strangerName(w.cans, w.whos))
			continue
		}
		named = true
		out.People = append(out.People, oneOf(w.members[i]))
	}
	switch {
	case len(w.cans) > 0 && named && !slices.Contains(w.found.who, stranger):
		out.Assumes = append(out.Assumes, "one of these people can also "+listed(w.cans)+": the estate does not say who can")
	case len(w.cans) > 1:
		out.Assumes = append(out.Assumes, "one person can "+listed(w.cans)+": nothing in the estate keeps those who can apart")
	}
	c.wordSteps(&out, w.proof, w.found)
	out.Title = title(out.Steps)
	c.e.mend(c, w.proof, &out)
	return out
}

// strangerName words a person of whom only openings are known.
func strangerName(cans, whos []string) string {
	switch len(cans) {
	case 0:
		return "somebody else"
	case 1:
		return whos[0]
	case 2:
		return "one person who can both " + cans[0] + " and " + cans[1]
	}
	return "one person who can " + listed(cans)
}

// wordSteps words the steps in an order in which they can be done.
func (c *cone) wordSteps(w *finding.Way, p *proof, f found) {
	e := c.e
	by := map[int32]int32{}
	for _, r := range p.rules {
		by[c.rules[r].head] = r
	}
	done := map[int32]bool{}
	var visit func(fact int32)
	visit = func(fact int32) {
		r, ok := by[fact]
		if !ok || done[fact] {
			return
		}
		done[fact] = true
		for _, b := range c.inOrder(&c.rules[r]) {
			visit(b)
		}
		if s := &e.rules[c.rules[r].id].step; s.row != nil {
			w.Steps = append(w.Steps, c.wordStep(s, by, f))
		}
	}
	visit(c.goal)
	// What works on the content and what deploys it are one action: one line.
	for i := len(w.Steps) - 2; i >= 0; i-- {
		if a, b := &w.Steps[i], &w.Steps[i+1]; a.Technique == "flow" && b.Technique == "deploy" && a.At == b.At {
			w.Steps = slices.Delete(w.Steps, i, i+1)
		}
	}
	sum := sha256.New()
	sum.Write([]byte(c.line.p.ARN))
	for _, s := range w.Steps {
		sum.Write([]byte("\n" + s.Technique + "|" + s.Principal + "|" + s.Resource))
	}
	w.Fingerprint = hex.EncodeToString(sum.Sum(nil)[:16])
}

// inOrder returns the body of a rule in the order to tell it: content before
// the gates it passes.
func (c *cone) inOrder(r *coneRule) []int32 {
	out := slices.Clone(r.body)
	rank := func(f int32) int {
		switch c.e.facts[c.facts[f]].kind {
		case factControl, factBranch:
			return 0
		case factIs, factThrough:
			return 1
		case factPassed:
			return 3
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// principalOf returns the actor that a step really acts as: for the stand-in of
// whoever administers an account, the one whom the way makes administrator.
func (c *cone) principalOf(s *step, by map[int32]int32) (actor int, m mods) {
	if s.actor == nobody || !c.e.w.actors[s.actor].admin {
		return s.actor, s.mods
	}
	if id, ok := c.e.ids[fact{factIs, int32(s.actor), 0}]; ok {
		if local, ok := c.local[id]; ok {
			if r, ok := by[local]; ok {
				if t := &c.e.rules[c.rules[r].id].step; t.row == nil && t.actor != nobody {
					return t.actor, mods{add: true, unbound: true, drop: c.e.w.actors[t.actor].deniers()}
				}
			}
		}
	}
	return s.actor, s.mods
}

// wordStep words one step.
func (c *cone) wordStep(s *step, by map[int32]int32, f found) (out finding.Step) {
	e := c.e
	actor, _ := c.principalOf(s, by)
	on := s.frame
	switch {
	case actor != nobody:
		a := &e.w.actors[actor]
		on = on.with("principal", a.arn)
		out.Principal = a.arn
		if a.admin {
			on = on.with("principal", "an administrator of "+e.accountName(a.account))
			out.Principal = "arn:aws:iam::" + a.account + ":root"
		}
	case on["principal"] != "":
		out.Principal = on["principal"]
	case on["role"] != "":
		out.Principal = on["role"]
	}
	if strings.Contains(s.row.Says, "{people}") {
		var names []string
		for i, m := range f.who {
			if m == stranger {
				names = append(names, "somebody else")
			} else if f.acting == nil || !f.acting[i] {
				names = append(names, e.people.list[m].name)
			}
		}
		on = on.with("people", listed(names))
		out.Principal = listed(names)
	}
	out.Principal = shown(out.Principal)
	out.Technique = s.row.ID
	if len(s.row.Needs) > 0 {
		n := s.row.Needs[s.needs]
		main := n[0]
		for _, x := range n {
			if x.Action != "iam:PassRole" || len(n) == 1 {
				main = x
				break
			}
		}
		out.Action = main.Action
		out.Resource, _ = on.expand(main.On)
		on = on.with("action", main.Action).with("resource", out.Resource)
		for _, r := range e.reasons(s) {
			out.Because = append(out.Because, r.because())
		}
	}
	if s.proves != nil {
		out.Action = s.proves.Action
		out.Resource, _ = on.expand(s.proves.On)
	}
	if s.actor == nobody {
		for _, r := range e.reasons(s) {
			out.Because = append(out.Because, r.because())
		}
	}
	out.Resource = shown(out.Resource)
	if out.Resource == "" {
		out.Resource = shown(subjectOf(s.row, on))
	}
	out.Gains = on.say(s.row.Says)
	out.If = append([]string{}, s.ifs...)
	for i := range out.If {
		out.If[i] = on.say(out.If[i])
	}
	out.At = s.at
	if out.Because == nil {
		out.Because = []finding.Because{}
	}
	return out
}

// shown words a resource: what is open or not known of it stands as *.
func shown(resource string) string {
	return strings.ReplaceAll(strings.ReplaceAll(resource, "\x00", "*"), "/"+madeUp, "/*")
}

// subjectOf is what a step without permissions is about.
func subjectOf(t *Technique, f frame) string {
	switch t.Subject {
	case OnRole, OnBuild:
		return f["role"]
	case OnGate:
		return f["gate"]
	case OnSource:
		return firstNonEmpty(f["repository"], f["sourceobject"], f["source"])
	}
	return f["pipeline"]
}

// title is the way in one line: its decisive step.
func title(steps []finding.Step) string {
	best := ""
	rank := -1
	for _, s := range steps {
		if w := mendRank(s.Technique); w > rank && s.Gains != "" {
			best, rank = s.Gains, w
		}
	}
	return best
}
