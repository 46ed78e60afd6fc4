package scan_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/internal/load/cloudformation"
	"github.com/twokey/twokey/internal/scan"
)

// template is a pipeline whose bucket keeps versions only where the condition
// holds, and which has a gate only where it does not.
const template = `
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Careful: {Type: String, AllowedValues: ["true", "false"]}
Conditions:
  IsCareful: !Equals [!Ref Careful, "true"]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: !If [IsCareful, {Status: Enabled}, !Ref AWS::NoValue]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: codepipeline.amazonaws.com}, Action: sts:AssumeRole}]
  Repository:
    Type: AWS::CodeCommit::Repository
    Properties: {RepositoryName: shop}
  Pusher:
    Type: AWS::IAM::User
    Properties:
      UserName: pat
      Policies:
        - PolicyName: push
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: codecommit:GitPush, Resource: !GetAtt Repository.Arn}]}
  Approver:
    Type: AWS::IAM::User
    Properties:
      UserName: ann
      Policies:
        - PolicyName: approve
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: codepipeline:PutApprovalResult, Resource: "*"}]}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: shop
      RoleArn: !GetAtt Role.Arn
      ArtifactStore: {Type: S3, Location: !Ref Bucket}
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: "1"}
              Configuration: {RepositoryName: shop, BranchName: main}
              OutputArtifacts: [{Name: Source}]
        - Name: Prod
          Actions:
            - !If
              - IsCareful
              - Name: Approve
                ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: "1"}
                RunOrder: 1
              - !Ref AWS::NoValue
            - Name: Deploy
              RunOrder: 2
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: "1"}
              Configuration: {ActionMode: CREATE_UPDATE, StackName: shop, TemplatePath: "Source::t.yaml"}
              InputArtifacts: [{Name: Source}]
`

func scanned(t *testing.T, text string, o scan.Options) *scan.Result {
	t.Helper()
	return scannedFiles(t, map[string]string{"pipeline.yaml": text}, o)
}

func scannedFiles(t *testing.T, files map[string]string, o scan.Options) *scan.Result {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if o.Today.IsZero() {
		o.Today = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	}
	r, err := scan.Run(context.Background(), cloudformation.Load, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func the(t *testing.T, fs []finding.Finding, rule string) finding.Finding {
	t.Helper()
	i := slices.IndexFunc(fs, func(f finding.Finding) bool { return f.Rule == rule })
	if i < 0 {
		t.Fatalf("no finding of %s", rule)
	}
	return fs[i]
}

func TestFindingsSayWhichConditionTheyNeed(t *testing.T) {
	t.Parallel()
	r := scanned(t, template, scan.Options{})
	for rule, want := range map[string]string{
		"CP-203": "IsCareful=false", // no versions
		"CP-501": "IsCareful=false", // no gate
		"CP-603": "",                // the deployment has no role of its own either way
	} {
		f := the(t, r.Scan.Findings, rule)
		if f.Needs != want || f.Status != finding.StatusFail {
			t.Errorf("%s: needs %q and is %s, want %q and fail", rule, f.Needs, f.Status, want)
		}
	}
	p := r.Scan.Pipelines[0]
	if p.PeopleToProduction != 1 {
		t.Fatalf("takes %d people, want 1: pat pushes, and without the condition nobody is asked", p.PeopleToProduction)
	}
	if !slices.ContainsFunc(p.Ways, func(w finding.Way) bool {
		return slices.Contains(w.Assumes, "where IsCareful=false") && slices.Contains(w.People, "pat")
	}) {
		t.Errorf("no way says that it needs IsCareful=false: %+v", p.Ways)
	}
}

func TestDecidedConditionNeedsNothing(t *testing.T) {
	t.Parallel()
	r := scanned(t, strings.Replace(template, "IsCareful: !Equals [!Ref Careful, \"true\"]", "IsCareful: !Equals [x, x]", 1), scan.Options{})
	if slices.ContainsFunc(r.Scan.Findings, func(f finding.Finding) bool {
		return f.Needs != "" || f.Rule == "CP-203" && f.Status == finding.StatusFail
	}) {
		t.Error("a finding needs a condition that is decided, or versions are missed though they are kept")
	}
}

func TestIgnoresCountOnlyForRulesThatRan(t *testing.T) {
	t.Parallel()
	text := strings.Replace(template, "  Bucket:\n", "  # twokey: ignore[CP-203] reason=versions are kept elsewhere\n  Bucket:\n", 1)
	f := the(t, scanned(t, text, scan.Options{}).Scan.Findings, "CP-203")
	if f.Suppressed == nil || f.Suppressed.Reason != "versions are kept elsewhere" {
		t.Errorf("suppressed: %+v", f.Suppressed)
	}
	r := scanned(t, text, scan.Options{Rules: []string{"prod-without-gate"}})
	for _, f := range r.Scan.Findings {
		if f.Rule != "CP-501" {
			t.Errorf("%s was reported, though only CP-501 was asked for", f.Rule)
		}
	}
}

func TestBaselineCoversWaysAndFindings(t *testing.T) {
	t.Parallel()
	first := scanned(t, template, scan.Options{})
	b := finding.NewBaseline(first.Scan)
	second := scanned(t, template, scan.Options{Baseline: &b})
	if second.Baselined != len(b.Entries) {
		t.Errorf("the baseline covered %d of its %d entries", second.Baselined, len(b.Entries))
	}
	if p := second.Scan.Pipelines[0]; p.Short() {
		t.Error("a pipeline all of whose ways are accepted still counts")
	}
}

func TestWaysOnly(t *testing.T) {
	t.Parallel()
	r := scanned(t, template, scan.Options{WaysOnly: true, Pipeline: "shop"})
	if len(r.Scan.Findings) != 0 || len(r.Scan.Pipelines) != 1 {
		t.Errorf("%d findings and %d pipelines", len(r.Scan.Findings), len(r.Scan.Pipelines))
	}
}

// One rule speaks once of one subject, even where its evidence differs between
// the states of a template.
func TestOneFindingForASubjectInAllStates(t *testing.T) {
	t.Parallel()
	text := strings.Replace(template, `        Statement: [{Effect: Allow, Principal: {Service: codepipeline.amazonaws.com}, Action: sts:AssumeRole}]
`, `        Statement: [{Effect: Allow, Principal: {Service: codepipeline.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: wide
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: !If [IsCareful, "iam:*", ["iam:*", "kms:*"]], Resource: "*"}]
`, 1)
	r := scanned(t, text, scan.Options{Rules: []string{"CP-102"}})
	if n := len(r.Scan.Findings); n != 1 {
		t.Errorf("%d findings of CP-102 about one role, want 1: %+v", n, r.Scan.Findings)
	}
}

// A condition whose name two templates have is named with its template; one that
// only one of them has is not.
func TestConditionOfSeveralTemplates(t *testing.T) {
	t.Parallel()
	const rest = "\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Condition: NAME\n"
	for name, want := range map[string]string{
		"IsCareful": "pipeline: IsCareful=false",
		"IsLoud":    "IsCareful=false",
	} {
		other := strings.ReplaceAll(template[:strings.Index(template, "Resources:")], "IsCareful", name) + strings.ReplaceAll(rest, "NAME", name)
		other = strings.ReplaceAll(other, "  Careful:", "  Other:")
		other = strings.ReplaceAll(other, "!Ref Careful", "!Ref Other")
		r := scannedFiles(t, map[string]string{"pipeline.yaml": template, "topic.yaml": other}, scan.Options{})
		if f := the(t, r.Scan.Findings, "CP-203"); f.Needs != want {
			t.Errorf("beside a template with condition %s: needs %q, want %q", name, f.Needs, want)
		}
	}
	other := strings.ReplaceAll(template[:strings.Index(template, "Resources:")], "Ref Careful", "Ref Other") + strings.ReplaceAll(rest, "NAME", "IsCareful")
	r := scannedFiles(t, map[string]string{
		"pipeline.yaml": template, "topic.yaml": strings.ReplaceAll(other, "  Careful:", "  Other:"),
		"twokey.yaml": `version: 1
accounts:
  - {name: tools, id: "111111111111"}
  - {name: prod, id: "444444444444", production: true}
stacks:
  - {name: app, account: tools, region: us-east-1, template: pipeline.yaml}
  - {name: app, account: prod, region: us-east-1, template: topic.yaml}
`,
	}, scan.Options{})
	if f := the(t, r.Scan.Findings, "CP-203"); f.Needs != "tools/app: IsCareful=false" {
		t.Errorf("two stacks of one name: needs %q", f.Needs)
	}
}
