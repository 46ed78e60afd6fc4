package codepipeline

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) getPipelineState(c *cloud.Call, in *GetPipelineStateInput) (*GetPipelineStateOutput, error) {
	a, err := s.pipeline(c, in.Name)
	if err != nil {
		return nil, err
	}
	v := a.view()
	p, version := v.pipeline, v.pipeline.Version
	out := &GetPipelineStateOutput{PipelineName: p.Name, PipelineVersion: &version, Created: wire.At(p.Created), Updated: wire.At(p.Updated)}
	for i, decl := range p.Definition.Stages {
		out.StageStates = append(out.StageStates, v.stageState(i, decl))
	}
	return out, nil
}

func (v *view) stageState(index int, decl *StageDeclaration) *StageState {
	door := v.pipeline.Inbound[decl.Name]
	enabled := !door.Disabled
	st := &StageState{StageName: decl.Name, InboundTransitionState: &TransitionState{Enabled: &enabled}}
	if !door.ChangedAt.IsZero() {
		st.InboundTransitionState.LastChangedBy, st.InboundTransitionState.LastChangedAt = door.ChangedBy, wire.At(door.ChangedAt)
	}
	if door.Disabled {
		st.InboundTransitionState.DisabledReason = door.Reason
	}
	var waitingHere []*execution
	for _, x := range v.state.Executions {
		if x.Place == waiting && x.Stage == index {
			waitingHere = append(waitingHere, x)
		}
	}
	slices.SortFunc(waitingHere, func(a, b *execution) int { return int(a.Arrived - b.Arrived) })
	for _, x := range waitingHere {
		st.InboundExecutions = append(st.InboundExecutions, &StageExecution{PipelineExecutionId: x.ID, Status: inProgress, Type: x.Type})
	}
	if len(st.InboundExecutions) > 0 {
		st.InboundExecution = st.InboundExecutions[0]
	}
	latest := v.state.latest(decl.Name)
	var run *stageRun
	if latest != nil {
		run = latest.stage(decl.Name)
		st.LatestExecution = &StageExecution{PipelineExecutionId: latest.ID, Status: run.Status, Type: latest.Type}
		if run.LastRetry != "" {
			st.RetryStageMetadata = &RetryStageMetadata{LatestRetryTrigger: run.LastRetry, AutoStageRetryAttempt: attempt(run.AutoRetries), ManualStageRetryAttempt: attempt(run.Retries)}
		}
		st.BeforeEntryConditionState = conditionState(latest, run.Entry)
		st.OnSuccessConditionState = conditionState(latest, run.Success)
		st.OnFailureConditionState = conditionState(latest, run.Failure)
	}
	for _, d := range decl.Actions {
		st.ActionStates = append(st.ActionStates, v.actionState(decl, d))
	}
	return st
}

func attempt(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// actionState is the state of an action: of its latest attempt, which may be that
// of an earlier execution until the new one gets there.
func (v *view) actionState(stage *StageDeclaration, d *ActionDeclaration) *ActionState {
	st := &ActionState{ActionName: d.Name}
	var in *execution
	var run *actionRun
	var at int64
	for _, x := range v.state.Executions {
		r := x.stage(stage.Name)
		if r == nil || r.Entered < at {
			continue
		}
		for i := range x.Actions {
			if a := &x.Actions[i]; a.Stage == stage.Name && a.Action == d.Name {
				in, run, at = x, a, r.Entered
			}
		}
	}
	if told, ok := v.pipeline.Revisions[stage.Name+"/"+d.Name]; ok {
		st.CurrentRevision = &told
	}
	if run == nil {
		return st
	}
	for _, r := range in.Revisions {
		if r.Action == d.Name && d.ActionTypeId.Category == "Source" {
			st.CurrentRevision = &ActionRevision{RevisionId: r.ID, RevisionChangeId: cut(r.Change, 100), Created: wire.At(r.Created)}
			st.RevisionUrl = r.URL
		}
	}
	st.LatestExecution = &ActionExecution{
		ActionExecutionId: run.ID, Status: run.Status, LastStatusChange: wire.At(run.Updated), LastUpdatedBy: run.UpdatedBy,
		Summary: run.Summary, ExternalExecutionUrl: run.URL, PercentComplete: run.Percent, LogStreamARN: run.LogStream,
	}
	e := st.LatestExecution
	if run.Type.Category != "Approval" {
		e.ExternalExecutionId = run.ExternalID
	} else if run.Status == inProgress && in.Mode != modeParallel {
		e.Token = run.Token
	}
	if run.ErrorCode != "" {
		e.ErrorDetails = &ErrorDetails{Code: run.ErrorCode, Message: run.Error}
	}
	return st
}

func conditionState(x *execution, c *conditionRun) *StageConditionState {
	if c == nil {
		return nil
	}
	cs := &ConditionState{LatestExecution: &ConditionExecution{Status: c.Status, Summary: c.Summary, LastStatusChange: wire.At(c.Changed)}}
	for _, id := range c.Rules {
		r := x.rule(id)
		e := &RuleExecution{
			RuleExecutionId: r.ID, Status: r.Status, Summary: r.Summary, LastStatusChange: wire.At(r.Updated),
			ExternalExecutionId: r.ExternalID, ExternalExecutionUrl: r.URL,
		}
		if r.ErrorCode != "" {
			e.ErrorDetails = &ErrorDetails{Code: r.ErrorCode, Message: r.Error}
		}
		cs.RuleStates = append(cs.RuleStates, &RuleState{RuleName: r.Name, LatestExecution: e})
	}
	return &StageConditionState{
		LatestExecution: &StageConditionsExecution{Status: c.Status, Summary: c.Summary},
		ConditionStates: []*ConditionState{cs},
	}
}
