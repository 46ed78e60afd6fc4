package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp705 = rule{describe("CP-705", "no-notification-rule", finding.Low,
	"Nobody is told of a waiting gate or a failed run",
	"NIST 800-53 IR-6", "NIST 800-53 SI-4"), checkNotification}

func checkNotification(s *scan) {
	for _, p := range s.pipelines {
		needed := map[string]string{"pipeline-execution-failed": "a failed run"}
		if len(p.gates()) > 0 {
			needed["manual-approval-needed"] = "a waiting gate"
		}
		seen := false
		var at policy.Pos
		for _, n := range s.est.Others["AWS::CodeStarNotifications::NotificationRule"] {
			about := textOf(n.Props.Get("Resource"))
			if about != p.ARN && estate.Known(about) {
				continue
			}
			if status := textOf(n.Props.Get("Status")); status == "DISABLED" {
				continue
			}
			seen, at = true, n.Pos
			for _, e := range n.Props.Get("EventTypeIds").Elements() {
				for k := range needed {
					if strings.HasSuffix(textOf(e), k) {
						delete(needed, k)
					}
				}
			}
		}
		for _, r := range s.est.Rules {
			if r.Pattern == nil || !r.Enabled || r.Account != p.Account || !matchesPipeline(r.Pattern, p) || !notifies(r) {
				continue
			}
			delete(needed, "pipeline-execution-failed")
			if listHas(r.Pattern.Get("detail-type"), stateChanges[2]) || r.Pattern.Get("detail-type") == nil {
				delete(needed, "manual-approval-needed")
			}
		}
		if gates := p.gates(); len(gates) > 0 && !slices.ContainsFunc(gates, func(g *act) bool { return g.ConfigText("NotificationArn") == "" }) {
			delete(needed, "manual-approval-needed")
		}
		if len(needed) == 0 {
			continue
		}
		var what []string
		for _, w := range needed {
			what = append(what, w)
		}
		slices.Sort(what)
		var d *draft
		if seen {
			d = s.fail(p.subject(), at, "the notification rule of "+p.title()+" tells nobody of "+listed(what))
		} else {
			d = s.unknown(p.subject(), p.Pos, "nothing in the estate tells anybody of "+listed(what)+" of "+p.title())
		}
		d.keyed(what...).mend("Make a notification rule for the pipeline.", `
Type: AWS::CodeStarNotifications::NotificationRule
Properties:
  Name: PIPELINE
  Resource: PIPELINE-ARN
  DetailType: FULL
  EventTypeIds:
    - codepipeline-pipeline-manual-approval-needed
    - codepipeline-pipeline-pipeline-execution-failed
  Targets:
    - {TargetType: SNS, TargetAddress: TOPIC-ARN}
`)
	}
}

// notifies reports whether a rule tells people: it has a topic, queue or
// function for a target.
func notifies(r *estate.Rule) bool {
	return slices.ContainsFunc(r.Targets, func(t estate.Target) bool {
		return strings.Contains(t.ARN, ":sns:") || strings.Contains(t.ARN, ":lambda:") || strings.Contains(t.ARN, ":sqs:") || strings.Contains(t.ARN, ":api-destination/")
	})
}
