package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp303 = rule{describe("CP-303", "connection-not-scoped", finding.High,
	"A role may use the connection for every repository it reaches",
	"OWASP CICD-SEC-5", "OWASP CICD-SEC-8", "NIST 800-53 AC-6"), checkConnectionScope}

func checkConnectionScope(s *scan) {
	for _, r := range s.usedRoles(pipelineRole, actionRole, buildRole) {
		if power, _ := s.administrator(r.Role); power.granted() {
			continue
		}
		var d *draft
		for _, service := range []string{"codestar-connections", "codeconnections"} {
			action := service + ":UseConnection"
			elsewhere := iam.NewContext().UnknownUnlessSet(true)
			for _, prefix := range []string{"codestar-connections", "codeconnections"} {
				elsewhere.Set(prefix+":FullRepositoryId", "twokey-probe/twokey-probe").Set(prefix+":BranchName", "twokey-probe")
			}
			example := anyARN(partitionOf(r.ARN), service, regionOf(&r.Meta), r.Account, "connection/00000000-0000-0000-0000-000000000000")
			for _, g := range grants(r.Policies, action) {
				if g.stmt.Unknown != "" {
					continue
				}
				target := probe(g.pattern.Value, example)
				a := s.identityMay(r.ARN, action, target, elsewhere)
				if !a.granted() || !a.cites(g.stmt) {
					continue
				}
				if d == nil {
					d = s.fail(r.subject(), r.Pos, r.title()+", may use "+connectionName(g.pattern.Value)+" for every repository that it reaches").
						mend("Name the connection, and the repository and branch in a condition. Connections have two prefixes; name the one in the connection's ARN.", `
Condition:
  StringEquals:
    codeconnections:FullRepositoryId: OWNER/REPOSITORY
    codeconnections:BranchName: main
`)
				}
				d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value+" without a condition on the repository").keyed(action, g.pattern.Value)
			}
		}
	}
}

func connectionName(pattern string) string {
	if wild(pattern) {
		return "every connection that matches " + pattern
	}
	return "connection " + pattern[strings.LastIndexByte(pattern, '/')+1:]
}
