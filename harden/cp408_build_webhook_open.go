package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp408 = rule{describe("CP-408", "build-webhook-open", finding.High,
	"The pipeline's build project has a side door",
	"OWASP CICD-SEC-4"), checkBuildWebhook}

func checkBuildWebhook(s *scan) {
	for _, b := range s.builds() {
		if len(b.acts) == 0 {
			continue
		}
		if n := b.Props.Get("Visibility"); textOf(n) == "PUBLIC_READ" {
			s.fail(b.subject(), posOf(n, b.Pos), b.title()+", which "+b.acts[0].pipe.title()+" runs, shows its builds and logs to anyone").keyed("public").
				mend("Make the project private.", "Visibility: PRIVATE\n")
			continue
		}
		hook := b.Props.Get("Triggers")
		on, _, _ := flag(hook.Get("Webhook"))
		if !on {
			continue
		}
		groups := hook.Get("FilterGroups").Elements()
		open := len(groups) == 0
		for _, g := range groups {
			open = open || !slices.ContainsFunc(g.Elements(), anchored)
		}
		if open {
			s.fail(b.subject(), keyPos(b.Props, b.Pos, "Triggers"), b.title()+", which "+b.acts[0].pipe.title()+" runs, is also started by a webhook for anyone's push or pull request").keyed("webhook").
				mend("Use a project of its own for pull requests, or filter the webhook by who and which branch.", `
FilterGroups:
  - - Type: EVENT
      Pattern: PUSH
    - Type: HEAD_REF
      Pattern: ^refs/heads/main$
`)
		}
	}
}

// anchored reports whether a webhook filter lets only named branches or accounts
// through.
func anchored(f *policy.Node) bool {
	pattern := textOf(f.Get("Pattern"))
	if excluded, _, _ := flag(f.Get("ExcludeMatchedPattern")); excluded {
		return false
	}
	switch textOf(f.Get("Type")) {
	case "ACTOR_ACCOUNT_ID", "HEAD_REF":
		return strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$") && !strings.Contains(pattern, ".*")
	}
	return false
}
