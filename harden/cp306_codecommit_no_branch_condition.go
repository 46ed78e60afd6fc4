package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp306 = rule{describe("CP-306", "codecommit-no-branch-condition", finding.High,
	"People may write to the deployed branch without anyone else",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3", "CIS Software Supply Chain 1.1"), checkBranchCondition}

// branchWrites are the calls that put a commit on a branch.
var branchWrites = []string{
	"codecommit:GitPush", "codecommit:PutFile", "codecommit:CreateCommit", "codecommit:MergeBranchesByFastForward", "codecommit:MergeBranchesBySquash",
	"codecommit:MergePullRequestByFastForward", "codecommit:MergePullRequestBySquash", "codecommit:MergePullRequestByThreeWay",
}

func checkBranchCondition(s *scan) {
	seen := map[string]bool{}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			repo, branch, ok := p.codeCommit(a)
			if !ok || seen[repo+" "+branch] {
				continue
			}
			seen[repo+" "+branch] = true
			about := a.subject()
			pos := a.Pos
			if r := s.est.Repository(a.ConfigText("RepositoryName"), a.account, p.ActionRegion(a.Action)); r != nil && !r.Missing {
				about, pos = subject(&r.Meta, r.Name), r.Pos
			}
			var d *draft
			var who []string
			for _, x := range s.pushers(repo, branch) {
				if d == nil {
					d = s.fail(about, pos, "").related(a.Pos, p.title()+" deploys "+branch).
						mend("Deny writes to the branch to everyone who develops, and let a pull request be merged only with approvals.", branchPatch(repo, branch))
				}
				who = appendNew(who, x.name())
				d.cite(x.answer, "this statement lets "+x.name()+" write to every branch")
			}
			if d != nil {
				d.f.Message = listed(who) + " may write to " + branch + " of " + estate.Show(a.ConfigText("RepositoryName")) + ", which " + p.title() + " deploys, without a condition on the branch"
				d.keyed(append(who, branch)...)
			}
		}
	}
}

// codeCommit returns the ARN of the repository and the branch that a source
// action reads, where both could be resolved.
func (p *pipe) codeCommit(a *act) (repo, branch string, ok bool) {
	if a.Category != "Source" || a.Provider != "CodeCommit" {
		return "", "", false
	}
	repo = anyARN(partitionOf(p.ARN), "codecommit", p.ActionRegion(a.Action), a.account, a.ConfigText("RepositoryName"))
	branch = a.ConfigText("BranchName")
	return repo, branch, estate.Known(repo) && estate.Known(branch) && branch != ""
}

// pushers returns the principals that may write to a branch by a permission that
// does not name it: they may write to a branch that nobody has just as well.
func (s *scan) pushers(repo, branch string) []access {
	var out []access
	for _, x := range s.branchWriters(repo, branch) {
		if s.may(x.arn, x.action, repo, onBranch("twokey-probe")).granted() {
			out = append(out, x.access)
		}
	}
	return out
}

// writer is a principal that may write to a branch, with one call by which it may.
type writer struct {
	access
	action string
}

// branchWriters returns the principals that may write to a branch.
func (s *scan) branchWriters(repo, branch string) []writer {
	if have, ok := s.writerCache[repo+" "+branch]; ok {
		return have
	}
	var out []writer
	for _, action := range branchWrites {
		for _, x := range s.whoMay(action, repo, onBranch(branch)) {
			if !slices.ContainsFunc(out, func(w writer) bool { return w.principal == x.principal }) {
				out = append(out, writer{x, action})
			}
		}
	}
	s.writerCache[repo+" "+branch] = out
	return out
}

// onBranch is a request on a branch.
func onBranch(branch string) *iam.Context {
	return iam.NewContext().UnknownUnlessSet(true).Set("codecommit:References", "refs/heads/"+branch)
}

func branchPatch(repo, branch string) string {
	return `
- Effect: Deny
  Action:
    - codecommit:GitPush
    - codecommit:DeleteBranch
    - codecommit:PutFile
    - codecommit:CreateCommit
    - codecommit:MergeBranchesBy*
    - codecommit:MergePullRequestBy*
  Resource: ` + repo + `
  Condition:
    StringEqualsIfExists:
      codecommit:References: [refs/heads/` + branch + `]
    "Null":
      codecommit:References: "false"
`
}
