package codebuild_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const done = "version: 0.2\nphases:\n  build:\n    commands: ['true']\n"

func TestMatrix(t *testing.T) {
	t.Parallel()
	there := func(t testing.TB, k *sandboxtest.Kit) {
		builder(t, k)
		newProject(t, k, "project", done, nil)
	}
	role := tools + ":role/builder"
	need := func(pairs ...string) (out []sandboxtest.Permission) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, sandboxtest.Permission{Action: pairs[i], Resource: pairs[i+1]})
		}
		return out
	}
	on := func(action string) []sandboxtest.Permission { return need("codebuild:"+action, project+"project") }
	create := in{"Name": "project", "ServiceRole": role, "Source": in{"Type": "NO_SOURCE", "Buildspec": done}, "Artifacts": in{"Type": "NO_ARTIFACTS"},
		"Environment": in{"Type": "LINUX_CONTAINER", "Image": "image", "ComputeType": "BUILD_GENERAL1_SMALL"}}
	sandboxtest.Matrix(t, []sandboxtest.Case{
		{Operation: "codebuild:CreateProject", Needs: need("codebuild:CreateProject", project+"project", "iam:PassRole", role), Call: sandboxtest.Calling(client, "CreateProject", create),
			Prepare: func(t testing.TB, k *sandboxtest.Kit) { builder(t, k) }},
		{Operation: "codebuild:UpdateProject", Prepare: there, Needs: on("UpdateProject"), Call: sandboxtest.Calling(client, "UpdateProject", in{"Name": "project", "Description": "new"})},
		{Operation: "codebuild:UpdateProject role", Prepare: there, Needs: need("codebuild:UpdateProject", project+"project", "iam:PassRole", role), Call: sandboxtest.Calling(client, "UpdateProject", in{"Name": "project", "ServiceRole": role})},
		{Operation: "codebuild:DeleteProject", Prepare: there, Needs: on("DeleteProject"), Call: sandboxtest.Calling(client, "DeleteProject", in{"Name": "project"})},
		{Operation: "codebuild:BatchGetProjects", Prepare: there, Needs: on("BatchGetProjects"), Call: sandboxtest.Calling(client, "BatchGetProjects", in{"Names": []string{"project"}})},
		{Operation: "codebuild:ListProjects", Needs: need("codebuild:ListProjects", "*"), Call: sandboxtest.Calling(client, "ListProjects", nil)},
		{Operation: "codebuild:ListBuilds", Needs: need("codebuild:ListBuilds", "*"), Call: sandboxtest.Calling(client, "ListBuilds", nil)},
		{Operation: "codebuild:ListBuildsForProject", Prepare: there, Needs: on("ListBuildsForProject"), Call: sandboxtest.Calling(client, "ListBuildsForProject", in{"ProjectName": "project"})},
		{Operation: "codebuild:StartBuild", Prepare: there, Needs: on("StartBuild"), Call: sandboxtest.Calling(client, "StartBuild", in{"ProjectName": "project"})},
		{Operation: "codebuild:StartBuild role", Prepare: there, Needs: need("codebuild:StartBuild", project+"project", "iam:PassRole", role), Call: sandboxtest.Calling(client, "StartBuild", in{"ProjectName": "project", "ServiceRoleOverride": role})},
		{Operation: "codebuild:BatchGetBuilds", Needs: on("BatchGetBuilds"), Call: sandboxtest.Calling(client, "BatchGetBuilds", in{"Ids": []string{"project:none"}})},
	})
	for operation, call := range map[string]func(context.Context, *codebuild.Client, string) error{
		"StopBuild": func(ctx context.Context, c *codebuild.Client, id string) error {
			_, err := c.StopBuild(ctx, &codebuild.StopBuildInput{Id: &id})
			return err
		},
		"RetryBuild": func(ctx context.Context, c *codebuild.Client, id string) error {
			_, err := c.RetryBuild(ctx, &codebuild.RetryBuildInput{Id: &id})
			return err
		},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			there(t, k)
			id := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
			ended(t, k, id)
			sandboxtest.Case{Operation: operation, Needs: on(operation), Call: func(ctx context.Context, cfg aws.Config) error { return call(ctx, client(cfg), id) }}.Run(t, k)
		})
	}
}

// Policies can bind what a start may override ("Using IAM policy condition keys
// with CodeBuild", user guide).
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", done, nil)
	deny := func(operator, key string, value any) sandboxtest.Statement {
		return sandboxtest.Statement{Effect: "Deny", Action: []string{"codebuild:StartBuild"}, Resource: []string{"*"}, Condition: map[string]map[string]any{operator: {key: value}}}
	}
	anna := client(k.Config(k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("codebuild:*", project+"*"),
		deny("Null", "codebuild:source.buildspec", "false"),
		deny("StringEquals", "codebuild:environment.image", "forbidden"),
		deny("Null", "codebuild:environment.environmentVariables/TOKEN.value", "false"))))
	for _, c := range []struct {
		in     in
		denied bool
	}{
		{in{}, false},
		{in{"BuildspecOverride": done}, true},
		{in{"ImageOverride": "allowed"}, false},
		{in{"ImageOverride": "forbidden"}, true},
		{in{"EnvironmentVariablesOverride": []any{in{"Name": "A", "Value": "1"}}}, false},
		{in{"EnvironmentVariablesOverride": []any{in{"Name": "A", "Value": "1"}, in{"Name": "TOKEN", "Value": "1"}}}, true},
	} {
		c.in["ProjectName"] = "project"
		_, err := sandboxtest.Operate(t.Context(), anna, "StartBuild", c.in)
		if denied := sandboxtest.Code(err) == "AccessDeniedException"; denied != c.denied || err != nil && !denied {
			t.Errorf("%v: %v", c.in, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", done, nil)
	c := client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	environment := in{"Type": "LINUX_CONTAINER", "Image": "image", "ComputeType": "BUILD_GENERAL1_SMALL"}
	base := func(change in) in {
		out := in{"Name": "other", "ServiceRole": tools + ":role/builder", "Source": in{"Type": "NO_SOURCE", "Buildspec": done}, "Artifacts": in{"Type": "NO_ARTIFACTS"}, "Environment": environment}
		for k, v := range change {
			out[k] = v
		}
		return out
	}
	for _, x := range []struct {
		operation string
		in        in
		code      string
	}{
		{"CreateProject", base(in{"Name": "project"}), "ResourceAlreadyExistsException"},
		{"CreateProject", base(in{"ServiceRole": tools + ":role/nobody"}), "InvalidInputException"},
		{"CreateProject", base(in{"Source": in{"Type": "NO_SOURCE"}}), "InvalidInputException"},
		{"CreateProject", base(in{"Source": in{"Type": "CODEPIPELINE"}}), "InvalidInputException"},
		{"UpdateProject", in{"Name": "nothing"}, "ResourceNotFoundException"},
		{"StartBuild", in{"ProjectName": "nothing"}, "ResourceNotFoundException"},
		{"StartBuild", in{"ProjectName": "project", "SourceTypeOverride": "GITHUB", "SourceLocationOverride": "https://github.com/a/b"}, "NotImplemented"},
		{"StartBuild", in{"ProjectName": "project", "EnvironmentVariablesOverride": []any{in{"Name": "A", "Value": "x", "Type": "SECRETS_MANAGER"}}}, "NotImplemented"},
		{"StartBuild", in{"ProjectName": "project", "EnvironmentVariablesOverride": []any{in{"Name": "A=B", "Value": "x"}}}, "InvalidInputException"},
		{"StopBuild", in{"Id": "project:none"}, "ResourceNotFoundException"},
		{"StopBuild", in{"Id": "none"}, "InvalidInputException"},
		{"RetryBuild", in{"Id": "project:none"}, "ResourceNotFoundException"},
		{"ListBuilds", in{"NextToken": "x"}, "InvalidInputException"},
		{"ListBuildsForProject", in{"ProjectName": "nothing"}, "ResourceNotFoundException"},
	} {
		_, err := sandboxtest.Operate(t.Context(), c, x.operation, x.in)
		if got := sandboxtest.Code(err); got != x.code {
			t.Errorf("%s %v: %v, want %s", x.operation, x.in, err, x.code)
		}
	}
}

// The same token starts one build only; with other parameters it is refused.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", done, nil)
	one := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project"), IdempotencyToken: aws.String("t")})
	ended(t, k, one)
	out, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("project"), IdempotencyToken: aws.String("t")})
	if err != nil || *out.Build.Id != one {
		t.Errorf("the token started another build: %v", err)
	}
	_, err = client(k.Config(sandboxtest.Root(sandboxtest.Tools))).StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("project"), IdempotencyToken: aws.String("t"), ImageOverride: aws.String("x")})
	if sandboxtest.Code(err) != "InvalidInputException" {
		t.Errorf("other parameters: %v", err)
	}
}
