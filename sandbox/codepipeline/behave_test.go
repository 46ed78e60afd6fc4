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

// prepared is a kit with the pipeline "p", whose first execution waits for an
// approval.
func prepared(t *testing.T, change func(d *types.PipelineDeclaration)) (*kit, string) {
	k := newKit(t)
	k.putSource(map[string]string{"a.txt": "b"})
	d := k.declare("p", stage("Prod", approval("Approve")))
	if change != nil {
		change(d)
	}
	id := k.create(d)
	k.reached(id, "Prod", "Approve", "STARTED")
	return k, id
}

// TestTwoApprovals: two approvals side by side, each with its own ARN, each for
// one group; the wrong group is refused in AWS's words.
func TestTwoApprovals(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions = append(d.Stages[1].Actions, approval("Second"))
	})
	k.reached(id, "Prod", "Second", "STARTED")
	const on = "arn:aws:codepipeline:eu-central-1:111111111111:p"
	as := func(user, resource string) func(action string) error {
		keys := k.User(t, tools, user, sandboxtest.Allow("codepipeline:PutApprovalResult", resource))
		client := codepipeline.NewFromConfig(k.Config(keys))
		return func(action string) error {
			_, err := client.PutApprovalResult(t.Context(), &codepipeline.PutApprovalResultInput{
				PipelineName: aws.String("p"), StageName: aws.String("Prod"), ActionName: &action, Token: aws.String(k.token("p", "Prod", action)),
				Result: &types.ApprovalResult{Status: types.ApprovalStatusApproved, Summary: aws.String("")},
			})
			return err
		}
	}
	alice, bob, carol := as("alice", on+"/Prod/Approve"), as("bob", on+"/Prod/Second"), as("carol", on)
	for name, err := range map[string]error{"alice": alice("Second"), "bob": bob("Approve"), "carol": carol("Approve")} {
		action := map[string]string{"alice": "Second", "bob": "Approve", "carol": "Approve"}[name]
		want := "User: arn:aws:iam::111111111111:user/" + name + " is not authorized to perform: codepipeline:PutApprovalResult on resource: " + on + "/Prod/" + action +
			" because no identity-based policy allows the codepipeline:PutApprovalResult action"
		if sandboxtest.Code(err) != "AccessDeniedException" || sandboxtest.Message(err) != want {
			t.Errorf("%s: %v\nwant %s", name, err, want)
		}
	}
	k.must(alice("Approve"))
	if got := k.execution("p", id).Status; got != types.PipelineExecutionStatusInProgress {
		t.Errorf("after one approval the execution is %s", got)
	}
	k.must(bob("Second"))
	k.reached(id, "", "", "SUCCEEDED")
	by := []string{}
	for _, a := range k.state("p").StageStates[1].ActionStates {
		by = append(by, aws.ToString(a.LatestExecution.LastUpdatedBy))
	}
	if want := []string{"arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:user/bob"}; !slices.Equal(by, want) {
		t.Errorf("lastUpdatedBy %v, want %v", by, want)
	}
}

func TestApprovalAnswers(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, nil)
	token := k.token("p", "Prod", "Approve")
	const claim = "Approved by arn:aws:iam::111111111111:user/boss"
	k.must(k.answer("p", "Prod", "Approve", token, types.ApprovalStatusRejected, claim))
	end := k.reached(id, "Prod", "Approve", "FAILED")
	if end.Result.Summary != claim || end.Result.Code != "JobFailed" || end.Result.ID != token {
		t.Errorf("the event says %+v", end.Result)
	}
	k.reached(id, "", "", "FAILED")
	err := k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, "")
	if sandboxtest.Code(err) != "ApprovalAlreadyCompletedException" {
		t.Errorf("the second answer: %v", err)
	}
	last := k.state("p").StageStates[1].ActionStates[0].LatestExecution
	if last.Token != nil || last.Status != types.ActionExecutionStatusFailed || aws.ToString(last.Summary) != claim ||
		aws.ToString(last.LastUpdatedBy) != "arn:aws:iam::111111111111:root" || aws.ToString(last.ErrorDetails.Code) != "JobFailed" {
		t.Errorf("state: %+v", last)
	}
	// A retry asks again, with another token, in the same execution.
	k.must(k.retry(id, "Prod", types.StageRetryModeFailedActions))
	k.reachedTimes(id, "Prod", "Approve", "STARTED", 2)
	if again := k.token("p", "Prod", "Approve"); again == token {
		t.Error("the retried approval has the old token")
	}
	err = k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, "")
	if sandboxtest.Code(err) != "ApprovalAlreadyCompletedException" {
		t.Errorf("the old token after a retry: %v", err)
	}
	resumed := k.reached(id, "", "", "RESUMED")
	if resumed.Attempt != 2 {
		t.Errorf("attempt %v", resumed.Attempt)
	}
	if m := k.state("p").StageStates[1].RetryStageMetadata; m == nil || aws.ToInt32(m.ManualStageRetryAttempt) != 1 || m.LatestRetryTrigger != types.RetryTriggerManualStageRetry {
		t.Errorf("retry metadata %+v", m)
	}
	k.approve("p", "Prod", "Approve")
	k.reached(id, "", "", "SUCCEEDED")
}

// TestApprovalTimeout: seven days, or what the action says.
func TestApprovalTimeout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		minutes *int32
		after   time.Duration
	}{{"seven days", nil, 7 * 24 * time.Hour}, {"ten minutes", aws.Int32(10), 10 * time.Minute}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, id := prepared(t, func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].TimeoutInMinutes = c.minutes })
			token := k.token("p", "Prod", "Approve")
			k.Sandbox.World.Clock.Advance(c.after - time.Minute)
			if k.token("p", "Prod", "Approve") != token {
				t.Fatal("the approval is not open any more")
			}
			k.Sandbox.World.Clock.Advance(2 * time.Minute)
			k.reached(id, "", "", "FAILED")
			if err := k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""); sandboxtest.Code(err) != "InvalidApprovalTokenException" {
				t.Errorf("an answer too late: %v", err)
			}
		})
	}
}

func TestApprovalNotice(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	sent := make(chan map[string]any, 1)
	k.fake("sns", "Publish", "sns:Publish", func(_ *cloud.Call, in map[string]any) (any, error) {
		sent <- in
		return map[string]any{"MessageId": "m"}, nil
	})
	a := approval("Approve")
	a.Configuration = map[string]string{"NotificationArn": "arn:aws:sns:eu-central-1:111111111111:t", "CustomData": "version #{Src.VersionId}"}
	id := k.create(k.declare("p", stage("Prod", a)))
	in := <-sent
	if in["TopicArn"] != "arn:aws:sns:eu-central-1:111111111111:t" {
		t.Errorf("topic %v", in["TopicArn"])
	}
	var message struct {
		Region   string
		Approval map[string]any
	}
	if err := json.Unmarshal([]byte(in["Message"].(string)), &message); err != nil {
		t.Fatal(err)
	}
	k.reached(id, "Prod", "Approve", "STARTED")
	token := k.token("p", "Prod", "Approve")
	m := message.Approval
	if m["token"] != token || m["pipelineName"] != "p" || m["stageName"] != "Prod" || m["actionName"] != "Approve" || m["customData"] != "version v1" || message.Region != region {
		t.Errorf("message %+v", m)
	}
	if _, err := time.Parse("2006-01-02T15:04Z", m["expires"].(string)); err != nil {
		t.Error(err)
	}
	if !strings.HasSuffix(m["approvalReviewLink"].(string), "/view/p/Prod/Approve/approve/"+token) {
		t.Errorf("link %v", m["approvalReviewLink"])
	}
	if calls := k.called(); !slices.Contains(calls, "sns Publish as "+k.role) {
		t.Errorf("calls %v", calls)
	}
}

func TestSuperseded(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	third := k.start("p")
	k.reached(second, "", "", "SUPERSEDED")
	st := k.state("p").StageStates[1]
	if aws.ToString(st.InboundExecution.PipelineExecutionId) != third || *st.LatestExecution.PipelineExecutionId != first || len(st.InboundExecutions) != 1 {
		t.Errorf("inbound %+v, latest %+v", st.InboundExecution, st.LatestExecution)
	}
	if got := k.execution("p", second).Status; got != types.PipelineExecutionStatusSuperseded {
		t.Errorf("the second is %s", got)
	}
	k.approve("p", "Prod", "Approve")
	k.reached(third, "Prod", "Approve", "STARTED")
	k.must(k.stop(third, false))
	k.reached(third, "", "", "STOPPING")
	k.approve("p", "Prod", "Approve") // stop and wait: what runs may end
	k.reached(third, "", "", "STOPPED")
}

func TestParallel(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, func(d *types.PipelineDeclaration) { d.ExecutionMode = types.ExecutionModeParallel })
	second := k.start("p")
	k.reached(second, "Prod", "Approve", "STARTED")
	for _, s := range k.state("p").StageStates {
		for _, a := range s.ActionStates {
			if a.LatestExecution != nil && a.LatestExecution.Token != nil {
				t.Error("GetPipelineState shows a token in PARALLEL mode")
			}
		}
	}
	out, err := k.client.ListActionExecutions(t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), Filter: &types.ActionExecutionFilter{PipelineExecutionId: &first}})
	k.must(err)
	token := *out.ActionExecutionDetails[0].Output.ExecutionResult.ExternalExecutionId
	k.must(k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""))
	k.reached(first, "", "", "SUCCEEDED")
	if got := k.execution("p", second).Status; got != types.PipelineExecutionStatusInProgress {
		t.Errorf("the second is %s", got)
	}
}

func TestQueued(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, func(d *types.PipelineDeclaration) { d.ExecutionMode = types.ExecutionModeQueued })
	second := k.start("p")
	third := k.start("p")
	k.reached(third, "Source", "", "SUCCEEDED")
	var inbound []string
	for _, x := range k.state("p").StageStates[1].InboundExecutions {
		inbound = append(inbound, *x.PipelineExecutionId)
	}
	if !slices.Equal(inbound, []string{second, third}) {
		t.Errorf("inbound %v", inbound)
	}
	for _, id := range []string{first, second, third} {
		k.reached(id, "Prod", "Approve", "STARTED")
		k.approve("p", "Prod", "Approve")
		k.reached(id, "", "", "SUCCEEDED")
	}
}

func TestUpdateCancels(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	token := k.token("p", "Prod", "Approve")
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	k.update(k.declare("p", stage("Prod", approval("Approve"))))
	for _, id := range []string{first, second} {
		k.reached(id, "", "", "CANCELED")
		if got := k.execution("p", id).Status; got != types.PipelineExecutionStatusCancelled {
			t.Errorf("%s is %s", id, got)
		}
	}
	k.reached(first, "Prod", "", "CANCELED")
	k.reached(first, "Prod", "Approve", "CANCELED")
	if err := k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""); sandboxtest.Code(err) != "InvalidApprovalTokenException" {
		t.Errorf("an answer to a cancelled run: %v", err)
	}
	for version, stages := range map[int32]int{1: 2, 2: 2} {
		out, err := k.client.GetPipeline(t.Context(), &codepipeline.GetPipelineInput{Name: aws.String("p"), Version: &version})
		if err != nil || *out.Pipeline.Version != version || len(out.Pipeline.Stages) != stages {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

func TestDoorAndRollback(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	k.approve("p", "Prod", "Approve")
	k.reached(first, "", "", "SUCCEEDED")
	k.must(k.door("Prod", true))
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	st := k.state("p").StageStates[1]
	if st.InboundTransitionState.Enabled || *st.InboundTransitionState.LastChangedBy != "arn:aws:iam::111111111111:root" || *st.InboundTransitionState.DisabledReason != "freeze" || *st.InboundExecution.PipelineExecutionId != second {
		t.Errorf("transition %+v", st.InboundTransitionState)
	}
	k.must(k.door("Prod", false))
	k.reached(second, "Prod", "Approve", "STARTED")
	k.approve("p", "Prod", "Approve")
	k.reached(second, "", "", "SUCCEEDED")
	out, err := k.client.RollbackStage(t.Context(), &codepipeline.RollbackStageInput{PipelineName: aws.String("p"), StageName: aws.String("Prod"), TargetPipelineExecutionId: &first})
	k.must(err)
	back := *out.PipelineExecutionId
	k.reached(back, "Prod", "Approve", "STARTED")
	x := k.execution("p", back)
	if x.ExecutionType != types.ExecutionTypeRollback || *x.RollbackMetadata.RollbackTargetPipelineExecutionId != first || x.Trigger.TriggerType != types.TriggerTypeManualRollback ||
		*x.ArtifactRevisions[0].RevisionId != "v1" {
		t.Errorf("rollback %+v", x)
	}
	k.approve("p", "Prod", "Approve")
	k.reached(back, "", "", "SUCCEEDED")
	if err := k.rollback(back, "Prod"); sandboxtest.Code(err) != "UnableToRollbackStageException" {
		t.Errorf("a rollback to a rollback: %v", err)
	}
	list, err := k.client.ListPipelineExecutions(t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), Filter: &types.PipelineExecutionFilter{SucceededInStage: &types.SucceededInStageFilter{StageName: aws.String("Prod")}}})
	if err != nil || len(list.PipelineExecutionSummaries) != 3 || *list.PipelineExecutionSummaries[0].PipelineExecutionId != back {
		t.Errorf("succeeded in Prod: %v %v", list, err)
	}
}

func TestParkedTooLong(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	k.approve("p", "Prod", "Approve")
	k.reached(first, "", "", "SUCCEEDED")
	k.must(k.door("Prod", true))
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	k.Sandbox.World.Clock.Advance(31 * 24 * time.Hour)
	k.must(k.door("Prod", false))
	k.reached(second, "", "", "STOPPED")
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, nil)
	token := k.token("p", "Prod", "Approve")
	k.must(k.stop(id, false))
	k.must(k.stop(id, true)) // a stop that waits may be made one that abandons
	k.reached(id, "Prod", "Approve", "ABANDONED")
	k.reached(id, "", "", "STOPPED")
	if err := k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""); sandboxtest.Code(err) != "InvalidApprovalTokenException" {
		t.Errorf("an answer to an abandoned approval: %v", err)
	}
	list, err := k.client.ListPipelineExecutions(t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
	if err != nil || aws.ToString(list.PipelineExecutionSummaries[0].StopTrigger.Reason) != "enough" {
		t.Errorf("stop trigger: %v %v", list, err)
	}
	k.must(k.retry(id, "Prod", types.StageRetryModeFailedActions))
	k.reachedTimes(id, "Prod", "Approve", "STARTED", 2)
}

// TestOneRejection: a stage fails with the first action that fails; the approval
// beside it stays open and keeps the stage locked.
func TestOneRejection(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions = append(d.Stages[1].Actions, approval("Second"))
	})
	k.must(k.answer("p", "Prod", "Approve", k.token("p", "Prod", "Approve"), types.ApprovalStatusRejected, ""))
	end := k.reached(id, "Prod", "Approve", "FAILED")
	if end.Result.Summary != "Rejected by arn:aws:iam::111111111111:root" {
		t.Errorf("summary %q", end.Result.Summary)
	}
	k.reached(id, "", "", "FAILED")
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	if st := k.state("p").StageStates[1]; *st.LatestExecution.PipelineExecutionId != id || *st.InboundExecution.PipelineExecutionId != second {
		t.Error("another execution came into a stage in which an action is in progress")
	}
	// Only the rejected approval is asked again.
	open := k.token("p", "Prod", "Second")
	k.must(k.retry(id, "Prod", types.StageRetryModeFailedActions))
	k.reachedTimes(id, "Prod", "Approve", "STARTED", 2)
	if k.token("p", "Prod", "Second") != open {
		t.Error("the open approval was asked again")
	}
	if err := k.retry(id, "Prod", types.StageRetryModeAllActions); sandboxtest.Code(err) != "StageNotRetryableException" {
		t.Errorf("a retry of all with actions in progress: %v", err)
	}
	k.approve("p", "Prod", "Approve")
	k.approve("p", "Prod", "Second")
	k.reached(id, "", "", "SUCCEEDED")
	k.reached(second, "Prod", "Approve", "STARTED")
}
