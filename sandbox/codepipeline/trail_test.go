package codepipeline_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestTrail: who approved what, in the trail; and no secret in it.
func TestTrail(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	k.customType()
	id := k.create(k.declare("p", stage("Prod", approval("Approve"), worker("Build"))))
	k.reached(id, "Prod", "Build", "STARTED")
	token := k.token("p", "Prod", "Approve")
	k.must(k.answer("p", "Prod", "Approve", token, types.ApprovalStatusApproved, "fine"))
	jobs, err := k.client.PollForJobs(t.Context(), &codepipeline.PollForJobsInput{ActionTypeId: workerType()})
	k.must(err)
	k.must(k.webhook("p", &types.WebhookAuthConfiguration{SecretToken: aws.String("hush-hush")}, "$.ref"))
	secrets := []string{"hunter2", "hush-hush", *jobs.Jobs[0].Data.ArtifactCredentials.SecretAccessKey, *jobs.Jobs[0].Data.ArtifactCredentials.SessionToken}
	found := false
	for _, r := range k.Sandbox.World.Trail(tools) {
		data, err := json.Marshal(r)
		k.must(err)
		for _, s := range secrets {
			if strings.Contains(string(data), s) {
				t.Errorf("%s leaves the secret %q in the trail", r.EventName, s)
			}
		}
		if r.EventName != "PutApprovalResult" {
			continue
		}
		found = true
		var in struct {
			PipelineName, StageName, ActionName, Token string
			Result                                     struct{ Status, Summary string }
		}
		k.must(json.Unmarshal(r.RequestParameters, &in))
		if r.EventSource != "codepipeline.amazonaws.com" || r.ReadOnly || in.Token != token || in.Result.Status != "Approved" || in.Result.Summary != "fine" || in.PipelineName != "p" ||
			r.UserIdentity["type"] != "Root" || !strings.Contains(string(r.ResponseElements), "approvedAt") {
			t.Errorf("record %s", data)
		}
	}
	if !found {
		t.Error("the approval is not in the trail")
	}
}

// TestConfusedDeputy: a pipeline role can be bound to one pipeline.
func TestConfusedDeputy(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	role := k.Role(t, tools, "bound", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"},"ArnEquals":{"aws:SourceArn":"arn:aws:codepipeline:eu-central-1:111111111111:mine"}}}]}`, sandboxtest.Allow("*", "*"))
	for name, want := range map[string]string{"mine": "", "other": "InvalidStructureException"} {
		d := k.declare(name, stage("Prod", approval("Approve")))
		d.RoleArn = &role
		_, err := k.client.CreatePipeline(t.Context(), &codepipeline.CreatePipelineInput{Pipeline: d})
		if got := sandboxtest.Code(err); got != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
