package codebuild_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// A build of a repository needs codecommit:GitPull; a retry builds the commit that
// was built before, whatever the branch is by now.
func TestCommitSource(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	const at = "arn:aws:codecommit:eu-central-1:111111111111:repo"
	k.Invoke(t, sandboxtest.Tools, "codecommit", "CreateRepository", map[string]any{"repositoryName": "repo"}, nil)
	commit := func(text, parent string) string {
		in := map[string]any{"repositoryName": "repo", "branchName": "main", "filePath": "ci/spec.yml",
			"fileContent": []byte("version: 0.2\nenv: {exported-variables: [TEXT, CODEBUILD_RESOLVED_SOURCE_VERSION]}\nphases:\n  build: {commands: [export TEXT=" + text + "]}\n")}
		if parent != "" {
			in["parentCommitId"] = parent
		}
		var out struct {
			CommitID string `json:"commitId"`
		}
		k.Invoke(t, sandboxtest.Tools, "codecommit", "PutFile", in, &out)
		return out.CommitID
	}
	one := commit("one", "")
	builder(t, k)
	newProject(t, k, "project", "ci/spec.yml", func(in *codebuild.CreateProjectInput) {
		in.Source.Type, in.Source.Location = types.SourceTypeCodecommit, aws.String("https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/repo")
		in.SourceVersion = aws.String("refs/heads/main")
	})
	b := ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))
	if _, message := phaseContext(b, types.BuildPhaseTypeDownloadSource); !strings.Contains(message, "is not authorized to perform: codecommit:GitPull on resource: "+at) {
		t.Errorf("without the permission: %s", message)
	}
	k.Invoke(t, sandboxtest.Tools, "iam", "PutRolePolicy", map[string]any{"RoleName": "builder", "PolicyName": "more", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("codecommit:GitPull", at))}, nil)
	id := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	b = ended(t, k, id)
	if got := exported(b); got["TEXT"] != "one" || got["CODEBUILD_RESOLVED_SOURCE_VERSION"] != one || aws.ToString(b.ResolvedSourceVersion) != one {
		t.Errorf("%s %v", b.BuildStatus, got)
	}
	commit("two", one)
	out, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).RetryBuild(t.Context(), &codebuild.RetryBuildInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	if got := exported(ended(t, k, *out.Build.Id)); got["TEXT"] != "one" {
		t.Errorf("the retry built %v", got)
	}
	if got := exported(ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))); got["TEXT"] != "two" {
		t.Errorf("a new build built %v", got)
	}
}

// A zip whose files would lie outside the source is refused.
func TestSourceThatLeadsOut(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	newBucket(t, k, "store")
	builder(t, k, sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::store/*"))
	put(t, k, "store", "source.zip", zipped(t, map[string]string{"../../home/.profile": "x"}))
	newProject(t, k, "project", done, func(in *codebuild.CreateProjectInput) {
		in.Source.Type, in.Source.Location = types.SourceTypeS3, aws.String("store/source.zip")
	})
	b := ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))
	if code, message := phaseContext(b, types.BuildPhaseTypeDownloadSource); code != "CLIENT_ERROR" || !strings.Contains(message, "../../home/.profile") {
		t.Errorf("%s %s %s", b.BuildStatus, code, message)
	}
}

// The AWS CLI, both from outside and within a build: there it is whoever the
// project's role is.
func TestCLI(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	k := sandboxtest.Start(t)
	builder(t, k)
	env := append(k.Env(sandboxtest.Root(sandboxtest.Tools)), "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	run := func(out any, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append(args, "--output", "json")...)
		cmd.Env = env
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, text)
		}
		if out == nil {
			return
		}
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, text)
		}
	}
	// HOME: where the CLI is a wrapper that looks for its settings there.
	spec := "version: 0.2\nenv:\n  variables: {HOME: " + os.Getenv("HOME") + "}\n  exported-variables: [WHO]\nphases:\n  build:\n    commands: ['export WHO=$(aws sts get-caller-identity --query Arn --output text)']\n"
	run(nil, "codebuild", "create-project", "--name", "project", "--source", `{"type":"NO_SOURCE","buildspec":`+quoted(t, spec)+`}`, "--artifacts", "type=NO_ARTIFACTS",
		"--environment", "type=LINUX_CONTAINER,image=aws/codebuild/standard:7.0,computeType=BUILD_GENERAL1_SMALL", "--service-role", tools+":role/builder")
	var started struct {
		Build struct {
			ID string `json:"id"`
		} `json:"build"`
	}
	run(&started, "codebuild", "start-build", "--project-name", "project")
	b := ended(t, k, started.Build.ID)
	_, number, _ := strings.Cut(started.Build.ID, ":")
	if got, want := exported(b)["WHO"], "arn:aws:sts::111111111111:assumed-role/builder/AWSCodeBuild-"+number; got != want {
		t.Errorf("the build is %s, and %q, want %q", b.BuildStatus, got, want)
	}
	var builds struct {
		IDs []string `json:"ids"`
	}
	run(&builds, "codebuild", "list-builds-for-project", "--project-name", "project")
	if len(builds.IDs) != 1 || builds.IDs[0] != started.Build.ID {
		t.Errorf("list-builds-for-project: %v", builds)
	}
}

func quoted(t testing.TB, text string) string {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
