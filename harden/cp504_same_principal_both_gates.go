package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp504 = rule{describe("CP-504", "same-principal-both-gates", finding.High,
	"One person may answer every gate",
	"OWASP CICD-SEC-1", "NIST 800-53 AC-5", "CIS Software Supply Chain 1.1.3"), checkBothGates}

func checkBothGates(s *scan) {
	for _, p := range s.pipelines {
		s.whole(p)
		for _, a := range p.prod {
			native, governed := s.nativeGates(a)
			if len(native) < 2 || governed > 0 {
				continue
			}
			both := s.soloApprovers(native)
			if len(both) == 0 {
				continue
			}
			var where []string
			d := s.fail(p.subject(), native[0].Pos, "").
				mend("Give each gate approvers of its own: a group for each, and nobody in both.", "")
			for _, g := range native {
				where = append(where, g.where())
				d.related(g.Pos, g.where()+" may be answered by "+listed(s.people(humans(s.approvers(g)))))
			}
			for _, g := range native {
				d.citeApprovers(humans(s.approvers(g)), g)
			}
			d.f.Message = listed(both) + " may answer " + listed(where) + " alone"
			d.keyed(append(where, both...)...)
			break
		}
	}
}
