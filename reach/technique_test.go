package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/reach"
)

// setting makes an estate in which user x has the statements given, and in which
// using one technique matters for production.
type setting func(x ...string) *estate.Estate

// key is a role that has what it takes to change production, entered as trust says.
func key(trust string) *estate.Role {
	return role(tools, "key", trust, allow("codepipeline:UpdatePipeline", "*"))
}

// maker is a role with which CloudFormation could make an administrator.
func maker(trust string) *estate.Role {
	return role(tools, "key", trust, allow("iam:CreateRole iam:PutRolePolicy", "*"))
}

const toolsRoot = "arn:aws:iam::" + tools + ":root"

func withRole(r func() *estate.Role) setting {
	return func(x ...string) *estate.Estate {
		e := gated(1)
		e.Roles = append(e.Roles, r())
		return people(e, user(tools, "x", x...))
	}
}

func passed(service string) setting {
	return withRole(func() *estate.Role { return key(trusts(service)) })
}

// changed makes an estate of x after some change.
func changed(change func(e *estate.Estate, x *estate.User)) setting {
	return func(statements ...string) *estate.Estate {
		e := gated(1)
		x := user(tools, "x", statements...)
		people(e, x)
		change(e, x)
		return e
	}
}

func attached(name string, statements ...string) estate.Policy {
	p := inline(name, statements)[0]
	p.ARN = "arn:aws:iam::" + tools + ":policy/" + name
	return p
}

// assumable is a role that x may enter, by a group so that x's own statements
// are only those of the case.
func assumable(r *estate.Role) setting {
	return changed(func(e *estate.Estate, x *estate.User) {
		r.Trust = doc("trust-key.json", trusts(x.ARN))
		e.Roles = append(e.Roles, r)
	})
}

func function(name, roleName string) *estate.Function {
	f := &estate.Function{Name: name, RoleARN: roleARN(tools, roleName)}
	f.Meta = meta("AWS::Lambda::Function", "arn:aws:lambda:"+region+":"+tools+":function:"+name, tools)
	return f
}

func project(name, roleName string) *estate.Project {
	p := &estate.Project{Name: name, ServiceRole: roleARN(tools, roleName)}
	p.Meta = meta("AWS::CodeBuild::Project", "arn:aws:codebuild:"+region+":"+tools+":project/"+name, tools)
	return p
}

func stack(name, roleName string) *estate.StackResource {
	s := &estate.StackResource{Name: name, RoleARN: roleARN(tools, roleName)}
	s.Meta = meta("AWS::CloudFormation::Stack", "arn:aws:cloudformation:"+region+":"+tools+":stack/"+name+"/0", tools)
	return s
}

var onFunction = changed(func(e *estate.Estate, _ *estate.User) {
	e.Roles = append(e.Roles, key(trusts("lambda.amazonaws.com")))
	e.Functions = []*estate.Function{function("f", "key")}
})

var onProject = changed(func(e *estate.Estate, _ *estate.User) {
	e.Roles = append(e.Roles, key(trusts("codebuild.amazonaws.com")))
	e.Projects = append(e.Projects, project("other", "key"))
})

var onStack = changed(func(e *estate.Estate, _ *estate.User) {
	e.Roles = append(e.Roles, maker(trusts("cloudformation.amazonaws.com")))
	e.Stacks = append(e.Stacks, stack("other", "key"))
})

var onInstance = changed(func(e *estate.Estate, _ *estate.User) {
	e.Roles = append(e.Roles, key(trusts("ec2.amazonaws.com")))
	p := &estate.InstanceProfile{Name: "key", Roles: []string{roleARN(tools, "key")}}
	p.Meta = meta("AWS::IAM::InstanceProfile", "arn:aws:iam::"+tools+":instance-profile/key", tools)
	e.InstanceProfiles = []*estate.InstanceProfile{p}
})

func onUser(keys int) setting {
	return changed(func(e *estate.Estate, _ *estate.User) {
		y := user(tools, "y", allow("codepipeline:UpdatePipeline", "*"))
		y.AccessKeys = keys
		people(e, y)
		e.BreakGlass = []string{y.ARN} // so that only becoming y counts
	})
}

func sourced(a estate.Action) setting {
	return changed(func(e *estate.Estate, _ *estate.User) {
		a.Name, a.Category, a.Owner, a.RunOrder, a.Outputs = "App", "Source", "AWS", 1, []string{"Src"}
		e.Pipelines[0].Stages[0].Actions[0] = a
	})
}

// between puts an action between build and gate: it takes what the build made
// and makes what is deployed.
func between(a estate.Action) setting {
	return changed(func(e *estate.Estate, _ *estate.User) {
		a.Inputs, a.Outputs, a.RunOrder = []string{"Out"}, []string{"Final"}, 1
		d := deployment(1)
		d.Inputs = []string{"Final"}
		d.Config = config("ActionMode", "CREATE_UPDATE", "StackName", "shop", "TemplatePath", "Final::t.yaml", "RoleArn", roleARN(prod, "stack"))
		st := e.Pipelines[0].Stages
		e.Pipelines[0].Stages = []estate.Stage{st[0], st[1], stage("Approve1", approval("Gate", 1)), stage("Check", a), stage("Deploy", d)}
		e.Functions = []*estate.Function{function("check", "build")}
	})
}

// inProd gives x an identity of the production account.
func inProd(change func(e *estate.Estate)) setting {
	return func(x ...string) *estate.Estate {
		e := gated(1)
		if change != nil {
			change(e)
		}
		return people(e, user(prod, "x", x...))
	}
}

func deploying(provider string, pairs ...string) func(*estate.Estate) {
	return func(e *estate.Estate) {
		st := e.Pipelines[0].Stages
		st[len(st)-1].Actions[0] = estate.Action{Name: "Deploy", Category: "Deploy", Owner: "AWS", Provider: provider, RunOrder: 1, Inputs: []string{"Out"},
			RoleARN: roleARN(prod, "deploy"), Config: config(pairs...)}
	}
}

func denied(policies ...estate.Policy) setting {
	return changed(func(_ *estate.Estate, x *estate.User) {
		x.Policies = append(x.Policies, inline("x-update", []string{allow("codepipeline:UpdatePipeline", "*")})...)
		x.Policies = append(x.Policies, policies...)
	})
}

var denying = deny("codepipeline:*", "*")

var settings = map[string]setting{
	"sts-001": withRole(func() *estate.Role { return key(trusts(toolsRoot)) }),
	"iam-002": onUser(0), "iam-003": onUser(2), "iam-004": onUser(0), "iam-006": onUser(0), "E4": onUser(0),
	"iam-012": withRole(func() *estate.Role { return key(noEntry) }),
	"iam-001": changed(func(_ *estate.Estate, x *estate.User) {
		x.Policies = append(x.Policies, attached("mine", allow("s3:ListAllMyBuckets", "*")))
	}),
	"E1": changed(func(_ *estate.Estate, x *estate.User) {
		x.Policies = append(x.Policies, attached("mine", allow("s3:ListAllMyBuckets", "*")))
	}),
	"iam-005": assumable(role(tools, "key", noEntry)), "iam-009": assumable(role(tools, "key", noEntry)),
	"iam-007": changed(func(*estate.Estate, *estate.User) {}), "iam-008": changed(func(*estate.Estate, *estate.User) {}),
	"iam-010": changed(member), "iam-011": changed(member),
	"iam-013": changed(func(e *estate.Estate, _ *estate.User) {
		e.Groups = []*estate.Group{group(tools, "g", allow("codepipeline:UpdatePipeline", "*"))}
	}),
	"cloudformation-001": withRole(func() *estate.Role { return maker(trusts("cloudformation.amazonaws.com")) }),
	"cloudformation-003": withRole(func() *estate.Role { return maker(trusts("cloudformation.amazonaws.com")) }),
	"cloudformation-004": withRole(func() *estate.Role { return maker(trusts("cloudformation.amazonaws.com")) }),
	"cloudformation-002": onStack, "cloudformation-005": onStack,
	"codebuild-002": onProject, "codebuild-003": onProject, "B2-retry": onProject, "E13-project": onProject, "E13-sandbox": onProject,
	"lambda-003": onFunction, "lambda-004": onFunction, "lambda-005": onFunction, "E13-function": onFunction,
	"ssm-001": onInstance, "ssm-002": onInstance, "ec2-002": onInstance, "ec2instanceconnect-003": onInstance,
	"pmapper-lambda": changed(func(e *estate.Estate, _ *estate.User) {
		e.Roles = append(e.Roles, key(trusts("lambda.amazonaws.com")))
		e.Functions = []*estate.Function{function("f", "build")}
	}),
	"pmapper-codebuild": passed("codebuild.amazonaws.com"),
	"pmapper-cloudformation": changed(func(e *estate.Estate, _ *estate.User) {
		e.Roles = append(e.Roles, maker(trusts("cloudformation.amazonaws.com")))
		e.Stacks = append(e.Stacks, stack("other", "build"))
	}),
	"pmapper-admin": inProd(nil),
	"E2-leave": changed(func(e *estate.Estate, x *estate.User) {
		e.Groups = []*estate.Group{group(tools, "g", denying)}
		x.Groups = []string{e.Groups[0].ARN}
		x.Policies = append(x.Policies, inline("x-update", []string{allow("codepipeline:UpdatePipeline", "*")})...)
	}),
	"E2-user":    denied(inline("x-deny", []string{denying})...),
	"E2-rewrite": denied(attached("deny", denying)),
	"E2-role": assumable(&estate.Role{Meta: meta("AWS::IAM::Role", roleARN(tools, "key"), tools), Name: "key", Path: "/",
		Policies: append(inline("key-allow", []string{allow("codepipeline:UpdatePipeline", "*")}), inline("key-deny", []string{denying})...)}),
	"E2-user-boundary": changed(func(_ *estate.Estate, x *estate.User) {
		x.Policies = append(x.Policies, inline("x-update", []string{allow("codepipeline:UpdatePipeline", "*")})...)
		x.Boundary = boundary("b", allow("iam:*", "*"))
	}),
	"E2-rewrite-boundary": changed(func(_ *estate.Estate, x *estate.User) {
		x.Policies = append(x.Policies, inline("x-update", []string{allow("codepipeline:UpdatePipeline", "*")})...)
		x.Boundary = boundary("b", allow("iam:*", "*"))
	}),
	"E2-role-boundary": assumable(&estate.Role{Meta: meta("AWS::IAM::Role", roleARN(tools, "key"), tools), Name: "key", Path: "/",
		Policies: inline("key-allow", []string{allow("codepipeline:UpdatePipeline", "*")}), Boundary: boundary("b", allow("iam:*", "*"))}),
	"E6": withRole(func() *estate.Role {
		return key(`{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::` + tools + `:saml-provider/corp"}}`)
	}),
	"E11": changed(nothing), "E12": changed(nothing), "A1": changed(nothing), "A1-plain": changed(nothing), "B1": changed(nothing),
	"G1": changed(nothing), "G5": changed(nothing), "G7": changed(nothing), "G9": changed(nothing), "G9-new": passed("codepipeline.amazonaws.com"),
	"G12": changed(nothing), "G15": changed(nothing),
	"J2": between(estate.Action{Name: "Check", Category: "Invoke", Owner: "AWS", Provider: "Lambda", Config: config("FunctionName", "check")}),
	"J3": between(estate.Action{Name: "Check", Category: "Test", Owner: "Custom", Provider: "Checker", Version: "1"}),
	"J4": between(estate.Action{Name: "Check", Category: "Test", Owner: "Custom", Provider: "Checker", Version: "1"}),
	"S1": changed(nothing), "S1-branch": changed(func(e *estate.Estate, _ *estate.User) {
		people(e, user(tools, "merger", allow("codecommit:MergePullRequestByFastForward", "*")))
	}), "S2": changed(nothing), "S3": changed(nothing), "S7": changed(nothing),
	"S4":            sourced(estate.Action{Provider: "S3", Config: config("S3Bucket", "artifacts", "S3ObjectKey", "source.zip")}),
	"S3-object":     sourced(estate.Action{Provider: "S3", Config: config("S3Bucket", "artifacts", "S3ObjectKey", "source.zip", "AllowOverrideForS3ObjectKey", "true")}),
	"S4-image":      sourced(estate.Action{Provider: "ECR", Config: config("RepositoryName", "shop")}),
	"S6-connection": sourced(estate.Action{Provider: "CodeStarSourceConnection", Config: config("ConnectionArn", "arn:aws:codestar-connections:"+region+":"+tools+":connection/c", "FullRepositoryId", "corp/shop", "BranchName", "main")}),
	"C1":            inProd(nil),
	"C2": inProd(func(e *estate.Estate) {
		d, x := deployment(1), deployment(2)
		d.Name, x.Name = "Propose", "Release"
		d.Config = config("ActionMode", "CHANGE_SET_REPLACE", "StackName", "shop", "ChangeSetName", "c", "TemplatePath", "Out::t.yaml", "RoleArn", roleARN(prod, "stack"))
		x.Config, x.Inputs = config("ActionMode", "CHANGE_SET_EXECUTE", "StackName", "shop", "ChangeSetName", "c"), nil
		st := e.Pipelines[0].Stages
		st[len(st)-1].Actions = []estate.Action{d, x}
	}),
	"D5-lambda": inProd(func(e *estate.Estate) {
		f := &estate.Function{Name: "shop", RoleARN: roleARN(prod, "deploy")}
		f.Meta = meta("AWS::Lambda::Function", "arn:aws:lambda:"+region+":"+prod+":function:shop", prod)
		e.Functions = []*estate.Function{f}
	}),
	"D5-site": inProd(func(e *estate.Estate) {
		deploying("S3", "BucketName", "site", "Extract", "true")(e)
		b := &estate.Bucket{Name: "site"}
		b.Meta = meta("AWS::S3::Bucket", "arn:aws:s3:::site", prod)
		e.Buckets = append(e.Buckets, b)
	}),
	"D5-ecs":        inProd(deploying("ECS", "ClusterName", "c", "ServiceName", "s")),
	"D5-codedeploy": inProd(deploying("CodeDeploy", "ApplicationName", "a", "DeploymentGroupName", "g")),
}

func nothing(*estate.Estate, *estate.User) {}

func member(e *estate.Estate, x *estate.User) {
	e.Groups = []*estate.Group{group(tools, "g")}
	x.Groups = []string{e.Groups[0].ARN}
}

// TestTechniques tries every followed row that needs permissions: with all of
// them it is used, without any one of them, or on another resource only, it is
// not, and where a condition is not known it is used and says so.
func TestTechniques(t *testing.T) {
	t.Parallel()
	for _, row := range reach.Techniques() {
		lists := reach.NeedsOf(row)
		if !row.Followed || len(lists) == 0 {
			continue
		}
		t.Run(row.ID, func(t *testing.T) {
			t.Parallel()
			make := settings[row.ID]
			if make == nil && row.Service != "" {
				make = passed(row.Service)
			}
			if make == nil {
				t.Fatal("no setting for this row")
			}
			uses := func(statements ...string) (ifs []string, ok bool) {
				for _, x := range reach.Instances(make(statements...), row.ID) {
					if strings.HasSuffix(x.Actor, ":user/x") || strings.HasSuffix(x.Actor, ":role/key") && len(statements) > 0 {
						return x.If, true
					}
				}
				return nil, false
			}
			for _, actions := range lists {
				all := strings.Join(actions, " ")
				if _, ok := uses(allow(all, "*")); !ok {
					t.Errorf("not used with %s", all)
				}
				for i := range actions {
					rest := slices.Delete(slices.Clone(actions), i, i+1)
					if slices.ContainsFunc(lists, func(l []string) bool { return len(rest) > 0 && within(l, rest) }) {
						continue // what is left is another way of the same row
					}
					if _, ok := uses(allow(strings.Join(append(rest, "sts:GetCallerIdentity"), " "), "*")); ok {
						t.Errorf("used without %s", actions[i])
					}
				}
				if _, ok := uses(allow(all, "arn:aws:sqs:eu-west-1:"+tools+":unrelated")); ok {
					t.Errorf("used with %s on another resource only", all)
				}
				ifs, ok := uses(allow(all, "*", `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`))
				if !ok || len(ifs) == 0 {
					t.Errorf("with a condition that is not known: used %v, under %q", ok, ifs)
				}
			}
		})
	}
}

func within(list, of []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(of, s) })
}

// TestPaths holds the table against the ids of pathfinding.cloud (65 paths on
// 2025-12-17) and the fact sheet's own rows.
func TestPaths(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, row := range reach.Techniques() {
		if ids[row.ID] {
			t.Errorf("%s is there twice", row.ID)
		}
		ids[row.ID] = true
		if row.Title == "" || row.Reference == "" || row.Subject == "" || row.Gains == "" {
			t.Errorf("%s is not complete: %+v", row.ID, row)
		}
		if !row.Followed && row.Why == "" {
			t.Errorf("%s is not followed and does not say why", row.ID)
		}
		if row.Followed && len(row.Composed) == 0 && row.Says == "" {
			t.Errorf("%s has no sentence", row.ID)
		}
	}
	for _, row := range reach.Techniques() {
		for _, c := range row.Composed {
			if !ids[c] {
				t.Errorf("%s is made of %s, which is not there", row.ID, c)
			}
		}
	}
	series := map[string][]int{"sts": {1}, "iam": span(1, 21), "codebuild": span(1, 4), "cloudformation": span(1, 5), "lambda": span(1, 6),
		"ecs": span(1, 5), "ec2": span(1, 4), "apprunner": span(1, 2), "bedrock": span(1, 2), "datapipeline": {1}, "glue": span(1, 6),
		"sagemaker": span(1, 5), "ssm": span(1, 2), "ec2instanceconnect": {3}}
	paths := 0
	for service, numbers := range series {
		for _, n := range numbers {
			paths++
			id := service + "-" + strings.Repeat("0", 3-len(itoa(n))) + itoa(n)
			if !ids[id] {
				t.Errorf("path %s is not in the table", id)
			}
		}
	}
	if paths != 65 {
		t.Errorf("%d paths, want 65", paths)
	}
	for prefix, last := range map[string]int{"E": 13, "G": 17, "J": 5, "S": 7, "A": 4, "B": 5, "C": 3, "D": 6} {
		for n := 1; n <= last; n++ {
			id := prefix + itoa(n)
			found := false
			for have := range ids {
				found = found || have == id || strings.HasPrefix(have, id+"-")
			}
			if !found {
				t.Errorf("%s is not in the table", id)
			}
		}
	}
}

func span(from, to int) (out []int) {
	for n := from; n <= to; n++ {
		out = append(out, n)
	}
	return out
}
