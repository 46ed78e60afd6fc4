package codepipeline

import (
	"slices"
)

// declared is the declaration of the stage that an execution is in. Executions
// on their way are always of the pipeline's current version: UpdatePipeline
// cancels them.
func (m *machine) declared(x *execution) *StageDeclaration {
	return m.state.Pipeline.Definition.Stages[x.Stage]
}

// proceed takes an execution that is in a stage one step further.
func (m *machine) proceed(x *execution) bool {
	decl := m.declared(x)
	run := x.stage(decl.Name)
	if x.Status == stopping {
		return m.stopStage(x, decl)
	}
	switch run.Phase {
	case phaseEntry:
		return m.entryGate(x, decl)
	case phaseActions:
		return m.actions(x, decl)
	case phaseSuccess:
		return m.successGate(x, decl)
	case phaseFailure:
		return m.failureGate(x, decl)
	}
	// The stage has failed and waits for actions that were still in progress.
	if x.running(decl.Name) {
		return false
	}
	m.edit(x.ID).Place = gone
	return true
}

// stopStage ends a stopped execution as soon as nothing of it runs.
func (m *machine) stopStage(x *execution, decl *StageDeclaration) bool {
	if x.running(decl.Name) {
		return false
	}
	x = m.edit(x.ID)
	m.dropRules(x, decl.Name)
	run := x.stage(decl.Name)
	run.Status, run.Phase = stopped, phaseEnd
	m.publishStage(x, decl.Name, "STOPPED")
	m.finish(x, stopped, "STOPPED")
	return true
}

// runOrder is the group of an action.
func runOrder(a *ActionDeclaration) int64 {
	if a.RunOrder == nil {
		return 1
	}
	return *a.RunOrder
}

// groups returns the actions of a stage by ascending run order; gaps are fine.
func groups(decl *StageDeclaration) [][]*ActionDeclaration {
	actions := slices.Clone(decl.Actions)
	slices.SortStableFunc(actions, func(a, b *ActionDeclaration) int { return int(runOrder(a) - runOrder(b)) })
	var out [][]*ActionDeclaration
	for i, a := range actions {
		if i == 0 || runOrder(actions[i-1]) != runOrder(a) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], a)
	}
	return out
}

// actions starts the group that is due. A stage without a failure gate fails with
// its first action that fails; what runs beside it goes on, and keeps the stage
// locked.
func (m *machine) actions(x *execution, decl *StageDeclaration) bool {
	run := x.stage(decl.Name)
	broken := false
	for _, id := range run.Current {
		if a := x.action(id); a.Status == failed || a.Status == abandoned {
			broken = true
		}
	}
	if broken {
		if decl.OnFailure != nil {
			if x.running(decl.Name) {
				return false
			}
			m.edit(x.ID).stage(decl.Name).Phase = phaseFailure
			return true
		}
		m.failStage(m.edit(x.ID), decl.Name, "")
		return true
	}
	for _, group := range groups(decl) {
		done, begun := true, false
		for _, a := range group {
			id, ok := run.Current[a.Name]
			switch {
			case !ok:
				m.startAction(m.edit(x.ID), decl, a)
				done, begun = false, true
			case x.action(id).Status != succeeded:
				done = false
			}
		}
		if !done {
			return begun
		}
	}
	m.edit(x.ID).stage(decl.Name).Phase = phaseSuccess
	return true
}

// failStage fails a stage and its execution.
func (m *machine) failStage(x *execution, stage, summary string) {
	run := x.stage(stage)
	run.Status, run.Phase = failed, phaseEnd
	m.publishStage(x, stage, "FAILED")
	x.Status, x.Summary = failed, summary
	m.publishPipeline(x, "FAILED")
}

// leave ends a stage that succeeded or was skipped and sends the execution on.
func (m *machine) leave(x *execution, decl *StageDeclaration, status string) {
	run := x.stage(decl.Name)
	run.Status, run.Phase = status, phaseEnd
	m.publishStage(x, decl.Name, "SUCCEEDED")
	if x.Type == rollback || x.Stage == len(m.state.Pipeline.Definition.Stages)-1 {
		m.finish(x, succeeded, "SUCCEEDED")
		return
	}
	m.arrive(x, x.Stage+1)
}

// entryGate checks the condition in front of a stage. With result SKIP the stage
// is passed over; with FAIL it waits, for an override or a stop.
func (m *machine) entryGate(x *execution, decl *StageDeclaration) bool {
	if decl.BeforeEntry == nil || len(decl.BeforeEntry.Conditions) == 0 {
		m.edit(x.ID).stage(decl.Name).Phase = phaseActions
		return true
	}
	condition := decl.BeforeEntry.Conditions[0]
	status, moved := m.gate(x, decl.Name, gateEntry, condition)
	x = m.find(x.ID)
	switch {
	case status == succeeded || status == overridden:
		m.edit(x.ID).stage(decl.Name).Phase = phaseActions
		return true
	case status == failed && condition.Result == "SKIP":
		m.leave(m.edit(x.ID), decl, skipped)
		return true
	}
	return moved
}

// successGate checks the condition behind a stage.
func (m *machine) successGate(x *execution, decl *StageDeclaration) bool {
	if decl.OnSuccess == nil || len(decl.OnSuccess.Conditions) == 0 {
		m.leave(m.edit(x.ID), decl, succeeded)
		return true
	}
	condition := decl.OnSuccess.Conditions[0]
	status, moved := m.gate(x, decl.Name, gateSuccess, condition)
	switch status {
	case succeeded, overridden:
		m.leave(m.edit(x.ID), decl, succeeded)
		return true
	case failed, errored:
		m.failStage(m.edit(x.ID), decl.Name, "")
		if condition.Result == "ROLLBACK" {
			m.rollBack(x.ID, decl.Name)
		}
		return true
	}
	return moved
}

// failureGate does what a stage is declared to do when an action has failed.
func (m *machine) failureGate(x *execution, decl *StageDeclaration) bool {
	f := decl.OnFailure
	if len(f.Conditions) > 0 {
		status, moved := m.gate(x, decl.Name, gateFailure, f.Conditions[0])
		switch status {
		case inProgress:
			return moved
		case succeeded: // the condition is met: its result applies
			m.failStage(m.edit(x.ID), decl.Name, "")
			if f.Conditions[0].Result == "ROLLBACK" {
				m.rollBack(x.ID, decl.Name)
			}
			return true
		}
		m.failStage(m.edit(x.ID), decl.Name, "")
		return true
	}
	x = m.edit(x.ID)
	run := x.stage(decl.Name)
	switch f.Result {
	case "RETRY":
		if run.AutoRetries == 0 {
			mode := "FAILED_ACTIONS"
			if f.RetryConfiguration != nil && f.RetryConfiguration.RetryMode != "" {
				mode = f.RetryConfiguration.RetryMode
			}
			run.AutoRetries++
			run.LastRetry = "AutomatedStageRetry"
			m.again(x, decl.Name, mode)
			return true
		}
	case "SKIP":
		m.leave(x, decl, skipped)
		return true
	case "ROLLBACK":
		m.failStage(x, decl.Name, "")
		m.rollBack(x.ID, decl.Name)
		return true
	}
	m.failStage(x, decl.Name, "")
	return true
}

// again runs a stage's actions anew: those that failed, or all.
func (m *machine) again(x *execution, stage, mode string) {
	run := x.stage(stage)
	for name, id := range run.Current {
		if a := x.action(id); mode == "ALL_ACTIONS" || a.Status == failed || a.Status == abandoned {
			delete(run.Current, name)
		}
	}
	run.Status, run.Phase, run.RetriedAt = inProgress, phaseActions, m.now
	run.Success, run.Failure = nil, nil
	x.Status, x.Place, x.Summary, x.StopReason, x.Abandoned = inProgress, inside, "", "", false
	x.Attempt++
	m.publishPipeline(x, "RESUMED")
	m.publishStage(x, stage, "RESUMED")
}

// rollBack starts the execution that takes a stage back to its last good state.
// Where there is none, the stage stays failed.
func (m *machine) rollBack(id, stage string) {
	from := m.find(id)
	if from.Type == rollback {
		return // a rollback that fails is not rolled back
	}
	good := m.state.lastGood(stage, id)
	if good == nil {
		m.edit(id).Summary = "The stage could not be rolled back: no execution has succeeded in it."
		return
	}
	index := from.Stage
	attempt := string(rune('0' + from.Attempt%10))
	x := rollbackOf(good, from.uuid("rollback|"+stage+"|"+attempt), string(from.derive("rollback seed|"+stage+"|"+attempt)))
	x.Trigger, x.Detail = "AutomatedRollback", from.ID
	m.begin(x, index)
}

// rollbackOf is a new execution with what another one was made of.
func rollbackOf(good *execution, id, seed string) *execution {
	c := good.clone()
	x := &execution{
		ID: id, Seed: seed, Type: rollback, Target: good.ID,
		Variables: c.Variables, Artifacts: c.Artifacts, Revisions: c.Revisions,
	}
	// The output variables of the actions before are part of what is reused.
	for _, a := range c.Actions {
		if a.Status == succeeded && a.Namespace != "" && len(a.Variables) > 0 {
			x.Inherited = append(x.Inherited, inherited{Stage: a.Stage, Namespace: a.Namespace, Variables: a.Variables})
		}
	}
	return x
}
