package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp602 = rule{describe("CP-602", "cfn-role-shared", finding.High,
	"Several stacks are deployed with one role",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkCfnShared}

func checkCfnShared(s *scan) {
	for _, r := range s.usedRoles(deployRole) {
		var stacks []string
		for _, x := range r.uses {
			if name := x.act.ConfigText("StackName"); name != "" && estate.Known(name) {
				stacks = appendNew(stacks, name)
			}
		}
		if len(stacks) < 2 {
			continue
		}
		d := s.fail(r.subject(), r.Pos, estate.Show(r.Name)+" is the role of "+itoa(len(stacks))+" stacks, "+listed(stacks)+": each reaches what the others may").keyed(stacks...).
			mend("Make a role for each stack.", "")
		for _, x := range r.uses {
			d.related(x.act.Pos, x.act.where()+" deploys stack "+estate.Show(x.act.ConfigText("StackName"))+" with it")
		}
	}
}
