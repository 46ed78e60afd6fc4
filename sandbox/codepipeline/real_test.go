package codepipeline_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// real is a kit with the sandbox's own services behind the actions, and a pipeline
// role with the permissions that the user guide lists for them and no more.
func real(t *testing.T, statements ...sandboxtest.Statement) (*kit, string) {
	t.Helper()
	k := &kit{Kit: sandboxtest.Start(t), t: t}
	k.moved = sync.NewCond(&k.mu)
	k.client = codepipeline.NewFromConfig(k.Config(sandboxtest.Root(tools)))
	k.Sandbox.World.OnEvent(func(e cloud.Event) {
		k.mu.Lock()
		k.events = append(k.events, e)
		k.moved.Broadcast()
		k.mu.Unlock()
	})
	var key struct{ KeyMetadata struct{ Arn string } }
	k.Invoke(t, tools, "kms", "CreateKey", map[string]any{}, &key)
	for _, b := range []string{"sources", store, "site"} {
		k.Invoke(t, tools, "s3", "CreateBucket", map[string]any{"Bucket": b, "CreateBucketConfiguration": map[string]any{"LocationConstraint": region}}, nil)
	}
	k.Invoke(t, tools, "s3", "PutBucketVersioning", map[string]any{"Bucket": "sources", "VersioningConfiguration": map[string]any{"Status": "Enabled"}}, nil)
	k.Invoke(t, tools, "s3", "PutObject", map[string]any{"Bucket": "sources", "Key": "app.zip", "Body": zipped(t, map[string]string{
		"index.html": "hello", "buildspec.yml": "version: 0.2\nenv:\n  exported-variables: [TAG]\nphases:\n  build:\n    commands:\n      - export TAG=seven\n      - sed s/hello/built/ index.html > out.html\nartifacts:\n  files: [out.html]\n",
	})}, nil)
	objects := "arn:aws:s3:::" + store + "/*"
	k.role = k.Role(t, tools, "pipeline", sandboxtest.Trust("codepipeline.amazonaws.com"), append([]sandboxtest.Statement{
		sandboxtest.Allow("s3:GetBucketVersioning", "arn:aws:s3:::sources"), sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::sources/*", objects),
		sandboxtest.Allow("s3:PutObject", objects, "arn:aws:s3:::site/*"), sandboxtest.Allow("kms:GenerateDataKey", key.KeyMetadata.Arn), sandboxtest.Allow("kms:Decrypt", key.KeyMetadata.Arn),
	}, statements...)...)
	return k, key.KeyMetadata.Arn
}

func (k *kit) siteSays(key string) string {
	k.t.Helper()
	var out struct{ Body []byte }
	k.Invoke(k.t, tools, "s3", "GetObject", map[string]any{"Bucket": "site", "Key": key}, &out)
	return string(out.Body)
}

// TestRealDeployment: from S3 over an approval to S3, the artifact encrypted under
// the pipeline's key.
func TestRealDeployment(t *testing.T) {
	t.Parallel()
	k, key := real(t)
	ship := deploy("Ship")
	ship.RunOrder = aws.Int32(2)
	d := k.declare("p", stage("Prod", approval("Approve"), ship))
	d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: &key, Type: types.EncryptionKeyTypeKms}
	id := k.create(d)
	k.reached(id, "Prod", "Approve", "STARTED")
	k.approve("p", "Prod", "Approve")
	k.reached(id, "", "", "SUCCEEDED")
	if got := k.siteSays("index.html"); got != "hello" {
		t.Errorf("the site says %q", got)
	}
	list, err := k.client.ListActionExecutions(t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
	k.must(err)
	at := list.ActionExecutionDetails[0].Input.InputArtifacts[0].S3location
	var head struct{ ServerSideEncryption, SSEKMSKeyId string }
	k.Invoke(t, tools, "s3", "HeadObject", map[string]any{"Bucket": *at.Bucket, "Key": *at.Key}, &head)
	if head.ServerSideEncryption != "aws:kms" || head.SSEKMSKeyId != key {
		t.Errorf("the artifact is encrypted with %+v", head)
	}
}

// TestRealKeyDenied: without the key the deployment cannot read the artifact.
func TestRealKeyDenied(t *testing.T) {
	t.Parallel()
	k, key := real(t)
	d := k.declare("p", stage("Prod", approval("Approve")), stage("Last", deploy("Ship")))
	d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: &key, Type: types.EncryptionKeyTypeKms}
	id := k.create(d)
	k.reached(id, "Prod", "Approve", "STARTED")
	k.Invoke(t, tools, "iam", "PutRolePolicy", map[string]any{"RoleName": "pipeline", "PolicyName": "no-key", "PolicyDocument": sandboxtest.Document(
		sandboxtest.Statement{Effect: "Deny", Action: []string{"kms:Decrypt"}, Resource: []string{"*"}})}, nil)
	k.approve("p", "Prod", "Approve")
	if e := k.failure(id, "Last", "Ship"); *e.Code != "PermissionError" || !strings.Contains(*e.Message, "kms:Decrypt") {
		t.Errorf("%s: %s", *e.Code, *e.Message)
	}
}

// TestRealBuild: CodeBuild builds for the pipeline, under the project's own role.
func TestRealBuild(t *testing.T) {
	t.Parallel()
	project := "arn:aws:codebuild:" + region + ":" + tools + ":project/site"
	k, key := real(t, sandboxtest.Allow("codebuild:StartBuild", project), sandboxtest.Allow("codebuild:BatchGetBuilds", project))
	role := k.Role(t, tools, "builder", sandboxtest.Trust("codebuild.amazonaws.com"), sandboxtest.Allow("logs:*", "*"),
		sandboxtest.Allow("s3:*", "arn:aws:s3:::"+store, "arn:aws:s3:::"+store+"/*"), sandboxtest.Allow("kms:*", key))
	k.Invoke(t, tools, "codebuild", "CreateProject", map[string]any{
		"name": "site", "serviceRole": role, "encryptionKey": key, "source": map[string]any{"type": "CODEPIPELINE"}, "artifacts": map[string]any{"type": "CODEPIPELINE"},
		"environment": map[string]any{"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
	}, nil)
	build := types.ActionDeclaration{
		Name: aws.String("Build"), ActionTypeId: typeID(types.ActionCategoryBuild, "CodeBuild"), Namespace: aws.String("B"), Configuration: map[string]string{"ProjectName": "site"},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("SourceArtifact")}}, OutputArtifacts: []types.OutputArtifact{{Name: aws.String("Built")}},
	}
	ship := deploy("Ship")
	ship.InputArtifacts[0].Name = aws.String("Built")
	ship.Configuration["ObjectKey"] = "#{B.TAG}"
	d := k.declare("p", stage("Build", build), stage("Prod", ship))
	d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: &key, Type: types.EncryptionKeyTypeKms}
	id := k.create(d)
	k.reached(id, "", "", "SUCCEEDED")
	if got := k.siteSays("seven/out.html"); got != "built" {
		t.Errorf("the site says %q", got)
	}
}

// TestRealCommit: a commit starts the pipeline that polls its branch, which
// deploys the files of that commit.
func TestRealCommit(t *testing.T) {
	t.Parallel()
	repository := "arn:aws:codecommit:" + region + ":" + tools + ":site"
	k, key := real(t, sandboxtest.Allow("codecommit:GetBranch", repository), sandboxtest.Allow("codecommit:GetCommit", repository), sandboxtest.Allow("codecommit:UploadArchive", repository))
	k.Invoke(t, tools, "codecommit", "CreateRepository", map[string]any{"repositoryName": "site"}, nil)
	var first, second struct{ CommitID string }
	k.Invoke(t, tools, "codecommit", "PutFile", map[string]any{"repositoryName": "site", "branchName": "main", "filePath": "index.html", "fileContent": []byte("one"), "commitMessage": "the first"}, &first)
	d := k.declare("p", stage("Prod", deploy("Ship")))
	d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: &key, Type: types.EncryptionKeyTypeKms}
	d.Stages[0].Actions[0].ActionTypeId = typeID(types.ActionCategorySource, "CodeCommit")
	d.Stages[0].Actions[0].Configuration = map[string]string{"RepositoryName": "site", "BranchName": "main"}
	d.Stages[1].Actions[0].Configuration["ObjectKey"] = "#{Src.CommitMessage}/#{Src.BranchName}"
	id := k.create(d)
	k.reached(id, "", "", "SUCCEEDED")
	if got := k.siteSays("the first/main/index.html"); got != "one" {
		t.Errorf("the site says %q", got)
	}
	k.Invoke(t, tools, "codecommit", "PutFile", map[string]any{"repositoryName": "site", "branchName": "main", "filePath": "index.html", "fileContent": []byte("two"), "commitMessage": "the second", "parentCommitId": first.CommitID}, &second)
	k.until("an execution for the second commit", func(events []cloud.Event) bool {
		for _, c := range changes(events) {
			if c.ID != id && c.Type == "Pipeline" && c.State == "SUCCEEDED" {
				x := c.ID
				id = x
				return true
			}
		}
		return false
	})
	if got := k.siteSays("the second/main/index.html"); got != "two" {
		t.Errorf("the site says %q", got)
	}
	x := k.execution("p", id)
	if *x.ArtifactRevisions[0].RevisionId != second.CommitID || *x.ArtifactRevisions[0].RevisionSummary != "the second" || x.Trigger.TriggerType != types.TriggerTypePollForSourceChanges {
		t.Errorf("execution %+v", x)
	}
	// A start may name any commit of the repository, whatever its branch.
	out, err := k.client.StartPipelineExecution(t.Context(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), SourceRevisions: []types.SourceRevisionOverride{
		{ActionName: aws.String("Fetch"), RevisionType: types.SourceRevisionTypeCommitId, RevisionValue: &first.CommitID}}})
	k.must(err)
	k.reached(*out.PipelineExecutionId, "", "", "SUCCEEDED")
	if got := *k.execution("p", *out.PipelineExecutionId).ArtifactRevisions[0].RevisionId; got != first.CommitID {
		t.Errorf("revision %s", got)
	}
}

// TestRealNotice: the notice goes to the topic as the pipeline's role; without
// the permission the approval fails.
func TestRealNotice(t *testing.T) {
	t.Parallel()
	const topic = "arn:aws:sns:" + region + ":" + tools + ":approvals"
	for _, allowed := range []bool{true, false} {
		var statements []sandboxtest.Statement
		if allowed {
			statements = append(statements, sandboxtest.Allow("sns:Publish", topic))
		}
		k, key := real(t, statements...)
		k.Invoke(t, tools, "sns", "CreateTopic", map[string]any{"Name": "approvals"}, nil)
		// A topic's first policy lets its whole account in; this one lets nobody.
		k.Invoke(t, tools, "sns", "SetTopicAttributes", map[string]any{"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `"}]}`}, nil)
		a := approval("Approve")
		a.Configuration = map[string]string{"NotificationArn": topic}
		d := k.declare("p", stage("Prod", a))
		d.ArtifactStore.EncryptionKey = &types.EncryptionKey{Id: &key, Type: types.EncryptionKeyTypeKms}
		id := k.create(d)
		k.reached(id, "Prod", "Approve", "STARTED")
		if !allowed {
			if e := k.failure(id, "Prod", "Approve"); *e.Code != "PermissionError" || !strings.Contains(*e.Message, "is not authorized to perform: SNS:Publish on resource: "+topic) && !strings.Contains(*e.Message, "is not authorized to perform: sns:Publish on resource: "+topic) {
				t.Errorf("%s: %s", *e.Code, *e.Message)
			}
			continue
		}
		k.must(k.Sandbox.World.Idle(t.Context()))
		k.approve("p", "Prod", "Approve")
		k.reached(id, "", "", "SUCCEEDED")
	}
}
