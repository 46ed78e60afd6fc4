package codepipeline_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/codepipeline"
	"github.com/twokey/twokey/sandbox/iamsvc"
	"github.com/twokey/twokey/sandbox/sandboxtest"
	"github.com/twokey/twokey/sandbox/sts"
	"github.com/twokey/twokey/sandbox/wire"
)

// commits is a store that remembers what was written, in order: a world can be
// opened as it was after any of the writes.
type commits struct {
	mu   sync.Mutex
	list []cloud.Write
}

// Commit takes the writes apart: what was queued together may be committed in two
// batches, so a crash may come between any two of them.
func (s *commits) Commit(ws []cloud.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, ws...)
	return nil
}

func (s *commits) Get(table, key string) (value []byte, ok bool, err error) {
	err = s.Load(table, func(k string, v []byte) error {
		if k == key {
			value, ok = v, true
		}
		return nil
	})
	return value, ok, err
}

func (s *commits) Load(table string, each func(key string, value []byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := map[string][]byte{}
	for _, w := range s.list {
		if w.Table != table {
			continue
		}
		if delete(rows, w.Key); w.Value != nil {
			rows[w.Key] = w.Value
		}
	}
	for k, v := range rows {
		if err := each(k, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *commits) Close() error { return nil }

// until is a copy as it was after n commits.
func (s *commits) until(n int) *commits {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &commits{list: slices.Clone(s.list[:n])}
}

func (s *commits) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list)
}

// island is a world with CodePipeline, IAM, STS, and stand-ins that are there
// before anything goes on.
type island struct {
	*kit
	world *cloud.World
}

func newIsland(t *testing.T, store cloud.Store, s3 *fakeS3, fakes func(i *island)) *island {
	t.Helper()
	w, err := cloud.New(cloud.Options{Store: store, Accounts: []cloud.Account{{Name: "tools", ID: tools}}})
	if err != nil {
		t.Fatal(err)
	}
	server := wire.NewServer(w)
	i := &island{kit: &kit{t: t, s3: s3}, world: w}
	i.moved = sync.NewCond(&i.mu)
	for _, add := range []func(*cloud.World, *wire.Server) (func() error, error){iamsvc.Add, sts.Add, codepipeline.Add} {
		stop, err := add(w, server)
		if err != nil {
			t.Fatal(err)
		}
		if stop != nil {
			t.Cleanup(func() {
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	w.Register(fakeOp{"s3", "GetBucketVersioning", "s3:GetBucketVersioning", i.kit, s3.versioning},
		fakeOp{"s3", "GetObject", "s3:GetObject", i.kit, s3.get}, fakeOp{"s3", "PutObject", "s3:PutObject", i.kit, s3.put})
	if fakes != nil {
		fakes(i)
	}
	w.OnEvent(func(e cloud.Event) {
		i.mu.Lock()
		i.events = append(i.events, e)
		i.moved.Broadcast()
		i.mu.Unlock()
	})
	w.Ready()
	return i
}

func (i *island) call(service, operation string, in map[string]any, out any) error {
	as := cloud.Caller{Identity: cloud.RootIdentity(tools), Region: region, From: "127.0.0.1"}
	return i.world.Invoke(context.Background(), as, service, operation, in, out)
}

func (i *island) mustCall(service, operation string, in map[string]any, out any) {
	i.t.Helper()
	if err := i.call(service, operation, in, out); err != nil {
		i.t.Fatalf("%s: %v", operation, err)
	}
}

func (i *island) pipeline(actions ...map[string]any) {
	i.t.Helper()
	i.mustCall("iam", "CreateRole", map[string]any{"RoleName": "pipeline", "AssumeRolePolicyDocument": sandboxtest.Trust("codepipeline.amazonaws.com")}, nil)
	i.mustCall("iam", "PutRolePolicy", map[string]any{"RoleName": "pipeline", "PolicyName": "p", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("*", "*"))}, nil)
	typed := func(category, provider string) map[string]any {
		return map[string]any{"category": category, "owner": "AWS", "provider": provider, "version": "1"}
	}
	i.mustCall("codepipeline", "CreatePipeline", map[string]any{"pipeline": map[string]any{
		"name": "p", "roleArn": "arn:aws:iam::111111111111:role/pipeline", "artifactStore": map[string]any{"type": "S3", "location": store},
		"stages": []any{
			map[string]any{"name": "Source", "actions": []any{map[string]any{
				"name": "Fetch", "actionTypeId": typed("Source", "S3"), "configuration": map[string]any{"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
				"outputArtifacts": []any{map[string]any{"name": "SourceArtifact"}},
			}}},
			map[string]any{"name": "Prod", "actions": actions},
		},
	}}, nil)
}

func shipAction() map[string]any {
	return map[string]any{
		"name": "Ship", "runOrder": 2, "actionTypeId": map[string]any{"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
		"configuration": map[string]any{"BucketName": "site", "Extract": "true"}, "inputArtifacts": []any{map[string]any{"name": "SourceArtifact"}},
	}
}

func approveAction() map[string]any {
	return map[string]any{"name": "Approve", "actionTypeId": map[string]any{"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}}
}

type islandState struct {
	StageStates []struct {
		ActionStates []struct {
			LatestExecution struct{ Token, Status string }
		}
	}
}

type islandRuns struct {
	PipelineExecutionSummaries []struct{ PipelineExecutionID, Status string }
}

// settle answers the open approval, if there is one, and returns the statuses of
// the executions once nothing moves.
func (i *island) settle() []string {
	i.t.Helper()
	for range 3 {
		if err := i.world.Idle(i.t.Context()); err != nil {
			i.t.Fatal(err)
		}
		var st islandState
		if err := i.call("codepipeline", "GetPipelineState", map[string]any{"name": "p"}, &st); err != nil {
			return nil // the pipeline had not been made
		}
		if token := st.StageStates[1].ActionStates[0].LatestExecution.Token; token != "" {
			i.mustCall("codepipeline", "PutApprovalResult", map[string]any{"pipelineName": "p", "stageName": "Prod", "actionName": "Approve", "token": token, "result": map[string]any{"status": "Approved", "summary": ""}}, nil)
		}
	}
	var runs islandRuns
	i.mustCall("codepipeline", "ListPipelineExecutions", map[string]any{"pipelineName": "p"}, &runs)
	out := []string{}
	for _, r := range runs.PipelineExecutionSummaries {
		out = append(out, r.Status)
	}
	return out
}

// TestKilledAnywhere opens the world as it was after each write of a run: no
// execution is stuck or doubled, and what was deployed is deployed.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	s := &commits{}
	s3 := &fakeS3{objects: map[string][]object{}}
	s3.add("sources/app.zip", object{body: zipped(t, map[string]string{"index.html": "hello"})})
	i := newIsland(t, s, s3, nil)
	i.pipeline(approveAction(), shipAction())
	if got := i.settle(); !slices.Equal(got, []string{"Succeeded"}) {
		t.Fatalf("without a crash: %v", got)
	}
	seen := map[string]int{}
	for n := range s.len() + 1 {
		again := &fakeS3{objects: map[string][]object{}}
		for _, k := range []string{"sources"} {
			again.add(k+"/app.zip", object{body: zipped(t, map[string]string{"index.html": "hello"})})
		}
		for _, k := range s3.keys(store) { // artifacts are in S3, which has its own rows
			again.add(store+"/"+k, s3.last(store+"/"+k))
		}
		j := newIsland(t, s.until(n), again, nil)
		got := j.settle()
		switch {
		case got == nil:
			seen["before the pipeline"]++
		case len(got) == 0:
			seen["before the execution"]++
		case slices.Equal(got, []string{"Succeeded"}):
			seen["went on"]++
		default:
			t.Errorf("after write %d of %d: %v", n, s.len(), got)
		}
	}
	if seen["went on"] < 5 || seen["before the pipeline"] < 2 {
		t.Errorf("the crashes were not spread: %v", seen)
	}
}

// TestBuildAcrossRestart: a build that was started is waited for, not started
// again; one whose start was cut off is started once more, with the same token.
func TestBuildAcrossRestart(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		s := &commits{}
		s3 := &fakeS3{objects: map[string][]object{}}
		s3.add("sources/app.zip", object{body: zipped(t, map[string]string{"a": "b"})})
		var mu sync.Mutex
		var tokens []string
		asked := make(chan struct{}, 8)
		block := make(chan struct{})
		fakes := func(hang, complete bool) func(i *island) {
			return func(i *island) {
				i.world.Register(
					fakeOp{"codebuild", "StartBuild", "codebuild:StartBuild", i.kit, func(_ *cloud.Call, in map[string]any) (any, error) {
						mu.Lock()
						tokens = append(tokens, text(in, "idempotencyToken"))
						mu.Unlock()
						asked <- struct{}{}
						if hang {
							<-block
						}
						return map[string]any{"build": map[string]any{"id": "proj:1"}}, nil
					}},
					fakeOp{"codebuild", "BatchGetBuilds", "codebuild:BatchGetBuilds", i.kit, func(*cloud.Call, map[string]any) (any, error) {
						asked <- struct{}{}
						status := map[bool]string{true: "SUCCEEDED", false: "IN_PROGRESS"}[complete]
						return map[string]any{"builds": []any{map[string]any{"id": "proj:1", "buildStatus": status, "buildComplete": complete}}}, nil
					}})
			}
		}
		build := map[string]any{
			"name": "Build", "actionTypeId": map[string]any{"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
			"configuration": map[string]any{"ProjectName": "proj"}, "inputArtifacts": []any{map[string]any{"name": "SourceArtifact"}},
		}
		i := newIsland(t, s, s3, fakes(!known, false))
		t.Cleanup(func() { close(block) }) // before the island's own end
		i.pipeline(build)
		<-asked
		if known {
			<-asked // BatchGetBuilds: the build's id has been committed
		}
		j := newIsland(t, s.until(s.len()), s3, fakes(false, true))
		if got := j.settle(); !slices.Equal(got, []string{"Succeeded"}) {
			t.Errorf("known %v: %v", known, got)
		}
		mu.Lock()
		want := map[bool]int{true: 1, false: 2}[known]
		if len(tokens) != want || tokens[0] != tokens[len(tokens)-1] || tokens[0] == "" {
			t.Errorf("known %v: StartBuild was called with the tokens %v", known, tokens)
		}
		mu.Unlock()
	}
}
