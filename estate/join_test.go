package estate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	et "github.com/twokey/twokey/estate/estatetest"
	"github.com/twokey/twokey/iam"
)

const readAll = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:role/reader"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`

// A bucket policy finds its bucket whichever account and stack declares it.
func TestBucketPolicyOfAnotherStack(t *testing.T) {
	t.Parallel()
	reader := et.Role(c, "reader", `{"Service": "x.amazonaws.com"}`, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`)
	policy := et.Resource(a, "AWS::S3::BucketPolicy", "BP", "b", `{"Bucket": "b", "PolicyDocument": `+readAll+`}`)
	const principal, object = "arn:aws:iam::222222222222:role/reader", "arn:aws:s3:::b/k"
	tests := []struct {
		name   string
		parts  []et.Part
		want   iam.Outcome
		bucket string // account of the bucket
	}{
		{"no policy", []et.Part{et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`)}, iam.ImplicitDeny, a},
		{"with its policy", []et.Part{policy, et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`)}, iam.Allow, a},
		{"bucket not declared", []et.Part{policy}, iam.Allow, a},
		{"two policies", []et.Part{
			policy, et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`),
			et.Resource(a, "AWS::S3::BucketPolicy", "BP2", "b", `{"Bucket": "b", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}`),
		}, iam.If, a},
		{"unreadable policy", []et.Part{
			et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`),
			func(b *estate.Builder) {
				d := et.Declaration(a, "AWS::S3::BucketPolicy", "BP", "b", `{"Bucket": "b", "PolicyDocument": "!"}`)
				d.Props = withHoles(d.Props)
				b.Add(d)
			},
		}, iam.If, a},
		{"beside one of a bucket whose name is not known", []et.Part{
			et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`),
			func(b *estate.Builder) {
				d := et.Declaration(a, "AWS::S3::BucketPolicy", "BP2", "b2", `{"Bucket": "?", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}`)
				d.Props = withHoles(d.Props)
				b.Add(d)
			},
			policy,
		}, iam.Allow, a},
		{"policy of a bucket whose name is not known", []et.Part{
			et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`),
			func(b *estate.Builder) {
				d := et.Declaration(a, "AWS::S3::BucketPolicy", "BP", "b", `{"Bucket": "?", "PolicyDocument": `+readAll+`}`)
				d.Props = withHoles(d.Props)
				b.Add(d)
			},
		}, iam.If, a},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := et.Build(append(tt.parts, reader, et.Account("tools", a, false), et.Account("prod", c, true))...)
			if got := may(t, e, principal, "s3:GetObject", object); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if got := e.Bucket("b").Account; got != tt.bucket {
				t.Errorf("the bucket is in %s, want %s", got, tt.bucket)
			}
			if got := e.ResourceAccount(object); got != tt.bucket {
				t.Errorf("the object is owned by %q, want %s", got, tt.bucket)
			}
		})
	}
}

func TestTopicAndQueuePolicies(t *testing.T) {
	t.Parallel()
	doc := func(action, resource string) string {
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": %q, "Resource": %q}}`, action, resource)
	}
	const topic, queue = "arn:aws:sns:us-east-1:111111111111:t", "arn:aws:sqs:us-east-1:111111111111:q"
	e := et.Build(
		et.Resource(a, "AWS::SNS::Topic", "T", topic, `{"TopicName": "t", "Subscription": [{"Protocol": "email", "Endpoint": "a@example.com"}]}`),
		et.Resource(a, "AWS::SNS::TopicPolicy", "TP", "tp", `{"Topics": ["`+topic+`"], "PolicyDocument": `+doc("sns:Publish", topic)+`}`),
		et.Resource(a, "AWS::SNS::Subscription", "S", "s", `{"TopicArn": "`+topic+`", "Protocol": "sqs", "Endpoint": "`+queue+`"}`),
		et.Resource(a, "AWS::SQS::Queue", "Q", "https://sqs.us-east-1.amazonaws.com/111111111111/q", `{"QueueName": "q"}`),
		et.Resource(a, "AWS::SQS::QueuePolicy", "QP", "qp", `{"Queues": ["https://sqs.us-east-1.amazonaws.com/111111111111/q"], "PolicyDocument": `+doc("sqs:SendMessage", queue)+`}`),
	)
	if got := may(t, e, "events.amazonaws.com", "sns:Publish", topic); got != iam.Allow {
		t.Errorf("sns:Publish: %v, want allow", got)
	}
	if got := may(t, e, "events.amazonaws.com", "sqs:SendMessage", queue); got != iam.Allow {
		t.Errorf("sqs:SendMessage: %v, want allow", got)
	}
	if got := may(t, e, "s3.amazonaws.com", "sqs:SendMessage", queue); got != iam.ImplicitDeny {
		t.Errorf("sqs:SendMessage by another service: %v, want implicit-deny", got)
	}
	if got := len(e.Topic(topic).Subscriptions); got != 2 {
		t.Errorf("%d subscriptions, want 2", got)
	}
}

// AWS::Lambda::Permission makes one statement each of the function's policy.
func TestFunctionPermissions(t *testing.T) {
	t.Parallel()
	permission := func(id, function, props string) et.Part {
		return et.Resource(a, "AWS::Lambda::Permission", id, id, fmt.Sprintf(`{"FunctionName": %q, "Action": "lambda:InvokeFunction", %s}`, function, props))
	}
	const arn = "arn:aws:lambda:us-east-1:111111111111:function:f"
	e := et.Build(
		et.Resource(a, "AWS::Lambda::Function", "F", "f", `{"FunctionName": "f", "Role": "arn:aws:iam::111111111111:role/fr", "Code": {"ZipFile": "x"}}`),
		permission("P1", "f", `"Principal": "events.amazonaws.com", "SourceArn": "arn:aws:events:us-east-1:111111111111:rule/r"`),
		permission("P2", arn, `"Principal": "222222222222"`),
		permission("P3", "f:live", `"Principal": "s3.amazonaws.com", "SourceAccount": "111111111111"`),
		permission("P4", "elsewhere", `"Principal": "s3.amazonaws.com"`),
		et.Role(c, "caller", `{"Service": "x.amazonaws.com"}`, `{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}`),
	)
	f := e.Function(arn, "", "")
	if f == nil || f.Policy == nil || len(f.Policy.Doc.Statements) != 3 {
		t.Fatalf("function %+v, want one with a policy of 3 statements", f)
	}
	if !f.Inline {
		t.Error("the code stands in the template, and Inline is false")
	}
	if got := f.Policy.Doc.Statements[1].Pos.File; got != "P2.json" {
		t.Errorf("the second statement was written in %s, want P2.json", got)
	}
	if got := may(t, e, "arn:aws:iam::222222222222:role/caller", "lambda:InvokeFunction", arn); got != iam.Allow {
		t.Errorf("the other account: %v, want allow", got)
	}
	if got := may(t, e, "events.amazonaws.com", "lambda:InvokeFunction", arn); got != iam.If {
		t.Errorf("events without a known source: %v, want if", got)
	}
	ctx := iam.NewContext().Set("aws:SourceArn", "arn:aws:events:us-east-1:111111111111:rule/r")
	if d, _ := e.May("events.amazonaws.com", "lambda:InvokeFunction", arn, ctx); d.Outcome != iam.Allow {
		t.Errorf("events from the rule: %v, want allow", d.Outcome)
	}
	if !mentions(unknowns(e), "function elsewhere") {
		t.Errorf("the permission of a function that is not there is not listed: %q", unknowns(e))
	}
	if e.Function("f", a, "us-east-1") != f || e.Function("f:live", a, "us-east-1") != f || e.Function("111111111111:f", "", "us-east-1") != f {
		t.Error("a function is not found by its name, with a version, or with its account")
	}
}

func TestResolveKey(t *testing.T) {
	t.Parallel()
	const id = "11111111-2222-3333-4444-555555555555"
	const arn = "arn:aws:kms:us-east-1:111111111111:key/" + id
	e := et.Build(
		et.Resource(a, "AWS::KMS::Key", "K", id, `{"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}`),
		et.Resource(a, "AWS::KMS::Alias", "A", "alias/x", `{"AliasName": "alias/x", "TargetKeyId": "`+id+`"}`),
	)
	for _, text := range []string{id, arn, "alias/x", "arn:aws:kms:us-east-1:111111111111:alias/x"} {
		k, got := e.ResolveKey(text, a, "us-east-1")
		if k == nil || got != arn {
			t.Errorf("ResolveKey(%q) = %v, %q, want the key", text, k, got)
		}
	}
	// A bare id is one of the caller's own account.
	if k, got := e.ResolveKey(id, c, "us-east-1"); k != nil || got != "arn:aws:kms:us-east-1:222222222222:key/"+id {
		t.Errorf("the id in another account: %v, %q", k, got)
	}
	if k, got := e.ResolveKey("alias/y", a, "us-east-1"); k != nil || got != "" {
		t.Errorf("an alias that is not there: %v, %q", k, got)
	}
	user := et.Build(
		et.Resource(a, "AWS::KMS::Key", "K", id, `{}`),
		et.Resource(a, "AWS::KMS::Alias", "A", "alias/x", `{"AliasName": "alias/x", "TargetKeyId": "`+id+`"}`),
		et.Role(a, "r", `{"Service": "x.amazonaws.com"}`, `{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "`+arn+`"}`),
	)
	if got := may(t, user, "arn:aws:iam::111111111111:role/r", "kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:alias/x"); got != iam.Allow {
		t.Errorf("use of the key by its alias: %v, want allow", got)
	}
	if got := e.Keys[0].Aliases; !slices.Equal(got, []string{"alias/x"}) {
		t.Errorf("aliases of the key: %q", got)
	}
}

// Without a key policy KMS writes one that leaves the key to the account's IAM.
func TestDefaultKeyPolicy(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:kms:us-east-1:111111111111:key/k"
	use := `{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}`
	trust := `{"Service": "x.amazonaws.com"}`
	parts := []et.Part{et.Role(a, "own", trust, use), et.Role(c, "other", trust, use), et.Role(a, "none", trust, "")}
	bare := et.Build(append(parts, et.Resource(a, "AWS::KMS::Key", "K", "k", `{}`))...)
	closed := et.Build(append(parts, et.Resource(a, "AWS::KMS::Key", "K", "k", `{"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}`))...)
	for _, tt := range []struct {
		name, principal string
		e               *estate.Estate
		want            iam.Outcome
	}{
		{"own account", "arn:aws:iam::111111111111:role/own", bare, iam.Allow},
		{"own account, no permission", "arn:aws:iam::111111111111:role/none", bare, iam.ImplicitDeny},
		{"other account", "arn:aws:iam::222222222222:role/other", bare, iam.ImplicitDeny},
		{"own account, closed key", "arn:aws:iam::111111111111:role/own", closed, iam.ImplicitDeny},
	} {
		if got := may(t, tt.e, tt.principal, "kms:Decrypt", arn); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestReservedRoles(t *testing.T) {
	t.Parallel()
	const set = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
	parts := []et.Part{
		et.Account("tools", a, false), et.Account("prod", c, true),
		et.Resource(a, "AWS::SSO::PermissionSet", "PS", set, `{"Name": "Deployer", "InstanceArn": "arn:aws:sso:::instance/ssoins-1",
			"ManagedPolicies": ["arn:aws:iam::aws:policy/AWSCodeCommitReadOnly"],
			"InlinePolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "codepipeline:PutApprovalResult", "Resource": "*"}},
			"CustomerManagedPolicyReferences": [{"Name": "extra"}]}`),
		et.Resource(a, "AWS::SSO::Assignment", "A1", "a1", `{"PermissionSetArn": "`+set+`", "PrincipalType": "GROUP", "PrincipalId": "g-1", "TargetId": "222222222222", "TargetType": "AWS_ACCOUNT"}`),
		et.Resource(a, "AWS::SSO::Assignment", "A2", "a2", `{"PermissionSetArn": "`+set+`", "PrincipalType": "USER", "PrincipalId": "u-1", "TargetId": "222222222222", "TargetType": "AWS_ACCOUNT"}`),
		et.Resource(c, "AWS::IAM::ManagedPolicy", "Extra", "arn:aws:iam::222222222222:policy/extra",
			`{"ManagedPolicyName": "extra", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}}`),
	}
	e := et.Build(parts...)
	if len(e.Roles) != 1 {
		t.Fatalf("%d roles, want the one that both assignments share", len(e.Roles))
	}
	r := e.Roles[0]
	if !strings.HasPrefix(r.ARN, "arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Deployer_") || !r.Reserved || !r.Generated {
		t.Errorf("role %+v", r.Meta)
	}
	for _, as := range e.Assignments {
		if as.Role != r.ARN {
			t.Errorf("assignment %s leads to %q", as.LogicalID, as.Role)
		}
	}
	for action, want := range map[string]iam.Outcome{
		"codepipeline:PutApprovalResult": iam.Allow, "codecommit:GitPull": iam.Allow, "s3:ListAllMyBuckets": iam.Allow, "iam:CreateUser": iam.ImplicitDeny,
	} {
		if got := may(t, e, r.ARN, action, "*"); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	if !e.Role("arn:aws:sts::222222222222:assumed-role/" + r.Name + "/alice@example.com").Reserved {
		t.Error("the role is not found by the ARN of a session")
	}
	elsewhere := et.Build(parts[0], parts[1], parts[3])
	if got := may(t, elsewhere, elsewhere.Roles[0].ARN, "codecommit:GitPull", "*"); got != iam.If {
		t.Errorf("permission set of another stack: %v, want if", got)
	}
}

func TestServiceControlPolicies(t *testing.T) {
	t.Parallel()
	deny := func(targets string) et.Part {
		return et.Resource(a, "AWS::Organizations::Policy", "SCP", "p-1", `{"Name": "no-approvals", "Type": "SERVICE_CONTROL_POLICY", "TargetIds": [`+targets+`],
			"Content": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "codepipeline:PutApprovalResult", "Resource": "*"}}}`)
	}
	account := func(parent string) et.Part {
		return et.Resource(a, "AWS::Organizations::Account", "Acc", c, `{"AccountName": "prod", "Email": "x@example.com", "ParentIds": ["`+parent+`"]}`)
	}
	unit := et.Resource(a, "AWS::Organizations::OrganizationalUnit", "OU", "ou-1", `{"Name": "prod", "ParentId": "r-1"}`)
	role := et.Role(c, "approver", `{"Service": "x.amazonaws.com"}`, `{"Effect": "Allow", "Action": ["codepipeline:*", "codecommit:*"], "Resource": "*"}`)
	tests := []struct {
		name  string
		parts []et.Part
		want  iam.Outcome
	}{
		{"on the account", []et.Part{deny(`"222222222222"`)}, iam.ExplicitDeny},
		{"on another account", []et.Part{deny(`"111111111111"`)}, iam.Allow},
		{"on a unit nobody knows the account of", []et.Part{deny(`"ou-1"`)}, iam.If},
		{"on the unit of the account", []et.Part{deny(`"ou-1"`), unit, account("ou-1")}, iam.ExplicitDeny},
		{"on the root above the unit", []et.Part{deny(`"r-1"`), unit, account("ou-1")}, iam.ExplicitDeny},
		{"on another unit", []et.Part{deny(`"ou-2"`), unit, account("ou-1")}, iam.Allow},
		{"management account", []et.Part{deny(`"222222222222"`), et.Resource(c, "AWS::Organizations::Organization", "O", "o-1", `{}`)}, iam.Allow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := et.Build(append(tt.parts, role, et.Account("tools", a, false), et.Account("prod", c, true))...)
			const r, pipeline = "arn:aws:iam::222222222222:role/approver", "arn:aws:codepipeline:us-east-1:222222222222:p/s/a"
			if got := may(t, e, r, "codepipeline:PutApprovalResult", pipeline); got != tt.want {
				t.Errorf("codepipeline:PutApprovalResult: %v, want %v", got, tt.want)
			}
			if got := may(t, e, r, "codecommit:GitPush", "arn:aws:codecommit:us-east-1:222222222222:r"); got != iam.Allow {
				t.Errorf("codecommit:GitPush: %v, want allow", got)
			}
		})
	}
}

func TestServerlessFunction(t *testing.T) {
	t.Parallel()
	e := et.Build(et.Resource(a, "AWS::Serverless::Function", "Check", "main-Check-1", `{"Handler": "x", "InlineCode": "x",
		"Policies": ["AWSCodePipelineCustomActionAccess", {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}],
		"Events": {"Tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}, "Api": {"Type": "Api", "Properties": {}}}}`))
	if len(e.Functions) != 1 || len(e.Roles) != 1 || len(e.Rules) != 1 {
		t.Fatalf("%d functions, %d roles, %d rules, want one of each", len(e.Functions), len(e.Roles), len(e.Rules))
	}
	f, r := e.Functions[0], e.Roles[0]
	if f.RoleARN != r.ARN || !f.Inline || !r.Generated {
		t.Errorf("function %+v with role %+v", f, r.Meta)
	}
	// AWSCodePipelineCustomActionAccess grants this; AWSLambdaBasicExecutionRole
	// comes with every role that the transform makes.
	for _, action := range []string{"codepipeline:PutJobSuccessResult", "s3:ListAllMyBuckets", "logs:CreateLogGroup"} {
		if got := may(t, e, r.ARN, action, "*"); got != iam.Allow {
			t.Errorf("%s: %v, want allow", action, got)
		}
	}
	if got := may(t, e, "lambda.amazonaws.com", "sts:AssumeRole", r.ARN); got != iam.Allow {
		t.Errorf("sts:AssumeRole by Lambda: %v, want allow", got)
	}
	if e.Rules[0].Schedule != "rate(1 hour)" || e.Rules[0].Targets[0].ARN != f.ARN {
		t.Errorf("rule %+v", e.Rules[0])
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	e := et.Build(
		et.Account("tools", a, false),
		et.Resource(a, "AWS::IAM::Role", "R", "r", `{"RoleName": "r", "Path": "/team/", "AssumeRolePolicyDocument": {}}`),
		et.Resource(a, "AWS::CodePipeline::Pipeline", "P", "p", `{"Name": "p", "RoleArn": "arn:aws:iam::111111111111:role/team/r"}`),
		func(b *estate.Builder) {
			b.Stack(estate.StackResource{Name: "s", Meta: estate.Meta{Account: a, Region: "us-east-1"}})
		},
	)
	r := e.Roles[0]
	if r.ARN != "arn:aws:iam::111111111111:role/team/r" {
		t.Fatalf("ARN %s", r.ARN)
	}
	for _, arn := range []string{r.ARN, "arn:aws:iam::111111111111:role/r", "arn:aws:sts::111111111111:assumed-role/r/s"} {
		if e.Role(arn) != r {
			t.Errorf("Role(%s) is not found", arn)
		}
	}
	for _, arn := range []string{"", "r", "arn:aws:iam::222222222222:role/r", "arn:aws:iam::111111111111:role/R", "arn:aws:iam::111111111111:user/r"} {
		if e.Role(arn) != nil {
			t.Errorf("Role(%q) is found", arn)
		}
	}
	if e.Account("tools") == nil || e.Account(a) != e.Account("tools") {
		t.Error("the account is not found by name and id")
	}
	if e.Owner("arn:aws:codepipeline:us-east-1:111111111111:p/Stage/Action") != estate.Resource(e.Pipelines[0]) {
		t.Error("the pipeline of an action is not found")
	}
	if e.Owner("arn:aws:cloudformation:us-east-1:111111111111:stack/s/5b2c") != estate.Resource(e.Stacks[0]) {
		t.Error("a stack is not found whatever its id")
	}
	if e.Owner("arn:aws:s3:::nowhere/k") != nil {
		t.Error("a bucket that is not there has an owner")
	}
	if e.Pipeline("p", "", "") != e.Pipelines[0] || e.Pipeline("p", a, "us-east-1") != e.Pipelines[0] || e.Pipeline("p", c, "") != nil {
		t.Error("the pipeline is not found by name")
	}
	if diff := cmp.Diff("arn:aws:iam::?:role/x", estate.Show("arn:aws:iam::\x00:role/x")); diff != "" {
		t.Error(diff)
	}
}

// An account id of another length than AWS gives out is said where it stands,
// whether something acts as a role of it or a policy names it.
func TestAccountIDsOfAnotherLength(t *testing.T) {
	t.Parallel()
	const trust = `{"Service": "lambda.amazonaws.com"}`
	tests := []struct {
		name string
		part et.Part
		want []string
	}{
		{"acts as", et.Resource(a, "AWS::Lambda::Function", "F", "f", `{"FunctionName": "f", "Role": "arn:aws:iam::44444444444:role/x"}`),
			[]string{"account id 44444444444 has 11 digits, and an account id has 12"}},
		{"trusted", et.Role(a, "r", `{"AWS": "arn:aws:iam::1111111111111:root"}`, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`),
			[]string{"account id 1111111111111 has 13 digits, and an account id has 12"}},
		{"alone", et.Role(a, "r", `{"AWS": "12345"}`, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`),
			[]string{"account id 12345 has 5 digits, and an account id has 12"}},
		{"on", et.Role(a, "r", trust, `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::4444:role/x"}`),
			[]string{"account id 4444 has 4 digits, and an account id has 12"}},
		{"a name for an ARN", et.Role(a, "r", trust, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["shop-artifacts/*", "*", "arn:aws:s3:::b", "*:b"]}`),
			[]string{"resource shop-artifacts/* is not an ARN, and AWS refuses a policy with it"}},
		{"no account", et.Role(a, "r", trust, `{"Effect": "Allow", "Action": "*", "Resource": ["*", "arn:aws:s3:::1234", "arn:aws:iam::aws:policy/x", "arn:aws:iam::*:role/x", "arn:aws:iam::111111111111:role/x"]}`), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range et.Build(tt.part).Problems {
				got = append(got, p.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
