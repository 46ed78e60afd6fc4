package cfn

import (
	"regexp"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// dynamicReference begins the Reason of every text that holds a value fetched
// at deployment, so that a reader can tell "{{resolve:secretsmanager:…}}" from
// other unknowns.
const dynamicReference = "dynamic reference"

var dynamicPattern = regexp.MustCompile(`\{\{resolve:([A-Za-z-]+):([^{}]*)\}\}`)

// dynamic puts a hole in the place of each dynamic reference of a text, save
// those to plain parameters that Env.SSM answers.
func (r *resolver) dynamic(n *policy.Node) *policy.Node {
	if n.Kind != policy.String || !strings.Contains(n.Text, "{{resolve:") {
		return n
	}
	reason := n.Reason
	text := dynamicPattern.ReplaceAllStringFunc(n.Text, func(ref string) string {
		m := dynamicPattern.FindStringSubmatch(ref)
		if m[1] == "ssm" && r.env.SSM != nil && !strings.Contains(m[2], policy.Hole) {
			if v, ok := r.env.SSM(m[2]); ok {
				if s, ok := v.Scalar(); ok {
					reason = joinReasons(reason, given(v, "the Systems Manager parameter "+m[2], n.Pos).Reason)
					return s
				}
			}
		}
		shown := strings.ReplaceAll(ref, policy.Hole, "…")
		r.record(n.Pos, shown, "it is read at deployment")
		reason = joinReasons(reason, dynamicReference+" "+shown+" is read at deployment")
		return policy.Hole
	})
	if text == n.Text {
		return n
	}
	return &policy.Node{Kind: policy.String, Text: text, Reason: reason, Pos: n.Pos}
}
