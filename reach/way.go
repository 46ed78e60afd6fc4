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
	out := []wayOf{}
	merged := map[string]int{}
	for _, f := range v.coalitions {
		for _, p := range c.proofsOf(e.people, f, opts.MaxWays) {
			w := c.word(p, f)
			if w == nil {
				continue
			}
			if at, ok := merged[w.key]; ok {
				out[at].members = mergeNames(out[at].members, w.members)
				continue
			}
			merged[w.key] = len(out)
			out = append(out, *w)
		}
	}
	out = slices.DeleteFunc(out, func(w wayOf) bool {
		return opts.Person != "" && !slices.ContainsFunc(w.members, func(m []string) bool { return slices.Contains(m, opts.Person) })
	})
	slices.SortStableFunc(out, func(a, b wayOf) int {
		return cmp.Or(cmp.Compare(a.doubts(), b.doubts()), cmp.Compare(len(a.way.Steps), len(b.way.Steps)), strings.Compare(a.key, b.key))
	})
	if len(out) > opts.MaxWays {
		out = out[:opts.MaxWays]
	}
	ways := make([]finding.Way, len(out))
	for i := range out {
		ways[i] = out[i].finish()
	}
	return ways
}

// wayOf is a way with what is needed to merge it with those of other people.
type wayOf struct {
	way     finding.Way
	proof   *proof
	members [][]string // names of those who could each be that member
	phrases []string   // how a member without a name is called
	unshown bool       // somebody whom the estate does not show takes part
	key     string
}

// doubts is 0 for a way that the estate proves, 1 for one that depends on
// something or somebody that it does not show.
func (w *wayOf) doubts() int {
	if w.proof.conditional || w.unshown {
		return 1
	}
	return 0
}

func mergeNames(a, b [][]string) [][]string {
	for i := range a {
		if i < len(b) {
			for _, n := range b[i] {
				a[i] = add(a[i], n)
			}
		}
	}
	return a
}

func (w *wayOf) finish() finding.Way {
	for i, names := range w.members {
		if len(names) == 0 {
			w.way.People = append(w.way.People, w.phrases[i])
			continue
		}
		slices.Sort(names)
		w.way.People = append(w.way.People, oneOf(names))
	}
	return w.way
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
	out, _ := c.proofs(leaves, limit, permitted)
	return out
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

// word puts a proof into words; nil where it leaves out a named member, whose
// way it then is not.
func (c *cone) word(p *proof, f found) *wayOf {
	e := c.e
	w := &wayOf{proof: p}
	var cans, whos []string
	used := make([]bool, len(f.who))
	for _, leaf := range c.leavesIn(p) {
		switch x := e.facts[c.facts[leaf]]; x.kind {
		case factOpen:
			o := &e.openings[x.a]
			cans, whos = add(cans, o.can), add(whos, o.who)
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
			used[i] = used[i] || len(cans) > 0
			w.members = append(w.members, nil)
			w.phrases = append(w.phrases, stranger1(cans, whos))
			continue
		}
		if !used[i] {
			return nil
		}
		name := e.people.list[m].name
		w.members = append(w.members, []string{name})
		w.phrases = append(w.phrases, name)
	}
	w.unshown = len(cans) > 0
	switch {
	case len(cans) > 0 && !slices.Contains(f.who, stranger):
		w.way.Assumes = append(w.way.Assumes, "one of these people can also "+listed(cans)+": the estate does not say who can")
	case len(cans) > 1:
		w.way.Assumes = append(w.way.Assumes, "one person can "+listed(cans)+": nothing in the estate keeps those who can apart")
	}
	c.wordSteps(w, p, f)
	w.way.Title = title(w.way.Steps)
	e.mend(c, p, &w.way)
	return w
}

// stranger1 words a person of whom only openings are known.
func stranger1(cans, whos []string) string {
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
func (c *cone) wordSteps(w *wayOf, p *proof, f found) {
	e := c.e
	by := map[int32]int32{}
	for _, r := range p.rules {
		by[c.rules[r].head] = r
	}
	done := map[int32]bool{}
	var key []string
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
		s := &e.rules[c.rules[r].id].step
		if s.row == nil {
			return
		}
		st, mine := c.wordStep(s, by, f)
		w.way.Steps = append(w.way.Steps, st)
		who := st.Principal
		if mine >= 0 {
			who = "member " + itoa(mine)
		}
		key = append(key, st.Technique+"|"+who+"|"+st.Action+"|"+st.Resource)
	}
	visit(c.goal)
	w.key = strings.Join(key, "\n")
	sum := sha256.New()
	sum.Write([]byte(c.line.p.ARN))
	for _, s := range w.way.Steps {
		sum.Write([]byte("\n" + s.Technique + "|" + s.Principal + "|" + s.Resource))
	}
	w.way.Fingerprint = hex.EncodeToString(sum.Sum(nil)[:16])
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

// wordStep words one step. mine is the member whose own identity acts, or -1.
func (c *cone) wordStep(s *step, by map[int32]int32, f found) (out finding.Step, mine int) {
	e := c.e
	mine = -1
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
		for i, m := range f.who {
			if m != stranger && slices.Contains(e.people.list[m].entry, actor) {
				mine = i
			}
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
	}
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
	return out, mine
}

// shown words a resource: what is open or not known of it stands as *.
func shown(resource string) string { return strings.ReplaceAll(resource, "\x00", "*") }

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
