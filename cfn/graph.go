package cfn

import (
	"container/heap"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// Dependencies says which resources have to be there before which others.
type Dependencies struct {
	// Of lists for each resource that is made those that it needs, in source order.
	Of map[string][]string
	// Order is an order of deployment: what is needed comes first, and otherwise
	// the order of the source is kept. Resources of a cycle, and those that need
	// one, are not in it.
	Order []string
	// Cycles are the groups of resources that need each other, each in source order.
	Cycles [][]string
}

// Dependencies reads Ref, Fn::GetAtt, Fn::Sub and DependsOn. The values of
// conditions leave out the resources that are not made and the branches of
// Fn::If that are not taken; a condition without a value keeps both.
func (t *Template) Dependencies(conditions map[string]bool) *Dependencies {
	w := &dependencyWalk{t: t, conditions: conditions}
	d := &Dependencies{Of: map[string][]string{}}
	var made []string
	isMade := map[string]bool{}
	for i := range t.Resources {
		r := &t.Resources[i]
		if t.resource[r.LogicalID] != i {
			continue
		}
		if value, ok := conditions[r.Condition]; ok && !value {
			continue
		}
		made = append(made, r.LogicalID)
		isMade[r.LogicalID] = true
	}
	for _, id := range made {
		r := t.Resource(id)
		w.found = map[string]bool{}
		w.walk(r.Node)
		for _, on := range r.DependsOn {
			w.add(on)
		}
		needs := make([]string, 0, len(w.found))
		for on := range w.found {
			if isMade[on] {
				needs = append(needs, on)
			}
		}
		slices.SortFunc(needs, func(a, b string) int { return t.resource[a] - t.resource[b] })
		d.Of[id] = needs
	}
	d.sort(made)
	return d
}

type dependencyWalk struct {
	t          *Template
	conditions map[string]bool
	found      map[string]bool
}

func (w *dependencyWalk) add(name string) {
	if w.t.Resource(name) == nil {
		d := w.t.samRole(name)
		if d == nil {
			return
		}
		name = d.LogicalID
	}
	w.found[name] = true
}

func (w *dependencyWalk) walk(n *policy.Node) {
	for _, item := range n.Items {
		w.walk(item)
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		switch {
		case e.Key == "Ref" && e.Value.Kind == policy.String:
			w.add(e.Value.Text)
		case e.Key == "Fn::GetAtt":
			if id, _, ok := getAttArgs(e.Value); ok {
				w.add(id)
			}
			w.walk(e.Value)
		case e.Key == "Fn::Sub":
			w.sub(e.Value)
		case e.Key == "Fn::If" && e.Value.Kind == policy.List && len(e.Value.Items) == 3:
			value, known := w.conditions[e.Value.Items[0].Text]
			if value || !known {
				w.walk(e.Value.Items[1])
			}
			if !value || !known {
				w.walk(e.Value.Items[2])
			}
		default:
			w.walk(e.Value)
		}
	}
}

func (w *dependencyWalk) sub(arg *policy.Node) {
	text, variables, ok := subArgs(arg)
	if !ok {
		w.walk(arg)
		return
	}
	parts, _ := parseSub(text)
	for _, p := range parts {
		if p.variable && variables.Get(p.text) == nil {
			id, _, _ := strings.Cut(p.text, ".")
			w.add(id)
		}
	}
	if variables != nil {
		w.walk(variables)
	}
}

// sort fills in Order (Kahn's algorithm, the first in source order of those that
// are ready) and Cycles (Tarjan's).
func (d *Dependencies) sort(made []string) {
	at := make(map[string]int, len(made))
	for i, id := range made {
		at[id] = i
	}
	missing := make([]int, len(made))
	neededBy := make([][]int, len(made))
	var ready indexHeap
	for i, id := range made {
		missing[i] = len(d.Of[id])
		for _, on := range d.Of[id] {
			neededBy[at[on]] = append(neededBy[at[on]], i)
		}
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		i := heap.Pop(&ready).(int)
		d.Order = append(d.Order, made[i])
		for _, k := range neededBy[i] {
			if missing[k]--; missing[k] == 0 {
				heap.Push(&ready, k)
			}
		}
	}
	if len(d.Order) == len(made) {
		return
	}
	s := &sccSearch{d: d, made: made, at: at, index: make([]int, len(made)), low: make([]int, len(made)), onStack: make([]bool, len(made))}
	for i := range made {
		if s.index[i] == 0 {
			s.visit(i)
		}
	}
	slices.SortFunc(d.Cycles, func(a, b []string) int { return at[a[0]] - at[b[0]] })
}

// indexHeap is a heap of indices, the smallest on top.
type indexHeap []int

func (h indexHeap) Len() int           { return len(h) }
func (h indexHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h indexHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *indexHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *indexHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// sccSearch finds the groups of resources that need each other.
type sccSearch struct {
	d          *Dependencies
	made       []string
	at         map[string]int
	index, low []int // from 1; 0 is not visited
	next       int
	stack      []int
	onStack    []bool
}

func (s *sccSearch) visit(i int) {
	s.next++
	s.index[i], s.low[i] = s.next, s.next
	s.stack = append(s.stack, i)
	s.onStack[i] = true
	needsItself := false
	for _, on := range s.d.Of[s.made[i]] {
		k := s.at[on]
		needsItself = needsItself || k == i
		if s.index[k] == 0 {
			s.visit(k)
			s.low[i] = min(s.low[i], s.low[k])
		} else if s.onStack[k] {
			s.low[i] = min(s.low[i], s.index[k])
		}
	}
	if s.low[i] != s.index[i] {
		return
	}
	from := slices.Index(s.stack, i)
	group := slices.Clone(s.stack[from:])
	s.stack = s.stack[:from]
	for _, k := range group {
		s.onStack[k] = false
	}
	if len(group) == 1 && !needsItself {
		return
	}
	slices.Sort(group)
	ids := make([]string, len(group))
	for k, index := range group {
		ids[k] = s.made[index]
	}
	s.d.Cycles = append(s.d.Cycles, ids)
}
