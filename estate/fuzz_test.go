package estate_test

import (
	"testing"

	"github.com/twokey/twokey/estate"
	et "github.com/twokey/twokey/estate/estatetest"
	"github.com/twokey/twokey/iam/policy"
)

// types are those that the Builder reads, and some that it does not.
var types = []string{
	"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::ServiceLinkedRole", "AWS::IAM::Policy", "AWS::IAM::RolePolicy",
	"AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy", "AWS::IAM::ManagedPolicy", "AWS::IAM::UserToGroupAddition", "AWS::IAM::AccessKey",
	"AWS::IAM::InstanceProfile", "AWS::SSO::PermissionSet", "AWS::SSO::Assignment", "AWS::Organizations::Organization",
	"AWS::Organizations::OrganizationalUnit", "AWS::Organizations::Account", "AWS::Organizations::Policy", "AWS::CodePipeline::Pipeline",
	"AWS::CodeBuild::Project", "AWS::CodeCommit::Repository", "AWS::CodeStarConnections::Connection", "AWS::S3::Bucket", "AWS::S3::BucketPolicy",
	"AWS::KMS::Key", "AWS::KMS::Alias", "AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Lambda::Permission",
	"AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Events::Rule",
	"AWS::CloudFormation::Stack", "AWS::Events::EventBusPolicy", "AWS::ECR::Repository", "AWS::SecretsManager::ResourcePolicy", "Custom::Thing", "AWS::EC2::VPC",
}

// maker turns bytes into a tree whose keys are mostly words that the Builder
// looks for.
type maker struct {
	data []byte
	left int
}

var words = []string{
	"RoleName", "UserName", "GroupName", "PolicyName", "PolicyDocument", "AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "Roles", "Users",
	"Groups", "PermissionsBoundary", "Statement", "Effect", "Principal", "AWS", "Service", "Action", "Resource", "Condition", "Stages", "Actions", "Name",
	"ActionTypeId", "Category", "Owner", "Provider", "Configuration", "StackName", "RoleArn", "ArtifactStore", "ArtifactStores", "Location", "EncryptionKey",
	"Id", "Region", "RunOrder", "InputArtifacts", "Bucket", "Topics", "Queues", "FunctionName", "TargetKeyId", "AliasName", "TargetIds", "Content", "Type",
	"Targets", "Arn", "Events", "Properties", "PermissionSetArn", "TargetId", "DeploymentTargets", "Regions", "Tags", "Key", "Value", "KeyPolicy", "RepositoryName",
}

var texts = []string{
	"", "r", "a", "Allow", "Deny", "*", "AWS", "Deploy", "Source", "CloudFormation", "CodeCommit", "CodeBuild", "Lambda", "CloudFormationStackSet",
	"arn:aws:iam::111111111111:role/r", "arn:aws:iam::111111111111:policy/p", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:s3:::b", "111111111111",
	"arn:aws:kms:us-east-1:111111111111:key/k", "alias/x", "sts:AssumeRole", "s3:*", "arn:", "arn:aws:iam::1:role/", "SERVICE_CONTROL_POLICY", "r-1", "/", ":",
	policy.Hole, "x" + policy.Hole, policy.Hole + "x", `{"Statement": []}`, "{", "1", "999999999999999999999",
}

func (m *maker) byte() int {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return int(b)
}

func (m *maker) node(depth int) *policy.Node {
	m.left--
	kind := m.byte() % 8
	if depth > 6 || m.left < 0 {
		kind = 0
	}
	switch kind {
	case 1:
		return &policy.Node{Kind: policy.Unknown, Reason: "fuzz"}
	case 2:
		return &policy.Node{Kind: policy.Null}
	case 3:
		return &policy.Node{Kind: policy.Bool, Text: "true"}
	case 4:
		n := &policy.Node{Kind: policy.List}
		for range m.byte() % 4 {
			n.Items = append(n.Items, m.node(depth+1))
		}
		return n
	case 5, 6, 7:
		n := &policy.Node{Kind: policy.Map}
		for range m.byte() % 6 {
			n.Entries = append(n.Entries, policy.Entry{Key: words[m.byte()%len(words)], Value: m.node(depth + 1)})
		}
		return n
	}
	return &policy.Node{Kind: policy.String, Text: texts[m.byte()%len(texts)]}
}

// FuzzBuilder: no tree makes the Builder or the questions asked of its estate
// panic, and every principal that it declares can be asked about.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte{0, 5, 3, 0, 0, 1, 2, 5, 5, 4, 6, 1})
	f.Add([]byte("\x12\x05\x06\x14\x04\x02\x05\x03\x16\x00\x01\x15\x04\x01"))
	for i := range types {
		f.Add([]byte{byte(i), 1, byte(i), 5, 5, 1, 0, 2, 3, 5, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &maker{data: data, left: 400}
		b := estate.NewBuilder()
		b.Account(estate.Account{ID: a})
		for len(m.data) > 0 && m.left > 0 {
			b.Add(estate.Declaration{
				Type: types[m.byte()%len(types)], LogicalID: "L", Stack: "s", Account: a, Region: et.Region,
				Ref: texts[m.byte()%len(texts)], Maybe: m.byte()%5 == 0, Props: m.node(0),
			})
		}
		e := b.Build()
		for r := range e.All() {
			meta := r.Base()
			e.ByARN(meta.ARN)
			e.Owner(meta.ARN)
			e.ResourceAccount(meta.ARN)
		}
		for i, r := range e.Roles {
			if i == 5 {
				break
			}
			for _, q := range [][2]string{{"sts:AssumeRole", r.ARN}, {"s3:GetObject", "arn:aws:s3:::b/k"}, {"kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/k"}} {
				d, err := e.May(r.ARN, q[0], q[1], nil)
				fast, fastErr := e.Decide(r.ARN, q[0], q[1], nil)
				if (err == nil) != (fastErr == nil) || d.Outcome != fast {
					t.Fatalf("%s %s on %s: May says %v, %v and Decide %v, %v", r.ARN, q[0], q[1], d.Outcome, err, fast, fastErr)
				}
			}
		}
	})
}
