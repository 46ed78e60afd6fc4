package codepipeline

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// queue is an independent model of the execution modes, for pipelines of one
// action per stage: who is in a stage, who stands in front of it, and whether its
// door is open. It is written from the user guide's description alone.
type queue struct {
	mode   string
	in     [][]string // per stage; PARALLEL lets several in
	front  [][]string
	closed []bool
	fate   map[string]string // Superseded, Failed, Succeeded
}

func (q *queue) arrive(x string, stage int) {
	if q.mode == modeSuperseded {
		for _, old := range q.front[stage] {
			q.fate[old] = superseded
		}
		q.front[stage] = nil
	}
	q.front[stage] = append(q.front[stage], x)
	q.admit(stage)
}

func (q *queue) admit(stage int) {
	for len(q.front[stage]) > 0 && !q.closed[stage] && (q.mode == modeParallel || len(q.in[stage]) == 0) {
		q.in[stage] = append(q.in[stage], q.front[stage][0])
		q.front[stage] = q.front[stage][1:]
	}
}

func (q *queue) finish(x string, stage int, ok bool) {
	q.in[stage] = slices.DeleteFunc(q.in[stage], func(y string) bool { return y == x })
	switch {
	case !ok:
		q.fate[x] = failed
	case stage == len(q.in)-1:
		q.fate[x] = succeeded
	default:
		q.arrive(x, stage+1)
	}
	q.admit(stage)
}

func TestModes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const stages = 3
		d := &PipelineDeclaration{Name: "p", ExecutionMode: rapid.SampledFrom([]string{modeSuperseded, modeQueued, modeParallel}).Draw(t, "mode")}
		for i := range stages {
			d.Stages = append(d.Stages, &StageDeclaration{Name: fmt.Sprintf("S%d", i), Actions: []*ActionDeclaration{
				{Name: "A", ActionTypeId: &ActionTypeId{Category: "Invoke", Owner: "AWS", Provider: "Lambda", Version: "1"}},
			}})
		}
		w := newWorld(d)
		q := &queue{mode: d.ExecutionMode, in: make([][]string, stages), front: make([][]string, stages), closed: make([]bool, stages), fate: map[string]string{}}
		where := map[string]int{}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				for i := range stages {
					var in, front []string
					for _, x := range w.s.Executions {
						switch {
						case x.Stage == i && x.Place == inside:
							in = append(in, x.ID)
						case x.Stage == i && x.Place == waiting:
							front = append(front, x.ID)
						}
					}
					slices.Sort(in)
					slices.Sort(front)
					if !slices.Equal(in, slices.Sorted(slices.Values(q.in[i]))) || !slices.Equal(front, slices.Sorted(slices.Values(q.front[i]))) {
						t.Fatalf("stage %d: in %v, in front %v; the model says %v, %v", i, in, front, q.in[i], q.front[i])
					}
				}
				for _, x := range w.s.Executions {
					if want, ended := q.fate[x.ID]; ended && x.Status != want {
						t.Fatalf("%s is %s, the model says %s", x.ID, x.Status, want)
					}
				}
			},
			"start": func(t *rapid.T) {
				if w.begin(t) == nil {
					x := fmt.Sprintf("x%d", w.n)
					where[x] = 0
					q.arrive(x, 0)
				}
			},
			"end": func(t *rapid.T) {
				actions, _ := w.running()
				if len(actions) == 0 {
					t.Skip("nothing runs")
				}
				a := rapid.SampledFrom(actions).Draw(t, "action")
				ok := rapid.IntRange(0, 4).Draw(t, "luck") > 0
				stage := (&machine{state: w.s}).find(a.execution).Stage
				w.end(t, a, ok)
				q.finish(a.execution, stage, ok)
			},
			"door": func(t *rapid.T) {
				i := rapid.IntRange(0, stages-1).Draw(t, "stage")
				shut := rapid.Bool().Draw(t, "shut")
				if err := w.step(t, transit{Stage: d.Stages[i].Name, Disable: shut}); err != nil {
					t.Fatal(err)
				}
				q.closed[i] = shut
				q.admit(i)
			},
		})
	})
}

// TestQueuedOrder: in QUEUED mode executions come through in the order in which
// they began.
func TestQueuedOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &PipelineDeclaration{Name: "p", ExecutionMode: modeQueued}
		for i := range 3 {
			d.Stages = append(d.Stages, &StageDeclaration{Name: fmt.Sprintf("S%d", i), Actions: []*ActionDeclaration{
				{Name: "A", ActionTypeId: &ActionTypeId{Category: "Invoke", Owner: "AWS", Provider: "Lambda", Version: "1"}},
			}})
		}
		w := newWorld(d)
		var began, ended []string
		for len(ended) < 8 {
			if len(began) < 8 && rapid.Bool().Draw(t, "start") {
				if err := w.begin(t); err != nil {
					t.Fatal(err)
				}
				began = append(began, fmt.Sprintf("x%d", w.n))
				continue
			}
			actions, _ := w.running()
			if len(actions) == 0 {
				continue
			}
			a := rapid.SampledFrom(actions).Draw(t, "action")
			last := (&machine{state: w.s}).find(a.execution).Stage == 2
			w.end(t, a, true)
			if last {
				ended = append(ended, a.execution)
			}
		}
		if diff := cmp.Diff(began[:8], ended); diff != "" {
			t.Fatalf("order (-began +ended):\n%s", diff)
		}
	})
}
