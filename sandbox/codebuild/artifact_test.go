package codebuild_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const pipelineSpec = `version: 0.2
phases:
  build:
    commands:
      - mkdir -p out/deep
      - cat one.txt > out/one.txt
      - cat "$CODEBUILD_SRC_DIR_second/two.txt" > out/deep/two.txt
      - echo no > out/left.log
artifacts:
  base-directory: out
  files: ['**/*']
  exclude-paths: ['**/*.log']
  secondary-artifacts:
    flat:
      base-directory: out
      discard-paths: yes
      files: ['deep/*']
`

func put(t testing.TB, k *sandboxtest.Kit, bucket, key string, body []byte) {
	t.Helper()
	k.Invoke(t, sandboxtest.Tools, "s3", "PutObject", map[string]any{"Bucket": bucket, "Key": key, "Body": body}, nil)
}

func object(t testing.TB, k *sandboxtest.Kit, bucket, key string) (body []byte, encryption, keyID string) {
	t.Helper()
	var out struct {
		Body                              []byte
		ServerSideEncryption, SSEKMSKeyId string
	}
	k.Invoke(t, sandboxtest.Tools, "s3", "GetObject", map[string]any{"Bucket": bucket, "Key": key}, &out)
	return out.Body, out.ServerSideEncryption, out.SSEKMSKeyId
}

func newBucket(t testing.TB, k *sandboxtest.Kit, name string) {
	t.Helper()
	k.Invoke(t, sandboxtest.Tools, "s3", "CreateBucket", map[string]any{"Bucket": name, "CreateBucketConfiguration": map[string]any{"LocationConstraint": sandboxtest.Region}}, nil)
}

// A pipeline hands over sources and the places of artifacts as ARNs of objects.
func TestPipelineArtifacts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	newBucket(t, k, "store")
	var key struct{ KeyMetadata struct{ Arn string } }
	k.Invoke(t, sandboxtest.Tools, "kms", "CreateKey", map[string]any{}, &key)
	builder(t, k, sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::store/in/*"), sandboxtest.Allow("s3:PutObject", "arn:aws:s3:::store/out/*"))
	newProject(t, k, "project", pipelineSpec, func(in *codebuild.CreateProjectInput) {
		in.Source.Type, in.Artifacts.Type = types.SourceTypeCodepipeline, types.ArtifactsTypeCodepipeline
		in.EncryptionKey = aws.String(key.KeyMetadata.Arn)
	})
	put(t, k, "store", "in/one", zipped(t, map[string]string{"one.txt": "1"}))
	put(t, k, "store", "in/two", zipped(t, map[string]string{"two.txt": "2"}))
	id := start(t, k, &codebuild.StartBuildInput{
		ProjectName: aws.String("project"), SourceVersion: aws.String("arn:aws:s3:::store/in/one"),
		SecondarySourcesOverride:        []types.ProjectSource{{Type: types.SourceTypeCodepipeline, SourceIdentifier: aws.String("second")}},
		SecondarySourcesVersionOverride: []types.ProjectSourceVersion{{SourceIdentifier: aws.String("second"), SourceVersion: aws.String("arn:aws:s3:::store/in/two")}},
		ArtifactsOverride:               &types.ProjectArtifacts{Type: types.ArtifactsTypeCodepipeline, Location: aws.String("arn:aws:s3:::store/out/main")},
		SecondaryArtifactsOverride:      []types.ProjectArtifacts{{Type: types.ArtifactsTypeCodepipeline, Location: aws.String("arn:aws:s3:::store/out/flat"), ArtifactIdentifier: aws.String("flat")}},
	})
	b := ended(t, k, id)
	if b.BuildStatus != types.StatusTypeSucceeded {
		text, _ := json.MarshalIndent(b.Phases, "", " ")
		t.Fatalf("the build is %s: %s", b.BuildStatus, text)
	}
	main, encryption, keyID := object(t, k, "store", "out/main")
	if d := cmp.Diff(map[string]string{"one.txt": "1", "deep/two.txt": "2"}, unzipped(t, main)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if encryption != "aws:kms" || keyID != key.KeyMetadata.Arn {
		t.Errorf("the artifact is encrypted with %s %s, not with the project's key", encryption, keyID)
	}
	flat, _, _ := object(t, k, "store", "out/flat")
	if d := cmp.Diff(map[string]string{"two.txt": "2"}, unzipped(t, flat)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// The role decides, and the phase says what it may not.
func TestRoleMayNot(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	newBucket(t, k, "store")
	builder(t, k, sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::store/source.zip"))
	put(t, k, "store", "source.zip", zipped(t, map[string]string{"buildspec.yml": "version: 0.2\nphases:\n  build: {commands: ['echo 1 > a']}\nartifacts: {files: [a, missing]}\n"}))
	put(t, k, "store", "other.zip", zipped(t, map[string]string{"buildspec.yml": ""}))
	newProject(t, k, "project", "", func(in *codebuild.CreateProjectInput) {
		in.Source = &types.ProjectSource{Type: types.SourceTypeS3, Location: aws.String("store/source.zip")}
		in.Artifacts = &types.ProjectArtifacts{Type: types.ArtifactsTypeS3, Location: aws.String("store"), Path: aws.String("built"), Name: aws.String("a.zip"), NamespaceType: types.ArtifactNamespaceBuildId, Packaging: types.ArtifactPackagingZip}
	})
	session := "arn:aws:sts::111111111111:assumed-role/builder/AWSCodeBuild-"
	id := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project"), SourceLocationOverride: aws.String("store/other.zip")})
	b := ended(t, k, id)
	code, message := phaseContext(b, types.BuildPhaseTypeDownloadSource)
	number := strings.TrimPrefix(id, "project:")
	if want := "User: " + session + number + " is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::store/other.zip\""; code != "CLIENT_ERROR" || !strings.Contains(strings.ReplaceAll(message, `"`, ""), strings.ReplaceAll(want, `"`, "")) {
		t.Errorf("the phase says %s %s\nwant %s", code, message, want)
	}
	id = start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	b = ended(t, k, id)
	if code, message = phaseContext(b, types.BuildPhaseTypeUploadArtifacts); code != "CLIENT_ERROR" || !strings.Contains(message, "s3:PutObject") || b.BuildStatus != types.StatusTypeFailed {
		t.Errorf("the phase says %s %s", code, message)
	}
	k.Invoke(t, sandboxtest.Tools, "iam", "PutRolePolicy", map[string]any{"RoleName": "builder", "PolicyName": "more", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("s3:PutObject", "arn:aws:s3:::store/built/*"))}, nil)
	id = start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	b = ended(t, k, id)
	if b.BuildStatus != types.StatusTypeSucceeded {
		_, message = phaseContext(b, types.BuildPhaseTypeUploadArtifacts)
		t.Fatalf("the build is %s: %s", b.BuildStatus, message)
	}
	want := "arn:aws:s3:::store/built/" + strings.TrimPrefix(id, "project:") + "/a.zip"
	if got := aws.ToString(b.Artifacts.Location); got != want {
		t.Errorf("the artifact lies at %s, want %s", got, want)
	}
	body, _, _ := object(t, k, "store", strings.TrimPrefix(want, "arn:aws:s3:::store/"))
	if d := cmp.Diff(map[string]string{"a": "1\n"}, unzipped(t, body)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
