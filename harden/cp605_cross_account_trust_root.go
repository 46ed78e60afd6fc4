package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp605 = rule{graded(describe("CP-605", "cross-account-trust-root", finding.High,
	"Everyone in the pipeline's account may deploy",
	"OWASP CICD-SEC-2", "NIST 800-53 AC-3"),
	"medium where the account is the role's own and the role does not deploy production"), checkTrustRoot}

func checkTrustRoot(s *scan) {
	for _, r := range s.ownRoles(actionRole) {
		var d *draft
		var unread []entry
		for _, e := range entries(r.Role) {
			if e.kind == entryUnread && mayBeAccount(e.principal) && !namesCaller(e.stmt) {
				unread = append(unread, e)
			}
			if e.kind != entryAccount || e.stmt.Unknown != "" {
				continue
			}
			account := accountOf(e.value)
			switch {
			case estate.Known(account) && !s.letsStrangerIn(r.Role, account):
				continue
			case !estate.Known(account) && namesCaller(e.stmt):
				continue
			}
			if d == nil {
				d = s.fail(r.subject(), e.stmt.Pos, r.title()+", may be assumed by anyone whom account "+estate.Show(account)+" lets, not by the pipeline's role alone").
					mend("Trust the pipeline's role. An external id does not help: whoever is in the account can read it.", `
Principal:
  AWS: `+r.uses[0].pipe.RoleARN+`
`)
				if account == r.Account && !r.production() {
					d.severity(finding.Medium)
				}
			}
			d.related(e.pos, "the trust policy names the account as a whole").keyed(account)
		}
		for _, e := range unread {
			if d == nil {
				d = s.unknown(r.subject(), e.pos, r.title()+", may be assumed by whoever "+whoeverIs(e.principal)+", and that may be an account as a whole").
					mend("Write the principal out, or give the value behind it in twokey.yaml: the pipeline's role, not an account.", "").keyed("unread")
				continue
			}
			d.related(e.pos, "the trust policy lets in whoever "+whoeverIs(e.principal))
		}
	}
}

// namesCaller reports whether a statement has a condition on who is calling.
func namesCaller(st *policy.Statement) bool {
	return slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool { return strings.EqualFold(c.Key, "aws:PrincipalArn") })
}
