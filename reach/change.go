package reach

import (
	"slices"

	"github.com/twokey/twokey/estate"
)

// makeChange makes the ways to change what an actor may do.
func (e *engine) makeChange(head factID, f fact) {
	i := int(f.a)
	a := &e.w.actors[i]
	if !a.editable() {
		return
	}
	on := e.principalFrame(i)
	switch f.kind {
	case factAdded:
		e.changeWith(head, i, on, GainAdd)
		for _, p := range a.policies() {
			if m := p.ARN; m != "" && estate.AccountOf(m) == a.account {
				for t := range rowsOn(OnPolicy, GainAdd) {
					e.apply(head, t, on.with("policy", m), "", 0)
				}
			}
		}
		e.ofGroups(head, a, on, GainAdd, nil)
	case factUnbound:
		e.changeWith(head, i, on, GainUnbound)
		if b := a.boundary(); b != nil && estate.AccountOf(b.ARN) == a.account {
			e.apply(head, row("E2-rewrite-boundary"), on.with("policy", b.ARN), "", 0)
		}
	case factRemoved:
		u := &a.units[f.b]
		switch {
		case u.group != nil:
			e.ofGroups(head, a, on, GainUndeny, u.group)
		default:
			e.changeWith(head, i, on, GainUndeny)
			if m := u.managed(); m != "" && estate.AccountOf(m) == a.account {
				e.apply(head, row("E2-rewrite"), on.with("policy", m), "", 0)
			}
		}
	case factJoined:
		g := e.est.Groups[f.b]
		e.apply(head, row("iam-013"), on.with("group", g.ARN), "", 0)
	}
}

// changeWith applies the rows with a gain that are about the actor itself.
func (e *engine) changeWith(head factID, i int, on frame, g Gain) {
	subject := OnRole
	if e.w.actors[i].user != nil {
		subject = OnUser
	}
	for t := range rowsOn(subject, g) {
		e.apply(head, t, on, "", 0)
	}
}

// ofGroups applies the rows about groups that the user is in, or about only.
func (e *engine) ofGroups(head factID, a *actor, on frame, g Gain, only *estate.Group) {
	if a.user == nil {
		return
	}
	for _, arn := range a.user.Groups {
		if only != nil && only.ARN != arn {
			continue
		}
		for t := range rowsOn(OnMember, g) {
			e.apply(head, t, on.with("group", arn), "", 0)
		}
	}
}

// policies returns the actor's managed policies, its groups' included.
func (a *actor) policies() []estate.Policy {
	var out []estate.Policy
	for i := range a.units {
		for _, p := range a.units[i].policies {
			if p.ARN != "" && !slices.ContainsFunc(out, func(q estate.Policy) bool { return q.ARN == p.ARN }) {
				out = append(out, p)
			}
		}
	}
	return out
}
