package cfn

// arnOnly are the attributes of a type that has no other than Arn.
var arnOnly = map[string]string{"Arn": "{arn}"}

// noAttributes is for types whose attributes are all made up at deployment.
var noAttributes = map[string]string{}

// physicalTypes is what Ref and Fn::GetAtt return, by type. Source: the "Return
// values" of each type's page in the CloudFormation template reference, and for
// the shape of ARNs the Service Authorization Reference. An attribute that is
// not here (an endpoint, a creation date, a stream) is not known before deployment.
var physicalTypes = mergeTypes(identityTypes, deliveryTypes, computeTypes, dataTypes, networkTypes)

func mergeTypes(tables ...map[string]physicalType) map[string]*physicalType {
	out := map[string]*physicalType{}
	for _, table := range tables {
		for name, typ := range table {
			out[name] = &typ
		}
	}
	return out
}

// identityTypes: who may do what.
var identityTypes = map[string]physicalType{
	"AWS::IAM::User":              {name: "UserName", max: 64, ref: "{name}", arn: "arn:{partition}:iam::{account}:user{path}{name}", attrs: arnOnly},
	"AWS::IAM::Group":             {name: "GroupName", max: 128, ref: "{name}", arn: "arn:{partition}:iam::{account}:group{path}{name}", attrs: arnOnly},
	"AWS::IAM::Role":              {name: "RoleName", max: 64, ref: "{name}", arn: "arn:{partition}:iam::{account}:role{path}{name}", attrs: arnOnly},
	"AWS::IAM::InstanceProfile":   {name: "InstanceProfileName", max: 128, ref: "{name}", arn: "arn:{partition}:iam::{account}:instance-profile{path}{name}", attrs: arnOnly},
	"AWS::IAM::ManagedPolicy":     {name: "ManagedPolicyName", max: 128, ref: "{arn}", arn: "arn:{partition}:iam::{account}:policy{path}{name}", attrs: map[string]string{"PolicyArn": "{arn}"}},
	"AWS::IAM::Policy":            {ref: "{name}", attrs: map[string]string{"Id": "{name}"}},
	"AWS::IAM::UserPolicy":        {ref: "{@PolicyName}|{@UserName}", attrs: noAttributes},
	"AWS::IAM::GroupPolicy":       {ref: "{@PolicyName}|{@GroupName}", attrs: noAttributes},
	"AWS::IAM::RolePolicy":        {ref: "{@PolicyName}|{@RoleName}", attrs: noAttributes},
	"AWS::IAM::OIDCProvider":      {name: "Url", ref: "{arn}", arn: "arn:{partition}:iam::{account}:oidc-provider/{host@Url}", attrs: arnOnly},
	"AWS::IAM::SAMLProvider":      {name: "Name", max: 128, ref: "{arn}", arn: "arn:{partition}:iam::{account}:saml-provider/{name}", attrs: arnOnly},
	"AWS::IAM::ServerCertificate": {name: "ServerCertificateName", max: 128, ref: "{name}", arn: "arn:{partition}:iam::{account}:server-certificate{path}{name}", attrs: arnOnly},
	"AWS::IAM::AccessKey":         {id: "AKIA{key16}", ref: "{name}", attrs: noAttributes},

	// An Identity Center instance and an organization are named by ids that AWS
	// made up, so what is in them has holes in its ARN unless the template gives them.
	"AWS::SSO::PermissionSet":                    {id: "ps-{id16}", ref: "{@InstanceArn}|{arn}", arn: "arn:{partition}:sso:::permissionSet/{last@InstanceArn}/{name}", attrs: map[string]string{"PermissionSetArn": "{arn}"}},
	"AWS::SSO::Assignment":                       {ref: "{@InstanceArn}|{@TargetId}|{@TargetType}|{@PermissionSetArn}|{@PrincipalType}|{@PrincipalId}", attrs: noAttributes},
	"AWS::Organizations::Policy":                 {id: "p-{id10}", ref: "{name}", arn: "arn:{partition}:organizations::{?}:policy/{?}/{?}/{name}", attrs: map[string]string{"Arn": "{arn}", "Id": "{name}", "AwsManaged": "false"}},
	"AWS::Organizations::OrganizationalUnit":     {id: "ou-{?}-{id10}", ref: "{name}", arn: "arn:{partition}:organizations::{?}:ou/{?}/{name}", attrs: map[string]string{"Arn": "{arn}", "Id": "{name}"}},
	"AWS::Organizations::Account":                {id: "{?}", ref: "{name}", arn: "arn:{partition}:organizations::{?}:account/{?}/{name}", attrs: map[string]string{"Arn": "{arn}", "AccountId": "{name}"}},
	"AWS::RolesAnywhere::TrustAnchor":            {id: "{uuid}", ref: "{name}", arn: "arn:{partition}:rolesanywhere:{region}:{account}:trust-anchor/{name}", attrs: map[string]string{"TrustAnchorArn": "{arn}", "TrustAnchorId": "{name}"}},
	"AWS::RolesAnywhere::Profile":                {id: "{uuid}", ref: "{name}", arn: "arn:{partition}:rolesanywhere:{region}:{account}:profile/{name}", attrs: map[string]string{"ProfileArn": "{arn}", "ProfileId": "{name}"}},
	"AWS::AccessAnalyzer::Analyzer":              {name: "AnalyzerName", max: 255, ref: "{arn}", arn: "arn:{partition}:access-analyzer:{region}:{account}:analyzer/{name}", attrs: arnOnly},
	"AWS::CloudFormation::StackSet":              {name: "StackSetName", max: 128, madeUp: true, ref: "{name}:{uuid}", arn: "arn:{partition}:cloudformation:{region}:{account}:stackset/{name}:{uuid}", attrs: map[string]string{"StackSetId": "{name}:{uuid}"}},
	"AWS::CloudFormation::Stack":                 {max: 128, ref: "{arn}", arn: "arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{uuid}", attrs: map[string]string{"StackId": "{arn}"}},
	"AWS::Serverless::Application":               {max: 128, ref: "{arn}", arn: "arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{uuid}", attrs: noAttributes},
	"AWS::CloudFormation::Macro":                 {name: "Name", ref: "{name}", attrs: noAttributes},
	"AWS::ServiceCatalog::CloudFormationProduct": {id: "prod-{id10}", ref: "{name}", arn: "arn:{partition}:catalog:{region}:{account}:product/{name}", attrs: noAttributes},
}

// deliveryTypes: how code gets to where it runs, and who hears of it.
var deliveryTypes = map[string]physicalType{
	"AWS::CodePipeline::Pipeline":         {name: "Name", max: 100, ref: "{name}", arn: "arn:{partition}:codepipeline:{region}:{account}:{name}", attrs: noAttributes},
	"AWS::CodePipeline::Webhook":          {name: "Name", max: 100, ref: "{name}", arn: "arn:{partition}:codepipeline:{region}:{account}:webhook:{name}", attrs: noAttributes},
	"AWS::CodePipeline::CustomActionType": {ref: "{@Category}|{@Provider}|{@Version}", arn: "arn:{partition}:codepipeline:{region}:{account}:actiontype:Custom/{@Category}/{@Provider}/{@Version}", attrs: noAttributes},
	"AWS::CodeBuild::Project":             {name: "Name", max: 150, ref: "{name}", arn: "arn:{partition}:codebuild:{region}:{account}:project/{name}", attrs: arnOnly},
	"AWS::CodeBuild::ReportGroup":         {name: "Name", max: 128, ref: "{arn}", arn: "arn:{partition}:codebuild:{region}:{account}:report-group/{name}", attrs: arnOnly},
	"AWS::CodeCommit::Repository": {name: "RepositoryName", ref: "{uuid}", arn: "arn:{partition}:codecommit:{region}:{account}:{name}", attrs: map[string]string{
		"Arn": "{arn}", "Name": "{name}", "CloneUrlHttp": "https://git-codecommit.{region}.{suffix}/v1/repos/{name}", "CloneUrlSsh": "ssh://git-codecommit.{region}.{suffix}/v1/repos/{name}"}},
	"AWS::CodeArtifact::Domain":                    {name: "DomainName", ref: "{arn}", arn: "arn:{partition}:codeartifact:{region}:{account}:domain/{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}", "Owner": "{account}"}},
	"AWS::CodeArtifact::Repository":                {name: "RepositoryName", ref: "{arn}", arn: "arn:{partition}:codeartifact:{region}:{account}:repository/{@DomainName}/{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::CodeDeploy::Application":                 {name: "ApplicationName", max: 100, ref: "{name}", arn: "arn:{partition}:codedeploy:{region}:{account}:application:{name}", attrs: noAttributes},
	"AWS::CodeDeploy::DeploymentGroup":             {name: "DeploymentGroupName", max: 100, ref: "{name}", arn: "arn:{partition}:codedeploy:{region}:{account}:deploymentgroup:{@ApplicationName}/{name}", attrs: noAttributes},
	"AWS::CodeDeploy::DeploymentConfig":            {name: "DeploymentConfigName", max: 100, ref: "{name}", arn: "arn:{partition}:codedeploy:{region}:{account}:deploymentconfig:{name}", attrs: noAttributes},
	"AWS::CodeStarConnections::Connection":         {id: "{uuid}", ref: "{arn}", arn: "arn:{partition}:codestar-connections:{region}:{account}:connection/{name}", attrs: map[string]string{"ConnectionArn": "{arn}", "OwnerAccountId": "{account}"}},
	"AWS::CodeConnections::Connection":             {id: "{uuid}", ref: "{arn}", arn: "arn:{partition}:codeconnections:{region}:{account}:connection/{name}", attrs: map[string]string{"ConnectionArn": "{arn}", "OwnerAccountId": "{account}"}},
	"AWS::CodeStarConnections::RepositoryLink":     {id: "{uuid}", ref: "{arn}", arn: "arn:{partition}:codestar-connections:{region}:{account}:repository-link/{name}", attrs: map[string]string{"RepositoryLinkArn": "{arn}", "RepositoryLinkId": "{name}"}},
	"AWS::CodeStarNotifications::NotificationRule": {id: "{hex40}", ref: "{arn}", arn: "arn:{partition}:codestar-notifications:{region}:{account}:notificationrule/{name}", attrs: arnOnly},
	"AWS::SNS::Topic":                              {name: "TopicName", max: 256, fifo: "FifoTopic", ref: "{arn}", arn: "arn:{partition}:sns:{region}:{account}:{name}", attrs: map[string]string{"TopicArn": "{arn}", "TopicName": "{name}"}},
	"AWS::SNS::Subscription":                       {ref: "{arn}", id: "{uuid}", arn: "{@TopicArn}:{name}", attrs: arnOnly},
	"AWS::SQS::Queue": {name: "QueueName", max: 80, fifo: "FifoQueue", ref: "https://sqs.{region}.{suffix}/{account}/{name}", arn: "arn:{partition}:sqs:{region}:{account}:{name}", attrs: map[string]string{
		"Arn": "{arn}", "QueueName": "{name}", "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}"}},
	"AWS::Events::Rule":               {name: "Name", max: 64, ref: "{bus|}{name}", arn: "arn:{partition}:events:{region}:{account}:rule/{bus/}{name}", attrs: arnOnly},
	"AWS::Events::EventBus":           {name: "Name", max: 256, ref: "{name}", arn: "arn:{partition}:events:{region}:{account}:event-bus/{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::Events::Archive":            {name: "ArchiveName", max: 48, ref: "{name}", arn: "arn:{partition}:events:{region}:{account}:archive/{name}", attrs: arnOnly},
	"AWS::Events::Connection":         {name: "Name", max: 64, madeUp: true, ref: "{name}", arn: "arn:{partition}:events:{region}:{account}:connection/{name}/{uuid}", attrs: arnOnly},
	"AWS::Events::ApiDestination":     {name: "Name", max: 64, madeUp: true, ref: "{name}", arn: "arn:{partition}:events:{region}:{account}:api-destination/{name}/{uuid}", attrs: arnOnly},
	"AWS::Scheduler::Schedule":        {name: "Name", max: 64, ref: "{name}", arn: "arn:{partition}:scheduler:{region}:{account}:schedule/{@GroupName|default}/{name}", attrs: arnOnly},
	"AWS::Scheduler::ScheduleGroup":   {name: "Name", max: 64, ref: "{name}", arn: "arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}", attrs: arnOnly},
	"AWS::CloudTrail::Trail":          {name: "TrailName", max: 128, ref: "{name}", arn: "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}", attrs: arnOnly},
	"AWS::CloudTrail::EventDataStore": {id: "{uuid}", ref: "{arn}", arn: "arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{name}", attrs: map[string]string{"EventDataStoreArn": "{arn}"}},
	"AWS::Logs::LogGroup":             {name: "LogGroupName", max: 512, ref: "{name}", arn: "arn:{partition}:logs:{region}:{account}:log-group:{name}:*", attrs: arnOnly},
	"AWS::Logs::LogStream":            {name: "LogStreamName", max: 512, ref: "{name}", attrs: noAttributes},
	"AWS::CloudWatch::Alarm":          {name: "AlarmName", max: 255, ref: "{name}", arn: "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", attrs: arnOnly},
	"AWS::CloudWatch::CompositeAlarm": {name: "AlarmName", max: 255, ref: "{name}", arn: "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", attrs: arnOnly},
	"AWS::Config::ConfigRule":         {name: "ConfigRuleName", max: 128, ref: "{name}", attrs: noAttributes},
	"AWS::Budgets::Budget":            {ref: "{name}", attrs: noAttributes},
}

// computeTypes: what runs.
var computeTypes = map[string]physicalType{
	"AWS::Lambda::Function":              {name: "FunctionName", max: 64, ref: "{name}", arn: "arn:{partition}:lambda:{region}:{account}:function:{name}", attrs: arnOnly},
	"AWS::Serverless::Function":          {name: "FunctionName", max: 64, ref: "{name}", arn: "arn:{partition}:lambda:{region}:{account}:function:{name}", attrs: arnOnly},
	"AWS::Lambda::Version":               {id: "{?}", ref: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:function:{function@FunctionName}:{name}", attrs: map[string]string{"FunctionArn": "{arn}", "Version": "{name}"}},
	"AWS::Lambda::Alias":                 {name: "Name", ref: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:function:{function@FunctionName}:{name}", attrs: map[string]string{"AliasArn": "{arn}"}},
	"AWS::Lambda::LayerVersion":          {name: "LayerName", max: 140, ref: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:layer:{name}:{?}", attrs: map[string]string{"LayerVersionArn": "{arn}"}},
	"AWS::Serverless::LayerVersion":      {name: "LayerName", max: 140, ref: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:layer:{name}:{?}", attrs: noAttributes},
	"AWS::Lambda::EventSourceMapping":    {id: "{uuid}", ref: "{name}", arn: "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{name}", attrs: map[string]string{"Id": "{name}", "EventSourceMappingArn": "{arn}"}},
	"AWS::Lambda::Permission":            {ref: "{name}", attrs: map[string]string{"Id": "{name}"}},
	"AWS::Lambda::CodeSigningConfig":     {id: "csc-{hex17}", ref: "{arn}", arn: "arn:{partition}:lambda:{region}:{account}:code-signing-config:{name}", attrs: map[string]string{"CodeSigningConfigArn": "{arn}", "CodeSigningConfigId": "{name}"}},
	"AWS::StepFunctions::StateMachine":   {name: "StateMachineName", max: 80, ref: "{arn}", arn: "arn:{partition}:states:{region}:{account}:stateMachine:{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::Serverless::StateMachine":      {name: "Name", max: 80, ref: "{arn}", arn: "arn:{partition}:states:{region}:{account}:stateMachine:{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::StepFunctions::Activity":       {name: "Name", max: 80, ref: "{arn}", arn: "arn:{partition}:states:{region}:{account}:activity:{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::ECR::Repository":               {name: "RepositoryName", max: 256, lower: true, ref: "{name}", arn: "arn:{partition}:ecr:{region}:{account}:repository/{name}", attrs: map[string]string{"Arn": "{arn}", "RepositoryUri": "{account}.dkr.ecr.{region}.{suffix}/{name}"}},
	"AWS::ECS::Cluster":                  {name: "ClusterName", max: 255, ref: "{name}", arn: "arn:{partition}:ecs:{region}:{account}:cluster/{name}", attrs: arnOnly},
	"AWS::ECS::Service":                  {name: "ServiceName", max: 255, ref: "{arn}", arn: "arn:{partition}:ecs:{region}:{account}:service/{last@Cluster|default}/{name}", attrs: map[string]string{"Name": "{name}", "ServiceArn": "{arn}"}},
	"AWS::ECS::TaskDefinition":           {name: "Family", max: 255, ref: "{arn}", arn: "arn:{partition}:ecs:{region}:{account}:task-definition/{name}:{?}", attrs: map[string]string{"TaskDefinitionArn": "{arn}"}},
	"AWS::EKS::Cluster":                  {name: "Name", max: 100, ref: "{name}", arn: "arn:{partition}:eks:{region}:{account}:cluster/{name}", attrs: arnOnly},
	"AWS::Batch::JobQueue":               {name: "JobQueueName", max: 128, ref: "{arn}", arn: "arn:{partition}:batch:{region}:{account}:job-queue/{name}", attrs: map[string]string{"JobQueueArn": "{arn}"}},
	"AWS::Batch::JobDefinition":          {name: "JobDefinitionName", max: 128, ref: "{arn}", arn: "arn:{partition}:batch:{region}:{account}:job-definition/{name}:{?}", attrs: noAttributes},
	"AWS::AutoScaling::AutoScalingGroup": {name: "AutoScalingGroupName", max: 255, ref: "{name}", attrs: noAttributes},
	"AWS::ElasticBeanstalk::Application": {name: "ApplicationName", max: 100, ref: "{name}", arn: "arn:{partition}:elasticbeanstalk:{region}:{account}:application/{name}", attrs: noAttributes},
	"AWS::ElasticBeanstalk::Environment": {name: "EnvironmentName", max: 40, ref: "{name}", arn: "arn:{partition}:elasticbeanstalk:{region}:{account}:environment/{@ApplicationName}/{name}", attrs: noAttributes},
	"AWS::Glue::Job":                     {name: "Name", max: 255, ref: "{name}", arn: "arn:{partition}:glue:{region}:{account}:job/{name}", attrs: noAttributes},
	"AWS::AppConfig::Application":        {id: "{id7}", ref: "{name}", arn: "arn:{partition}:appconfig:{region}:{account}:application/{name}", attrs: map[string]string{"ApplicationId": "{name}"}},
	"AWS::ApiGateway::RestApi":           {id: "{id10}", ref: "{name}", arn: "arn:{partition}:apigateway:{region}::/restapis/{name}", attrs: map[string]string{"RestApiId": "{name}"}},
	"AWS::Serverless::Api":               {id: "{id10}", ref: "{name}", arn: "arn:{partition}:apigateway:{region}::/restapis/{name}", attrs: noAttributes},
	"AWS::ApiGateway::Stage":             {name: "StageName", ref: "{name}", arn: "arn:{partition}:apigateway:{region}::/restapis/{@RestApiId}/stages/{name}", attrs: noAttributes},
	"AWS::ApiGateway::Deployment":        {id: "{id6}", ref: "{name}", attrs: map[string]string{"DeploymentId": "{name}"}},
	"AWS::ApiGateway::Resource":          {id: "{id6}", ref: "{name}", attrs: map[string]string{"ResourceId": "{name}"}},
	"AWS::ApiGatewayV2::Api":             {id: "{id10}", ref: "{name}", arn: "arn:{partition}:apigateway:{region}::/apis/{name}", attrs: map[string]string{"ApiId": "{name}", "ApiEndpoint": "{?}"}},
	"AWS::Serverless::HttpApi":           {id: "{id10}", ref: "{name}", arn: "arn:{partition}:apigateway:{region}::/apis/{name}", attrs: noAttributes},
}

// dataTypes: what is kept, and the keys to it.
var dataTypes = map[string]physicalType{
	"AWS::S3::Bucket": {name: "BucketName", max: 63, lower: true, ref: "{name}", arn: "arn:{partition}:s3:::{name}", attrs: map[string]string{
		"Arn": "{arn}", "DomainName": "{name}.s3.{suffix}", "RegionalDomainName": "{name}.s3.{region}.{suffix}", "DualStackDomainName": "{name}.s3.dualstack.{region}.{suffix}"}},
	"AWS::S3::BucketPolicy":                {ref: "{@Bucket}", attrs: noAttributes},
	"AWS::S3::AccessPoint":                 {name: "Name", max: 50, lower: true, ref: "{name}", arn: "arn:{partition}:s3:{region}:{account}:accesspoint/{name}", attrs: map[string]string{"Arn": "{arn}", "Name": "{name}"}},
	"AWS::KMS::Key":                        {id: "{uuid}", ref: "{name}", arn: "arn:{partition}:kms:{region}:{account}:key/{name}", attrs: map[string]string{"Arn": "{arn}", "KeyId": "{name}"}},
	"AWS::KMS::ReplicaKey":                 {id: "{last@PrimaryKeyArn}", ref: "{name}", arn: "arn:{partition}:kms:{region}:{account}:key/{name}", attrs: map[string]string{"Arn": "{arn}", "KeyId": "{name}"}},
	"AWS::KMS::Alias":                      {name: "AliasName", ref: "{name}", arn: "arn:{partition}:kms:{region}:{account}:{name}", attrs: noAttributes},
	"AWS::DynamoDB::Table":                 {name: "TableName", max: 255, ref: "{name}", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}", attrs: arnOnly},
	"AWS::DynamoDB::GlobalTable":           {name: "TableName", max: 255, ref: "{name}", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}", attrs: arnOnly},
	"AWS::Serverless::SimpleTable":         {name: "TableName", max: 255, ref: "{name}", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}", attrs: arnOnly},
	"AWS::SecretsManager::Secret":          {name: "Name", max: 512, madeUp: true, ref: "{arn}", arn: "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{rand6}", attrs: map[string]string{"Id": "{arn}"}},
	"AWS::SecretsManager::ResourcePolicy":  {ref: "{@SecretId}", attrs: noAttributes},
	"AWS::SSM::Parameter":                  {name: "Name", ref: "{name}", arn: "arn:{partition}:ssm:{region}:{account}:parameter/{trim@Name}", attrs: map[string]string{"Type": "{@Type}", "Value": "{@Value}"}},
	"AWS::SSM::Document":                   {name: "Name", max: 128, ref: "{name}", arn: "arn:{partition}:ssm:{region}:{account}:document/{name}", attrs: noAttributes},
	"AWS::Kinesis::Stream":                 {name: "Name", max: 128, ref: "{name}", arn: "arn:{partition}:kinesis:{region}:{account}:stream/{name}", attrs: arnOnly},
	"AWS::KinesisFirehose::DeliveryStream": {name: "DeliveryStreamName", max: 64, ref: "{name}", arn: "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}", attrs: arnOnly},
	"AWS::RDS::DBInstance":                 {name: "DBInstanceIdentifier", max: 63, lower: true, ref: "{name}", arn: "arn:{partition}:rds:{region}:{account}:db:{name}", attrs: map[string]string{"DBInstanceArn": "{arn}"}},
	"AWS::RDS::DBCluster":                  {name: "DBClusterIdentifier", max: 63, lower: true, ref: "{name}", arn: "arn:{partition}:rds:{region}:{account}:cluster:{name}", attrs: map[string]string{"DBClusterArn": "{arn}"}},
	"AWS::EFS::FileSystem":                 {id: "fs-{hex17}", ref: "{name}", arn: "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{name}", attrs: map[string]string{"Arn": "{arn}", "FileSystemId": "{name}"}},
	"AWS::Backup::BackupVault":             {name: "BackupVaultName", ref: "{name}", arn: "arn:{partition}:backup:{region}:{account}:backup-vault:{name}", attrs: map[string]string{"BackupVaultArn": "{arn}", "BackupVaultName": "{name}"}},
	"AWS::CertificateManager::Certificate": {id: "{uuid}", ref: "{arn}", arn: "arn:{partition}:acm:{region}:{account}:certificate/{name}", attrs: noAttributes},
}

// networkTypes: where it runs.
var networkTypes = map[string]physicalType{
	"AWS::EC2::VPC":             {id: "vpc-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:vpc/{name}", attrs: map[string]string{"VpcId": "{name}", "CidrBlock": "{@CidrBlock}"}},
	"AWS::EC2::Subnet":          {id: "subnet-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:subnet/{name}", attrs: map[string]string{"SubnetId": "{name}", "VpcId": "{@VpcId}"}},
	"AWS::EC2::SecurityGroup":   {id: "sg-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:security-group/{name}", attrs: map[string]string{"GroupId": "{name}", "VpcId": "{@VpcId}"}},
	"AWS::EC2::Instance":        {id: "i-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:instance/{name}", attrs: map[string]string{"InstanceId": "{name}"}},
	"AWS::EC2::InternetGateway": {id: "igw-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:internet-gateway/{name}", attrs: map[string]string{"InternetGatewayId": "{name}"}},
	"AWS::EC2::NatGateway":      {id: "nat-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:natgateway/{name}", attrs: map[string]string{"NatGatewayId": "{name}"}},
	"AWS::EC2::RouteTable":      {id: "rtb-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:route-table/{name}", attrs: map[string]string{"RouteTableId": "{name}"}},
	"AWS::EC2::VPCEndpoint":     {id: "vpce-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{name}", attrs: map[string]string{"Id": "{name}"}},
	"AWS::EC2::LaunchTemplate":  {id: "lt-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:launch-template/{name}", attrs: map[string]string{"LaunchTemplateId": "{name}"}},
	"AWS::EC2::Volume":          {id: "vol-{hex17}", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:volume/{name}", attrs: map[string]string{"VolumeId": "{name}"}},
	"AWS::EC2::KeyPair":         {name: "KeyName", ref: "{name}", arn: "arn:{partition}:ec2:{region}:{account}:key-pair/{name}", attrs: noAttributes},
}
