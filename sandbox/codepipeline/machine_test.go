package codepipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// world drives the machine alone: a pipeline, the time, and what has been seen.
type world struct {
	s      state
	now    time.Time
	n      int
	keys   map[string]string // artifact key → attempt that makes it
	silent map[string]bool   // executions that were stopped and not retried
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func drawDefinition(t *rapid.T) *PipelineDeclaration {
	d := &PipelineDeclaration{
		Name: "p", RoleArn: "arn:aws:iam::111111111111:role/p", PipelineType: "V2",
		ExecutionMode: rapid.SampledFrom([]string{modeSuperseded, modeQueued, modeParallel}).Draw(t, "mode"),
		ArtifactStore: &ArtifactStore{Type: "S3", Location: "bucket"},
	}
	outputs := []string{}
	for i := range rapid.IntRange(2, 4).Draw(t, "stages") {
		s := &StageDeclaration{Name: fmt.Sprintf("S%d", i)}
		for j := range rapid.IntRange(1, 3).Draw(t, "actions") {
			order := int64(rapid.IntRange(1, 3).Draw(t, "order"))
			if i == 0 {
				order = 1
			}
			a := &ActionDeclaration{
				Name: fmt.Sprintf("A%d", j), RunOrder: &order, Namespace: fmt.Sprintf("n%d%d", i, j),
				ActionTypeId: &ActionTypeId{Category: "Build", Owner: "AWS", Provider: "CodeBuild", Version: "1"},
			}
			if i == 0 {
				a.ActionTypeId = &ActionTypeId{Category: "Source", Owner: "AWS", Provider: "S3", Version: "1"}
			}
			if i > 0 {
				a.InputArtifacts = append(a.InputArtifacts, &InputArtifact{Name: rapid.SampledFrom(outputs).Draw(t, "input")})
				a.Configuration = map[string]string{"ProjectName": "#{n00.id} of #{codepipeline.PipelineExecutionId}"}
			}
			a.OutputArtifacts = []*OutputArtifact{{Name: fmt.Sprintf("O%d%d", i, j)}}
			s.Actions = append(s.Actions, a)
		}
		for j := range s.Actions {
			outputs = append(outputs, fmt.Sprintf("O%d%d", i, j))
		}
		if i > 0 {
			drawGates(t, d, s)
		}
		d.Stages = append(d.Stages, s)
	}
	return d
}

func drawGates(t *rapid.T, d *PipelineDeclaration, s *StageDeclaration) {
	condition := func(result string) []*Condition {
		return []*Condition{{Result: result, Rules: []*RuleDeclaration{{Name: "R", RuleTypeId: &RuleTypeId{Category: "Rule", Provider: "LambdaInvoke"}}}}}
	}
	back := "ROLLBACK"
	if d.ExecutionMode == modeParallel {
		back = "FAIL"
	}
	switch rapid.IntRange(0, 11).Draw(t, "gates") {
	case 0:
		s.BeforeEntry = &BeforeEntryConditions{Conditions: condition("FAIL")}
	case 1:
		s.BeforeEntry = &BeforeEntryConditions{Conditions: condition("SKIP")}
	case 2:
		s.OnSuccess = &SuccessConditions{Conditions: condition(back)}
	case 3:
		s.OnSuccess = &SuccessConditions{Conditions: condition("FAIL")}
	case 4:
		s.OnFailure = &FailureConditions{Result: "RETRY", RetryConfiguration: &RetryConfiguration{RetryMode: rapid.SampledFrom([]string{"ALL_ACTIONS", "FAILED_ACTIONS"}).Draw(t, "retry")}}
	case 5:
		s.OnFailure = &FailureConditions{Result: back}
	case 6:
		s.OnFailure = &FailureConditions{Conditions: condition(back)}
	}
}

func newWorld(d *PipelineDeclaration) *world {
	p := &pipeline{Account: "111111111111", Region: "eu-central-1", Name: d.Name, ID: "id", Definition: d, Version: 1}
	return &world{s: state{Pipeline: p}, now: epoch, keys: map[string]string{}, silent: map[string]bool{}}
}

// step takes a step twice, and holds the machine to being a function: the same
// result, and the state before untouched.
func (w *world) step(t *rapid.T, e event) error {
	before, err := json.Marshal(w.s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := step(w.s, w.now, e)
	again, err2 := step(w.s, w.now, e)
	if (err == nil) != (err2 == nil) || err == nil && !cmp.Equal(asJSON(t, r.State), asJSON(t, again.State)) || asJSON(t, r.Effects) != asJSON(t, again.Effects) {
		t.Fatalf("%T: two steps from one state differ", e)
	}
	after, _ := json.Marshal(w.s)
	if string(before) != string(after) {
		t.Fatalf("%T changed the state it was given:\n%s", e, cmp.Diff(string(before), string(after)))
	}
	if err != nil {
		if asJSON(t, r.State) != string(before) {
			t.Fatalf("%T was refused and changed something", e)
		}
		return err
	}
	switch e := e.(type) {
	case retry:
		delete(w.silent, e.Execution)
	case stop:
		w.silent[e.Execution] = true
	}
	old := w.s
	w.s = r.State
	w.effects(t, old, r.Effects)
	w.invariants(t)
	for _, x := range w.s.Executions {
		if w.silent[x.ID] && x.Status != stopping && x.Status != stopped && x.Status != cancelled {
			t.Fatalf("execution %d was stopped and is %s", x.Number, x.Status)
		}
	}
	w.s.trim()
	return nil
}

func asJSON(t *rapid.T, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (w *world) effects(t *rapid.T, _ state, effects []effect) {
	m := &machine{state: w.s}
	for _, f := range effects {
		begun, ok := f.(startAction)
		if !ok {
			continue
		}
		x := m.find(begun.Execution)
		a := x.action(begun.Action)
		if w.silent[x.ID] {
			t.Fatalf("%s/%s started in an execution that was stopped", a.Stage, a.Action)
		}
		index := stageIndex(w.s.Pipeline.Definition, a.Stage)
		if x.Type == standard {
			for _, s := range w.s.Pipeline.Definition.Stages[:index] {
				if r := x.stage(s.Name); r == nil || r.Status != succeeded && r.Status != skipped {
					t.Fatalf("%s/%s started before stage %s was through", a.Stage, a.Action, s.Name)
				}
			}
		}
		run := x.stage(a.Stage)
		decl := w.s.Pipeline.Definition.Stages[index]
		var order int64
		for _, d := range decl.Actions {
			if d.Name == a.Action {
				order = runOrder(d)
			}
		}
		for _, d := range decl.Actions {
			if runOrder(d) < order && x.action(run.Current[d.Name]).Status != succeeded {
				t.Fatalf("%s/%s started before %s of a lower run order had succeeded", a.Stage, a.Action, d.Name)
			}
		}
		for _, o := range a.Outputs {
			if other, taken := w.keys[o.Key]; taken {
				t.Fatalf("the attempts %s and %s write the same object %s", other, a.ID, o.Key)
			}
			w.keys[o.Key] = a.ID
		}
	}
}

func (w *world) invariants(t *rapid.T) {
	def := w.s.Pipeline.Definition
	inStage, before := map[int]int{}, map[int]int{}
	for _, x := range w.s.Executions {
		switch x.Place {
		case inside:
			inStage[x.Stage]++
		case waiting:
			before[x.Stage]++
		}
		if mode(def) != modeSuperseded && x.Status == superseded {
			t.Fatalf("an execution was superseded in mode %s", mode(def))
		}
		switch {
		case x.Status == inProgress && x.Place == gone, x.Status == stopping && x.Place == gone:
			t.Fatalf("execution %d is %s and gone", x.Number, x.Status)
		case (x.Status == succeeded || x.Status == stopped || x.Status == superseded || x.Status == cancelled) && x.Place != gone:
			t.Fatalf("execution %d is %s and still %s", x.Number, x.Status, x.Place)
		}
		w.attempts(t, x)
	}
	for i := range def.Stages {
		if mode(def) != modeParallel && inStage[i] > 1 {
			t.Fatalf("%d executions are in stage %d", inStage[i], i)
		}
		if mode(def) == modeSuperseded && before[i] > 1 {
			t.Fatalf("%d executions wait in front of stage %d", before[i], i)
		}
	}
}

// attempts checks the actions of one execution.
func (w *world) attempts(t *rapid.T, x *execution) {
	running := map[string]int{}
	produced := map[string]string{}
	for _, in := range x.Artifacts {
		produced[in.Name] = in.Key
	}
	for _, a := range x.Actions {
		if a.Status == inProgress {
			if running[a.Stage+"/"+a.Action]++; running[a.Stage+"/"+a.Action] > 1 {
				t.Fatalf("two attempts of %s/%s run at once", a.Stage, a.Action)
			}
			if x.Place != inside {
				t.Fatalf("%s/%s runs in an execution that is %s", a.Stage, a.Action, x.Place)
			}
		}
		for _, in := range a.Inputs {
			if in.Key == "" {
				continue
			}
			if _, made := w.keys[in.Key]; !made {
				t.Fatalf("%s/%s reads the object %s, which no attempt makes", a.Stage, a.Action, in.Key)
			}
		}
	}
	// A success is what the artifact is of: the newest one of its action.
	for _, a := range x.Actions {
		if a.Status != succeeded {
			continue
		}
		for _, o := range a.Outputs {
			newest := o.Key
			for _, b := range x.Actions {
				if b.Stage == a.Stage && b.Action == a.Action && b.Status == succeeded && b.Attempt > a.Attempt {
					newest = b.Outputs[slices.IndexFunc(b.Outputs, func(p artifact) bool { return p.Name == o.Name })].Key
				}
			}
			if newest == o.Key && produced[o.Name] != o.Key {
				t.Fatalf("the artifact %s is at %s, not where its action put it: %s", o.Name, produced[o.Name], o.Key)
			}
		}
	}
}

func (w *world) begin(t *rapid.T) error {
	w.n++
	id := fmt.Sprintf("x%d", w.n)
	return w.step(t, start{Execution: &execution{ID: id, Seed: "seed " + id, Trigger: "StartPipelineExecution"}})
}

type item struct{ execution, id string }

func (w *world) running() (actions, rules []item) {
	for _, x := range w.s.Executions {
		for _, a := range x.Actions {
			if a.Status == inProgress {
				actions = append(actions, item{x.ID, a.ID})
			}
		}
		for _, r := range x.Rules {
			if r.Status == inProgress {
				rules = append(rules, item{x.ID, r.ID})
			}
		}
	}
	return actions, rules
}

func (w *world) end(t *rapid.T, i item, ok bool) {
	done := actionDone{Execution: i.execution, Action: i.id, Status: failed, Code: "JobFailed"}
	if ok {
		done = actionDone{Execution: i.execution, Action: i.id, Status: succeeded, Variables: map[string]string{"id": i.id}}
	}
	if err := w.step(t, done); err != nil {
		t.Fatal(err)
	}
}

func (w *world) anyExecution(t *rapid.T) string {
	if len(w.s.Executions) == 0 {
		t.Skip("no execution")
	}
	return rapid.SampledFrom(w.s.Executions).Draw(t, "execution").ID
}

func (w *world) anyStage(t *rapid.T) string {
	return rapid.SampledFrom(w.s.Pipeline.Definition.Stages).Draw(t, "stage").Name
}

// TestMachine holds the machine to what must be true of every pipeline, whatever
// happens to it: see effects, invariants and attempts.
func TestMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(drawDefinition(t))
		goods := map[string]*execution{}
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) {
				for _, x := range w.s.Executions {
					goods[x.ID] = x
				}
			},
			"start": func(t *rapid.T) { _ = w.begin(t) },
			"end": func(t *rapid.T) {
				actions, _ := w.running()
				if len(actions) == 0 {
					t.Skip("nothing runs")
				}
				w.end(t, rapid.SampledFrom(actions).Draw(t, "action"), rapid.IntRange(0, 3).Draw(t, "luck") > 0)
			},
			"rule": func(t *rapid.T) {
				_, rules := w.running()
				if len(rules) == 0 {
					t.Skip("no rule runs")
				}
				r := rapid.SampledFrom(rules).Draw(t, "rule")
				if err := w.step(t, ruleDone{Execution: r.execution, Rule: r.id, Passed: rapid.Bool().Draw(t, "passed")}); err != nil {
					t.Fatal(err)
				}
			},
			"stop": func(t *rapid.T) {
				_ = w.step(t, stop{Execution: w.anyExecution(t), Abandon: rapid.Bool().Draw(t, "abandon")})
			},
			"retry": func(t *rapid.T) {
				_ = w.step(t, retry{w.anyExecution(t), w.anyStage(t), rapid.SampledFrom([]string{"ALL_ACTIONS", "FAILED_ACTIONS"}).Draw(t, "mode")})
			},
			"rollback": func(t *rapid.T) {
				if len(goods) == 0 {
					t.Skip("no execution")
				}
				id := rapid.SampledFrom(slices.Sorted(maps.Keys(goods))).Draw(t, "target")
				w.n++
				_ = w.step(t, rollBackTo{Stage: w.anyStage(t), Good: goods[id], ID: fmt.Sprintf("x%d", w.n), Seed: fmt.Sprintf("seed x%d", w.n)})
			},
			"override": func(t *rapid.T) {
				_ = w.step(t, override{w.anyExecution(t), w.anyStage(t), rapid.SampledFrom([]string{gateEntry, gateSuccess}).Draw(t, "gate")})
			},
			"door": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "hours")) * time.Hour)
				_ = w.step(t, transit{Stage: w.anyStage(t), Disable: rapid.Bool().Draw(t, "disable"), Outbound: rapid.Bool().Draw(t, "outbound")})
			},
			"update": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "rarely") > 0 {
					t.Skip("not now")
				}
				d := *w.s.Pipeline.Definition
				if err := w.step(t, update{&d}); err != nil {
					t.Fatal(err)
				}
				for _, x := range w.s.Executions {
					if x.live() {
						t.Fatalf("execution %d is on its way under an old definition", x.Number)
					}
				}
			},
		})
		w.drain(t)
	})
}

// drain lets everything succeed: then nothing may be left on its way.
func (w *world) drain(t *rapid.T) {
	for _, s := range w.s.Pipeline.Definition.Stages {
		for _, out := range []bool{false, true} {
			if err := w.step(t, transit{Stage: s.Name, Outbound: out}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 10_000 {
		actions, rules := w.running()
		switch {
		case len(actions) > 0:
			w.end(t, actions[0], true)
			continue
		case len(rules) > 0:
			if err := w.step(t, ruleDone{Execution: rules[0].execution, Rule: rules[0].id, Passed: true}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		stuck := false
		for _, x := range w.s.Executions {
			if !x.live() {
				continue
			}
			if x.Place == inside {
				// Only a failed entry condition holds a stage with nothing running in it.
				run := x.stage(w.s.Pipeline.Definition.Stages[x.Stage].Name)
				if run.Phase != phaseEntry || run.Entry.Status != failed {
					t.Fatalf("execution %d is stuck in stage %d, phase %s, status %s", x.Number, x.Stage, run.Phase, x.Status)
				}
				if err := w.step(t, override{x.ID, run.Name, gateEntry}); err != nil {
					t.Fatal(err)
				}
				stuck = true
				break
			}
		}
		if stuck {
			continue
		}
		for _, x := range w.s.Executions {
			if x.live() {
				t.Fatalf("execution %d waits in front of stage %d for nothing", x.Number, x.Stage)
			}
		}
		return
	}
	t.Fatal("there is no end of it")
}
