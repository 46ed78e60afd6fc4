package synthetic

import (
	"fmt"
	"math/rand/v2"
)

// fault is what is wrong with a pipeline; half of the values are no fault.
type fault int

const (
	pusherApproves fault = iota
	buildAssumesDeployer
	deployerTrustsAccount
	approvalUnscoped
	bucketWideOpen
)

func allow(actions any, resources any) object {
	return object{"Effect": "Allow", "Action": actions, "Resource": resources}
}

func document(statements ...object) object {
	return object{"Version": "2012-10-17", "Statement": statements}
}

func role(name string, principal object, statements ...object) object {
	return object{"Type": "AWS::IAM::Role", "Properties": object{
		"RoleName":                 name,
		"AssumeRolePolicyDocument": document(object{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}),
		"Policies":                 []object{{"PolicyName": "inline", "PolicyDocument": document(statements...)}},
	}}
}

func pipelineName(p int) string           { return fmt.Sprintf("shop-%02d", p) }
func roleARN(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }
func pipelineARN(account, rest string) string {
	return "arn:aws:codepipeline:" + region + ":" + account + ":" + rest
}
func bucketName(account string) string { return "artifacts-" + account }
func stackARN(account, name string) string {
	return "arn:aws:cloudformation:" + region + ":" + account + ":stack/" + name + "/*"
}
func repositoryARN(account, name string) string {
	return "arn:aws:codecommit:" + region + ":" + account + ":" + name
}

func people(o Options, i int, faults []fault) object {
	id := accountID(o, i)
	var push, approve []string
	unscoped := false
	for p, f := range faults {
		push = append(push, repositoryARN(id, pipelineName(p)))
		approve = append(approve, pipelineARN(id, pipelineName(p)+"/Approve/Approve"))
		unscoped = unscoped || f == approvalUnscoped
	}
	approvers := []object{allow("codepipeline:PutApprovalResult", approve), allow([]string{"codepipeline:GetPipeline", "codepipeline:GetPipelineState"}, "*")}
	if unscoped {
		approvers = append(approvers, allow("codepipeline:PutApprovalResult", "*"))
	}
	for p, f := range faults {
		if f == pusherApproves {
			approvers = append(approvers, allow("codecommit:GitPush", repositoryARN(id, pipelineName(p))))
		}
	}
	groups := map[string][]object{
		"developers": {allow([]string{"codecommit:GitPush", "codecommit:GitPull"}, push)},
		"approvers":  approvers,
		"operators":  {allow([]string{"logs:Get*", "logs:Describe*", "codepipeline:StartPipelineExecution"}, "*")},
		"readers":    {allow([]string{"s3:ListAllMyBuckets", "codepipeline:Get*", "codepipeline:List*"}, "*")},
	}
	out := object{}
	order := []string{"developers", "approvers", "operators", "readers"}
	for _, g := range order {
		out["Group"+g] = object{"Type": "AWS::IAM::Group", "Properties": object{
			"GroupName": g, "Policies": []object{{"PolicyName": g, "PolicyDocument": document(groups[g]...)}},
		}}
	}
	for u := range usersPerAccount {
		out[fmt.Sprintf("User%02d", u)] = object{"Type": "AWS::IAM::User", "Properties": object{
			"UserName": fmt.Sprintf("user-%02d", u), "Groups": []object{{"Ref": "Group" + order[u%len(order)]}},
		}}
	}
	return out
}

func pipelines(o Options, i int, faults []fault) object {
	id, next := accountID(o, i), accountID(o, i+1)
	bucket, objects := "arn:aws:s3:::"+bucketName(id), "arn:aws:s3:::"+bucketName(id)+"/*"
	use := []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
	keyARN := object{"Fn::GetAtt": []string{"Key", "Arn"}}
	out := object{}
	var writers, readers []string
	for p, f := range faults {
		name := pipelineName(p)
		build := []object{
			allow([]string{"s3:GetObject", "s3:PutObject"}, "arn:aws:s3:::"+bucketName(id)+"/"+name+"/*"),
			allow([]string{"kms:Decrypt", "kms:GenerateDataKey"}, keyARN),
			allow([]string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}, "arn:aws:logs:*:"+id+":log-group:/aws/codebuild/"+name+"*"),
		}
		if f == buildAssumesDeployer {
			build = append(build, allow("sts:AssumeRole", roleARN(next, "deploy-"+name+"-from-"+id)))
		}
		trust := object{"AWS": roleARN(accountID(o, i-1+o.Accounts), "pipeline-"+name)}
		if f == deployerTrustsAccount {
			trust = object{"AWS": accountID(o, i-1+o.Accounts)}
		}
		previous := accountID(o, i-1+o.Accounts)
		out[fmt.Sprintf("PipelineRole%02d", p)] = role("pipeline-"+name, object{"Service": "codepipeline.amazonaws.com"},
			allow([]string{"s3:GetObject", "s3:PutObject", "s3:GetObjectVersion"}, "arn:aws:s3:::"+bucketName(id)+"/"+name+"/*"),
			allow(use, keyARN),
			allow([]string{"codebuild:StartBuild", "codebuild:BatchGetBuilds"}, "arn:aws:codebuild:"+region+":"+id+":project/"+name),
			allow([]string{"codecommit:GetBranch", "codecommit:GetCommit", "codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus"}, repositoryARN(id, name)),
			allow("sts:AssumeRole", []string{roleARN(id, "deploy-"+name+"-local"), roleARN(next, "deploy-"+name+"-from-"+id)}))
		out[fmt.Sprintf("BuildRole%02d", p)] = role("build-"+name, object{"Service": "codebuild.amazonaws.com"}, build...)
		out[fmt.Sprintf("LocalRole%02d", p)] = role("deploy-"+name+"-local", object{"AWS": roleARN(id, "pipeline-"+name)},
			deployer(id, name, id, keyARN)...)
		out[fmt.Sprintf("RemoteRole%02d", p)] = role("deploy-"+name+"-from-"+previous, trust,
			deployer(id, name, previous, "*")...)
		out[fmt.Sprintf("ExecutionRole%02d", p)] = role("cloudformation-"+name, object{"Service": "cloudformation.amazonaws.com"},
			allow([]string{"lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:GetFunction"}, "arn:aws:lambda:"+region+":"+id+":function:"+name+"-*"))
		writers = append(writers, roleARN(id, "build-"+name), roleARN(id, "pipeline-"+name))
		readers = append(readers, roleARN(id, "deploy-"+name+"-local"), roleARN(next, "deploy-"+name+"-from-"+id))
		out[fmt.Sprintf("Repository%02d", p)] = object{"Type": "AWS::CodeCommit::Repository", "Properties": object{"RepositoryName": name}}
		out[fmt.Sprintf("Project%02d", p)] = object{"Type": "AWS::CodeBuild::Project", "Properties": object{
			"Name": name, "ServiceRole": roleARN(id, "build-"+name), "EncryptionKey": keyARN,
			"Artifacts":   object{"Type": "CODEPIPELINE"},
			"Source":      object{"Type": "CODEPIPELINE"},
			"Environment": object{"Type": "LINUX_CONTAINER", "ComputeType": "BUILD_GENERAL1_SMALL", "Image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0"},
		}}
		out[fmt.Sprintf("Pipeline%02d", p)] = pipeline(id, next, name, keyARN)
	}
	verbs := any([]string{"s3:GetObject", "s3:PutObject", "s3:ListBucket"})
	if len(faults) > 0 && faults[0] == bucketWideOpen {
		verbs = "s3:*"
	}
	out["Bucket"] = object{"Type": "AWS::S3::Bucket", "Properties": object{"BucketName": bucketName(id), "VersioningConfiguration": object{"Status": "Enabled"}}}
	out["BucketPolicy"] = object{"Type": "AWS::S3::BucketPolicy", "Properties": object{"Bucket": object{"Ref": "Bucket"}, "PolicyDocument": document(
		object{"Effect": "Allow", "Principal": object{"AWS": writers}, "Action": verbs, "Resource": []string{bucket, objects}},
		object{"Effect": "Allow", "Principal": object{"AWS": readers}, "Action": []string{"s3:GetObject", "s3:GetObjectVersion"}, "Resource": objects},
	)}}
	out["Key"] = object{"Type": "AWS::KMS::Key", "Properties": object{"EnableKeyRotation": true, "KeyPolicy": document(
		object{"Effect": "Allow", "Principal": object{"AWS": "arn:aws:iam::" + id + ":root"}, "Action": "kms:*", "Resource": "*"},
		object{"Effect": "Allow", "Principal": object{"AWS": append(append([]string{}, writers...), readers...)}, "Action": use, "Resource": "*"},
	)}}
	return out
}

// deployer is what an action role in account may do for the pipeline of owner.
func deployer(account, name, owner string, key any) []object {
	return []object{
		allow([]string{"cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStacks", "cloudformation:DeleteChangeSet"}, stackARN(account, name)),
		{"Effect": "Allow", "Action": "iam:PassRole", "Resource": roleARN(account, "cloudformation-"+name),
			"Condition": object{"StringEquals": object{"iam:PassedToService": "cloudformation.amazonaws.com"}}},
		allow([]string{"s3:GetObject", "s3:GetObjectVersion"}, "arn:aws:s3:::"+bucketName(owner)+"/"+name+"/*"),
		allow([]string{"kms:Decrypt", "kms:DescribeKey"}, key),
	}
}

func pipeline(id, next, name string, key any) object {
	deploy := func(action, account, actionRole string) object {
		return object{"Name": action, "ActionTypeId": actionType("Deploy", "CloudFormation"), "RoleArn": roleARN(account, actionRole),
			"InputArtifacts": []object{{"Name": "Built"}},
			"Configuration": object{"ActionMode": "CREATE_UPDATE", "StackName": name, "TemplatePath": "Built::template.yaml",
				"RoleArn": roleARN(account, "cloudformation-"+name)}}
	}
	stage := func(stageName string, actions ...object) object {
		return object{"Name": stageName, "Actions": actions}
	}
	return object{"Type": "AWS::CodePipeline::Pipeline", "Properties": object{
		"Name": name, "RoleArn": roleARN(id, "pipeline-"+name), "PipelineType": "V2",
		"ArtifactStore": object{"Type": "S3", "Location": bucketName(id), "EncryptionKey": object{"Type": "KMS", "Id": key}},
		"Stages": []object{
			stage("Source", object{"Name": "Source", "ActionTypeId": actionType("Source", "CodeCommit"), "OutputArtifacts": []object{{"Name": "Source"}},
				"Configuration": object{"RepositoryName": name, "BranchName": "main", "PollForSourceChanges": false}}),
			stage("Build", object{"Name": "Build", "ActionTypeId": actionType("Build", "CodeBuild"), "InputArtifacts": []object{{"Name": "Source"}},
				"OutputArtifacts": []object{{"Name": "Built"}}, "Configuration": object{"ProjectName": name}}),
			stage("Test", deploy("Deploy", id, "deploy-"+name+"-local")),
			stage("Approve", object{"Name": "Approve", "ActionTypeId": actionType("Approval", "Manual")}),
			stage("Production", deploy("Deploy", next, "deploy-"+name+"-from-"+id)),
		},
	}}
}

func actionType(category, provider string) object {
	return object{"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
}

func workloads(o Options, i int, rng *rand.Rand) object {
	id, next := accountID(o, i), accountID(o, i+1)
	services := []string{"lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"}
	out := object{}
	for w := range o.Principals - usersPerAccount - o.Pipelines*rolesPerPipeline {
		trust := object{"Service": services[w%len(services)]}
		switch n := rng.IntN(100); {
		case n >= 90:
			trust = object{"AWS": "arn:aws:iam::" + next + ":root"}
		case n >= 70:
			trust = object{"AWS": "arn:aws:iam::" + id + ":root"}
		}
		name := fmt.Sprintf("workload-%04d", w)
		statements := []object{
			allow([]string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, "arn:aws:dynamodb:"+region+":"+id+":table/"+name),
			allow([]string{"s3:GetObject", "s3:PutObject"}, "arn:aws:s3:::data-"+id+"/"+name+"/*"),
		}
		if rng.IntN(100) == 0 {
			statements = append(statements, allow("iam:PassRole", roleARN(id, "*")), allow([]string{"lambda:CreateFunction", "lambda:InvokeFunction"}, "*"))
		}
		out[fmt.Sprintf("Workload%04d", w)] = role(name, trust, statements...)
	}
	return out
}
