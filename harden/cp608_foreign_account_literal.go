package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp608 = rule{describe("CP-608", "foreign-account-literal", finding.Critical,
	"An account that nobody listed takes part in deploying",
	"OWASP CICD-SEC-8", "NIST 800-53 AC-3"), checkForeignAccount}

func checkForeignAccount(s *scan) {
	if !s.configured {
		s.miss("accounts of strangers", "no estate file lists the accounts that are your own", policy.Pos{})
	}
	reports := map[finding.Subject]*draft{}
	say := func(about finding.Subject, pos policy.Pos, account, what string) {
		if !s.foreign(account) {
			return
		}
		d := reports[about]
		if d == nil && !s.configured {
			d = s.unknown(about, pos, what+" "+account+", and nothing says whether that is yours").
				mend("List your accounts in twokey.yaml.", "accounts:\n  - {name: NAME, id: \""+account+"\"}\n")
			reports[about] = d
		}
		if d == nil {
			d = s.fail(about, pos, what+" "+account+", which twokey.yaml does not list").
				mend("Take the account out, or list it under accounts in twokey.yaml if it is yours.", "")
			reports[about] = d
		}
		d.related(pos, what+" "+account).keyed(account)
	}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			say(a.subject(), a.RolePos, estate.AccountOf(a.RoleARN), "the role of "+a.where()+" is of account")
			say(a.subject(), keyPos(a.Config, a.Pos, "RoleArn"), estate.AccountOf(a.deployRole), "the CloudFormation role of "+a.where()+" is of account")
		}
	}
	for _, r := range s.ownRoles(pipelineRole, actionRole, deployRole, buildRole) {
		for _, e := range entries(r.Role) {
			switch e.kind {
			case entryAccount, entryRole, entryUser:
				say(r.subject(), e.pos, accountOf(e.value), estate.Show(r.Name)+" trusts account")
			case entryUnread:
				s.miss("a principal that "+estate.Show(r.Name)+" trusts", "it could not be resolved", e.pos)
			}
		}
	}
	grants := func(about finding.Subject, p *estate.Policy, what string) {
		if p == nil || p.Doc == nil {
			return
		}
		for i := range p.Doc.Statements {
			st := &p.Doc.Statements[i]
			if st.Effect != policy.EffectAllow || st.Principals == nil || st.Principals.Not {
				continue
			}
			for _, x := range st.Principals.List {
				if estate.AccountOf(x.Value) == "" && s.unread(x) {
					s.miss("a principal of the policy of "+what, "it could not be resolved", x.Pos)
				}
				if x.Type == policy.TypeAWS {
					say(about, x.Pos, accountOf(x.Value), "the policy of "+what+" lets in account")
				}
			}
		}
	}
	for _, b := range s.artifactBuckets() {
		grants(b.subject(), b.Policy, b.title())
	}
	for _, k := range s.artifactKeys() {
		grants(k.subject(), k.Policy, k.title())
	}
}

// foreign reports whether an account is one that the estate only names.
func (s *scan) foreign(account string) bool {
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return false
	}
	a := s.est.Account(account)
	return a == nil || a.Foreign
}
