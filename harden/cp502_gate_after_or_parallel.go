package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp502 = rule{describe("CP-502", "gate-after-or-parallel", finding.Critical,
	"The gate runs beside or after what it should guard",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3"), checkGatePlace}

func checkGatePlace(s *scan) {
	for _, p := range s.pipelines {
		s.whole(p)
		reported := map[*act]*draft{}
		for _, a := range p.prod {
			if len(p.gatesBefore(a)) > 0 || a.conditioned() {
				continue
			}
			for _, g := range p.misplaced(a) {
				d := reported[g]
				if d == nil {
					how := "runs after"
					if g.at == a.at && g.RunOrder == a.RunOrder {
						how = "runs beside"
					}
					d = s.fail(g.subject(), g.Pos, g.where()+" "+how+" "+a.where()+", so production is changed before anybody has answered").
						mend("Give the gate a lower runOrder than everything that changes production in its stage, or a stage before it.", "RunOrder: 1\n")
					reported[g] = d
				}
				d.related(a.Pos, a.where()+" does not wait for the gate").keyed(a.where())
			}
		}
	}
}
