package reach

const (
	thePipeline = "{pipeline}"
	theStage    = "{pipeline}/{stage}"
	theGate     = "{pipeline}/{stage}/{step}"
)

// structure is a change of the pipeline's structure, which takes its role along.
func structure(needs ...Permission) []Permission {
	return append(needs, eases("iam:PassRole", "{role}", "if CodePipeline does not check iam:PassRole again for a role that stays the same"))
}

// gateRows pass, remove or go round a gate, or stand in for a check. CodePipeline
// has no condition keys but tags, and no rule that who approves did not write.
var gateRows = []Technique{
	{
		ID: "G1", Title: "Answer the gate", Subject: OnGate, Gains: GainPass, Followed: true,
		Needs: [][]Permission{{
			may("codepipeline:PutApprovalResult", theGate),
			eases("codepipeline:GetPipelineState", thePipeline, "if they learn the approval token some other way, from its notification for example"),
		}},
		Says:      "{principal} may approve {stage}/{step}",
		Mend:      "remove codepipeline:PutApprovalResult on {gate} from {principal}, or let Twokey govern the gate",
		Reference: "CodePipeline API reference, PutApprovalResult",
	},
	{
		ID: "G1-governed", Title: "Give the approvals that the rule of a governed gate asks for", Subject: OnGate, Gains: GainPass, Followed: true,
		Holds:     "as many people as the rule asks for, in its groups and not excluded by it",
		Says:      "{people} approve {stage}/{step}, as its rule asks",
		Mend:      "ask for more approvals in the rule of the gate, or exclude author and starter",
		Reference: "twokey.yaml, gates",
	},
	{
		ID: "external-approver", Title: "Answer the gate where the estate shows nobody who may", Subject: OnGate, Gains: GainPass, Followed: true,
		Holds:     "a way to answer that the estate's templates do not show",
		Says:      "someone whom the estate does not show approves {stage}/{step}",
		Mend:      "let Twokey govern {stage}/{step} with two approvals (gates in twokey.yaml), or add who may answer it to the estate",
		Reference: "Twokey: what templates alone leave open",
	},
	notFollowed("G1-rules", "Change the rule of a governed gate, or what Twokey runs on", "where Twokey keeps its rules, its database and its key is not in the estate; keep them from everybody whom the rules are about", false,
		nil),
	{ID: "G2", Title: "Answer both gates", Subject: OnGate, Gains: GainPass, Followed: true, Composed: []string{"G1", "G1"}, Reference: "CodePipeline API reference, PutApprovalResult"},
	{ID: "G3", Title: "Answer the gate as somebody else", Subject: OnGate, Gains: GainPass, Followed: true, Composed: []string{"iam-002", "G1"}, Reference: "CodePipeline API reference, PutApprovalResult"},
	{ID: "G4", Title: "Join the approvers", Subject: OnGate, Gains: GainPass, Followed: true, Composed: []string{"iam-013", "G1"}, Reference: "CodePipeline API reference, PutApprovalResult"},
	{
		ID: "G5", Title: "Take the gate out of the pipeline", Subject: OnPipeline, Gains: GainProd, Followed: true,
		Needs:     [][]Permission{structure(may("codepipeline:UpdatePipeline", thePipeline))},
		Says:      "{principal} changes the structure of {name}: the gates go, and what it deploys is theirs to choose",
		Mend:      "remove codepipeline:UpdatePipeline on {pipeline} from {principal}",
		Reference: "CodePipeline API reference, UpdatePipeline",
	},
	{ID: "G6", Title: "Move the gate behind the deployment", Subject: OnPipeline, Gains: GainProd, Followed: true, Composed: []string{"G5"}, Reference: "CodePipeline API reference, UpdatePipeline"},
	{
		ID: "G7", Title: "Make another pipeline, without a gate, with the same role", Subject: OnPipeline, Gains: GainProd, Followed: true,
		Service: "codepipeline.amazonaws.com",
		Needs:   allOf(may("codepipeline:CreatePipeline", newPipeline), pass("codepipeline.amazonaws.com")),
		Says:    "{principal} makes a pipeline of its own with role {role}, without a gate",
		Mend:    "limit iam:PassRole of {principal} so that {role} is not among the roles it may pass to CodePipeline", Through: true,
		Reference: "CodePipeline API reference, CreatePipeline",
	},
	{ID: "G8", Title: "Deploy from an action before the gate", Subject: OnPipeline, Gains: GainProd, Followed: true, Composed: []string{"G5"}, Reference: "CodePipeline API reference, UpdatePipeline"},
	{
		ID: "G9", Title: "Put an action that runs commands into the pipeline", Subject: OnPipeline, Gains: GainIs, Followed: true,
		Needs:     [][]Permission{structure(may("codepipeline:UpdatePipeline", thePipeline))},
		Says:      "{principal} adds a Commands action to {name} and acts as {role}",
		Mend:      "remove codepipeline:UpdatePipeline on {pipeline} from {principal}",
		Reference: "CodePipeline user guide, Commands action",
	},
	passingFrom("G9-new", "CodePipeline user guide, Commands action", "codepipeline.amazonaws.com", "a new pipeline that runs commands",
		may("codepipeline:CreatePipeline", newPipeline)),
	notFollowed("G10", "Override a stage condition", "a condition is never counted as a person: the number is worked out as if every condition held", false,
		anyOf("*", "codepipeline:OverrideStageCondition")),
	notFollowed("G11", "Retry a stage after tampering", "it adds nothing to A1 and B1, which wait for the next run that others approve", false,
		anyOf("*", "codepipeline:RetryStageExecution")),
	{
		ID: "G12", Title: "Roll production back to a run of their choice", Subject: OnDeploy, Gains: GainProd, Followed: true,
		Needs:     allOf(may("codepipeline:RollbackStage", theStage)),
		Says:      "{principal} rolls {stage} back to an older run of their choice, and no gate before that stage is asked",
		If:        "if an older run of the same structure is one they want back",
		Mend:      "remove codepipeline:RollbackStage on {pipeline}/{stage} from {principal}",
		Reference: "CodePipeline API reference, RollbackStage",
	},
	notFollowed("G13", "Hold runs back with stage transitions", "it chooses between runs that passed the gate, and brings in nothing of one's own", false,
		anyOf("*", "codepipeline:DisableStageTransition", "codepipeline:EnableStageTransition")),
	notFollowed("G14", "Abandon a run whose deployment goes on", "it stops a run, and brings in nothing of one's own", false,
		anyOf("*", "codepipeline:StopPipelineExecution")),
	{
		ID: "G15", Title: "Delete the pipeline and make it again without the gate", Subject: OnPipeline, Gains: GainProd, Followed: true,
		Service: "codepipeline.amazonaws.com",
		Needs:   allOf(may("codepipeline:DeletePipeline", thePipeline), may("codepipeline:CreatePipeline", thePipeline), pass("codepipeline.amazonaws.com")),
		Says:    "{principal} deletes {name} and makes it again without a gate",
		Mend:    "remove codepipeline:CreatePipeline on {pipeline} from {principal}", Reference: "CodePipeline API reference, CreatePipeline",
	},
	notFollowed("G16", "Set the tags of the pipeline", "which tags a later call would be judged by is not followed", true,
		anyOf("{pipeline}", "codepipeline:TagResource", "codepipeline:UntagResource")),
	{
		ID: "G17", Title: "Get round a guard that looks at the session", Subject: OnGate, Gains: GainPass, Followed: true, Composed: []string{"G1"},
		Holds:     "a session name, source identity or second permission set that the guard does not see; the table of keys treats all three as chosen by the caller",
		Reference: "IAM user guide, condition keys",
	},

	notFollowed("J1", "Report the success of a check", "an automatic check is never counted as a person: the number is worked out as if every check passed", false,
		anyOf("*", "codepipeline:PutJobSuccessResult")),
	{
		ID: "J2", Title: "Change the function behind an action", Subject: OnInvoke, Gains: GainControl, Followed: true,
		Needs:     anyOf("{function}", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:UpdateAlias"),
		Says:      "{principal} changes what {function} does, and with it what {stage}/{step} hands on",
		Mend:      "remove {action} on {function} from {principal}",
		Reference: "Lambda API reference, UpdateFunctionCode",
	},
	{
		ID: "J3", Title: "Be the worker of a custom action", Subject: OnWorker, Gains: GainControl, Followed: true,
		Needs:     allOf(may("codepipeline:PollForJobs", "{actiontype}"), may("codepipeline:AcknowledgeJob", "*"), may("codepipeline:PutJobSuccessResult", "*")),
		Says:      "{principal} takes the job of {stage}/{step} and hands on what it likes",
		Mend:      "remove codepipeline:PollForJobs on {actiontype} from {principal}",
		Reference: "CodePipeline API reference, PollForJobs",
	},
	{
		ID: "J4", Title: "Replace what does a custom action", Subject: OnWorker, Gains: GainControl, Followed: true,
		Needs:     allOf(may("codepipeline:UpdateActionType", "{actiontype}")),
		Says:      "{principal} has {stage}/{step} done by a function or worker of its own",
		Mend:      "remove codepipeline:UpdateActionType on {actiontype} from {principal}",
		Reference: "CodePipeline API reference, UpdateActionType",
	},
	notFollowed("J5", "Stand in for a hook of CodeDeploy", "an automatic check is never counted as a person: the number is worked out as if every check passed", false,
		anyOf("*", "codedeploy:PutLifecycleEventHookExecutionStatus", "codedeploy:ContinueDeployment")),
}
