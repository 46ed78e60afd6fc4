package estatetest

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/estate"
)

// The accounts of the named estates.
const (
	Tools = "111111111111"
	Prod  = "222222222222"
)

// OneGate is a pipeline "shop" in one account with one manual approval. alice
// may push to the repository, bob may approve, and nobody else may do anything.
func OneGate() *estate.Estate { return shop(Tools, []string{"ApproveProd"}, nil) }

// CrossAccount is OneGate with production in an account of its own: the deploy
// action acts as shop-deploy there, and the stack is built as shop-stack.
func CrossAccount() *estate.Estate { return shop(Prod, []string{"ApproveProd"}, nil) }

// TwoGates is CrossAccount with two approvals one after the other, each for its
// own people: bob answers the first, carol the second.
func TwoGates() *estate.Estate {
	return shop(Prod, []string{"ApproveRelease", "ApproveProd"}, nil)
}

// TwoGatesOneApprover is TwoGates, but bob may answer both.
func TwoGatesOneApprover() *estate.Estate {
	return shop(Prod, []string{"ApproveRelease", "ApproveProd"}, []Part{
		Resource(Tools, "AWS::IAM::Policy", "AlsoBob", "AlsoBob", `{"PolicyName": "also-bob", "Users": ["bob"],
			"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "codepipeline:PutApprovalResult",
			"Resource": "arn:aws:codepipeline:us-east-1:111111111111:shop/ApproveProd/Approve"}}}`),
	})
}

// shop builds the named estates: gates are the names of the approval stages, and
// each is for the next of bob and carol.
func shop(prod string, gates []string, more []Part) *estate.Estate {
	const (
		bucket = "arn:aws:s3:::shop-artifacts"
		key    = "arn:aws:kms:us-east-1:111111111111:key/11111111-2222-3333-4444-555555555555"
		use    = `"kms:Decrypt", "kms:GenerateDataKey"`
	)
	pipelineRole, deploy, stack := role(Tools, "shop-pipeline"), role(prod, "shop-deploy"), role(prod, "shop-stack")
	artifacts := func(actions string) string {
		return fmt.Sprintf(`{"Effect": "Allow", "Action": [%s], "Resource": ["%s/shop/*", "%s"]}`, actions, bucket, key)
	}
	parts := []Part{
		Account("tools", Tools, prod == Tools),
		Resource(Tools, "AWS::CodeCommit::Repository", "Repository", "00000000-0000-0000-0000-000000000001", `{"RepositoryName": "shop"}`),
		Resource(Tools, "AWS::S3::Bucket", "Bucket", "shop-artifacts", `{"BucketName": "shop-artifacts", "VersioningConfiguration": {"Status": "Enabled"}}`),
		Resource(Tools, "AWS::S3::BucketPolicy", "BucketPolicy", "shop-artifacts", fmt.Sprintf(`{"Bucket": "shop-artifacts", "PolicyDocument":
			{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": %q}, "Action": "s3:GetObject", "Resource": "%s/shop/*"}}}`, deploy, bucket)),
		Resource(Tools, "AWS::KMS::Key", "Key", "11111111-2222-3333-4444-555555555555", fmt.Sprintf(`{"KeyPolicy": {"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"AWS": [%q, %q]}, "Action": [%s], "Resource": "*"},
			{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": "kms:Decrypt", "Resource": "*"}]}}`,
			pipelineRole, role(Tools, "shop-build"), use, deploy)),
		Resource(Tools, "AWS::CodeBuild::Project", "Build", "shop-build", fmt.Sprintf(`{"Name": "shop-build", "ServiceRole": %q,
			"Source": {"Type": "CODEPIPELINE", "BuildSpec": "version: 0.2\nphases: {}\n"}, "Environment": {"PrivilegedMode": false}}`, role(Tools, "shop-build"))),
		Role(Tools, "shop-build", `{"Service": "codebuild.amazonaws.com"}`, artifacts(`"s3:GetObject", "s3:PutObject", `+use)),
		Role(Tools, "shop-pipeline", `{"Service": "codepipeline.amazonaws.com"}`, "["+strings.Join([]string{
			artifacts(`"s3:GetObject", "s3:PutObject", ` + use),
			`{"Effect": "Allow", "Action": ["codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus"], "Resource": "arn:aws:codecommit:us-east-1:111111111111:shop"}`,
			`{"Effect": "Allow", "Action": ["codebuild:StartBuild", "codebuild:BatchGetBuilds"], "Resource": "arn:aws:codebuild:us-east-1:111111111111:project/shop-build"}`,
			fmt.Sprintf(`{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": %q}`, deploy),
		}, ", ")+"]"),
		Role(prod, "shop-deploy", fmt.Sprintf(`{"AWS": %q}`, pipelineRole), "["+strings.Join([]string{
			artifacts(`"s3:GetObject", "kms:Decrypt"`),
			fmt.Sprintf(`{"Effect": "Allow", "Action": ["cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DescribeStacks"], "Resource": "arn:aws:cloudformation:us-east-1:%s:stack/shop-prod/*"}`, prod),
			fmt.Sprintf(`{"Effect": "Allow", "Action": "iam:PassRole", "Resource": %q}`, stack),
		}, ", ")+"]"),
		Role(prod, "shop-stack", `{"Service": "cloudformation.amazonaws.com"}`,
			fmt.Sprintf(`{"Effect": "Allow", "Action": "lambda:*", "Resource": "arn:aws:lambda:us-east-1:%s:function:shop-*"}`, prod)),
		User(Tools, "alice", `{"Effect": "Allow", "Action": ["codecommit:GitPush", "codecommit:GitPull"], "Resource": "arn:aws:codecommit:us-east-1:111111111111:shop"}`),
	}
	if prod != Tools {
		parts = append(parts, Account("prod", prod, true))
	}
	var stages []string
	for i, gate := range gates {
		name := []string{"bob", "carol"}[i]
		parts = append(parts, User(Tools, name, fmt.Sprintf(
			`{"Effect": "Allow", "Action": "codepipeline:PutApprovalResult", "Resource": "arn:aws:codepipeline:us-east-1:111111111111:shop/%s/Approve"}`, gate)))
		stages = append(stages, fmt.Sprintf(`{"Name": %q, "Actions": [{"Name": "Approve", "ActionTypeId":
			{"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}}]}`, gate))
	}
	parts = append(parts, Resource(Tools, "AWS::CodePipeline::Pipeline", "Pipeline", "shop", fmt.Sprintf(`{"Name": "shop", "RoleArn": %q,
		"ArtifactStore": {"Type": "S3", "Location": "shop-artifacts", "EncryptionKey": {"Type": "KMS", "Id": %q}},
		"Stages": [
		{"Name": "Source", "Actions": [{"Name": "Checkout", "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeCommit", "Version": "1"},
			"Configuration": {"RepositoryName": "shop", "BranchName": "main"}, "OutputArtifacts": [{"Name": "SourceOut"}]}]},
		{"Name": "Build", "Actions": [{"Name": "Build", "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"},
			"Configuration": {"ProjectName": "shop-build"}, "InputArtifacts": [{"Name": "SourceOut"}], "OutputArtifacts": [{"Name": "BuildOut"}]}]},
		%s,
		{"Name": "DeployProd", "Actions": [{"Name": "Deploy", "RoleArn": %q, "ActionTypeId": {"Category": "Deploy", "Owner": "AWS", "Provider": "CloudFormation", "Version": "1"},
			"Configuration": {"ActionMode": "CREATE_UPDATE", "StackName": "shop-prod", "TemplatePath": "BuildOut::template.yaml", "RoleArn": %q},
			"InputArtifacts": [{"Name": "BuildOut"}]}]}]}`, pipelineRole, key, strings.Join(stages, ", "), deploy, stack)))
	return Build(append(parts, more...)...)
}

func role(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }
