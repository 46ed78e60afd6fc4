package codepipeline_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/google/go-cmp/cmp"
)

func TestSourceApprovalDeploy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"index.html": "hello", "css/a.css": "x"})
	d := k.declare("a-pipeline-with-a-long-name", stage("Prod", approval("Approve"), deploy("Ship")))
	d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: aws.String("arn:aws:kms:eu-central-1:111111111111:key/k"), Type: types.EncryptionKeyTypeKms}
	d.Stages[1].Actions[1].RunOrder = aws.Int32(2)
	id := k.create(d)
	name := *d.Name
	k.reached(id, "Prod", "Approve", "STARTED")

	st := k.state(name)
	prodStage := st.StageStates[1]
	if *prodStage.LatestExecution.PipelineExecutionId != id || prodStage.LatestExecution.Status != types.StageExecutionStatusInProgress {
		t.Errorf("stage is %+v", prodStage.LatestExecution)
	}
	if prodStage.ActionStates[1].LatestExecution != nil {
		t.Error("the deployment has begun before the approval")
	}
	k.approve(name, "Prod", "Approve")
	k.reached(id, "", "", "SUCCEEDED")

	if got := string(k.s3.last("site/index.html").body); got != "hello" {
		t.Errorf("site/index.html is %q", got)
	}
	keys := k.s3.keys(store)
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "a-pipeline-with-a-lo/SourceArti/") || len(keys[0]) != len("a-pipeline-with-a-lo/SourceArti/")+7 {
		t.Errorf("artifact keys: %v", keys)
	}
	if o := k.s3.last(store + "/" + keys[0]); o.sse != "aws:kms" || o.key != "arn:aws:kms:eu-central-1:111111111111:key/k" {
		t.Errorf("the artifact is encrypted with %q under %q", o.sse, o.key)
	}
	want := []string{
		"s3 GetBucketVersioning as " + k.role, "s3 GetObject as " + k.role, "s3 PutObject as " + k.role,
		"s3 GetObject as " + k.role, "s3 PutObject as " + k.role, "s3 PutObject as " + k.role,
	}
	if d := cmp.Diff(want, k.called()); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	// "Approved by" and who, where no comment was given.
	out, err := k.client.ListActionExecutions(t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: &name})
	if err != nil {
		t.Fatal(err)
	}
	var approvals int
	for _, a := range out.ActionExecutionDetails {
		if *a.ActionName != "Approve" {
			continue
		}
		approvals++
		if got := aws.ToString(a.Output.ExecutionResult.ExternalExecutionSummary); got != "Approved by arn:aws:iam::111111111111:root" {
			t.Errorf("summary %q", got)
		}
		if got := aws.ToString(a.UpdatedBy); got != "arn:aws:iam::111111111111:root" {
			t.Errorf("updatedBy %q", got)
		}
	}
	if approvals != 1 {
		t.Errorf("%d approvals", approvals)
	}
	var order []string
	k.mu.Lock()
	for _, c := range changes(k.events) {
		order = append(order, strings.TrimSpace(c.Type+" "+c.Stage+" "+c.Action)+" "+c.State)
	}
	k.mu.Unlock()
	if d := cmp.Diff([]string{
		"Pipeline STARTED", "Stage Source STARTED", "Action Source Fetch STARTED", "Action Source Fetch SUCCEEDED", "Stage Source SUCCEEDED",
		"Stage Prod STARTED", "Action Prod Approve STARTED", "Action Prod Approve SUCCEEDED", "Action Prod Ship STARTED", "Action Prod Ship SUCCEEDED",
		"Stage Prod SUCCEEDED", "Pipeline SUCCEEDED",
	}, order); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}
