package reach

// directRows change production without the pipeline, or carry content through it.
var directRows = []Technique{
	{
		ID: "C1", Title: "Update the production stack directly", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Needs: [][]Permission{
			{may("cloudformation:UpdateStack", "{stack}")},
			{may("cloudformation:CreateChangeSet", "{stack}"), may("cloudformation:ExecuteChangeSet", "{stack}")},
		},
		Says:      "{principal} may update stack {stackname} with a template of its own",
		Mend:      "remove {action} on stack {stackname} from {principal}",
		Reference: "CloudFormation API reference, UpdateStack",
	},
	{ID: "C1-create", Title: "Make another stack in production", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"cloudformation-001", "D5-stack"}, Reference: "CloudFormation API reference, CreateStack"},
	{
		ID: "C2", Title: "Replace the change set between approval and execution", Subject: OnChange, Gains: GainControl, Followed: true,
		Needs: allOf(may("cloudformation:CreateChangeSet", "{stack}", changeSet...),
			eases("cloudformation:DeleteChangeSet", "{stack}", "if no change set of that name is in the way")),
		Says:      "{principal} replaces change set {changeset} of {stackname} after it was approved, and {stage}/{step} carries it out",
		Mend:      "remove cloudformation:CreateChangeSet on stack {stackname} from {principal}",
		Reference: "CloudFormation API reference, CreateChangeSet",
	},
	notFollowed("C3", "Change what a template refers to", "nested templates, included snippets, macros and registered types are not followed", true,
		anyOf("*", "cloudformation:RegisterType", "cloudformation:ActivateType", "cloudformation:SetTypeDefaultVersion", "cloudformation:SetStackPolicy")),
	{ID: "D1", Title: "Assume the deployment role", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"sts-001", "C1"}, Reference: "IAM user guide, role trust policies"},
	{ID: "D2", Title: "Edit the trust of the deployment role", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"iam-012", "C1"}, Reference: "IAM API reference, UpdateAssumeRolePolicy"},
	{ID: "D3", Title: "Borrow the deployment role by a service", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"lambda-001", "C1"}, Reference: "IAM user guide, PassRole"},
	{
		ID: "D4", Title: "Have the pipeline's own role answer its gate", Subject: OnGate, Gains: GainPass, Followed: true,
		Holds:     "somebody, whom the estate's templates do not show, for whom something runs as the pipeline's role",
		Says:      "something that runs as {role}, the pipeline's own role, approves {stage}/{step}",
		If:        "if somebody whom the estate does not show can have CodePipeline run commands as {role}",
		Mend:      "remove codepipeline:PutApprovalResult on {gate} from {role}: a pipeline does not need it",
		Reference: "CodePipeline user guide, Commands action",
	},
	{
		ID: "D5-stack", Title: "Have CloudFormation act as the role that deploys production", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Holds:     "the role that CloudFormation deploys production with",
		Says:      "CloudFormation changes production as {role}",
		Mend:      "let {role} be passed and used only for the stack that the pipeline deploys",
		Reference: "CloudFormation user guide, service roles",
	},
	{
		ID: "D5-role", Title: "Act as the role that changes production", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Holds:     "the role that CloudFormation, a build or a deployment changes production as",
		Says:      "{role} changes production: {stage}/{step} deploys as it",
		Mend:      "let nothing but the service assume {role}",
		Reference: "IAM user guide, service roles",
	},
	{
		ID: "D5-account", Title: "Administer the production account", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Holds:     "every permission in the production account",
		Says:      "an administrator of {account} changes whatever it holds",
		Mend:      "keep administrators of {account} under break_glass, or need two people to become one",
		Reference: "Twokey: production accounts",
	},
	thing("D5-lambda", "Change a function of production", "lambda:function", "{thing}", "lambda:UpdateFunctionCode", "lambda:UpdateAlias", "lambda:UpdateFunctionConfiguration"),
	thing("D5-site", "Write the bucket that production is deployed to", "s3:bucket", "{thing}/{new}", "s3:PutObject"),
	thing("D5-ecs", "Deploy another task to the service of production", "ecs:service", "{thing}", "ecs:UpdateService"),
	thing("D5-codedeploy", "Make a deployment of production", "codedeploy:deploymentgroup", "{thing}", "codedeploy:CreateDeployment"),
	notFollowed("D5-instances", "Enter instances and containers of production", "running instances and containers are not modelled", true,
		anyOf("*", "ssm:SendCommand", "ssm:StartSession", "ecs:ExecuteCommand", "appconfig:StartDeployment")),
	{ID: "D4-role", Title: "Become the pipeline's or the build's role", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"sts-001", "C1"}, Reference: "IAM user guide, role trust policies"},
	{ID: "D6", Title: "Become somebody who can do one of these", Subject: OnDeploy, Gains: GainProd, Followed: true, Composed: []string{"iam-002", "C1"}, Reference: "pathfinding.cloud"},
	{
		ID: "flow", Title: "Let the pipeline carry the content on", Subject: OnDeploy, Gains: GainControl, Followed: true,
		Holds:     "control of an earlier action, and every gate between passed",
		Says:      "{stage}/{step} works on what {from} hands on",
		Reference: "CodePipeline user guide, artifacts",
	},
	{
		ID: "deploy", Title: "Let the pipeline deploy the content to production", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Holds:     "control of what a deploy action of production works on",
		Says:      "{stage}/{step} deploys it to production",
		Reference: "CodePipeline user guide, deploy actions",
	},
}

var (
	changeSet = []Key{{"cloudformation:RoleArn", "{role}"}, {"cloudformation:ChangeSetName", "{changeset}"}}
)

// thing is a row that writes a deployed resource of production directly.
func thing(id, title, kind, on string, actions ...string) Technique {
	return Technique{
		ID: id, Title: title, Subject: OnThing, Gains: GainProd, Followed: true, Holds: kind,
		Needs: anyOf(on, actions...),
		Says:  "{principal} changes {thing}, which is in production",
		Mend:  "remove {action} on {thing} from {principal}", Reference: "AWS API references",
	}
}
