package codepipeline_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/cloud"
)

// BenchmarkExecutions runs 100 pipelines 20 times each, with a source, a deployment
// and the events of both, IAM enforced.
func BenchmarkExecutions(b *testing.B) {
	const pipelines, runs = 100, 20
	for b.Loop() {
		k := newKit(b)
		k.putSource(map[string]string{"index.html": "hello"})
		succeeded := 0
		k.Sandbox.World.OnEvent(func(e cloud.Event) {
			k.mu.Lock()
			k.events, k.calls = nil, nil // what the kit remembers is none of the sandbox's memory
			k.mu.Unlock()
			if e.DetailType != "CodePipeline Pipeline Execution State Change" {
				return
			}
			if c := changes([]cloud.Event{e}); len(c) == 1 && c[0].State == "SUCCEEDED" {
				k.mu.Lock()
				succeeded++
				k.moved.Broadcast()
				k.mu.Unlock()
			}
		})
		for i := range pipelines {
			d := k.declare(fmt.Sprintf("p%d", i), stage("Prod", deploy("Ship")))
			d.ExecutionMode = types.ExecutionModeQueued
			k.create(d)
		}
		for range runs - 1 {
			for i := range pipelines {
				k.start(fmt.Sprintf("p%d", i))
			}
		}
		k.mu.Lock()
		for succeeded < pipelines*runs {
			k.moved.Wait()
		}
		k.mu.Unlock()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse)/1e6, "MB-heap")
	}
}
