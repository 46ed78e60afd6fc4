package codepipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// engine holds the pipelines of a world: it feeds events to the machine, keeps
// what comes of them, and has the effects done.
type engine struct {
	world       *cloud.World
	pipelines   *cloud.Table[*pipeline]            // by ACCOUNT/REGION/NAME
	definitions *cloud.Table[*PipelineDeclaration] // by PIPELINE/ID/VERSION
	executions  *cloud.Table[*execution]           // by PIPELINE/ID/EXECUTION
	types       *cloud.Table[*actionType]
	webhooks    *cloud.Table[*webhook]

	ctx  context.Context
	quit context.CancelFunc

	mu     sync.Mutex
	actors map[string]*actor
	alarms map[string]alarm // of actions and rules in progress
	runs   map[string]context.CancelFunc
	wakers map[string]map[chan struct{}]bool
	jobs   map[string]jobRef

	work sync.WaitGroup
}

type alarm struct {
	at     time.Time
	cancel func()
}

// jobRef is where a job belongs.
type jobRef struct {
	actor           *actor
	execution, item string
	rule            bool
}

// actor is one pipeline at work. Its lock makes the machine's steps one after
// another.
type actor struct {
	key string
	mu  sync.Mutex
	// state is what the machine works on, all every execution in order of number.
	state state
	all   []*execution
	index map[string]int
	gone  bool
}

func pipelineKey(account, region, name string) string { return account + "/" + region + "/" + name }

func (p *pipeline) key() string { return pipelineKey(p.Account, p.Region, p.Name) }

func (p *pipeline) arn() string {
	return "arn:aws:codepipeline:" + p.Region + ":" + p.Account + ":" + p.Name
}

func newEngine(w *cloud.World) (*engine, error) {
	e := &engine{
		world: w, actors: map[string]*actor{}, alarms: map[string]alarm{}, runs: map[string]context.CancelFunc{},
		wakers: map[string]map[chan struct{}]bool{}, jobs: map[string]jobRef{},
	}
	e.ctx, e.quit = context.WithCancel(context.Background())
	var errs [5]error
	e.pipelines, errs[0] = cloud.NewTable[*pipeline](w, "codepipeline.pipelines")
	e.definitions, errs[1] = cloud.NewTable[*PipelineDeclaration](w, "codepipeline.definitions")
	e.executions, errs[2] = cloud.NewTable[*execution](w, "codepipeline.executions")
	e.types, errs[3] = cloud.NewTable[*actionType](w, "codepipeline.actiontypes")
	e.webhooks, errs[4] = cloud.NewTable[*webhook](w, "codepipeline.webhooks")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return e, e.load()
}

// load builds the actors from the rows. Rows of pipelines that are gone are left
// over from a deletion that a crash cut short; they go now.
func (e *engine) load() error {
	for _, key := range e.pipelines.Keys(nil) {
		p, _ := e.pipelines.Get(key)
		e.actors[key] = newActor(p)
	}
	for _, key := range e.executions.Keys(nil) {
		owner, id := split2(key)
		a := e.actors[owner]
		if a == nil || a.state.Pipeline.ID != id {
			if err := e.executions.Delete(key); err != nil {
				return err
			}
			continue
		}
		x, _ := e.executions.Get(key)
		a.all = append(a.all, x)
	}
	for _, key := range e.definitions.Keys(nil) {
		owner, id := split2(key)
		if a := e.actors[owner]; a == nil || a.state.Pipeline.ID != id {
			if err := e.definitions.Delete(key); err != nil {
				return err
			}
		}
	}
	for _, a := range e.actors {
		slices.SortFunc(a.all, func(x, y *execution) int { return int(x.Number - y.Number) })
		for i, x := range a.all {
			a.index[x.ID] = i
			a.state.Sequence = max(a.state.Sequence, x.Number, x.Arrived)
			for _, s := range x.Stages {
				a.state.Sequence = max(a.state.Sequence, s.Entered)
			}
			e.indexJobs(a, x)
		}
		a.state.Executions = slices.Clone(a.all)
		a.state.trim()
	}
	return nil
}

// split2 takes PIPELINE/ID/REST apart.
func split2(key string) (owner, id string) {
	parts := strings.SplitN(key, "/", 5)
	if len(parts) < 5 {
		return "", ""
	}
	return strings.Join(parts[:3], "/"), parts[3]
}

func newActor(p *pipeline) *actor {
	return &actor{key: p.key(), state: state{Pipeline: p}, index: map[string]int{}}
}

func (e *engine) actor(account, region, name string) (*actor, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a, ok := e.actors[pipelineKey(account, region, name)]
	return a, ok
}

// errGone says that a pipeline was deleted meanwhile.
var errGone = errors.New("the pipeline has been deleted")

// apply has the machine take a step and keeps what comes of it.
func (e *engine) apply(a *actor, ev event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return e.applyLocked(a, ev)
}

func (e *engine) applyLocked(a *actor, ev event) error {
	switch {
	case a.gone:
		return errGone
	case e.ctx.Err() != nil:
		return e.ctx.Err()
	}
	r, err := step(a.state, e.world.Clock.Now(), ev)
	if err != nil {
		return err
	}
	if err := e.keep(a, r); err != nil {
		return err
	}
	a.state = r.State
	a.state.trim()
	for _, x := range r.Changed {
		e.arm(a, x)
	}
	for _, f := range r.Effects {
		e.effect(a, f)
	}
	return nil
}

// keep writes the rows of a step: executions before the pipeline, so that a new
// version is never there without the end of what ran under the old one.
func (e *engine) keep(a *actor, r result) error {
	p := r.State.Pipeline
	prefix := p.key() + "/" + p.ID + "/"
	for _, x := range r.Changed {
		if err := e.executions.Put(prefix+x.ID, x); err != nil {
			return err
		}
		if i, ok := a.index[x.ID]; ok {
			a.all[i] = x
		} else {
			a.index[x.ID] = len(a.all)
			a.all = append(a.all, x)
		}
		e.indexJobs(a, x)
	}
	if !r.PipelineChanged {
		return nil
	}
	if p.Version != a.state.Pipeline.Version {
		if err := e.definitions.Put(prefix+number(p.Version), p.Definition); err != nil {
			return err
		}
	}
	return e.pipelines.Put(p.key(), p)
}

// create adds a pipeline.
func (e *engine) create(p *pipeline) (*actor, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, taken := e.actors[p.key()]; taken {
		return nil, false, nil
	}
	if err := e.definitions.Put(p.key()+"/"+p.ID+"/"+number(p.Version), p.Definition); err != nil {
		return nil, false, err
	}
	if err := e.pipelines.Put(p.key(), p); err != nil {
		return nil, false, err
	}
	a := newActor(p)
	e.actors[a.key] = a
	return a, true, nil
}

// remove deletes a pipeline with its history.
func (e *engine) remove(a *actor) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := e.applyLocked(a, remove{}); err != nil {
		if errors.Is(err, errGone) {
			return nil
		}
		return err
	}
	a.gone = true
	p := a.state.Pipeline
	e.mu.Lock()
	delete(e.actors, a.key)
	for id, ref := range e.jobs {
		if ref.actor == a {
			delete(e.jobs, id)
		}
	}
	e.mu.Unlock()
	if err := e.pipelines.Delete(p.key()); err != nil {
		return err
	}
	prefix := p.key() + "/" + p.ID + "/"
	for _, x := range a.all {
		if err := e.executions.Delete(prefix + x.ID); err != nil {
			return err
		}
	}
	for v := int64(1); v <= p.Version; v++ {
		if err := e.definitions.Delete(prefix + number(v)); err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) indexJobs(a *actor, x *execution) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range x.Actions {
		if j := x.Actions[i].Job; j != nil {
			e.jobs[j.ID] = jobRef{actor: a, execution: x.ID, item: x.Actions[i].ID}
		}
	}
	for i := range x.Rules {
		if j := x.Rules[i].Job; j != nil {
			e.jobs[j.ID] = jobRef{actor: a, execution: x.ID, item: x.Rules[i].ID, rule: true}
		}
	}
}

// view is a pipeline as it stands; nothing in it may be changed.
type view struct {
	pipeline *pipeline
	state    state
	all      []*execution
}

func (a *actor) view() view {
	a.mu.Lock()
	defer a.mu.Unlock()
	return view{a.state.Pipeline, a.state, slices.Clone(a.all)}
}

// execution finds an execution by id, of whatever age.
func (v *view) execution(id string) *execution {
	for _, x := range v.all {
		if x.ID == id {
			return x
		}
	}
	return nil
}

func (a *actor) execution(id string) (*pipeline, *execution) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.index[id]; ok {
		return a.state.Pipeline, a.all[i]
	}
	return a.state.Pipeline, nil
}
