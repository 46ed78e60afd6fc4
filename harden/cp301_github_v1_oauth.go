package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp301 = rule{describe("CP-301", "github-v1-oauth", finding.High,
	"The source is read with a person's GitHub token",
	"OWASP CICD-SEC-6", "OWASP CICD-SEC-8", "NIST 800-53 IA-5"), checkGitHubOAuth}

func checkGitHubOAuth(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			if a.Category != "Source" || a.Owner != "ThirdParty" || a.Provider != "GitHub" {
				continue
			}
			s.fail(a.subject(), a.Pos, a.where()+" reads the source with a GitHub token of one person").
				mend("Use a connection (CodeConnections): an app that the organization installs, for the repositories it names.", `
ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeStarSourceConnection, Version: "1"}
Configuration:
  ConnectionArn: CONNECTION-ARN
  FullRepositoryId: OWNER/REPOSITORY
  BranchName: main
`)
		}
	}
}
