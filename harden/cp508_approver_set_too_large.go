package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp508 = rule{describe("CP-508", "approver-set-too-large", finding.Medium,
	"Too many people may answer a gate",
	"NIST 800-53 AC-6"), checkApproverCount}

func checkApproverCount(s *scan) {
	for _, p := range s.pipelines {
		for _, g := range p.gates() {
			people := s.people(humans(s.approvers(g)))
			if len(people) <= s.opts.MaxApprovers {
				continue
			}
			s.fail(g.subject(), g.Pos, g.where()+" may be answered by "+itoa(len(people))+" people: "+listed(people)+"; "+itoa(s.opts.MaxApprovers)+" is the limit").
				citeApprovers(humans(s.approvers(g)), g).
				mend("Make the list as short as that of the people who administer production.", "")
		}
	}
}
