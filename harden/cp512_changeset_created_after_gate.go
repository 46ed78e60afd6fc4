package harden

import (
	"slices"

	"github.com/twokey/twokey/finding"
)

var cp512 = rule{describe("CP-512", "changeset-created-after-gate", finding.High,
	"The change is worked out after it was approved",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3(2)"), checkChangeSetOrder}

func checkChangeSetOrder(s *scan) {
	for _, p := range s.pipelines {
		s.whole(p)
		for _, a := range p.acts {
			if !a.prod || !a.cloudFormation() || len(p.gatesBefore(a)) == 0 {
				continue
			}
			message := ""
			switch a.mode() {
			case "CHANGE_SET_REPLACE":
				run := p.executor(a)
				if run == nil || slices.ContainsFunc(p.gates(), func(g *act) bool { return a.before(g) && g.before(run) }) {
					continue
				}
				message = a.where() + " makes the change set after the gate: whoever answered it has not seen what changes"
			case "CREATE_UPDATE", "REPLACE_ON_FAILURE":
				message = a.where() + " updates the stack after the gate with no change set: whoever answered it has not seen what changes"
			default:
				continue
			}
			g := p.gatesBefore(a)
			s.fail(a.subject(), a.Pos, message).related(g[len(g)-1].Pos, "the gate").
				mend("Make the change set before the gate, in the gate's own stage, link it in ExternalEntityLink, and carry it out after.", `
- Name: Propose
  RunOrder: 1
  Configuration: {ActionMode: CHANGE_SET_REPLACE, ChangeSetName: release}
- Name: Approve
  RunOrder: 2
- Name: Release
  RunOrder: 3
  Configuration: {ActionMode: CHANGE_SET_EXECUTE, ChangeSetName: release}
`)
		}
	}
}

// executor returns the action that carries out the change set that another
// makes, or nil.
func (p *pipe) executor(made *act) *act {
	for _, a := range p.acts {
		if a.cloudFormation() && a.mode() == "CHANGE_SET_EXECUTE" && made.before(a) && a.account == made.account && a.ConfigText("StackName") == made.ConfigText("StackName") {
			return a
		}
	}
	return nil
}
