package cli

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
)

// resolvePrincipal finds the principal that somebody names: an ARN, a service,
// "*", or the name of a user or role of the estate, as far as it is unique. A
// user or role that the estate does not have is an error, because nothing would
// be known of it.
func resolvePrincipal(e *estate.Estate, name string) (string, error) {
	p, err := iam.ParsePrincipal(name)
	switch {
	case err != nil && strings.HasPrefix(name, "arn:"):
		return "", failf("", "%q is not the ARN of a principal: %w", name, err)
	case err != nil:
		return namedPrincipal(e, name)
	}
	switch p.Kind {
	case iam.UserPrincipal:
		if e.User(name) == nil {
			return "", noSuchPrincipal(e, name, p.Name)
		}
	case iam.RolePrincipal, iam.SessionPrincipal:
		if e.Role(name) == nil {
			return "", noSuchPrincipal(e, name, p.Name)
		}
	case iam.RootPrincipal:
		return p.ARN, nil
	}
	return name, nil
}

// namedPrincipal finds a user or role by a part of its short name: the last
// parts of ACCOUNT/user|role/PATH/NAME, of which all but the name may be left out.
func namedPrincipal(e *estate.Estate, name string) (string, error) {
	var arns, names []string
	for _, c := range principals(e) {
		if c.answersTo(name) && !slices.Contains(arns, c.arn) {
			arns = append(arns, c.arn)
			names = append(names, c.short())
		}
	}
	switch len(arns) {
	case 0:
		return "", noSuchPrincipal(e, name, name)
	case 1:
		return arns[0], nil
	}
	if !slices.ContainsFunc(names, func(s string) bool { return s != names[0] }) {
		names = arns
	}
	return "", failf("name one of: "+strings.Join(names, ", "), "%q names %d principals", name, len(arns))
}

func noSuchPrincipal(e *estate.Estate, given, name string) error {
	if person := e.Person(given); person != nil && len(person.Identities) > 0 {
		return failf("name one of the identities: "+strings.Join(person.Identities, ", "), "%q is a person, not a principal", given)
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	short := map[string][]string{}
	var known []string
	for _, c := range principals(e) {
		if short[c.name] == nil {
			known = append(known, c.name)
		}
		if !slices.Contains(short[c.name], c.short()) {
			short[c.name] = append(short[c.name], c.short())
		}
	}
	var near []string
	for _, n := range nearest(name, known, 3) {
		near = append(near, short[n]...)
	}
	if len(near) == 0 {
		return failf("`twokey estate PATH` lists the principals", "the estate has no principal %q", given)
	}
	return failf("did you mean "+strings.Join(near, " or ")+"?", "the estate has no principal %q", given)
}

// principal is a user or role under the names it answers to.
type principal struct {
	arn, kind, name string
	account         []string // its id, and its name where it has one; the last is shown
}

func principals(e *estate.Estate) []principal {
	var out []principal
	add := func(kind string, name estate.Text, m *estate.Meta) {
		if !estate.Known(name) || !estate.Known(m.ARN) {
			return
		}
		c := principal{arn: m.ARN, kind: kind, name: name, account: []string{m.Account}}
		if a := e.Account(m.Account); a != nil && a.Name != "" {
			c.account = append(c.account, a.Name)
		}
		out = append(out, c)
	}
	for _, u := range e.Users {
		add("user", u.Name, &u.Meta)
	}
	for _, r := range e.Roles {
		add("role", r.Name, &r.Meta)
	}
	return out
}

// short is the name in the form that is unique in an estate, but for two users
// or roles of one name under different paths, which IAM does not allow.
func (p principal) short() string {
	return p.account[len(p.account)-1] + "/" + p.kind + "/" + p.name
}

func (p principal) answersTo(s string) bool {
	if s == p.name || s == p.kind+"/"+p.name {
		return true
	}
	// The ARN holds the path: "arn:aws:iam::ACCOUNT:role/PATH/NAME".
	full := p.arn[strings.LastIndexByte(p.arn, ':')+1:]
	for _, a := range p.account {
		if s == a+"/"+p.name || s == a+"/"+p.kind+"/"+p.name || s == a+"/"+full {
			return true
		}
	}
	return s == full
}
