package codepipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const (
	badStructure = "InvalidStructureException"
	badStage     = "InvalidStageDeclarationException"
	badAction    = "InvalidActionDeclarationException"
	badValue     = "ValidationException"
)

// rule is a rule of a condition.
func rule(name, provider string, config map[string]string) types.RuleDeclaration {
	return types.RuleDeclaration{Name: &name, RuleTypeId: &types.RuleTypeId{Category: types.RuleCategoryRule, Owner: types.RuleOwnerAws, Provider: &provider, Version: aws.String("1")}, Configuration: config}
}

func condition(result types.Result, rules ...types.RuleDeclaration) []types.Condition {
	return []types.Condition{{Result: result, Rules: rules}}
}

var always = rule("R", "VariableCheck", map[string]string{"Variable": "a", "Value": "a", "Operator": "EQ"})

func commandsAction(name string, commands ...string) types.ActionDeclaration {
	return types.ActionDeclaration{Name: &name, ActionTypeId: typeID(types.ActionCategoryCompute, "Commands"), Commands: commands, InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}}}
}

func connection() types.ActionDeclaration {
	a := source()
	a.ActionTypeId = typeID(types.ActionCategorySource, "CodeStarSourceConnection")
	a.Configuration = map[string]string{"ConnectionArn": "arn:aws:codeconnections:eu-central-1:111111111111:connection/c", "FullRepositoryId": "o/r", "BranchName": "main"}
	return a
}

func trigger(action string) types.PipelineTriggerDeclaration {
	return types.PipelineTriggerDeclaration{ProviderType: types.PipelineTriggerProviderTypeCodeStarSourceConnection, GitConfiguration: &types.GitConfiguration{SourceActionName: &action}}
}

// definitionCases break a good definition in one way each. Codes and messages are
// those of the fact sheet's validation matrix; where it gives no message, only the
// code is held.
var definitionCases = []struct {
	name, code, message string
	change              func(d *types.PipelineDeclaration)
}{
	{"pipeline name too long", badValue, "Member must have length less than or equal to 100", func(d *types.PipelineDeclaration) { d.Name = aws.String(strings.Repeat("x", 101)) }},
	{"pipeline name with a slash", badValue, "failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+", func(d *types.PipelineDeclaration) { d.Name = aws.String("a/b") }},
	{"stage name too long", badValue, "pipeline.stages.2.member.name", func(d *types.PipelineDeclaration) { d.Stages[1].Name = aws.String(strings.Repeat("x", 101)) }},
	{"action name with a blank", badValue, "pipeline.stages.2.member.actions.1.member.name", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].Name = aws.String("a b") }},
	{"artifact name with a dot", badValue, "[a-zA-Z0-9_\\-]+", func(d *types.PipelineDeclaration) {
		d.Stages[0].Actions[0].OutputArtifacts[0].Name = aws.String("a.b")
	}},
	{"run order 0", badValue, "at 'pipeline.stages.2.member.actions.1.member.runOrder' failed to satisfy constraint: Member must have value greater than or equal to 1", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].RunOrder = aws.Int32(0) }},
	{"run order 1000", badValue, "Member must have value less than or equal to 999", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].RunOrder = aws.Int32(1000) }},
	{"51 variables", badValue, "Member must have length less than or equal to 50", func(d *types.PipelineDeclaration) {
		for i := range 51 {
			d.Variables = append(d.Variables, types.PipelineVariableDeclaration{Name: aws.String(fmt.Sprint("v", i)), DefaultValue: aws.String("x")})
		}
	}},
	{"two conditions at a gate", badValue, "Member must have length less than or equal to 1", func(d *types.PipelineDeclaration) {
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: append(condition(types.ResultFail, always), condition(types.ResultFail, always)...)}
	}},
	{"six rules", badValue, "Member must have length less than or equal to 5", func(d *types.PipelineDeclaration) {
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultFail, always, always, always, always, always, always)}
	}},
	{"approval timeout of 4 minutes", badValue, "timeoutInMinutes' failed to satisfy constraint: Member must have value greater than or equal to 5", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].TimeoutInMinutes = aws.Int32(4) }},
	{"role that is no role", badValue, "pipeline.roleArn", func(d *types.PipelineDeclaration) { d.RoleArn = aws.String("arn:aws:iam::1:user/x") }},
	{"bucket name too short", badValue, "pipeline.artifactStore.location", func(d *types.PipelineDeclaration) { d.ArtifactStore.Location = aws.String("ab") }},
	{"unknown execution mode", badValue, "Member must satisfy enum value set", func(d *types.PipelineDeclaration) { d.ExecutionMode = "SERIAL" }},
	{"empty configuration value", badValue, "at 'pipeline.stages.1.member.actions.1.member.configuration' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 1000, Member must have length greater than or equal to 1]", func(d *types.PipelineDeclaration) { d.Stages[0].Actions[0].Configuration["S3ObjectKey"] = "" }},
	{"one stage", badStructure, "", func(d *types.PipelineDeclaration) { d.Stages = d.Stages[:1] }},
	{"51 stages", badStructure, "Pipeline has too many stages. There can only be up to 50 stages in a pipeline", func(d *types.PipelineDeclaration) {
		for i := range 49 {
			d.Stages = append(d.Stages, stage(fmt.Sprint("S", i), approval("A")))
		}
	}},
	{"approval in the first stage", badStructure, "Pipeline should start with a stage that only contains source actions", func(d *types.PipelineDeclaration) {
		d.Stages[0].Actions = append(d.Stages[0].Actions, approval("A"))
	}},
	{"source in the second stage", badStructure, "Source actions can only be included in the first stage of the pipeline", func(d *types.PipelineDeclaration) {
		s := source()
		s.OutputArtifacts[0].Name, s.Namespace = aws.String("Other"), nil
		d.Stages[1].Actions = append(d.Stages[1].Actions, s)
	}},
	{"both store forms", badStructure, "", func(d *types.PipelineDeclaration) {
		d.ArtifactStores = map[string]types.ArtifactStore{region: *d.ArtifactStore}
	}},
	{"no store form", badStructure, "", func(d *types.PipelineDeclaration) { d.ArtifactStore = nil }},
	{"stage twice", badStage, "Stage name 'Prod' is used more than once", func(d *types.PipelineDeclaration) { d.Stages = append(d.Stages, stage("Prod", approval("B"))) }},
	{"action twice", badAction, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions = append(d.Stages[1].Actions, approval("Approve"))
	}},
	{"variable twice", badStructure, "Variable names must be unique. The following variable name is already in use: v", func(d *types.PipelineDeclaration) {
		v := types.PipelineVariableDeclaration{Name: aws.String("v"), DefaultValue: aws.String("x")}
		d.Variables = []types.PipelineVariableDeclaration{v, v}
	}},
	{"region without store", badStructure, "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. The following region is missing in 'pipeline.artifactStores': us-west-2.", func(d *types.PipelineDeclaration) {
		d.ArtifactStores, d.ArtifactStore = map[string]types.ArtifactStore{region: *d.ArtifactStore}, nil
		a := deploy("Ship")
		a.Region = aws.String("us-west-2")
		d.Stages[1].Actions = append(d.Stages[1].Actions, a)
	}},
	{"cross-region action with one store", badStructure, "", func(d *types.PipelineDeclaration) {
		a := deploy("Ship")
		a.Region = aws.String("us-west-2")
		d.Stages[1].Actions = append(d.Stages[1].Actions, a)
	}},
	{"missing configuration", badAction, "Action configuration for action 'Fetch' is missing required configuration 'S3ObjectKey'", func(d *types.PipelineDeclaration) { delete(d.Stages[0].Actions[0].Configuration, "S3ObjectKey") }},
	{"unknown configuration", badAction, "", func(d *types.PipelineDeclaration) { d.Stages[0].Actions[0].Configuration["Colour"] = "red" }},
	{"too few inputs", badAction, "Action Ship declares 0 input artifacts which is less than the minimum count (1)", func(d *types.PipelineDeclaration) {
		a := deploy("Ship")
		a.InputArtifacts = nil
		d.Stages[1].Actions = append(d.Stages[1].Actions, a)
	}},
	{"too many outputs", badAction, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions[0].OutputArtifacts = []types.OutputArtifact{{Name: aws.String("X")}}
	}},
	{"unknown action type", badAction, "ActionType (Category: 'Source', Provider: 'Git', Owner: 'Custom', Version: '1') in action 'Fetch' is not available in region 'EU_CENTRAL_1'", func(d *types.PipelineDeclaration) {
		d.Stages[0].Actions[0].ActionTypeId = &types.ActionTypeId{Category: types.ActionCategorySource, Owner: types.ActionOwnerCustom, Provider: aws.String("Git"), Version: aws.String("1")}
	}},
	{"provider of another category", badAction, "is not available in region", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions[0].ActionTypeId = typeID(types.ActionCategoryApproval, "S3")
	}},
	{"commands missing", badAction, "Action C must have a non-empty commands field", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions = append(d.Stages[1].Actions, commandsAction("C"))
	}},
	{"commands elsewhere", badAction, "", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].Commands = []string{"ls"} }},
	{"timeout elsewhere", badAction, "", func(d *types.PipelineDeclaration) {
		a := deploy("Ship")
		a.TimeoutInMinutes = aws.Int32(10)
		d.Stages[1].Actions = append(d.Stages[1].Actions, a)
	}},
	{"input that nobody makes", badAction, "", func(d *types.PipelineDeclaration) {
		a := deploy("Ship")
		a.InputArtifacts[0].Name = aws.String("Nothing")
		d.Stages[1].Actions = append(d.Stages[1].Actions, a)
	}},
	{"output twice", badAction, "", func(d *types.PipelineDeclaration) {
		s := source()
		s.Name, s.Namespace = aws.String("Again"), nil
		d.Stages[0].Actions = append(d.Stages[0].Actions, s)
	}},
	{"namespace twice", badAction, "", func(d *types.PipelineDeclaration) { d.Stages[1].Actions[0].Namespace = aws.String("Src") }},
	{"namespace of an artifact", badAction, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions[0].Namespace = aws.String("SourceArtifact")
	}},
	{"variable of a later action", badAction, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions[0].Configuration = map[string]string{"CustomData": "#{Later.x}"}
	}},
	{"undeclared pipeline variable", badAction, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Actions[0].Configuration = map[string]string{"CustomData": "#{variables.x}"}
	}},
	{"V1 and QUEUED", badStructure, "QUEUED or PARALLEL mode can only be used with V2 pipelines", func(d *types.PipelineDeclaration) {
		d.PipelineType, d.ExecutionMode = types.PipelineTypeV1, types.ExecutionModeQueued
	}},
	{"no type and PARALLEL", badStructure, "QUEUED or PARALLEL mode can only be used with V2 pipelines", func(d *types.PipelineDeclaration) {
		d.PipelineType, d.ExecutionMode = "", types.ExecutionModeParallel
	}},
	{"V1 and variables", badStructure, "Pipeline variable can only be used with V2 pipelines", func(d *types.PipelineDeclaration) {
		d.PipelineType = types.PipelineTypeV1
		d.Variables = []types.PipelineVariableDeclaration{{Name: aws.String("v"), DefaultValue: aws.String("x")}}
	}},
	{"V1 and triggers", badStructure, "Triggers on tag can only be used with V2 pipelines", func(d *types.PipelineDeclaration) {
		d.PipelineType = types.PipelineTypeV1
		d.Stages[0].Actions[0] = connection()
		d.Triggers = []types.PipelineTriggerDeclaration{trigger("Fetch")}
	}},
	{"V1 and a gate", badStage, "Stage level conditions can only be used with V2 pipelines.", func(d *types.PipelineDeclaration) {
		d.PipelineType = types.PipelineTypeV1
		d.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRollback}
	}},
	{"V1 and Commands", badAction, "Commands Action can only be used with V2 pipelines.", func(d *types.PipelineDeclaration) {
		d.PipelineType = types.PipelineTypeV1
		d.Stages[1].Actions = append(d.Stages[1].Actions, commandsAction("C", "ls"))
	}},
	{"trigger of no connection", badStructure, "Triggers for connections must reference a CodeStarSourceConnection action.", func(d *types.PipelineDeclaration) {
		d.Triggers = []types.PipelineTriggerDeclaration{trigger("Fetch")}
	}},
	{"failure gate with both", badStage, "The following stage cannot have a failure exit gate configured with both top level result and conditions: 'Prod", func(d *types.PipelineDeclaration) {
		d.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRollback, Conditions: condition(types.ResultRollback, always)}
	}},
	{"rollback in PARALLEL", badStage, "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline.", func(d *types.PipelineDeclaration) {
		d.ExecutionMode = types.ExecutionModeParallel
		d.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRollback}
	}},
	{"skip with a deployment window", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultSkip, rule("R", "DeploymentWindow", map[string]string{"Cron": "* * 9 ? * MON *"}))}
	}},
	{"entry result ROLLBACK", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultRollback, always)}
	}},
	{"success result SKIP", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].OnSuccess = &types.SuccessConditions{Conditions: condition(types.ResultSkip, always)}
	}},
	{"rule without operator", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].OnSuccess = &types.SuccessConditions{Conditions: condition(types.ResultFail, rule("R", "VariableCheck", map[string]string{"Variable": "a", "Value": "a"}))}
	}},
	{"rule of no provider", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].OnSuccess = &types.SuccessConditions{Conditions: condition(types.ResultFail, rule("R", "Dice", nil))}
	}},
	{"window with seconds", badStage, "", func(d *types.PipelineDeclaration) {
		d.Stages[1].BeforeEntry = &types.BeforeEntryConditions{Conditions: condition(types.ResultFail, rule("R", "DeploymentWindow", map[string]string{"Cron": "0 * 9 ? * MON *"}))}
	}},
	{"blocker", "InvalidBlockerDeclarationException", "", func(d *types.PipelineDeclaration) {
		d.Stages[1].Blockers = []types.BlockerDeclaration{{Name: aws.String("b"), Type: types.BlockerTypeSchedule}}
	}},
}

func TestDefinitionErrors(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, c := range definitionCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := k.declare("p", stage("Prod", approval("Approve")))
			c.change(d)
			_, err := k.client.CreatePipeline(t.Context(), &codepipeline.CreatePipelineInput{Pipeline: d})
			if got := sandboxtest.Code(err); got != c.code {
				t.Fatalf("create: got %v, want %s", err, c.code)
			}
			if got := sandboxtest.Message(err); !strings.Contains(got, c.message) {
				t.Fatalf("message %q, want %q", got, c.message)
			}
		})
	}
}

// TestUpdateErrors: UpdatePipeline checks the same.
func TestUpdateErrors(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.create(k.declare("p", stage("Prod", approval("Approve"))))
	for _, c := range definitionCases {
		if strings.HasPrefix(c.name, "pipeline name") {
			continue // the name is what an update goes by
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := k.declare("p", stage("Prod", approval("Approve")))
			c.change(d)
			_, err := k.client.UpdatePipeline(t.Context(), &codepipeline.UpdatePipelineInput{Pipeline: d})
			if got := sandboxtest.Code(err); got != c.code || !strings.Contains(sandboxtest.Message(err), c.message) {
				t.Fatalf("update: got %v, want %s %s", err, c.code, c.message)
			}
		})
	}
}
