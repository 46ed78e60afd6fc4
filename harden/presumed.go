package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
)

// presume finds, where no estate file says which template goes into which
// account, the roles that pipelines name by account and name and that one
// template alone makes by that name: the account in the reference is then another
// than the one that stands in for all of them, or is not known.
//
// What such a role may do inside its own account can be judged all the same. What
// depends on the account it is in cannot.
func (s *scan) presume() {
	if !slices.ContainsFunc(s.est.Accounts, func(a *estate.Account) bool { return a.StandIn }) {
		return
	}
	byName := map[string][]*estate.Role{}
	for _, r := range s.est.Roles {
		if !r.Missing && estate.Known(r.Name) {
			byName[r.Name] = append(byName[r.Name], r)
		}
	}
	add := func(ref estate.Text, u use) {
		if have := s.est.Role(ref); ref == "" || have != nil && !have.Missing {
			return
		}
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		if !strings.Contains(ref, ":role/") || !estate.Known(name) || len(byName[name]) != 1 {
			return
		}
		r := byName[name][0]
		s.presumed[r] = append(s.presumed[r], u)
	}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			add(a.RoleARN, use{p, actionRole, a})
			add(a.deployRole, use{p, deployRole, a})
		}
	}
}

// ownRoles is usedRoles for rules that look at nothing but a role's own policies
// and trust: roles known by their name alone are among them.
func (s *scan) ownRoles(kinds ...roleKind) []used {
	out := s.usedRoles(kinds...)
	for _, r := range s.est.Roles {
		var uses []use
		for _, u := range s.presumed[r] {
			if slices.Contains(kinds, u.kind) {
				uses = append(uses, u)
			}
		}
		if len(uses) == 0 || slices.ContainsFunc(out, func(u used) bool { return u.Role == r }) {
			continue
		}
		s.miss("the account of role "+estate.Show(r.Name), "it was taken by its name for the role that "+uses[0].act.where()+" names, since no estate file says which account its template goes into", r.Pos)
		out = append(out, used{r, uses})
	}
	return out
}
