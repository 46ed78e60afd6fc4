package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp609 = rule{describe("CP-609", "target-missing-kms", finding.Medium,
	"An action cannot use the artifact key",
	"NIST 800-53 SC-12"), checkTargetKMS}

func checkTargetKMS(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			st := p.storeFor(a)
			if st == nil || st.key == nil || st.key.Missing {
				continue
			}
			for _, n := range a.needs("kms:Decrypt", "kms:GenerateDataKey") {
				r := s.est.Role(n.role)
				if r == nil || r.Missing {
					continue
				}
				ans := s.may(r.ARN, n.action, st.keyARN, nil)
				if ans.err != nil || ans.granted() || ans.unclear() {
					continue
				}
				d := s.fail(part(a.subject(), a.where()), a.Pos, a.where()+" will fail: "+estate.Show(r.Name)+" may not "+n.action+" with the artifact key").keyed(n.action, n.role).
					related(r.Pos, "the role").related(st.key.Pos, "the key").
					mend("Allow it on both sides: in the role's policy and in the key's.", "")
				citeMissing(d, ans)
				break
			}
		}
	}
}

// need is a call that a role of an action makes on artifacts.
type need struct{ role, action string }

// needs returns the calls by which an action reads and writes its artifacts: by
// the role of its builds where it runs one, and else by its own.
func (a *act) needs(read, write string) []need {
	who := a.runner
	if a.project != nil {
		who = a.project.ServiceRole
	}
	var out []need
	if a.reads() {
		out = append(out, need{who, read})
	}
	if len(a.Outputs) > 0 && !a.cloudFormation() && a.Category != "Invoke" {
		out = append(out, need{who, write})
	}
	return out
}

// citeMissing adds what a denial was for want of.
func citeMissing(d *draft, a answer) {
	for _, m := range a.Missing {
		text := "the " + string(m.Side) + " policy"
		if m.Account != "" {
			text += " in account " + m.Account
		}
		text += " does not allow it"
		d.hop(text)
	}
	for _, r := range a.Reasons {
		if r.Effect == "Deny" {
			d.related(r.Pos, "this statement denies it")
		}
	}
}
