package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
)

var cp106 = rule{describe("CP-106", "pipeline-role-startbuild-scope", finding.Medium,
	"The pipeline may start builds that are not its own",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkStartBuildScope}

func checkStartBuildScope(s *scan) {
	for _, r := range s.usedRoles(pipelineRole, actionRole) {
		var projects []string
		for _, x := range r.uses {
			for _, a := range x.pipe.acts {
				if a.project != nil {
					projects = append(projects, a.project.ARN)
				}
			}
		}
		example := anyARN(partitionOf(r.ARN), "codebuild", regionOf(&r.Meta), r.Account, "project/twokey-probe")
		var d *draft
		for _, action := range []string{"codebuild:StartBuild", "codebuild:StartBuildBatch", "codebuild:RetryBuild"} {
			for _, g := range s.wideGrants(r.ARN, r.Policies, action, example, func(x string) bool { return within(x, projects) || !ofProject(x) }) {
				if d == nil {
					d = s.fail(r.subject(), r.Pos, r.title()+", may start builds of projects that it does not use: "+action+" on "+g.pattern.Value).
						mend("Name the pipeline's projects: a build that is started takes another build specification from its caller.", patchResource(projects))
				}
				d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value).keyed(action, g.pattern.Value)
			}
		}
	}
}

// ofProject reports whether an ARN is that of a build project: starting a build is
// authorised on the project, so a pattern of builds or reports lets nobody start one.
func ofProject(x string) bool {
	f := strings.SplitN(x, ":", 6)
	return len(f) < 6 || strings.HasPrefix(f[5], "project/")
}

// patchResource is a Resource element that names ARNs.
func patchResource(arns []string) string {
	if len(arns) == 0 {
		return ""
	}
	text := "Resource:\n"
	seen := map[string]bool{}
	for _, a := range arns {
		if !seen[a] {
			text += "  - " + a + "\n"
		}
		seen[a] = true
	}
	return text
}
