package estate

import "github.com/twokey/twokey/iam/policy"

// joinMemberships puts users into groups.
func (b *Builder) joinMemberships() {
	for _, m := range b.memberships {
		group := b.groups[within(m.account, m.group)]
		if group == nil {
			b.Unknown(Unknown{
				What: "group " + Show(m.group) + ", to which " + m.title + " adds",
				Why:  "nothing in the estate defines it", Pos: m.pos,
			})
			for _, name := range m.users {
				for _, u := range b.matchUsers(m.account, name) {
					u.Policies = append(u.Policies, Policy{
						Name: "group " + Show(m.group), Pos: m.pos, Unknown: "nothing in the estate defines group " + Show(m.group),
					})
				}
			}
			continue
		}
		for _, name := range m.users {
			users := b.matchUsers(m.account, name)
			if len(users) == 0 {
				b.Unknown(Unknown{
					What: "user " + Show(name) + ", whom " + m.title + " adds to group " + Show(group.Name),
					Why:  "nothing in the estate defines it", Pos: m.pos,
				})
			}
			for _, u := range users {
				u.Groups = append(u.Groups, group.ARN)
			}
		}
	}
	for _, d := range b.accessKeys {
		for _, u := range b.matchUsers(d.Account, d.text("UserName")) {
			u.AccessKeys++
		}
	}
}

// The match functions return the principals of an account that a name names or,
// where the name or theirs is not wholly known, may name.

func (b *Builder) matchUsers(account string, name Text) []*User {
	return match(b.users[within(account, name)], b.e.Users, b.vagueUsers, account, name, func(u *User) Text { return u.Name })
}

func (b *Builder) matchGroups(account string, name Text) []*Group {
	return match(b.groups[within(account, name)], b.e.Groups, b.vagueGroups, account, name, func(g *Group) Text { return g.Name })
}

func (b *Builder) matchRoles(account string, name Text) []*Role {
	return match(b.roles[within(account, name)], b.e.Roles, b.vagueRoles, account, name, func(r *Role) Text { return r.Name })
}

// match returns exact where there is one. Otherwise it looks for what may be
// meant: by a known name only those whose own name is not known.
func match[T any, R interface {
	*T
	Resource
}](exact R, all, vague []R, account string, name Text, nameOf func(R) Text) []R {
	if exact != nil {
		return []R{exact}
	}
	if Known(name) {
		all = vague
	}
	var out []R
	for _, r := range all {
		if r.Base().Account == account && mayEqual(nameOf(r), name) {
			out = append(out, r)
		}
	}
	return out
}

// noteVague collects what has a name that is not wholly known.
func (b *Builder) noteVague() {
	b.vagueUsers = vagueOf(b.e.Users, func(u *User) Text { return u.Name })
	b.vagueGroups = vagueOf(b.e.Groups, func(g *Group) Text { return g.Name })
	b.vagueRoles = vagueOf(b.e.Roles, func(r *Role) Text { return r.Name })
}

func vagueOf[R any](list []R, nameOf func(R) Text) []R {
	var out []R
	for _, r := range list {
		if !Known(nameOf(r)) {
			out = append(out, r)
		}
	}
	return out
}

// joinAttachments attaches policies that name their principals, and fills in the
// managed policies that principals name.
func (b *Builder) joinAttachments() {
	for _, u := range b.e.Users {
		b.fillManaged(u.Policies, u.ARN)
		b.fillBoundary(u.Boundary, u.ARN)
	}
	for _, g := range b.e.Groups {
		b.fillManaged(g.Policies, g.ARN)
	}
	for _, r := range b.e.Roles {
		b.fillManaged(r.Policies, r.ARN)
		b.fillBoundary(r.Boundary, r.ARN)
	}
	for _, s := range b.e.PermissionSets {
		b.fillBoundary(s.Boundary, s.ARN)
	}
	for i := range b.attachments {
		b.attach(&b.attachments[i])
	}
}

func (b *Builder) fillManaged(policies []Policy, principal string) {
	for i := range policies {
		b.fill(&policies[i], principal, true)
	}
}

func (b *Builder) fillBoundary(p *Policy, principal string) {
	if p != nil {
		b.fill(p, principal, false)
	}
}

// fill gives p, which names a managed policy by ARN, the policy's document.
func (b *Builder) fill(p *Policy, principal string, attached bool) {
	if p.ARN == "" || p.Doc != nil || p.Unknown != "" {
		return
	}
	m := b.managed[p.ARN]
	if m == nil {
		p.Unknown = "nothing in the estate defines " + Show(p.ARN)
		b.Unknown(Unknown{What: "managed policy " + Show(p.ARN), Why: "nothing in the estate defines it", Pos: p.Pos})
		return
	}
	p.Name, p.Doc, p.Unknown = m.Name, m.Doc, m.Unknown
	if attached {
		m.AttachedTo = append(m.AttachedTo, principal)
	}
}

// attach gives a policy to the principals that it names.
func (b *Builder) attach(a *attachment) {
	found := false
	each := func(kind string, n *policy.Node, give func(name Text) int) {
		for _, item := range n.Elements() {
			name := lastSegment(textOf(item))
			found = true
			if got := give(name); got != 0 && Known(name) {
				continue
			}
			why := "nothing in the estate defines that " + kind
			if !Known(name) {
				why = reasonOf(item)
			}
			b.Unknown(Unknown{
				What: kind + " " + Show(name) + ", to which policy " + Show(a.policy.Name) + " is attached",
				Why:  why, Pos: posOf(item, a.d.Pos),
			})
		}
	}
	each("role", firstNode(a.d.get("Roles"), a.d.get("RoleName")), func(name Text) int {
		roles := b.matchRoles(a.d.Account, name)
		for _, r := range roles {
			r.Policies = append(r.Policies, a.given(r.ARN, name, r.Name))
		}
		return len(roles)
	})
	each("user", firstNode(a.d.get("Users"), a.d.get("UserName")), func(name Text) int {
		users := b.matchUsers(a.d.Account, name)
		for _, u := range users {
			u.Policies = append(u.Policies, a.given(u.ARN, name, u.Name))
		}
		return len(users)
	})
	each("group", firstNode(a.d.get("Groups"), a.d.get("GroupName")), func(name Text) int {
		groups := b.matchGroups(a.d.Account, name)
		for _, g := range groups {
			g.Policies = append(g.Policies, a.given(g.ARN, name, g.Name))
		}
		return len(groups)
	})
	if !found && a.managed == nil {
		b.Problem(Problem{Message: "policy " + Show(a.policy.Name) + " is attached to nothing", Pos: a.d.Pos})
	}
}

// given returns the policy as it is attached to the principal called have, for
// an attachment that says name.
func (a *attachment) given(principal string, name, have Text) Policy {
	p := a.policy
	if a.managed != nil {
		p.Doc, p.Unknown = a.managed.Doc, a.managed.Unknown
		a.managed.AttachedTo = append(a.managed.AttachedTo, principal)
	}
	if name != have {
		p.Doc = uncertain(p.Doc, "whether the policy is attached here is not known: the name "+Show(name)+" could not be resolved")
	}
	return p
}
