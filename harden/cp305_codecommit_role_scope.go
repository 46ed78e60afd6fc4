package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp305 = rule{describe("CP-305", "codecommit-role-scope", finding.High,
	"The role that reads the source reads every repository",
	"OWASP CICD-SEC-5", "NIST 800-53 AC-6"), checkCodeCommitScope}

func checkCodeCommitScope(s *scan) {
	type source struct {
		role  *estate.Role
		repos []string
		at    *act
	}
	var sources []*source
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			if a.Category != "Source" || a.Provider != "CodeCommit" {
				continue
			}
			r := s.est.Role(a.runner)
			if r == nil || r.Missing {
				s.miss("role "+estate.Show(a.runner), "nothing in the estate defines it", a.Pos)
				continue
			}
			repo := anyARN(partitionOf(p.ARN), "codecommit", p.ActionRegion(a.Action), a.account, a.ConfigText("RepositoryName"))
			if i := slices.IndexFunc(sources, func(x *source) bool { return x.role == r }); i >= 0 {
				sources[i].repos = append(sources[i].repos, repo)
			} else {
				sources = append(sources, &source{r, []string{repo}, a})
			}
		}
	}
	for _, x := range sources {
		if power, _ := s.administrator(x.role); power.granted() {
			continue
		}
		example := anyARN(partitionOf(x.role.ARN), "codecommit", x.at.pipe.Region, x.role.Account, "twokey-probe")
		var d *draft
		for _, action := range []string{"codecommit:UploadArchive", "codecommit:GitPull", "codecommit:GetFile", "codecommit:GitPush", "codecommit:CreateCommit", "codecommit:PutFile", "codecommit:MergeBranchesByFastForward"} {
			for _, g := range s.wideGrants(x.role.ARN, x.role.Policies, action, example, func(arn string) bool { return slices.Contains(x.repos, arn) }) {
				if d == nil {
					d = s.fail(subject(&x.role.Meta, x.role.Name), x.role.Pos, estate.Show(x.role.Name)+", which reads the source of "+x.at.pipe.title()+", reads every repository that matches "+g.pattern.Value).
						mend("Name the repository.", patchResource(x.repos))
				}
				d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value).keyed(action, g.pattern.Value)
			}
		}
	}
}
