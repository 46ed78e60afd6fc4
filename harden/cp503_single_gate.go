package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp503 = rule{describe("CP-503", "single-gate", finding.Medium,
	"One answer opens the way to production",
	"OWASP CICD-SEC-1", "NIST 800-53 AC-5"), checkSingleGate}

func checkSingleGate(s *scan) {
	if s.est.WantPeople < 2 {
		return
	}
	for _, p := range s.pipelines {
		s.whole(p)
		reported := map[*act]bool{}
		for _, a := range p.prod {
			native, governed := s.nativeGates(a)
			if len(p.gatesBefore(a)) == 0 || len(native)+governed >= s.est.WantPeople || len(native)+governed > 1 {
				continue
			}
			g := p.gatesBefore(a)[0]
			if reported[g] {
				continue
			}
			reported[g] = true
			s.fail(g.subject(), g.Pos, g.where()+" is the only gate before "+a.where()+": one person opens the way to production").
				related(a.Pos, "this changes production").
				mend("Add a second gate that other people answer, or let Twokey ask for two people at this one.", `
gates:
  - match: {pipeline: `+p.Name+`, stage: `+g.stage.Name+`, action: `+g.Name+`}
    approvals: 2
`)
		}
	}
}
