package reach_test

import (
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

// renamed is an estate whose pipeline, artifact bucket and build project have
// another name, and logical ids.
func renamed(name string) *estate.Estate {
	e := gated(1)
	p, b, j := e.Pipelines[0], e.Buckets[0], e.Projects[0]
	p.Name, p.ARN, p.LogicalID = name, strings.TrimSuffix(p.ARN, "shop")+name, "AppPipeline"
	b.Name, b.ARN, b.LogicalID = name, "arn:aws:s3:::"+name, "ArtifactBucket"
	p.Stores[0].Bucket = name
	j.Name, j.ARN, j.LogicalID = name, strings.TrimSuffix(j.ARN, "shop")+name, "AppBuild"
	p.Stages[1].Actions[0].Config = config("ProjectName", name)
	return people(e, user(tools, "a", allow("codepipeline:*", "*")), user(tools, "b", allow("s3:PutObject", "*")), user(tools, "c", allow("codebuild:UpdateProject codepipeline:PutApprovalResult", "*")))
}

// What nothing but an open parameter names goes by its logical id.
func TestNamedByOpenParameter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ name, pipeline, bucket, project string }{
		"open":  {policy.Hole, "AppPipeline", "ArtifactBucket", "AppBuild"},
		"part":  {policy.Hole + "-app", "?-app", "?-app", "?-app"},
		"known": {"app", "app", "app", "app"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := only(t, reach.Analyze(renamed(c.name), reach.Options{}))
			if p.Name != c.pipeline || len(p.Buckets) != 1 || p.Buckets[0].Name != c.bucket {
				t.Errorf("pipeline %q with buckets %+v, want %s and %s", p.Name, p.Buckets, c.pipeline, c.bucket)
			}
			if len(p.Ways) == 0 {
				t.Fatalf("takes %d people by no way: %s", p.PeopleToProduction, p.Unknown)
			}
			text := words(p.Ways)
			for _, want := range []string{
				"action to " + c.pipeline + " and", "RollbackStage on " + c.pipeline + "/Deploy", "overwrites in " + c.bucket + " what", "changes what " + c.project + " does",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("no way says %q:\n%s", want, text)
				}
			}
			if c.name == policy.Hole && strings.Contains(text, "?") {
				t.Errorf("a way names nothing:\n%s", text)
			}
		})
	}
	only(t, reach.Analyze(renamed(policy.Hole), reach.Options{Pipeline: "AppPipeline"}))
	if r := reach.Analyze(renamed(policy.Hole), reach.Options{Pipeline: "Other"}); len(r.Pipelines) != 0 {
		t.Errorf("%d pipelines go by Other", len(r.Pipelines))
	}
}

// words are the titles, sentences and mends of ways.
func words(ways []finding.Way) string {
	var out []string
	for _, w := range ways {
		out = append(out, w.Title, w.Mend)
		for _, s := range w.Steps {
			out = append(out, s.Gains)
		}
	}
	return strings.Join(out, "\n")
}
