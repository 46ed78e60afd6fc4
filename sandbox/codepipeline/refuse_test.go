package codepipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const noSuchID = "00000000-0000-4000-8000-000000000000"

// customType makes the custom action type Build/Worker/1 with a queryable property.
func (k *kit) customType() {
	k.t.Helper()
	_, err := k.client.CreateCustomActionType(k.t.Context(), &codepipeline.CreateCustomActionTypeInput{
		Category: types.ActionCategoryBuild, Provider: aws.String("Worker"), Version: aws.String("1"),
		InputArtifactDetails: &types.ArtifactDetails{MaximumCount: 1}, OutputArtifactDetails: &types.ArtifactDetails{MaximumCount: 1},
		ConfigurationProperties: []types.ActionConfigurationProperty{
			{Name: aws.String("Lane"), Required: true, Key: true, Queryable: true},
			{Name: aws.String("Password"), Secret: true},
		},
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

func workerType() *types.ActionTypeId {
	return &types.ActionTypeId{Category: types.ActionCategoryBuild, Owner: types.ActionOwnerCustom, Provider: aws.String("Worker"), Version: aws.String("1")}
}

func worker(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: &name, ActionTypeId: workerType(), Namespace: aws.String("W"), Configuration: map[string]string{"Lane": "a", "Password": "hunter2"},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}}, OutputArtifacts: []types.OutputArtifact{{Name: aws.String("Built")}},
	}
}

// stateCases bring a sandbox into a state and make one call that it refuses. id is
// the first execution of "p", which waits for Prod/Approve unless prepare says
// otherwise.
var stateCases = []struct {
	name, code, message string
	prepare             func(k *kit, id string)
	call                func(k *kit, id string) error
}{
	{"create a pipeline of a name in use", "PipelineNameInUseException", "A pipeline with the name 'p' already exists in account '111111111111'", nil, func(k *kit, _ string) error {
		_, err := k.client.CreatePipeline(k.t.Context(), &codepipeline.CreatePipelineInput{Pipeline: k.declare("p", stage("Prod", approval("Approve")))})
		return err
	}},
	{"create with tags of AWS", "InvalidTagsException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.CreatePipeline(k.t.Context(), &codepipeline.CreatePipelineInput{Pipeline: k.declare("q", stage("Prod", approval("Approve"))), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}})
		return err
	}},
	{"role that does not trust CodePipeline", badStructure, "CodePipeline is not authorized to perform AssumeRole on role arn:aws:iam::111111111111:role/closed", nil, func(k *kit, _ string) error {
		role := k.Role(k.t, tools, "closed", sandboxtest.Trust("codebuild.amazonaws.com"))
		d := k.declare("q", stage("Prod", approval("Approve")))
		d.RoleArn = &role
		_, err := k.client.CreatePipeline(k.t.Context(), &codepipeline.CreatePipelineInput{Pipeline: d})
		return err
	}},
	{"action role that does not trust the pipeline's", badStructure, "arn:aws:iam::111111111111:role/pipeline is not authorized to perform AssumeRole on role arn:aws:iam::222222222222:role/deployer", nil, func(k *kit, _ string) error {
		role := k.Role(k.t, prod, "deployer", sandboxtest.Trust("codepipeline.amazonaws.com"))
		d := k.declare("p", stage("Prod", approval("Approve")))
		d.Stages[1].Actions[0].RoleArn = &role
		_, err := k.client.UpdatePipeline(k.t.Context(), &codepipeline.UpdatePipelineInput{Pipeline: d})
		return err
	}},
	{"get a pipeline that is not there", "PipelineNotFoundException", "Account '111111111111' does not have a pipeline with name 'not-existing'", nil, func(k *kit, _ string) error {
		_, err := k.client.GetPipeline(k.t.Context(), &codepipeline.GetPipelineInput{Name: aws.String("not-existing")})
		return err
	}},
	{"get a version that is not there", "PipelineVersionNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.GetPipeline(k.t.Context(), &codepipeline.GetPipelineInput{Name: aws.String("p"), Version: aws.Int32(2)})
		return err
	}},
	{"start a pipeline that is not there", "PipelineNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.StartPipelineExecution(k.t.Context(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("q")})
		return err
	}},
	{"start with an undeclared variable", badValue, "", nil, func(k *kit, _ string) error {
		_, err := k.client.StartPipelineExecution(k.t.Context(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), Variables: []types.PipelineVariable{{Name: aws.String("v"), Value: aws.String("x")}}})
		return err
	}},
	{"override the revision of no source", badValue, "", nil, func(k *kit, _ string) error {
		_, err := k.client.StartPipelineExecution(k.t.Context(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), SourceRevisions: []types.SourceRevisionOverride{{ActionName: aws.String("X"), RevisionType: types.SourceRevisionTypeCommitId, RevisionValue: aws.String("1")}}})
		return err
	}},
	{"override an object key that may not be", badValue, "", nil, func(k *kit, _ string) error {
		_, err := k.client.StartPipelineExecution(k.t.Context(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), SourceRevisions: []types.SourceRevisionOverride{{ActionName: aws.String("Fetch"), RevisionType: types.SourceRevisionTypeS3ObjectKey, RevisionValue: aws.String("evil.zip")}}})
		return err
	}},
	{"get an execution that is not there", "PipelineExecutionNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.GetPipelineExecution(k.t.Context(), &codepipeline.GetPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: aws.String(noSuchID)})
		return err
	}},
	{"list actions of an execution that is not there", "PipelineExecutionNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.ListActionExecutions(k.t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), Filter: &types.ActionExecutionFilter{PipelineExecutionId: aws.String(noSuchID)}})
		return err
	}},
	{"list rules of an execution that is not there", "PipelineExecutionNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.ListRuleExecutions(k.t.Context(), &codepipeline.ListRuleExecutionsInput{PipelineName: aws.String("p"), Filter: &types.RuleExecutionFilter{PipelineExecutionId: aws.String(noSuchID)}})
		return err
	}},
	{"a foreign next token", "InvalidNextTokenException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.ListPipelineExecutions(k.t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), NextToken: aws.String("Zm9v")})
		return err
	}},
	{"101 results", badValue, "Member must have value less than or equal to 100", nil, func(k *kit, _ string) error {
		_, err := k.client.ListPipelineExecutions(k.t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), MaxResults: aws.Int32(101)})
		return err
	}},
	{"a token that is no UUID", badValue, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", nil, func(k *kit, _ string) error {
		return k.answer("p", "Prod", "Approve", "yes please", types.ApprovalStatusApproved, "")
	}},
	{"approve in a pipeline that is not there", "PipelineNotFoundException", "", nil, func(k *kit, _ string) error {
		return k.answer("q", "Prod", "Approve", noSuchID, types.ApprovalStatusApproved, "")
	}},
	{"approve in a stage that is not there", "StageNotFoundException", "", nil, func(k *kit, _ string) error {
		return k.answer("p", "Test", "Approve", noSuchID, types.ApprovalStatusApproved, "")
	}},
	{"approve an action that is not there", "ActionNotFoundException", "", nil, func(k *kit, _ string) error {
		return k.answer("p", "Prod", "Reject", noSuchID, types.ApprovalStatusApproved, "")
	}},
	{"approve with an unknown token", "InvalidApprovalTokenException", "", nil, func(k *kit, _ string) error {
		return k.answer("p", "Prod", "Approve", noSuchID, types.ApprovalStatusApproved, "")
	}},
	{"approve a source action", "InvalidApprovalTokenException", "", nil, func(k *kit, _ string) error {
		return k.answer("p", "Source", "Fetch", noSuchID, types.ApprovalStatusApproved, "")
	}},
	{"a summary of 513 characters", badValue, "result.summary", nil, func(k *kit, _ string) error {
		return k.answer("p", "Prod", "Approve", noSuchID, types.ApprovalStatusApproved, strings.Repeat("x", 513))
	}},
	{"stop an execution that is not there", "PipelineExecutionNotStoppableException", "", nil, func(k *kit, _ string) error { return k.stop(noSuchID, false) }},
	{"stop twice", "DuplicatedStopRequestException", "", func(k *kit, id string) { k.must(k.stop(id, false)) }, func(k *kit, id string) error { return k.stop(id, false) }},
	{"stop what was abandoned", "PipelineExecutionNotStoppableException", "", func(k *kit, id string) { k.must(k.stop(id, true)) }, func(k *kit, id string) error { return k.stop(id, false) }},
	{"disable the transition of no stage", "StageNotFoundException", "", nil, func(k *kit, _ string) error { return k.door("Nowhere", true) }},
	{"enable the transition of no pipeline", "PipelineNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.EnableStageTransition(k.t.Context(), &codepipeline.EnableStageTransitionInput{PipelineName: aws.String("q"), StageName: aws.String("Prod"), TransitionType: types.StageTransitionTypeInbound})
		return err
	}},
	{"a reason with an umlaut", badValue, "reason", nil, func(k *kit, _ string) error {
		_, err := k.client.DisableStageTransition(k.t.Context(), &codepipeline.DisableStageTransitionInput{PipelineName: aws.String("p"), StageName: aws.String("Prod"), TransitionType: types.StageTransitionTypeInbound, Reason: aws.String("für immer")})
		return err
	}},
	{"retry no stage", "StageNotFoundException", "", nil, func(k *kit, id string) error { return k.retry(id, "Nowhere", types.StageRetryModeFailedActions) }},
	{"retry what has not failed", "StageNotRetryableException", "", nil, func(k *kit, id string) error { return k.retry(id, "Prod", types.StageRetryModeFailedActions) }},
	{"retry an execution that is not there", "NotLatestPipelineExecutionException", "", nil, func(k *kit, _ string) error { return k.retry(noSuchID, "Prod", types.StageRetryModeAllActions) }},
	{"retry after another execution entered", "NotLatestPipelineExecutionException", "", func(k *kit, id string) {
		k.must(k.answer("p", "Prod", "Approve", k.token("p", "Prod", "Approve"), types.ApprovalStatusRejected, ""))
		k.reached(k.start("p"), "Prod", "Approve", "STARTED")
	}, func(k *kit, id string) error { return k.retry(id, "Prod", types.StageRetryModeAllActions) }},
	{"retry after an update", "StageNotRetryableException", "", func(k *kit, id string) {
		k.must(k.answer("p", "Prod", "Approve", k.token("p", "Prod", "Approve"), types.ApprovalStatusRejected, ""))
		k.update(k.declare("p", stage("Prod", approval("Approve"))))
	}, func(k *kit, id string) error { return k.retry(id, "Prod", types.StageRetryModeAllActions) }},
	{"roll back to what is not there", "PipelineExecutionNotFoundException", "", nil, func(k *kit, _ string) error { return k.rollback(noSuchID, "Prod") }},
	{"roll back the source stage", "UnableToRollbackStageException", "", nil, func(k *kit, id string) error { return k.rollback(id, "Source") }},
	{"roll back to what has not succeeded", "UnableToRollbackStageException", "", nil, func(k *kit, id string) error { return k.rollback(id, "Prod") }},
	{"roll back to an older definition", "PipelineExecutionOutdatedException", "", func(k *kit, id string) {
		k.approve("p", "Prod", "Approve")
		k.update(k.declare("p", stage("Prod", approval("Approve"))))
	}, func(k *kit, id string) error { return k.rollback(id, "Prod") }},
	{"roll back a stage in progress", "UnableToRollbackStageException", "", func(k *kit, _ string) {
		k.approve("p", "Prod", "Approve")
		k.reached(k.start("p"), "Prod", "Approve", "STARTED")
	}, func(k *kit, id string) error { return k.rollback(id, "Prod") }},
	{"override a condition that is not there", "ConditionNotOverridableException", "", nil, func(k *kit, id string) error { return k.override(id, "Prod", types.ConditionTypeBeforeEntry) }},
	{"override in no stage", "StageNotFoundException", "", nil, func(k *kit, id string) error { return k.override(id, "Nowhere", types.ConditionTypeOnSuccess) }},
	{"override of no execution", "NotLatestPipelineExecutionException", "", nil, func(k *kit, _ string) error { return k.override(noSuchID, "Prod", types.ConditionTypeOnSuccess) }},
	{"revision of an action that is no source", badValue, "", nil, func(k *kit, _ string) error { return k.revision("Prod", "Approve") }},
	{"revision of no action", "ActionNotFoundException", "", nil, func(k *kit, _ string) error { return k.revision("Prod", "Nothing") }},
	{"two queryable properties", badValue, "Multiple queryable configuration properties found with names 'A, B'. Up to one queryable property may be specified.", nil, func(k *kit, _ string) error {
		_, err := k.client.CreateCustomActionType(k.t.Context(), &codepipeline.CreateCustomActionTypeInput{
			Category: types.ActionCategoryBuild, Provider: aws.String("X"), Version: aws.String("1"), InputArtifactDetails: &types.ArtifactDetails{}, OutputArtifactDetails: &types.ArtifactDetails{},
			ConfigurationProperties: []types.ActionConfigurationProperty{{Name: aws.String("A"), Required: true, Queryable: true}, {Name: aws.String("B"), Required: true, Queryable: true}},
		})
		return err
	}},
	{"most artifacts below the least", badValue, "Maximum Number of Artifacts (1) has to be greater than or equal to minimum (2).", nil, func(k *kit, _ string) error {
		_, err := k.client.CreateCustomActionType(k.t.Context(), &codepipeline.CreateCustomActionTypeInput{
			Category: types.ActionCategoryBuild, Provider: aws.String("X"), Version: aws.String("1"), InputArtifactDetails: &types.ArtifactDetails{MinimumCount: 2, MaximumCount: 1}, OutputArtifactDetails: &types.ArtifactDetails{},
		})
		return err
	}},
	{"poll for jobs of AWS", badValue, "", nil, func(k *kit, _ string) error {
		_, err := k.client.PollForJobs(k.t.Context(), &codepipeline.PollForJobsInput{ActionTypeId: typeID(types.ActionCategoryBuild, "CodeBuild")})
		return err
	}},
	{"poll for jobs of no type", "ActionTypeNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.PollForJobs(k.t.Context(), &codepipeline.PollForJobsInput{ActionTypeId: workerType()})
		return err
	}},
	{"poll for third-party jobs of no type", "ActionTypeNotFoundException", "", nil, func(k *kit, _ string) error {
		id := workerType()
		id.Owner = types.ActionOwnerThirdParty
		_, err := k.client.PollForThirdPartyJobs(k.t.Context(), &codepipeline.PollForThirdPartyJobsInput{ActionTypeId: id})
		return err
	}},
	{"acknowledge no job", "JobNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.AcknowledgeJob(k.t.Context(), &codepipeline.AcknowledgeJobInput{JobId: aws.String(noSuchID), Nonce: aws.String("1")})
		return err
	}},
	{"succeed in no job", "JobNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.PutJobSuccessResult(k.t.Context(), &codepipeline.PutJobSuccessResultInput{JobId: aws.String(noSuchID)})
		return err
	}},
	{"fail in no third-party job", "JobNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.PutThirdPartyJobFailureResult(k.t.Context(), &codepipeline.PutThirdPartyJobFailureResultInput{JobId: aws.String("x"), ClientToken: aws.String("t"), FailureDetails: &types.FailureDetails{Type: types.FailureTypeJobFailed, Message: aws.String("m")}})
		return err
	}},
	{"details of no third-party job", "JobNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.GetThirdPartyJobDetails(k.t.Context(), &codepipeline.GetThirdPartyJobDetailsInput{JobId: aws.String("x"), ClientToken: aws.String("t")})
		return err
	}},
	{"no such action type", "ActionTypeNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.GetActionType(k.t.Context(), &codepipeline.GetActionTypeInput{Category: types.ActionCategoryBuild, Owner: aws.String("AWS"), Provider: aws.String("Nothing"), Version: aws.String("1")})
		return err
	}},
	{"targets of no action", "ActionExecutionNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.ListDeployActionExecutionTargets(k.t.Context(), &codepipeline.ListDeployActionExecutionTargetsInput{PipelineName: aws.String("p"), ActionExecutionId: aws.String(noSuchID)})
		return err
	}},
	{"webhook without its secret", "InvalidWebhookAuthenticationParametersException", "Optional['authenticationConfig' should contain only one property: 'SecretToken']", nil, func(k *kit, _ string) error {
		return k.webhook("p", &types.WebhookAuthConfiguration{AllowedIPRange: aws.String("10.0.0.0/8")}, "$.ref")
	}},
	{"webhook with a bad filter", "InvalidWebhookFilterPatternException", "", nil, func(k *kit, _ string) error {
		return k.webhook("p", &types.WebhookAuthConfiguration{SecretToken: aws.String("s")}, "ref")
	}},
	{"webhook of no pipeline", "PipelineNotFoundException", "", nil, func(k *kit, _ string) error {
		return k.webhook("q", &types.WebhookAuthConfiguration{SecretToken: aws.String("s")}, "$.ref")
	}},
	{"register no webhook", "WebhookNotFoundException", "", nil, func(k *kit, _ string) error {
		_, err := k.client.RegisterWebhookWithThirdParty(k.t.Context(), &codepipeline.RegisterWebhookWithThirdPartyInput{WebhookName: aws.String("w")})
		return err
	}},
	{"tag nothing", "ResourceNotFoundException", "", nil, func(k *kit, _ string) error { return k.tag("arn:aws:codepipeline:eu-central-1:111111111111:q", "a") }},
	{"tag with a key of AWS", "InvalidTagsException", "", nil, func(k *kit, _ string) error {
		return k.tag("arn:aws:codepipeline:eu-central-1:111111111111:p", "aws:a")
	}},
}

func TestStateErrors(t *testing.T) {
	t.Parallel()
	for _, c := range stateCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			k.putSource(map[string]string{"a": "b"})
			id := k.create(k.declare("p", stage("Prod", approval("Approve"))))
			k.reached(id, "Prod", "Approve", "STARTED")
			if c.prepare != nil {
				c.prepare(k, id)
			}
			err := c.call(k, id)
			if got := sandboxtest.Code(err); got != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if got := sandboxtest.Message(err); !strings.Contains(got, c.message) {
				t.Fatalf("message %q, want %q", got, c.message)
			}
		})
	}
}

func (k *kit) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) stop(id string, abandon bool) error {
	_, err := k.client.StopPipelineExecution(k.t.Context(), &codepipeline.StopPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: &id, Abandon: abandon, Reason: aws.String("enough")})
	return err
}

func (k *kit) door(stage string, shut bool) error {
	var err error
	if shut {
		_, err = k.client.DisableStageTransition(k.t.Context(), &codepipeline.DisableStageTransitionInput{PipelineName: aws.String("p"), StageName: &stage, TransitionType: types.StageTransitionTypeInbound, Reason: aws.String("freeze")})
	} else {
		_, err = k.client.EnableStageTransition(k.t.Context(), &codepipeline.EnableStageTransitionInput{PipelineName: aws.String("p"), StageName: &stage, TransitionType: types.StageTransitionTypeInbound})
	}
	return err
}

func (k *kit) retry(id, stage string, mode types.StageRetryMode) error {
	_, err := k.client.RetryStageExecution(k.t.Context(), &codepipeline.RetryStageExecutionInput{PipelineName: aws.String("p"), StageName: &stage, PipelineExecutionId: &id, RetryMode: mode})
	return err
}

func (k *kit) rollback(target, stage string) error {
	_, err := k.client.RollbackStage(k.t.Context(), &codepipeline.RollbackStageInput{PipelineName: aws.String("p"), StageName: &stage, TargetPipelineExecutionId: &target})
	return err
}

func (k *kit) override(id, stage string, gate types.ConditionType) error {
	_, err := k.client.OverrideStageCondition(k.t.Context(), &codepipeline.OverrideStageConditionInput{PipelineName: aws.String("p"), StageName: &stage, PipelineExecutionId: &id, ConditionType: gate})
	return err
}

func (k *kit) update(d *types.PipelineDeclaration) {
	k.t.Helper()
	if _, err := k.client.UpdatePipeline(k.t.Context(), &codepipeline.UpdatePipelineInput{Pipeline: d}); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) revision(stage, action string) error {
	_, err := k.client.PutActionRevision(k.t.Context(), &codepipeline.PutActionRevisionInput{PipelineName: aws.String("p"), StageName: &stage, ActionName: &action, ActionRevision: &types.ActionRevision{RevisionId: aws.String("r"), RevisionChangeId: aws.String("c"), Created: aws.Time(time.Unix(1, 0))}})
	return err
}

func (k *kit) webhook(pipeline string, auth *types.WebhookAuthConfiguration, path string) error {
	_, err := k.client.PutWebhook(k.t.Context(), &codepipeline.PutWebhookInput{Webhook: &types.WebhookDefinition{
		Name: aws.String("w"), TargetPipeline: &pipeline, TargetAction: aws.String("Fetch"), Authentication: types.WebhookAuthenticationTypeGithubHmac,
		AuthenticationConfiguration: auth, Filters: []types.WebhookFilterRule{{JsonPath: &path, MatchEquals: aws.String("refs/heads/main")}},
	}})
	return err
}

func (k *kit) tag(arn, key string) error {
	_, err := k.client.TagResource(k.t.Context(), &codepipeline.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: &key, Value: aws.String("v")}}})
	return err
}
