package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
)

var cp606 = rule{graded(describe("CP-606", "action-role-wide", finding.Critical,
	"An action's role may do far more than its action",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"),
	"high where the role does not deploy production"), checkActionRoleWide}

func checkActionRoleWide(s *scan) {
	for _, r := range s.ownRoles(actionRole) {
		var d *draft
		var what []string
		begin := func() *draft {
			if d == nil {
				d = s.fail(r.subject(), r.Pos, "").
					mend("Give the role the calls of its one action, on the one stack, project or bucket that it works on.", "")
				if !r.production() {
					d.severity(finding.High)
				}
			}
			return d
		}
		power, _ := s.administrator(r.Role)
		if power.granted() {
			what = append(what, "everything")
			begin().cite(power, "this statement allows it")
		} else {
			if power.unclear() {
				s.unknown(r.subject(), r.Pos, "what "+r.title()+", may do is not known: "+unread(r.Policies)).mend("Give the scan the policy.", "")
			}
			for _, o := range orchestrated {
				switch o.service {
				case "cloudformation", "s3", "codebuild", "iam", "lambda", "ecs", "codedeploy":
				default:
					continue
				}
				for _, g := range s.serviceWide(&r, o.service, o.action, o.resource) {
					if o.service == "cloudformation" && s.inside(&r, g, r.stackARNs()) || o.service == "codebuild" && s.inside(&r, g, r.projectARNs()) {
						continue
					}
					what = appendNew(what, o.service+":* on "+g.pattern.Value)
					begin().related(actionPos(g.stmt, o.service), "this statement allows "+o.service+":*")
				}
			}
			for _, g := range s.wideGrants(r.ARN, r.Policies, "iam:PassRole", anyARN(partitionOf(r.ARN), "iam", "", r.Account, "role/twokey-probe"), func(string) bool { return false }) {
				if g.pattern.Value == "*" || strings.HasSuffix(g.pattern.Value, "role/*") || strings.HasSuffix(g.pattern.Value, ":*") {
					what = appendNew(what, "iam:PassRole on "+g.pattern.Value)
					begin().related(g.pattern.Pos, "this statement allows it to pass any role")
				}
			}
		}
		if d != nil {
			d.f.Message = r.title() + ", has " + listed(what)
			d.keyed(what...)
		}
	}
}

// inside reports whether a grant reaches no further than some ARNs.
func (s *scan) inside(r *used, g grant, arns []string) bool {
	return within(strings.TrimSuffix(g.pattern.Value, "/*"), arns) || !wild(g.pattern.Value) && within(g.pattern.Value, arns)
}

// projectARNs returns the ARNs of the build projects that a role's pipelines run.
func (u *used) projectARNs() []string {
	var out []string
	for _, x := range u.uses {
		for _, a := range x.pipe.acts {
			if a.project != nil {
				out = append(out, a.project.ARN)
			}
		}
	}
	return out
}
