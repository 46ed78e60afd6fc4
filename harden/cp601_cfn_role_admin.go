package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp601 = rule{graded(describe("CP-601", "cfn-role-admin", finding.Critical,
	"CloudFormation acts as an administrator, or can become one",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"),
	"high where the role does not deploy production"), checkCfnAdmin}

func checkCfnAdmin(s *scan) {
	for _, r := range s.ownRoles(deployRole) {
		message, a := "", answer{}
		if power, full := s.administrator(r.Role); power.granted() {
			what := "everything but IAM"
			if full {
				what = "anything"
			}
			message, a = r.title()+", may do "+what+" in account "+r.Account, power
		} else if power.unclear() {
			s.unknown(r.subject(), r.Pos, "what "+r.title()+", may do is not known: "+unread(r.Policies)).mend("Give the scan the policy.", "")
			continue
		} else if by, how := s.escalates(r.Role); how != "" {
			message, a = r.title()+", "+how+", and so make itself an administrator", by
		} else {
			continue
		}
		d := s.fail(r.subject(), r.Pos, message).cite(a, "this statement allows it").
			mend("List the actions and resources of the stack's template. Where it makes roles, let it do so only with a permissions boundary.", `
Condition:
  StringEquals:
    iam:PermissionsBoundary: BOUNDARY-ARN
`)
		if !r.production() {
			d.severity(finding.High)
		}
	}
}
