package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp603 = rule{describe("CP-603", "cfn-role-missing", finding.High,
	"CloudFormation acts with the rights of whoever starts it",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkCfnRoleMissing}

func checkCfnRoleMissing(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			n := a.Config.Get("RoleArn")
			if !a.cloudFormation() || a.Config == nil || a.Config.IsUnknown() || n != nil && !mayBeAbsent(n) {
				continue
			}
			switch a.mode() {
			case "CREATE_UPDATE", "CHANGE_SET_REPLACE", "REPLACE_ON_FAILURE", "DELETE_ONLY":
			default:
				continue
			}
			if n != nil {
				s.unknown(a.subject(), a.Pos, "whether "+a.where()+" gives CloudFormation a role is not known: "+n.Reason).
					mend("Give CloudFormation a role whatever the condition.", "")
				continue
			}
			s.fail(a.subject(), a.Pos, a.where()+" gives CloudFormation no role, so everything in the template needs to be allowed to "+roleName(a.runner)).
				mend("Give CloudFormation a role made for this stack.", `
Configuration:
  RoleArn: arn:aws:iam::ACCOUNT:role/cloudformation-STACK
`)
		}
	}
}

// mayBeAbsent reports whether a value hangs on a condition that is open, under
// which it may not be there at all.
func mayBeAbsent(n *policy.Node) bool {
	return n.IsUnknown() && strings.HasPrefix(n.Reason, "condition ")
}

// roleName is the name in the ARN of a role.
func roleName(arn estate.Text) string {
	if arn == "" {
		return "the pipeline's role"
	}
	return estate.Show(arn[strings.LastIndexByte(arn, '/')+1:])
}
