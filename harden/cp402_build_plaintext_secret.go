package harden

import (
	"encoding/json"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp402 = rule{describe("CP-402", "build-plaintext-secret", finding.Critical,
	"A secret stands in plain text in a build's environment",
	"OWASP CICD-SEC-6", "NIST 800-53 IA-5", "Security Hub CodeBuild.2", "Prowler codebuild_project_no_secrets_in_variables"), checkPlaintextSecret}

func checkPlaintextSecret(s *scan) {
	for _, b := range s.builds() {
		var vars []estate.EnvVar
		nodes := b.Props.Path("Environment", "EnvironmentVariables").Elements()
		for i, v := range b.Environment {
			if i < len(nodes) && fetched(nodes[i].Get("Value")) {
				continue
			}
			if v.Type == "" || v.Type == "PLAINTEXT" {
				vars = append(vars, v)
			}
		}
		s.secretsAmong(b.subject(), b.title(), vars)
	}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			if a.Provider == "CodeBuild" || a.Provider == "Commands" {
				s.secretsAmong(a.subject(), a.where()+" of "+p.title(), actionVariables(a))
			}
		}
	}
}

// secretsAmong reports the variables that give away a secret, in one finding.
func (s *scan) secretsAmong(about finding.Subject, title string, vars []estate.EnvVar) {
	var d *draft
	var names []string
	for _, v := range vars {
		if !secretIn(v.Name, v.Value) {
			continue
		}
		if d == nil {
			d = s.fail(about, v.Pos, "").
				mend("Keep the secret in Secrets Manager or Parameter Store, name it in the variable, and change it: everyone who may read the project has read it.", `
- Name: `+v.Name+`
  Type: SECRETS_MANAGER
  Value: SECRET-NAME:KEY
`)
		}
		names = append(names, estate.Show(v.Name))
		d.related(v.Pos, estate.Show(v.Name)+" is a plain variable")
		if !estate.Known(v.Value) {
			d.confidence("medium")
		}
	}
	if d != nil {
		d.f.Message = title + " has a secret in plain text: " + listed(names)
		d.keyed(names...)
	}
}

// actionVariables returns the plain variables that a build action passes: a JSON
// list in its configuration.
func actionVariables(a *act) []estate.EnvVar {
	n := a.Config.Get("EnvironmentVariables")
	var list []struct{ Name, Value, Type string }
	// What cannot be read as that list cannot be run either: CodePipeline refuses it.
	if err := json.Unmarshal([]byte(textOf(n)), &list); err != nil {
		return nil
	}
	var out []estate.EnvVar
	for _, v := range list {
		if v.Type == "" || v.Type == "PLAINTEXT" {
			out = append(out, estate.EnvVar{Name: v.Name, Value: v.Value, Type: v.Type, Pos: posOf(n, a.Pos)})
		}
	}
	return out
}
