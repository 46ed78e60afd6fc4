package harden

import (
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp107 = rule{describe("CP-107", "pipeline-role-stack-scope", finding.High,
	"The pipeline may change stacks that are not its own",
	"OWASP CICD-SEC-5", "NIST 800-53 CM-5"), checkStackScope}

func checkStackScope(s *scan) {
	for _, r := range s.usedRoles(pipelineRole, actionRole) {
		stacks := r.stackARNs()
		example := anyARN(partitionOf(r.ARN), "cloudformation", regionOf(&r.Meta), r.Account, "stack/twokey-probe/0")
		var d *draft
		for _, action := range []string{"cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DeleteStack", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"} {
			for _, g := range s.wideGrants(r.ARN, r.Policies, action, example, func(x string) bool { return within(x, stacks) }) {
				if wholeService(g.stmt, "cloudformation") && !r.has(pipelineRole) {
					continue // CP-606 says so of an action role
				}
				if d == nil {
					d = s.fail(r.subject(), r.Pos, r.title()+", may change stacks that it does not deploy: "+action+" on "+g.pattern.Value).
						mend("Name the pipeline's stacks, and add conditions on cloudformation:RoleArn and cloudformation:ChangeSetName.", patchResource(starred(stacks)))
				}
				d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value).keyed(action, g.pattern.Value)
			}
		}
		if d == nil {
			s.stackSetScope(&r)
		}
	}
}

// stackSetScope is the same for stack sets: each reaches every account that it has
// an instance in.
func (s *scan) stackSetScope(r *used) {
	var own []string
	for _, x := range r.uses {
		for _, a := range x.pipe.acts {
			if name := a.ConfigText("StackSetName"); name != "" && (x.act == nil || a.runner == r.ARN) {
				own = append(own, anyARN(partitionOf(r.ARN), "cloudformation", a.pipe.ActionRegion(a.Action), a.account, "stackset/"+name))
			}
		}
	}
	example := anyARN(partitionOf(r.ARN), "cloudformation", regionOf(&r.Meta), r.Account, "stackset/twokey-probe:0")
	var d *draft
	for _, action := range []string{"cloudformation:UpdateStackSet", "cloudformation:DeleteStackSet", "cloudformation:CreateStackInstances", "cloudformation:DeleteStackInstances"} {
		for _, g := range s.wideGrants(r.ARN, r.Policies, action, example, func(x string) bool { return within(x, own) }) {
			if wholeService(g.stmt, "cloudformation") && !r.has(pipelineRole) {
				continue // CP-606 says so of an action role
			}
			if d == nil {
				d = s.fail(r.subject(), r.Pos, r.title()+", may change stack sets that it does not deploy: "+action+" on "+g.pattern.Value).
					mend("Name the pipeline's stack sets.", patchResource(setPatterns(own)))
			}
			d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value).keyed(action, g.pattern.Value)
		}
	}
}

// setPatterns makes patterns of ARNs of stack sets, which end in ":ID".
func setPatterns(arns []string) []string {
	out := make([]string, len(arns))
	for i, a := range arns {
		out[i] = a + ":*"
	}
	return out
}

// wholeService reports whether a statement names a whole service, or everything.
func wholeService(st *policy.Statement, service string) bool {
	for _, t := range st.Actions {
		if serviceWide(t.Value, service) || t.Value == "*" {
			return !st.NotAction
		}
	}
	return false
}

// stackARNs returns the ARNs, without the id at their end, of the stacks that a
// role's actions deploy, in every account that it deploys to.
func (u *used) stackARNs() []string {
	var out []string
	for _, x := range u.uses {
		for _, a := range x.pipe.acts {
			if name := a.ConfigText("StackName"); a.cloudFormation() && name != "" && (x.act == nil || a.runner == u.ARN) {
				out = append(out, anyARN(partitionOf(u.ARN), "cloudformation", a.pipe.ActionRegion(a.Action), a.account, "stack/"+name))
			}
		}
	}
	return out
}

func starred(arns []string) []string {
	out := make([]string, len(arns))
	for i, a := range arns {
		out[i] = a + "/*"
	}
	return out
}
