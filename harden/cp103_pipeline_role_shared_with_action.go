package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp103 = rule{describe("CP-103", "pipeline-role-shared-with-action", finding.High,
	"One role orchestrates the pipeline and does its work",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-5", "NIST 800-53 AC-6"), checkPipelineRoleShared}

func checkPipelineRoleShared(s *scan) {
	for _, p := range s.pipelines {
		if p.role == nil {
			s.miss("role of "+p.title(), "its ARN could not be resolved", p.RolePos)
			continue
		}
		var d *draft
		begin := func(message string) {
			if d == nil {
				d = s.fail(p.subject(), p.RolePos, message).
					mend("Give each deploy action a roleArn, and CloudFormation a RoleArn, of a role made for it.", `
RoleArn: arn:aws:iam::ACCOUNT:role/deploy-STACK
Configuration:
  RoleArn: arn:aws:iam::ACCOUNT:role/cloudformation-STACK
`)
			}
		}
		name := estate.Show(p.role.Name)
		for _, a := range p.acts {
			switch {
			case a.deployRole != "" && s.est.Role(a.deployRole) == p.role:
				begin(name + " is the role of " + p.title() + " and the role that CloudFormation acts as in " + a.where())
				d.related(a.Pos, "CloudFormation acts as the pipeline's role here")
			case a.project != nil && s.est.Role(a.project.ServiceRole) == p.role:
				begin(name + " is the role of " + p.title() + " and the role that " + a.where() + " builds as")
				d.related(a.project.RolePos, "builds run as the pipeline's role")
			case a.RoleARN != "" && s.est.Role(a.RoleARN) == p.role:
				begin(name + " is the role of " + p.title() + " and of its action " + a.where())
				d.related(a.RolePos, "the action's role is the pipeline's")
			}
		}
		if d != nil || slices.ContainsFunc(p.acts, func(a *act) bool { return a.RoleARN != "" || a.deployRole != "" }) {
			continue
		}
		for _, a := range p.acts {
			if a.Category == "Deploy" && a.works() {
				begin("no action of " + p.title() + " has a role of its own: " + name + " orchestrates and deploys")
				d.related(a.Pos, a.where()+" deploys with the pipeline's role")
			}
		}
	}
}

// works reports whether a deploy action makes its changes with the role that it
// runs as; CodeDeploy and OpsWorks make them with roles of their own.
func (a *act) works() bool {
	switch a.Provider {
	case "CodeDeploy", "CodeDeployToECS", "OpsWorks":
		return false
	}
	return true
}
