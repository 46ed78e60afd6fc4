package codepipeline_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestCLI: the AWS CLI, unmodified, makes a pipeline, finds the open approval, is
// refused a wrong token and approves.
func TestCLI(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	k := newKit(t)
	k.putSource(map[string]string{"a": "b"})
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, append([]string{"codepipeline"}, args...)...)
		cmd.Env = append(k.Env(sandboxtest.Root(tools)), "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	definition, err := json.Marshal(map[string]any{
		"name": "p", "roleArn": k.role, "artifactStore": map[string]any{"type": "S3", "location": store},
		"stages": []any{
			map[string]any{"name": "Source", "actions": []any{map[string]any{
				"name": "Fetch", "actionTypeId": map[string]any{"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
				"configuration": map[string]any{"S3Bucket": "sources", "S3ObjectKey": "app.zip"}, "outputArtifacts": []any{map[string]any{"name": "SourceArtifact"}},
			}}},
			map[string]any{"name": "Prod", "actions": []any{approveAction()}},
		},
	})
	k.must(err)
	if out, err := run("create-pipeline", "--pipeline", string(definition), "--query", "pipeline.version", "--output", "text"); err != nil || out != "1" {
		t.Fatalf("create-pipeline: %s %v", out, err)
	}
	id := k.newest("p")
	k.reached(id, "Prod", "Approve", "STARTED")
	token, err := run("get-pipeline-state", "--name", "p", "--query", "stageStates[?stageName=='Prod'].actionStates[0].latestExecution.token", "--output", "text")
	if err != nil || token != k.token("p", "Prod", "Approve") {
		t.Fatalf("get-pipeline-state: %s %v", token, err)
	}
	approve := func(token string) (string, error) {
		return run("put-approval-result", "--pipeline-name", "p", "--stage-name", "Prod", "--action-name", "Approve", "--token", token, "--result", "summary=,status=Approved")
	}
	if out, err := approve(noSuchID); err == nil || !strings.Contains(out, "(InvalidApprovalTokenException) when calling the PutApprovalResult operation") {
		t.Errorf("a wrong token: %s %v", out, err)
	}
	if out, err := approve(token); err != nil || !strings.Contains(out, "approvedAt") {
		t.Errorf("put-approval-result: %s %v", out, err)
	}
	k.reached(id, "", "", "SUCCEEDED")
}
