package codebuild_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// A pipeline from CodeCommit over CodeBuild to S3, with the permissions that the
// user guides list for its roles and no more.
func TestPipelineFromCommit(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	ended := make(chan string, 1)
	k.Sandbox.World.OnEvent(func(e cloud.Event) {
		var d struct{ State string }
		if e.DetailType == "CodePipeline Pipeline Execution State Change" && json.Unmarshal(e.Detail, &d) == nil && (d.State == "SUCCEEDED" || d.State == "FAILED") {
			ended <- d.State
		}
	})
	newBucket(t, k, "store")
	newBucket(t, k, "site")
	k.Invoke(t, sandboxtest.Tools, "codecommit", "CreateRepository", map[string]any{"repositoryName": "repo"}, nil)
	k.Invoke(t, sandboxtest.Tools, "codecommit", "CreateCommit", map[string]any{"repositoryName": "repo", "branchName": "main", "putFiles": []any{
		map[string]any{"filePath": "page.txt", "fileContent": []byte("hello")},
		map[string]any{"filePath": "buildspec.yml", "fileContent": []byte("version: 0.2\nphases:\n  build: {commands: ['sed s/hello/built/ page.txt > out.txt']}\nartifacts: {files: [out.txt]}\n")},
	}}, nil)
	builder(t, k, sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::store/*"), sandboxtest.Allow("s3:PutObject", "arn:aws:s3:::store/*"))
	newProject(t, k, "project", "", func(in *codebuild.CreateProjectInput) {
		in.Source = &types.ProjectSource{Type: types.SourceTypeCodepipeline}
		in.Artifacts.Type = types.ArtifactsTypeCodepipeline
	})
	const repo = "arn:aws:codecommit:eu-central-1:111111111111:repo"
	role := k.Role(t, sandboxtest.Tools, "piper", sandboxtest.Trust("codepipeline.amazonaws.com"),
		sandboxtest.Allow("codecommit:GetBranch", repo), sandboxtest.Allow("codecommit:GetCommit", repo), sandboxtest.Allow("codecommit:UploadArchive", repo),
		sandboxtest.Allow("codebuild:StartBuild", project+"project"), sandboxtest.Allow("codebuild:BatchGetBuilds", project+"project"),
		sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::store/*"), sandboxtest.Allow("s3:PutObject", "arn:aws:s3:::store/*", "arn:aws:s3:::site/*"))
	action := func(name, category, provider string, configuration map[string]string, from, to string) map[string]any {
		a := map[string]any{"name": name, "actionTypeId": map[string]any{"category": category, "owner": "AWS", "provider": provider, "version": "1"}, "configuration": configuration}
		if from != "" {
			a["inputArtifacts"] = []any{map[string]any{"name": from}}
		}
		if to != "" {
			a["outputArtifacts"] = []any{map[string]any{"name": to}}
		}
		return a
	}
	stage := func(name string, action map[string]any) map[string]any {
		return map[string]any{"name": name, "actions": []any{action}}
	}
	k.Invoke(t, sandboxtest.Tools, "codepipeline", "CreatePipeline", map[string]any{"pipeline": map[string]any{
		"name": "pipeline", "roleArn": role, "artifactStore": map[string]any{"type": "S3", "location": "store"}, "stages": []any{
			stage("Source", action("Source", "Source", "CodeCommit", map[string]string{"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"}, "", "src")),
			stage("Build", action("Build", "Build", "CodeBuild", map[string]string{"ProjectName": "project"}, "src", "out")),
			stage("Deploy", action("Deploy", "Deploy", "S3", map[string]string{"BucketName": "site", "Extract": "true"}, "out", "")),
		}}}, nil)
	select {
	case state := <-ended:
		if state != "SUCCEEDED" {
			var out any
			k.Invoke(t, sandboxtest.Tools, "codepipeline", "GetPipelineState", map[string]any{"name": "pipeline"}, &out)
			text, _ := json.MarshalIndent(out, "", " ")
			t.Fatalf("the execution is %s\n%s", state, text)
		}
	case <-time.After(time.Minute):
		t.Fatal("the execution does not end")
	}
	body, _, _ := object(t, k, "site", "out.txt")
	if string(body) != "built" {
		t.Errorf("the site says %q", body)
	}
	var builds struct {
		IDs []string `json:"ids"`
	}
	k.Invoke(t, sandboxtest.Tools, "codebuild", "ListBuilds", nil, &builds)
	if b := get(t, k, builds.IDs[0]); aws.ToString(b.Initiator) != "codepipeline/piper" { // the role: see docs/sandbox/codebuild.md
		t.Errorf("the build's initiator is %s", aws.ToString(b.Initiator))
	}
}
