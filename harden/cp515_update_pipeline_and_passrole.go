package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp515 = rule{describe("CP-515", "update-pipeline-and-passrole", finding.Critical,
	"One principal may edit the pipeline and pass it its role",
	"OWASP CICD-SEC-1", "NIST 800-53 AC-5"), checkUpdateAndPass}

func checkUpdateAndPass(s *scan) {
	for _, p := range s.pipelines {
		if !estate.Known(p.RoleARN) || p.RoleARN == "" {
			continue
		}
		toPipeline := iam.NewContext().UnknownUnlessSet(true).Set("iam:PassedToService", "codepipeline.amazonaws.com")
		var d *draft
		var who []string
		for _, x := range s.whoMay("codepipeline:UpdatePipeline", p.ARN, nil) {
			if x.role != nil && len(s.roleUses[x.role]) > 0 || s.pipelineAdmin(x.arn) {
				continue // CP-110 says so of the pipeline's own roles
			}
			pass := s.may(x.arn, "iam:PassRole", p.RoleARN, toPipeline)
			if !pass.granted() {
				continue
			}
			if d == nil {
				d = s.fail(p.subject(), p.Pos, "").
					mend("Let the pipeline be changed only by the role that deploys its template, and take iam:PassRole on its role from everyone else.", "")
			}
			who = appendNew(who, x.name())
			d.cite(x.answer, "this statement lets "+x.name()+" update the pipeline").cite(pass, "this statement lets "+x.name()+" pass it its role")
		}
		if d != nil {
			d.f.Message = listed(who) + " may update " + p.title() + " and pass it its role: whoever may do both can take the gate out"
			d.keyed(who...)
		}
	}
}
