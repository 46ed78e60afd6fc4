package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp302 = rule{describe("CP-302", "oauth-token-literal", finding.Critical,
	"A token stands in the template",
	"OWASP CICD-SEC-6", "NIST 800-53 IA-5", "cfn-nag F69"), checkTokenLiteral}

func checkTokenLiteral(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			s.tokenAt(a.subject(), a.Config.Get("OAuthToken"), a.Pos, "OAuthToken of "+a.where())
		}
	}
	for _, w := range s.est.Others["AWS::CodePipeline::Webhook"] {
		s.tokenAt(subject(&w.Meta, w.Name), w.Props.Path("AuthenticationConfiguration", "SecretToken"), w.Pos, "SecretToken of webhook "+estate.Show(w.Name))
	}
}

// tokenAt reports a token whose text is in the template, or in a parameter that
// does not hide it. A dynamic reference is neither.
func (s *scan) tokenAt(about finding.Subject, n *policy.Node, otherwise policy.Pos, what string) {
	if n == nil || n.Kind == policy.Null {
		return
	}
	text, ok := n.Scalar()
	switch known := ok && estate.Known(text); {
	case fetched(n), known && (text == "" || strings.Contains(text, "{{resolve:") || masked(text)):
	case known:
		s.fail(about, posOf(n, otherwise), what+" stands in the template, or is the default of a parameter").
			mend("Keep the token in Secrets Manager, and change this one: it has been read by everyone who read the template.", tokenPatch)
	case strings.Contains(n.Reason, "(NoEcho)"):
	case strings.Contains(n.Reason, "parameter "):
		s.fail(about, posOf(n, otherwise), what+" comes from a parameter that is not NoEcho: everyone who may see the stack reads it").keyed("echo").
			mend("Keep the token in Secrets Manager, or make the parameter NoEcho.", tokenPatch)
	default:
		s.unknown(about, posOf(n, otherwise), what+" comes from a value that the scan does not have").
			mend("Keep the token in Secrets Manager.", tokenPatch)
	}
}

// masked reports whether a live configuration shows stars in place of a secret.
func masked(text string) bool { return strings.Trim(text, "*") == "" }

const tokenPatch = `
"{{resolve:secretsmanager:SECRET-NAME:SecretString:token}}"
`
