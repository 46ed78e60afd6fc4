package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp307 = rule{graded(describe("CP-307", "no-branch-filter", finding.High,
	"A push to any branch runs the pipeline",
	"OWASP CICD-SEC-1", "OWASP CICD-SEC-4"),
	"medium where the pipeline does not deploy production"), checkBranchFilter}

func checkBranchFilter(s *scan) {
	for _, p := range s.pipelines {
		for i := range p.Triggers {
			t := &p.Triggers[i]
			git := t.Node.Get("GitConfiguration")
			if t.Node.IsUnknown() || git.IsUnknown() {
				s.unknown(part(p.subject(), t.SourceAction), t.Pos, "what triggers "+p.title()+" could not be resolved").mend("Set it in the template.", "")
				continue
			}
			pushes, pulls := git.Get("Push").Elements(), git.Get("PullRequest").Elements()
			var why []string
			var places []policy.Pos
			say := func(w string, n *policy.Node) {
				why = append(why, w)
				places = append(places, posOf(n, t.Pos))
			}
			if len(pushes)+len(pulls) == 0 {
				say("its trigger has no filter", git)
			}
			for _, f := range pushes {
				if w := openPush(f); w != "" {
					say(w, f)
				}
			}
			for _, f := range pulls {
				if len(p.prod) > 0 {
					say("a pull request runs it before it is merged", f)
				} else if w := openList(f.Get("Branches"), "branch"); w != "" {
					say("a pull request into "+w+" runs it", f)
				}
			}
			if len(why) == 0 {
				continue
			}
			d := s.fail(part(p.subject(), t.SourceAction), places[0], p.title()+" runs for more than its branch: "+listed(why)).keyed(why...).
				mend("Filter the trigger by branch. While there is a trigger, BranchName of the source counts only for runs that are started by hand.", `
GitConfiguration:
  SourceActionName: SOURCE
  Push:
    - Branches:
        Includes: [main]
`)
			for i, w := range why {
				d.related(places[i], w)
			}
			if len(p.prod) == 0 {
				d.severity(finding.Medium)
			}
		}
	}
}

// openPush says how a push filter lets every branch or tag through, or nothing.
func openPush(f *policy.Node) string {
	branches, tags := f.Get("Branches"), f.Get("Tags")
	switch {
	case branches == nil && tags == nil:
		return "a push to any branch runs it"
	case branches == nil:
		if w := openList(tags, "tag"); w != "" {
			return w + ", on any branch, runs it"
		}
		return ""
	}
	if w := openList(branches, "branch"); w != "" {
		return "a push to " + w + " runs it"
	}
	return ""
}

// openList says how a list of includes and excludes lets everything through, or
// nothing.
func openList(n *policy.Node, kind string) string {
	includes := n.Get("Includes").Elements()
	if len(includes) == 0 {
		return "any " + kind + " that is not excluded"
	}
	for _, i := range includes {
		if t := textOf(i); t != "" && strings.Trim(t, "*") == "" {
			return "any " + kind + " (" + t + ")"
		}
	}
	return ""
}
