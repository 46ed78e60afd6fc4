package reach_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/internal/load/cloudformation"
	"github.com/twokey/twokey/reach"
)

// refarch loads the published reference architecture as its README deploys it.
// crossAccount is the state after the last step; without it the pipeline has no
// action roles yet.
func refarch(t *testing.T, crossAccount bool) *estate.Estate {
	t.Helper()
	corpus, err := filepath.Abs("../../shared/corpus/aws-refarch")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the corpus of published templates (../../shared/corpus) is not here")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(corpus)); err != nil {
		t.Fatal(err)
	}
	cross := "false"
	if crossAccount {
		cross = "true"
	}
	const accounts = `{DevAccount: "222222222222", TestAccount: "333333333333", ProductionAccount: "444444444444"`
	file := `version: 1
accounts:
  - {name: tools, id: "111111111111"}
  - {name: dev, id: "222222222222"}
  - {name: test, id: "333333333333"}
  - {name: prod, id: "444444444444"}
stacks:
  - {name: pre-reqs, account: tools, region: us-east-1, template: ToolsAcct/pre-reqs.yaml,
     parameters: ` + accounts + `, CodeBuildCondition: "` + cross + `"}}
  - {name: toolsacct-codepipeline-role, account: dev, region: us-east-1, template: DevAccount/toolsacct-codepipeline-codecommit.yaml,
     parameters: {ToolsAccount: "111111111111", CMKARN: "!output tools/pre-reqs/CMK"}}
  - {name: toolsacct-codepipeline-cloudformation-role, account: [test, prod], region: us-east-1, template: TestAccount/toolsacct-codepipeline-cloudformation-deployer.yaml,
     parameters: {ToolsAccount: "111111111111", CMKARN: "!output tools/pre-reqs/CMK", S3Bucket: "!output tools/pre-reqs/ArtifactBucket"}}
  - {name: sample-lambda-pipeline, account: tools, region: us-east-1, template: ToolsAcct/code-pipeline.yaml,
     parameters: ` + accounts + `, CMKARN: "!output tools/pre-reqs/CMK", S3Bucket: "!output tools/pre-reqs/ArtifactBucket", CrossAccountCondition: "` + cross + `"}}
`
	if err := os.WriteFile(filepath.Join(dir, "twokey.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(t, dir)
}

func load(t testing.TB, dir string) *estate.Estate {
	t.Helper()
	l, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l.Estate
}

func only(t *testing.T, r reach.Result) finding.Pipeline {
	t.Helper()
	if len(r.Pipelines) != 1 {
		t.Fatalf("%d pipelines, want 1", len(r.Pipelines))
	}
	return r.Pipelines[0]
}

// wantStep is a step by technique, the end of its principal and of its resource,
// and the lines of the statements that allow it.
type wantStep struct {
	technique, principal, resource string
	because                        []string
}

// has reports whether some way has exactly these techniques, flow left out, in
// this order, with those principals, resources and lines.
func has(p finding.Pipeline, want []wantStep) bool {
next:
	for _, w := range p.Ways {
		var steps []finding.Step
		for _, s := range w.Steps {
			if s.Technique != "flow" {
				steps = append(steps, s)
			}
		}
		if len(steps) != len(want) {
			continue
		}
		for i, x := range want {
			s := steps[i]
			if s.Technique != x.technique || !strings.HasSuffix(s.Principal, x.principal) || !strings.HasSuffix(s.Resource, x.resource) {
				continue next
			}
			for _, line := range x.because {
				if !cites(s, line) {
					continue next
				}
			}
		}
		return true
	}
	return false
}

func cites(s finding.Step, line string) bool {
	for _, b := range s.Because {
		if b.Location.File+":"+itoa(b.Location.Line) == line {
			return true
		}
	}
	return false
}

func itoa(n int) string {
	const digits = "0123456789"
	if n < 10 {
		return digits[n : n+1]
	}
	return itoa(n/10) + digits[n%10:n%10+1]
}

// The expected ways were worked out by hand from the templates: statements are
// cited by the line of their first key.
func TestReferenceArchitecture(t *testing.T) {
	t.Parallel()
	p := only(t, reach.Analyze(refarch(t, true), reach.Options{}))
	if p.PeopleToProduction != 1 {
		t.Fatalf("takes %d people, want 1", p.PeopleToProduction)
	}
	if !p.Inferred || len(p.Production) != 1 || p.Production[0] != "DeployToProduction/DeployChangeSetProd" {
		t.Errorf("production %v, inferred %v", p.Production, p.Inferred)
	}
	const (
		pipeline = "ToolsAcct/code-pipeline.yaml"
		deployer = "TestAccount/toolsacct-codepipeline-cloudformation-deployer.yaml"
		source   = "DevAccount/toolsacct-codepipeline-codecommit.yaml"
		toolsAll = "iam::111111111111:root"
		built    = "/BuildOutpu*/*"
		prodRole = "444444444444:role/ToolsAcctCodePipelineCloudFormationRole"
		testRole = "333333333333:role/ToolsAcctCodePipelineCloudFormationRole"
		devRole  = "222222222222:role/ToolsAcctCodePipelineCodeCommitRole"
		gate     = ":sample-lambda-pipeline/ApproveDeployProd/ApproveDeployProd"
		stack    = "444444444444:stack/sample-lambda-production/*"
	)
	for name, want := range map[string][]wantStep{
		"one person who may push and approve": {
			{technique: "external-source", resource: "222222222222:sample-lambda"},
			{technique: "external-approver", resource: gate},
			{technique: "deploy"},
		},
		"whom the tools account lets assume the production role": {
			{"sts-001-unseen", toolsAll, prodRole, []string{deployer + ":30"}},
			{"C1", prodRole, stack, []string{deployer + ":45"}},
		},
		"test's deployer writes the artifact after the approval": {
			{"sts-001-unseen", toolsAll, testRole, []string{deployer + ":30"}},
			{"A1", testRole, built, []string{deployer + ":45", deployer + ":52", pipeline + ":385", "ToolsAcct/pre-reqs.yaml:61"}},
			{technique: "deploy"},
		},
		"the source role writes the artifact after the approval": {
			{"sts-001-unseen", toolsAll, devRole, []string{source + ":27"}},
			{"A1", devRole, built, []string{source + ":43", source + ":54", pipeline + ":385", "ToolsAcct/pre-reqs.yaml:61"}},
			{technique: "deploy"},
		},
		"the build, running pushed code, writes the artifact after the approval": {
			{technique: "external-source"},
			{technique: "repository-build", resource: "role/sample-lambda-CodeBuildRole"},
			{"A1", "role/sample-lambda-CodeBuildRole", built, []string{pipeline + ":65", pipeline + ":76"}},
			{technique: "deploy"},
		},
		"the pipeline's own role passes its own gate": {
			{technique: "external-source", resource: "222222222222:sample-lambda"},
			{"D4", "role/sample-lambda-codepipeline-role", gate, []string{pipeline + ":154"}},
			{technique: "deploy"},
		},
	} {
		if !has(p, want) {
			t.Errorf("no way: %s", name)
		}
	}
	for _, w := range p.Ways {
		if w.Mend == "" || w.MendLocation == (finding.Location{}) {
			t.Errorf("way %q has no mend", w.Title)
		}
		if len(w.People) != 1 {
			t.Errorf("way %q takes %v", w.Title, w.People)
		}
	}
}

// Before the last step of the walk-through no action has a role of its own: the
// test deployment, which comes before the approval, changes the account that the
// production deployment changes, as the same role. Whoever pushes needs no
// approval.
func TestReferenceArchitectureFirstPass(t *testing.T) {
	t.Parallel()
	est := refarch(t, false)
	p := only(t, reach.Analyze(est, reach.Options{}))
	if p.PeopleToProduction != 1 {
		t.Fatalf("takes %d people, want 1", p.PeopleToProduction)
	}
	if !has(p, []wantStep{{technique: "external-source", resource: "111111111111:sample-lambda"}, {technique: "deploy"}}) {
		t.Error("no way: push, and the test deployment changes the production account")
	}
	for _, s := range p.Stages {
		for _, a := range s.Actions {
			if a.Account != "111111111111" {
				t.Errorf("%s/%s acts in %s, want the tools account", s.Name, a.Name, a.Account)
			}
		}
	}
}

// storefront's README lists by hand who can change production alone.
func TestStorefront(t *testing.T) {
	t.Parallel()
	p := only(t, reach.Analyze(load(t, "../examples/storefront"), reach.Options{}))
	if p.PeopleToProduction != 1 {
		t.Fatalf("takes %d people, want 1", p.PeopleToProduction)
	}
	const (
		prod  = "444444444444:role/prod-deployer"
		build = "111111111111:role/storefront-build"
		stack = "444444444444:stack/storefront-prod/*"
	)
	for name, want := range map[string][]wantStep{
		"a pushed commit runs in the build, whose role may assume prod-deployer": {
			{"S1", "222222222222:user/alice", "222222222222:storefront", []string{"roles.yaml:26"}},
			{technique: "repository-build", resource: build},
			{"sts-001", build, prod, []string{"pipeline.yaml:65"}},
			{"C1", prod, stack, []string{"deployer.yaml:38"}},
		},
		"a developer pushes and approves": {
			{"S1", "222222222222:user/alice", "222222222222:storefront", []string{"roles.yaml:26"}},
			{"G1", "111111111111:user/alice", "storefront/ApproveProd/ApproveProd", []string{"roles.yaml:44"}},
			{technique: "deploy"},
		},
		"StartBuild takes another build specification": {
			{"codebuild-002", "111111111111:user/alice", "project/storefront", []string{"roles.yaml:37"}},
			{"sts-001", build, prod, nil},
			{"C1", prod, stack, nil},
		},
		"the release group may call UpdatePipeline": {
			{"G5", "111111111111:user/carol", ":storefront", []string{"roles.yaml:68"}},
		},
		"prod-deployer trusts the whole tools account": {
			{"sts-001-unseen", "iam::111111111111:root", prod, []string{"deployer.yaml:29"}},
			{"C1", prod, stack, nil},
		},
		"the build role writes every artifact, also after the approval": {
			{technique: "S1"}, {technique: "repository-build"},
			{"A1", build, "/BuildOut/*", []string{"pipeline.yaml:41"}},
			{technique: "deploy"},
		},
	} {
		if !has(p, want) {
			t.Errorf("no way: %s", name)
		}
	}
	first := p.Ways[0]
	if len(first.People) != 1 || first.People[0] != "any of alice and bob" {
		t.Errorf("first way by %v", first.People)
	}
}

// What storefront-safe takes, by hand: a developer's commit (alice or bob), a
// maintainer's merge (dana), and one person at each of two gates.
func TestStorefrontSafe(t *testing.T) {
	t.Parallel()
	p := only(t, reach.Analyze(load(t, "../examples/storefront-safe"), reach.Options{}))
	if p.PeopleToProduction != 4 || len(p.Ways) != 0 || p.Unknown != "" {
		t.Errorf("takes %d people by %d ways (%s), want 4 or more", p.PeopleToProduction, len(p.Ways), p.Unknown)
	}
}
