package codepipeline

import (
	"slices"
	"strings"
)

// actionType is the row of a custom action type, or of a partner's type that
// UpdateActionType has changed.
type actionType struct {
	Account, Region string
	Type            ActionType
	Partner         *ActionTypeDeclaration
	// Deleted versions stay: their names cannot be taken again by another definition.
	Deleted bool
	Tags    []*Tag
}

// builtin is an action type that comes with the service ("Action structure
// reference" and "Valid action providers", CodePipeline user guide).
type builtin struct {
	Category, Owner, Provider string
	In, Out                   [2]int64 // least and most artifacts
	Required, Optional        []string // configuration keys
	Secret                    []string
	V2                        bool // of V2 pipelines only
}

// anyKey says that the configuration keys of a type are not all known here, so that
// none is refused.
const anyKey = "*"

var (
	none = [2]int64{0, 0}
	one  = [2]int64{1, 1}
)

var awsTypes = []builtin{
	{Category: "Source", Provider: "S3", In: none, Out: one, Required: words("S3Bucket S3ObjectKey"), Optional: words("PollForSourceChanges AllowOverrideForS3ObjectKey")},
	{Category: "Source", Provider: "CodeCommit", In: none, Out: one, Required: words("RepositoryName BranchName"), Optional: words("PollForSourceChanges OutputArtifactFormat")},
	{Category: "Source", Provider: "ECR", In: none, Out: one, Required: words("RepositoryName"), Optional: words("ImageTag")},
	{Category: "Source", Provider: "CodeStarSourceConnection", In: none, Out: one, Required: words("ConnectionArn FullRepositoryId BranchName"), Optional: words("OutputArtifactFormat DetectChanges")},
	{Category: "Build", Provider: "CodeBuild", In: [2]int64{1, 5}, Out: [2]int64{0, 5}, Required: words("ProjectName"), Optional: words("PrimarySource BatchEnabled CombineArtifacts EnvironmentVariables")},
	{Category: "Test", Provider: "CodeBuild", In: [2]int64{1, 5}, Out: [2]int64{0, 5}, Required: words("ProjectName"), Optional: words("PrimarySource BatchEnabled CombineArtifacts EnvironmentVariables")},
	{Category: "Build", Provider: "ECRBuildAndPublish", In: one, Out: [2]int64{0, 1}, Optional: words(anyKey), V2: true},
	{Category: "Build", Provider: "Commands", In: [2]int64{1, 10}, Out: [2]int64{0, 1}, Optional: words("EnvironmentType ComputeType VpcId Subnets SecurityGroupIds"), V2: true},
	{Category: "Compute", Provider: "Commands", In: [2]int64{1, 10}, Out: [2]int64{0, 1}, Optional: words("EnvironmentType ComputeType VpcId Subnets SecurityGroupIds"), V2: true},
	{Category: "Test", Provider: "DeviceFarm", In: one, Out: none, Optional: words(anyKey)},
	{Category: "Deploy", Provider: "S3", In: one, Out: none, Required: words("BucketName Extract"), Optional: words("ObjectKey KMSEncryptionKeyARN CannedACL CacheControl")},
	{Category: "Deploy", Provider: "CloudFormation", In: [2]int64{0, 10}, Out: [2]int64{0, 1}, Required: words("ActionMode StackName"), Optional: words("ChangeSetName RoleArn TemplatePath TemplateConfiguration ParameterOverrides Capabilities OutputFileName")},
	{Category: "Deploy", Provider: "CloudFormationStackSet", In: [2]int64{1, 3}, Out: none, Required: words("StackSetName TemplatePath"), Optional: words(anyKey)},
	{Category: "Deploy", Provider: "CloudFormationStackInstances", In: [2]int64{0, 2}, Out: none, Required: words("StackSetName Regions"), Optional: words(anyKey)},
	{Category: "Deploy", Provider: "CodeDeploy", In: one, Out: none, Required: words("ApplicationName DeploymentGroupName")},
	{Category: "Deploy", Provider: "CodeDeployToECS", In: [2]int64{1, 5}, Out: none, Required: words("ApplicationName DeploymentGroupName TaskDefinitionTemplateArtifact AppSpecTemplateArtifact"), Optional: words(anyKey)},
	{Category: "Deploy", Provider: "EC2", In: one, Out: none, Optional: words(anyKey), V2: true},
	{Category: "Deploy", Provider: "ECS", In: one, Out: none, Required: words("ClusterName ServiceName"), Optional: words("FileName DeploymentTimeout")},
	{Category: "Deploy", Provider: "EKS", In: [2]int64{0, 1}, Out: none, Optional: words(anyKey), V2: true},
	{Category: "Deploy", Provider: "ElasticBeanstalk", In: one, Out: none, Required: words("ApplicationName EnvironmentName")},
	{Category: "Deploy", Provider: "AppConfig", In: one, Out: none, Optional: words(anyKey)},
	{Category: "Deploy", Provider: "OpsWorks", In: one, Out: none, Optional: words(anyKey)},
	{Category: "Deploy", Provider: "ServiceCatalog", In: one, Out: none, Optional: words(anyKey)},
	{Category: "Deploy", Provider: "Lambda", In: [2]int64{0, 1}, Out: none, Optional: words(anyKey)},
	{Category: "Approval", Provider: "Manual", In: none, Out: none, Optional: words("NotificationArn CustomData ExternalEntityLink")},
	{Category: "Invoke", Provider: "Lambda", In: [2]int64{0, 5}, Out: [2]int64{0, 5}, Required: words("FunctionName"), Optional: words("UserParameters")},
	{Category: "Invoke", Provider: "StepFunctions", In: [2]int64{0, 1}, Out: [2]int64{0, 1}, Required: words("StateMachineArn"), Optional: words("ExecutionNamePrefix InputType Input")},
	{Category: "Invoke", Provider: "CodePipeline", In: none, Out: none, Required: words("PipelineName"), Optional: words(anyKey)},
	{Category: "Invoke", Provider: "InspectorScan", In: [2]int64{0, 1}, Out: [2]int64{0, 1}, Optional: words(anyKey)},
}

var partnerTypes = []builtin{
	{Category: "Source", Owner: "ThirdParty", Provider: "GitHub", In: none, Out: one, Required: words("Owner Repo Branch OAuthToken"), Optional: words("PollForSourceChanges"), Secret: words("OAuthToken")},
}

func words(s string) []string { return strings.Fields(s) }

func (b *builtin) owner() string {
	if b.Owner == "" {
		return "AWS"
	}
	return b.Owner
}

func (b *builtin) id() *ActionTypeId {
	return &ActionTypeId{Category: b.Category, Owner: b.owner(), Provider: b.Provider, Version: "1"}
}

func (b *builtin) actionType() *ActionType {
	t := &ActionType{
		Id: b.id(), InputArtifactDetails: &ArtifactDetails{MinimumCount: b.In[0], MaximumCount: min(b.In[1], 5)},
		OutputArtifactDetails: &ArtifactDetails{MinimumCount: b.Out[0], MaximumCount: b.Out[1]},
	}
	for i, keys := range [][]string{b.Required, b.Optional} {
		for _, k := range keys {
			if k != anyKey {
				t.ActionConfigurationProperties = append(t.ActionConfigurationProperties, &ActionConfigurationProperty{
					Name: k, Required: i == 0, Key: i == 0, Secret: slices.Contains(b.Secret, k),
				})
			}
		}
	}
	return t
}

func findBuiltin(t *ActionTypeId) *builtin {
	list := awsTypes
	if t.Owner == "ThirdParty" {
		list = partnerTypes
	}
	for i := range list {
		b := &list[i]
		if b.Category == t.Category && b.Provider == t.Provider && b.owner() == t.Owner && t.Version == "1" {
			return b
		}
	}
	return nil
}

// known is what the validation of an action needs of its type.
type known struct {
	in, out            [2]int64
	required, optional []string
	secret             []string
	v2                 bool
}

// lookup finds an action type as a pipeline of the account may use it.
func (e *engine) lookup(account, region string, t *ActionTypeId) (known, bool) {
	if t.Owner == "Custom" {
		row, ok := e.types.Get(typeKey(account, region, t))
		if !ok || row.Deleted {
			return known{}, false
		}
		k := known{
			in:  [2]int64{row.Type.InputArtifactDetails.MinimumCount, row.Type.InputArtifactDetails.MaximumCount},
			out: [2]int64{row.Type.OutputArtifactDetails.MinimumCount, row.Type.OutputArtifactDetails.MaximumCount},
		}
		for _, p := range row.Type.ActionConfigurationProperties {
			if p.Required {
				k.required = append(k.required, p.Name)
			} else {
				k.optional = append(k.optional, p.Name)
			}
			if p.Secret {
				k.secret = append(k.secret, p.Name)
			}
		}
		return k, true
	}
	b := findBuiltin(t)
	if b == nil {
		return known{}, false
	}
	return known{b.In, b.Out, b.Required, b.Optional, b.Secret, b.V2}, true
}

func typeKey(account, region string, t *ActionTypeId) string {
	return strings.Join([]string{account, region, t.Owner, t.Category, t.Provider, t.Version}, "/")
}

// ruleTypes are the providers of rules ("Rule structure reference").
var ruleTypes = []builtin{
	{Provider: "CloudWatchAlarm", Required: words("AlarmName"), Optional: words("AlarmStates WaitTime")},
	{Provider: "CodeBuild", In: [2]int64{0, 5}, Required: words("ProjectName"), Optional: words("PrimarySource EnvironmentVariables")},
	{Provider: "Commands", In: [2]int64{0, 10}, Optional: words("EnvironmentType ComputeType VpcId Subnets SecurityGroupIds")},
	{Provider: "DeploymentWindow", Required: words("Cron"), Optional: words("TimeZone")},
	{Provider: "LambdaInvoke", In: [2]int64{0, 5}, Required: words("FunctionName"), Optional: words("UserParameters")},
	{Provider: "VariableCheck", Required: words("Variable Value Operator")},
}

func findRuleType(t *RuleTypeId) *builtin {
	for i := range ruleTypes {
		if ruleTypes[i].Provider == t.Provider && (t.Owner == "" || t.Owner == "AWS") && (t.Version == "" || t.Version == "1") {
			return &ruleTypes[i]
		}
	}
	return nil
}
