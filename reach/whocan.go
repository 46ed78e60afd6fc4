package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

// Access is one principal that may do something, and who is behind it.
type Access struct {
	Principal string // ARN
	// Outcome is allow, or if.
	Outcome string
	If      []string
	Because []finding.Because
	// People are the names of those who are the principal without any technique;
	// for a role whose people the estate does not name, a phrase.
	People []string
}

// WhoCan lists the users and roles of an estate that may do an action on a
// resource as they are, in the order of the estate, and the people behind them.
// It follows no technique: a principal that somebody could become is listed only
// if it may do it itself.
func WhoCan(est *estate.Estate, action, resource string) []Access {
	e := newEngine(est)
	f := frame{"account": est.ResourceAccount(resource)}
	need := Permission{Action: action, On: strings.NewReplacer("{", "", "}", "").Replace(resource)}
	q, ok := e.w.question([]Permission{need}, f)
	if !ok {
		return nil
	}
	var out []Access
	var hits []hit
	for _, account := range e.w.every(f["account"]) {
		hits = e.w.ask(e.w.ownPool(account), q, f, hits)
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.actor, b.actor) })
	for _, h := range hits {
		a := &e.w.actors[h.actor]
		x := Access{Principal: a.arn, Outcome: iam.Allow.String(), If: h.ifs, People: e.behind(h.actor)}
		d := q.decide(&a.base)
		if d.Outcome == iam.If {
			x.Outcome = iam.If.String()
		}
		for _, r := range d.Reasons {
			if r.Effect == "Allow" {
				one := reason{Reason: r}
				if held := e.holdings(h.actor, mods{}, r.Pos.File); len(held) > 0 {
					one.at = held[0].pos
				}
				x.Because = append(x.Because, one.because())
			}
		}
		out = append(out, x)
	}
	return out
}

// behind names the people who are an actor before any technique.
func (e *engine) behind(actor int) []string {
	var out []string
	for _, i := range e.people.of[actor] {
		out = append(out, e.people.list[i].name)
	}
	for _, i := range e.openedBy[actor] {
		out = add(out, e.openings[i].who)
	}
	return out
}
