package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp102 = rule{describe("CP-102", "pipeline-role-service-wildcard", finding.High,
	"The pipeline's role has every action of a service",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6", "Security Hub IAM.21"), checkPipelineRoleServiceWildcard}

// orchestrated are the services of which a pipeline needs a few actions, each
// with an action that no pipeline needs and a resource that nobody has.
var orchestrated = []struct{ service, action, resource string }{
	{"codepipeline", "codepipeline:DeletePipeline", "twokey-probe"},
	{"iam", "iam:CreateUser", "user/twokey-probe"},
	{"kms", "kms:ScheduleKeyDeletion", "key/00000000-0000-0000-0000-000000000000"},
	{"s3", "s3:DeleteBucket", "twokey-probe"},
	{"cloudformation", "cloudformation:DeleteStack", "stack/twokey-probe/0"},
	{"codebuild", "codebuild:DeleteProject", "project/twokey-probe"},
	{"sts", "sts:GetFederationToken", "federated-user/twokey-probe"},
	{"lambda", "lambda:DeleteFunction", "function:twokey-probe"},
	{"ecs", "ecs:DeleteService", "service/twokey-probe"},
	{"codedeploy", "codedeploy:DeleteApplication", "application:twokey-probe"},
}

func checkPipelineRoleServiceWildcard(s *scan) {
	for _, r := range s.ownRoles(pipelineRole) {
		if power, _ := s.administrator(r.Role); power.granted() {
			continue
		}
		var services []string
		var d *draft
		for _, o := range orchestrated {
			for _, g := range s.serviceWide(&r, o.service, o.action, o.resource) {
				if d == nil {
					d = s.fail(r.subject(), r.Pos, "")
				}
				if !slices.Contains(services, o.service+":*") {
					services = append(services, o.service+":*")
				}
				d.related(actionPos(g.stmt, o.service), "this statement allows "+o.service+":*")
			}
		}
		if d != nil {
			d.f.Message = estate.Show(r.Name) + ", the role of " + r.uses[0].pipe.title() + ", has " + listed(services)
			d.keyed(services...).mend("Replace "+listed(services)+" by the actions that the pipeline calls, on the resources that it uses.", "")
		}
	}
}

// serviceWide returns the statements that give a role every action of a service
// and are not taken away again: one that nobody needs is really allowed.
func (s *scan) serviceWide(r *used, service, action, resource string) []grant {
	var out []grant
	for _, g := range grants(r.Policies, action) {
		wide := slices.ContainsFunc(g.stmt.Actions, func(t policy.Text) bool { return serviceWide(t.Value, service) })
		if g.stmt.NotAction || !wide || g.stmt.Unknown != "" {
			continue
		}
		target := anyARN(partitionOf(r.ARN), service, regionOf(&r.Meta), r.Account, resource)
		if service == "s3" {
			target = "arn:" + partitionOf(r.ARN) + ":s3:::" + resource
		}
		if estate.Known(g.pattern.Value) {
			target = probe(g.pattern.Value, target)
		} else {
			target = g.pattern.Value
		}
		if s.identityMay(r.ARN, action, target, nil).granted() && !slices.ContainsFunc(out, func(x grant) bool { return x.stmt == g.stmt }) {
			out = append(out, g)
		}
	}
	return out
}

// actionPos is where a statement names a whole service.
func actionPos(st *policy.Statement, service string) policy.Pos {
	for _, t := range st.Actions {
		if serviceWide(t.Value, service) {
			return t.Pos
		}
	}
	return st.Pos
}
