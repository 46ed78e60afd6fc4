package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

var cp211 = rule{describe("CP-211", "key-policy-account-root-cross", finding.High,
	"The artifact key may be used by everyone in another account",
	"OWASP CICD-SEC-2", "NIST 800-53 AC-3"), checkKeyForAccounts}

var useOfKey = []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant"}

func checkKeyForAccounts(s *scan) {
	for _, k := range s.artifactKeys() {
		if k.Policy == nil || k.Policy.Doc == nil {
			continue
		}
		var d *draft
		var accounts []string
		var unread []policy.Principal
		for i := range k.Policy.Doc.Statements {
			st := &k.Policy.Doc.Statements[i]
			if st.Effect != policy.EffectAllow || st.Broken != "" || st.Unknown != "" || st.Principals == nil || st.Principals.Not {
				continue
			}
			for _, p := range st.Principals.List {
				if mayBeAccount(p) && usesKey(st) {
					unread = append(unread, p)
				}
				account := accountOf(p.Value)
				if p.Type != policy.TypeAWS || entryKindOf(p) != entryAccount || account == k.Account || !s.opensKey(k.Key, st, account) {
					continue
				}
				if d == nil {
					d = s.fail(k.subject(), k.Policy.Pos, "").
						mend("Name the roles that read and write artifacts, not their accounts.", `
Principal:
  AWS:
    - arn:aws:iam::ACCOUNT:role/ROLE
`)
				}
				accounts = appendNew(accounts, estate.Show(account))
				d.related(p.Pos, "this gives the use of the key to whoever account "+account+" lets")
			}
		}
		if d != nil {
			d.f.Message = k.title() + " may be used by anyone in account " + listed(accounts) + " whom that account lets"
			d.keyed(accounts...)
		}
		for _, p := range unread {
			if d == nil {
				d = s.unknown(k.subject(), p.Pos, k.title()+" may be used by whoever "+whoeverIs(p)+", and that may be an account as a whole").
					mend("Write the principal out, or give the value behind it in twokey.yaml: a role, not an account.", "").keyed("unread")
				continue
			}
			d.related(p.Pos, "this gives the use of the key to whoever "+whoeverIs(p))
		}
	}
}

// opensKey reports whether a statement lets whoever an account lets use a key. Of
// an account that is not known, or cannot be, nobody can be tried; it is not the
// key's own, which AWS::AccountId names.
func (s *scan) opensKey(k *estate.Key, st *policy.Statement, account string) bool {
	if !estate.Known(account) || len(account) != 12 {
		return usesKey(st)
	}
	return s.strangerUses(k, st, account)
}

// usesKey reports whether a statement gives the use of a key, under no condition
// on who that is.
func usesKey(st *policy.Statement) bool {
	return slices.ContainsFunc(useOfKey, func(action string) bool { return covers(st, action) }) &&
		!slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool {
			return strings.HasPrefix(strings.ToLower(c.Key), "aws:principal") || strings.EqualFold(c.Key, "kms:GrantIsForAWSResource")
		})
}

// strangerUses reports whether a statement of a key's policy lets a role that
// nobody has, of that account, use the key.
func (s *scan) strangerUses(k *estate.Key, st *policy.Statement, account string) bool {
	stranger := anyARN(partitionOf(k.ARN), "iam", "", account, "role/twokey-probe")
	for _, action := range useOfKey {
		if !covers(st, action) {
			continue
		}
		q, err := s.est.Question(stranger, action, k.ARN, nil)
		if err != nil {
			continue
		}
		policies := *q.Policies
		policies.Identity, policies.Boundary, policies.SCPs = s.everything, nil, nil
		a := answer{iam.Explain(q.Request, &policies), nil}
		if a.granted() && a.cites(st) && !a.hangsOn("aws:principalarn", "aws:principaltag/", "aws:userid", "kms:grantisforawsresource") {
			return true
		}
	}
	return false
}
