package codepipeline_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func sdk(cfg aws.Config) *codepipeline.Client { return codepipeline.NewFromConfig(cfg) }

// scene is what a case of the matrix needs to know of what was prepared.
type scene struct {
	k                *kit
	id, token        string
	job, nonce, deed string
}

const (
	onP     = "arn:aws:codepipeline:eu-central-1:111111111111:p"
	onStage = onP + "/Prod"
	onType  = "arn:aws:codepipeline:eu-central-1:111111111111:actiontype:Custom/Build/Worker/1"
	onHook  = "arn:aws:codepipeline:eu-central-1:111111111111:webhook:w"
)

// TestPermissions holds every operation to exactly the permissions that the
// Service Authorization Reference lists for it.
func TestPermissions(t *testing.T) {
	t.Parallel()
	var cases []sandboxtest.Case
	add := func(name, resource string, prepare func(s *scene), call func(ctx context.Context, c *codepipeline.Client, s *scene) error, more ...sandboxtest.Permission) {
		s := &scene{}
		cases = append(cases, sandboxtest.Case{
			Operation: "codepipeline:" + name,
			Needs:     append([]sandboxtest.Permission{{Action: "codepipeline:" + name, Resource: resource}}, more...),
			Prepare: func(t testing.TB, base *sandboxtest.Kit) {
				*s = scene{k: wrap(t, base)}
				s.k.putSource(map[string]string{"a": "b"})
				prepare(s)
			},
			Call: func(ctx context.Context, cfg aws.Config) error { return call(ctx, sdk(cfg), s) },
		})
	}
	nothing := func(*scene) {}
	waiting := func(s *scene) {
		s.id = s.k.create(s.k.declare("p", stage("Prod", approval("Approve"))))
		s.k.reached(s.id, "Prod", "Approve", "STARTED")
		s.token = s.k.token("p", "Prod", "Approve")
	}
	done := func(s *scene) {
		waiting(s)
		s.k.approve("p", "Prod", "Approve")
	}
	rejected := func(s *scene) {
		waiting(s)
		s.k.must(s.k.answer("p", "Prod", "Approve", s.token, types.ApprovalStatusRejected, ""))
	}
	offered := func(s *scene) {
		s.k.customType()
		s.id = s.k.create(s.k.declare("p", stage("Prod", worker("Build"))))
		s.k.reached(s.id, "Prod", "Build", "STARTED")
	}
	polled := func(s *scene) {
		offered(s)
		out, err := s.k.client.PollForJobs(s.k.t.Context(), &codepipeline.PollForJobsInput{ActionTypeId: workerType()})
		s.k.must(err)
		s.job, s.nonce = *out.Jobs[0].Id, *out.Jobs[0].Nonce
	}
	acknowledged := func(s *scene) {
		polled(s)
		_, err := s.k.client.AcknowledgeJob(s.k.t.Context(), &codepipeline.AcknowledgeJobInput{JobId: &s.job, Nonce: &s.nonce})
		s.k.must(err)
	}
	hooked := func(s *scene) {
		waiting(s)
		s.k.must(s.k.webhook("p", &types.WebhookAuthConfiguration{SecretToken: aws.String("s")}, "$.ref"))
	}
	partner := &types.ActionTypeId{Category: types.ActionCategorySource, Owner: types.ActionOwnerThirdParty, Provider: aws.String("GitHub"), Version: aws.String("1")}
	github := func(s *scene) {
		d := s.k.declare("p", stage("Prod", approval("Approve")))
		d.Stages[0].Actions[0].ActionTypeId = partner
		d.Stages[0].Actions[0].Configuration = map[string]string{"Owner": "o", "Repo": "r", "Branch": "b", "OAuthToken": "t", "ClientToken": "client"}
		s.id = s.k.create(d)
		s.k.reached(s.id, "Source", "Fetch", "STARTED")
	}
	githubPolled := func(s *scene) {
		github(s)
		out, err := s.k.client.PollForThirdPartyJobs(s.k.t.Context(), &codepipeline.PollForThirdPartyJobsInput{ActionTypeId: partner})
		s.k.must(err)
		s.job, s.nonce = *out.Jobs[0].JobId, "1"
	}
	githubAcknowledged := func(s *scene) {
		githubPolled(s)
		_, err := s.k.client.AcknowledgeThirdPartyJob(s.k.t.Context(), &codepipeline.AcknowledgeThirdPartyJobInput{JobId: &s.job, Nonce: &s.nonce, ClientToken: aws.String("client")})
		s.k.must(err)
	}
	p, prod, client := aws.String("p"), aws.String("Prod"), aws.String("client")
	pass := sandboxtest.Permission{Action: "iam:PassRole", Resource: "arn:aws:iam::111111111111:role/pipeline"}

	add("CreatePipeline", onP, nothing, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.CreatePipeline(ctx, &codepipeline.CreatePipelineInput{Pipeline: s.k.declare("p", stage("Prod", approval("Approve")))})
		return err
	}, pass)
	add("UpdatePipeline", onP, waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.UpdatePipeline(ctx, &codepipeline.UpdatePipelineInput{Pipeline: s.k.declare("p", stage("Prod", approval("Approve")))})
		return err
	}, pass)
	add("GetPipeline", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: p})
		return err
	})
	add("GetPipelineState", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: p})
		return err
	})
	add("GetPipelineExecution", onP, waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.GetPipelineExecution(ctx, &codepipeline.GetPipelineExecutionInput{PipelineName: p, PipelineExecutionId: &s.id})
		return err
	})
	add("DeletePipeline", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.DeletePipeline(ctx, &codepipeline.DeletePipelineInput{Name: p})
		return err
	})
	add("ListPipelines", "*", nothing, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListPipelines(ctx, nil)
		return err
	})
	add("ListPipelineExecutions", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListPipelineExecutions(ctx, &codepipeline.ListPipelineExecutionsInput{PipelineName: p})
		return err
	})
	add("ListActionExecutions", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListActionExecutions(ctx, &codepipeline.ListActionExecutionsInput{PipelineName: p})
		return err
	})
	add("ListRuleExecutions", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListRuleExecutions(ctx, &codepipeline.ListRuleExecutionsInput{PipelineName: p})
		return err
	})
	add("ListDeployActionExecutionTargets", onP, func(s *scene) {
		s.id = s.k.create(s.k.declare("p", stage("Prod", deploy("Ship"))))
		s.deed = s.k.reached(s.id, "Prod", "Ship", "SUCCEEDED").ActionID
	}, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.ListDeployActionExecutionTargets(ctx, &codepipeline.ListDeployActionExecutionTargetsInput{PipelineName: p, ActionExecutionId: &s.deed})
		return err
	})
	add("ListActionTypes", "*", nothing, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListActionTypes(ctx, nil)
		return err
	})
	add("ListRuleTypes", "*", nothing, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListRuleTypes(ctx, nil)
		return err
	})
	add("StartPipelineExecution", onP, done, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.StartPipelineExecution(ctx, &codepipeline.StartPipelineExecutionInput{Name: p})
		return err
	})
	add("StopPipelineExecution", onP, waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.StopPipelineExecution(ctx, &codepipeline.StopPipelineExecutionInput{PipelineName: p, PipelineExecutionId: &s.id})
		return err
	})
	add("DisableStageTransition", onStage, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.DisableStageTransition(ctx, &codepipeline.DisableStageTransitionInput{PipelineName: p, StageName: prod, TransitionType: types.StageTransitionTypeInbound, Reason: aws.String("r")})
		return err
	})
	add("EnableStageTransition", onStage, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.EnableStageTransition(ctx, &codepipeline.EnableStageTransitionInput{PipelineName: p, StageName: prod, TransitionType: types.StageTransitionTypeInbound})
		return err
	})
	add("RetryStageExecution", onStage, rejected, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.RetryStageExecution(ctx, &codepipeline.RetryStageExecutionInput{PipelineName: p, StageName: prod, PipelineExecutionId: &s.id, RetryMode: types.StageRetryModeAllActions})
		return err
	})
	add("RollbackStage", onStage, done, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.RollbackStage(ctx, &codepipeline.RollbackStageInput{PipelineName: p, StageName: prod, TargetPipelineExecutionId: &s.id})
		return err
	})
	add("OverrideStageCondition", onStage, func(s *scene) {
		d := s.k.declare("p", stage("Prod", approval("Approve")))
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultFail, variableRule("EQ", "no"))}
		s.id = s.k.create(d)
		s.k.reached(s.id, "Prod", "", "STARTED")
		s.k.must(s.k.Sandbox.World.Idle(s.k.t.Context()))
	}, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.OverrideStageCondition(ctx, &codepipeline.OverrideStageConditionInput{PipelineName: p, StageName: prod, PipelineExecutionId: &s.id, ConditionType: types.ConditionTypeBeforeEntry})
		return err
	})
	add("PutApprovalResult", onStage+"/Approve", waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutApprovalResult(ctx, &codepipeline.PutApprovalResultInput{PipelineName: p, StageName: prod, ActionName: aws.String("Approve"), Token: &s.token, Result: &types.ApprovalResult{Status: types.ApprovalStatusApproved, Summary: aws.String("")}})
		return err
	})
	add("PutActionRevision", onP+"/Source/Fetch", waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutActionRevision(ctx, &codepipeline.PutActionRevisionInput{PipelineName: p, StageName: aws.String("Source"), ActionName: aws.String("Fetch"), ActionRevision: &types.ActionRevision{RevisionId: aws.String("r"), RevisionChangeId: aws.String("c"), Created: aws.Time(s.k.Sandbox.World.Clock.Now())}})
		return err
	})
	add("PollForJobs", onType, offered, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.PollForJobs(ctx, &codepipeline.PollForJobsInput{ActionTypeId: workerType()})
		return err
	})
	add("AcknowledgeJob", "*", polled, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.AcknowledgeJob(ctx, &codepipeline.AcknowledgeJobInput{JobId: &s.job, Nonce: &s.nonce})
		return err
	})
	add("GetJobDetails", "*", polled, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.GetJobDetails(ctx, &codepipeline.GetJobDetailsInput{JobId: &s.job})
		return err
	})
	add("PutJobSuccessResult", "*", acknowledged, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: &s.job})
		return err
	})
	add("PutJobFailureResult", "*", acknowledged, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutJobFailureResult(ctx, &codepipeline.PutJobFailureResultInput{JobId: &s.job, FailureDetails: &types.FailureDetails{Type: types.FailureTypeJobFailed, Message: aws.String("m")}})
		return err
	})
	add("PollForThirdPartyJobs", "*", github, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.PollForThirdPartyJobs(ctx, &codepipeline.PollForThirdPartyJobsInput{ActionTypeId: partner})
		return err
	})
	add("AcknowledgeThirdPartyJob", "*", githubPolled, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.AcknowledgeThirdPartyJob(ctx, &codepipeline.AcknowledgeThirdPartyJobInput{JobId: &s.job, Nonce: &s.nonce, ClientToken: client})
		return err
	})
	add("GetThirdPartyJobDetails", "*", githubPolled, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.GetThirdPartyJobDetails(ctx, &codepipeline.GetThirdPartyJobDetailsInput{JobId: &s.job, ClientToken: client})
		return err
	})
	add("PutThirdPartyJobSuccessResult", "*", githubAcknowledged, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutThirdPartyJobSuccessResult(ctx, &codepipeline.PutThirdPartyJobSuccessResultInput{JobId: &s.job, ClientToken: client})
		return err
	})
	add("PutThirdPartyJobFailureResult", "*", githubAcknowledged, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		_, err := c.PutThirdPartyJobFailureResult(ctx, &codepipeline.PutThirdPartyJobFailureResultInput{JobId: &s.job, ClientToken: client, FailureDetails: &types.FailureDetails{Type: types.FailureTypeJobFailed, Message: aws.String("m")}})
		return err
	})
	none := &types.ArtifactDetails{}
	add("CreateCustomActionType", onType, nothing, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.CreateCustomActionType(ctx, &codepipeline.CreateCustomActionTypeInput{Category: types.ActionCategoryBuild, Provider: aws.String("Worker"), Version: aws.String("1"), InputArtifactDetails: none, OutputArtifactDetails: none})
		return err
	})
	add("DeleteCustomActionType", onType, func(s *scene) { s.k.customType() }, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.DeleteCustomActionType(ctx, &codepipeline.DeleteCustomActionTypeInput{Category: types.ActionCategoryBuild, Provider: aws.String("Worker"), Version: aws.String("1")})
		return err
	})
	add("GetActionType", "*", nothing, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.GetActionType(ctx, &codepipeline.GetActionTypeInput{Category: types.ActionCategorySource, Owner: aws.String("AWS"), Provider: aws.String("S3"), Version: aws.String("1")})
		return err
	})
	add("UpdateActionType", "arn:aws:codepipeline:eu-central-1:111111111111:actiontype:ThirdParty/Source/GitHub/1", nothing, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		out, err := s.k.client.GetActionType(ctx, &codepipeline.GetActionTypeInput{Category: types.ActionCategorySource, Owner: aws.String("ThirdParty"), Provider: aws.String("GitHub"), Version: aws.String("1")})
		s.k.must(err)
		_, err = c.UpdateActionType(ctx, &codepipeline.UpdateActionTypeInput{ActionType: out.ActionType})
		return err
	})
	add("PutWebhook", onHook, waiting, func(ctx context.Context, c *codepipeline.Client, s *scene) error {
		k := &kit{t: s.k.t, client: c}
		return k.webhook("p", &types.WebhookAuthConfiguration{SecretToken: aws.String("s")}, "$.ref")
	}, sandboxtest.Permission{Action: "codepipeline:PutWebhook", Resource: onP})
	add("ListWebhooks", "arn:aws:codepipeline:eu-central-1:111111111111:webhook:*", hooked, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListWebhooks(ctx, nil)
		return err
	})
	add("DeleteWebhook", onHook, hooked, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.DeleteWebhook(ctx, &codepipeline.DeleteWebhookInput{Name: aws.String("w")})
		return err
	})
	add("RegisterWebhookWithThirdParty", onHook, hooked, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.RegisterWebhookWithThirdParty(ctx, &codepipeline.RegisterWebhookWithThirdPartyInput{WebhookName: aws.String("w")})
		return err
	})
	add("DeregisterWebhookWithThirdParty", onHook, hooked, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.DeregisterWebhookWithThirdParty(ctx, &codepipeline.DeregisterWebhookWithThirdPartyInput{WebhookName: aws.String("w")})
		return err
	})
	add("TagResource", onP, waiting, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.TagResource(ctx, &codepipeline.TagResourceInput{ResourceArn: aws.String(onP), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
		return err
	})
	add("UntagResource", onType, func(s *scene) { s.k.customType() }, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.UntagResource(ctx, &codepipeline.UntagResourceInput{ResourceArn: aws.String(onType), TagKeys: []string{"k"}})
		return err
	})
	add("ListTagsForResource", onHook, hooked, func(ctx context.Context, c *codepipeline.Client, _ *scene) error {
		_, err := c.ListTagsForResource(ctx, &codepipeline.ListTagsForResourceInput{ResourceArn: aws.String(onHook)})
		return err
	})

	var names []string
	for _, c := range cases {
		names = append(names, c.Operation[len("codepipeline:"):])
	}
	slices.Sort(names)
	supported := sandboxtest.Start(t).Sandbox.Support()["codepipeline"]
	if len(supported) != 44 || !slices.Equal(names, supported) {
		t.Fatalf("%d cases for %d operations:\n%v\n%v", len(names), len(supported), names, supported)
	}
	sandboxtest.Matrix(t, cases)
}
