package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// principal is a user or role of the estate.
type principal struct {
	arn  string
	user *estate.User
	role *estate.Role
	// human: people act as it. A role is one where people sign in to it or its
	// trust names users or an account, and no pipeline runs as it.
	human bool
	// services that may assume the role.
	services []string
}

func (p *principal) name() string {
	if p.user != nil {
		return "user " + estate.Show(p.user.Name)
	}
	return "role " + estate.Show(p.role.Name)
}

func (p *principal) pos() policy.Pos {
	if p.user != nil {
		return p.user.Pos
	}
	return p.role.Pos
}

func (p *principal) meta() *estate.Meta {
	if p.user != nil {
		return &p.user.Meta
	}
	return &p.role.Meta
}

// readPrincipals lists the users and roles that the estate defines, but for
// those that break glass and those that AWS services keep for themselves.
func (s *scan) readPrincipals() {
	for _, u := range s.est.Users {
		if !s.breakGlass(u.ARN) {
			s.principals = append(s.principals, &principal{arn: u.ARN, user: u, human: true})
		}
	}
	for _, r := range s.est.Roles {
		if r.Missing || r.ServiceLinked || s.breakGlass(r.ARN) {
			continue
		}
		p := &principal{arn: r.ARN, role: r}
		people := r.Reserved
		for _, e := range entries(r) {
			switch e.kind {
			case entryService:
				p.services = append(p.services, e.value)
			case entrySAML, entryUser, entryAccount, entryAnyone:
				people = true
			}
		}
		p.human = people && len(s.roleUses[r]) == 0
		s.principals = append(s.principals, p)
	}
	kept := s.principals[:0]
	indexed := map[string][]iam.IndexedPrincipal{}
	for _, p := range s.principals {
		ip, err := s.est.Principal(p.arn)
		if err != nil {
			s.missed = append(s.missed, missed{what: "what " + p.name() + " may do", why: err.Error(), pos: p.pos(), rules: []string{"every rule about people"}})
			continue
		}
		kept = append(kept, p)
		account := p.meta().Account
		if s.accounts[account] == nil {
			s.accounts[account] = &inAccount{}
		}
		s.accounts[account].principals = append(s.accounts[account].principals, p)
		indexed[account] = append(indexed[account], iam.IndexedPrincipal(*ip))
	}
	s.principals = kept
	for account, list := range indexed {
		s.accounts[account].index = iam.NewIndex(list)
	}
}

// inAccount are the principals of one account, with an index over them in that
// order. Few questions reach further than one or two accounts.
type inAccount struct {
	principals []*principal
	index      *iam.Index
}

// access is a principal that may do something.
type access struct {
	*principal
	answer answer
}

// whoMay returns the principals that may do an action, by account and within one
// in the order of the estate. Those of which it hangs on text that could not be
// read are noted as not looked at.
func (s *scan) whoMay(action, resource string, ctx *iam.Context) []access {
	var out []access
	for _, account := range s.accountsFor(action, resource) {
		out = append(out, s.whoMayIn(account, action, resource, ctx)...)
	}
	return out
}

// accountsFor returns the accounts whose principals could do an action on a
// resource: the resource's own, and those that its policy lets in.
func (s *scan) accountsFor(action, resource string) []string {
	guard := s.est.Guard(action, resource)
	found := map[string]bool{guard.Account: true}
	all := guard.Account == ""
	if guard.Policy != nil {
		doc := s.policyOf(resource)
		all = all || doc == nil
		for i := 0; doc != nil && i < len(doc.Statements); i++ {
			st := &doc.Statements[i]
			if st.Effect == policy.EffectDeny || st.Principals == nil {
				continue
			}
			all = all || st.Principals.Not
			for _, p := range st.Principals.List {
				account := accountOf(p.Value)
				switch {
				case p.Type == policy.TypeService || p.Type == policy.TypeFederated:
				case len(account) == 12 && estate.Known(account):
					found[account] = true
				default:
					all = true
				}
			}
		}
	}
	var out []string
	for account := range s.accounts {
		if all || found[account] {
			out = append(out, account)
		}
	}
	slices.Sort(out)
	return out
}

// policyOf returns the policy document of a resource: of a bucket, a key, or the
// trust policy of a role; nil for others.
func (s *scan) policyOf(resource string) *policy.Document {
	switch r := s.est.Owner(resource).(type) {
	case *estate.Bucket:
		if r.Policy != nil {
			return r.Policy.Doc
		}
	case *estate.Key:
		if r.Policy != nil {
			return r.Policy.Doc
		}
		return &policy.Document{}
	case *estate.Role:
		return r.Trust
	}
	return nil
}

// whoMayIn is whoMay for the principals of one account.
func (s *scan) whoMayIn(account, action, resource string, ctx *iam.Context) []access {
	in := s.accounts[account]
	if in == nil {
		return nil
	}
	guard := s.est.Guard(action, resource)
	known := iam.NewContext().UnknownUnlessSet(true)
	known.Merge(ctx)
	found, err := in.index.WhoCan(iam.Target{
		Action: action, Resource: resource, ResourceAccount: guard.Account, ResourceInManagementAccount: guard.Management,
		Policy: guard.Policy, RCPs: guard.RCPs, Context: known,
	})
	if err != nil {
		s.miss("who may "+action+" on "+estate.Show(resource), err.Error(), policy.Pos{})
		return nil
	}
	var out []access
	for _, f := range found {
		p := in.principals[f.Principal]
		switch a := s.may(p.arn, action, resource, ctx); {
		case a.granted():
			out = append(out, access{p, a})
		case a.unclear():
			s.miss("what "+p.name()+" may do", a.unread(), p.pos())
		}
	}
	return out
}

// entryKind says who a statement of a trust policy lets in.
type entryKind int

const (
	entryService entryKind = iota
	entryRole
	entryUser
	entryAccount
	entrySAML
	entryOIDC
	entryAnyone
	entryUnread
)

// entry is one principal that a trust policy lets in.
type entry struct {
	kind  entryKind
	value string // ARN, account id, service or provider
	stmt  *policy.Statement
	pos   policy.Pos
	// principal is the entry as the policy has it; zero for NotPrincipal.
	principal policy.Principal
}

// entries returns whom the trust policy of a role lets in by its Allow
// statements, conditions apart.
func entries(r *estate.Role) []entry {
	if r.Trust == nil {
		return nil
	}
	var out []entry
	for i := range r.Trust.Statements {
		st := &r.Trust.Statements[i]
		if st.Effect != policy.EffectAllow || st.Broken != "" || st.Principals == nil {
			continue
		}
		if !covers(st, "sts:AssumeRole") && !covers(st, "sts:AssumeRoleWithSAML") && !covers(st, "sts:AssumeRoleWithWebIdentity") {
			continue
		}
		if st.Principals.Not {
			out = append(out, entry{kind: entryAnyone, value: "*", stmt: st, pos: st.Principals.Pos})
			continue
		}
		for _, p := range st.Principals.List {
			out = append(out, entry{entryKindOf(p), p.Value, st, p.Pos, p})
		}
	}
	return out
}

func entryKindOf(p policy.Principal) entryKind {
	switch {
	case !estate.Known(p.Value) || p.Type == policy.TypeUnknown:
		if p.Type == policy.TypeAWS && strings.HasSuffix(p.Value, ":root") {
			return entryAccount
		}
		return entryUnread
	case p.Type == policy.TypeService:
		return entryService
	case p.Type == policy.TypeFederated:
		if strings.Contains(p.Value, ":saml-provider/") {
			return entrySAML
		}
		return entryOIDC
	case p.Value == "*":
		return entryAnyone
	case p.Type != policy.TypeAWS:
		return entryUnread
	case accountOf(p.Value) != "" && (strings.HasSuffix(p.Value, ":root") || len(p.Value) == 12):
		return entryAccount
	case strings.Contains(p.Value, ":user/"):
		return entryUser
	case strings.Contains(p.Value, ":role/"), strings.Contains(p.Value, ":assumed-role/"):
		return entryRole
	}
	return entryUnread
}

// accountOf returns the account that an ARN or a bare account id names.
func accountOf(text string) string {
	if len(text) == 12 && strings.Trim(text, "0123456789") == "" {
		return text
	}
	return estate.AccountOf(text)
}

// person names the human behind a principal: a person of the estate file, or
// else the principal itself.
func (s *scan) person(p *principal) string {
	for _, x := range s.est.People {
		for _, id := range x.Identities {
			if arn.Glob(id, p.arn) {
				return x.Name
			}
		}
	}
	return p.name()
}

// peopleOf returns the people who can act as a principal: the one behind a user;
// for a role the users who may assume it, or where no such user is known, the
// unnamed people of that role.
func (s *scan) peopleOf(p *principal) []string {
	if p.user != nil {
		return []string{s.person(p)}
	}
	var out []string
	for _, x := range s.whoMay("sts:AssumeRole", p.arn, nil) {
		if x.user != nil {
			out = append(out, s.person(x.principal))
		}
	}
	for _, x := range s.est.People {
		for _, id := range x.Identities {
			if session := strings.Replace(p.arn, ":iam:", ":sts:", 1); strings.HasPrefix(id, strings.Replace(session, ":role/", ":assumed-role/", 1)+"/") || id == p.arn {
				out = append(out, x.Name)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, "whoever enters "+p.name())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// people returns the people behind several accesses, sorted.
func (s *scan) people(list []access) []string {
	var out []string
	for _, x := range list {
		out = append(out, s.peopleOf(x.principal)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// humans keeps the accesses that people have.
func humans(list []access) []access {
	var out []access
	for _, x := range list {
		if x.human {
			out = append(out, x)
		}
	}
	return out
}

// listed joins names for a message: all of a few, and the count of more.
func listed(names []string) string {
	const most = 5
	switch {
	case len(names) == 0:
		return "nobody"
	case len(names) == 1:
		return names[0]
	case len(names) > most:
		return strings.Join(names[:most], ", ") + " and " + itoa(len(names)-most) + " more"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// common returns what stands in both sorted lists.
func common(a, b []string) []string {
	var out []string
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// plural returns "1 person" or "3 people".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}
