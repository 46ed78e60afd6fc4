package reach

// The resources that the caller of a service row makes, named as they please.
const (
	newProject  = "arn:{partition}:codebuild:{region}:{account}:project/{new}"
	newStack    = "arn:{partition}:cloudformation:{region}:{account}:stack/{new}/{new}"
	newSet      = "arn:{partition}:cloudformation:{region}:{account}:stackset/{new}:{new}"
	newFunction = "arn:{partition}:lambda:{region}:{account}:function:{new}"
	newMapping  = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{new}"
	newCluster  = "arn:{partition}:ecs:{region}:{account}:cluster/{new}"
	newTask     = "arn:{partition}:ecs:{region}:{account}:task-definition/{new}:{new}"
	newService  = "arn:{partition}:ecs:{region}:{account}:service/{new}/{new}"
	newInstance = "arn:{partition}:ec2:{region}:{account}:instance/{new}"
	newApp      = "arn:{partition}:apprunner:{region}:{account}:service/{new}/{new}"
	newCode     = "arn:{partition}:bedrock-agentcore:{region}:{account}:code-interpreter/{new}"
	newEndpoint = "arn:{partition}:glue:{region}:{account}:devEndpoint/{new}"
	newJob      = "arn:{partition}:glue:{region}:{account}:job/{new}"
	newTrigger  = "arn:{partition}:glue:{region}:{account}:trigger/{new}"
	newNotebook = "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{new}"
	newTraining = "arn:{partition}:sagemaker:{region}:{account}:training-job/{new}"
	newProcess  = "arn:{partition}:sagemaker:{region}:{account}:processing-job/{new}"
	newMachine  = "arn:{partition}:states:{region}:{account}:stateMachine:{new}"
	newSchedule = "arn:{partition}:scheduler:{region}:{account}:schedule/{new}/{new}"
	newDocument = "arn:{partition}:ssm:{region}:{account}:document/{new}"
	newAuto     = "arn:{partition}:ssm:{region}:{account}:automation-definition/{new}:{new}"
	newPipeline = "arn:{partition}:codepipeline:{region}:{account}:{new}"
	newGroup    = "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{new}:autoScalingGroupName/{new}"
	newProfile  = "arn:{partition}:iam::{account}:instance-profile/{new}"
)

// passing makes the row of a path that passes a role to a service which then
// runs the caller's code as it.
func passing(id, service, what string, through bool, needs ...Permission) Technique {
	return Technique{
		ID: id, Title: "Pass a role to " + what, Subject: OnRole, Gains: GainIs, Followed: true, Through: through,
		Service:   service,
		Needs:     allOf(append([]Permission{pass(service)}, needs...)...),
		Says:      "{principal} passes {role} to " + what + " and acts as {role} there",
		Mend:      "limit iam:PassRole of {principal} to the roles and services it needs, so that {role} is not among them",
		Reference: "pathfinding.cloud " + id,
	}
}

// serviceRows pass a role to a service resource that the caller makes or changes.
var serviceRows = []Technique{
	passing("codebuild-001", "codebuild.amazonaws.com", "a new build project", false,
		may("codebuild:CreateProject", newProject), may("codebuild:StartBuild", newProject)),
	passing("codebuild-004", "codebuild.amazonaws.com", "a new build project run as a batch", false,
		may("codebuild:CreateProject", newProject), may("codebuild:StartBuildBatch", newProject)),
	{
		ID: "cloudformation-001", Title: "Pass a role to a new stack", Subject: OnRole, Gains: GainThrough, Followed: true,
		Service:   "cloudformation.amazonaws.com",
		Needs:     allOf(pass("cloudformation.amazonaws.com"), may("cloudformation:CreateStack", newStack, Key{"cloudformation:RoleArn", "{role}"})),
		Says:      "{principal} makes a stack of its own template, and CloudFormation acts as {role} for it",
		Mend:      "limit iam:PassRole of {principal} to the roles and services it needs, so that {role} is not among them",
		Reference: "pathfinding.cloud cloudformation-001",
	},
	templated(passing("cloudformation-003", "cloudformation.amazonaws.com", "a new stack set", false,
		may("cloudformation:CreateStackSet", newSet), may("cloudformation:CreateStackInstances", newSet))),
	templated(passing("cloudformation-004", "cloudformation.amazonaws.com", "a stack set", false,
		may("cloudformation:UpdateStackSet", newSet))),
	passing("lambda-001", "lambda.amazonaws.com", "a new function", true,
		may("lambda:CreateFunction", newFunction), may("lambda:InvokeFunction", newFunction)),
	passing("lambda-002", "lambda.amazonaws.com", "a new function that an event source starts", true,
		may("lambda:CreateFunction", newFunction), may("lambda:CreateEventSourceMapping", newMapping)),
	passing("lambda-006", "lambda.amazonaws.com", "a new function that others may start", true,
		may("lambda:CreateFunction", newFunction), may("lambda:AddPermission", newFunction)),
	passing("ecs-001", "ecs-tasks.amazonaws.com", "a service of containers on a new cluster", true,
		may("ecs:CreateCluster", newCluster), may("ecs:RegisterTaskDefinition", newTask), may("ecs:CreateService", newService)),
	passing("ecs-002", "ecs-tasks.amazonaws.com", "a container on a new cluster", false,
		may("ecs:CreateCluster", newCluster), may("ecs:RegisterTaskDefinition", newTask), may("ecs:RunTask", newTask)),
	passing("ecs-003", "ecs-tasks.amazonaws.com", "a service of containers", true,
		may("ecs:RegisterTaskDefinition", newTask), may("ecs:CreateService", newService)),
	passing("ecs-004", "ecs-tasks.amazonaws.com", "a container", false,
		may("ecs:RegisterTaskDefinition", newTask), may("ecs:RunTask", newTask)),
	passing("ecs-005", "ecs-tasks.amazonaws.com", "a container on an instance of their choice", false,
		may("ecs:RegisterTaskDefinition", newTask), may("ecs:StartTask", newTask)),
	onInstances(passing("ec2-001", "ec2.amazonaws.com", "a new instance", true, may("ec2:RunInstances", newInstance))),
	onInstances(passing("ec2-003", "ec2.amazonaws.com", "a spot instance", false, may("ec2:RequestSpotInstances", "*"))),
	passing("apprunner-001", "tasks.apprunner.amazonaws.com", "a new App Runner service", true, may("apprunner:CreateService", newApp)),
	passing("bedrock-001", "bedrock-agentcore.amazonaws.com", "a new code interpreter", false,
		may("bedrock-agentcore:CreateCodeInterpreter", newCode),
		may("bedrock-agentcore:StartCodeInterpreterSession", newCode),
		may("bedrock-agentcore:InvokeCodeInterpreter", newCode)),
	onInstances(passing("datapipeline-001", "ec2.amazonaws.com", "an instance of a new data pipeline", false,
		may("datapipeline:CreatePipeline", "*"), may("datapipeline:PutPipelineDefinition", "*"), may("datapipeline:ActivatePipeline", "*"))),
	passing("glue-001", "glue.amazonaws.com", "a new development endpoint", false, may("glue:CreateDevEndpoint", newEndpoint)),
	passing("glue-003", "glue.amazonaws.com", "a new Glue job", false, may("glue:CreateJob", newJob), may("glue:StartJobRun", newJob)),
	passing("glue-004", "glue.amazonaws.com", "a new Glue job with a trigger", true, may("glue:CreateJob", newJob), may("glue:CreateTrigger", newTrigger)),
	passing("glue-005", "glue.amazonaws.com", "an existing Glue job", false, may("glue:UpdateJob", newJob), may("glue:StartJobRun", newJob)),
	passing("glue-006", "glue.amazonaws.com", "an existing Glue job with a trigger", false, may("glue:UpdateJob", newJob), may("glue:CreateTrigger", newTrigger)),
	passing("sagemaker-001", "sagemaker.amazonaws.com", "a new notebook", true, may("sagemaker:CreateNotebookInstance", newNotebook)),
	passing("sagemaker-002", "sagemaker.amazonaws.com", "a new training job", false, may("sagemaker:CreateTrainingJob", newTraining)),
	passing("sagemaker-003", "sagemaker.amazonaws.com", "a new processing job", false, may("sagemaker:CreateProcessingJob", newProcess)),
}

// onInstances marks a row that reaches a role through an instance profile: where
// the estate shows none for the role, making one is a further permission.
func onInstances(t Technique) Technique {
	for i := range t.Needs {
		t.Needs[i] = append(t.Needs[i], eases("iam:AddRoleToInstanceProfile", newProfile,
			"if an instance profile carries {role}"))
	}
	return t
}

// templated marks a row whose service does what a template says, and nothing else.
func templated(t Technique) Technique {
	t.Gains = GainThrough
	t.Says = "{principal} passes {role} to a stack set of its own template, and CloudFormation acts as {role} for it"
	return t
}
