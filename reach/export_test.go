package reach

import (
	"slices"

	"github.com/twokey/twokey/estate"
)

// Instance is one use of a technique that the search found, for tests.
type Instance struct {
	Actor string
	If    []string
}

// Instances returns the uses of a technique on the way to any pipeline's
// production, by principals of which nothing was changed before.
func Instances(est *estate.Estate, id string) []Instance {
	e := newEngine(est)
	var out []Instance
	for _, l := range e.lines {
		c := e.newCone(l)
		for i := range c.rules {
			r := e.rules[c.rules[i].id]
			for _, s := range append([]step{r.step}, r.also...) {
				if s.row == nil || s.row.ID != id || s.mods != (mods{}) {
					continue
				}
				x := Instance{If: s.ifs}
				if s.actor != nobody {
					x.Actor = e.w.actors[s.actor].arn
				}
				out = append(out, x)
			}
		}
	}
	return out
}

// Place is a statement by where it stands.
type Place struct {
	File string
	Line int
}

// Cuts returns, for each way of a pipeline, the statements that its mend takes
// away; none for a mend that is no change of a statement.
func Cuts(est *estate.Estate, pipeline int) (fingerprints []string, cuts [][]Place) {
	e := newEngine(est)
	l := e.lines[pipeline]
	v := e.search(e.people, l)
	for _, f := range v.coalitions {
		for _, p := range v.cone.proofsOf(e.people, f, defaultWays) {
			w := v.cone.who(p, f)
			if w == nil {
				continue
			}
			var best *mending
			for _, r := range p.rules {
				if m := e.mendingOf(v.cone, v.cone.rules[r].id); m != nil && (best == nil || m.rank > best.rank) {
					best = m
				}
			}
			var places []Place
			if best != nil {
				for _, cut := range best.cuts {
					for _, r := range cut {
						places = append(places, Place{r.Pos.File, r.Pos.Line})
					}
				}
			}
			fingerprints = append(fingerprints, v.cone.word(w).Fingerprint)
			cuts = append(cuts, places)
		}
	}
	return fingerprints, cuts
}

// NeedsOf returns the lists of actions that a row needs, those that only ease it
// left out.
func NeedsOf(t Technique) (out [][]string) {
	for _, needs := range t.Needs {
		var actions []string
		for _, n := range needs {
			if !n.Eases && !slices.Contains(actions, n.Action) {
				actions = append(actions, n.Action)
			}
		}
		out = append(out, actions)
	}
	return out
}
