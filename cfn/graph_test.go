package cfn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDependencies(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Conditions: {C: !Equals [!Ref AWS::Region, us-east-1]}
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    DependsOn: [Policy]
    Properties:
      RoleArn: !GetAtt Role.Arn
      ArtifactStore: {Location: !Ref Bucket, EncryptionKey: {Id: !Sub "${Key.Arn}"}}
  Policy: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role], PolicyDocument: !Sub ["${X}${Bucket}", {X: !GetAtt [Key, Arn], Bucket: b}]}}
  Role: {Type: AWS::IAM::Role}
  Bucket: {Type: AWS::S3::Bucket, Properties: {Tags: !If [C, [!Ref Key], [!Ref Topic]]}}
  Key: {Type: AWS::KMS::Key}
  Topic: {Type: AWS::SNS::Topic}
`)
	d := tm.Dependencies(map[string]bool{"C": true})
	want := map[string][]string{
		"Pipeline": {"Policy", "Role", "Bucket", "Key"},
		"Policy":   {"Role", "Key"},
		"Bucket":   {"Key"},
		"Role":     {}, "Key": {}, "Topic": {},
	}
	for id, on := range want {
		if diff := cmp.Diff(on, d.Of[id]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if diff := cmp.Diff([]string{"Role", "Key", "Policy", "Bucket", "Pipeline", "Topic"}, d.Order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Key", "Topic"}, tm.Dependencies(nil).Of["Bucket"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Topic"}, tm.Dependencies(map[string]bool{"C": false}).Of["Bucket"]); diff != "" {
		t.Error(diff)
	}
}

func TestDependencyCycles(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "x-${B}"}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "y-${A}"}}
  C: {Type: AWS::SNS::Topic, DependsOn: A}
  D: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt D.TopicName}}
  E: {Type: AWS::SNS::Topic}
`).Resolve(env())
	want := "Circular dependency between resources: [A, B]\nCircular dependency between resources: [D]"
	if got := messages(s.Problems); got != want {
		t.Error(got)
	}
	for _, id := range []string{"A", "B", "D"} {
		if r := resource(t, s, id); !strings.Contains(r.ARN, "\x00") {
			t.Errorf("%s has the ARN %q", id, r.ARN)
		}
	}
	d := s.Resources // all are there
	if len(d) != 5 {
		t.Errorf("%d resources", len(d))
	}
}

// A path that is made of an ARN that is made of the path of another, many times
// over, is worked out once for each.
func TestPathsThatDouble(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  R%d: {Type: AWS::IAM::Role, Properties: {RoleName: r, Path: !Join ['', [!Select [0, !Split [':', !GetAtt R%d.Arn]], !Select [1, !Split [':', !GetAtt R%d.Arn]]]]}}\n", i, i+1, i+1)
	}
	b.WriteString("  R50: {Type: AWS::IAM::Role, Properties: {RoleName: r, Path: !GetAtt R50.Arn}}\n")
	s := mustParse(t, b.String()).Resolve(env())
	if got := s.Resources[0].ARN; got != "arn:aws:iam::111122223333:rolearnawsr" {
		t.Error(got)
	}
	if got := messages(s.Problems); got != "Circular dependency between resources: [R50]" {
		t.Error(got)
	}
}
