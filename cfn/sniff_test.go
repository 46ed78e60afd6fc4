package cfn_test

import (
	"testing"

	"github.com/twokey/twokey/cfn"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       bool
	}{
		{"yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n", true},
		{"json", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}`, true},
		{"custom", "Resources: {A: {Type: Custom::Thing}}\n", true},
		{"no resources but a version", "AWSTemplateFormatVersion: '2010-09-09'\n", true},
		{"sam with a loop", "Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::X': [a, [b], {}]}\n", true},
		{"broken yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n   Oops: [\n", true},
		{"broken json", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"}`, true},
		{"broken other yaml", "Resources:\n  A: [\n", false},
		{"build specification", "version: 0.2\nphases:\n  build:\n    commands: [make]\n", false},
		{"kubernetes", "apiVersion: v1\nkind: Pod\nspec: {containers: [{resources: {limits: {cpu: 1}}}]}\n", false},
		{"kustomization", "resources:\n- a.yaml\n", false},
		{"resources of something else", "Resources:\n  - Type: x\n", false},
		{"a policy", `{"Version": "2012-10-17", "Statement": [{"Resources": "*"}]}`, false},
		{"terraform plan", `{"format_version": "1.2", "resource_changes": [{"type": "aws_s3_bucket"}]}`, false},
		{"package.json", `{"name": "x", "scripts": {}}`, false},
		{"text", "Resources are scarce", false},
		{"nothing", "", false},
		{"binary", "\x7fELF\x00\xffResources", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := cfn.Sniff([]byte(tc.text)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
