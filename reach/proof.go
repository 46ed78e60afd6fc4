package reach

import (
	"container/heap"
	"encoding/binary"
	"slices"
)

// proof is one way to a fact: the rules that it uses.
type proof struct {
	fact  int32
	rules []int32 // of the cone, ascending
	// deeds are what is done on somebody's permission, ascending: who does what
	// to what. Steps that follow by themselves are not among them.
	deeds []int32
	// conditional: some step depends on something the estate does not say.
	conditional bool
	steps       int
}

// doubt is how many steps longer a certain proof may be and still come before a
// conditional one.
const doubt = 3

func (a *proof) cost() int {
	if a.conditional {
		return a.steps + doubt
	}
	return a.steps
}

// before orders proofs: the cheapest first, and then by their rules, so that the
// order is the same in every run.
func (a *proof) before(b *proof) bool {
	if x, y := a.cost(), b.cost(); x != y {
		return x < y
	}
	if a.fact != b.fact {
		return a.fact < b.fact
	}
	return slices.Compare(a.rules, b.rules) < 0
}

type proofHeap []*proof

func (h proofHeap) Len() int           { return len(h) }
func (h proofHeap) Less(i, j int) bool { return h[i].before(h[j]) }
func (h proofHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *proofHeap) Push(x any)        { *h = append(*h, x.(*proof)) }
func (h *proofHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

const (
	// proofsPerFact is how many ways to one fact on the way are kept, the best
	// first; proofsPerChange how many to change what somebody may do, of which
	// there are often many that differ in nothing that matters.
	proofsPerFact   = 16
	proofsPerChange = 2
	// maxSteps ends the search of a way that nobody would read.
	maxSteps = 24
)

// proofs returns the minimal proofs of the goal from leaves, best first, at most
// limit. A proof is minimal where no other uses only some of its rules.
//
// Nor is a proof minimal that goes on after its deeds were enough: one whose
// deeds are those of another and more, or those of another without its last and
// more.
func (c *cone) proofs(leaves []int32, limit int, permitted func(*coneRule) bool) []*proof {
	accepted := make([][]*proof, len(c.facts))
	queue := &proofHeap{}
	seen := map[string]bool{}
	var enough []*proof
	pointless := func(p *proof) bool {
		return slices.ContainsFunc(enough, func(a *proof) bool {
			return (!a.conditional || p.conditional) && subset(a.deeds, p.deeds) && len(a.deeds) > 0
		})
	}
	for _, f := range leaves {
		accepted[f] = []*proof{{fact: f}}
	}
	full := func(f int32) bool {
		switch {
		case f == c.goal:
			return len(accepted[f]) >= limit
		case c.isChange(f):
			return len(accepted[f]) >= proofsPerChange
		}
		return len(accepted[f]) >= proofsPerFact
	}
	push := func(p *proof) {
		if p.steps > maxSteps || full(p.fact) {
			return
		}
		k := p.key()
		if !seen[k] {
			seen[k] = true
			heap.Push(queue, p)
		}
	}
	use := func(r int32, with *proof) {
		cr := &c.rules[r]
		if permitted != nil && !permitted(cr) || full(cr.head) || len(accepted[cr.head]) > 0 && accepted[cr.head][0].rules == nil {
			return
		}
		c.combine(cr, r, with, accepted, push)
	}
	for r := range c.rules {
		ready := true
		for _, b := range c.rules[r].body {
			ready = ready && len(accepted[b]) > 0
		}
		if ready {
			use(int32(r), nil)
		}
	}
	for queue.Len() > 0 && !full(c.goal) {
		p := heap.Pop(queue).(*proof)
		if pointless(p) || full(p.fact) {
			continue
		}
		if slices.ContainsFunc(accepted[p.fact], func(q *proof) bool { return subset(q.rules, p.rules) }) {
			continue
		}
		accepted[p.fact] = append(accepted[p.fact], p)
		if p.fact == c.goal {
			enough = append(enough, p, c.withoutLast(p))
		}
		for _, r := range c.uses[p.fact] {
			use(r, p)
		}
	}
	return accepted[c.goal]
}

// isChange reports whether a fact is a change of what somebody may do.
func (c *cone) isChange(f int32) bool {
	switch x := c.e.facts[c.facts[f]]; x.kind {
	case factAdded, factRemoved, factUnbound, factJoined:
		return true
	case factIs:
		return c.e.w.actors[x.a].admin
	}
	return false
}

// combine pushes the proofs that a rule gives from what is accepted of its body;
// with, where it is not nil, is the one just accepted, which must take part.
func (c *cone) combine(cr *coneRule, r int32, with *proof, accepted [][]*proof, push func(*proof)) {
	s := &c.e.rules[cr.id].step
	start := &proof{fact: cr.head, rules: []int32{r}}
	if s.row != nil {
		start.steps = 1
		start.conditional = len(s.ifs) > 0
	}
	if d := c.deedOf[r]; d >= 0 {
		start.deeds = []int32{d}
	}
	var extend func(p *proof, body []int32)
	extend = func(p *proof, body []int32) {
		if len(body) == 0 {
			push(p)
			return
		}
		options := accepted[body[0]]
		if with != nil && body[0] == with.fact {
			options = []*proof{with}
		}
		for _, o := range options {
			q := c.union(p, o)
			if c.circular(q, cr.head, r) {
				continue
			}
			extend(q, body[1:])
		}
	}
	extend(start, cr.body)
}

// circular reports whether a proof of head uses another rule for head: it would
// prove head by way of head.
func (c *cone) circular(p *proof, head, r int32) bool {
	for _, x := range p.rules {
		if x != r && c.rules[x].head == head {
			return true
		}
	}
	return false
}

// union is a proof that uses the rules of both.
func (c *cone) union(a, b *proof) *proof {
	u := &proof{fact: a.fact, conditional: a.conditional || b.conditional}
	u.rules, u.deeds = merge(a.rules, b.rules), merge(a.deeds, b.deeds)
	for _, r := range u.rules {
		if c.e.rules[c.rules[r].id].step.row != nil {
			u.steps++
		}
	}
	return u
}

// merge joins two ascending lists.
func merge(a, b []int32) []int32 {
	out := make([]int32, 0, len(a)+len(b))
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && a[i] < b[j]:
			out = append(out, a[i])
			i++
		case i == len(a) || b[j] < a[i]:
			out = append(out, b[j])
			j++
		default:
			out = append(out, a[i])
			i++
			j++
		}
	}
	return out
}

// withoutLast is a proof of the goal before its last rule, as far as deeds go.
func (c *cone) withoutLast(p *proof) *proof {
	out := &proof{conditional: p.conditional}
	for _, r := range p.rules {
		if c.rules[r].head != c.goal {
			if d := c.deedOf[r]; d >= 0 {
				out.deeds = merge(out.deeds, []int32{d})
			}
		}
	}
	return out
}

// deed returns a number for who does what to what in a rule, the same for the
// same deed; -1 for a rule on nobody's permission.
func (c *cone) deed(id ruleID) int32 {
	s := &c.e.rules[id].step
	var d deedKey
	switch {
	case s.row == nil:
		return -1
	case s.actor != nobody && len(s.row.Needs) > 0:
		n := s.row.Needs[s.needs]
		main := n[0]
		if main.Action == "iam:PassRole" && len(n) > 1 {
			main = n[1]
		}
		resource, _ := s.frame.expand(main.On)
		d = deedKey{s.actor, main.Action, resource + s.frame["role"]}
		if s.row.Subject != OnRole {
			d.resource = resource
		}
	case len(c.e.rules[id].body) == 1 && c.e.facts[c.e.rules[id].body[0]].kind == factOpen:
		d = deedKey{nobody, "", itoa(int(c.e.facts[c.e.rules[id].body[0]].a))}
	default:
		return -1
	}
	if c.deeds == nil {
		c.deeds = map[deedKey]int32{}
	}
	n, ok := c.deeds[d]
	if !ok {
		n = int32(len(c.deeds))
		c.deeds[d] = n
	}
	return n
}

type deedKey struct {
	actor            int
	action, resource string
}

func (p *proof) key() string {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+4*len(p.rules)), uint32(p.fact))
	for _, r := range p.rules {
		b = binary.LittleEndian.AppendUint32(b, uint32(r))
	}
	return string(b)
}

// subset reports whether every element of a, ascending, is in b.
func subset(a, b []int32) bool {
	if len(a) > len(b) {
		return false
	}
	j := 0
	for _, x := range a {
		for j < len(b) && b[j] < x {
			j++
		}
		if j == len(b) || b[j] != x {
			return false
		}
	}
	return true
}
