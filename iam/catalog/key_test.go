package catalog_test

import (
	"slices"
	"testing"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog"
)

// Types are those of AWS's documentation of global keys and of the service
// authorization reference.
func TestConditionKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key    string
		name   string
		kind   catalog.KeyType
		global bool
	}{
		{"aws:TagKeys", "aws:TagKeys", catalog.ArrayOfString, true},
		{"AWS:MULTIFACTORAUTHPRESENT", "aws:MultiFactorAuthPresent", catalog.Bool, true},
		{"aws:multifactorauthage", "aws:MultiFactorAuthAge", catalog.Numeric, true},
		{"aws:SourceIp", "aws:SourceIp", catalog.IPAddress, true},
		{"aws:SourceArn", "aws:SourceArn", catalog.ARN, true},
		{"aws:PrincipalArn", "aws:PrincipalArn", catalog.ARN, true},
		{"aws:CurrentTime", "aws:CurrentTime", catalog.Date, true},
		{"aws:CalledVia", "aws:CalledVia", catalog.ArrayOfString, true},
		{"aws:CalledViaFirst", "aws:CalledViaFirst", catalog.String, true},
		{"aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", catalog.ArrayOfString, true},
		{"aws:ResourceOrgPaths", "aws:ResourceOrgPaths", catalog.ArrayOfString, true},
		{"aws:PrincipalServiceNamesList", "aws:PrincipalServiceNamesList", catalog.ArrayOfString, true},
		{"aws:PrincipalTag/team", "aws:PrincipalTag/${TagKey}", catalog.String, true},
		{"aws:principaltag/a/b c", "aws:PrincipalTag/${TagKey}", catalog.String, true},
		{"aws:RequestTag/team", "aws:RequestTag/${TagKey}", catalog.String, true},
		{"aws:ResourceTag/team", "aws:ResourceTag/${TagKey}", catalog.String, true},
		{"dynamodb:Attributes", "dynamodb:Attributes", catalog.ArrayOfString, false},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys", catalog.ArrayOfString, false},
		{"kms:EncryptionContext:aws:s3:arn", "kms:EncryptionContext:${EncryptionContextKey}", catalog.String, false},
		{"iam:PassedToService", "iam:PassedToService", catalog.String, false},
		{"iam:permissionsboundary", "iam:PermissionsBoundary", catalog.ARN, false},
		{"sts:ExternalId", "sts:ExternalId", catalog.String, false},
		{"sts:TransitiveTagKeys", "sts:TransitiveTagKeys", catalog.ArrayOfString, false},
		{"s3:ExistingObjectTag/team", "s3:ExistingObjectTag/${key}", catalog.String, false},
		{"codebuild:environment.environmentVariables/NAME.value", "codebuild:environment.environmentVariables/${name}.value", catalog.String, false},
		{"saml:edupersonaffiliation", "saml:edupersonaffiliation", catalog.ArrayOfString, false},
	}
	for _, test := range tests {
		got, ok := catalog.ConditionKey(test.key)
		want := catalog.Key{Name: test.name, Type: test.kind, Global: test.global}
		if !ok || got != want {
			t.Errorf("ConditionKey(%q) = %+v, %v; want %+v", test.key, got, ok, want)
		}
		if m := catalog.Multivalued(test.key); m != (test.kind == catalog.ArrayOfString) {
			t.Errorf("Multivalued(%q) = %v", test.key, m)
		}
	}
	for _, key := range []string{"", "aws:", "aws:PrincipalTag", "aws:PrincipalTag/", "aws:nosuch", "nosuch:key", "tagkeys", "aws:TagKeys "} {
		if got, ok := catalog.ConditionKey(key); ok {
			t.Errorf("ConditionKey(%q) = %+v, want none", key, got)
		}
		if catalog.Multivalued(key) {
			t.Errorf("Multivalued(%q)", key)
		}
	}
}

func TestConditionKeysOfAService(t *testing.T) {
	t.Parallel()
	// CodePipeline has no keys of its own, only those of tags (fact sheet, 2.3).
	var names []string
	for _, k := range catalog.ConditionKeys("codepipeline") {
		names = append(names, k.Name)
	}
	if want := []string{"aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys"}; !slices.Equal(names, want) {
		t.Errorf("codepipeline has %q, want %q", names, want)
	}
	if got := catalog.ConditionKeys("nosuch"); got != nil {
		t.Errorf("nosuch has %v", got)
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action, key string
		want        arn.Verdict
	}{
		{"iam:PassRole", "iam:PassedToService", arn.Yes},
		{"iam:PassRole", "iam:passedtoservice", arn.Yes},
		{"iam:ListRoles", "iam:PassedToService", arn.No},
		{"iam:CreateRole", "iam:PermissionsBoundary", arn.Yes},
		{"s3:ListBucket", "s3:prefix", arn.Yes},
		{"s3:GetObject", "s3:prefix", arn.No},
		{"s3:GetObject", "s3:ExistingObjectTag/team", arn.Yes},
		{"s3:GetObject", "kms:ViaService", arn.No},
		{"s3:GetObject", "aws:MultiFactorAuthPresent", arn.Yes},
		{"s3:GetObject", "aws:PrincipalTag/team", arn.Yes},
		{"sts:AssumeRole", "sts:ExternalId", arn.Yes},
		{"codepipeline:StartPipelineExecution", "aws:ResourceTag/team", arn.Yes},
		{"codepipeline:CreatePipeline", "aws:RequestTag/team", arn.Yes},
		{"iam:ListRoles", "aws:RequestTag/team", arn.Maybe},
		{"s3:GetObject", "saml:aud", arn.Maybe},
		{"nosuch:Action", "aws:SourceIp", arn.Maybe},
		{"s3:GetObject", "nosuch:key", arn.Maybe},
	}
	for _, test := range tests {
		if got := catalog.Supports(test.action, test.key); got != test.want {
			t.Errorf("Supports(%q, %q) = %v, want %v", test.action, test.key, got, test.want)
		}
	}
}

func FuzzConditionKey(f *testing.F) {
	for _, s := range []string{"aws:TagKeys", "aws:PrincipalTag/x", "kms:EncryptionContext:a:b", "${", "agent.x.buildkite.dev:cluster_id"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := catalog.ConditionKey(key)
		if !ok {
			return
		}
		if again, ok := catalog.ConditionKey(k.Name); !ok || again != k {
			t.Fatalf("%q is %+v, whose name is %+v, %v", key, k, again, ok)
		}
	})
}
