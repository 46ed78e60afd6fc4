package harden

import (
	"slices"

	"github.com/twokey/twokey/finding"
)

var cp501 = rule{describe("CP-501", "prod-without-gate", finding.Critical,
	"Production is deployed without anybody being asked",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3", "NIST 800-53 AC-5"), checkProdWithoutGate}

func checkProdWithoutGate(s *scan) {
	for _, p := range s.pipelines {
		if p.Incomplete != "" {
			s.unknown(p.subject(), p.Pos, "whether "+p.title()+" asks anybody before production is not known: "+p.Incomplete).mend("Give the scan the whole pipeline.", "")
			continue
		}
		if !p.marked && len(p.gates()) == 0 {
			if deploys := slices.ContainsFunc(p.acts, func(a *act) bool { return a.deploys() }); deploys {
				s.unknown(p.subject(), p.Pos, p.title()+" deploys without a gate, and nothing says whether that is production").
					mend("Mark the production account in twokey.yaml.", "accounts:\n  - {name: prod, id: \"ACCOUNT\", production: true}\n")
			}
			continue
		}
		var d *draft
		for _, a := range p.prod {
			if len(p.gatesBefore(a)) > 0 || a.conditioned() || len(p.misplaced(a)) > 0 {
				continue
			}
			if d == nil {
				d = s.fail(p.subject(), a.Pos, "").
					mend("Put a manual approval before the first action that changes production, in an earlier stage or with a lower runOrder.", gatePatch)
			}
			d.related(a.Pos, a.where()+" changes production with no gate before it").keyed(a.where())
		}
		if d != nil {
			var where []string
			for _, k := range d.key {
				where = append(where, k)
			}
			d.f.Message = p.title() + " changes production in " + listed(where) + " without a gate before it"
		}
	}
}

// misplaced returns the gates that look as if they guarded an action and do not:
// they run beside it or after it, and guard no other action of production either.
func (p *pipe) misplaced(a *act) []*act {
	var out []*act
	for _, g := range p.gates() {
		guards := slices.ContainsFunc(p.acts, func(c *act) bool { return c.prod && g.before(c) })
		if !g.before(a) && !guards {
			out = append(out, g)
		}
	}
	return out
}

const gatePatch = `
- Name: ApproveProd
  Actions:
    - Name: Approve
      ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: "1"}
`
