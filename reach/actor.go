package reach

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// actor is a principal as the search sees it: a user, a role, or the
// administrator that somebody may make in an account.
type actor struct {
	arn     string
	account string
	user    *estate.User
	role    *estate.Role
	// admin: not in the estate; stands for whatever somebody makes who may give
	// out every permission of the account.
	admin bool
	// units are what makes up its identity policies, so that one can be taken off.
	units []unit
	base  iam.IndexedPrincipal
}

// unit is a part of an actor's identity policies that comes and goes as a whole:
// one policy of its own, or one group.
type unit struct {
	policies []estate.Policy
	group    *estate.Group // nil for a policy of its own
	denies   bool
}

// managed returns the ARN of the managed policy, for a unit that is one.
func (u *unit) managed() string {
	if u.group != nil {
		return ""
	}
	return u.policies[0].ARN
}

// mods are what has been changed of an actor. The zero value is the actor as the
// estate has it.
type mods struct {
	add     bool
	unbound bool
	drop    uint32 // bit i: unit i is gone
	join    int32  // index of a group of the world plus one; 0 for none
}

func (a *actor) boundary() *estate.Policy {
	switch {
	case a.user != nil:
		return a.user.Boundary
	case a.role != nil:
		return a.role.Boundary
	}
	return nil
}

// deniers returns the units that may deny, as a mask.
func (a *actor) deniers() (mask uint32) {
	for i := range a.units {
		if a.units[i].denies && i < 32 {
			mask |= 1 << i
		}
	}
	return mask
}

// editable reports whether IAM's own calls can change the actor.
func (a *actor) editable() bool {
	return a.user != nil || a.role != nil && !a.role.ServiceLinked && !a.role.Reserved && !a.role.Missing
}

// free reports whether giving the actor every permission makes it an
// administrator of its account: nothing of its own denies or bounds it.
func (a *actor) free() bool { return a.editable() && a.boundary() == nil && a.deniers() == 0 }

func denies(policies []estate.Policy) bool {
	for _, p := range policies {
		if p.Doc == nil {
			continue
		}
		for i := range p.Doc.Statements {
			if p.Doc.Statements[i].Effect != policy.EffectAllow {
				return true
			}
		}
	}
	return false
}

func unitsOf(policies []estate.Policy, groups []*estate.Group) []unit {
	var out []unit
	for i := range policies {
		out = append(out, unit{policies: policies[i : i+1 : i+1], denies: denies(policies[i : i+1])})
	}
	for _, g := range groups {
		out = append(out, unit{policies: g.Policies, group: g, denies: denies(g.Policies)})
	}
	return out
}

// everything is the policy that somebody who may write policies writes.
var everything = &policy.Document{
	Version: "2012-10-17",
	Statements: []policy.Statement{{
		Effect: policy.EffectAllow, HasResource: true,
		Actions: []policy.Text{{Value: "*"}}, Resources: []policy.Text{{Value: "*"}},
	}},
}

var everythingSet = iam.Compile("whatever they write", iam.SideIdentity, everything)

// changed returns the actor's policies with mods made to them.
func (w *world) changed(a *actor, m mods) iam.IndexedPrincipal {
	p := a.base
	if m.unbound {
		p.Boundary = nil
	}
	if !m.add && m.drop == 0 && m.join == 0 {
		return p
	}
	if m.add && (a.deniers()&^m.drop) == 0 {
		p.Identity = everythingSet
		return p
	}
	var docs []iam.NamedDoc
	for i := range a.units {
		if i < 32 && m.drop&(1<<i) != 0 {
			continue
		}
		docs = append(docs, named(a.units[i].policies)...)
	}
	if m.join != 0 {
		docs = append(docs, named(w.est.Groups[m.join-1].Policies)...)
	}
	if m.add {
		docs = append(docs, iam.NamedDoc{Name: "whatever they write", Doc: everything})
	}
	p.Identity = iam.NewSet(iam.SideIdentity, docs...)
	return p
}

// named readies policies for compiling, as the estate does for its own.
func named(policies []estate.Policy) []iam.NamedDoc {
	docs := make([]iam.NamedDoc, 0, len(policies))
	for _, p := range policies {
		d := iam.NamedDoc{Name: estate.Show(p.Name), Doc: p.Doc, Unknown: p.Unknown, Pos: p.Pos}
		if d.Name == "" {
			d.Name = estate.Show(p.ARN)
		}
		if d.Doc == nil && d.Unknown == "" {
			d.Unknown = "the document of policy " + d.Name + " is not in the estate"
		}
		docs = append(docs, d)
	}
	return docs
}

// sessionName returns the role name and session pattern of an assumed-role ARN.
func sessionName(arn string) (account, role, session string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "sts" {
		return "", "", "", false
	}
	rest, found := strings.CutPrefix(parts[5], "assumed-role/")
	if !found {
		return "", "", "", false
	}
	role, session, _ = strings.Cut(rest, "/")
	return parts[4], role, session, true
}
