package harden

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp714 = rule{describe("CP-714", "secret-in-definition", finding.High,
	"A secret stands in the pipeline's definition",
	"OWASP CICD-SEC-6", "NIST 800-53 IA-5", "Prowler 11842"), checkDefinitionSecret}

func checkDefinitionSecret(s *scan) {
	for _, p := range s.pipelines {
		for _, v := range p.Variables {
			if v.HasDefault && secretIn(v.Name, v.Default) {
				s.definitionSecret(part(p.subject(), "variables/"+v.Name), v.Pos, "the default of variable "+estate.Show(v.Name)+" of "+p.title())
			}
		}
		for _, a := range p.acts {
			if a.Config == nil {
				continue
			}
			for _, e := range a.Config.Entries {
				// Other rules look at these.
				if e.Key == "OAuthToken" || e.Key == "EnvironmentVariables" && (a.Provider == "CodeBuild" || a.Provider == "Commands") {
					continue
				}
				if e.Value.IsUnknown() && !fetched(e.Value) && e.Key == "ParameterOverrides" {
					s.miss(e.Key+" of "+a.where(), e.Value.Reason, posOf(e.Value, a.Pos))
				}
				if name := secretMember(e.Key, e.Value); name != "" {
					s.definitionSecret(part(a.subject(), a.where()), posOf(e.Value, a.Pos), name+" in the configuration of "+a.where())
				}
			}
		}
	}
}

func (s *scan) definitionSecret(about finding.Subject, pos policy.Pos, what string) {
	for _, d := range s.drafts {
		if d.f.Rule == s.rule.ID && d.f.Subject == about {
			d.related(pos, what+" is a secret").keyed(what)
			return
		}
	}
	s.fail(about, pos, what+" is a secret, and everyone who may read the pipeline reads it").keyed(what).
		mend("Keep the secret in Secrets Manager, let what needs it read it from there, and change it.", "")
}

// secretMember returns the name of a secret that a configuration value gives
// away, itself or in the JSON that it holds, or nothing.
func secretMember(key string, n *policy.Node) string {
	if fetched(n) {
		return ""
	}
	text := textOf(n)
	var members map[string]any
	if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &members) == nil {
		names := make([]string, 0, len(members))
		for k := range members {
			names = append(names, k)
		}
		slices.Sort(names)
		for _, k := range names {
			if v, ok := members[k].(string); ok && secretIn(k, v) {
				return k
			}
		}
		return ""
	}
	if secretIn(key, text) {
		return key
	}
	return ""
}
