package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp101 = rule{describe("CP-101", "pipeline-role-admin", finding.Critical,
	"The pipeline's role may do anything in its account",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6", "Security Hub IAM.1", "CIS AWS 1.16", "Checkov CKV_AWS_62", "Checkov CKV_AWS_63"), checkPipelineRoleAdmin}

func checkPipelineRoleAdmin(s *scan) {
	for _, r := range s.ownRoles(pipelineRole) {
		power, full := s.administrator(r.Role)
		switch {
		case power.granted():
			what := "everything but IAM"
			if full {
				what = "anything"
			}
			s.fail(r.subject(), r.Pos, estate.Show(r.Name)+", the role of "+r.uses[0].pipe.title()+", may do "+what+" in account "+r.Account).
				cite(power, "this statement allows it").
				mend("Give the pipeline's role only what starting its actions takes, and each action a role of its own.", `
Statement:
  - Effect: Allow
    Action: sts:AssumeRole
    Resource: [the ARN of each action's role]
`)
		case power.unclear():
			s.unknown(r.subject(), r.Pos, "whether "+estate.Show(r.Name)+" is an administrator is not known: "+unread(r.Policies)).
				mend("Give the scan the policy, or name it in the template.", "")
		}
	}
}
