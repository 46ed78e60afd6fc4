package estate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// readMentions lists principals and accounts that policies name and nothing in
// the estate defines.
func (b *Builder) readMentions() {
	m := mentions{b: b, seen: map[string]bool{}, accounts: map[string]bool{}}
	for _, a := range b.e.Accounts {
		m.accounts[a.ID] = true
	}
	for _, r := range b.e.Roles {
		m.account(r.Account, r.Pos)
		m.document(r.Trust, "the trust policy of role "+Show(r.Name))
		m.policies(r.Policies)
		m.optional(r.Boundary)
	}
	for _, u := range b.e.Users {
		m.account(u.Account, u.Pos)
		m.policies(u.Policies)
		m.optional(u.Boundary)
	}
	for _, g := range b.e.Groups {
		m.policies(g.Policies)
	}
	for _, s := range b.e.Buckets {
		m.optional(s.Policy)
	}
	for _, k := range b.e.Keys {
		m.account(k.Account, k.Pos)
		m.optional(k.Policy)
	}
	for _, t := range b.e.Topics {
		m.optional(t.Policy)
	}
	for _, q := range b.e.Queues {
		m.optional(q.Policy)
	}
	for _, f := range b.e.Functions {
		m.optional(f.Policy)
	}
	for _, s := range b.e.Stacks {
		m.account(s.Account, s.Pos)
	}
	types := make([]string, 0, len(b.e.Others))
	for t := range b.e.Others {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		for _, s := range b.e.Others[t] {
			m.optional(s.Policy)
		}
	}
}

type mentions struct {
	b        *Builder
	seen     map[string]bool
	accounts map[string]bool
	docs     map[*policy.Document]bool
}

func (m *mentions) policies(list []Policy) {
	for i := range list {
		m.optional(&list[i])
	}
}

func (m *mentions) optional(p *Policy) {
	if p != nil && !isAWSManaged(p.ARN) {
		m.document(p.Doc, "policy "+Show(p.Name))
	}
}

func (m *mentions) document(doc *policy.Document, where string) {
	if doc == nil || m.docs[doc] {
		return
	}
	if m.docs == nil {
		m.docs = map[*policy.Document]bool{}
	}
	m.docs[doc] = true
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Principals != nil {
			for _, p := range s.Principals.List {
				if p.Type == "AWS" {
					m.principal(p, where)
				}
			}
		}
		for _, r := range s.Resources {
			m.b.countDigits(r.Value, r.Pos)
			m.b.wantARN(r.Value, r.Pos)
			m.account(AccountOf(r.Value), r.Pos)
		}
	}
}

// principal notes a user or role that a policy names and nothing defines.
func (m *mentions) principal(p policy.Principal, where string) {
	m.b.countDigits(p.Value, p.Pos)
	if arn.IsAccountID(p.Value) {
		m.account(p.Value, p.Pos)
		return
	}
	f, ok := splitARN(p.Value)
	if !ok || !Known(p.Value) {
		return
	}
	m.account(f[4], p.Pos)
	kind, name, _ := strings.Cut(f[5], "/")
	defined := false
	switch {
	case f[2] == "iam" && kind == "role":
		defined = m.b.roles[within(f[4], lastSegment(name))] != nil
	case f[2] == "iam" && kind == "user":
		defined = m.b.users[within(f[4], lastSegment(name))] != nil
	case f[2] == "sts" && kind == "assumed-role":
		kind = "role"
		name, _, _ = strings.Cut(name, "/")
		defined = m.b.roles[within(f[4], name)] != nil
	default:
		return
	}
	if defined || m.seen[p.Value] {
		return
	}
	m.seen[p.Value] = true
	m.b.Unknown(Unknown{
		What: kind + " " + p.Value, Why: "it is named in " + where + ", but nothing in the estate defines it", Pos: p.Pos,
	})
}

// account notes an account that is only named.
func (m *mentions) account(id string, pos policy.Pos) {
	if !arn.IsAccountID(id) || m.accounts[id] {
		return
	}
	m.accounts[id] = true
	m.b.Account(Account{ID: id, Foreign: true, Pos: pos})
}

// wantARN reports a resource of a policy that is neither an ARN nor a pattern that
// ARNs match, such as the name of a bucket: AWS refuses such a policy.
func (b *Builder) wantARN(text Text, pos policy.Pos) {
	if text == "" || !Known(text) || strings.HasPrefix(text, "arn:") || strings.ContainsAny(text[:min(4, len(text))], "*?$") {
		return
	}
	b.Problem(Problem{
		Message: "resource " + text + " is not an ARN, and AWS refuses a policy with it",
		Hint:    "the Arn attribute of the resource gives its ARN; Ref gives its name", Pos: pos,
	})
}

// countDigits reports an account id, alone or in an ARN, that is a number of
// another length than AWS gives out: what it stands in reaches nobody.
func (b *Builder) countDigits(text Text, pos policy.Pos) {
	id := text
	if f, ok := splitARN(text); ok {
		id = f[4]
	}
	if id == "" || len(id) == 12 || strings.Trim(id, "0123456789") != "" {
		return
	}
	b.Problem(Problem{
		Message: fmt.Sprintf("account id %s has %s, and an account id has 12", id, digits(len(id))),
		Hint:    "count the digits; a leading 0 is lost where the id is not quoted", Pos: pos,
	})
}

func digits(n int) string {
	if n == 1 {
		return "1 digit"
	}
	return fmt.Sprintf("%d digits", n)
}
