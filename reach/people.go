package reach

import (
	"slices"
	"sort"
	"strings"

	"github.com/twokey/twokey/estate"
)

// person is one human who counts, with the actors that they are before they do
// anything.
type person struct {
	name   string
	entry  []int
	groups []string
	// listed: in people: of the estate file. Where that has anybody, only those
	// listed may vote at a gate that Twokey governs.
	listed bool
}

// people is everybody who counts.
type people struct {
	list       []person
	breakGlass []string // principals left out of the count
	listed     bool
	of         map[int][]int // by actor, who is it
}

// findPeople finds who counts: people of the estate file, people of Identity
// Center, and one for each IAM user that is nobody's.
func (e *engine) findPeople() *people {
	p := &people{listed: len(e.est.People) > 0, of: map[int][]int{}}
	taken := map[int]bool{}
	enter := func(q *person, i int) {
		taken[i] = true
		if !e.glass(i) && !slices.Contains(q.entry, i) {
			q.entry = append(q.entry, i)
		}
	}
	for _, x := range e.est.People {
		q := person{name: x.Name, groups: x.Groups, listed: true}
		for _, identity := range x.Identities {
			for _, i := range e.matching(identity) {
				enter(&q, i)
			}
		}
		p.list = append(p.list, q)
	}
	e.findAssigned(p, taken, enter)
	for i := range e.w.actors {
		a := &e.w.actors[i]
		if a.admin {
			continue
		}
		if e.glass(i) {
			p.breakGlass = append(p.breakGlass, a.arn)
			continue
		}
		if a.user != nil && !taken[i] {
			p.list = append(p.list, person{name: e.userName(a), entry: []int{i}})
			taken[i] = true
		}
	}
	sort.Strings(p.breakGlass)
	for i := range p.list {
		for _, x := range p.list[i].entry {
			e.entered[x] = true
			p.of[x] = append(p.of[x], i)
		}
	}
	e.findEnterable(taken)
	return p
}

// userName names the person of an IAM user: the user's name, with the account
// where another account has a user of that name.
func (e *engine) userName(a *actor) string {
	for _, u := range e.est.Users {
		if u.Name == a.user.Name && u.Account != a.account {
			return a.user.Name + " of account " + e.accountName(a.account)
		}
	}
	return a.user.Name
}

func (e *engine) accountName(id string) string {
	if a := e.est.Account(id); a != nil && a.Name != "" {
		return a.Name + " (" + id + ")"
	}
	return id
}

// matching returns the actors that an identity of a person names: the ARN of a
// user or role, or of a role session whose name may hold *.
func (e *engine) matching(identity string) []int {
	if !strings.HasPrefix(identity, "arn:") {
		return nil
	}
	if account, role, _, ok := sessionName(identity); ok {
		var out []int
		for _, i := range e.w.members[account] {
			if r := e.w.actors[i].role; r != nil && glob(role, r.Name) {
				out = append(out, i)
			}
		}
		return out
	}
	if i := e.w.actor(identity); i != nobody {
		return []int{i}
	}
	if u := e.est.User(identity); u != nil {
		if i := e.w.actor(u.ARN); i != nobody {
			return []int{i}
		}
	}
	if !strings.ContainsAny(identity, "*?") {
		return nil
	}
	var out []int
	for i := range e.w.actors {
		if !e.w.actors[i].admin && glob(identity, e.w.actors[i].arn) {
			out = append(out, i)
		}
	}
	return out
}

// glass reports whether an actor is left out of the count.
func (e *engine) glass(i int) bool {
	for _, pattern := range e.est.BreakGlass {
		if glob(pattern, e.w.actors[i].arn) {
			return true
		}
		if account, role, _, ok := sessionName(pattern); ok {
			if a := &e.w.actors[i]; a.role != nil && glob(account, a.account) && glob(role, a.role.Name) {
				return true
			}
		}
	}
	return false
}

// findAssigned adds the people of Identity Center: one for each user that has an
// assignment, its own or that of a group whose members the estate shows.
func (e *engine) findAssigned(p *people, taken map[int]bool, enter func(*person, int)) {
	byID := map[string]int{}
	listed := map[int]bool{}
	for i := range taken {
		listed[i] = true
	}
	members := e.groupMembers()
	for _, a := range e.est.Assignments {
		i := e.w.actor(a.Role)
		if i == nobody || !estate.Known(a.PrincipalID) {
			continue
		}
		users := []string{a.PrincipalID}
		if !strings.EqualFold(a.PrincipalType, "USER") {
			users = members[a.PrincipalID]
		}
		if listed[i] {
			continue // the estate file says who enters the role
		}
		for _, id := range users {
			n, ok := byID[id]
			if !ok {
				n = len(p.list)
				byID[id] = n
				p.list = append(p.list, person{name: "Identity Center user " + id})
			}
			enter(&p.list[n], i)
		}
	}
}

// groupMembers returns the users of the groups of Identity Center, by id, as far
// as the estate shows them.
func (e *engine) groupMembers() map[string][]string {
	out := map[string][]string{}
	for _, m := range e.est.Others["AWS::IdentityStore::GroupMembership"] {
		group, _ := m.Props.Get("GroupId").Scalar()
		user, _ := m.Props.Path("MemberId", "UserId").Scalar()
		if group != "" && user != "" && estate.Known(group) && estate.Known(user) {
			out[group] = add(out[group], user)
		}
	}
	return out
}
