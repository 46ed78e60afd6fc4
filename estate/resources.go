package estate

import "github.com/twokey/twokey/iam/policy"

// User is an IAM user.
type User struct {
	Meta
	Name     Text
	Path     Text
	Groups   []string // ARNs
	Policies []Policy // inline and attached, not the groups'
	Boundary *Policy
	// Console: a login profile is declared. AccessKeys counts the declared keys.
	// Templates need not say either.
	Console    bool
	AccessKeys int
}

// Group is an IAM group.
type Group struct {
	Meta
	Name     Text
	Path     Text
	Policies []Policy
}

// Role is an IAM role.
type Role struct {
	Meta
	Name          Text
	Path          Text
	Trust         *policy.Document // nil where it could not be read: see TrustUnknown
	TrustUnknown  string
	Policies      []Policy
	Boundary      *Policy
	Tags          map[string]Text
	ServiceLinked bool
	// Reserved is true for roles under /aws-reserved/ (Identity Center).
	Reserved bool
	// Missing: nothing in the estate defines the role; it is named by another
	// resource (a pipeline's roleArn, a trust policy). Its policies are unknown.
	Missing bool
}

// ManagedPolicy is a customer-managed policy.
type ManagedPolicy struct {
	Meta
	Name Text
	Doc  *policy.Document
	// Unknown says why the document could not be read; Doc is then nil.
	Unknown string
	// AttachedTo are the ARNs of the users, groups and roles it is attached to.
	AttachedTo []string
}

// InstanceProfile carries a role to EC2.
type InstanceProfile struct {
	Meta
	Name  Text
	Roles []string // ARNs
}

// Pipeline is a CodePipeline pipeline.
type Pipeline struct {
	Meta
	Name            Text
	RoleARN         Text
	RolePos         policy.Pos
	PipelineType    Text // "V1" or "V2"; "V1" where not given
	ExecutionMode   Text // SUPERSEDED where not given
	Stages          []Stage
	Stores          []ArtifactStore // one, or one for each region
	Triggers        []Trigger
	Variables       []Variable
	DisabledInbound map[string]string // stage name → reason
	RestartOnUpdate bool
	// Incomplete says why the structure could not be read in full; a pipeline
	// with it is never called safe.
	Incomplete string
}

// ArtifactStore is where a pipeline keeps artifacts in one region.
type ArtifactStore struct {
	Region Text // the pipeline's own where the store is not per region
	Bucket Text // bucket name
	KeyID  Text // as written: ARN, id or alias; empty for the AWS-managed key
	Pos    policy.Pos
	KeyPos policy.Pos
}

// Stage is one stage of a pipeline.
type Stage struct {
	Name    Text
	Actions []Action // in source order; RunOrder decides the order of running
	// BeforeEntry, OnSuccess and OnFailure are the V2 conditions, in
	// CloudFormation's shape; nil where there are none.
	BeforeEntry, OnSuccess, OnFailure *policy.Node
	Pos                               policy.Pos
}

// Action is one action of a stage.
type Action struct {
	Name      Text
	Category  Text // Source, Build, Test, Approval, Deploy, Invoke, Compute
	Owner     Text // AWS, Custom, ThirdParty
	Provider  Text
	Version   Text
	RunOrder  int  // 1 where not given
	RoleARN   Text // the action's own; empty where it runs as the pipeline's role
	RolePos   policy.Pos
	Region    Text // the pipeline's where not given
	Namespace Text
	Inputs    []Text
	Outputs   []Text
	Commands  []Text
	Timeout   int // minutes; 0 where not given
	// Config is the action's Configuration map; nil where it has none.
	Config *policy.Node
	Pos    policy.Pos
}

// ConfigText returns the text of a configuration value, which may have holes;
// where the whole map could not be resolved, it is a hole.
func (a *Action) ConfigText(key string) Text { return textOf(at(a.Config, key)) }

// Trigger is a V2 trigger, in CloudFormation's shape under Node.
type Trigger struct {
	SourceAction Text
	Node         *policy.Node
	Pos          policy.Pos
}

// Variable is a pipeline-level variable.
type Variable struct {
	Name, Default Text
	HasDefault    bool
	Pos           policy.Pos
}

// Bucket is an S3 bucket.
type Bucket struct {
	Meta
	Name Text
	// Policy is nil where the estate has none.
	Policy *Policy
	// Missing: named by a pipeline or a bucket policy, defined nowhere in the
	// estate; its properties, and without a Policy its policy, are unknown.
	Missing bool
}

// Key is a KMS key.
type Key struct {
	Meta
	KeyID   Text
	Policy  *Policy  // nil: the default key policy of the API, which delegates to the account
	Aliases []string // names, "alias/x"
	// Missing: used by a pipeline's artifact store, defined nowhere in the
	// estate; Policy is then unknown.
	Missing bool
}

// Alias is a KMS alias.
type Alias struct {
	Meta
	Name      Text   // "alias/x"
	TargetKey string // ARN where resolved
}

// Repository is a CodeCommit repository.
type Repository struct {
	Meta
	Name Text
	// Missing: named by a pipeline's source action, defined nowhere in the estate.
	Missing bool
}

// Project is a CodeBuild project.
type Project struct {
	Meta
	Name          Text
	ServiceRole   Text // ARN
	RolePos       policy.Pos
	EncryptionKey Text
	SourceType    Text
	// BuildSpec is the inline text or the path in the source; empty means
	// buildspec.yml of the source.
	BuildSpec       Text
	BuildSpecInline bool
	BuildSpecPos    policy.Pos
	Privileged      bool
	Environment     []EnvVar
	// Missing: named by a pipeline's action, defined nowhere in the estate; what
	// it runs and as whom are unknown.
	Missing bool
}

// EnvVar is one environment variable of a build project.
type EnvVar struct {
	Name, Value, Type Text // Type is PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER
	Pos               policy.Pos
}

// Function is a Lambda function, a Serverless one included.
type Function struct {
	Meta
	Name    Text
	RoleARN Text
	RolePos policy.Pos
	// Policy is the function's resource policy, made of its permissions.
	Policy *Policy
	Inline bool // its code stands in the template (ZipFile)
	// Missing: named by a pipeline's action, defined nowhere in the estate.
	Missing bool
}

// StackResource is a CloudFormation stack that a template or pipeline deploys,
// or a stack of the estate itself.
type StackResource struct {
	Meta
	Name    Text
	RoleARN Text // the execution role it keeps; empty where it uses the caller's
	RolePos policy.Pos
	// Template is the file it was read from; empty for a stack that is only
	// deployed to.
	Template string
	// InstanceOf is the name of the stack set that it is an instance of.
	InstanceOf string
	// DeployedBy are "PIPELINE/STAGE/ACTION" of the pipelines that deploy it.
	DeployedBy []string
}

// Topic is an SNS topic.
type Topic struct {
	Meta
	Name          Text
	Policy        *Policy
	Subscriptions []Subscription
}

// Subscription is an SNS subscription.
type Subscription struct {
	Protocol, Endpoint Text
	Pos                policy.Pos
}

// Queue is an SQS queue.
type Queue struct {
	Meta
	Name   Text
	Policy *Policy
}

// Rule is an EventBridge rule.
type Rule struct {
	Meta
	Name     Text
	Enabled  bool
	Pattern  *policy.Node // the event pattern as a tree; nil for a schedule
	Schedule Text
	Targets  []Target
}

// Target is a target of an EventBridge rule.
type Target struct {
	ID, ARN, RoleARN Text
	Node             *policy.Node
	Pos              policy.Pos
}

// Connection is a CodeStar or CodeConnections connection.
type Connection struct {
	Meta
	Name     Text
	Provider Text
	Status   Text // empty from templates
}

// Simple is a resource of which Twokey needs only that it exists, what it is
// called and its properties (Meta.Props): trails, log groups, archives, buses,
// ECR repositories, notification rules, webhooks, custom action types, stack
// sets, macros, custom resources, providers.
type Simple struct {
	Meta
	Name Text
	// Policy is its resource policy, where that kind of resource has one.
	Policy *Policy
}

// PermissionSet is an Identity Center permission set.
type PermissionSet struct {
	Meta
	Name     Text
	Policies []Policy // inline and AWS-managed
	Boundary *Policy
	// CustomerPolicies and CustomerBoundary are named; each account has its own.
	CustomerPolicies []CustomerPolicy
	CustomerBoundary *CustomerPolicy
}

// CustomerPolicy names a customer-managed policy of whichever account a
// permission set is assigned in.
type CustomerPolicy struct {
	Name, Path Text
	Pos        policy.Pos
}

// Assignment gives a person or group of Identity Center a permission set in an account.
type Assignment struct {
	Meta
	PermissionSet string // ARN
	PrincipalType Text   // USER or GROUP
	PrincipalID   Text
	TargetAccount Text
	// Role is the ARN of the reserved role that the assignment provisions.
	Role string
}
