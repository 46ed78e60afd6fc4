package codepipeline

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
)

// begin starts an execution and returns its id. given are the variables of the
// caller; the pipeline's declarations decide which there are.
func (e *engine) begin(a *actor, x *execution, given []*PipelineVariable) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return "", errGone
	}
	variables, err := resolveVariables(a.state.Pipeline.Definition, given)
	if err != nil {
		return "", err
	}
	if x.ClientToken != "" {
		for _, o := range a.all {
			if o.ClientToken == x.ClientToken {
				return o.ID, nil
			}
		}
	}
	x.ID, x.Seed, x.Variables = e.world.IDs.UUID(), e.world.IDs.Hex(32), variables
	x.Detail = cut(x.Detail, 1024)
	return x.ID, e.applyLocked(a, start{Execution: x})
}

func resolveVariables(d *PipelineDeclaration, given []*PipelineVariable) ([]variable, error) {
	values := map[string]string{}
	for _, v := range given {
		if v == nil { // a rule's input is not checked as a request is
			return nil, cloud.Errorf("ValidationException", "A variable must not be null.")
		}
		if _, twice := values[v.Name]; twice {
			return nil, cloud.Errorf("ValidationException", "The variable '%s' is given more than once.", v.Name)
		}
		if !slices.ContainsFunc(d.Variables, func(w *PipelineVariableDeclaration) bool { return w.Name == v.Name }) {
			return nil, cloud.Errorf("ValidationException", "The variable '%s' is not declared in the pipeline.", v.Name)
		}
		values[v.Name] = v.Value
	}
	var out []variable
	for _, v := range d.Variables {
		value, ok := values[v.Name]
		if !ok {
			value = v.DefaultValue
		}
		if value == "" {
			return nil, cloud.Errorf("ValidationException", "The variable '%s' has no default value and must be given.", v.Name)
		}
		out = append(out, variable{v.Name, value})
	}
	return out, nil
}

// revisionTypes are the kinds of source revision that a provider's action takes.
var revisionTypes = map[string][]string{
	"S3":                       {"S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"},
	"CodeCommit":               {"COMMIT_ID"},
	"CodeStarSourceConnection": {"COMMIT_ID"},
	"GitHub":                   {"COMMIT_ID"},
	"ECR":                      {"IMAGE_DIGEST"},
}

func checkOverrides(d *PipelineDeclaration, overrides []*SourceRevisionOverride) ([]SourceRevisionOverride, error) {
	var out []SourceRevisionOverride
	for _, o := range overrides {
		if o == nil {
			return nil, cloud.Errorf("ValidationException", "A source revision must not be null.")
		}
		i := slices.IndexFunc(d.Stages[0].Actions, func(a *ActionDeclaration) bool { return a.Name == o.ActionName })
		if i < 0 {
			return nil, cloud.Errorf("ValidationException", "The pipeline does not have a source action with name '%s'.", o.ActionName)
		}
		a := d.Stages[0].Actions[i]
		if !slices.Contains(revisionTypes[a.ActionTypeId.Provider], o.RevisionType) {
			return nil, cloud.Errorf("ValidationException", "The revision type %s cannot be used with the source action '%s' of the provider %s.", o.RevisionType, a.Name, a.ActionTypeId.Provider)
		}
		if o.RevisionType == "S3_OBJECT_KEY" && a.Configuration["AllowOverrideForS3ObjectKey"] != "true" {
			return nil, cloud.Errorf("ValidationException", "The source action '%s' does not allow the S3 object key to be overridden.", a.Name)
		}
		if slices.ContainsFunc(out, func(p SourceRevisionOverride) bool {
			return p.ActionName == o.ActionName && p.RevisionType == o.RevisionType
		}) {
			return nil, cloud.Errorf("ValidationException", "The source action '%s' has more than one override of the type %s.", a.Name, o.RevisionType)
		}
		out = append(out, *o)
	}
	return out, nil
}

func (s *service) startPipelineExecution(c *cloud.Call, in *StartPipelineExecutionInput) (*StartPipelineExecutionOutput, error) {
	a, err := s.pipeline(c, in.Name)
	if err != nil {
		return nil, err
	}
	overrides, err := checkOverrides(a.view().pipeline.Definition, in.SourceRevisions)
	if err != nil {
		return nil, err
	}
	x := &execution{Trigger: "StartPipelineExecution", Detail: c.Identity.ARN, ClientToken: in.ClientRequestToken, Overrides: overrides}
	if c.Via == "events.amazonaws.com" {
		x.Trigger = "CloudWatchEvent"
	}
	id, err := s.begin(a, x, in.Variables)
	if err != nil {
		return nil, err
	}
	return &StartPipelineExecutionOutput{PipelineExecutionId: id}, nil
}

func (s *service) stopPipelineExecution(c *cloud.Call, in *StopPipelineExecutionInput) (*StopPipelineExecutionOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	e := stop{Execution: in.PipelineExecutionId, Reason: in.Reason, Abandon: in.Abandon != nil && *in.Abandon}
	if err := s.apply(a, e); err != nil {
		return nil, err
	}
	return &StopPipelineExecutionOutput{PipelineExecutionId: in.PipelineExecutionId}, nil
}

func (s *service) retryStageExecution(c *cloud.Call, in *RetryStageExecutionInput) (*RetryStageExecutionOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	if err := s.apply(a, retry{in.PipelineExecutionId, in.StageName, in.RetryMode}); err != nil {
		return nil, err
	}
	return &RetryStageExecutionOutput{PipelineExecutionId: in.PipelineExecutionId}, nil
}

func (s *service) rollbackStage(c *cloud.Call, in *RollbackStageInput) (*RollbackStageOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	if _, err := declaredStage(a.view().pipeline, in.StageName); err != nil {
		return nil, err
	}
	_, good := a.execution(in.TargetPipelineExecutionId)
	if good == nil {
		return nil, executionNotFound(in.PipelineName, in.TargetPipelineExecutionId)
	}
	id := s.world.IDs.UUID()
	if err := s.apply(a, rollBackTo{Stage: in.StageName, Good: good, ID: id, Seed: s.world.IDs.Hex(32), By: c.Identity.ARN}); err != nil {
		return nil, err
	}
	return &RollbackStageOutput{PipelineExecutionId: id}, nil
}

func (s *service) overrideStageCondition(c *cloud.Call, in *OverrideStageConditionInput) (*struct{}, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	return nil, s.apply(a, override{in.PipelineExecutionId, in.StageName, in.ConditionType})
}

// putActionRevision tells a custom or third-party source action of a new revision.
// One that is new starts an execution.
func (s *service) putActionRevision(c *cloud.Call, in *PutActionRevisionInput) (*PutActionRevisionOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	decl, err := declaredAction(a.view().pipeline, in.StageName, in.ActionName)
	if err != nil {
		return nil, err
	}
	if decl.ActionTypeId.Category != "Source" {
		return nil, cloud.Errorf("ValidationException", "The action '%s' is not a source action.", in.ActionName)
	}
	known := in.StageName + "/" + in.ActionName
	isNew := a.view().pipeline.Revisions[known].RevisionId != in.ActionRevision.RevisionId
	id := ""
	if isNew {
		x := &execution{Trigger: "PutActionRevision", Detail: c.Identity.ARN}
		if id, err = s.begin(a, x, nil); err != nil {
			return nil, err
		}
		if err := s.apply(a, revised{known, *in.ActionRevision}); err != nil {
			return nil, err
		}
	} else {
		v := a.view()
		for _, x := range slices.Backward(v.all) {
			if x.Trigger == "PutActionRevision" {
				id = x.ID
				break
			}
		}
	}
	return &PutActionRevisionOutput{NewRevision: &isNew, PipelineExecutionId: id}, nil
}

// revised notes the revision that PutActionRevision told.
type revised struct {
	Action   string
	Revision ActionRevision
}

func (e revised) apply(m *machine) error {
	p := m.pipeline()
	changed := map[string]ActionRevision{}
	for k, v := range p.Revisions {
		changed[k] = v
	}
	changed[e.Action] = e.Revision
	p.Revisions = changed
	return nil
}
