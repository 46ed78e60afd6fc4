package codepipeline

import (
	"slices"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// stop is StopPipelineExecution.
type stop struct {
	Execution, Reason string
	Abandon           bool
}

func (e stop) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil || x.Status != inProgress && x.Status != stopping {
		return cloud.Errorf("PipelineExecutionNotStoppableException", "The pipeline execution with id '%s' cannot be stopped: it is not in progress.", e.Execution)
	}
	if x.Status == stopping && (x.Abandoned || !e.Abandon) {
		return cloud.Errorf("DuplicatedStopRequestException", "The pipeline execution with id '%s' is already being stopped.", e.Execution)
	}
	first := x.Status == inProgress
	x = m.edit(e.Execution)
	x.Status, x.StopReason, x.Abandoned = stopping, e.Reason, e.Abandon
	m.publishPipeline(x, "STOPPING")
	if x.Place == waiting {
		m.finish(x, stopped, "STOPPED")
		return nil
	}
	name := m.declared(x).Name
	if first {
		x.stage(name).Status = stopping
		m.publishStage(x, name, "STOPPING")
	}
	m.dropRules(x, name)
	if e.Abandon {
		m.abandon(x, "ABANDONED")
	}
	return nil
}

// abandon ends an execution's actions; what their providers do goes on unheard.
func (m *machine) abandon(x *execution, event string) {
	for i := range x.Actions {
		a := &x.Actions[i]
		if a.Status != inProgress {
			continue
		}
		a.Status, a.Updated = abandoned, m.now
		if a.Job != nil {
			j := *a.Job
			j.Status = failed
			a.Job = &j
		}
		m.publishAction(x, a.ID, event)
		m.do(endAction{a.ID})
	}
}

// cancel ends an execution because its pipeline has changed or is gone.
func (m *machine) cancel(id, why string) {
	x := m.edit(id)
	if x.Place == inside {
		name := m.declared(x).Name
		m.dropRules(x, name)
		m.abandon(x, "CANCELED")
		// A stage that failed already and waited for actions keeps its status.
		if run := x.stage(name); run.Status != failed {
			run.Status, run.Phase = cancelled, phaseEnd
			m.publishStage(x, name, "CANCELED")
		}
	}
	if x.Status == failed {
		x.Place = gone
		return
	}
	x.Summary = why
	m.finish(x, cancelled, "CANCELED")
}

// update is UpdatePipeline: the new definition, and the end of what was on its
// way under the old one.
type update struct{ Definition *PipelineDeclaration }

func (e update) apply(m *machine) error {
	m.cancelAll("The pipeline definition was updated.")
	p := m.pipeline()
	p.Definition, p.Updated = e.Definition, m.now
	p.Version++
	version := p.Version
	p.Definition.Version = &version
	return nil
}

func (m *machine) cancelAll(why string) {
	for _, x := range slices.Clone(m.state.Executions) {
		if x.live() {
			m.cancel(x.ID, why)
		}
	}
}

// remove is DeletePipeline.
type remove struct{}

func (remove) apply(m *machine) error {
	m.cancelAll("The pipeline was deleted.")
	return nil
}

// transit is Disable- and EnableStageTransition.
type transit struct {
	Stage, Reason, By string
	Outbound, Disable bool
}

// maxParked is how long a disabled transition keeps what stands in front of it.
const maxParked = 30 * 24 * time.Hour

func (e transit) apply(m *machine) error {
	def := m.state.Pipeline.Definition
	index := stageIndex(def, e.Stage)
	if index < 0 {
		return stageNotFound(m.state.Pipeline.Name, e.Stage)
	}
	p := m.pipeline()
	doors := &p.Inbound
	if e.Outbound {
		doors = &p.Outbound
		index++
	}
	was := (*doors)[e.Stage]
	changed := map[string]transition{}
	for k, v := range *doors {
		changed[k] = v
	}
	changed[e.Stage] = transition{Disabled: e.Disable, Reason: e.Reason, ChangedBy: e.By, ChangedAt: m.now}
	*doors = changed
	if e.Disable || !was.Disabled || m.now.Sub(was.ChangedAt) <= maxParked {
		return nil
	}
	for _, x := range slices.Clone(m.state.Executions) {
		if x.Place == waiting && x.Stage == index && m.now.Sub(x.ArrivedAt) > maxParked {
			o := m.edit(x.ID)
			o.Summary = "The transition was disabled for more than 30 days."
			m.finish(o, stopped, "STOPPED")
		}
	}
	return nil
}

func stageIndex(d *PipelineDeclaration, name string) int {
	return slices.IndexFunc(d.Stages, func(s *StageDeclaration) bool { return s.Name == name })
}

// retry is RetryStageExecution.
type retry struct{ Execution, Stage, Mode string }

func (e retry) apply(m *machine) error {
	if stageIndex(m.state.Pipeline.Definition, e.Stage) < 0 {
		return stageNotFound(m.state.Pipeline.Name, e.Stage)
	}
	x := m.find(e.Execution)
	if x == nil || m.mode() != modeParallel && m.state.latest(e.Stage) != x || x.stage(e.Stage) == nil {
		return cloud.Errorf("NotLatestPipelineExecutionException", "The stage '%s' cannot be retried: the pipeline execution with id '%s' is not the latest in the stage.", e.Stage, e.Execution)
	}
	refuse := func(why string) error {
		return cloud.Errorf("StageNotRetryableException", "The stage '%s' cannot be retried: %s.", e.Stage, why)
	}
	run := x.stage(e.Stage)
	broken := run.Status == stopped
	for _, id := range run.Current {
		if s := x.action(id).Status; s == failed || s == abandoned {
			broken = true
		}
	}
	switch {
	case x.Version != m.state.Pipeline.Version:
		return refuse("the pipeline structure has changed since the execution started")
	case x.Status != failed && x.Status != stopped && x.Status != inProgress:
		return refuse("the pipeline execution is " + x.Status)
	case x.Status == inProgress && (x.Place != inside || m.declared(x).Name != e.Stage):
		return refuse("it has no failed actions")
	case !broken:
		return refuse("it has no failed actions")
	case e.Mode == "ALL_ACTIONS" && x.running(e.Stage):
		return refuse("an action is still in progress")
	}
	if err := m.room(x); err != nil {
		return err
	}
	x = m.edit(e.Execution)
	run = x.stage(e.Stage)
	run.Retries++
	run.LastRetry = "ManualStageRetry"
	x.Stage = stageIndex(m.state.Pipeline.Definition, e.Stage)
	m.again(x, e.Stage, e.Mode)
	return nil
}

// room refuses one more execution where the limit of QUEUED and PARALLEL
// pipelines is reached. An execution on its way already takes no more.
func (m *machine) room(x *execution) error {
	live := 0
	for _, o := range m.state.Executions {
		if o.live() {
			live++
		}
	}
	if m.mode() == modeSuperseded || x != nil && x.live() || live < maxConcurrent {
		return nil
	}
	return cloud.Errorf("ConcurrentPipelineExecutionsLimitExceededException", "The pipeline has reached the limit for concurrent pipeline executions.")
}

// rollBackTo is RollbackStage. Good is the row of the target, which the machine
// may have forgotten.
type rollBackTo struct {
	Stage    string
	Good     *execution
	ID, Seed string
	By       string
}

func (e rollBackTo) apply(m *machine) error {
	index := stageIndex(m.state.Pipeline.Definition, e.Stage)
	if index < 0 {
		return stageNotFound(m.state.Pipeline.Name, e.Stage)
	}
	refuse := func(format string, args ...any) error {
		return cloud.Errorf("UnableToRollbackStageException", format, args...)
	}
	switch run := e.Good.stage(e.Stage); {
	case m.mode() == modeParallel:
		return refuse("A stage of a pipeline in PARALLEL execution mode cannot be rolled back.")
	case index == 0:
		return refuse("The stage '%s' cannot be rolled back: it is the source stage.", e.Stage)
	case e.Good.Version != m.state.Pipeline.Version:
		return cloud.Errorf("PipelineExecutionOutdatedException", "The pipeline execution with id '%s' is outdated: the pipeline structure has changed since it started.", e.Good.ID)
	case e.Good.Type == rollback:
		return refuse("The pipeline execution with id '%s' is a rollback and cannot be the target of one.", e.Good.ID)
	case run == nil || run.Status != succeeded:
		return refuse("The pipeline execution with id '%s' has not succeeded in the stage '%s'.", e.Good.ID, e.Stage)
	}
	for _, x := range m.state.Executions {
		if x.Place == inside && x.Stage == index {
			return refuse("The stage '%s' cannot be rolled back: it is in progress.", e.Stage)
		}
	}
	if err := m.room(nil); err != nil {
		return refuse("The stage '%s' cannot be rolled back: %v", e.Stage, err)
	}
	x := rollbackOf(e.Good, e.ID, e.Seed)
	x.Trigger, x.Detail = "ManualRollback", e.By
	m.begin(x, index)
	return nil
}

// override is OverrideStageCondition.
type override struct{ Execution, Stage, Gate string }

func (e override) apply(m *machine) error {
	index := stageIndex(m.state.Pipeline.Definition, e.Stage)
	if index < 0 {
		return stageNotFound(m.state.Pipeline.Name, e.Stage)
	}
	x := m.find(e.Execution)
	if x == nil || x.stage(e.Stage) == nil || m.mode() != modeParallel && m.state.latest(e.Stage) != x || x.Version != m.state.Pipeline.Version {
		return cloud.Errorf("NotLatestPipelineExecutionException", "The condition of the stage '%s' cannot be overridden: the pipeline execution with id '%s' is not the latest in the stage.", e.Stage, e.Execution)
	}
	refuse := func(why string) error {
		return cloud.Errorf("ConditionNotOverridableException", "The %s condition of the stage '%s' cannot be overridden: %s.", e.Gate, e.Stage, why)
	}
	decl, run := m.state.Pipeline.Definition.Stages[index], x.stage(e.Stage)
	cond := *run.condition(e.Gate)
	switch {
	case cond == nil:
		return refuse("it has not been checked")
	case cond.Status != inProgress && cond.Status != failed && cond.Status != errored:
		return refuse("it is " + cond.Status)
	case e.Gate == gateEntry && decl.BeforeEntry.Conditions[0].Result == "SKIP":
		return refuse("its result is SKIP")
	case x.Status != inProgress && x.Status != failed:
		return refuse("the pipeline execution is " + x.Status)
	case e.Gate == gateEntry && run.Phase != phaseEntry:
		return refuse("the stage is past it")
	}
	if err := m.room(x); err != nil {
		return err
	}
	x = m.edit(e.Execution)
	m.dropRules(x, e.Stage)
	run = x.stage(e.Stage)
	c := **run.condition(e.Gate)
	c.Status, c.Changed = overridden, m.now
	*run.condition(e.Gate) = &c
	if x.Status == failed {
		x.Attempt++
		m.publishPipeline(x, "RESUMED")
	}
	x.Status, x.Summary, x.Place, x.Stage, run.Status = inProgress, "", inside, index, inProgress
	if e.Gate == gateSuccess {
		run.Phase = phaseSuccess
	}
	return nil
}

func stageNotFound(pipeline, stage string) *cloud.Error {
	return cloud.Errorf("StageNotFoundException", "Pipeline '%s' does not have a stage with name '%s'", pipeline, stage)
}
