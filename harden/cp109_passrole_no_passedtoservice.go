package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

var cp109 = rule{describe("CP-109", "passrole-no-passedtoservice", finding.Medium,
	"A role may be passed to any service that will take it",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkPassedToService}

func checkPassedToService(s *scan) {
	// A service that no pipeline passes a role to: who may pass one there may pass
	// it to any service.
	elsewhere := iam.NewContext().UnknownUnlessSet(true).Set("iam:PassedToService", "twokey-probe.amazonaws.com")
	for _, r := range s.ownRoles(pipelineRole, actionRole, deployRole, buildRole) {
		var d *draft
		for _, g := range grants(r.Policies, "iam:PassRole") {
			if g.stmt.Unknown != "" {
				continue
			}
			target := probe(g.pattern.Value, anyARN(partitionOf(r.ARN), "iam", "", r.Account, "role/twokey-probe"))
			if a := s.identityMay(r.ARN, "iam:PassRole", target, elsewhere); !a.granted() || !a.cites(g.stmt) {
				continue
			}
			if d == nil {
				d = s.fail(r.subject(), r.Pos, r.title()+", may pass "+g.pattern.Value+" to any service").
					mend("Add the condition to the statement that allows iam:PassRole.", `
Condition:
  StringEquals:
    iam:PassedToService: `+r.passesTo()+`
`)
			}
			d.related(g.stmt.Pos, "this statement allows iam:PassRole without a condition on iam:PassedToService").keyed(g.pattern.Value)
		}
	}
}

// passesTo returns the services that the actions of a role pass roles to, for a
// patch; a placeholder where they pass none, or where a template or a build says
// what is passed.
func (u *used) passesTo() string {
	var out []string
	for _, x := range u.uses {
		for _, a := range x.pipe.acts {
			if x.act != nil && x.act != a || x.kind == deployRole || x.kind == buildRole || x.act == nil && a.RoleARN != "" {
				continue
			}
			switch a.Provider {
			case "CloudFormation", "CloudFormationStackSet", "CloudFormationStackInstances":
				out = appendNew(out, "cloudformation.amazonaws.com")
			case "ECS", "CodeDeployToECS":
				out = appendNew(out, "ecs-tasks.amazonaws.com")
			}
		}
	}
	switch len(out) {
	case 0:
		return "SERVICE.amazonaws.com"
	case 1:
		return out[0]
	}
	slices.Sort(out)
	return "[" + strings.Join(out, ", ") + "]"
}

// cites reports whether a statement is among those that grant.
func (a answer) cites(st *policy.Statement) bool {
	for _, r := range a.allows() {
		if r.Pos == st.Pos && r.Statement == st.Index {
			return true
		}
	}
	return false
}
