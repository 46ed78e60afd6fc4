package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp604 = rule{describe("CP-604", "cfn-role-trust", finding.Medium,
	"CloudFormation may use the role for any stack of anyone",
	"NIST 800-53 AC-3"), checkCfnTrust}

func checkCfnTrust(s *scan) {
	for _, r := range s.ownRoles(deployRole) {
		stmt, ok := s.confused(r.Role, "cloudformation.amazonaws.com")
		if !ok {
			continue
		}
		stack := "STACK"
		if name := r.uses[0].act.ConfigText("StackName"); name != "" {
			stack = name
		}
		s.fail(r.subject(), stmt.Pos, r.title()+", may be used by CloudFormation for every stack").confidence("medium").
			related(stmt.Pos, "this statement has no condition on aws:SourceArn or aws:SourceAccount").
			mend("Say in the trust policy for which stack the role is.", `
Condition:
  StringEquals:
    aws:SourceAccount: "`+r.Account+`"
  ArnLike:
    aws:SourceArn: `+anyARN(partitionOf(r.ARN), "cloudformation", "*", r.Account, "stack/"+stack+"/*")+`
`)
	}
}
