package reach

// genericRows are the edges that the lists of escalation paths lack: those of
// PMapper (https://github.com/nccgroup/PMapper) that pathfinding.cloud has not,
// and the ones that a pipeline adds. Rows called pmapper-… and E… are cited in
// Twokey's documentation under these names.
var genericRows = []Technique{
	onInstances(passingFrom("pmapper-ec2", "PMapper, EC2 edges", "ec2.amazonaws.com", "an instance by swapping its profile",
		may("ec2:AssociateIamInstanceProfile", newInstance))),
	onInstances(passingFrom("pmapper-autoscaling", "PMapper, Auto Scaling edges", "ec2.amazonaws.com", "instances of a new Auto Scaling group",
		may("autoscaling:CreateLaunchConfiguration", "*"), may("autoscaling:CreateAutoScalingGroup", newGroup))),
	passingOn(OnFunction, "pmapper-lambda", "PMapper, Lambda edges", "lambda.amazonaws.com", "an existing function",
		may("lambda:UpdateFunctionCode", "{function}"), may("lambda:UpdateFunctionConfiguration", "{function}")),
	passingOn(OnProject, "pmapper-codebuild", "PMapper, CodeBuild edges", "codebuild.amazonaws.com", "an existing build project",
		may("codebuild:UpdateProject", "{project}"), may("codebuild:StartBuild", "{project}")),
	templated(passingOn(OnStack, "pmapper-cloudformation", "PMapper, CloudFormation edges", "cloudformation.amazonaws.com", "an existing stack",
		may("cloudformation:UpdateStack", "{stack}", Key{"cloudformation:RoleArn", "{role}"}))),
	{
		ID: "pmapper-admin", Title: "Make a role and give it every permission", Subject: OnAccount, Gains: GainAdmin, Followed: true, Through: true,
		Needs: [][]Permission{
			{may("iam:CreateRole", newRole, Key{"iam:PermissionsBoundary", ""}), may("iam:PutRolePolicy", newRole, Key{"iam:PermissionsBoundary", ""})},
			{may("iam:CreateRole", newRole, Key{"iam:PermissionsBoundary", ""}), may("iam:AttachRolePolicy", newRole, Key{"iam:PermissionsBoundary", ""})},
		},
		Says:      "{principal} makes a role that it may assume and gives it every permission in account {account}",
		Mend:      "give {principal} iam:CreateRole only with a permissions boundary (iam:PermissionsBoundary)",
		Reference: "PMapper, administrator check",
	},
	{
		ID: "E1", Title: "Make an older version of a policy the one in force", Subject: OnPolicy, Gains: GainAdd, Followed: true,
		Needs:     allOf(may("iam:SetDefaultPolicyVersion", "{policy}")),
		Says:      "{principal} puts an older version of {policy}, which {target} has, in force",
		If:        "if an older version of {policy} allows more",
		Mend:      "remove iam:SetDefaultPolicyVersion on {policy} from {principal}",
		Reference: "IAM API reference, SetDefaultPolicyVersion",
	},
	loses("E2-leave", "Take a user out of a group that denies", OnMember, GainUndeny, true, anyOf("{group}", "iam:RemoveUserFromGroup"),
		"{principal} takes {user} out of group {group}, whose policies deny"),
	loses("E2-user", "Take a policy that denies off a user", OnUser, GainUndeny, false,
		anyOf("{user}", "iam:DetachUserPolicy", "iam:DeleteUserPolicy"), "{principal} takes the policies that deny off {user}"),
	loses("E2-role", "Take a policy that denies off a role", OnRole, GainUndeny, false,
		anyOf("{role}", "iam:DetachRolePolicy", "iam:DeleteRolePolicy"), "{principal} takes the policies that deny off {role}"),
	loses("E2-user-boundary", "Take a permissions boundary off a user", OnUser, GainUnbound, false,
		anyOf("{user}", "iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary"), "{principal} takes the permissions boundary off {user}"),
	loses("E2-role-boundary", "Take a permissions boundary off a role", OnRole, GainUnbound, false,
		anyOf("{role}", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"), "{principal} takes the permissions boundary off {role}"),
	loses("E2-rewrite", "Rewrite a policy that denies", OnPolicy, GainUndeny, false,
		anyOf("{policy}", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"), "{principal} rewrites {policy}, by which {target} is denied"),
	loses("E2-rewrite-boundary", "Rewrite the policy that is a permissions boundary", OnPolicy, GainUnbound, false,
		anyOf("{policy}", "iam:CreatePolicyVersion"), "{principal} rewrites {policy}, the permissions boundary of {target}"),
	notFollowed("E3", "Set the tags that a condition looks at", "which tags a later call would be judged by is not followed", true,
		anyOf("*", "iam:TagRole", "iam:TagUser", "iam:UntagRole", "iam:UntagUser", "codepipeline:TagResource", "codepipeline:UntagResource")),
	{
		ID: "E4", Title: "Give a user other lasting credentials", Subject: OnUser, Gains: GainIs, Followed: true,
		Needs:     anyOf("{user}", "iam:UploadSSHPublicKey", "iam:CreateServiceSpecificCredential", "iam:ResetServiceSpecificCredential"),
		Says:      "{principal} gives {user} Git credentials and pushes as {user}",
		If:        "if Git credentials are enough for what comes next",
		Mend:      "remove iam:UploadSSHPublicKey and the …ServiceSpecificCredential actions on {user} from {principal}",
		Reference: "IAM API reference, UploadSSHPublicKey",
	},
	notFollowed("E5", "Take over a user's MFA device", "a person is taken to be able to satisfy MFA already, so that this adds nothing to the count", false,
		anyOf("*", "iam:DeactivateMFADevice", "iam:EnableMFADevice", "iam:ResyncMFADevice")),
	{
		ID: "E6", Title: "Take over an identity provider", Subject: OnRole, Gains: GainIs, Followed: true,
		Needs: anyOf("{provider}", "iam:UpdateSAMLProvider", "iam:UpdateOpenIDConnectProviderThumbprint",
			"iam:AddClientIDToOpenIDConnectProvider"),
		Says:      "{principal} takes over the identity provider that {role} trusts and signs in as {role}",
		If:        "if the conditions of the trust policy can be met by a provider of one's own",
		Mend:      "remove the actions that change {provider} from {principal}",
		Reference: "IAM API reference, UpdateSAMLProvider",
	},
	notFollowed("E7", "Change who has a permission set, or what it allows", "Identity Center's own administration is not modelled", true,
		anyOf("*", "sso:CreateAccountAssignment", "sso:PutInlinePolicyToPermissionSet", "sso:AttachManagedPolicyToPermissionSet",
			"sso:AttachCustomerManagedPolicyReferenceToPermissionSet", "identitystore:CreateGroupMembership", "identitystore:CreateUser")),
	notFollowed("E8", "Lift the policies of the organization, or become a member account's root", "the administration of the organization is not modelled", true,
		anyOf("*", "organizations:DetachPolicy", "organizations:UpdatePolicy", "organizations:DisablePolicyType", "organizations:MoveAccount", "sts:AssumeRoot")),
	passingFrom("E9-states", "AWS Step Functions API reference, CreateStateMachine", "states.amazonaws.com", "a new state machine",
		may("states:CreateStateMachine", newMachine), may("states:StartExecution", newMachine)),
	passingFrom("E9-scheduler", "EventBridge Scheduler API reference, CreateSchedule", "scheduler.amazonaws.com", "a new schedule",
		may("scheduler:CreateSchedule", newSchedule)),
	passingFrom("E9-automation", "Systems Manager API reference, StartAutomationExecution", "ssm.amazonaws.com", "an automation of their own",
		may("ssm:CreateDocument", newDocument), may("ssm:StartAutomationExecution", newAuto)),
	notFollowed("E10", "Replace what builds and deployments pull in", "which image, layer or package a later step takes is not followed", true,
		anyOf("*", "ecr:PutImage", "ecr:SetRepositoryPolicy", "lambda:PublishLayerVersion", "codeartifact:PublishPackageVersion")),
	{
		ID: "E11", Title: "Take over the artifact key", Subject: OnInput, Gains: GainControl, Followed: true,
		Needs: [][]Permission{
			{may("kms:PutKeyPolicy", "{key}"), putObject(sseKMS...)},
			{may("kms:CreateGrant", "{key}"), putObject(sseKMS...)},
		},
		Says:      "{principal} gives itself the use of the artifact key {key} and overwrites what {stage}/{step} reads",
		Mend:      "remove kms:PutKeyPolicy and kms:CreateGrant on {key} from {principal}",
		Reference: "KMS API reference, PutKeyPolicy and CreateGrant",
	},
	{
		ID: "E12", Title: "Write the policy of the artifact bucket", Subject: OnInput, Gains: GainControl, Followed: true,
		Needs:     allOf(may("s3:PutBucketPolicy", "{bucket}")),
		Says:      "{principal} rewrites the policy of the artifact bucket {bucket} and overwrites what {stage}/{step} reads",
		Mend:      "remove s3:PutBucketPolicy on {bucket} from {principal}",
		Reference: "S3 API reference, PutBucketPolicy",
	},
	carriedFrom("E13-function", "Lambda API reference, UpdateFunctionConfiguration", "Change a function's layers or environment", OnFunction,
		"{principal} puts a layer of its own under {function} and acts as {role} when it next runs",
		"remove lambda:UpdateFunctionConfiguration on {function} from {principal}",
		allOf(may("lambda:UpdateFunctionConfiguration", theFunction))).when("if something starts {function}"),
	carriedFrom("E13-project", "CodeBuild API reference, UpdateProject", "Change a build project without changing its role", OnProject,
		"{principal} changes what {project} runs and acts as {role} when it next builds",
		"remove codebuild:UpdateProject on {project} from {principal}",
		allOf(may("codebuild:UpdateProject", theProject))),
	carriedFrom("E13-sandbox", "CodeBuild API reference, StartSandbox", "Open a sandbox of a build project", OnProject,
		"{principal} opens a sandbox of {project} and acts as {role} in it",
		"remove codebuild:StartSandbox on {project} from {principal}",
		allOf(may("codebuild:StartSandbox", theProject), may("codebuild:StartCommandExecution", theProject))),
	notFollowed("E13-ecs", "Run a command in a container, or restart its service", "running containers and their roles are not modelled", true,
		anyOf("*", "ecs:ExecuteCommand", "ecs:UpdateService")),
}

const newRole = "arn:{partition}:iam::{account}:role/{new}"

// putObject writes the artifact that the action reads, encrypted as keys say.
func putObject(keys ...Key) Permission { return may("s3:PutObject", "{object}", keys...) }

var (
	sseKMS = []Key{
		{"s3:x-amz-server-side-encryption", "aws:kms"},
		{"s3:x-amz-server-side-encryption-aws-kms-key-id", "{key}"},
	}
	// sseS3 is an object that S3 encrypts by itself: whoever may read the bucket
	// may read it, so that no key is needed.
	sseS3 = []Key{
		{"s3:x-amz-server-side-encryption", "AES256"},
		{"s3:x-amz-server-side-encryption-aws-kms-key-id", ""},
	}
	viaS3 = []Key{{"kms:ViaService", "s3.{region}.amazonaws.com"}}
)

func passingFrom(id, reference, service, what string, needs ...Permission) Technique {
	t := passing(id, service, what, false, needs...)
	t.Reference = reference
	return t
}

func passingOn(subject Subject, id, reference, service, what string, needs ...Permission) Technique {
	t := passingFrom(id, reference, service, what, needs...)
	t.Subject = subject
	t.Holds = "any " + string(subject) + " of the role's account"
	return t
}

func carriedFrom(id, reference, title string, subject Subject, says, mend string, needs [][]Permission) Technique {
	t := carried(id, title, subject, says, mend, needs)
	t.Reference = reference
	return t
}

func loses(id, title string, subject Subject, gain Gain, through bool, needs [][]Permission, says string) Technique {
	return Technique{
		ID: id, Title: title, Subject: subject, Gains: gain, Followed: true, Through: through, Needs: needs, Says: says,
		Mend: "remove {action} on {resource} from {principal}", Reference: "IAM API reference",
	}
}

func notFollowed(id, title, why string, watched bool, needs [][]Permission) Technique {
	return Technique{
		ID: id, Title: title, Subject: OnAccount, Gains: GainNothing, Needs: needs, Why: why, Watched: watched, Reference: "AWS API references",
	}
}
