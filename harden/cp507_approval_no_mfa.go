package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp507 = rule{describe("CP-507", "approval-no-mfa", finding.High,
	"A gate may be answered without MFA",
	"OWASP CICD-SEC-2", "NIST 800-53 IA-2(1)"), checkApprovalMFA}

func checkApprovalMFA(s *scan) {
	for _, p := range s.pipelines {
		for _, g := range p.gates() {
			var d *draft
			var who []string
			for _, x := range humans(s.approvers(g)) {
				a := s.may(x.arn, "codepipeline:PutApprovalResult", g.arn(), withoutMFA())
				if !a.granted() {
					continue
				}
				if x.role != nil && !s.entersWithoutMFA(x.role) {
					continue
				}
				if d == nil {
					d = s.fail(g.subject(), g.Pos, "").
						mend("Ask for MFA where the answer is allowed: Bool, and not BoolIfExists, which an access key passes.", `
Condition:
  Bool:
    aws:MultiFactorAuthPresent: "true"
`)
				}
				who = appendNew(who, x.name())
				d.cite(a, "this statement lets "+x.name()+" answer without MFA")
			}
			if d != nil {
				d.f.Message = g.where() + " may be answered without MFA by " + listed(who)
				d.keyed(who...)
			}
		}
	}
}

// entersWithoutMFA reports whether somebody may assume a role without MFA. How
// people sign in to Identity Center or to a SAML provider is not in the estate.
func (s *scan) entersWithoutMFA(r *estate.Role) bool {
	if r.Reserved {
		s.miss("MFA of "+estate.Show(r.Name), "how people sign in to Identity Center is not in the estate", r.Pos)
		return false
	}
	for _, e := range entries(r) {
		who := e.value
		switch e.kind {
		case entryAccount:
			who = anyARN(partitionOf(r.ARN), "iam", "", accountOf(e.value), "user/twokey-probe")
		case entryUser, entryRole:
		case entryAnyone:
			return true
		case entrySAML:
			s.miss("MFA of "+estate.Show(r.Name), "how people sign in to the SAML provider is not in the estate", r.Pos)
			continue
		default:
			continue
		}
		q, err := s.est.Question(who, "sts:AssumeRole", r.ARN, withoutMFA())
		if err != nil {
			continue
		}
		policies := *q.Policies
		policies.Identity, policies.Boundary, policies.SCPs = s.everything, nil, nil
		if a := (answer{iam.Explain(q.Request, &policies), nil}); a.granted() {
			return true
		}
	}
	return false
}
