package reach

// Named parts of what already runs with a role.
const (
	theProject  = "{project}"
	theFunction = "{function}"
	theStack    = "{stack}"
)

func carried(id, title string, subject Subject, says, mend string, needs [][]Permission) Technique {
	return Technique{
		ID: id, Title: title, Subject: subject, Gains: GainIs, Followed: true,
		Needs: needs, Says: says, Mend: mend, Reference: "pathfinding.cloud " + id,
	}
}

func unfollowed(id, title string, subject Subject, why string, watched bool, needs [][]Permission) Technique {
	return Technique{
		ID: id, Title: title, Subject: subject, Gains: GainIs, Needs: needs, Why: why, Watched: watched,
		Reference: "pathfinding.cloud " + id,
	}
}

const (
	anyInstance = "arn:{partition}:ec2:{region}:{account}:instance/{new}"
	anyApp      = "arn:{partition}:apprunner:{region}:{account}:service/{new}/{new}"
	anyCode     = "arn:{partition}:bedrock-agentcore:{region}:{account}:code-interpreter/{new}"
	anyEndpoint = "arn:{partition}:glue:{region}:{account}:devEndpoint/{new}"
	anyNotebook = "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{new}"
)

const running = "which of these run, and as which role, is in none of the estate's sources"

// carriedRows change or enter code that already runs with a role; none of them
// passes one.
var carriedRows = []Technique{
	carried("codebuild-002", "Start a build with another build specification", OnProject,
		"{principal} starts {project} with a build specification of its own and acts as {role} in the build",
		"remove codebuild:StartBuild on {project} from {principal}; a pipeline's own start can be kept apart by a role of its own",
		allOf(may("codebuild:StartBuild", theProject))),
	carried("codebuild-003", "Start a batch build with another build specification", OnProject,
		"{principal} starts {project} as a batch with a build specification of its own and acts as {role} in the build",
		"remove codebuild:StartBuildBatch on {project} from {principal}",
		allOf(may("codebuild:StartBuildBatch", theProject))),
	{
		ID: "cloudformation-002", Title: "Update a stack that keeps a role", Subject: OnStack, Gains: GainTemplate, Followed: true,
		Needs:     allOf(may("cloudformation:UpdateStack", theStack)),
		Says:      "{principal} gives stack {stack} a template of its own; CloudFormation acts as {role} for it",
		Mend:      "remove cloudformation:UpdateStack on {stack} from {principal}",
		Reference: "pathfinding.cloud cloudformation-002",
	},
	{
		ID: "cloudformation-005", Title: "Make and carry out a change set of a stack that keeps a role", Subject: OnStack, Gains: GainTemplate, Followed: true,
		Needs:     allOf(may("cloudformation:CreateChangeSet", theStack), may("cloudformation:ExecuteChangeSet", theStack)),
		Says:      "{principal} gives stack {stack} a template of its own by a change set; CloudFormation acts as {role} for it",
		Mend:      "remove cloudformation:CreateChangeSet on {stack} from {principal}",
		Reference: "pathfinding.cloud cloudformation-005",
	},
	carried("lambda-003", "Change a function's code and wait for it to run", OnFunction,
		"{principal} changes the code of {function} and acts as {role} when it next runs",
		"remove lambda:UpdateFunctionCode on {function} from {principal}",
		allOf(may("lambda:UpdateFunctionCode", theFunction))).when("if something starts {function}"),
	carried("lambda-004", "Change a function's code and invoke it", OnFunction,
		"{principal} changes the code of {function}, invokes it and acts as {role}",
		"remove lambda:UpdateFunctionCode on {function} from {principal}",
		allOf(may("lambda:UpdateFunctionCode", theFunction), may("lambda:InvokeFunction", theFunction))),
	carried("lambda-005", "Change a function's code and let others invoke it", OnFunction,
		"{principal} changes the code of {function}, permits its invocation and acts as {role}",
		"remove lambda:UpdateFunctionCode on {function} from {principal}",
		allOf(may("lambda:UpdateFunctionCode", theFunction), may("lambda:AddPermission", theFunction))),
	carried("ssm-001", "Open a session on an instance", OnInstance,
		"{principal} opens a session on an instance that carries {role} and acts as it",
		"remove ssm:StartSession on instances that carry {role} from {principal}",
		allOf(may("ssm:StartSession", anyInstance))).running(),
	carried("ssm-002", "Send a command to an instance", OnInstance,
		"{principal} sends a command to an instance that carries {role} and acts as it",
		"remove ssm:SendCommand on instances that carry {role} from {principal}",
		allOf(may("ssm:SendCommand", anyInstance))).running(),
	carried("ec2-002", "Change the start-up script of an instance", OnInstance,
		"{principal} changes the start-up script of an instance that carries {role}, restarts it and acts as it",
		"remove ec2:ModifyInstanceAttribute on instances that carry {role} from {principal}",
		allOf(may("ec2:ModifyInstanceAttribute", anyInstance), may("ec2:StopInstances", anyInstance), may("ec2:StartInstances", anyInstance))).running(),
	unfollowed("ec2-004", "Change a launch template", OnInstance, "launch templates and what is started from them are not modelled", true,
		allOf(may("ec2:CreateLaunchTemplateVersion", "arn:{partition}:ec2:{region}:{account}:launch-template/{new}"),
			may("ec2:ModifyLaunchTemplate", "arn:{partition}:ec2:{region}:{account}:launch-template/{new}"))),
	carried("ec2instanceconnect-003", "Send an SSH key to an instance", OnInstance,
		"{principal} sends an SSH key to an instance that carries {role}, logs in and acts as it",
		"remove ec2-instance-connect:SendSSHPublicKey on instances that carry {role} from {principal}",
		allOf(may("ec2-instance-connect:SendSSHPublicKey", anyInstance), may("ec2:DescribeInstances", "*"))).running(),
	unfollowed("apprunner-002", "Change an App Runner service", OnAccount, "App Runner services are not modelled: "+running, true,
		allOf(may("apprunner:UpdateService", anyApp))),
	unfollowed("bedrock-002", "Use a code interpreter that carries a role", OnAccount, "code interpreters are not modelled: "+running, true,
		allOf(may("bedrock-agentcore:StartCodeInterpreterSession", anyCode), may("bedrock-agentcore:InvokeCodeInterpreter", anyCode))),
	unfollowed("glue-002", "Put an SSH key on a development endpoint", OnAccount, "Glue development endpoints are not modelled: "+running, true,
		allOf(may("glue:UpdateDevEndpoint", anyEndpoint))),
	unfollowed("sagemaker-004", "Open a notebook that carries a role", OnAccount, "notebooks are not modelled: "+running, true,
		allOf(may("sagemaker:CreatePresignedNotebookInstanceUrl", anyNotebook))),
	unfollowed("sagemaker-005", "Change the start-up script of a notebook", OnAccount, "notebooks are not modelled: "+running, true,
		allOf(may("sagemaker:CreateNotebookInstanceLifecycleConfig", "arn:{partition}:sagemaker:{region}:{account}:notebook-instance-lifecycle-config/{new}"),
			may("sagemaker:StopNotebookInstance", anyNotebook), may("sagemaker:UpdateNotebookInstance", anyNotebook), may("sagemaker:StartNotebookInstance", anyNotebook))),
}

// when gives a row a condition that the estate never settles.
func (t Technique) when(condition string) Technique {
	t.If = condition
	return t
}

// running marks a row about instances: the estate shows profiles, not which
// instances run with them.
func (t Technique) running() Technique {
	return t.when("if an instance runs with a profile that carries {role}")
}
