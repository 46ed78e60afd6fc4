package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp611 = rule{describe("CP-611", "missing-assume-role", finding.Medium,
	"The pipeline cannot become the role of its action",
	"NIST 800-53 AC-3"), checkAssumeRole}

func checkAssumeRole(s *scan) {
	for _, p := range s.pipelines {
		if p.role == nil || p.role.Missing {
			s.miss("role "+estate.Show(p.RoleARN), "nothing in the estate defines it", p.RolePos)
			continue
		}
		for _, a := range p.acts {
			r := s.est.Role(a.RoleARN)
			if a.RoleARN == "" || r == nil || r.Missing || r == p.role {
				continue
			}
			ans := s.may(p.role.ARN, "sts:AssumeRole", r.ARN, nil)
			if ans.err != nil || ans.granted() || ans.unclear() {
				continue
			}
			side := estate.Show(p.role.Name) + " may not assume " + estate.Show(r.Name)
			if s.identityMay(p.role.ARN, "sts:AssumeRole", r.ARN, nil).granted() {
				side = estate.Show(r.Name) + " does not trust " + estate.Show(p.role.Name)
			}
			d := s.fail(a.subject(), a.RolePos, a.where()+" will fail: "+side).keyed(a.RoleARN).
				related(p.role.Pos, "the pipeline's role").related(r.Pos, "the action's role").
				mend("Allow sts:AssumeRole in the policy of the pipeline's role, and name that role in the trust policy of the action's.", `
- Effect: Allow
  Action: sts:AssumeRole
  Resource: `+r.ARN+`
`)
			citeMissing(d, ans)
		}
	}
}
