package cfn_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

const corpus = "../../shared/corpus/aws-refarch"

func corpusTemplate(t testing.TB, name string) *cfn.Template {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		t.Skipf("the corpus of public templates is not here: %v", err)
	}
	if !cfn.Sniff(data) {
		t.Errorf("%s does not count as a template", name)
	}
	tm, err := cfn.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

func at(t *testing.T, n *policy.Node, path ...any) *policy.Node {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			n = n.Get(p)
		case int:
			if n == nil || p >= len(n.Items) {
				t.Fatalf("%v: there is no item %d", path, p)
			}
			n = n.Items[p]
		}
	}
	return n
}

const (
	dev, test, prod, tools = "111111111111", "022222222222", "333333333333", "444444444444"
	cmk                    = "arn:aws:kms:us-east-1:444444444444:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

func toolsEnv(stack string, pairs ...string) cfn.Env {
	return cfn.Env{AccountID: tools, Region: "us-east-1", StackName: stack, Parameters: params(append(pairs,
		"DevAccount", dev, "TestAccount", test, "ProductionAccount", prod)...)}
}

func clean(t *testing.T, s *cfn.Stack) {
	t.Helper()
	if len(s.Problems)+len(s.Unknowns)+len(s.Open) > 0 {
		t.Errorf("problems %q, unknowns %q, open %q", messages(s.Problems), whats(s.Unknowns), s.Open)
	}
}

// The key lets in the build role only on the second pass of the walk-through.
func TestCorpusPrerequisites(t *testing.T) {
	t.Parallel()
	tm := corpusTemplate(t, "ToolsAcct/pre-reqs.yaml")
	principals := func(s *cfn.Stack) string {
		return show(t, at(t, resource(t, s, "KMSKey").Props, "KeyPolicy", "Statement", 1, "Principal", "AWS"))
	}
	const three = `"arn:aws:iam::333333333333:root","arn:aws:iam::022222222222:root","arn:aws:iam::111111111111:root"`

	first := tm.Resolve(toolsEnv("pre-reqs"))
	clean(t, first)
	if got := principals(first); got != `[`+three+`]` {
		t.Errorf("first pass: %s", got)
	}
	final := tm.Resolve(toolsEnv("pre-reqs", "CodeBuildCondition", "true"))
	clean(t, final)
	if got := principals(final); got != `[`+three+`,"arn:aws:iam::444444444444:role/sample-lambda-CodeBuildRole"]` {
		t.Errorf("final pass: %s", got)
	}
	key := resource(t, final, "KMSKey")
	if !key.Generated || !strings.HasPrefix(key.ARN, "arn:aws:kms:us-east-1:444444444444:key/") || final.Outputs[0].Value.Text != key.ARN {
		t.Errorf("the key is %s and the output %s", key.ARN, final.Outputs[0].Value.Text)
	}
	if got := show(t, at(t, key.Props, "KeyPolicy", "Id")); got != `"pre-reqs"` {
		t.Error(got)
	}
	if got := resource(t, final, "KMSAlias"); got.Ref.Text != "alias/codepipeline-crossaccounts" || at(t, got.Props, "TargetKeyId").Text != key.Ref.Text {
		t.Errorf("%+v", got)
	}
	bucket := resource(t, final, "ArtifactBucket")
	if !strings.HasPrefix(bucket.Ref.Text, "pre-reqs-artifactbucket-") || bucket.Attrs.Get("DeletionPolicy").Text != "Retain" {
		t.Errorf("%+v", bucket)
	}
	if line := bucket.Pos.Line; line != 84 {
		t.Errorf("the bucket is on line %d", line)
	}

	// Without parameters, each is unknown once.
	unknown := tm.Resolve(cfn.Env{AccountID: tools, Region: "us-east-1", StackName: "pre-reqs"})
	if got := whats(unknown.Unknowns); got != "parameter DevAccount, parameter TestAccount, parameter ProductionAccount" {
		t.Error(got)
	}
}

func TestCorpusPipeline(t *testing.T) {
	t.Parallel()
	tm := corpusTemplate(t, "ToolsAcct/code-pipeline.yaml")
	stack := func(pairs ...string) *cfn.Stack {
		s := tm.Resolve(toolsEnv("sample-lambda-pipeline", append(pairs, "CMKARN", cmk, "S3Bucket", "artifacts")...))
		clean(t, s)
		return s
	}
	first, final := stack(), stack("CrossAccountCondition", "true")
	source := func(s *cfn.Stack) *policy.Node {
		return at(t, resource(t, s, "Pipeline").Props, "Stages", 0, "Actions", 0)
	}
	if n := source(first).Get("RoleArn"); n != nil {
		t.Errorf("first pass: the source action has the role %s", show(t, n))
	}
	role := source(final).Get("RoleArn")
	if show(t, role) != `"arn:aws:iam::111111111111:role/ToolsAcctCodePipelineCodeCommitRole"` || role.Pos.Line != 233 {
		t.Errorf("%s on line %d", show(t, role), role.Pos.Line)
	}
	deploy := at(t, resource(t, final, "Pipeline").Props, "Stages", 4, "Actions", 0)
	if got := show(t, deploy.Path("Configuration", "RoleArn")); got != `"arn:aws:iam::333333333333:role/cloudformationdeployer-role"` {
		t.Error(got)
	}
	if got := show(t, at(t, resource(t, final, "S3BucketPolicy").Props, "PolicyDocument", "Statement", 0, "Principal", "AWS", 5)); got != `"arn:aws:iam::444444444444:role/sample-lambda-CodeBuildRole"` {
		t.Error(got)
	}
	if r := resource(t, final, "Pipeline"); r.ARN != "arn:aws:codepipeline:us-east-1:444444444444:sample-lambda-pipeline" || r.Generated {
		t.Errorf("%+v", r)
	}
	if got := show(t, at(t, resource(t, final, "BuildProjectPolicy").Props, "PolicyDocument", "Statement", 0, "Resource")); got != `["arn:aws:s3:::artifacts/*","arn:aws:s3:::artifacts"]` {
		t.Error(got)
	}
	want := []string{"BuildProjectRole", "BuildProject", "PipeLineRole", "Pipeline", "S3BucketPolicy", "BuildProjectPolicy", "PipelinePolicy"}
	if d := cmp.Diff(want, tm.Dependencies(final.Conditions).Order); d != "" {
		t.Error(d)
	}

	// With the parameter open, every role of the pipeline hangs on the condition.
	e := toolsEnv("sample-lambda-pipeline", "CMKARN", cmk, "S3Bucket", "artifacts")
	e.Parameters["CrossAccountCondition"] = &policy.Node{Kind: policy.Unknown, Reason: "it is given at deployment"}
	open := tm.Resolve(e)
	if n := source(open).Get("RoleArn"); !n.IsUnknown() || !strings.Contains(n.Reason, "AddCodeBuildResource") {
		t.Errorf("%+v", n)
	}
	assignments, complete := tm.Assignments(e, 16)
	if d := cmp.Diff([]map[string]bool{{"AddCodeBuildResource": true}, {"AddCodeBuildResource": false}}, assignments); d != "" || !complete {
		t.Error(d)
	}
}

func TestCorpusRoles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file, id, name string
		pairs          []string
	}{
		{"DevAccount/toolsacct-codepipeline-codecommit.yaml", "Role", "ToolsAcctCodePipelineCodeCommitRole", nil},
		{"TestAccount/toolsacct-codepipeline-cloudformation-deployer.yaml", "CFRole", "ToolsAcctCodePipelineCloudFormationRole", []string{"S3Bucket", "artifacts"}},
		{"TestAccount/toolsacct-codepipeline-cloudformation-deployer.yaml", "CFDeployerRole", "cloudformationdeployer-role", []string{"S3Bucket", "artifacts"}},
	} {
		t.Run(tc.id, func(t *testing.T) {
			t.Parallel()
			s := corpusTemplate(t, tc.file).Resolve(cfn.Env{
				AccountID: test, Region: "us-east-1", StackName: "roles",
				Parameters: params(append(tc.pairs, "ToolsAccount", tools, "CMKARN", cmk)...),
			})
			clean(t, s)
			r := resource(t, s, tc.id)
			if r.Ref.Text != tc.name || r.ARN != "arn:aws:iam::022222222222:role/"+tc.name || r.Generated {
				t.Errorf("%+v", r)
			}
			if principal := at(t, r.Props, "AssumeRolePolicyDocument", "Statement", 0, "Principal"); tc.id != "CFDeployerRole" && show(t, principal) != `{"AWS":["444444444444"]}` {
				t.Error(show(t, principal))
			}
		})
	}
}
