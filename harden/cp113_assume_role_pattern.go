package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp113 = rule{describe("CP-113", "assume-role-pattern", finding.High,
	"The pipeline's role may become any role that matches a pattern",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkAssumeRolePattern}

func checkAssumeRolePattern(s *scan) {
	for _, r := range s.usedRoles(pipelineRole) {
		if power, _ := s.administrator(r.Role); power.granted() {
			continue
		}
		var used []string
		for _, x := range r.uses {
			for _, a := range x.pipe.acts {
				if a.RoleARN != "" {
					used = append(used, a.RoleARN)
				}
			}
		}
		example := anyARN(partitionOf(r.ARN), "iam", "", r.Account, "role/twokey-probe")
		var d *draft
		for _, g := range s.wideGrants(r.ARN, r.Policies, "sts:AssumeRole", example, func(string) bool { return false }) {
			if d == nil {
				d = s.fail(r.subject(), r.Pos, estate.Show(r.Name)+", the role of "+r.uses[0].pipe.title()+", may become every role that matches "+g.pattern.Value).
					mend("Name the roles of the pipeline's actions.", patchResource(used))
			}
			d.related(g.pattern.Pos, "this allows sts:AssumeRole on "+g.pattern.Value).keyed(g.pattern.Value)
			if strings.Contains(g.pattern.Value, "role/cdk-") {
				d.related(g.pattern.Pos, "CDK's bootstrap makes several roles of that name, the one that deploys and the one that CloudFormation acts as among them")
			}
		}
	}
}
