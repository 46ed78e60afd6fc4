package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp510 = rule{graded(describe("CP-510", "machine-approver", finding.Critical,
	"A program may answer the gate",
	"OWASP CICD-SEC-1", "NIST 800-53 AC-5"),
	"high where nothing that the pipeline does is known to be production"), checkMachineApprover}

func checkMachineApprover(s *scan) {
	for _, p := range s.pipelines {
		for _, g := range p.gates() {
			guards := slices.ContainsFunc(p.acts, func(a *act) bool { return a.prod && g.before(a) })
			if !guards && len(p.prod) > 0 {
				continue // a gate on the way, and another one stands before production
			}
			var machines []access
			for _, x := range s.approvers(g) {
				if x.role != nil && len(s.roleUses[x.role]) == 0 && (len(x.services) > 0 || federated(x.role)) {
					machines = append(machines, x)
				}
			}
			// A gate that Twokey governs is answered by one role: Twokey's own.
			if len(machines) == 0 || len(machines) == 1 && s.governed(g) != nil && !machines[0].human {
				continue
			}
			var who []string
			d := s.fail(g.subject(), g.Pos, "").
				mend("Take codepipeline:PutApprovalResult from roles that programs run as. To let a program check something, use an action or a stage condition beside the gate.", "")
			for _, x := range machines {
				by := x.services
				if len(by) == 0 {
					by = []string{"an outside identity provider"}
				}
				who = appendNew(who, x.name()+" ("+listed(by)+")")
				d.citeApprovers([]access{x}, g)
			}
			what := ", a gate before production,"
			if !guards {
				what = ", a gate of " + p.title() + ", of which nothing says what it guards,"
				d.severity(finding.High)
			}
			d.f.Message = g.where() + what + " may be answered by " + listed(who)
			d.keyed(who...)
		}
	}
}

// federated reports whether an OpenID Connect provider lets programs into a role.
func federated(r *estate.Role) bool {
	return slices.ContainsFunc(entries(r), func(e entry) bool { return e.kind == entryOIDC })
}
