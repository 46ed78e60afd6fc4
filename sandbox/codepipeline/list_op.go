package codepipeline

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (x *execution) trigger() *ExecutionTrigger {
	return &ExecutionTrigger{TriggerType: x.Trigger, TriggerDetail: x.Detail}
}

func (x *execution) rollbackMetadata() *PipelineRollbackMetadata {
	if x.Target == "" {
		return nil
	}
	return &PipelineRollbackMetadata{RollbackTargetPipelineExecutionId: x.Target}
}

func (s *service) getPipelineExecution(c *cloud.Call, in *GetPipelineExecutionInput) (*GetPipelineExecutionOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	_, x := a.execution(in.PipelineExecutionId)
	if x == nil {
		return nil, executionNotFound(in.PipelineName, in.PipelineExecutionId)
	}
	version := x.Version
	out := &PipelineExecution{
		PipelineName: in.PipelineName, PipelineVersion: &version, PipelineExecutionId: x.ID, Status: x.Status, StatusSummary: x.Summary,
		Trigger: x.trigger(), ExecutionMode: x.Mode, ExecutionType: x.Type, RollbackMetadata: x.rollbackMetadata(),
		ArtifactRevisions: []*ArtifactRevision{},
	}
	for _, r := range x.Revisions {
		out.ArtifactRevisions = append(out.ArtifactRevisions, &ArtifactRevision{
			Name: r.Artifact, RevisionId: r.ID, RevisionChangeIdentifier: cut(r.Change, 100), RevisionSummary: r.Summary, RevisionUrl: r.URL, Created: wire.At(r.Created),
		})
	}
	for _, v := range x.Variables {
		out.Variables = append(out.Variables, &ResolvedPipelineVariable{Name: v.Name, ResolvedValue: v.Value})
	}
	return &GetPipelineExecutionOutput{PipelineExecution: out}, nil
}

func (s *service) listPipelineExecutions(c *cloud.Call, in *ListPipelineExecutionsInput) (*ListPipelineExecutionsOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	v, stage := a.view(), ""
	if in.Filter != nil && in.Filter.SucceededInStage != nil {
		stage = in.Filter.SucceededInStage.StageName
	}
	all := []*PipelineExecutionSummary{}
	for _, x := range slices.Backward(v.all) {
		if stage != "" {
			if r := x.stage(stage); r == nil || r.Status != succeeded || x.Version != v.pipeline.Version {
				continue
			}
		}
		sum := &PipelineExecutionSummary{
			PipelineExecutionId: x.ID, Status: x.Status, StatusSummary: x.Summary, StartTime: wire.At(x.Started), LastUpdateTime: wire.At(x.Updated),
			Trigger: x.trigger(), ExecutionMode: x.Mode, ExecutionType: x.Type, RollbackMetadata: x.rollbackMetadata(),
			SourceRevisions: []*SourceRevision{},
		}
		for _, r := range x.Revisions {
			sum.SourceRevisions = append(sum.SourceRevisions, &SourceRevision{ActionName: r.Action, RevisionId: r.ID, RevisionSummary: r.Summary, RevisionUrl: r.URL})
		}
		if x.StopReason != "" {
			sum.StopTrigger = &StopExecutionTrigger{Reason: x.StopReason}
		}
		all = append(all, sum)
	}
	page, next, err := paged("ListPipelineExecutions"+a.key+stage, all, in.MaxResults, 100, in.NextToken)
	return &ListPipelineExecutionsOutput{PipelineExecutionSummaries: page, NextToken: next}, err
}

// chosen are the executions that a filter of a history names, newest first;
// latest says that only the last attempt counts.
func chosen(v view, name, id string, within *LatestInPipelineExecutionFilter) (list []*execution, latest bool, err error) {
	if id != "" && within != nil {
		return nil, false, cloud.Errorf("ValidationException", "Only one of pipelineExecutionId and latestInPipelineExecution can be specified in the filter.")
	}
	if within != nil {
		id, latest = within.PipelineExecutionId, within.StartTimeRange == "Latest"
	}
	if id == "" {
		list = slices.Clone(v.all)
		slices.Reverse(list)
		return list, false, nil
	}
	x := v.execution(id)
	if x == nil {
		return nil, false, executionNotFound(name, id)
	}
	return []*execution{x}, latest, nil
}

func (s *service) listActionExecutions(c *cloud.Call, in *ListActionExecutionsInput) (*ListActionExecutionsOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	f := in.Filter
	if f == nil {
		f = &ActionExecutionFilter{}
	}
	list, latest, err := chosen(a.view(), in.PipelineName, f.PipelineExecutionId, f.LatestInPipelineExecution)
	if err != nil {
		return nil, err
	}
	all, what := []*ActionExecutionDetail{}, a.key+f.PipelineExecutionId
	for _, x := range list {
		seen := map[string]bool{}
		for i := len(x.Actions) - 1; i >= 0; i-- {
			r := &x.Actions[i]
			if latest && seen[r.Stage+"/"+r.Action] {
				continue
			}
			seen[r.Stage+"/"+r.Action] = true
			all = append(all, s.actionDetail(c, x, r))
		}
	}
	page, next, err := paged("ListActionExecutions"+what, all, in.MaxResults, 100, in.NextToken)
	return &ListActionExecutionsOutput{ActionExecutionDetails: page, NextToken: next}, err
}

func details(list []artifact) []*ArtifactDetail {
	out := []*ArtifactDetail{}
	for _, a := range list {
		out = append(out, &ArtifactDetail{Name: a.Name, S3location: &S3Location{Bucket: a.Bucket, Key: a.Key}})
	}
	return out
}

func (s *service) actionDetail(c *cloud.Call, x *execution, r *actionRun) *ActionExecutionDetail {
	version, id := x.Version, r.Type
	d := &ActionExecutionDetail{
		PipelineExecutionId: x.ID, ActionExecutionId: r.ID, PipelineVersion: &version, StageName: r.Stage, ActionName: r.Action,
		StartTime: wire.At(r.Started), LastUpdateTime: wire.At(r.Updated), UpdatedBy: r.UpdatedBy, Status: r.Status,
		Input: &ActionExecutionInput{
			ActionTypeId: &id, Configuration: s.maskedConfig(c.Account, c.Region, &id, r.Configuration),
			ResolvedConfiguration: s.maskedConfig(c.Account, c.Region, &id, r.Resolved),
			RoleArn:               r.Role, Region: r.Region, InputArtifacts: details(r.Inputs), Namespace: r.Namespace,
		},
	}
	result := &ActionExecutionResult{ExternalExecutionId: r.ExternalID, ExternalExecutionUrl: r.URL, LogStreamARN: r.LogStream}
	if r.Status != inProgress {
		result.ExternalExecutionSummary = r.outcome()
	}
	if r.ErrorCode != "" {
		result.ErrorDetails = &ErrorDetails{Code: r.ErrorCode, Message: r.Error}
	}
	d.Output = &ActionExecutionOutput{ExecutionResult: result, OutputVariables: r.Variables, OutputArtifacts: []*ArtifactDetail{}}
	if r.Status == succeeded {
		d.Output.OutputArtifacts = details(r.Outputs)
	}
	return d
}

func (s *service) listRuleExecutions(c *cloud.Call, in *ListRuleExecutionsInput) (*ListRuleExecutionsOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	f := in.Filter
	if f == nil {
		f = &RuleExecutionFilter{}
	}
	list, latest, err := chosen(a.view(), in.PipelineName, f.PipelineExecutionId, f.LatestInPipelineExecution)
	if err != nil {
		return nil, err
	}
	all, what := []*RuleExecutionDetail{}, a.key+f.PipelineExecutionId
	for _, x := range list {
		seen := map[string]bool{}
		for i := len(x.Rules) - 1; i >= 0; i-- {
			r := &x.Rules[i]
			name := r.Stage + "/" + r.Gate + "/" + r.Name
			if latest && seen[name] {
				continue
			}
			seen[name] = true
			all = append(all, ruleDetail(x, r))
		}
	}
	page, next, err := paged("ListRuleExecutions"+what, all, in.MaxResults, 100, in.NextToken)
	return &ListRuleExecutionsOutput{RuleExecutionDetails: page, NextToken: next}, err
}

func ruleDetail(x *execution, r *ruleRun) *RuleExecutionDetail {
	version, id := x.Version, r.Type
	d := &RuleExecutionDetail{
		PipelineExecutionId: x.ID, RuleExecutionId: r.ID, PipelineVersion: &version, StageName: r.Stage, RuleName: r.Name,
		StartTime: wire.At(r.Started), LastUpdateTime: wire.At(r.Updated), Status: r.Status,
		Input: &RuleExecutionInput{
			RuleTypeId: &id, Configuration: r.Configuration, ResolvedConfiguration: r.Resolved, RoleArn: r.Role, Region: r.Region, InputArtifacts: details(r.Inputs),
		},
		Output: &RuleExecutionOutput{ExecutionResult: &RuleExecutionResult{ExternalExecutionId: r.ExternalID, ExternalExecutionSummary: r.Summary, ExternalExecutionUrl: r.URL}},
	}
	if r.ErrorCode != "" {
		d.Output.ExecutionResult.ErrorDetails = &ErrorDetails{Code: r.ErrorCode, Message: r.Error}
	}
	return d
}

// listDeployActionExecutionTargets answers for deploy actions. Only deployments to
// instances have targets on AWS, and the sandbox has none of those.
func (s *service) listDeployActionExecutionTargets(c *cloud.Call, in *ListDeployActionExecutionTargetsInput) (*ListDeployActionExecutionTargetsOutput, error) {
	var actors []*actor
	if in.PipelineName != "" {
		a, err := s.pipeline(c, in.PipelineName)
		if err != nil {
			return nil, err
		}
		actors = append(actors, a)
	} else {
		s.mu.Lock()
		for _, a := range s.actors {
			actors = append(actors, a)
		}
		s.mu.Unlock()
	}
	for _, a := range actors {
		v := a.view()
		if v.pipeline.Account != c.Account || v.pipeline.Region != c.Region {
			continue
		}
		for _, x := range v.all {
			if r := x.action(in.ActionExecutionId); r != nil && r.Type.Category == "Deploy" {
				page, next, err := paged("targets"+r.ID, []*DeployActionExecutionTarget{}, in.MaxResults, 100, in.NextToken)
				return &ListDeployActionExecutionTargetsOutput{Targets: page, NextToken: next}, err
			}
		}
	}
	return nil, cloud.Errorf("ActionExecutionNotFoundException", "The deploy action execution with id '%s' could not be found.", in.ActionExecutionId)
}
