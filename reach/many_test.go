package reach_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/reach"
)

// TestManyPipelines: many pipelines are looked at side by side, and come out as
// each of them alone does.
func TestManyPipelines(t *testing.T) {
	t.Parallel()
	e := people(gated(1), user(tools, "a", pushes(), allow("codepipeline:PutApprovalResult", pipelineARN+"7/*")), user(tools, "b", approves(1)))
	first := *e.Pipelines[0]
	for i := 1; i < 140; i++ {
		p := first
		p.Name = fmt.Sprint("shop", i)
		p.ARN = strings.Replace(pipelineARN, "shop", p.Name, 1)
		e.Pipelines = append(e.Pipelines, &p)
	}
	all := reach.Analyze(e, reach.Options{MaxWays: 20})
	if len(all.Pipelines) != 140 {
		t.Fatalf("%d pipelines", len(all.Pipelines))
	}
	for _, i := range []int{0, 7, 69, 70, 139} {
		got := all.Pipelines[i]
		alone := only(t, reach.Analyze(fresh(e), reach.Options{Pipeline: got.Name, MaxWays: 20}))
		if d := cmp.Diff(alone, got); d != "" {
			t.Errorf("%s among many differs (-alone +among):\n%s", got.Name, d)
		}
	}
	// a passes the gate of shop7 alone, and shop7 deploys the stack that all of
	// them deploy: around shop8, through shop7.
	for _, i := range []int{7, 8} {
		if n := all.Pipelines[i].PeopleToProduction; n != 1 {
			t.Errorf("shop%d takes %d, want 1", i, n)
		}
	}
}
