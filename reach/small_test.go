package reach_test

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

const (
	tools  = "111111111111"
	prod   = "222222222222"
	region = "us-east-1"
)

// doc makes a policy document of statements in JSON; file is where it stands,
// one statement a line.
func doc(file string, statements ...string) *policy.Document {
	text := "{\"Version\":\"2012-10-17\",\"Statement\":[\n" + strings.Join(statements, ",\n") + "\n]}"
	d, err := policy.Parse(file, []byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

func quoted(list string) string {
	parts := strings.Fields(list)
	for i := range parts {
		parts[i] = `"` + parts[i] + `"`
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// allow and deny make a statement; actions and resources are separated by
// spaces, condition is a Condition element or empty.
func allow(actions, resources string, condition ...string) string {
	return statement("Allow", actions, resources, condition)
}

func deny(actions, resources string, condition ...string) string {
	return statement("Deny", actions, resources, condition)
}

func statement(effect, actions, resources string, condition []string) string {
	s := `{"Effect":"` + effect + `","Action":` + quoted(actions) + `,"Resource":` + quoted(resources)
	if len(condition) > 0 && condition[0] != "" {
		s += `,"Condition":` + condition[0]
	}
	return s + "}"
}

// trusts makes a trust statement for AWS principals, services ("x.amazonaws.com")
// among them.
func trusts(principals ...string) string {
	var aws, services []string
	for _, p := range principals {
		if strings.HasSuffix(p, ".amazonaws.com") {
			services = append(services, p)
		} else {
			aws = append(aws, p)
		}
	}
	var parts []string
	if len(aws) > 0 {
		parts = append(parts, `"AWS":`+quoted(strings.Join(aws, " ")))
	}
	if len(services) > 0 {
		parts = append(parts, `"Service":`+quoted(strings.Join(services, " ")))
	}
	return `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{` + strings.Join(parts, ",") + `}}`
}

func inline(name string, statements []string) []estate.Policy {
	if len(statements) == 0 {
		return nil
	}
	return []estate.Policy{{Name: name, Doc: doc(name+".json", statements...), Pos: policy.Pos{File: name + ".json", Line: 1, Column: 1}}}
}

func user(account, name string, statements ...string) *estate.User {
	u := &estate.User{Name: name, Path: "/", Policies: inline("user-"+account+"-"+name, statements)}
	u.Meta = meta("AWS::IAM::User", "arn:aws:iam::"+account+":user/"+name, account)
	return u
}

func group(account, name string, statements ...string) *estate.Group {
	g := &estate.Group{Name: name, Path: "/", Policies: inline("group-"+account+"-"+name, statements)}
	g.Meta = meta("AWS::IAM::Group", "arn:aws:iam::"+account+":group/"+name, account)
	return g
}

func role(account, name, trust string, statements ...string) *estate.Role {
	r := &estate.Role{Name: name, Path: "/", Policies: inline("role-"+account+"-"+name, statements)}
	if trust == "" {
		trust = `{"Effect":"Deny","Action":"sts:AssumeRole","Principal":"*"}`
	}
	r.Trust = doc("trust-"+account+"-"+name+".json", trust)
	r.Meta = meta("AWS::IAM::Role", roleARN(account, name), account)
	return r
}

func boundary(name string, statements ...string) *estate.Policy {
	p := inline("boundary-"+name, statements)[0]
	p.ARN = "arn:aws:iam::" + tools + ":policy/" + name
	return &p
}

func roleARN(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }
func userARN(account, name string) string { return "arn:aws:iam::" + account + ":user/" + name }

func meta(kind, arn, account string) estate.Meta {
	return estate.Meta{ARN: arn, Type: kind, LogicalID: arn[strings.LastIndexAny(arn, ":/")+1:], Account: account, Region: region,
		Pos: policy.Pos{File: arn[strings.LastIndexAny(arn, ":/")+1:] + ".yaml", Line: 1, Column: 1}}
}

func config(pairs ...string) *policy.Node {
	n := &policy.Node{Kind: policy.Map}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.Entries = append(n.Entries, policy.Entry{Key: pairs[i], Value: &policy.Node{Kind: policy.String, Text: pairs[i+1]}})
	}
	return n
}

// The actions of the pipeline that the small estates share.
func source() estate.Action {
	return estate.Action{Name: "App", Category: "Source", Owner: "AWS", Provider: "CodeCommit", RunOrder: 1, Outputs: []string{"Src"},
		Config: config("RepositoryName", "shop", "BranchName", "main")}
}

func build() estate.Action {
	return estate.Action{Name: "Build", Category: "Build", Owner: "AWS", Provider: "CodeBuild", RunOrder: 1, Inputs: []string{"Src"}, Outputs: []string{"Out"},
		Config: config("ProjectName", "shop")}
}

func approval(name string, order int) estate.Action {
	return estate.Action{Name: name, Category: "Approval", Owner: "AWS", Provider: "Manual", RunOrder: order}
}

func deployment(order int) estate.Action {
	return estate.Action{Name: "Deploy", Category: "Deploy", Owner: "AWS", Provider: "CloudFormation", RunOrder: order, Inputs: []string{"Out"},
		RoleARN: roleARN(prod, "deploy"),
		Config:  config("ActionMode", "CREATE_UPDATE", "StackName", "shop", "TemplatePath", "Out::t.yaml", "RoleArn", roleARN(prod, "stack"))}
}

func stage(name string, actions ...estate.Action) estate.Stage {
	return estate.Stage{Name: name, Actions: actions, Pos: policy.Pos{File: "pipeline.yaml", Line: 1, Column: 1}}
}

const (
	pipelineARN = "arn:aws:codepipeline:" + region + ":" + tools + ":shop"
	repoARN     = "arn:aws:codecommit:" + region + ":" + tools + ":shop"
	projectARN  = "arn:aws:codebuild:" + region + ":" + tools + ":project/shop"
	stackARN    = "arn:aws:cloudformation:" + region + ":" + prod + ":stack/shop/*"
	objects     = "arn:aws:s3:::artifacts/*"
	keyARN      = "arn:aws:kms:" + region + ":" + tools + ":key/k"
	noEntry     = ""
)

// shop is an estate of one pipeline: source and build in tools, the stages given,
// and a deployment to prod by roles that nobody but the pipeline's role and
// CloudFormation can enter.
func shop(stages ...estate.Stage) *estate.Estate {
	e := &estate.Estate{WantPeople: 2, Others: map[string][]*estate.Simple{}}
	e.Accounts = []*estate.Account{{Name: "tools", ID: tools}, {Name: "prod", ID: prod, Production: true}}
	e.Roles = []*estate.Role{
		role(tools, "pipeline", trusts("codepipeline.amazonaws.com"), allow("sts:AssumeRole", roleARN(prod, "deploy"))),
		role(tools, "build", trusts("codebuild.amazonaws.com")),
		role(prod, "deploy", trusts(roleARN(tools, "pipeline")), allow("cloudformation:CreateStack cloudformation:UpdateStack", "*"), allow("iam:PassRole", roleARN(prod, "stack"))),
		role(prod, "stack", trusts("cloudformation.amazonaws.com"), allow("lambda:*", "*")),
	}
	p := &estate.Pipeline{Name: "shop", RoleARN: roleARN(tools, "pipeline"), Stages: append([]estate.Stage{stage("Source", source()), stage("Build", build())}, stages...)}
	p.Meta = meta("AWS::CodePipeline::Pipeline", pipelineARN, tools)
	p.Stores = []estate.ArtifactStore{{Region: region, Bucket: "artifacts", KeyID: keyARN}}
	e.Pipelines = []*estate.Pipeline{p}
	b := &estate.Bucket{Name: "artifacts"}
	b.Meta = meta("AWS::S3::Bucket", "arn:aws:s3:::artifacts", tools)
	e.Buckets = []*estate.Bucket{b}
	k := &estate.Key{KeyID: "k"}
	k.Meta = meta("AWS::KMS::Key", keyARN, tools)
	e.Keys = []*estate.Key{k}
	r := &estate.Repository{Name: "shop"}
	r.Meta = meta("AWS::CodeCommit::Repository", repoARN, tools)
	e.Repositories = []*estate.Repository{r}
	j := &estate.Project{Name: "shop", ServiceRole: roleARN(tools, "build"), SourceType: "CODEPIPELINE"}
	j.Meta = meta("AWS::CodeBuild::Project", projectARN, tools)
	e.Projects = []*estate.Project{j}
	s := &estate.StackResource{Name: "shop", RoleARN: roleARN(prod, "stack"), DeployedBy: []string{"shop/Deploy/Deploy"}}
	s.Meta = meta("AWS::CloudFormation::Stack", "arn:aws:cloudformation:"+region+":"+prod+":stack/shop/0", prod)
	e.Stacks = []*estate.StackResource{s}
	return e
}

// gated is the usual shop: so many gates in stages of their own, then the
// deployment.
func gated(gates int) *estate.Estate {
	var stages []estate.Stage
	for i := range gates {
		stages = append(stages, stage(fmt.Sprintf("Approve%d", i+1), approval("Gate", 1)))
	}
	return shop(append(stages, stage("Deploy", deployment(1)))...)
}

func gateARN(i int) string { return fmt.Sprintf("%s/Approve%d/Gate", pipelineARN, i) }

// people adds IAM users with the statements each has, each a person by itself.
func people(e *estate.Estate, list ...*estate.User) *estate.Estate {
	e.Users = append(e.Users, list...)
	return e
}

func pushes() string { return allow("codecommit:GitPush", repoARN) }
func approves(i int) string {
	return allow("codepipeline:PutApprovalResult codepipeline:GetPipelineState", gateARN(i)+" "+pipelineARN)
}
