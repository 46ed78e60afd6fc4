package codepipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// effect has one effect done. It is called with the actor's lock held.
func (e *engine) effect(a *actor, f effect) {
	switch f := f.(type) {
	case publish:
		p := a.state.Pipeline
		// A detail always becomes JSON; an event that is lost changes no run.
		_ = e.world.Publish(p.Account, p.Region, "aws.codepipeline", f.Type, []string{p.arn()}, f.Detail)
	case startAction:
		e.launch(f.Action, func(ctx context.Context) { e.runAction(ctx, a, f.Execution, f.Action, false) })
	case startRule:
		e.launch(f.Rule, func(ctx context.Context) { e.runRule(ctx, a, f.Execution, f.Rule) })
	case endAction:
		e.end(f.Action)
	case endRule:
		e.end(f.Rule)
	}
}

// launch runs the provider of an action or rule. What led to it is durable before
// the provider hears of it: nothing outside is ever ahead of the rows.
func (e *engine) launch(id string, run func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(e.ctx)
	e.mu.Lock()
	e.runs[id] = cancel
	e.mu.Unlock()
	e.spawn(func() {
		defer cancel()
		if e.world.Flush() != nil {
			return // the world stands still and says so to every caller
		}
		run(ctx)
	})
}

// spawn runs f beside the caller, unless the engine has stopped; World.Idle and
// stop wait for it.
func (e *engine) spawn(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx.Err() != nil {
		return
	}
	e.work.Add(1)
	e.world.Busy()
	go func() {
		defer e.work.Done()
		defer e.world.Rest()
		f()
	}()
}

// end forgets an action or rule that has ended.
func (e *engine) end(id string) {
	e.mu.Lock()
	cancel, al := e.runs[id], e.alarms[id]
	delete(e.runs, id)
	delete(e.alarms, id)
	e.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if al.cancel != nil {
		al.cancel()
	}
}

// pause takes a goroutine that waits for the clock or for another service out of
// what World.Idle waits for.
func (e *engine) pause(wait func()) {
	e.world.Rest()
	wait()
	e.world.Busy()
}

// arm sets the alarms of what is in progress in an execution.
func (e *engine) arm(a *actor, x *execution) {
	set := func(id string, at time.Time) {
		e.mu.Lock()
		was, ok := e.alarms[id]
		e.mu.Unlock()
		if ok && was.at.Equal(at) {
			return
		}
		if ok {
			was.cancel()
		}
		cancel := e.world.Clock.At(at, func() { e.expire(a, x.ID, id) })
		e.mu.Lock()
		e.alarms[id] = alarm{at, cancel}
		e.mu.Unlock()
	}
	for i := range x.Actions {
		if r := &x.Actions[i]; r.Status == inProgress {
			set(r.ID, r.due())
		}
	}
	for i := range x.Rules {
		if r := &x.Rules[i]; r.Status == inProgress {
			set(r.ID, r.Deadline)
		}
	}
}

// expire tells the machine that a deadline has come. One that was moved on, or
// whose action has ended, is stale.
func (e *engine) expire(a *actor, execution, id string) {
	e.tell(a, timeout{execution, id})
	_ = e.world.Flush() // a store that fails answers every later call
}

// tell applies news of an action or rule. News of what has ended in the
// meantime is dropped, and so is any once the engine stops: the restart finds the
// action in progress.
func (e *engine) tell(a *actor, ev event) {
	err := e.apply(a, ev)
	if err == nil || errors.Is(err, errStale) || errors.Is(err, errGone) || e.ctx.Err() != nil {
		return
	}
	// The store has failed; World.Flush answers every caller with that.
}

// stop ends the engine's work.
func (e *engine) stop() error {
	e.mu.Lock()
	e.quit()
	for _, al := range e.alarms {
		al.cancel()
	}
	e.mu.Unlock()
	e.work.Wait()
	return nil
}

// resume takes up what was in progress when the world was closed.
func (e *engine) resume() {
	for _, a := range e.actors {
		a.mu.Lock()
		for _, x := range a.state.Executions {
			if !x.live() {
				continue
			}
			e.arm(a, x)
			for i := range x.Actions {
				if r := &x.Actions[i]; r.Status == inProgress {
					id, execution := r.ID, x.ID
					e.launch(id, func(ctx context.Context) { e.runAction(ctx, a, execution, id, true) })
				}
			}
			for i := range x.Rules {
				if r := &x.Rules[i]; r.Status == inProgress {
					id, execution := r.ID, x.ID
					e.launch(id, func(ctx context.Context) { e.runRule(ctx, a, execution, id) })
				}
			}
		}
		a.mu.Unlock()
		// A crash may have come between two moves: settle them.
		e.tell(a, nothing{})
	}
}

// nothing is an event that changes nothing by itself.
type nothing struct{}

func (nothing) apply(*machine) error { return nil }

// runAction has an action's provider do it. After a restart a provider that can
// find its work again goes on with it, one that may be called twice is called
// again once, and the rest have failed.
func (e *engine) runAction(ctx context.Context, a *actor, execution, id string, resumed bool) {
	p, x := a.execution(execution)
	if x == nil {
		return
	}
	run := x.action(id)
	if run == nil || run.Status != inProgress {
		return
	}
	w := &work{caller{engine: e, ctx: ctx, actor: a, pipeline: p, execution: x, role: run.Role, region: run.Region}, run}
	do := providerOf(&run.Type)
	if do == nil {
		do = unsupported
	}
	if resumed {
		do = w.afterRestart(do)
		if do == nil {
			return
		}
	}
	done := safely(do, w)
	if done == nil || ctx.Err() != nil {
		return
	}
	done.Execution, done.Action = execution, id
	e.tell(a, *done)
	_ = e.world.Flush() // as in expire
}

// safely turns a panic of a provider into a failed action.
func safely(do provider, w *work) (done *actionDone) {
	defer func() {
		if r := recover(); r != nil {
			done = &actionDone{Status: failed, Code: "SystemUnavailable", Message: fmt.Sprintf("internal failure: %v", r)}
		}
	}()
	return do(w)
}
