package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp509 = rule{describe("CP-509", "approver-drift", finding.High,
	"Others may answer the gate than its rule says",
	"NIST 800-53 AC-2", "NIST 800-53 CM-3"), checkApproverDrift}

func checkApproverDrift(s *scan) {
	for _, p := range s.pipelines {
		for _, g := range p.gates() {
			r := s.governed(g)
			if r == nil {
				continue
			}
			var d *draft
			var more []string
			for _, x := range humans(s.approvers(g)) {
				if d == nil {
					d = s.fail(g.subject(), g.Pos, "").related(r.Pos, "this rule governs the gate").
						mend("Leave codepipeline:PutApprovalResult on the gate to Twokey's own role; people answer through Twokey.", "")
				}
				for _, person := range s.peopleOf(x.principal) {
					more = appendNew(more, "+"+person)
				}
				d.citeApprovers([]access{x}, g)
			}
			if d != nil {
				d.f.Message = g.where() + " is governed by a rule for " + plural(r.Approvals, "person", "people") + ", but may be answered around it: " + listed(more)
				d.keyed(more...)
			}
		}
	}
}
