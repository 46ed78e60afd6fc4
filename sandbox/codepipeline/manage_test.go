package codepipeline_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestDelete: a pipeline goes with its history, and its name is free again.
func TestDelete(t *testing.T) {
	t.Parallel()
	k, id := prepared(t, nil)
	token := k.token("p", "Prod", "Approve")
	k.update(k.declare("p", stage("Prod", approval("Approve"))))
	_, err := k.client.DeletePipeline(t.Context(), &codepipeline.DeletePipelineInput{Name: aws.String("p")})
	k.must(err)
	_, err = k.client.DeletePipeline(t.Context(), &codepipeline.DeletePipelineInput{Name: aws.String("p")})
	k.must(err) // deleting what is gone is no error
	if _, err = k.client.GetPipelineState(t.Context(), &codepipeline.GetPipelineStateInput{Name: aws.String("p")}); sandboxtest.Code(err) != "PipelineNotFoundException" {
		t.Errorf("the state of a deleted pipeline: %v", err)
	}
	again := k.create(k.declare("p", stage("Prod", approval("Approve"))))
	k.reached(again, "Prod", "Approve", "STARTED")
	got, err := k.client.GetPipeline(t.Context(), &codepipeline.GetPipelineInput{Name: aws.String("p")})
	if err != nil || *got.Pipeline.Version != 1 || *got.Metadata.PipelineArn != onP {
		t.Errorf("the new pipeline: %+v %v", got, err)
	}
	if _, err = k.client.GetPipeline(t.Context(), &codepipeline.GetPipelineInput{Name: aws.String("p"), Version: aws.Int32(2)}); sandboxtest.Code(err) != "PipelineVersionNotFoundException" {
		t.Errorf("a version of the old pipeline: %v", err)
	}
	if _, err = k.client.GetPipelineExecution(t.Context(), &codepipeline.GetPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: &id}); sandboxtest.Code(err) != "PipelineExecutionNotFoundException" {
		t.Errorf("an execution of the old pipeline: %v", err)
	}
	if err := k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""); sandboxtest.Code(err) != "InvalidApprovalTokenException" {
		t.Errorf("a token of the old pipeline: %v", err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, func(d *types.PipelineDeclaration) { d.ExecutionMode = types.ExecutionModeParallel })
	want := []string{k.newest("p")}
	for range 6 {
		want = append(want, k.start("p"))
	}
	slices.Reverse(want) // newest first
	var got []string
	p := codepipeline.NewListPipelineExecutionsPaginator(k.client, &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), MaxResults: aws.Int32(3)})
	pages := 0
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		k.must(err)
		pages++
		for _, x := range out.PipelineExecutionSummaries {
			got = append(got, *x.PipelineExecutionId)
		}
	}
	if pages != 3 || !slices.Equal(got, want) {
		t.Errorf("%d pages: %v, want %v", pages, got, want)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, nil)
	k.must(k.tag(onP, "team"))
	k.must(k.tag(onP, "cost"))
	_, err := k.client.UntagResource(t.Context(), &codepipeline.UntagResourceInput{ResourceArn: aws.String(onP), TagKeys: []string{"cost"}})
	k.must(err)
	out, err := k.client.ListTagsForResource(t.Context(), &codepipeline.ListTagsForResourceInput{ResourceArn: aws.String(onP)})
	if err != nil || len(out.Tags) != 1 || *out.Tags[0].Key != "team" {
		t.Errorf("tags %v %v", out, err)
	}
	// The tags of a pipeline decide on its approvals.
	allow := sandboxtest.Allow("codepipeline:PutApprovalResult", "*")
	allow.Condition = map[string]map[string]any{"StringEquals": {"aws:ResourceTag/team": "v"}}
	token := k.token("p", "Prod", "Approve")
	k.client = codepipeline.NewFromConfig(k.Config(k.User(t, tools, "tagged", allow)))
	k.must(k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, ""))
	many := []types.Tag{}
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(strings.Repeat("k", i+1)), Value: aws.String("")})
	}
	k.client = codepipeline.NewFromConfig(k.Config(sandboxtest.Root(tools)))
	if _, err = k.client.TagResource(t.Context(), &codepipeline.TagResourceInput{ResourceArn: aws.String(onP), Tags: many}); sandboxtest.Code(err) != "TooManyTagsException" {
		t.Errorf("51 tags: %v", err)
	}
}

func TestActionRevision(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, nil)
	put := func() *codepipeline.PutActionRevisionOutput {
		out, err := k.client.PutActionRevision(t.Context(), &codepipeline.PutActionRevisionInput{PipelineName: aws.String("p"), StageName: aws.String("Source"), ActionName: aws.String("Fetch"),
			ActionRevision: &types.ActionRevision{RevisionId: aws.String("r1"), RevisionChangeId: aws.String("c1"), Created: aws.Time(k.Sandbox.World.Clock.Now())}})
		k.must(err)
		return out
	}
	one, two := put(), put()
	if !one.NewRevision || two.NewRevision || *one.PipelineExecutionId != *two.PipelineExecutionId {
		t.Errorf("%+v %+v", one, two)
	}
	if x := k.execution("p", *one.PipelineExecutionId); x.Trigger.TriggerType != types.TriggerTypePutActionRevision {
		t.Errorf("trigger %+v", x.Trigger)
	}
}

func TestActionTypes(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.customType()
	list := func(owner types.ActionOwner) (providers []string) {
		out, err := k.client.ListActionTypes(t.Context(), &codepipeline.ListActionTypesInput{ActionOwnerFilter: owner})
		k.must(err)
		for _, a := range out.ActionTypes {
			providers = append(providers, string(a.Id.Category)+" "+*a.Id.Provider)
		}
		return providers
	}
	if got := list(types.ActionOwnerCustom); !slices.Equal(got, []string{"Build Worker"}) {
		t.Errorf("custom types %v", got)
	}
	if got := list(types.ActionOwnerAws); !slices.Contains(got, "Approval Manual") || !slices.Contains(got, "Deploy CloudFormation") {
		t.Errorf("types of AWS %v", got)
	}
	del := &codepipeline.DeleteCustomActionTypeInput{Category: types.ActionCategoryBuild, Provider: aws.String("Worker"), Version: aws.String("1")}
	_, err := k.client.DeleteCustomActionType(t.Context(), del)
	k.must(err)
	if got := list(types.ActionOwnerCustom); len(got) != 0 {
		t.Errorf("after the deletion: %v", got)
	}
	_, err = k.client.CreateCustomActionType(t.Context(), &codepipeline.CreateCustomActionTypeInput{Category: types.ActionCategoryBuild, Provider: aws.String("Worker"), Version: aws.String("1"), InputArtifactDetails: &types.ArtifactDetails{}, OutputArtifactDetails: &types.ArtifactDetails{}})
	if sandboxtest.Code(err) != "ValidationException" {
		t.Errorf("a deleted version with another definition: %v", err)
	}
	k.customType() // the same definition may come back
	rules, err := k.client.ListRuleTypes(t.Context(), nil)
	if err != nil || len(rules.RuleTypes) != 6 {
		t.Errorf("rule types %v %v", rules, err)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, nil)
	k.must(k.webhook("p", &types.WebhookAuthConfiguration{SecretToken: aws.String("s")}, "$.ref"))
	out, err := k.client.ListWebhooks(t.Context(), nil)
	if err != nil || len(out.Webhooks) != 1 || *out.Webhooks[0].Arn != onHook || *out.Webhooks[0].Definition.AuthenticationConfiguration.SecretToken != "****" {
		t.Errorf("webhooks %+v %v", out, err)
	}
}

// TestLimits: what is accepted and cannot be run is listed.
func TestLimits(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	res, err := http.Get(k.URL + "/_sandbox/support")
	k.must(err)
	defer res.Body.Close()
	var out struct {
		Limits map[string][]string `json:"limits"`
	}
	k.must(json.NewDecoder(res.Body).Decode(&out))
	for _, want := range []string{"running Deploy actions of the provider CloudFormation", "running Compute actions of the provider Commands"} {
		if !slices.Contains(out.Limits["codepipeline"], want) {
			t.Errorf("%q is not listed: %v", want, out.Limits["codepipeline"])
		}
	}
}

// TestOutbound: a disabled outbound transition holds executions like the next
// stage's inbound one.
func TestOutbound(t *testing.T) {
	t.Parallel()
	k, first := prepared(t, nil)
	k.approve("p", "Prod", "Approve")
	k.reached(first, "", "", "SUCCEEDED")
	set := &codepipeline.DisableStageTransitionInput{PipelineName: aws.String("p"), StageName: aws.String("Source"), TransitionType: types.StageTransitionTypeOutbound, Reason: aws.String("hold")}
	_, err := k.client.DisableStageTransition(t.Context(), set)
	k.must(err)
	second := k.start("p")
	k.reached(second, "Source", "", "SUCCEEDED")
	if in := k.state("p").StageStates[1].InboundExecution; in == nil || *in.PipelineExecutionId != second {
		t.Errorf("inbound %+v", in)
	}
	_, err = k.client.EnableStageTransition(t.Context(), &codepipeline.EnableStageTransitionInput{PipelineName: aws.String("p"), StageName: aws.String("Source"), TransitionType: types.StageTransitionTypeOutbound})
	k.must(err)
	k.reached(second, "Prod", "Approve", "STARTED")
}
