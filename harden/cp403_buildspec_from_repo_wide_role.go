package harden

import (
	"regexp"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp403 = rule{describe("CP-403", "buildspec-from-repo-wide-role", finding.High,
	"What a repository says runs with a role that reaches beyond the build",
	"OWASP CICD-SEC-4", "NIST 800-53 AC-6", "Prowler codebuild_project_user_controlled_buildspec"), checkBuildspecRole}

func checkBuildspecRole(s *scan) {
	for _, b := range s.builds() {
		if len(b.acts) == 0 {
			continue
		}
		obeys, ok := obeysRepository(b.Project)
		if !ok {
			continue
		}
		if b.role == nil {
			s.unknown(b.subject(), b.Pos, b.title()+" "+obeys+", and what its role "+estate.Show(b.ServiceRole)+" may do is not known").mend("Give the scan the role.", "")
			continue
		}
		r := s.reaches(b, true)
		if len(r) == 0 {
			continue
		}
		d := s.fail(b.subject(), b.BuildSpecPos, b.title()+" "+obeys+", and its role "+estate.Show(b.role.Name)+" may "+listed(whatReached(r))).keyed(whatReached(r)...).
			mend("Take from "+estate.Show(b.role.Name)+" what building does not need"+instead(b.Project), "").
			hop("whoever writes the repository writes what the build runs").hop("builds run as " + estate.Show(b.role.ARN))
		for _, x := range r {
			d.cite(x.answer, "this statement lets the build "+x.what).hop("which may " + x.what)
		}
	}
}

// instead ends the sentence on what to do otherwise: a specification that is in
// the template already cannot be moved there.
func instead(pr *estate.Project) string {
	if pr.BuildSpecInline {
		return ", or let the commands run nothing that the repository holds."
	}
	return ", or keep the build specification in the template."
}

// repositoryCode finds, in an inline build specification, commands that run what
// the repository holds.
var repositoryCode = regexp.MustCompile(`(?m)(^|[\s;&|"'(\[,-])(make|npm|npx|yarn|pnpm|mvn|gradle|tox|pytest|rake|bundle exec|composer|cargo|go (test|generate|run|build)|sam build|cdk|terraform|docker build|docker-compose|ansible-playbook|poetry|pip3? install (-e|-r|\.)|python3? \S+\.py|node \S+\.[cm]?js|(ba)?sh \S+\.sh|\./\S+|source \S+\.sh|dotnet|ant|sbt|serverless)(\s|[\],"']|$)`)

// obeysRepository says how a build obeys its repository; ok is false where its
// specification is written elsewhere and runs nothing of the repository's.
func obeysRepository(pr *estate.Project) (how string, ok bool) {
	switch {
	case pr.BuildSpecInline:
		if m := repositoryCode.FindStringSubmatch(pr.BuildSpec); m != nil {
			return "runs " + strings.TrimSpace(m[2]) + " on what the repository holds", true
		}
		return "", false
	case strings.HasPrefix(pr.BuildSpec, "arn:"), !estate.Known(pr.BuildSpec):
		return "", false
	case pr.BuildSpec == "":
		return "obeys buildspec.yml of the repository", true
	}
	return "obeys " + pr.BuildSpec + " of the repository", true
}
