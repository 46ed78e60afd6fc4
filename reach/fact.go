package reach

import (
	"cmp"
	"slices"

	"github.com/twokey/twokey/estate"
)

// factKind is the kind of a fact that holds, or not, for a coalition.
type factKind uint8

const (
	factIs       factKind = iota // acts as actor a
	factThrough                  // has CloudFormation act as actor a
	factAdded                    // actor a's policies allow anything its boundary and organization leave
	factRemoved                  // unit b of actor a's policies is gone
	factUnbound                  // actor a has no boundary
	factJoined                   // actor a is in group b
	factBranch                   // a commit of theirs is on a branch of the repository of action b of pipeline a
	factControl                  // chooses what action b of pipeline a works on
	factPassed                   // passes gate b of pipeline a
	factTemplate                 // chooses the template of stack a
	factVotes                    // has the people that the rule of gate b of pipeline a asks for
	factOpen                     // has somebody for opening a
	factProd                     // changes production through or around pipeline a
)

// fact is one fact; it is comparable.
type fact struct {
	kind factKind
	a, b int32
}

func (f fact) compare(g fact) int {
	return cmp.Or(cmp.Compare(f.kind, g.kind), cmp.Compare(f.a, g.a), cmp.Compare(f.b, g.b))
}

type factID int32

// ruleID is a rule's place in the engine.
type ruleID int32

// rule says that its head holds where all of its body does.
type rule struct {
	head factID
	body []factID
	step step
	// also are other techniques that give the same head from the same body.
	also []step
}

// step is what a rule does, in terms of the table. A rule without a row is only
// a matter of words and shows in no way.
type step struct {
	row   *Technique
	needs int // which of the row's lists
	actor int // -1 where nobody acts
	mods  mods
	frame frame
	ifs   []string
	// at is where in the picture it takes place.
	at string
	// authored: whoever acts is an author of the change (1) or starts the run (2).
	authored uint8
	// proves, for a step that nobody of the estate does, is what the frame's
	// principal is allowed all the same.
	proves *Permission
}

const (
	nobody    = -1
	asAuthor  = 1
	asStarter = 2
)

// engine holds the facts and rules of an estate. Rules are made when a fact is
// first looked at, so that only what can lead to production is ever worked out.
type engine struct {
	w     *world
	est   *estate.Estate
	lines []*line
	// carriers are what runs as a role, by the role's actor.
	carriers map[int]*carriers
	openings []opening
	// openedBy are the openings by the actor they let act as, openedAt by the
	// action that they are about.
	openedBy map[int][]int
	openedAt map[place][]int
	people   *people
	examples map[string][]frame // see changeable
	// entered are the actors that some person is, before any technique.
	entered map[int]bool

	ids   map[fact]factID
	facts []fact
	made  []bool
	rules []*rule
	by    [][]ruleID // rules by head
	// cited and mendings are what was already worked out for reports, by step and rule.
	cited    map[*step][]reason
	mendings map[ruleID]*mending
}

func (e *engine) id(kind factKind, a, b int) factID {
	f := fact{kind, int32(a), int32(b)}
	if id, ok := e.ids[f]; ok {
		return id
	}
	id := factID(len(e.facts))
	e.ids[f] = id
	e.facts = append(e.facts, f)
	e.made = append(e.made, false)
	e.by = append(e.by, nil)
	return id
}

// rulesOf returns the rules that give a fact, making them if need be.
func (e *engine) rulesOf(head factID) []ruleID {
	if !e.made[head] {
		e.made[head] = true
		e.make(head)
	}
	return e.by[head]
}

// put adds a rule. Of two techniques that give the same from the same, the one
// with fewer conditions is kept as the step, the other beside it.
func (e *engine) put(r rule) {
	// Sorted by what they are and not by number, so that nothing depends on the
	// order in which pipelines are looked at.
	slices.SortFunc(r.body, func(a, b factID) int { return e.facts[a].compare(e.facts[b]) })
	r.body = slices.Compact(r.body)
	if slices.Contains(r.body, r.head) {
		return
	}
	for _, i := range e.by[r.head] {
		have := e.rules[i]
		if !slices.Equal(have.body, r.body) {
			continue
		}
		if r.step.row == nil {
			return
		}
		if have.step.row == nil || len(r.step.ifs) < len(have.step.ifs) {
			have.step, r.step = r.step, have.step
		}
		if r.step.row != nil {
			have.also = append(have.also, r.step)
		}
		return
	}
	e.by[r.head] = append(e.by[r.head], ruleID(len(e.rules)))
	e.rules = append(e.rules, &r)
}

// holding is the body that a hit asks for: being the actor, or having
// CloudFormation act as it, and what must have been changed of it.
func (e *engine) holding(h hit, kind factKind) []factID {
	body := []factID{e.id(kind, h.actor, 0)}
	if h.mods.add {
		body = append(body, e.id(factAdded, h.actor, 0))
	}
	if h.mods.unbound {
		body = append(body, e.id(factUnbound, h.actor, 0))
	}
	for i := range 32 {
		if h.mods.drop&(1<<i) != 0 {
			body = append(body, e.id(factRemoved, h.actor, i))
		}
	}
	if h.mods.join != 0 {
		body = append(body, e.id(factJoined, h.actor, int(h.mods.join-1)))
	}
	return body
}

// apply adds a rule for every actor that has what a row needs on a subject.
func (e *engine) apply(head factID, t *Technique, f frame, at string, authored uint8, extra ...factID) {
	var service []string
	if t.Service != "" {
		ifs, ok := e.w.admits(f["role"], t.Service)
		if !ok {
			return
		}
		service = ifs
	}
	for n := range t.Needs {
		for _, h := range e.w.who(t.Needs[n], f) {
			if t.Gains == GainAdmin && !e.w.namesNew(h, t.Needs[n], f) {
				continue
			}
			s := step{row: t, needs: n, actor: h.actor, mods: h.mods, frame: f, at: at, authored: authored}
			s.ifs = append(append(s.ifs, h.ifs...), service...)
			if t.If != "" {
				s.ifs = append(s.ifs, f.say(t.If))
			}
			e.put(rule{head: head, body: append(e.holding(h, factIs), extra...), step: s})
			if t.Through && e.w.actors[h.actor].role != nil {
				if _, ok := e.w.admits(e.w.actors[h.actor].arn, "cloudformation.amazonaws.com"); ok {
					e.put(rule{head: head, body: append(e.holding(h, factThrough), extra...), step: s})
				}
			}
		}
	}
}

// follow adds a rule that nobody's permission stands behind.
func (e *engine) follow(head factID, t *Technique, f frame, at string, ifs []string, body ...factID) {
	s := step{row: t, actor: nobody, frame: f, at: at, ifs: ifs}
	if t.If != "" {
		s.ifs = append(slices.Clone(ifs), f.say(t.If))
	}
	e.put(rule{head: head, body: body, step: s})
}

// make makes the rules of a fact.
func (e *engine) make(head factID) {
	f := e.facts[head]
	a, b := int(f.a), int(f.b)
	switch f.kind {
	case factIs:
		e.makeIs(head, a)
	case factThrough:
		e.makeThrough(head, a)
	case factAdded, factRemoved, factUnbound, factJoined:
		e.makeChange(head, f)
	case factTemplate:
		e.makeTemplate(head, a)
	case factBranch:
		e.makeBranch(head, e.lines[a], b)
	case factControl:
		e.makeControl(head, e.lines[a], b)
	case factPassed:
		e.makePassed(head, e.lines[a], b)
	case factProd:
		e.makeProduction(head, e.lines[a])
	case factOpen, factVotes:
		// leaves
	}
}
