package codepipeline_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// failure waits for an action's failure and returns its details.
func (k *kit) failure(id, stage, action string) *types.ErrorDetails {
	k.t.Helper()
	k.reached(id, stage, action, "FAILED")
	out, err := k.client.ListActionExecutions(k.t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), Filter: &types.ActionExecutionFilter{PipelineExecutionId: &id}})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, a := range out.ActionExecutionDetails {
		if *a.ActionName == action {
			return a.Output.ExecutionResult.ErrorDetails
		}
	}
	k.t.Fatal("no such action")
	return nil
}

// TestDeniedSource: a role without s3:GetObject fails the source in CodePipeline's
// words.
func TestDeniedSource(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	role := k.Role(t, tools, "poor", sandboxtest.Trust("codepipeline.amazonaws.com"), sandboxtest.Allow("s3:GetBucketVersioning", "*"))
	d := k.declare("p", stage("Prod", approval("Approve")))
	d.RoleArn = &role
	e := k.failure(k.create(d), "Source", "Fetch")
	if *e.Code != "PermissionError" || !strings.HasPrefix(*e.Message, "The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named sources. Update the IAM role permissions, and then try again. Error: ") ||
		!strings.Contains(*e.Message, "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::sources/app.zip") {
		t.Errorf("%s: %s", *e.Code, *e.Message)
	}
}

// TestActionRole: an action with a role works as that role, in its account,
// assumed by the pipeline's role; sessions are named by the time.
func TestActionRole(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	role := k.Role(t, prod, "deployer", sandboxtest.Trust(k.role), sandboxtest.Allow("*", "*"))
	d := k.declare("p", stage("Prod", deploy("Ship")))
	d.Stages[1].Actions[0].RoleArn = &role
	id := k.create(d)
	k.reached(id, "", "", "SUCCEEDED")
	calls := k.called()
	if want := []string{"s3 GetObject as " + role, "s3 PutObject as " + role}; !slices.Equal(calls[len(calls)-2:], want) {
		t.Errorf("calls %v", calls)
	}
	var chain []string
	for _, account := range []string{tools, prod} {
		for _, r := range k.Sandbox.World.Trail(account) {
			if r.EventName == "AssumeRole" {
				var in struct {
					RoleArn         string
					RoleSessionName string
				}
				if err := json.Unmarshal(r.RequestParameters, &in); err != nil {
					// CloudTrail writes the names with a small first letter.
					t.Fatal(err)
				}
				if len(in.RoleSessionName) != 13 {
					t.Errorf("session name %q", in.RoleSessionName)
				}
				chain = append(chain, in.RoleArn)
			}
		}
	}
	if !slices.Contains(chain, role) || !slices.Contains(chain, k.role) {
		t.Errorf("roles assumed: %v", chain)
	}
}

// TestPassRole: who makes a pipeline must be allowed to pass its role to
// CodePipeline.
func TestPassRole(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	in := &codepipeline.CreatePipelineInput{Pipeline: k.declare("p", stage("Prod", approval("Approve")))}
	pass := sandboxtest.Allow("iam:PassRole", k.role)
	pass.Condition = map[string]map[string]any{"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
	keys := k.User(t, tools, "dev", sandboxtest.Allow("codepipeline:*", "*"), pass)
	client := codepipeline.NewFromConfig(k.Config(keys))
	_, err := client.CreatePipeline(t.Context(), in)
	if want := "User: arn:aws:iam::111111111111:user/dev is not authorized to perform: iam:PassRole on resource: " + k.role + " because no identity-based policy allows the iam:PassRole action"; sandboxtest.Code(err) != "AccessDeniedException" || sandboxtest.Message(err) != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	pass.Condition["StringEquals"]["iam:PassedToService"] = "codepipeline.amazonaws.com"
	k.Permit(t, tools, "dev", sandboxtest.Allow("codepipeline:*", "*"), pass)
	if _, err = client.CreatePipeline(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestSourceOverrides(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, func(d *types.PipelineDeclaration) {
		d.Stages[0].Actions[0].Configuration["AllowOverrideForS3ObjectKey"] = "true"
		d.Stages[1].Actions[0].Configuration = map[string]string{"CustomData": "#{Src.ObjectKey} #{Src.VersionId} #{Src.ETag} #{codepipeline.PipelineExecutionId}"}
	})
	k.putSource(map[string]string{"a.txt": "newer"})
	other := k.s3.add("sources/other.zip", object{body: zipped(t, map[string]string{"o": "o"}), metadata: map[string]any{"codepipeline-artifact-revision-summary": "the other"}})
	k.must(k.stop(k.newest("p"), true))
	for name, o := range map[string]struct {
		key, version, want string
	}{
		"version": {"", "v1", "app.zip v1"}, "key": {"other.zip", "", "other.zip " + other}, "both": {"other.zip", other, "other.zip " + other},
	} {
		in := &codepipeline.StartPipelineExecutionInput{Name: aws.String("p")}
		if o.key != "" {
			in.SourceRevisions = append(in.SourceRevisions, types.SourceRevisionOverride{ActionName: aws.String("Fetch"), RevisionType: types.SourceRevisionTypeS3ObjectKey, RevisionValue: &o.key})
		}
		if o.version != "" {
			in.SourceRevisions = append(in.SourceRevisions, types.SourceRevisionOverride{ActionName: aws.String("Fetch"), RevisionType: types.SourceRevisionTypeS3ObjectVersionId, RevisionValue: &o.version})
		}
		out, err := k.client.StartPipelineExecution(t.Context(), in)
		k.must(err)
		k.reached(*out.PipelineExecutionId, "Prod", "Approve", "STARTED")
		list, err := k.client.ListActionExecutions(t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), Filter: &types.ActionExecutionFilter{PipelineExecutionId: out.PipelineExecutionId}})
		k.must(err)
		got := list.ActionExecutionDetails[0].Input
		if !strings.HasPrefix(got.ResolvedConfiguration["CustomData"], o.want+` "etag-`) || !strings.HasSuffix(got.ResolvedConfiguration["CustomData"], *out.PipelineExecutionId) || !strings.HasPrefix(got.Configuration["CustomData"], "#{Src.ObjectKey}") {
			t.Errorf("%s: %v", name, got)
		}
		if x := k.execution("p", *out.PipelineExecutionId); o.key != "" && aws.ToString(x.ArtifactRevisions[0].RevisionSummary) != "the other" {
			t.Errorf("%s: summary %v", name, x.ArtifactRevisions)
		}
		k.must(k.stop(*out.PipelineExecutionId, true))
	}
}

func TestPipelineVariables(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, func(d *types.PipelineDeclaration) {
		d.Variables = []types.PipelineVariableDeclaration{{Name: aws.String("env"), DefaultValue: aws.String("test")}}
		d.Stages[1].Actions[0].Configuration = map[string]string{"CustomData": "to #{variables.env}"}
	})
	if v := k.execution("p", id).Variables; len(v) != 1 || *v[0].ResolvedValue != "test" {
		t.Errorf("variables %v", v)
	}
	in := &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), ClientRequestToken: aws.String("once"), Variables: []types.PipelineVariable{{Name: aws.String("env"), Value: aws.String("prod")}}}
	one, err := k.client.StartPipelineExecution(t.Context(), in)
	k.must(err)
	two, err := k.client.StartPipelineExecution(t.Context(), in)
	k.must(err)
	if *one.PipelineExecutionId != *two.PipelineExecutionId {
		t.Error("one request token started two executions")
	}
	if v := k.execution("p", *one.PipelineExecutionId).Variables; *v[0].ResolvedValue != "prod" {
		t.Errorf("variables %v", v)
	}
}

func TestCustomAction(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	k.customType()
	after := approval("After")
	after.RunOrder, after.Configuration = aws.Int32(2), map[string]string{"CustomData": "#{W.Answer}"}
	id := k.create(k.declare("p", stage("Prod", worker("Build"), after)))
	k.reached(id, "Prod", "Build", "STARTED")
	ctx := t.Context()
	got, err := k.client.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: aws.String("p")})
	k.must(err)
	if c := got.Pipeline.Stages[1].Actions[0].Configuration; c["Password"] != "****" || c["Lane"] != "a" {
		t.Errorf("configuration shown: %v", c)
	}
	none, err := k.client.PollForJobs(ctx, &codepipeline.PollForJobsInput{ActionTypeId: workerType(), QueryParam: map[string]string{"Lane": "b"}})
	if err != nil || len(none.Jobs) != 0 {
		t.Fatalf("jobs of another lane: %v %v", none, err)
	}
	poll := func() types.Job {
		out, err := k.client.PollForJobs(ctx, &codepipeline.PollForJobsInput{ActionTypeId: workerType(), QueryParam: map[string]string{"Lane": "a"}})
		if err != nil || len(out.Jobs) != 1 {
			t.Fatalf("jobs: %v %v", out, err)
		}
		return out.Jobs[0]
	}
	slow, quick := poll(), poll()
	if c := quick.Data.ActionConfiguration.Configuration; c["Password"] != "hunter2" || *quick.Data.PipelineContext.PipelineExecutionId != id || quick.Data.ArtifactCredentials == nil ||
		*quick.Data.InputArtifacts[0].Location.S3Location.BucketName != store || *quick.Data.OutputArtifacts[0].Name != "Built" {
		t.Errorf("job %+v", quick.Data)
	}
	_, err = k.client.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: quick.Id})
	if sandboxtest.Code(err) != "InvalidJobStateException" {
		t.Errorf("a result before the acknowledgement: %v", err)
	}
	_, err = k.client.AcknowledgeJob(ctx, &codepipeline.AcknowledgeJobInput{JobId: slow.Id, Nonce: slow.Nonce})
	if sandboxtest.Code(err) != "InvalidNonceException" {
		t.Errorf("the slow worker's acknowledgement: %v", err)
	}
	ack, err := k.client.AcknowledgeJob(ctx, &codepipeline.AcknowledgeJobInput{JobId: quick.Id, Nonce: quick.Nonce})
	if err != nil || ack.Status != types.JobStatusInProgress {
		t.Fatalf("%v %v", ack, err)
	}
	details, err := k.client.GetJobDetails(ctx, &codepipeline.GetJobDetailsInput{JobId: quick.Id})
	if err != nil || *details.JobDetails.Id != *quick.Id {
		t.Errorf("%v %v", details, err)
	}
	_, err = k.client.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: quick.Id, OutputVariables: map[string]string{"Answer": strings.Repeat("x", 122_880)}})
	if sandboxtest.Code(err) != "OutputVariablesSizeExceededException" {
		t.Errorf("too many variables: %v", err)
	}
	_, err = k.client.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: quick.Id, ContinuationToken: aws.String("c"), OutputVariables: map[string]string{"Answer": "42"}})
	if sandboxtest.Code(err) != "ValidationException" {
		t.Errorf("variables with a continuation: %v", err)
	}
	_, err = k.client.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: quick.Id, ContinuationToken: aws.String("c"), ExecutionDetails: &types.ExecutionDetails{PercentComplete: aws.Int32(50), Summary: aws.String("half")}})
	k.must(err)
	if e := k.state("p").StageStates[1].ActionStates[0].LatestExecution; e.Status != types.ActionExecutionStatusInProgress || aws.ToInt32(e.PercentComplete) != 50 {
		t.Errorf("half way: %+v", e)
	}
	_, err = k.client.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: quick.Id, OutputVariables: map[string]string{"Answer": "42"}})
	k.must(err)
	k.reached(id, "Prod", "After", "STARTED")
	_, err = k.client.PutJobFailureResult(ctx, &codepipeline.PutJobFailureResultInput{JobId: quick.Id, FailureDetails: &types.FailureDetails{Type: types.FailureTypeJobFailed, Message: aws.String("late")}})
	if sandboxtest.Code(err) != "InvalidJobStateException" {
		t.Errorf("a result after the end: %v", err)
	}
	list, err := k.client.ListActionExecutions(ctx, &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
	k.must(err)
	if c := list.ActionExecutionDetails[0].Input.ResolvedConfiguration["CustomData"]; c != "42" {
		t.Errorf("the variable is %q", c)
	}
	if c := list.ActionExecutionDetails[1].Input.ResolvedConfiguration["Password"]; c != "****" {
		t.Errorf("the history shows the password: %q", c)
	}
	// What was shown masked and sent back unchanged keeps its value.
	k.update(&types.PipelineDeclaration{Name: got.Pipeline.Name, RoleArn: got.Pipeline.RoleArn, ArtifactStore: got.Pipeline.ArtifactStore, Stages: got.Pipeline.Stages, PipelineType: got.Pipeline.PipelineType})
	k.reached(k.start("p"), "Prod", "Build", "STARTED")
	if c := poll().Data.ActionConfiguration.Configuration["Password"]; c != "hunter2" {
		t.Errorf("after the update the password is %q", c)
	}
}

func lambda(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: &name, ActionTypeId: typeID(types.ActionCategoryInvoke, "Lambda"), Configuration: map[string]string{"FunctionName": "f", "UserParameters": "#{codepipeline.PipelineExecutionId}"},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}},
	}
}

// invocations has a function stand in for Lambda's; each event goes to the channel.
func (k *kit) invocations() <-chan map[string]any {
	ch := make(chan map[string]any, 10)
	k.fake("lambda", "Invoke", "lambda:InvokeFunction", func(_ *cloud.Call, in map[string]any) (any, error) {
		var p struct{ Payload []byte }
		data, _ := json.Marshal(in)
		var event map[string]map[string]any
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(p.Payload, &event); err != nil {
			return nil, err
		}
		ch <- event["CodePipeline.job"]
		return map[string]any{"StatusCode": 202}, nil
	})
	return ch
}

func TestLambda(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	events := k.invocations()
	id := k.create(k.declare("p", stage("Prod", lambda("Check"))))
	job := <-events
	data := job["data"].(map[string]any)
	if _, there := data["continuationToken"]; there {
		t.Error("the first invocation has a continuation token")
	}
	if _, there := data["encryptionKey"]; there {
		t.Error("there is an encryption key without one in the store")
	}
	config := data["actionConfiguration"].(map[string]any)["configuration"].(map[string]any)
	if config["UserParameters"] != id || job["accountId"] != tools || data["inputArtifacts"].([]any)[0].(map[string]any)["name"] != "SourceArtifact" {
		t.Errorf("event %v", job)
	}
	jobID := job["id"].(string)
	result := &codepipeline.PutJobSuccessResultInput{JobId: &jobID, ContinuationToken: aws.String("more")}
	_, err := k.client.PutJobSuccessResult(t.Context(), result)
	k.must(err)
	k.Sandbox.World.Clock.Advance(time.Minute)
	again := <-events
	if token := again["data"].(map[string]any)["continuationToken"]; token != "more" || again["id"] != jobID {
		t.Errorf("the second invocation: %v", again)
	}
	result.ContinuationToken = nil
	_, err = k.client.PutJobSuccessResult(t.Context(), result)
	k.must(err)
	k.reached(id, "", "", "SUCCEEDED")

	second := k.start("p")
	job = <-events
	jobID = job["id"].(string)
	_, err = k.client.PutJobFailureResult(t.Context(), &codepipeline.PutJobFailureResultInput{JobId: &jobID, FailureDetails: &types.FailureDetails{Type: types.FailureTypeConfigurationError, Message: aws.String("one person approved twice")}})
	k.must(err)
	if e := k.failure(second, "Prod", "Check"); *e.Code != "ConfigurationError" || *e.Message != "one person approved twice" {
		t.Errorf("%v", e)
	}
	third := k.start("p")
	<-events
	k.reached(third, "Prod", "Check", "STARTED")
	k.Sandbox.World.Clock.Advance(21 * time.Minute)
	if e := k.failure(third, "Prod", "Check"); *e.Message != "The AWS Lambda function f failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult." {
		t.Errorf("%v", *e.Message)
	}
}

func TestCodeBuild(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	started, status := make(chan map[string]any, 2), make(chan string, 4)
	k.fake("codebuild", "StartBuild", "codebuild:StartBuild", func(_ *cloud.Call, in map[string]any) (any, error) {
		started <- in
		return map[string]any{"build": map[string]any{"id": "proj:1"}}, nil
	})
	state := "IN_PROGRESS"
	k.fake("codebuild", "BatchGetBuilds", "codebuild:BatchGetBuilds", func(*cloud.Call, map[string]any) (any, error) {
		select {
		case state = <-status:
		default:
		}
		return map[string]any{"builds": []any{map[string]any{"id": "proj:1", "buildStatus": state, "buildComplete": state != "IN_PROGRESS", "exportedEnvironmentVariables": []any{map[string]any{"name": "TAG", "value": "7"}}}}}, nil
	})
	build := types.ActionDeclaration{
		Name: aws.String("Build"), ActionTypeId: typeID(types.ActionCategoryBuild, "CodeBuild"), Namespace: aws.String("B"), Configuration: map[string]string{"ProjectName": "proj", "EnvironmentVariables": `[{"name":"ID","value":"#{codepipeline.PipelineExecutionId}"}]`},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}}, OutputArtifacts: []types.OutputArtifact{{Name: aws.String("Built")}},
	}
	after := approval("After")
	after.RunOrder, after.Configuration = aws.Int32(2), map[string]string{"CustomData": "#{B.TAG}"}
	id := k.create(k.declare("p", stage("Prod", build, after)))
	in := <-started
	if in["projectName"] != "proj" || !strings.HasPrefix(in["sourceVersion"].(string), "arn:aws:s3:::"+store+"/p/SourceArti/") || in["environmentVariablesOverride"].([]any)[0].(map[string]any)["value"] != id {
		t.Errorf("StartBuild %v", in)
	}
	status <- "SUCCEEDED"
	k.must(k.Sandbox.World.Publish(tools, region, "aws.codebuild", "CodeBuild Build State Change", nil, map[string]any{"build-id": "arn:aws:codebuild:eu-central-1:111111111111:build/proj:1", "build-status": "SUCCEEDED"}))
	k.reached(id, "Prod", "After", "STARTED")
	list, err := k.client.ListActionExecutions(t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
	k.must(err)
	if got := list.ActionExecutionDetails; got[0].Input.ResolvedConfiguration["CustomData"] != "7" || *got[1].Output.ExecutionResult.ExternalExecutionId != "proj:1" {
		t.Errorf("%+v", got[0].Input)
	}
}

// TestUnsupported: what the sandbox cannot do it accepts in a definition, and
// fails by name.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	a := types.ActionDeclaration{Name: aws.String("Stack"), ActionTypeId: typeID(types.ActionCategoryDeploy, "CloudFormation"), Configuration: map[string]string{"ActionMode": "CREATE_UPDATE", "StackName": "s"}}
	id := k.create(k.declare("p", stage("Prod", a)))
	if e := k.failure(id, "Prod", "Stack"); !strings.Contains(*e.Message, "the sandbox does not support Deploy actions of the provider CloudFormation") {
		t.Errorf("%s", *e.Message)
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	k.approve("p", "Prod", "Approve")
	k.reached(first, "", "", "SUCCEEDED")
	detail := map[string]any{"bucket": map[string]any{"name": "sources"}, "object": map[string]any{"key": "app.zip"}}
	k.must(k.Sandbox.World.Publish(tools, region, "aws.s3", "Object Created", nil, detail))
	var second string
	k.until("a second execution", func(events []cloud.Event) bool {
		for _, c := range changes(events) {
			if c.ID != first {
				second = c.ID
				return true
			}
		}
		return false
	})
	k.reached(second, "Prod", "Approve", "STARTED")
	if x := k.execution("p", second); x.Trigger.TriggerType != types.TriggerTypePollForSourceChanges {
		t.Errorf("trigger %+v", x.Trigger)
	}
}
