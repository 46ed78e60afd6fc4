package cfn_test

import (
	"cmp"
	"regexp"
	"strings"
	"testing"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

// The ARN formats are those of the Service Authorization Reference, what Ref and
// the attributes return those of the CloudFormation template reference.
func TestNamedResources(t *testing.T) {
	t.Parallel()
	const acct, reg = "111122223333", "us-east-1"
	for _, tc := range []struct{ typ, props, ref, arn, attribute, value string }{
		{"AWS::IAM::User", "UserName: ann", "ann", "arn:aws:iam::111122223333:user/ann", "Arn", "arn:aws:iam::111122223333:user/ann"},
		{"AWS::IAM::Role", "RoleName: r, Path: /a/b/", "r", "arn:aws:iam::111122223333:role/a/b/r", "Arn", "arn:aws:iam::111122223333:role/a/b/r"},
		{"AWS::IAM::ManagedPolicy", "ManagedPolicyName: p", "arn:aws:iam::111122223333:policy/p", "arn:aws:iam::111122223333:policy/p", "PolicyArn", "arn:aws:iam::111122223333:policy/p"},
		{"AWS::IAM::InstanceProfile", "InstanceProfileName: p", "p", "arn:aws:iam::111122223333:instance-profile/p", "Arn", "arn:aws:iam::111122223333:instance-profile/p"},
		{"AWS::IAM::OIDCProvider", "Url: 'https://token.actions.githubusercontent.com'", "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "Arn", "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		{"AWS::IAM::SAMLProvider", "Name: idp", "arn:aws:iam::111122223333:saml-provider/idp", "arn:aws:iam::111122223333:saml-provider/idp", "", ""},
		{"AWS::S3::Bucket", "BucketName: b", "b", "arn:aws:s3:::b", "DomainName", "b.s3.amazonaws.com"},
		{"AWS::S3::Bucket", "BucketName: b", "b", "arn:aws:s3:::b", "RegionalDomainName", "b.s3.us-east-1.amazonaws.com"},
		{"AWS::S3::BucketPolicy", "Bucket: b", "b", "", "", ""},
		{"AWS::KMS::Alias", "AliasName: alias/k", "alias/k", "arn:aws:kms:us-east-1:111122223333:alias/k", "", ""},
		{"AWS::CodePipeline::Pipeline", "Name: p", "p", "arn:aws:codepipeline:us-east-1:111122223333:p", "", ""},
		{"AWS::CodePipeline::CustomActionType", "Category: Build, Provider: X, Version: '1'", "Build|X|1", "arn:aws:codepipeline:us-east-1:111122223333:actiontype:Custom/Build/X/1", "", ""},
		{"AWS::CodeBuild::Project", "Name: p", "p", "arn:aws:codebuild:us-east-1:111122223333:project/p", "Arn", "arn:aws:codebuild:us-east-1:111122223333:project/p"},
		{"AWS::CodeCommit::Repository", "RepositoryName: r", "", "arn:aws:codecommit:us-east-1:111122223333:r", "Name", "r"},
		{"AWS::CodeCommit::Repository", "RepositoryName: r", "", "arn:aws:codecommit:us-east-1:111122223333:r", "CloneUrlHttp", "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/r"},
		{"AWS::Lambda::Function", "FunctionName: f", "f", "arn:aws:lambda:us-east-1:111122223333:function:f", "Arn", "arn:aws:lambda:us-east-1:111122223333:function:f"},
		{"AWS::Lambda::Alias", "FunctionName: f, Name: live", "arn:aws:lambda:us-east-1:111122223333:function:f:live", "arn:aws:lambda:us-east-1:111122223333:function:f:live", "AliasArn", "arn:aws:lambda:us-east-1:111122223333:function:f:live"},
		{"AWS::Lambda::Alias", "FunctionName: 'arn:aws:lambda:us-east-1:111122223333:function:f', Name: live", "arn:aws:lambda:us-east-1:111122223333:function:f:live", "arn:aws:lambda:us-east-1:111122223333:function:f:live", "", ""},
		{"AWS::Lambda::Version", "FunctionName: f", "arn:aws:lambda:us-east-1:111122223333:function:f:_", "arn:aws:lambda:us-east-1:111122223333:function:f:_", "", ""},
		{"AWS::Lambda::LayerVersion", "LayerName: l", "arn:aws:lambda:us-east-1:111122223333:layer:l:_", "arn:aws:lambda:us-east-1:111122223333:layer:l:_", "", ""},
		{"AWS::SNS::Topic", "TopicName: t", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:us-east-1:111122223333:t", "TopicName", "t"},
		{"AWS::SQS::Queue", "QueueName: q", "https://sqs.us-east-1.amazonaws.com/111122223333/q", "arn:aws:sqs:us-east-1:111122223333:q", "Arn", "arn:aws:sqs:us-east-1:111122223333:q"},
		{"AWS::Events::Rule", "Name: r", "r", "arn:aws:events:us-east-1:111122223333:rule/r", "Arn", "arn:aws:events:us-east-1:111122223333:rule/r"},
		{"AWS::Events::Rule", "Name: r, EventBusName: bus", "bus|r", "arn:aws:events:us-east-1:111122223333:rule/bus/r", "", ""},
		{"AWS::Events::Rule", "Name: r, EventBusName: default", "r", "arn:aws:events:us-east-1:111122223333:rule/r", "", ""},
		{"AWS::Events::EventBus", "Name: b", "b", "arn:aws:events:us-east-1:111122223333:event-bus/b", "Name", "b"},
		{"AWS::Events::Archive", "ArchiveName: a", "a", "arn:aws:events:us-east-1:111122223333:archive/a", "", ""},
		{"AWS::CloudTrail::Trail", "TrailName: t", "t", "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "Arn", "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"},
		{"AWS::Logs::LogGroup", "LogGroupName: /aws/codebuild/p", "/aws/codebuild/p", "arn:aws:logs:us-east-1:111122223333:log-group:/aws/codebuild/p:*", "Arn", "arn:aws:logs:us-east-1:111122223333:log-group:/aws/codebuild/p:*"},
		{"AWS::CloudFormation::Macro", "Name: m", "m", "", "", ""},
		{"AWS::ECR::Repository", "RepositoryName: app/x", "app/x", "arn:aws:ecr:us-east-1:111122223333:repository/app/x", "RepositoryUri", "111122223333.dkr.ecr.us-east-1.amazonaws.com/app/x"},
		{"AWS::ECS::Cluster", "ClusterName: c", "c", "arn:aws:ecs:us-east-1:111122223333:cluster/c", "Arn", "arn:aws:ecs:us-east-1:111122223333:cluster/c"},
		{"AWS::ECS::Service", "ServiceName: s, Cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/c'", "arn:aws:ecs:us-east-1:111122223333:service/c/s", "arn:aws:ecs:us-east-1:111122223333:service/c/s", "Name", "s"},
		{"AWS::ECS::Service", "ServiceName: s", "arn:aws:ecs:us-east-1:111122223333:service/default/s", "arn:aws:ecs:us-east-1:111122223333:service/default/s", "", ""},
		{"AWS::ECS::TaskDefinition", "Family: f", "arn:aws:ecs:us-east-1:111122223333:task-definition/f:_", "arn:aws:ecs:us-east-1:111122223333:task-definition/f:_", "", ""},
		{"AWS::DynamoDB::Table", "TableName: t", "t", "arn:aws:dynamodb:us-east-1:111122223333:table/t", "Arn", "arn:aws:dynamodb:us-east-1:111122223333:table/t"},
		{"AWS::SSM::Parameter", "Name: /a/b, Type: String, Value: v", "/a/b", "arn:aws:ssm:us-east-1:111122223333:parameter/a/b", "Value", "v"},
		{"AWS::StepFunctions::StateMachine", "StateMachineName: m", "arn:aws:states:us-east-1:111122223333:stateMachine:m", "arn:aws:states:us-east-1:111122223333:stateMachine:m", "Name", "m"},
		{"AWS::ApiGateway::Stage", "StageName: live, RestApiId: abc", "live", "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live", "", ""},
		{"AWS::Serverless::Function", "FunctionName: f", "f", "arn:aws:lambda:us-east-1:111122223333:function:f", "Arn", "arn:aws:lambda:us-east-1:111122223333:function:f"},
		{"AWS::SSO::Assignment", "InstanceArn: i, TargetId: '1', TargetType: AWS_ACCOUNT, PermissionSetArn: p, PrincipalType: USER, PrincipalId: u", "i|1|AWS_ACCOUNT|p|USER|u", "", "", ""},
		{"AWS::Organizations::Account", "AccountName: x", "?", "arn:aws:organizations::_:account/_/_", "", ""},
	} {
		t.Run(tc.typ, func(t *testing.T) {
			t.Parallel()
			e := env()
			e.AccountID, e.Region = acct, reg
			tm := mustParse(t, "Resources:\n  R: {Type: '"+tc.typ+"', Properties: {"+tc.props+"}}\nOutputs:\n  O: {Value: !GetAtt R."+cmp.Or(tc.attribute, "Arn")+"}\n")
			s := tm.Resolve(e)
			r := resource(t, s, "R")
			if got := strings.Trim(show(t, r.Ref), `"`); tc.ref != "" && got != tc.ref && !(tc.ref == "?" && r.Ref.IsUnknown()) {
				t.Errorf("Ref is %s, want %s", got, tc.ref)
			}
			if got := strings.ReplaceAll(r.ARN, policy.Hole, "_"); got != tc.arn {
				t.Errorf("ARN is %s, want %s", got, tc.arn)
			}
			if got := strings.Trim(show(t, s.Outputs[0].Value), `"`); tc.attribute != "" && got != tc.value {
				t.Errorf("%s is %s, want %s", tc.attribute, got, tc.value)
			}
			if len(s.Problems) > 0 {
				t.Error(messages(s.Problems))
			}
		})
	}
}

func TestStandIns(t *testing.T) {
	t.Parallel()
	const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	for _, tc := range []struct{ typ, props, ref, arn string }{
		{"AWS::IAM::Role", "", `demo-Thing-[A-Z0-9]{12}`, `arn:aws:iam::111122223333:role/demo-Thing-[A-Z0-9]{12}`},
		{"AWS::S3::Bucket", "", `demo-thing-[a-z0-9]{12}`, `arn:aws:s3:::demo-thing-[a-z0-9]{12}`},
		{"AWS::KMS::Key", "", uuid, `arn:aws:kms:us-east-1:111122223333:key/` + uuid},
		{"AWS::CodeStarConnections::Connection", "ConnectionName: x", `arn:aws:codestar-connections:us-east-1:111122223333:connection/` + uuid, `arn:aws:codestar-connections:us-east-1:111122223333:connection/` + uuid},
		{"AWS::CodeConnections::Connection", "ConnectionName: x", `arn:aws:codeconnections:us-east-1:111122223333:connection/` + uuid, `arn:aws:codeconnections:us-east-1:111122223333:connection/` + uuid},
		{"AWS::SecretsManager::Secret", "Name: db", `arn:aws:secretsmanager:us-east-1:111122223333:secret:db-[A-Za-z0-9]{6}`, `arn:aws:secretsmanager:us-east-1:111122223333:secret:db-[A-Za-z0-9]{6}`},
		{"AWS::SNS::Topic", "FifoTopic: true", `arn:aws:sns:us-east-1:111122223333:demo-Thing-[A-Z0-9]{12}\.fifo`, `arn:aws:sns:us-east-1:111122223333:demo-Thing-[A-Z0-9]{12}\.fifo`},
		{"AWS::EC2::VPC", "", `vpc-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:111122223333:vpc/vpc-[0-9a-f]{17}`},
		{"AWS::CloudFormation::Stack", "", `arn:aws:cloudformation:us-east-1:111122223333:stack/demo-Thing-[A-Z0-9]{12}/` + uuid, `arn:aws:cloudformation:us-east-1:111122223333:stack/demo-Thing-[A-Z0-9]{12}/` + uuid},
		{"AWS::ApiGateway::RestApi", "Name: api", `[a-z0-9]{10}`, `arn:aws:apigateway:us-east-1::/restapis/[a-z0-9]{10}`},
		{"AWS::SSO::PermissionSet", "InstanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef'", `arn:aws:sso:::instance/ssoins-1234567890abcdef\|arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-[0-9a-f]{16}`, `arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-[0-9a-f]{16}`},
	} {
		t.Run(tc.typ, func(t *testing.T) {
			t.Parallel()
			tm := mustParse(t, "Resources:\n  Thing: {Type: '"+tc.typ+"', Properties: {"+tc.props+"}}\n")
			r := tm.Resolve(env()).Resources[0]
			if !regexp.MustCompile(`^` + tc.ref + `$`).MatchString(r.Ref.Text) {
				t.Errorf("Ref is %s, want %s", show(t, r.Ref), tc.ref)
			}
			if !regexp.MustCompile(`^` + tc.arn + `$`).MatchString(r.ARN) {
				t.Errorf("ARN is %s, want %s", r.ARN, tc.arn)
			}
			if !r.Generated {
				t.Error("a made-up name does not count as generated")
			}
			again := mustParse(t, "Resources:\n  Thing: {Type: '"+tc.typ+"', Properties: {"+tc.props+"}}\n").Resolve(env()).Resources[0]
			if again.ARN != r.ARN {
				t.Errorf("%s and %s of one resource", r.ARN, again.ARN)
			}
			other := env()
			other.StackID += "x"
			if elsewhere := tm.Resolve(other).Resources[0]; elsewhere.ARN == r.ARN {
				t.Errorf("%s in two stacks", r.ARN)
			}
		})
	}
}

func TestLongStandInsFit(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, "Resources:\n  "+strings.Repeat("Long", 60)+": {Type: AWS::IAM::Role}\n  "+strings.Repeat("Wide", 60)+": {Type: AWS::S3::Bucket}\n")
	e := env()
	e.StackName = strings.Repeat("stack-", 20)
	s := tm.Resolve(e)
	for i, limit := range []int{64, 63} {
		if got := s.Resources[i].Ref.Text; len(got) > limit || len(got) < limit-5 {
			t.Errorf("%s has %d characters", got, len(got))
		}
	}
}

func TestWhatIsNotKnownLeavesHoles(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: r}}
  Topic: {Type: AWS::SNS::Topic}
  Custom: {Type: Custom::Thing}
  Other: {Type: AWS::Braket::Thing}
Outputs:
  Role: {Value: !GetAtt Role.Arn}
  Topic: {Value: !Ref Topic}
  Custom: {Value: !Ref Custom}
  Other: {Value: !Sub "x-${Other.Arn}"}
`)
	s := tm.Resolve(cfn.Env{})
	var got []string
	for _, o := range s.Outputs {
		got = append(got, show(t, o.Value))
	}
	want := []string{
		`"arn:aws:iam::_:role/r"`, `"arn:aws:sns:_:_:_-Topic-` + s.Resources[1].Ref.Text[len(s.Resources[1].Ref.Text)-12:] + `"`,
		`"?(Ref Custom: what a custom resource comes to is for its provider to say)"`, `"x-_"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := whats(s.Unknowns); got != "AWS::AccountId, AWS::Region, AWS::StackName, Ref Custom, Other.Arn" {
		t.Error(got)
	}
	if r := s.Resources[0].Ref; r.Text != "r" || s.Outputs[0].Value.Reason != "AWS::AccountId: the account of the stack is not given" {
		t.Errorf("%+v %q", r, s.Outputs[0].Value.Reason)
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}\nOutputs:\n  O: {Value: !Sub '${AWS::Partition} ${AWS::URLSuffix} ${B.Arn}'}\n")
	for region, want := range map[string]string{
		"us-iso-east-1":  "aws-iso c2s.ic.gov arn:aws-iso:s3:::b",
		"us-isob-east-1": "aws-iso-b sc2s.sgov.gov arn:aws-iso-b:s3:::b",
		"eusc-de-east-1": "aws-eusc amazonaws.eu arn:aws-eusc:s3:::b",
		"cn-north-1":     "aws-cn amazonaws.com.cn arn:aws-cn:s3:::b",
		"us-gov-west-1":  "aws-us-gov amazonaws.com arn:aws-us-gov:s3:::b",
		"eu-central-1":   "aws amazonaws.com arn:aws:s3:::b",
		"":               "aws amazonaws.com arn:aws:s3:::b",
	} {
		if got := tm.Resolve(cfn.Env{Region: region}).Outputs[0].Value.Text; got != want {
			t.Errorf("%s: %s", region, got)
		}
	}
	given := cfn.Env{Region: "us-east-1", Partition: "aws-x", URLSuffix: "x.example"}
	if got := tm.Resolve(given).Outputs[0].Value.Text; got != "aws-x x.example arn:aws-x:s3:::b" {
		t.Error(got)
	}
}

func TestPhysicalOverrides(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Resources:
  Key: {Type: AWS::KMS::Key}
  Nested: {Type: AWS::CloudFormation::Stack}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  A: {Value: !GetAtt Key.Arn}
  B: {Value: !Sub "${Key}"}
  C: {Value: !GetAtt Nested.Outputs.X}
  D: {Value: !Ref Topic}
`)
	real := map[string]string{"Key.Ref": "1234", "Key.Arn": "arn:aws:kms:us-east-1:111122223333:key/1234", "Nested.Outputs.X": "x"}
	e := env()
	e.Physical = func(id, attribute string) (*policy.Node, bool) {
		v, ok := real[id+"."+attribute]
		return &policy.Node{Kind: policy.String, Text: v}, ok
	}
	s := tm.Resolve(e)
	for i, want := range []string{"arn:aws:kms:us-east-1:111122223333:key/1234", "1234", "x"} {
		if got := s.Outputs[i].Value.Text; got != want {
			t.Errorf("output %d is %s", i, got)
		}
	}
	if r := s.Resources[0]; r.ARN != real["Key.Arn"] || r.Ref.Text != "1234" || r.Generated {
		t.Errorf("%+v", r)
	}
	if r := s.Resources[2]; !strings.HasPrefix(r.ARN, "arn:aws:sns:") || !r.Generated {
		t.Errorf("%+v", r)
	}
}

func TestServerlessImplied(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12}}
Resources:
  Fn: {Type: AWS::Serverless::Function}
  Own: {Type: AWS::Serverless::Function, Properties: {Role: x}}
  Pathed: {Type: AWS::Serverless::Function, Properties: {RolePath: /ci/}}
Outputs:
  A: {Value: !GetAtt FnRole.Arn}
  B: {Value: !Ref FnRole}
  C: {Value: !Ref ServerlessRestApi}
  D: {Value: !Ref Fn.Version}
  E: {Value: !GetAtt OwnRole.Arn}
  F: {Value: !GetAtt Gone.Arn}
`)
	s := tm.Resolve(env())
	role := s.GetAtt("FnRole", "Arn").Text
	if !regexp.MustCompile(`^arn:aws:iam::111122223333:role/demo-FnRole-[A-Z0-9]{12}$`).MatchString(role) || s.Outputs[0].Value.Text != role {
		t.Errorf("%s, %s", role, show(t, s.Outputs[0].Value))
	}
	if got := s.Ref("FnRole").Text; "arn:aws:iam::111122223333:role/"+got != role || s.Outputs[1].Value.Text != got {
		t.Error(got)
	}
	if got := s.GetAtt("PathedRole", "Arn").Text; !strings.HasPrefix(got, "arn:aws:iam::111122223333:role/ci/demo-PathedRole-") {
		t.Error(got)
	}
	for _, o := range s.Outputs[2:5] {
		if !o.Value.IsUnknown() {
			t.Errorf("%s is %s", o.Name, show(t, o.Value))
		}
	}
	if got := messages(s.Problems); got != "Unresolved resource dependencies [Gone] in the Outputs block of the template" {
		t.Error(got)
	}
	if show(t, tm.Globals) != `{"Function":{"Runtime":"python3.12"}}` {
		t.Error(show(t, tm.Globals))
	}
}

func TestMacros(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `
Transform: [AWS::LanguageExtensions, Mine, {Name: AWS::Include, Parameters: {Location: s3://x}}]
Resources:
  'Fn::ForEach::Topics': [T, [a, b], {'Topic${T}': {Type: AWS::SNS::Topic}}]
  B: {Type: AWS::S3::Bucket, 'Fn::Transform': {Name: Theirs}, Properties: {BucketName: b}}
Outputs:
  'Fn::Transform': {Name: More}
`).Resolve(env())
	if got := whats(s.Unknowns); got != "transform Mine, transform AWS::Include, Fn::ForEach::Topics in Resources, Fn::Transform in resource B, Fn::Transform in Outputs" {
		t.Error(got)
	}
	if len(s.Resources) != 1 || !s.Resources[0].Props.IsUnknown() {
		t.Errorf("%+v", s.Resources)
	}
}
