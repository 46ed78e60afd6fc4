package cloudformation

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
)

// cdkModules returns the node_modules folder that has the CDK: that of
// TWOKEY_CDK_LIB, or the one under .tools.
func cdkModules(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("TWOKEY_CDK_LIB"), "../../../.tools/node_modules"} {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "aws-cdk-lib", "package.json")); err == nil {
			abs, err := filepath.Abs(dir)
			if err != nil {
				t.Fatal(err)
			}
			return abs
		}
	}
	t.Skip("aws-cdk-lib not found: install it under .tools (npm install --prefix .tools aws-cdk-lib constructs) or name a node_modules folder in TWOKEY_CDK_LIB")
	return ""
}

// synth runs the CDK app in testdata and returns the cloud assembly.
func synth(t *testing.T) string {
	t.Helper()
	modules := cdkModules(t)
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node not found: the CDK needs it")
	}
	out := filepath.Join(t.TempDir(), "cdk.out")
	cmd := exec.Command(node, "testdata/cdk/app.js", out)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the app cannot be synthesised: %v\n%s", err, text)
	}
	return out
}

// What the CDK really writes: a pipeline that changes itself, stages in nested
// assemblies, a stack without an account, and a nested stack.
func TestCDK(t *testing.T) {
	t.Parallel()
	dir := synth(t)
	e := load(t, dir, estate.LoadOptions{}).Estate

	var stacks []string
	for _, s := range e.Stacks {
		if !strings.Contains(s.Name, "Nested") {
			stacks = append(stacks, s.Account+" "+s.Region+" "+s.Name+" "+s.Template)
		}
	}
	slices.Sort(stacks)
	want := []string{
		"000000000000 us-east-1 Loose Loose.template.json",
		"111111111111 eu-west-1 Delivery Delivery.template.json",
		"222222222222 eu-west-1 Test-Service assembly-Delivery-Test/DeliveryTestServiceFEFA22E1.template.json",
		"333333333333 eu-west-1 Prod-Service assembly-Delivery-Prod/DeliveryProdService3EDAB51C.template.json",
	}
	if diff := cmp.Diff(want, stacks); diff != "" {
		t.Error(diff)
	}
	if len(e.Pipelines) != 1 || e.Pipelines[0].Incomplete != "" {
		t.Fatalf("pipelines %+v", e.Pipelines)
	}
	p := e.Pipelines[0]
	var actions []string
	for _, s := range p.Stages {
		for _, a := range s.Actions {
			actions = append(actions, s.Name+"/"+a.Name+" "+a.Provider)
		}
	}
	wantActions := []string{
		"Source/shop CodeCommit", "Build/Synth CodeBuild", "UpdatePipeline/SelfMutate CodeBuild", "Test/Prepare CloudFormation", "Test/Deploy CloudFormation",
		"Prod/Approve Manual", "Prod/Service.Prepare CloudFormation", "Prod/Service.Deploy CloudFormation",
	}
	if diff := cmp.Diff(wantActions, actions); diff != "" {
		t.Error(diff)
	}
	live := e.Stack("Prod-Service", "333333333333", "eu-west-1")
	if !slices.Equal(live.DeployedBy, []string{"shop/Prod/Service.Prepare", "shop/Prod/Service.Deploy"}) ||
		live.RoleARN != "arn:aws:iam::333333333333:role/cdk-hnb659fds-cfn-exec-role-333333333333-eu-west-1" {
		t.Errorf("production stack: deployed by %q as %s", live.DeployedBy, live.RoleARN)
	}

	// The bootstrap roles are in no template: what they may do is unknown.
	deploy := e.Role("arn:aws:iam::333333333333:role/cdk-hnb659fds-deploy-role-333333333333-eu-west-1")
	if deploy == nil || !deploy.Missing {
		t.Fatalf("deploy role %+v", deploy)
	}
	for _, u := range e.Unknowns {
		if !strings.Contains(u.What, ":role/cdk-hnb659fds-") {
			t.Errorf("unknown: %s: %s %v", u.What, u.Why, u.Pos)
		}
	}
	for _, problem := range e.Problems {
		t.Errorf("problem: %s %v", problem.Message, problem.Pos)
	}

	// The CDK gives the pipeline's role what it needs, so these are facts of AWS.
	if d, err := e.May(p.RoleARN, "sts:AssumeRole", p.Stages[0].Actions[0].RoleARN, nil); err != nil || d.Outcome != iam.Allow {
		t.Errorf("the pipeline becomes the role of its source action: %v, %v", d.Outcome, err)
	}
	mutate := e.Project("shop-selfupdate", "111111111111", "eu-west-1")
	tls := iam.NewContext().Set("aws:SecureTransport", "true")
	for _, action := range []string{"s3:GetObject", "s3:PutObject"} {
		object := "arn:aws:s3:::" + p.Stores[0].Bucket + "/shop/x"
		if d, err := e.May(p.RoleARN, action, object, tls); err != nil || d.Outcome != iam.Allow {
			t.Errorf("the pipeline's role %s over TLS: %v, %v", action, d.Outcome, err)
		}
		// The bucket refuses anything else, and nobody said what it is.
		if d, err := e.May(p.RoleARN, action, object, nil); err != nil || d.Outcome != iam.If {
			t.Errorf("the pipeline's role %s: %v, %v, want if", action, d.Outcome, err)
		}
	}
	if d, err := e.May(mutate.ServiceRole, "sts:AssumeRole", "arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-eu-west-1", nil); err != nil || d.Outcome != iam.If {
		t.Errorf("the self-mutating build becomes the deploy role: %v, %v, want if", d.Outcome, err)
	}

	// The nested stack is read, and its output reaches the parent.
	if b := e.Bucket("inner-bucket-of-the-test"); b == nil || b.Account != "000000000000" {
		t.Errorf("bucket of the nested stack: %+v", b)
	}
	if name, _ := e.Topics[0].Props.Get("DisplayName").Scalar(); name != "inner-bucket-of-the-test" {
		t.Errorf("the output of the nested stack is %q in its parent", name)
	}
	if !e.Account("000000000000").StandIn || e.Account("333333333333").StandIn {
		t.Error("which account is made up is not said")
	}

	// cdk.out is found where the project's folder is scanned.
	if diff := cmp.Diff(stackNames(e), stackNames(load(t, filepath.Dir(dir), estate.LoadOptions{}).Estate)); diff != "" {
		t.Error(diff)
	}
}
