package harden

import (
	"slices"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/finding"
)

var cp514 = rule{graded(describe("CP-514", "gate-breakers", finding.High,
	"People may step over or take out the gate",
	"OWASP CICD-SEC-1", "OWASP CICD-SEC-2", "NIST 800-53 CM-5"),
	"medium where all they may do is stop a run or retry a stage"), checkGateBreakers}

func checkGateBreakers(s *scan) {
	for _, p := range s.pipelines {
		if len(p.prod) == 0 || len(p.gates()) == 0 {
			continue
		}
		calls := s.breakers(p, nil)
		for _, a := range p.prod {
			stage := p.ARN + "/" + a.stage.Name
			calls = append(calls, breaker{"codepipeline:RollbackStage", stage}, breaker{"codepipeline:RetryStageExecution", stage})
		}
		calls = append(calls, breaker{"codepipeline:StopPipelineExecution", p.ARN})
		var d *draft
		var who, can []string
		for _, c := range calls {
			for _, x := range humans(s.whoMayIn(p.Account, c.action, c.resource, nil)) {
				if s.pipelineAdmin(x.arn) {
					continue
				}
				if d == nil {
					d = s.fail(p.subject(), p.Pos, "").severity(finding.Medium).
						mend("Leave these actions to the role that deploys the pipeline's template, and list who may use it under break_glass in twokey.yaml.", "")
				}
				if c.action != "codepipeline:RetryStageExecution" && c.action != "codepipeline:StopPipelineExecution" {
					d.severity(finding.High)
				}
				who, can = appendNew(who, x.name()), appendNew(can, c.action)
				d.cite(x.answer, "this statement lets "+x.name()+" call "+c.action)
			}
		}
		if d != nil {
			d.f.Message = listed(who) + " may get " + p.title() + " past its gate: " + listed(can)
			d.keyed(append(who, can...)...)
		}
	}
}

// pipelineAdmin reports whether a principal is one of those who may change
// pipelines.
func (s *scan) pipelineAdmin(who string) bool {
	return slices.ContainsFunc(s.opts.PipelineAdmins, func(p string) bool { return arn.Glob(p, who) })
}
