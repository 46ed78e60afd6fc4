package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp108 = rule{graded(describe("CP-108", "passrole-wildcard", finding.Critical,
	"A role of the pipeline may pass any role",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6", "cfn-nag F38", "KICS e39bee8c", "Trivy AVD-AWS-0342"),
	"high where the role is not used for production"), checkPassRoleWildcard}

func checkPassRoleWildcard(s *scan) {
	for _, r := range s.ownRoles(pipelineRole, actionRole) {
		example := anyARN(partitionOf(r.ARN), "iam", "", r.Account, "role/twokey-probe")
		passed := r.passedRoles()
		var d *draft
		for _, g := range s.wideGrants(r.ARN, r.Policies, "iam:PassRole", example, func(string) bool { return false }) {
			if !wildName(g.pattern.Value) {
				continue
			}
			if d == nil {
				d = s.fail(r.subject(), r.Pos, r.title()+", may pass every role that matches "+g.pattern.Value).
					mend("Name the roles that the pipeline passes, each to its one service.", patchResource(passed))
				if !r.production() {
					d.severity(finding.High)
				}
			}
			d.related(g.pattern.Pos, "this allows iam:PassRole on "+g.pattern.Value).keyed(g.pattern.Value)
		}
	}
}

// wildName reports whether a pattern of roles leaves the name open. A role is
// passed inside its own account, so an account left open does not matter.
func wildName(pattern string) bool {
	f := strings.SplitN(pattern, ":", 6)
	return len(f) < 6 || wild(f[5])
}

// passedRoles returns the roles that the actions of a role pass to CloudFormation.
func (u *used) passedRoles() []string {
	var out []string
	for _, x := range u.uses {
		for _, a := range x.pipe.acts {
			if a.deployRole != "" && estate.Known(a.deployRole) && (x.act == nil || a.runner == u.ARN) {
				out = append(out, a.deployRole)
			}
		}
	}
	return out
}
