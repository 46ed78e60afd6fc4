package codepipeline_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func variableRule(operator, value string) types.RuleDeclaration {
	return rule("R", "VariableCheck", map[string]string{"Variable": "#{Src.VersionId}", "Value": value, "Operator": operator})
}

func TestEntryFails(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	d := k.declare("p", stage("Prod", approval("Approve")))
	d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultFail, variableRule("EQ", "v9"))}
	id := k.create(d)
	k.reached(id, "Prod", "", "STARTED")
	k.must(k.Sandbox.World.Idle(t.Context()))
	st := k.state("p").StageStates[1]
	if got := st.BeforeEntryConditionState.LatestExecution.Status; got != types.ConditionExecutionStatusFailed {
		t.Errorf("the condition is %s", got)
	}
	if st.LatestExecution.Status != types.StageExecutionStatusInProgress || st.ActionStates[0].LatestExecution != nil {
		t.Errorf("the stage is %s, its action %+v", st.LatestExecution.Status, st.ActionStates[0].LatestExecution)
	}
	rules, err := k.client.ListRuleExecutions(t.Context(), &codepipeline.ListRuleExecutionsInput{PipelineName: aws.String("p")})
	if err != nil || len(rules.RuleExecutionDetails) != 1 || rules.RuleExecutionDetails[0].Status != types.RuleExecutionStatusFailed || rules.RuleExecutionDetails[0].Input.ResolvedConfiguration["Variable"] != "v1" {
		t.Errorf("rules %+v %v", rules, err)
	}
	k.must(k.override(id, "Prod", types.ConditionTypeBeforeEntry))
	k.reached(id, "Prod", "Approve", "STARTED")
	if s := k.state("p").StageStates[1].BeforeEntryConditionState.LatestExecution.Status; s != types.ConditionExecutionStatusOverridden {
		t.Errorf("the condition is %s", s)
	}
	if err := k.override(id, "Prod", types.ConditionTypeBeforeEntry); sandboxtest.Code(err) != "ConditionNotOverridableException" {
		t.Errorf("a second override: %v", err)
	}
}

func TestEntrySkips(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operator, value string
		skips           bool
	}{{"EQ", "v1", false}, {"NE", "v1", true}, {"CONTAINS", "1", false}, {"MATCHES", "v[0-9]", false}, {"MATCHES", "v", true}} {
		t.Run(c.operator+" "+c.value, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			k.putSource(map[string]string{"a": "b"})
			d := k.declare("p", stage("Prod", approval("Approve")), stage("Last", approval("Approve")))
			d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultSkip, variableRule(c.operator, c.value))}
			id := k.create(d)
			where := map[bool]string{true: "Last", false: "Prod"}[c.skips]
			k.reached(id, where, "Approve", "STARTED")
			st := k.state("p").StageStates[1]
			if got := st.LatestExecution.Status == types.StageExecutionStatusSkipped; got != c.skips {
				t.Errorf("the stage is %s", st.LatestExecution.Status)
			}
			if c.skips {
				if err := k.retry(id, "Prod", types.StageRetryModeAllActions); sandboxtest.Code(err) != "StageNotRetryableException" {
					t.Errorf("a retry of a skipped stage: %v", err)
				}
			}
		})
	}
}

func TestSuccessFails(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	d := k.declare("p", stage("Prod", deploy("Ship")), stage("Last", approval("Approve")))
	d.Stages[1].OnSuccess = &types.SuccessConditions{Conditions: condition(types.ResultFail, variableRule("EQ", "v9"))}
	id := k.create(d)
	k.reached(id, "Prod", "", "FAILED")
	k.reached(id, "", "", "FAILED")
	k.must(k.override(id, "Prod", types.ConditionTypeOnSuccess))
	k.reached(id, "Last", "Approve", "STARTED")
	if s := k.state("p").StageStates[1].LatestExecution.Status; s != types.StageExecutionStatusSucceeded {
		t.Errorf("the stage is %s", s)
	}
}

// TestAutomaticRollback: a stage that fails goes back to the execution that last
// succeeded in it.
func TestAutomaticRollback(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"index.html": "good"})
	d := k.declare("p", stage("Prod", deploy("Ship")))
	check := approval("Approve")
	check.RunOrder = aws.Int32(2)
	d.Stages[1].Actions = append(d.Stages[1].Actions, check)
	d.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRollback}
	good := k.create(d)
	k.reached(good, "Prod", "Approve", "STARTED")
	k.approve("p", "Prod", "Approve")
	k.reached(good, "", "", "SUCCEEDED")
	k.putSource(map[string]string{"index.html": "bad"})
	bad := k.start("p")
	k.reached(bad, "Prod", "Approve", "STARTED")
	k.must(k.answer("p", "Prod", "Approve", k.token("p", "Prod", "Approve"), types.ApprovalStatusRejected, "no"))
	k.reached(bad, "", "", "FAILED")
	back := k.newest("p")
	x := k.execution("p", back)
	if x.ExecutionType != types.ExecutionTypeRollback || x.Trigger.TriggerType != types.TriggerTypeAutomatedRollback || *x.RollbackMetadata.RollbackTargetPipelineExecutionId != good {
		t.Fatalf("the newest execution is %+v", x)
	}
	k.reached(back, "Prod", "Approve", "STARTED")
	if got := string(k.s3.last("site/index.html").body); got != "good" {
		t.Errorf("the site says %q", got)
	}
}

func TestAutomaticRetry(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	d := k.declare("p", stage("Prod", approval("Approve")))
	d.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRetry, RetryConfiguration: &types.RetryConfiguration{RetryMode: types.StageRetryModeAllActions}}
	id := k.create(d)
	for n := 1; n <= 2; n++ {
		k.reachedTimes(id, "Prod", "Approve", "STARTED", n)
		k.must(k.answer("p", "Prod", "Approve", k.token("p", "Prod", "Approve"), types.ApprovalStatusRejected, "no"))
	}
	k.reached(id, "", "", "FAILED") // one attempt, and no more
	m := k.state("p").StageStates[1].RetryStageMetadata
	if m == nil || aws.ToInt32(m.AutoStageRetryAttempt) != 1 || m.LatestRetryTrigger != types.RetryTriggerAutomatedStageRetry {
		t.Errorf("retry metadata %+v", m)
	}
}

// TestDeploymentWindow: the stage is entered when the window opens.
func TestDeploymentWindow(t *testing.T) {
	t.Parallel()
	// A Friday evening; the window opens on Monday at nine, in Berlin.
	friday := time.Date(2100, 1, 1, 20, 0, 0, 0, time.UTC)
	k := newKit(t)
	k.Sandbox.World.Clock.Advance(friday.Sub(k.Sandbox.World.Clock.Now()))
	k.putSource(map[string]string{"a": "b"})
	d := k.declare("p", stage("Prod", approval("Approve")))
	r := rule("R", "DeploymentWindow", map[string]string{"Cron": "* * 9-16 ? * MON-FRI *", "TimeZone": "Europe/Berlin"})
	r.TimeoutInMinutes = aws.Int32(7 * 24 * 60)
	d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultFail, r)}
	id := k.create(d)
	k.reached(id, "Prod", "", "STARTED")
	monday := time.Date(2100, 1, 4, 8, 0, 0, 0, time.UTC) // nine in Berlin
	k.must(k.Sandbox.World.Idle(t.Context()))
	k.Sandbox.World.Clock.Advance(monday.Sub(k.Sandbox.World.Clock.Now()) - time.Minute)
	if s := k.state("p").StageStates[1].BeforeEntryConditionState.LatestExecution.Status; s != types.ConditionExecutionStatusInProgress {
		t.Errorf("a minute early the condition is %s", s)
	}
	k.Sandbox.World.Clock.Advance(time.Minute + time.Second)
	k.reached(id, "Prod", "Approve", "STARTED")
}

func TestLambdaRule(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	events := k.invocations()
	d := k.declare("p", stage("Prod", approval("Approve")))
	d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultSkip, rule("Ask", "LambdaInvoke", map[string]string{"FunctionName": "f"}))}
	id := k.create(d)
	job := (<-events)["id"].(string)
	_, err := k.client.PutJobSuccessResult(t.Context(), &codepipeline.PutJobSuccessResultInput{JobId: &job})
	k.must(err)
	k.reached(id, "Prod", "Approve", "STARTED")
	_, err = k.client.PutJobFailureResult(t.Context(), &codepipeline.PutJobFailureResultInput{JobId: &job, FailureDetails: &types.FailureDetails{Type: types.FailureTypeJobFailed, Message: aws.String("no")}})
	if sandboxtest.Code(err) != "InvalidJobStateException" {
		t.Errorf("a second result: %v", err)
	}
}

// TestAlarmRule: there is no CloudWatch in the sandbox, and the rule says so.
func TestAlarmRule(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	d := k.declare("p", stage("Prod", deploy("Ship")))
	d.Stages[1].OnSuccess = &types.SuccessConditions{Conditions: condition(types.ResultFail, rule("Alarm", "CloudWatchAlarm", map[string]string{"AlarmName": "a"}))}
	id := k.create(d)
	k.reached(id, "", "", "FAILED")
	rules, err := k.client.ListRuleExecutions(t.Context(), &codepipeline.ListRuleExecutionsInput{PipelineName: aws.String("p")})
	k.must(err)
	if got := aws.ToString(rules.RuleExecutionDetails[0].Output.ExecutionResult.ErrorDetails.Message); got != "the sandbox does not support monitoring DescribeAlarms" {
		t.Errorf("message %q", got)
	}
}
