package codepipeline_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const (
	tools  = sandboxtest.Tools
	prod   = sandboxtest.Prod
	region = sandboxtest.Region
	store  = "artifacts-of-tools"
)

// kit is a sandbox with a pipeline role, and stand-ins for the services that
// actions call: what they were asked is theirs to tell.
type kit struct {
	*sandboxtest.Kit
	t      testing.TB
	client *codepipeline.Client
	role   string
	s3     *fakeS3

	mu     sync.Mutex
	calls  []string // SERVICE OPERATION as WHO
	events []cloud.Event
	moved  *sync.Cond
}

func newKit(t testing.TB, options ...sandbox.Options) *kit {
	t.Helper()
	return wrap(t, sandboxtest.Start(t, options...))
}

// wrap makes a kit of a sandbox.
func wrap(t testing.TB, base *sandboxtest.Kit) *kit {
	t.Helper()
	k := &kit{Kit: base, t: t, client: codepipeline.NewFromConfig(base.Config(sandboxtest.Root(tools))), s3: &fakeS3{objects: map[string][]object{}}}
	k.moved = sync.NewCond(&k.mu)
	k.role = k.Role(t, tools, "pipeline", sandboxtest.Trust("codepipeline.amazonaws.com"), sandboxtest.Allow("*", "*"))
	k.fake("s3", "GetBucketVersioning", "s3:GetBucketVersioning", k.s3.versioning)
	k.fake("s3", "GetObject", "s3:GetObject", k.s3.get)
	k.fake("s3", "PutObject", "s3:PutObject", k.s3.put)
	k.Sandbox.World.OnEvent(func(e cloud.Event) {
		k.mu.Lock()
		k.events = append(k.events, e)
		k.moved.Broadcast()
		k.mu.Unlock()
	})
	return k
}

// fakeOp stands in for an operation of another service.
type fakeOp struct {
	service, name, action string
	kit                   *kit
	run                   func(c *cloud.Call, in map[string]any) (any, error)
}

func (f fakeOp) Service() string { return f.service }
func (f fakeOp) Name() string    { return f.name }
func (f fakeOp) ReadOnly() bool  { return false }
func (f fakeOp) Data() bool      { return false }
func (f fakeOp) NewInput() any   { return &map[string]any{} }

func (f fakeOp) Checks(_ *cloud.Call, in any) ([]cloud.Check, error) {
	resource := "*"
	if b, ok := (*in.(*map[string]any))["Bucket"].(string); ok {
		resource = "arn:aws:s3:::" + b
		if key, ok := (*in.(*map[string]any))["Key"].(string); ok {
			resource += "/" + key
		}
	}
	return []cloud.Check{{Action: f.action, Resource: resource}}, nil
}

func (f fakeOp) Run(c *cloud.Call, in any) (any, error) {
	f.kit.mu.Lock()
	f.kit.calls = append(f.kit.calls, f.service+" "+f.name+" as "+c.Identity.RoleARN)
	f.kit.mu.Unlock()
	return f.run(c, *in.(*map[string]any))
}

// fake puts a stand-in into the world.
func (k *kit) fake(service, name, action string, run func(c *cloud.Call, in map[string]any) (any, error)) {
	k.Sandbox.World.Register(fakeOp{service, name, action, k, run})
}

// object is a version of an object.
type object struct {
	body     []byte
	version  string
	metadata map[string]any
	sse, key string
}

type fakeS3 struct {
	mu      sync.Mutex
	objects map[string][]object
	n       int
}

func (f *fakeS3) versioning(*cloud.Call, map[string]any) (any, error) {
	return map[string]any{"Status": "Enabled"}, nil
}

func text(in map[string]any, key string) string {
	s, _ := in[key].(string)
	return s
}

func (f *fakeS3) get(_ *cloud.Call, in map[string]any) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range slices.Backward(f.objects[text(in, "Bucket")+"/"+text(in, "Key")]) {
		if v := text(in, "VersionId"); v == "" || v == o.version {
			return map[string]any{"Body": o.body, "ETag": `"etag-` + o.version + `"`, "VersionId": o.version, "Metadata": o.metadata}, nil
		}
	}
	return nil, (&cloud.Error{Code: "NoSuchKey", Message: "The specified key does not exist."}).WithStatus(404)
}

func (f *fakeS3) put(_ *cloud.Call, in map[string]any) (any, error) {
	var body struct{ Body []byte }
	data, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(data, &body)
	}
	if err != nil {
		return nil, err
	}
	f.add(text(in, "Bucket")+"/"+text(in, "Key"), object{body: body.Body, sse: text(in, "ServerSideEncryption"), key: text(in, "SSEKMSKeyId")})
	return map[string]any{}, nil
}

func (f *fakeS3) add(at string, o object) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	o.version = fmt.Sprintf("v%d", f.n)
	f.objects[at] = append(f.objects[at], o)
	return o.version
}

func (f *fakeS3) keys(bucket string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, k := range slices.Sorted(maps.Keys(f.objects)) {
		if rest, ok := strings.CutPrefix(k, bucket+"/"); ok {
			out = append(out, rest)
		}
	}
	return out
}

func (f *fakeS3) last(at string) object {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.objects[at]
	if len(list) == 0 {
		return object{}
	}
	return list[len(list)-1]
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// until waits until a condition over the events holds.
func (k *kit) until(what string, ok func(events []cloud.Event) bool) {
	k.t.Helper()
	timer := time.AfterFunc(patience, func() { k.moved.Broadcast() })
	defer timer.Stop()
	begun := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for !ok(k.events) {
		if time.Since(begun) >= patience {
			var seen []string
			for _, e := range k.events {
				seen = append(seen, e.DetailType+" "+string(e.Detail))
			}
			k.t.Fatalf("%s did not come; events:\n%s", what, strings.Join(seen, "\n"))
		}
		k.moved.Wait()
	}
}

type change struct {
	Pipeline, Stage, Action, State string
	ID                             string `json:"execution-id"`
	ActionID                       string `json:"action-execution-id"`
	Version                        json.RawMessage
	Attempt                        float64 `json:"pipeline-execution-attempt"`
	Result                         struct {
		Summary string `json:"external-execution-summary"`
		ID      string `json:"external-execution-id"`
		Code    string `json:"error-code"`
	} `json:"execution-result"`
	Type string `json:"-"`
}

func changes(events []cloud.Event) []change {
	var out []change
	for _, e := range events {
		if e.Source != "aws.codepipeline" || !strings.HasPrefix(e.DetailType, "CodePipeline ") {
			continue
		}
		var c change
		var d struct {
			*change
			Type any `json:"type"`
		}
		d.change = &c
		if json.Unmarshal(e.Detail, &d) != nil {
			continue
		}
		c.Type = strings.Fields(e.DetailType)[1]
		out = append(out, c)
	}
	return out
}

// reached waits until an execution has the state at its level: stage and action
// may be empty.
func (k *kit) reached(id, stage, action, state string) change {
	k.t.Helper()
	return k.reachedTimes(id, stage, action, state, 1)
}

func (k *kit) reachedTimes(id, stage, action, state string, times int) change {
	k.t.Helper()
	var found change
	k.until(strings.Join([]string{id, stage, action, state}, " "), func(events []cloud.Event) bool {
		n := 0
		for _, c := range changes(events) {
			if c.ID == id && c.Stage == stage && c.Action == action && c.State == state {
				if n++; n == times {
					found = c
					return true
				}
			}
		}
		return false
	})
	return found
}

func (k *kit) create(d *types.PipelineDeclaration) string {
	k.t.Helper()
	if _, err := k.client.CreatePipeline(k.t.Context(), &codepipeline.CreatePipelineInput{Pipeline: d}); err != nil {
		k.t.Fatal(err)
	}
	return k.newest(*d.Name)
}

func (k *kit) newest(pipeline string) string {
	k.t.Helper()
	out, err := k.client.ListPipelineExecutions(k.t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: &pipeline, MaxResults: aws.Int32(1)})
	if err != nil || len(out.PipelineExecutionSummaries) != 1 {
		k.t.Fatalf("no execution of %s: %v", pipeline, err)
	}
	return *out.PipelineExecutionSummaries[0].PipelineExecutionId
}

func (k *kit) start(pipeline string) string {
	k.t.Helper()
	out, err := k.client.StartPipelineExecution(k.t.Context(), &codepipeline.StartPipelineExecutionInput{Name: &pipeline})
	if err != nil {
		k.t.Fatal(err)
	}
	return *out.PipelineExecutionId
}

func (k *kit) state(pipeline string) *codepipeline.GetPipelineStateOutput {
	k.t.Helper()
	out, err := k.client.GetPipelineState(k.t.Context(), &codepipeline.GetPipelineStateInput{Name: &pipeline})
	if err != nil {
		k.t.Fatal(err)
	}
	return out
}

func (k *kit) execution(pipeline, id string) *types.PipelineExecution {
	k.t.Helper()
	out, err := k.client.GetPipelineExecution(k.t.Context(), &codepipeline.GetPipelineExecutionInput{PipelineName: &pipeline, PipelineExecutionId: &id})
	if err != nil {
		k.t.Fatal(err)
	}
	return out.PipelineExecution
}

// token is the token of an open approval.
func (k *kit) token(pipeline, stage, action string) string {
	k.t.Helper()
	for _, s := range k.state(pipeline).StageStates {
		for _, a := range s.ActionStates {
			if *s.StageName == stage && *a.ActionName == action && a.LatestExecution != nil && a.LatestExecution.Token != nil {
				return *a.LatestExecution.Token
			}
		}
	}
	k.t.Fatalf("%s/%s/%s has no open approval", pipeline, stage, action)
	return ""
}

func (k *kit) answer(pipeline, stage, action, token string, status types.ApprovalStatus, summary string) error {
	_, err := k.client.PutApprovalResult(k.t.Context(), &codepipeline.PutApprovalResultInput{
		PipelineName: &pipeline, StageName: &stage, ActionName: &action, Token: &token,
		Result: &types.ApprovalResult{Status: status, Summary: &summary},
	})
	return err
}

// approve answers the open approval of an action.
func (k *kit) approve(pipeline, stage, action string) {
	k.t.Helper()
	if err := k.answer(pipeline, stage, action, k.token(pipeline, stage, action), types.ApprovalStatusApproved, ""); err != nil {
		k.t.Fatal(err)
	}
}

func typeID(category types.ActionCategory, provider string) *types.ActionTypeId {
	return &types.ActionTypeId{Category: category, Owner: types.ActionOwnerAws, Provider: &provider, Version: aws.String("1")}
}

func source() types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: aws.String("Fetch"), ActionTypeId: typeID(types.ActionCategorySource, "S3"), Namespace: aws.String("Src"),
		Configuration:   map[string]string{"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
		OutputArtifacts: []types.OutputArtifact{{Name: aws.String("SourceArtifact")}},
	}
}

func approval(name string) types.ActionDeclaration {
	return types.ActionDeclaration{Name: &name, ActionTypeId: typeID(types.ActionCategoryApproval, "Manual")}
}

func deploy(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: &name, ActionTypeId: typeID(types.ActionCategoryDeploy, "S3"),
		Configuration:  map[string]string{"BucketName": "site", "Extract": "true"},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}},
	}
}

func stage(name string, actions ...types.ActionDeclaration) types.StageDeclaration {
	return types.StageDeclaration{Name: &name, Actions: actions}
}

// declare is a V2 pipeline with a source stage and the stages given.
func (k *kit) declare(name string, stages ...types.StageDeclaration) *types.PipelineDeclaration {
	return &types.PipelineDeclaration{
		Name: &name, RoleArn: &k.role, PipelineType: types.PipelineTypeV2,
		ArtifactStore: &types.ArtifactStore{Type: types.ArtifactStoreTypeS3, Location: aws.String(store)},
		Stages:        append([]types.StageDeclaration{stage("Source", source())}, stages...),
	}
}

func (k *kit) putSource(files map[string]string) string {
	k.t.Helper()
	return k.s3.add("sources/app.zip", object{body: zipped(k.t, files)})
}

func (k *kit) called() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.calls)
}
