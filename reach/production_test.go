package reach_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/internal/load/cloudformation"
	"github.com/twokey/twokey/reach"
)

// Where nothing is marked production, being in the pipeline's own account makes no
// build, test or earlier environment production; deploying the same thing, or with
// the same hands, does.
func TestInferredProduction(t *testing.T) {
	t.Parallel()
	const head = `AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: orchestra
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: codepipeline.amazonaws.com}, Action: "sts:AssumeRole"}]}
  Stacks:
    Type: AWS::IAM::Role
    Properties:
      RoleName: stacks
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: cloudformation.amazonaws.com}, Action: "sts:AssumeRole"}]}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: shop
      RoleArn: !GetAtt Role.Arn
      ArtifactStore: {Type: S3, Location: shop-artifacts}
      Stages:
        - Name: Source
          Actions: [{Name: Get, ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: "1"}, Configuration: {RepositoryName: shop, BranchName: main}, OutputArtifacts: [{Name: S}]}]
        - Name: Build
          Actions: [{Name: Make, ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: "1"}, Configuration: {ProjectName: shop}, InputArtifacts: [{Name: S}], OutputArtifacts: [{Name: B}]}]
`
	stack := func(stage, name, role string) string {
		if role != "" {
			role = ", RoleArn: " + role
		}
		return "        - Name: " + stage + "\n          Actions: [{Name: Put, ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: \"1\"}, Configuration: {ActionMode: CREATE_UPDATE, StackName: " + name + ", TemplatePath: \"B::t\"" + role + "}, InputArtifacts: [{Name: B}]}]\n"
	}
	const gate = "        - Name: Ask\n          Actions: [{Name: Ask, ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: \"1\"}}]\n"
	const own = "!GetAtt Stacks.Arn"
	tests := []struct {
		name   string
		stages string
		want   []string
	}{
		{"no gate", stack("Out", "shop", own), []string{"Out/Put"}},
		{"an earlier environment", stack("Try", "shop-try", own) + gate + stack("Out", "shop", own), []string{"Out/Put"}},
		{"the same stack before", stack("Try", "shop", own) + gate + stack("Out", "shop", own), []string{"Try/Put", "Out/Put"}},
		{"with the same hands", stack("Try", "shop-try", "") + gate + stack("Out", "shop", ""), []string{"Try/Put", "Out/Put"}},
		{"nothing after the gate", stack("Try", "shop-try", own) + gate, []string{"Try/Put"}},
		{"builds alone", "", []string{"Build/Make"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "t.yaml"), []byte(head+tt.stages), 0o644); err != nil {
				t.Fatal(err)
			}
			loaded, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			p := reach.Analyze(loaded.Estate, reach.Options{})
			if len(p.Pipelines) != 1 || !p.Pipelines[0].Inferred {
				t.Fatalf("got %d pipelines, or nothing inferred", len(p.Pipelines))
			}
			if diff := cmp.Diff(tt.want, p.Pipelines[0].Production); diff != "" {
				t.Error(strings.TrimSpace(diff))
			}
		})
	}
}

// What a parameter leaves open stands in a way as *, never as the mark that the
// model keeps for it.
func TestOpenNamesInWays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const template = `AWSTemplateFormatVersion: "2010-09-09"
Parameters: {RoleName: {Type: String}, Name: {Type: String}}
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Ref Name
      RoleArn: !Sub arn:aws:iam::${AWS::AccountId}:role/${RoleName}
      ArtifactStore: {Type: S3, Location: shop-artifacts}
      Stages:
        - Name: Source
          Actions: [{Name: Get, ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: "1"}, Configuration: {RepositoryName: shop, BranchName: main}, OutputArtifacts: [{Name: S}]}]
        - Name: Out
          Actions: [{Name: Put, ActionTypeId: {Category: Deploy, Owner: AWS, Provider: ECS, Version: "1"}, Configuration: {ClusterName: c, ServiceName: s}, InputArtifacts: [{Name: S}]}]
`
	if err := os.WriteFile(filepath.Join(dir, "t.yaml"), []byte(template), 0o644); err != nil {
		t.Fatal(err)
	}
	loaded, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := reach.Analyze(loaded.Estate, reach.Options{}).Pipelines[0]
	if len(p.Ways) == 0 {
		t.Fatal("no ways")
	}
	for _, w := range p.Ways {
		for _, s := range w.Steps {
			for _, text := range []string{s.Principal, s.Resource, s.Gains, w.Title, w.Mend} {
				if strings.Contains(text, "\x00") {
					t.Errorf("%q", text)
				}
			}
		}
	}
}

// A role that trusts the one account of the templates, whose id nobody gave, is
// not one that every account may enter; one that trusts * is.
func TestTrustOfTheAccountItself(t *testing.T) {
	t.Parallel()
	const template = `AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: editor
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: PRINCIPAL}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "codepipeline:*", Resource: "*"}]}}]
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: shop
      RoleArn: arn:aws:iam::111111111111:role/x
      ArtifactStore: {Type: S3, Location: shop-artifacts}
      Stages:
        - Name: Source
          Actions: [{Name: Get, ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: "1"}, Configuration: {RepositoryName: shop, BranchName: main}, OutputArtifacts: [{Name: S}]}]
        - Name: Out
          Actions: [{Name: Put, ActionTypeId: {Category: Deploy, Owner: AWS, Provider: ECS, Version: "1"}, Configuration: {ClusterName: c, ServiceName: s}, InputArtifacts: [{Name: S}]}]
`
	for principal, want := range map[string]string{
		`!Sub "arn:aws:iam::${AWS::AccountId}:root"`: "account 000000000000",
		`"*"`: "any AWS account",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "t.yaml"), []byte(strings.Replace(template, "PRINCIPAL", principal, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		loaded, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var people []string
		for _, w := range reach.Analyze(loaded.Estate, reach.Options{}).Pipelines[0].Ways {
			people = append(people, w.People...)
		}
		got := strings.Join(people, "; ")
		if other := "any AWS account"; !strings.Contains(got, want) || want != other && strings.Contains(got, other) {
			t.Errorf("%s: people %q, want %q", principal, got, want)
		}
	}
}
