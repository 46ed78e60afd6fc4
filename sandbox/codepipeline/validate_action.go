package codepipeline

import (
	"slices"
	"strings"
)

// stages checks every stage's actions and gates, in the order in which they run.
func (k *checker) stages() error {
	k.produced, k.namespaces = map[string]bool{}, map[string]bool{"codepipeline": true, "variables": true}
	taken := map[string]string{}
	for _, s := range k.def.Stages {
		if err := k.gates(s); err != nil {
			return err
		}
		names := map[string]bool{}
		for _, group := range groups(s) {
			for _, a := range group {
				if names[a.Name] {
					return invalidAction("Action name '%s' is used more than once in stage '%s'", a.Name, s.Name)
				}
				names[a.Name] = true
				if err := k.action(a); err != nil {
					return err
				}
			}
			// The artifacts of a group are there for the next one, not within it.
			for _, a := range group {
				for _, o := range a.OutputArtifacts {
					if other, ok := taken[o.Name]; ok {
						return invalidAction("Output Artifact Names must be unique within a pipeline: %s is an output of the actions '%s' and '%s'", o.Name, other, a.Name)
					}
					taken[o.Name] = a.Name
					k.produced[o.Name] = true
				}
			}
			for _, a := range group {
				if a.Namespace == "" {
					continue
				}
				switch _, artifact := taken[a.Namespace]; {
				case k.namespaces[a.Namespace]:
					return invalidAction("The namespace '%s' of action '%s' is reserved or already in use", a.Namespace, a.Name)
				case artifact:
					return invalidAction("The namespace '%s' of action '%s' is the name of an artifact", a.Namespace, a.Name)
				}
				k.namespaces[a.Namespace] = true
			}
		}
		if err := k.later(s); err != nil {
			return err
		}
	}
	return nil
}

// javaRegion is the name of a region in the message about unknown types.
func javaRegion(r string) string { return strings.ToUpper(strings.ReplaceAll(r, "-", "_")) }

func (k *checker) action(a *ActionDeclaration) error {
	t := a.ActionTypeId
	kt, ok := k.engine.lookup(k.account, k.region, t)
	if !ok {
		return invalidAction("ActionType (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s') in action '%s' is not available in region '%s'",
			t.Category, t.Provider, t.Owner, t.Version, a.Name, javaRegion(k.region))
	}
	for _, f := range []func(*ActionDeclaration, known) error{k.configuration, k.counts, k.special} {
		if err := f(a, kt); err != nil {
			return err
		}
	}
	for _, in := range a.InputArtifacts {
		if !k.produced[in.Name] {
			return invalidAction("Input Artifact Bundle %s in action %s is not declared as Output Artifact Bundle in any of the preceding actions", in.Name, a.Name)
		}
	}
	texts := slices.Clone(a.Commands)
	for _, v := range a.Configuration {
		texts = append(texts, v)
	}
	return k.references(a.Name, texts, k.namespaces)
}

func (k *checker) configuration(a *ActionDeclaration, kt known) error {
	for _, key := range kt.required {
		if a.Configuration[key] == "" {
			return invalidAction("Action configuration for action '%s' is missing required configuration '%s'", a.Name, key)
		}
	}
	if slices.Contains(kt.optional, anyKey) {
		return nil
	}
	for key := range a.Configuration {
		if !slices.Contains(kt.required, key) && !slices.Contains(kt.optional, key) && !(a.ActionTypeId.Owner == "ThirdParty" && key == "ClientToken") {
			return invalidAction("Action configuration for action '%s' contains unknown configuration '%s'", a.Name, key)
		}
	}
	return nil
}

func (k *checker) counts(a *ActionDeclaration, kt known) error {
	for _, c := range []struct {
		kind  string
		n     int
		limit [2]int64
	}{{"input", len(a.InputArtifacts), kt.in}, {"output", len(a.OutputArtifacts), kt.out}} {
		switch {
		case int64(c.n) < c.limit[0]:
			return invalidAction("Action %s declares %d %s artifacts which is less than the minimum count (%d)", a.Name, c.n, c.kind, c.limit[0])
		case int64(c.n) > c.limit[1]:
			return invalidAction("Action %s declares %d %s artifacts which is more than the maximum count (%d)", a.Name, c.n, c.kind, c.limit[1])
		}
	}
	return nil
}

// special checks the fields that only some actions may have.
func (k *checker) special(a *ActionDeclaration, _ known) error {
	t := a.ActionTypeId
	isCommands := t.Owner == "AWS" && t.Provider == "Commands"
	switch {
	case isCommands && len(a.Commands) == 0:
		return invalidAction("Action %s must have a non-empty commands field", a.Name)
	case !isCommands && len(a.Commands) > 0:
		return invalidAction("Action %s cannot have a commands field", a.Name)
	case !isCommands && len(a.OutputVariables) > 0:
		return invalidAction("Action %s cannot have an outputVariables field", a.Name)
	case a.TimeoutInMinutes != nil && t.Category != "Approval":
		return invalidAction("Action %s cannot have a timeoutInMinutes field: only manual approvals can", a.Name)
	case a.Region != "" && a.Region != k.region && (t.Category == "Source" || t.Owner != "AWS"):
		return invalidAction("Action %s cannot be a cross-region action", a.Name)
	case t.Category == "Deploy" && t.Provider == "S3" && a.Configuration["Extract"] == "false" && a.Configuration["ObjectKey"] == "":
		return invalidAction("Action configuration for action '%s' is missing required configuration 'ObjectKey'", a.Name)
	}
	if t.Provider == "CodeBuild" && len(a.InputArtifacts) > 1 {
		primary := a.Configuration["PrimarySource"]
		if primary == "" {
			return invalidAction("Action configuration for action '%s' is missing required configuration 'PrimarySource'", a.Name)
		}
		if !slices.ContainsFunc(a.InputArtifacts, func(in *InputArtifact) bool { return in.Name == primary }) {
			return invalidAction("The PrimarySource '%s' of action '%s' is not one of its input artifacts", primary, a.Name)
		}
	}
	return nil
}

// references checks that the variables in texts are those of actions that have run
// before, of the pipeline, or of the execution.
func (k *checker) references(where string, texts []string, namespaces map[string]bool) error {
	for _, text := range texts {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			namespace, key, ok := strings.Cut(m[1], ".")
			switch {
			case !ok || key == "":
				return invalidAction("Action '%s' contains an invalid variable reference '%s'. The format is a namespace and a key separated by a period", where, m[0])
			case !namespaces[namespace]:
				return invalidAction("Action '%s' refers to the variable '%s' of a namespace that no preceding action has", where, m[0])
			case namespace == "codepipeline" && key != "PipelineExecutionId":
				return invalidAction("Action '%s' refers to the unknown variable '%s'", where, m[0])
			case namespace == "variables" && !slices.ContainsFunc(k.def.Variables, func(v *PipelineVariableDeclaration) bool { return v.Name == key }):
				return invalidAction("Action '%s' refers to the pipeline variable '%s', which is not declared", where, key)
			}
		}
	}
	return nil
}
