package codepipeline

import (
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// The operations and what each needs: Service Authorization Reference, "Actions,
// resources, and condition keys for AWS CodePipeline".

func (s *service) pipelineOps() []wire.Operation {
	return []wire.Operation{
		op("CreatePipeline", func(c *cloud.Call, in *CreatePipelineInput) ([]cloud.Check, error) {
			checks, err := s.one(c, "CreatePipeline", s.arn(c, in.Pipeline.Name), requestTags(iam.NewContext(), in.Tags))
			return append(checks, s.passRole(c, in.Pipeline)), err
		}, s.createPipeline),
		op("UpdatePipeline", func(c *cloud.Call, in *UpdatePipelineInput) ([]cloud.Check, error) {
			checks, err := s.onPipeline(c, "UpdatePipeline", in.Pipeline.Name)
			return append(checks, s.passRole(c, in.Pipeline)), err
		}, s.updatePipeline),
		op("GetPipeline", func(c *cloud.Call, in *GetPipelineInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "GetPipeline", in.Name)
		}, s.getPipeline),
		op("DeletePipeline", func(c *cloud.Call, in *DeletePipelineInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "DeletePipeline", in.Name)
		}, s.deletePipeline),
		op("ListPipelines", nil, s.listPipelines),
		op("GetPipelineState", func(c *cloud.Call, in *GetPipelineStateInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "GetPipelineState", in.Name)
		}, s.getPipelineState),
		op("DisableStageTransition", func(c *cloud.Call, in *DisableStageTransitionInput) ([]cloud.Check, error) {
			return s.onPart(c, "DisableStageTransition", in.PipelineName, in.StageName)
		}, s.disableStageTransition),
		op("EnableStageTransition", func(c *cloud.Call, in *EnableStageTransitionInput) ([]cloud.Check, error) {
			return s.onPart(c, "EnableStageTransition", in.PipelineName, in.StageName)
		}, s.enableStageTransition),
	}
}

// passRole is the check that the caller may give the role to CodePipeline.
func (s *service) passRole(c *cloud.Call, d *PipelineDeclaration) cloud.Check {
	return cloud.Check{Action: "iam:PassRole", Resource: d.RoleArn, Context: iam.NewContext().
		Set("iam:PassedToService", principal).
		Set("iam:AssociatedResourceArn", s.arn(c, d.Name))}
}

func (s *service) executionOps() []wire.Operation {
	return []wire.Operation{
		op("StartPipelineExecution", func(c *cloud.Call, in *StartPipelineExecutionInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "StartPipelineExecution", in.Name)
		}, s.startPipelineExecution),
		op("StopPipelineExecution", func(c *cloud.Call, in *StopPipelineExecutionInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "StopPipelineExecution", in.PipelineName)
		}, s.stopPipelineExecution),
		op("RetryStageExecution", func(c *cloud.Call, in *RetryStageExecutionInput) ([]cloud.Check, error) {
			return s.onPart(c, "RetryStageExecution", in.PipelineName, in.StageName)
		}, s.retryStageExecution),
		op("RollbackStage", func(c *cloud.Call, in *RollbackStageInput) ([]cloud.Check, error) {
			return s.onPart(c, "RollbackStage", in.PipelineName, in.StageName)
		}, s.rollbackStage),
		op("OverrideStageCondition", func(c *cloud.Call, in *OverrideStageConditionInput) ([]cloud.Check, error) {
			return s.onPart(c, "OverrideStageCondition", in.PipelineName, in.StageName)
		}, s.overrideStageCondition),
		op("PutApprovalResult", func(c *cloud.Call, in *PutApprovalResultInput) ([]cloud.Check, error) {
			return s.onPart(c, "PutApprovalResult", in.PipelineName, in.StageName, in.ActionName)
		}, s.putApprovalResult),
		op("PutActionRevision", func(c *cloud.Call, in *PutActionRevisionInput) ([]cloud.Check, error) {
			return s.onPart(c, "PutActionRevision", in.PipelineName, in.StageName, in.ActionName)
		}, s.putActionRevision),
	}
}

func (s *service) listOps() []wire.Operation {
	return []wire.Operation{
		op("GetPipelineExecution", func(c *cloud.Call, in *GetPipelineExecutionInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "GetPipelineExecution", in.PipelineName)
		}, s.getPipelineExecution),
		op("ListPipelineExecutions", func(c *cloud.Call, in *ListPipelineExecutionsInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "ListPipelineExecutions", in.PipelineName)
		}, s.listPipelineExecutions),
		op("ListActionExecutions", func(c *cloud.Call, in *ListActionExecutionsInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "ListActionExecutions", in.PipelineName)
		}, s.listActionExecutions),
		op("ListRuleExecutions", func(c *cloud.Call, in *ListRuleExecutionsInput) ([]cloud.Check, error) {
			return s.onPipeline(c, "ListRuleExecutions", in.PipelineName)
		}, s.listRuleExecutions),
		op("ListDeployActionExecutionTargets", func(c *cloud.Call, in *ListDeployActionExecutionTargetsInput) ([]cloud.Check, error) {
			if in.PipelineName == "" {
				return s.one(c, "ListDeployActionExecutionTargets", s.arn(c, "*"), nil)
			}
			return s.onPipeline(c, "ListDeployActionExecutionTargets", in.PipelineName)
		}, s.listDeployActionExecutionTargets),
		op("ListActionTypes", nil, s.listActionTypes),
		op("ListRuleTypes", nil, s.listRuleTypes),
	}
}

func (s *service) jobOps() []wire.Operation {
	return []wire.Operation{
		op("PollForJobs", func(c *cloud.Call, in *PollForJobsInput) ([]cloud.Check, error) {
			return s.onType(c, "PollForJobs", in.ActionTypeId, nil)
		}, s.pollForJobs),
		op("AcknowledgeJob", nil, s.acknowledgeJob),
		op("GetJobDetails", nil, s.getJobDetails),
		op("PutJobSuccessResult", nil, s.putJobSuccessResult),
		op("PutJobFailureResult", nil, s.putJobFailureResult),
		op("PollForThirdPartyJobs", nil, s.pollForThirdPartyJobs),
		op("AcknowledgeThirdPartyJob", nil, s.acknowledgeThirdPartyJob),
		op("GetThirdPartyJobDetails", nil, s.getThirdPartyJobDetails),
		op("PutThirdPartyJobSuccessResult", nil, s.putThirdPartyJobSuccessResult),
		op("PutThirdPartyJobFailureResult", nil, s.putThirdPartyJobFailureResult),
	}
}

// onType is the check of an operation on an action type.
func (s *service) onType(c *cloud.Call, action string, t *ActionTypeId, ctx *iam.Context) ([]cloud.Check, error) {
	if ctx == nil {
		ctx = iam.NewContext()
	}
	if row, ok := s.types.Get(typeKey(c.Account, c.Region, t)); ok {
		resourceTags(ctx, row.Tags)
	}
	return s.one(c, action, typeARN(c, t), ctx)
}

func typeARN(c *cloud.Call, t *ActionTypeId) string {
	return "arn:aws:codepipeline:" + c.Region + ":" + c.Account + ":actiontype:" + t.Owner + "/" + t.Category + "/" + t.Provider + "/" + t.Version
}

func (s *service) otherOps() []wire.Operation {
	return []wire.Operation{
		op("CreateCustomActionType", func(c *cloud.Call, in *CreateCustomActionTypeInput) ([]cloud.Check, error) {
			t := &ActionTypeId{Category: in.Category, Owner: "Custom", Provider: in.Provider, Version: in.Version}
			return s.onType(c, "CreateCustomActionType", t, requestTags(iam.NewContext(), in.Tags))
		}, s.createCustomActionType),
		op("DeleteCustomActionType", func(c *cloud.Call, in *DeleteCustomActionTypeInput) ([]cloud.Check, error) {
			t := &ActionTypeId{Category: in.Category, Owner: "Custom", Provider: in.Provider, Version: in.Version}
			return s.onType(c, "DeleteCustomActionType", t, nil)
		}, s.deleteCustomActionType),
		op("GetActionType", nil, s.getActionType),
		op("UpdateActionType", func(c *cloud.Call, in *UpdateActionTypeInput) ([]cloud.Check, error) {
			id := in.ActionType.Id
			return s.onType(c, "UpdateActionType", &ActionTypeId{Category: id.Category, Owner: id.Owner, Provider: id.Provider, Version: id.Version}, nil)
		}, s.updateActionType),
		op("PutWebhook", s.mayPutWebhook, s.putWebhook),
		op("ListWebhooks", func(c *cloud.Call, _ *ListWebhooksInput) ([]cloud.Check, error) {
			return s.one(c, "ListWebhooks", s.webhookARN(c, "*"), nil)
		}, s.listWebhooks),
		op("DeleteWebhook", func(c *cloud.Call, in *DeleteWebhookInput) ([]cloud.Check, error) {
			return s.onWebhook(c, "DeleteWebhook", in.Name)
		}, s.deleteWebhook),
		op("RegisterWebhookWithThirdParty", func(c *cloud.Call, in *RegisterWebhookWithThirdPartyInput) ([]cloud.Check, error) {
			return s.onWebhook(c, "RegisterWebhookWithThirdParty", in.WebhookName)
		}, s.registerWebhook),
		op("DeregisterWebhookWithThirdParty", func(c *cloud.Call, in *DeregisterWebhookWithThirdPartyInput) ([]cloud.Check, error) {
			return s.onWebhook(c, "DeregisterWebhookWithThirdParty", in.WebhookName)
		}, s.deregisterWebhook),
		op("TagResource", func(c *cloud.Call, in *TagResourceInput) ([]cloud.Check, error) {
			return s.onTagged(c, "TagResource", in.ResourceArn, requestTags(iam.NewContext(), in.Tags))
		}, s.tagResource),
		op("UntagResource", func(c *cloud.Call, in *UntagResourceInput) ([]cloud.Check, error) {
			ctx := iam.NewContext()
			if len(in.TagKeys) > 0 {
				ctx.SetList("aws:TagKeys", in.TagKeys...)
			}
			return s.onTagged(c, "UntagResource", in.ResourceArn, ctx)
		}, s.untagResource),
		op("ListTagsForResource", func(c *cloud.Call, in *ListTagsForResourceInput) ([]cloud.Check, error) {
			return s.onTagged(c, "ListTagsForResource", in.ResourceArn, iam.NewContext())
		}, s.listTagsForResource),
	}
}
