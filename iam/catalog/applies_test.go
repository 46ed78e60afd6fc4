package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog"
)

func TestApplies(t *testing.T) {
	t.Parallel()
	const pipeline = "arn:aws:codepipeline:eu-west-1:111122223333:store"
	tests := []struct {
		action, resource string
		want             arn.Verdict
	}{
		{"s3:GetObject", "arn:aws:s3:::bucket/key", arn.Yes},
		{"s3:GetObject", "arn:aws:s3:::bucket/deep/key", arn.Yes},
		{"s3:GetObject", "arn:aws:s3:::bucket/*", arn.Yes},
		{"s3:GetObject", "arn:aws:s3:::bucket*", arn.Yes},
		{"s3:GetObject", "arn:aws:s3:::bucket", arn.No},
		{"s3:GetObject", "arn:aws-cn:s3:::bucket/key", arn.Yes},
		{"s3:GetObject", "*", arn.Yes},
		{"s3:GetObject", "arn:aws:s3:::${aws:username}/key", arn.Maybe},
		{"s3:GetObject", "arn:aws:s3:::" + arn.Hole, arn.Maybe},
		{"s3:GetObject", arn.Hole, arn.Maybe},
		{"s3:GetObject", "arn:aws:sqs:" + arn.Hole, arn.No},
		{"s3:ListBucket", "arn:aws:s3:::bucket", arn.Yes},
		{"s3:ListBucket", "arn:aws:s3:::*", arn.Yes},
		{"s3:ListBucket", "arn:aws:s3:::bucket/*", arn.Maybe},
		{"s3:ListAllMyBuckets", "*", arn.Yes},
		{"s3:ListAllMyBuckets", "arn:aws:s3:::*", arn.No},
		{"s3:ListAllMyBuckets", arn.Hole, arn.Maybe},
		{"s3:ListAllMyBuckets", "arn:aws:s3:::" + arn.Hole, arn.No},
		{"iam:ListRoles", "arn:aws:iam::111122223333:role/*", arn.No},
		{"iam:PassRole", "arn:aws:iam::111122223333:role/with/path/name", arn.Yes},
		{"iam:PassRole", "arn:aws:iam::111122223333:user/name", arn.No},
		{"iam:AddUserToGroup", "arn:aws:iam::111122223333:user/name", arn.No},
		{"iam:AddUserToGroup", "arn:aws:iam::111122223333:group/admins", arn.Yes},
		{"iam:AttachRolePolicy", "arn:aws:iam::111122223333:*", arn.Yes},
		{"codepipeline:PutApprovalResult", pipeline, arn.No},
		{"codepipeline:PutApprovalResult", pipeline + "/Approve", arn.No},
		{"codepipeline:PutApprovalResult", pipeline + "/Approve/Manual", arn.Yes},
		{"codepipeline:PutApprovalResult", pipeline + "/*", arn.Yes},
		{"codepipeline:PutApprovalResult", "arn:aws:codepipeline:*", arn.Yes},
		{"codepipeline:StartPipelineExecution", pipeline, arn.Yes},
		{"codepipeline:StartPipelineExecution", pipeline + "/Approve/Manual", arn.Maybe},
		{"codepipeline:StartPipelineExecution", "arn:aws:codepipeline:eu-west-1:111122223333:webhook:hook", arn.Maybe},
		// AWS's own documents have no account.
		{"ssm:GetDocument", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript", arn.Yes},
		{"kms:Decrypt", "arn:aws:s3:::bucket", arn.No},
		// A field left out at the end counts as a wildcard.
		{"sqs:SendMessage", "arn:aws:sqs", arn.Yes},
		{"sqs:SendMessage", "arn:aws:sns", arn.No},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-?:111122223333:queue", arn.Yes},
		{"nosuch:Action", "*", arn.Maybe},
	}
	for _, test := range tests {
		if got := catalog.Applies(test.action, test.resource); got != test.want {
			t.Errorf("Applies(%q, %q) = %v, want %v", test.action, test.resource, got, test.want)
		}
	}
}

func TestTypesOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		resource string
		first    string // of TypesOf
		single   string // of ResourceTypeOf
	}{
		{"arn:aws:s3:::bucket", "s3/bucket", "s3/bucket"},
		{"arn:aws:s3:::bucket/deep/key", "s3/object", "s3/object"},
		{"arn:aws:iam::aws:policy/AdministratorAccess", "iam/policy", "iam/policy"},
		{"arn:aws:kms:eu-west-1:111122223333:key/1234", "kms/key", "kms/key"},
		{"arn:aws:kms:eu-west-1:111122223333:alias/mine", "kms/alias", "kms/alias"},
		{"arn:aws:codepipeline:eu-west-1:111122223333:store", "codepipeline/pipeline", "codepipeline/pipeline"},
		{"arn:aws:codepipeline:eu-west-1:111122223333:store/Source", "codepipeline/stage", "codepipeline/stage"},
		{"arn:aws:codepipeline:eu-west-1:111122223333:store/Source/Git", "codepipeline/action", "codepipeline/action"},
		{"arn:aws:codepipeline:eu-west-1:111122223333:webhook:hook", "codepipeline/webhook", "codepipeline/webhook"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/codebuild/x:log-stream:y", "logs/log-stream", "logs/log-stream"},
		{"arn:aws:nosuch:eu-west-1:111122223333:thing/x", "", ""},
		{"not an ARN", "", ""},
	}
	for _, test := range tests {
		first := ""
		if all := catalog.TypesOf(test.resource); len(all) > 0 {
			first = all[0].Service + "/" + all[0].Name
		}
		// Recovery points of AWS Backup have ARNs of any service.
		if first != test.first && test.first != "" {
			t.Errorf("TypesOf(%q) begins with %q, want %q", test.resource, first, test.first)
		}
		single := ""
		if r, ok := catalog.ResourceTypeOf(test.resource); ok {
			single = r.Service + "/" + r.Name
		}
		if single != test.single {
			t.Errorf("ResourceTypeOf(%q) = %q, want %q", test.resource, single, test.single)
		}
	}
}

func TestResourceTypes(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range catalog.ResourceTypes("CodePipeline") {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"action", "actiontype", "pipeline", "stage", "webhook"}, names); diff != "" {
		t.Errorf("codepipeline (-want +got):\n%s", diff)
	}
	if got := catalog.ResourceTypes("nosuch"); got != nil {
		t.Errorf("nosuch has %v", got)
	}
}

func FuzzApplies(f *testing.F) {
	for _, s := range []string{"*", "arn:aws:s3:::b/*", "arn:aws:s3:::${x}", "arn:aws:s3:::${", "::::::", "arn:*?" + arn.Hole} {
		f.Add("s3:GetObject", s)
	}
	f.Fuzz(func(t *testing.T, action, resource string) {
		verdict := catalog.Applies(action, resource)
		if _, known := catalog.WildcardOnly(action); !known && verdict != arn.Maybe {
			t.Fatalf("%q is unknown, and yet %v", action, verdict)
		}
		// A wildcard behind a resource can only make it match more.
		if verdict == arn.Yes && catalog.Applies(action, resource+"*") == arn.No {
			t.Fatalf("%q applies to %q and not to the same with a wildcard", action, resource)
		}
	})
}
