package reach

var branchKey = Key{"codecommit:References", "refs/heads/{branch}"}

// onBranch is one list of needs for each action that moves the tracked branch by itself.
func onBranch(actions ...string) [][]Permission {
	out := make([][]Permission, len(actions))
	for i, a := range actions {
		out[i] = []Permission{may(a, "{repository}", branchKey)}
	}
	return out
}

// sourceRows bring content into the pipeline where it reads its source.
var sourceRows = []Technique{
	{
		ID: "S1", Title: "Push to the branch that the pipeline follows", Subject: OnSource, Gains: GainControl, Followed: true,
		Needs:     onBranch("codecommit:GitPush", "codecommit:CreateCommit", "codecommit:PutFile"),
		Says:      "{principal} pushes to {source}",
		Mend:      "deny {action} on {branchref} to {principal}, so that changes come by a reviewed pull request",
		Reference: "CodeCommit user guide, limit pushes to branches",
	},
	{
		ID: "S1-branch", Title: "Put a commit on some branch of the repository", Subject: OnSource, Gains: GainBranch, Followed: true,
		Needs:     anyOf("{repository}", "codecommit:GitPush", "codecommit:CreateCommit", "codecommit:PutFile"),
		Says:      "{principal} puts a commit on a branch of {repository}",
		Mend:      "remove {action} on {repository} from {principal}",
		Reference: "CodeCommit API reference, CreateCommit",
	},
	{
		ID: "S2", Title: "Merge a branch into the one that the pipeline follows", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds: "a commit on some branch of the repository",
		Needs: onBranch("codecommit:MergePullRequestByFastForward", "codecommit:MergePullRequestBySquash", "codecommit:MergePullRequestByThreeWay",
			"codecommit:MergeBranchesByFastForward", "codecommit:MergeBranchesBySquash", "codecommit:MergeBranchesByThreeWay"),
		Says:      "{principal} merges that commit into {source}",
		Mend:      "remove {action} on {repository} from {principal}, or require approvals of a pull request by an approval rule template",
		Reference: "CodeCommit API reference, MergePullRequestByFastForward",
	},
	{
		ID: "S3", Title: "Start a run of any commit", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds:     "a commit on some branch of the repository",
		Needs:     allOf(may("codepipeline:StartPipelineExecution", "{pipeline}")),
		Says:      "{principal} starts {name} with that commit, which need not be on {branch}",
		Mend:      "remove codepipeline:StartPipelineExecution on {pipeline} from {principal}; a pipeline can be started by its event rule alone",
		Reference: "CodePipeline user guide, source revision overrides",
	},
	{
		ID: "S3-object", Title: "Start a run with another object", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds:     "an S3 source that lets the caller name the object",
		Needs:     allOf(may("codepipeline:StartPipelineExecution", "{pipeline}"), may("s3:PutObject", "{sourcebucket}/{new}")),
		Says:      "{principal} starts {name} with an object of its own",
		Mend:      "remove AllowOverrideForS3ObjectKey from the source action {stage}/{step}",
		Reference: "CodePipeline user guide, source revision overrides",
	},
	{
		ID: "S4", Title: "Write the source object", Subject: OnSource, Gains: GainControl, Followed: true,
		Needs: [][]Permission{
			{may("s3:PutObject", "{sourceobject}", sseS3...)},
			{may("s3:PutObject", "{sourceobject}", Key{"s3:x-amz-server-side-encryption", "aws:kms"})},
			{may("s3:PutBucketPolicy", "{sourcebucket}")},
		},
		Says:      "{principal} writes {source}",
		Mend:      "remove {action} on {resource} from {principal}",
		Reference: "S3 API reference, PutObject",
	},
	{
		ID: "S4-image", Title: "Push the image that the pipeline follows", Subject: OnSource, Gains: GainControl, Followed: true,
		Needs:     allOf(may("ecr:PutImage", "{repository}")),
		Says:      "{principal} pushes {source}",
		Mend:      "remove ecr:PutImage on {repository} from {principal}",
		Reference: "ECR API reference, PutImage",
	},
	notFollowed("S5", "Have an event rule start the pipeline with a revision", "it needs a role that may start the pipeline; S3 counts whoever may start it", true,
		anyOf("*", "events:PutTargets")),
	{
		ID: "S6", Title: "Push to a repository outside AWS", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds:     "an account of the Git provider that may push there; IAM does not say who has one",
		Says:      "someone pushes to {source}",
		If:        "if the provider's own branch protection lets one person do so",
		Mend:      "protect {branch} at the provider so that a push needs another person's review",
		Reference: "CodePipeline user guide, connections",
	},
	{
		ID: "S6-connection", Title: "Point the connection or webhook elsewhere", Subject: OnSource, Gains: GainControl, Followed: true,
		Needs: [][]Permission{
			{may("codestar-connections:UpdateConnectionInstallation", "{connection}")},
			{may("codeconnections:UpdateConnectionInstallation", "{connection}")},
		},
		Says:      "{principal} installs connection {connection} for another account of the provider",
		If:        "if a repository of the same name there is taken for {source}",
		Mend:      "remove {action} on {connection} from {principal}",
		Reference: "CodeConnections API reference",
	},
	{
		ID: "S7", Title: "Delete the branch and make it again", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds:     "a commit on some branch of the repository",
		Needs:     allOf(may("codecommit:DeleteBranch", "{repository}", branchKey), may("codecommit:CreateBranch", "{repository}", branchKey)),
		Says:      "{principal} deletes {branch} and makes it again at that commit",
		Mend:      "remove codecommit:DeleteBranch and codecommit:CreateBranch on {branchref} from {principal}",
		Reference: "CodeCommit API reference, CreateBranch",
	},
	{
		ID: "external-source", Title: "Push where the estate shows nobody who may", Subject: OnSource, Gains: GainControl, Followed: true,
		Holds:     "a way to push that the estate's templates do not show",
		Says:      "someone whom the estate does not show pushes to {source}",
		Mend:      "add who may push to {source} to the estate, and keep them from answering the gates",
		Reference: "Twokey: what templates alone leave open",
	},
}

// artifactRows change an artifact, or what a step after the gate runs.
var artifactRows = []Technique{
	{
		ID: "A1", Title: "Overwrite an artifact after it was approved", Subject: OnInput, Gains: GainControl, Followed: true,
		Needs: [][]Permission{
			{putObject(sseKMS...), may("kms:GenerateDataKey", "{key}", viaS3...)},
		},
		Says:      "{principal} overwrites in {bucket} what {stage}/{step} reads",
		Mend:      "let only the action that makes the artifact write it: remove s3:PutObject on {bucket} from {principal}",
		Reference: "CodePipeline user guide, artifacts: actions are handed bucket and key, not a version",
	},
	{
		ID: "A1-plain", Title: "Overwrite an artifact without its key", Subject: OnInput, Gains: GainControl, Followed: true,
		Needs:     allOf(putObject(sseS3...)),
		Says:      "{principal} overwrites in {bucket} what {stage}/{step} reads, encrypted by S3 and not under the artifact key",
		If:        "if the action takes an artifact that is not encrypted under the artifact key",
		Mend:      "deny writes to {bucket} that are not encrypted under the artifact key, and remove s3:PutObject on it from {principal}",
		Reference: "S3 user guide, server-side encryption",
	},
	{
		ID: "A1-unseen", Title: "Overwrite an artifact from an account that the bucket's policy names as a whole", Subject: OnInput, Gains: GainControl, Followed: true,
		Holds:     "a principal that the estate does not show, in an account that the policy of the artifact bucket lets in as a whole",
		Says:      "{trusted} may let anyone in it overwrite in {bucket} what {stage}/{step} reads",
		If:        "if {trusted} lets them, and the action takes an artifact that they can encrypt",
		Mend:      "name in the policy of {bucket} the roles that need it instead of {trusted}",
		Reference: "S3 user guide, bucket policies",
	},
	{ID: "A2", Title: "Write an artifact by way of the bucket's policy", Subject: OnInput, Gains: GainControl, Followed: true, Composed: []string{"E12"}, Reference: "S3 API reference, PutBucketPolicy"},
	{ID: "A3", Title: "Write an artifact by way of its key", Subject: OnInput, Gains: GainControl, Followed: true, Composed: []string{"E11"}, Reference: "KMS API reference"},
	{ID: "A4", Title: "Have the pipeline use another artifact store", Subject: OnPipeline, Gains: GainProd, Followed: true, Composed: []string{"G5"}, Reference: "CodePipeline API reference, UpdatePipeline"},
	{
		ID: "B1", Title: "Change the build project of an action", Subject: OnBuild, Gains: GainControl, Followed: true,
		Needs:     allOf(may("codebuild:UpdateProject", theProject)),
		Says:      "{principal} changes what {project} does, and with it what {stage}/{step} hands on",
		Mend:      "remove codebuild:UpdateProject on {project} from {principal}",
		Reference: "CodeBuild API reference, UpdateProject",
	},
	{ID: "B2", Title: "Run the build project directly", Subject: OnProject, Gains: GainIs, Followed: true, Composed: []string{"codebuild-002"}, Reference: "CodeBuild API reference, StartBuild"},
	carriedFrom("B2-retry", "CodeBuild API reference, RetryBuild", "Run a build of theirs again", OnProject,
		"{principal} runs an old build of {project} again and acts as {role} in it",
		"remove codebuild:RetryBuild on {project} from {principal}",
		allOf(may("codebuild:RetryBuild", theProject))).when("if an old build had a build specification of theirs"),
	{ID: "B3", Title: "Open a shell in the build", Subject: OnProject, Gains: GainIs, Followed: true, Composed: []string{"codebuild-002"}, Reference: "CodeBuild user guide, debug sessions"},
	notFollowed("B4", "Poison what the build reads", "which parameters, secrets, caches, images and packages a build trusts is not followed", true,
		anyOf("*", "ssm:PutParameter", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "ecr:PutImage", "codeartifact:PublishPackageVersion")),
	notFollowed("B5", "Have builds start from a repository of their own", "it starts builds of the source a project already has", true,
		anyOf("*", "codebuild:CreateWebhook", "codebuild:UpdateWebhook", "codebuild:ImportSourceCredentials")),
	{
		ID: "repository-build", Title: "Put code into the repository that a build runs", Subject: OnBuild, Gains: GainIs, Followed: true,
		Holds:     "control of what the build works on",
		Says:      "{stage}/{step} runs {what} from that content as {role}",
		Mend:      "give {role} nothing that its builds do not need",
		Reference: "CodeBuild user guide, build specification",
	},
	{
		ID: "repository-commands", Title: "Put code into the repository that a Commands action runs", Subject: OnBuild, Gains: GainIs, Followed: true,
		Holds:     "control of what the action works on",
		Says:      "{stage}/{step} runs commands on that content as {role}",
		Mend:      "give the action a role of its own, with nothing that its commands do not need",
		Reference: "CodePipeline user guide, Commands action",
	},
	{
		ID: "repository-template", Title: "Put a template into the repository that is deployed before the gate", Subject: OnDeploy, Gains: GainThrough, Followed: true,
		Holds:     "control of what the deploy action works on",
		Says:      "{stage}/{step} deploys that template, and CloudFormation acts as {role} for it",
		Mend:      "give {role} nothing but what the stack {stack} needs",
		Reference: "CloudFormation user guide, service roles",
	},
}
