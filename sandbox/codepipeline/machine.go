package codepipeline

import (
	"slices"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// state is what the machine knows of one pipeline: its row, and of its
// executions those on their way and those that a rule of the engine still asks
// for (the last in each stage, the last good one of each stage). The machine has
// no clock, no randomness and does nothing: it says what is to be done.
type state struct {
	Pipeline   *pipeline
	Sequence   int64
	Executions []*execution // in the order of their numbers
}

// event is something that happens to a pipeline.
type event interface{ apply(m *machine) error }

// effect is something to be done.
type effect interface{ isEffect() }

type (
	// startAction has an action's provider begin.
	startAction struct{ Execution, Action string }
	// endAction says that nothing more is expected of the action's provider.
	endAction struct{ Action string }
	// startRule has a rule's provider begin.
	startRule struct{ Execution, Rule string }
	// endRule is to a rule what endAction is to an action.
	endRule struct{ Rule string }
	// publish puts a state change on the event bus.
	publish struct {
		Type   string
		Detail any
	}
)

func (startAction) isEffect() {}
func (endAction) isEffect()   {}
func (startRule) isEffect()   {}
func (endRule) isEffect()     {}
func (publish) isEffect()     {}

// result is a step of the machine.
type result struct {
	State           state
	Effects         []effect
	Changed         []*execution
	PipelineChanged bool
}

// machine is one step under way.
type machine struct {
	now     time.Time
	state   state
	effects []effect
	edited  map[string]bool
	row     bool // the pipeline's row has changed
}

// step applies an event at a time. The state given is not changed; an error
// means that nothing happens.
func step(s state, now time.Time, e event) (result, error) {
	m := &machine{now: now, state: s, edited: map[string]bool{}}
	m.state.Executions = slices.Clone(s.Executions)
	if err := e.apply(m); err != nil {
		return result{State: s}, err
	}
	m.settle()
	r := result{Effects: m.effects, PipelineChanged: m.row}
	for _, x := range m.state.Executions {
		if m.edited[x.ID] {
			r.Changed = append(r.Changed, x)
		}
	}
	r.State = m.state
	return r, nil
}

// edit returns an execution to change.
func (m *machine) edit(id string) *execution {
	for i, x := range m.state.Executions {
		if x.ID != id {
			continue
		}
		if !m.edited[id] {
			m.edited[id] = true
			x = x.clone()
			m.state.Executions[i] = x
		}
		x.Updated = m.now
		return x
	}
	return nil
}

func (m *machine) find(id string) *execution {
	for _, x := range m.state.Executions {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// pipeline returns the pipeline's row to change.
func (m *machine) pipeline() *pipeline {
	if !m.row {
		p := *m.state.Pipeline
		m.state.Pipeline, m.row = &p, true
	}
	return m.state.Pipeline
}

func (m *machine) next() int64 {
	m.state.Sequence++
	return m.state.Sequence
}

func (m *machine) do(e effect) { m.effects = append(m.effects, e) }

func (m *machine) mode() string { return mode(m.state.Pipeline.Definition) }

func mode(d *PipelineDeclaration) string {
	if d.ExecutionMode == "" {
		return modeSuperseded
	}
	return d.ExecutionMode
}

// settle moves executions on until none can move. Executions are taken in their
// order, so that the older one is first through a door that opens.
func (m *machine) settle() {
	for moved := true; moved; {
		moved = false
		for i := 0; i < len(m.state.Executions); i++ {
			x := m.state.Executions[i]
			if x.live() && m.advance(x) {
				moved = true
			}
		}
	}
}

// advance takes an execution one step further, if it can go.
func (m *machine) advance(x *execution) bool {
	if x.Place == waiting {
		return m.enter(x)
	}
	return m.proceed(x)
}

// start is the beginning of an execution.
type start struct {
	Execution *execution // with id, seed, trigger, variables and overrides
	Stage     int        // 0 except for a rollback
}

// maxConcurrent is how many executions of a QUEUED or PARALLEL pipeline may be
// on their way.
const maxConcurrent = 50

func (e start) apply(m *machine) error {
	live := 0
	for _, x := range m.state.Executions {
		if x.live() {
			live++
		}
	}
	if m.mode() != modeSuperseded && live >= maxConcurrent {
		return cloud.Errorf("ConcurrentPipelineExecutionsLimitExceededException", "The pipeline has reached the limit for concurrent pipeline executions.")
	}
	m.begin(e.Execution, e.Stage)
	return nil
}

func (m *machine) begin(given *execution, stage int) {
	x := *given
	x.Number = m.next()
	x.Version, x.Mode = m.state.Pipeline.Version, m.mode()
	if x.Type == "" {
		x.Type = standard
	}
	x.Status, x.Attempt, x.Started, x.Updated = inProgress, 1, m.now, m.now
	if x.Artifacts == nil {
		x.Artifacts = map[string]artifact{}
	}
	m.state.Executions = append(m.state.Executions, &x)
	m.edited[x.ID] = true
	m.publishPipeline(&x, "STARTED")
	m.arrive(&x, stage)
}

// arrive puts an execution in front of a stage.
func (m *machine) arrive(x *execution, stage int) {
	x.Stage, x.Place, x.Arrived, x.ArrivedAt = stage, waiting, m.next(), m.now
	if m.mode() != modeSuperseded {
		return
	}
	for _, other := range m.state.Executions {
		if other.ID != x.ID && other.Place == waiting && other.Stage == stage {
			o := m.edit(other.ID)
			o.Status, o.Place = superseded, gone
			o.Summary = ""
			m.publishPipeline(o, "SUPERSEDED")
		}
	}
}

// enter takes a waiting execution into its stage where nothing stands in the way.
func (m *machine) enter(x *execution) bool {
	def := m.state.Pipeline.Definition
	name := def.Stages[x.Stage].Name
	if x.Type != rollback && !m.open(x.Stage) {
		return false
	}
	if m.mode() != modeParallel {
		for _, other := range m.state.Executions {
			if other.Stage != x.Stage || other.ID == x.ID {
				continue
			}
			if other.Place == inside || other.Place == waiting && other.Arrived < x.Arrived && m.mode() == modeQueued {
				return false
			}
		}
	}
	x = m.edit(x.ID)
	x.Place = inside
	x.Stages = append(x.Stages, stageRun{
		Name: name, Status: inProgress, Type: x.Type, Phase: phaseEntry, Entered: m.next(), Started: m.now, Current: map[string]string{},
	})
	m.publishStage(x, name, "STARTED")
	return true
}

// open reports whether the transition into a stage is enabled, from both sides.
func (m *machine) open(stage int) bool {
	def, p := m.state.Pipeline.Definition, m.state.Pipeline
	if p.Inbound[def.Stages[stage].Name].Disabled {
		return false
	}
	return stage == 0 || !p.Outbound[def.Stages[stage-1].Name].Disabled
}

// finish ends an execution.
func (m *machine) finish(x *execution, status, event string) {
	x.Status, x.Place = status, gone
	m.publishPipeline(x, event)
}

// latest is the execution that entered a stage last, nil if none did.
func (s *state) latest(stage string) *execution {
	var last *execution
	var at int64
	for _, x := range s.Executions {
		if r := x.stage(stage); r != nil && r.Entered >= at {
			last, at = x, r.Entered
		}
	}
	return last
}

// lastGood is the execution that a rollback of a stage goes back to by itself:
// the newest of the current version that succeeded in it and is no rollback.
func (s *state) lastGood(stage, except string) *execution {
	var last *execution
	var at int64
	for _, x := range s.Executions {
		r := x.stage(stage)
		if r != nil && r.Status == succeeded && x.Type == standard && x.Version == s.Pipeline.Version && x.ID != except && r.Entered >= at {
			last, at = x, r.Entered
		}
	}
	return last
}

// trim drops the executions that no rule asks for any more; their rows stay.
func (s *state) trim() {
	keep := map[string]bool{}
	names := map[string]bool{}
	for _, st := range s.Pipeline.Definition.Stages {
		names[st.Name] = true
	}
	for name := range names {
		for _, x := range []*execution{s.latest(name), s.lastGood(name, "")} {
			if x != nil {
				keep[x.ID] = true
			}
		}
	}
	s.Executions = slices.DeleteFunc(slices.Clone(s.Executions), func(x *execution) bool { return !x.live() && !keep[x.ID] })
}
