package estate

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// simpleTypes are the types kept as Simple: of use, without fields of their own.
var simpleTypes = setOf(
	"AWS::CodePipeline::Webhook", "AWS::CodePipeline::CustomActionType",
	"AWS::CodeStarNotifications::NotificationRule", "AWS::Chatbot::SlackChannelConfiguration",
	"AWS::CodeBuild::ReportGroup", "AWS::CodeBuild::SourceCredential", "AWS::CodeBuild::Fleet",
	"AWS::CodeArtifact::Repository", "AWS::CodeArtifact::Domain",
	"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup", "AWS::CodeDeploy::DeploymentConfig",
	"AWS::CodeConnections::RepositoryLink", "AWS::CodeConnections::SyncConfiguration",
	"AWS::CodeStarConnections::RepositoryLink", "AWS::CodeStarConnections::SyncConfiguration",
	"AWS::Events::EventBus", "AWS::Events::EventBusPolicy", "AWS::Events::Archive", "AWS::Events::ApiDestination", "AWS::Events::Connection",
	"AWS::Scheduler::Schedule", "AWS::Pipes::Pipe",
	"AWS::CloudTrail::Trail", "AWS::CloudTrail::EventDataStore", "AWS::CloudTrail::ResourcePolicy",
	"AWS::Logs::LogGroup", "AWS::Logs::MetricFilter", "AWS::Logs::SubscriptionFilter", "AWS::Logs::ResourcePolicy",
	"AWS::CloudWatch::Alarm", "AWS::Config::ConfigRule", "AWS::Config::ConfigurationRecorder",
	"AWS::CloudFormation::StackSet", "AWS::CloudFormation::Macro", "AWS::CloudFormation::CustomResource",
	"AWS::CloudFormation::ResourceVersion", "AWS::CloudFormation::HookVersion", "AWS::CloudFormation::HookTypeConfig",
	"AWS::ECR::Repository", "AWS::ECR::RegistryPolicy", "AWS::ECR::PullThroughCacheRule",
	"AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition",
	"AWS::IAM::AccessKey", "AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider", "AWS::IAM::SAMLProvider", "AWS::IAM::VirtualMFADevice",
	"AWS::IAM::ServerCertificate", "AWS::RolesAnywhere::TrustAnchor", "AWS::RolesAnywhere::Profile",
	"AWS::SSO::Instance", "AWS::SSO::InstanceAccessControlAttributeConfiguration", "AWS::SSO::Application", "AWS::SSO::ApplicationAssignment",
	"AWS::IdentityStore::Group", "AWS::IdentityStore::GroupMembership",
	"AWS::KMS::Grant",
	"AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Lambda::LayerVersion", "AWS::Lambda::LayerVersionPermission",
	"AWS::Lambda::EventSourceMapping", "AWS::Lambda::Url",
	"AWS::S3::AccessPoint", "AWS::S3::AccessPointPolicy", "AWS::S3::AccountPublicAccessBlock",
	"AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy", "AWS::SSM::Parameter", "AWS::SSM::Document", "AWS::SSM::Association",
	"AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine", "AWS::Serverless::Application", "AWS::Serverless::Api",
	"AWS::Serverless::HttpApi", "AWS::Serverless::LayerVersion", "AWS::Serverless::SimpleTable", "AWS::Serverless::Connector",
	"AWS::EC2::Instance", "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::AutoScalingGroup", "AWS::AutoScaling::LaunchConfiguration",
	"AWS::EKS::Cluster", "AWS::Glue::Job", "AWS::Glue::DevEndpoint", "AWS::SageMaker::NotebookInstance", "AWS::Batch::JobDefinition",
	"AWS::DataPipeline::Pipeline", "AWS::ElasticBeanstalk::Environment", "AWS::ElasticBeanstalk::Application",
	"AWS::AppConfig::Application", "AWS::AppConfig::Environment", "AWS::ServiceCatalog::CloudFormationProduct", "AWS::AppRunner::Service",
	"AWS::Synthetics::Canary", "AWS::Cognito::IdentityPool", "AWS::Cognito::IdentityPoolRoleAttachment", "AWS::DynamoDB::Table",
)

func setOf(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}

// policyProperty names the property that holds a resource policy, by type.
var policyProperty = map[string]string{
	"AWS::ECR::Repository":                "RepositoryPolicyText",
	"AWS::ECR::RegistryPolicy":            "PolicyText",
	"AWS::Events::EventBus":               "Policy",
	"AWS::Events::EventBusPolicy":         "Statement",
	"AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
	"AWS::Logs::ResourcePolicy":           "PolicyDocument",
	"AWS::S3::AccessPoint":                "Policy",
	"AWS::S3::AccessPointPolicy":          "Policy",
	"AWS::CodeArtifact::Repository":       "PermissionsPolicyDocument",
	"AWS::CodeArtifact::Domain":           "PermissionsPolicyDocument",
	"AWS::CloudTrail::ResourcePolicy":     "ResourcePolicy",
}

// nameProperties are the properties that may hold the name of a Simple.
var nameProperties = []string{
	"Name", "TrailName", "LogGroupName", "RepositoryName", "ArchiveName", "StackSetName", "RoleName", "FunctionName", "TableName",
	"ApplicationName", "DeploymentGroupName", "ClusterName", "ServiceName", "Family", "StateMachineName", "AlarmName", "SecretName",
}

func (b *Builder) readSimple(d *Declaration) {
	s := &Simple{}
	for _, p := range nameProperties {
		if n := d.get(p); n != nil {
			if s.Name = textOf(n); s.Name != "" {
				break
			}
		}
	}
	if s.Name == "" {
		s.Name = firstText(d.Ref, d.LogicalID)
	}
	arn := ""
	if strings.HasPrefix(d.Ref, "arn:") {
		arn = d.Ref
	}
	s.Meta = d.meta(arn)
	if prop := policyProperty[d.Type]; prop != "" {
		if n := d.get(prop); n != nil && n.Kind != policy.Null {
			if d.Type == "AWS::Events::EventBusPolicy" && n.Kind == policy.Map {
				n = mapNode(n.Pos, entry("Statement", n))
			}
			p := b.policyOf(d, "policy of "+Show(s.Name), n)
			s.Policy = &p
		}
	}
	b.e.Others[d.Type] = append(b.e.Others[d.Type], s)
}
