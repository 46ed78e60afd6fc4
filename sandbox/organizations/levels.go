package organizations

import (
	"slices"
	"sync"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// levelCache keeps the compiled policies of each account for one revision of the
// organization.
type levelCache struct {
	mu       sync.Mutex
	id       string
	revision int
	accounts map[string]levels
}

type levels struct{ scps, rcps []*iam.Set }

// Levels answers the world: the SCPs and RCPs on an account, root to account.
func (s *service) Levels(account string) (scps, rcps []*iam.Set) {
	o, ok := s.rows.Get(theOne)
	if !ok || len(o.Enabled) == 0 || o.member(account) == nil {
		return nil, nil
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if s.cache.id != o.ID || s.cache.revision != o.Revision {
		s.cache.id, s.cache.revision, s.cache.accounts = o.ID, o.Revision, map[string]levels{}
	}
	l, ok := s.cache.accounts[account]
	if !ok {
		l = o.levels(account)
		s.cache.accounts[account] = l
	}
	return l.scps, l.rcps
}

func (o *organization) levels(account string) (l levels) {
	for _, id := range o.chain(account) {
		if slices.Contains(o.Enabled, scp) {
			l.scps = append(l.scps, iam.NewSet(iam.SideSCP, o.documents(scp, id)...))
		}
		if slices.Contains(o.Enabled, rcp) {
			l.rcps = append(l.rcps, iam.NewRCPLevel(o.documents(rcp, id)...))
		}
	}
	return l
}

func (o *organization) documents(policyType, id string) []iam.NamedDoc {
	var out []iam.NamedDoc
	for _, p := range o.of(policyType, id) {
		if p.ID == fullAccess[rcp].ID {
			continue // iam.NewRCPLevel adds it
		}
		doc, err := policy.Parse(p.Name, []byte(p.Content))
		if err != nil {
			out = append(out, iam.NamedDoc{Name: p.Name, Unknown: err.Error()})
			continue
		}
		out = append(out, iam.NamedDoc{Name: p.Name, Doc: doc})
	}
	return out
}

// Management answers the world: whether SCPs and RCPs spare an account.
func (s *service) Management(account string) bool {
	o, ok := s.rows.Get(theOne)
	return ok && o.Management == account
}

// Membership answers the world: the organization of an account, and where in it
// the account is, as aws:PrincipalOrgPaths has it.
func (s *service) Membership(account string) (orgID, path string) {
	o, ok := s.rows.Get(theOne)
	if !ok {
		return "", ""
	}
	m := o.member(account)
	if m == nil {
		return "", ""
	}
	return o.ID, o.path(m.Parent)
}
