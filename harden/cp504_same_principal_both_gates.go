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
		for _, native := range s.gateSeries(p) {
			answering := func(g *act) []access { return humans(s.approvers(g)) }
			named := s.people
			both := s.soloApprovers(native)
			if len(both) == 0 {
				// A program that may answer every gate is no second opinion either.
				answering, named = s.approvers, names
				both = s.soloMachines(native)
			}
			if len(both) == 0 {
				continue
			}
			var where []string
			d := s.fail(p.subject(), native[0].Pos, "").
				mend("Give each gate approvers of its own: a group for each, and nobody in both.", "")
			for _, g := range native {
				where = append(where, g.where())
				d.related(g.Pos, g.where()+" may be answered by "+listed(named(answering(g))))
			}
			for _, g := range native {
				d.citeApprovers(answering(g), g)
			}
			d.f.Message = listed(both) + " may answer " + listed(where) + " alone"
			d.keyed(append(where, both...)...)
			break
		}
	}
}
