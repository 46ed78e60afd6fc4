package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp506 = rule{graded(describe("CP-506", "approval-wildcard", finding.High,
	"People may answer gates that nobody named",
	"OWASP CICD-SEC-2", "NIST 800-53 AC-6"),
	"medium where the pattern names the pipeline and the stage"), checkApprovalWildcard}

// holder is what carries policies: a user, a group, a role or a permission set.
type holder struct {
	about    finding.Subject
	pos      policy.Pos
	name     string
	policies []estate.Policy
	// as is a principal that has the policies; empty where nobody is known to.
	as string
}

// holders returns the holders of policies that people and programs have, the
// roles of pipelines left out: those are CP-110.
func (s *scan) holders() []holder {
	var out []holder
	member := map[string]string{}
	for _, u := range s.est.Users {
		for _, g := range u.Groups {
			if member[g] == "" {
				member[g] = u.ARN
			}
		}
	}
	for _, g := range s.est.Groups {
		h := holder{about: subject(&g.Meta, g.Name), pos: g.Pos, name: "group " + estate.Show(g.Name), policies: g.Policies, as: member[g.ARN]}
		out = append(out, h)
	}
	for _, u := range s.est.Users {
		if !s.breakGlass(u.ARN) {
			out = append(out, holder{subject(&u.Meta, u.Name), u.Pos, "user " + estate.Show(u.Name), u.Policies, u.ARN})
		}
	}
	for _, p := range s.principals {
		if p.role == nil || len(s.roleUses[p.role]) > 0 {
			continue
		}
		out = append(out, holder{subject(&p.role.Meta, p.role.Name), p.role.Pos, p.name(), p.role.Policies, p.arn})
	}
	for _, x := range s.est.PermissionSets {
		out = append(out, holder{about: subject(&x.Meta, x.Name), pos: x.Pos, name: "permission set " + estate.Show(x.Name), policies: x.Policies})
	}
	return out
}

func checkApprovalWildcard(s *scan) {
	const action = "codepipeline:PutApprovalResult"
	gated := map[string]bool{}
	for _, p := range s.pipelines {
		if len(p.gates()) > 0 {
			gated[p.Account] = true
		}
	}
	for _, h := range s.holders() {
		// Where no pipeline with a gate is, the permission has nothing to act on.
		if len(gated) == 0 || h.as != "" && !gated[h.about.Account] {
			continue
		}
		var d *draft
		for _, g := range grants(h.policies, action) {
			pattern := g.pattern.Value
			if g.stmt.Unknown != "" || !estate.Known(pattern) || !wildAction(pattern) {
				continue
			}
			account := h.about.Account
			if account == "" {
				account = s.pipelines[0].Account
			}
			target := probe(pattern, anyARN("aws", "codepipeline", "us-east-1", account, "twokey-probe/twokey-probe/twokey-probe"))
			if h.as != "" && !s.identityMay(h.as, action, target, nil).granted() {
				continue
			}
			stage := strings.Split(pattern[strings.LastIndexByte(pattern, ':')+1:], "/")
			narrow := strings.Count(pattern, ":") == 5 && len(stage) == 3 && !wild(stage[0]) && !wild(stage[1])
			if d == nil {
				at := g.stmt.Pos
				if strings.HasPrefix(at.File, "arn:") {
					at = h.pos // a policy of AWS: what is to be changed is who has it
				}
				d = s.fail(h.about, at, h.name+" may answer every gate that matches "+pattern).severity(finding.Medium).
					mend("Name the gates, each by pipeline, stage and action.", patchResource(s.gateARNs()))
			}
			if !narrow {
				d.severity(finding.High)
			}
			d.related(g.pattern.Pos, "this allows "+action+" on "+pattern).keyed(pattern)
		}
	}
}

// wildAction reports whether a pattern leaves open which pipeline, stage or
// action it means. A region or account left open does not.
func wildAction(pattern string) bool {
	f := strings.SplitN(pattern, ":", 6)
	return len(f) < 6 || wild(f[5])
}

// gateARNs returns the ARNs of the gates of the estate, a few of them.
func (s *scan) gateARNs() []string {
	var out []string
	for _, p := range s.pipelines {
		for _, g := range p.gates() {
			if len(out) < 5 {
				out = append(out, g.arn())
			}
		}
	}
	return out
}
