package codepipeline

import (
	"github.com/twokey/twokey/sandbox/cloud"
)

func invalidStructure(format string, args ...any) error {
	return cloud.Errorf("InvalidStructureException", format, args...)
}

func invalidStage(format string, args ...any) error {
	return cloud.Errorf("InvalidStageDeclarationException", format, args...)
}

func invalidAction(format string, args ...any) error {
	return cloud.Errorf("InvalidActionDeclarationException", format, args...)
}

// checker checks a definition as Create- and UpdatePipeline do. What the model
// bounds (lengths, patterns, enumerations) has been checked before.
type checker struct {
	engine          *engine
	account, region string
	def             *PipelineDeclaration
	// produced are the artifacts of the actions before the one being checked, and
	// namespaces theirs.
	produced, namespaces map[string]bool
}

// Quotas of a pipeline.
const (
	minStages       = 2
	maxStages       = 50
	maxStageActions = 50
	maxActions      = 500
)

func (k *checker) v2() bool { return k.def.PipelineType == "V2" }

func (k *checker) check() error {
	for _, f := range []func() error{k.shape, k.kind, k.variables, k.stages, k.triggers, k.stores} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// shape checks the stages as a whole.
func (k *checker) shape() error {
	d := k.def
	switch {
	case len(d.Stages) < minStages:
		return invalidStructure("Pipeline has only %d stage(s). There must be at least %d stages in a pipeline", len(d.Stages), minStages)
	case len(d.Stages) > maxStages:
		return invalidStructure("Pipeline has too many stages. There can only be up to %d stages in a pipeline", maxStages)
	case (d.ArtifactStore != nil) == (len(d.ArtifactStores) > 0):
		return invalidStructure("Exactly one of artifactStore and artifactStores must be specified")
	}
	names := map[string]bool{}
	total, sources := 0, 0
	for i, s := range d.Stages {
		if names[s.Name] {
			return invalidStage("Stage name '%s' is used more than once", s.Name)
		}
		names[s.Name] = true
		if len(s.Actions) == 0 {
			return invalidStage("Stage '%s' must have at least one action", s.Name)
		}
		if len(s.Actions) > maxStageActions {
			return invalidStage("Stage '%s' has too many actions. There can only be up to %d actions in a stage", s.Name, maxStageActions)
		}
		if len(s.Blockers) > 0 {
			return cloud.Errorf("InvalidBlockerDeclarationException", "Blockers are reserved for future use: stage '%s'", s.Name)
		}
		for _, a := range s.Actions {
			total++
			source := a.ActionTypeId.Category == "Source"
			switch {
			case i == 0 && !source:
				return invalidStructure("Pipeline should start with a stage that only contains source actions")
			case i > 0 && source:
				return invalidStructure("Source actions can only be included in the first stage of the pipeline")
			case source:
				sources++
			}
		}
	}
	if sources == total {
		return invalidStructure("Pipeline should contain at least 1 action whose category is not Source")
	}
	if total > maxActions {
		return invalidStructure("Pipeline has too many actions. There can only be up to %d actions in a pipeline", maxActions)
	}
	return nil
}

// kind checks what only pipelines of type V2 have. A pipeline without a type is
// of type V1.
func (k *checker) kind() error {
	d := k.def
	if k.v2() {
		return nil
	}
	switch {
	case d.ExecutionMode == modeQueued || d.ExecutionMode == modeParallel:
		return invalidStructure("QUEUED or PARALLEL mode can only be used with V2 pipelines")
	case len(d.Variables) > 0:
		return invalidStructure("Pipeline variable can only be used with V2 pipelines")
	case len(d.Triggers) > 0:
		return invalidStructure("Triggers on tag can only be used with V2 pipelines")
	}
	for _, s := range d.Stages {
		if s.BeforeEntry != nil || s.OnSuccess != nil || s.OnFailure != nil {
			return invalidStage("Stage level conditions can only be used with V2 pipelines.")
		}
		for _, a := range s.Actions {
			if b := findBuiltin(a.ActionTypeId); b != nil && b.V2 {
				return invalidAction("%s Action can only be used with V2 pipelines.", b.Provider)
			}
		}
	}
	return nil
}

func (k *checker) variables() error {
	seen := map[string]bool{}
	for _, v := range k.def.Variables {
		if seen[v.Name] {
			return invalidStructure("Variable names must be unique. The following variable name is already in use: %s", v.Name)
		}
		seen[v.Name] = true
	}
	return nil
}

func (k *checker) triggers() error {
	connections, used := map[string]bool{}, map[string]bool{}
	for _, a := range k.def.Stages[0].Actions {
		connections[a.Name] = a.ActionTypeId.Provider == "CodeStarSourceConnection"
	}
	for _, t := range k.def.Triggers {
		name := t.GitConfiguration.SourceActionName
		if !connections[name] {
			return invalidStructure("Triggers for connections must reference a CodeStarSourceConnection action.")
		}
		if used[name] {
			return invalidStructure("There can only be one trigger configuration for each source action: %s", name)
		}
		used[name] = true
	}
	return nil
}

// stores checks that there is an artifact store wherever there is an action.
func (k *checker) stores() error {
	d := k.def
	regions := []string{k.region}
	for _, s := range d.Stages {
		for _, a := range s.Actions {
			if a.Region != "" {
				regions = append(regions, a.Region)
			}
		}
	}
	for _, r := range regions {
		if d.ArtifactStore != nil {
			if r != k.region {
				return invalidStructure("Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. The following region is missing in 'pipeline.artifactStores': %s.", r)
			}
			continue
		}
		if d.ArtifactStores[r] == nil {
			return invalidStructure("Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. The following region is missing in 'pipeline.artifactStores': %s.", r)
		}
	}
	return nil
}
