package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp404 = rule{describe("CP-404", "build-overridable", finding.High,
	"People may run the build with a specification of their own",
	"OWASP CICD-SEC-4", "NIST 800-53 CM-5", "pathfinding.cloud codebuild-002", "pathfinding.cloud codebuild-003"), checkBuildOverridable}

func checkBuildOverridable(s *scan) {
	for _, b := range s.builds() {
		if b.role == nil || !slices.ContainsFunc(b.acts, func(a *act) bool { return len(a.pipe.prod) > 0 }) {
			continue
		}
		var matters []string
		for _, x := range s.reaches(b, true) {
			matters = append(matters, x.what)
		}
		for _, a := range b.acts {
			st := a.pipe.storeFor(a)
			for _, o := range a.Outputs {
				if st != nil && estate.Known(st.Bucket) && s.may(b.role.ARN, "s3:PutObject", a.pipe.placeARN(st, o), nil).granted() {
					matters = append(matters, "write artifact "+estate.Show(o)+", which is deployed")
				}
			}
		}
		if len(matters) == 0 {
			continue
		}
		var d *draft
		var who, can []string
		for _, action := range []string{"codebuild:StartBuild", "codebuild:StartBuildBatch", "codebuild:RetryBuild", "codebuild:UpdateProject"} {
			for _, x := range humans(s.whoMay(action, b.ARN, nil)) {
				if d == nil {
					d = s.fail(b.subject(), b.Pos, "").
						mend("Let only the pipeline start the project; let people read its builds.", `
Action:
  - codebuild:BatchGetBuilds
  - codebuild:ListBuildsForProject
`)
				}
				who, can = appendNew(who, x.name()), appendNew(can, action)
				d.cite(x.answer, "this statement allows "+x.name()+" "+action)
			}
		}
		if d != nil {
			d.f.Message = listed(who) + " may run " + b.title() + " around the pipeline (" + listed(can) + "); its role may " + listed(matters)
			d.keyed(append(who, can...)...)
		}
	}
}
