package codebuild_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const (
	tools   = "arn:aws:iam::111111111111"
	project = "arn:aws:codebuild:eu-central-1:111111111111:project/"
)

type in = sandboxtest.In

func client(cfg aws.Config) *codebuild.Client { return codebuild.NewFromConfig(cfg) }

// builder makes the role that projects have; it may do what builds need.
func builder(t testing.TB, k *sandboxtest.Kit, more ...sandboxtest.Statement) string {
	t.Helper()
	return k.Role(t, sandboxtest.Tools, "builder", sandboxtest.Trust("codebuild.amazonaws.com"), append(more,
		sandboxtest.Allow("logs:*", "*"), sandboxtest.Allow("kms:*", "*"))...)
}

// newProject makes a project without source whose buildspec is given.
func newProject(t testing.TB, k *sandboxtest.Kit, name, spec string, change func(*codebuild.CreateProjectInput)) {
	t.Helper()
	in := &codebuild.CreateProjectInput{
		Name: &name, ServiceRole: aws.String(tools + ":role/builder"),
		Source:      &types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: &spec},
		Artifacts:   &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
		Environment: &types.ProjectEnvironment{Type: types.EnvironmentTypeLinuxContainer, Image: aws.String("aws/codebuild/standard:7.0"), ComputeType: types.ComputeTypeBuildGeneral1Small},
	}
	if change != nil {
		change(in)
	}
	if _, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).CreateProject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// start starts a build as the root user.
func start(t testing.TB, k *sandboxtest.Kit, in *codebuild.StartBuildInput) string {
	t.Helper()
	out, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).StartBuild(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if out.Build.BuildStatus != types.StatusTypeInProgress || out.Build.BuildComplete {
		t.Errorf("a build that was just started is %s", out.Build.BuildStatus)
	}
	return *out.Build.Id
}

// ended waits until no build runs and returns one.
func ended(t testing.TB, k *sandboxtest.Kit, id string) types.Build {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := k.Sandbox.World.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	return get(t, k, id)
}

func get(t testing.TB, k *sandboxtest.Kit, id string) types.Build {
	t.Helper()
	out, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).BatchGetBuilds(t.Context(), &codebuild.BatchGetBuildsInput{Ids: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Builds) != 1 {
		t.Fatalf("no build %s", id)
	}
	return out.Builds[0]
}

// phases are the statuses of a build's phases.
func phases(b types.Build) map[string]string {
	out := map[string]string{}
	for _, p := range b.Phases {
		out[string(p.PhaseType)] = string(p.PhaseStatus)
	}
	return out
}

// context is what the phase of a build says.
func phaseContext(b types.Build, kind types.BuildPhaseType) (code, message string) {
	for _, p := range b.Phases {
		if p.PhaseType == kind && len(p.Contexts) > 0 {
			return aws.ToString(p.Contexts[0].StatusCode), aws.ToString(p.Contexts[0].Message)
		}
	}
	return "", ""
}

func exported(b types.Build) map[string]string {
	out := map[string]string{}
	for _, v := range b.ExportedEnvironmentVariables {
		out[aws.ToString(v.Name)] = aws.ToString(v.Value)
	}
	return out
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}
