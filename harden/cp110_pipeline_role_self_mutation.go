package harden

import (
	"slices"

	"github.com/twokey/twokey/finding"
)

var cp110 = rule{graded(describe("CP-110", "pipeline-role-self-mutation", finding.Critical,
	"A role of the pipeline may change or pass its own gate",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3", "NIST 800-53 AC-5"),
	"high for a pipeline without a gate"), checkSelfMutation}

func checkSelfMutation(s *scan) {
	for _, r := range s.usedRoles(pipelineRole, actionRole, deployRole, buildRole) {
		seen := map[*pipe]bool{}
		var d *draft
		var can []string
		for _, x := range r.uses {
			p := x.pipe
			if seen[p] || p.Account != r.Account {
				continue
			}
			seen[p] = true
			for _, b := range s.breakers(p, p.gates()) {
				a := s.may(r.ARN, b.action, b.resource, nil)
				if !a.granted() {
					continue
				}
				if d == nil {
					d = s.fail(r.subject(), r.Pos, "").
						mend("Take these actions from the role. A role that works for a pipeline never needs to edit it or to answer its gates.", "")
					if len(p.gates()) == 0 {
						d.severity(finding.High)
					}
				}
				if !slices.Contains(can, b.action) {
					can = append(can, b.action)
				}
				d.cite(a, "this statement allows "+b.action+" on "+p.title())
			}
		}
		if d != nil {
			d.f.Message = r.title() + ", may change the pipeline or its gates: " + listed(can)
			d.keyed(can...)
		}
	}
}

// breaker is a call by which a gate is taken out, passed or stepped over.
type breaker struct{ action, resource string }

// breakers returns the calls that would break the given gates of a pipeline.
func (s *scan) breakers(p *pipe, gates []*act) []breaker {
	out := []breaker{{"codepipeline:UpdatePipeline", p.ARN}}
	for _, g := range gates {
		out = append(out, breaker{"codepipeline:PutApprovalResult", g.arn()})
	}
	for i := range p.Stages {
		st := &p.Stages[i]
		if st.BeforeEntry != nil || st.OnSuccess != nil {
			out = append(out, breaker{"codepipeline:OverrideStageCondition", p.ARN + "/" + st.Name})
		}
		if p.DisabledInbound[st.Name] != "" {
			out = append(out, breaker{"codepipeline:EnableStageTransition", p.ARN + "/" + st.Name})
		}
	}
	if p.hasJobs() {
		out = append(out, breaker{"codepipeline:PutJobSuccessResult", "*"})
	}
	return out
}

// hasJobs reports whether the pipeline has actions whose result somebody reports.
func (p *pipe) hasJobs() bool {
	return slices.ContainsFunc(p.acts, func(a *act) bool { return a.Owner == "Custom" || a.Provider == "Lambda" && a.Category == "Invoke" })
}
