package estate_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twokey/twokey/estate"
	et "github.com/twokey/twokey/estate/estatetest"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

const v2 = `{"Name": "p", "RoleArn": "arn:aws:iam::111111111111:role/pr", "PipelineType": "V2", "ExecutionMode": "QUEUED",
	"ArtifactStores": [
		{"Region": "us-east-1", "ArtifactStore": {"Type": "S3", "Location": "b1", "EncryptionKey": {"Type": "KMS", "Id": "alias/x"}}},
		{"Region": "eu-west-1", "ArtifactStore": {"Type": "S3", "Location": "b2"}}],
	"Triggers": [{"ProviderType": "CodeStarSourceConnection", "GitConfiguration": {"SourceActionName": "Src", "Push": [{"Branches": {"Includes": ["main"]}}]}}],
	"Variables": [{"Name": "v", "DefaultValue": "1"}, {"Name": "w"}],
	"DisableInboundStageTransitions": [{"StageName": "Deploy", "Reason": "frozen"}],
	"Stages": [
		{"Name": "Source", "Actions": [{"Name": "Src", "Namespace": "ns", "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeStarSourceConnection", "Version": "1"},
			"Configuration": {"ConnectionArn": "c"}, "OutputArtifacts": [{"Name": "S"}]}]},
		{"Name": "Deploy", "BeforeEntry": {"Conditions": []}, "Actions": [
			{"Name": "Gate", "RunOrder": 2, "TimeoutInMinutes": 60, "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}},
			{"Name": "Go", "RunOrder": "3", "Region": "eu-west-1", "RoleArn": "arn:aws:iam::222222222222:role/dr",
				"ActionTypeId": {"Category": "Deploy", "Owner": "AWS", "Provider": "CloudFormation", "Version": "1"}, "InputArtifacts": [{"Name": "S"}],
				"Configuration": {"StackName": "live", "RoleArn": "arn:aws:iam::222222222222:role/sr"}},
			{"Name": "Run", "Commands": ["make"], "ActionTypeId": {"Category": "Compute", "Owner": "AWS", "Provider": "Commands", "Version": "1"}, "InputArtifacts": [{"Name": "S"}]}]}]}`

func TestPipeline(t *testing.T) {
	t.Parallel()
	e := et.Build(et.Resource(a, "AWS::CodePipeline::Pipeline", "P", "p", v2))
	p := e.Pipelines[0]
	want := &estate.Pipeline{
		Name: "p", RoleARN: "arn:aws:iam::111111111111:role/pr", PipelineType: "V2", ExecutionMode: "QUEUED",
		Stores:          []estate.ArtifactStore{{Region: "us-east-1", Bucket: "b1", KeyID: "alias/x"}, {Region: "eu-west-1", Bucket: "b2"}},
		Triggers:        []estate.Trigger{{SourceAction: "Src"}},
		Variables:       []estate.Variable{{Name: "v", Default: "1", HasDefault: true}, {Name: "w"}},
		DisabledInbound: map[string]string{"Deploy": "frozen"},
		Stages: []estate.Stage{
			{Name: "Source", Actions: []estate.Action{
				{Name: "Src", Category: "Source", Owner: "AWS", Provider: "CodeStarSourceConnection", Version: "1", RunOrder: 1, Namespace: "ns", Outputs: []string{"S"}},
			}},
			{Name: "Deploy", Actions: []estate.Action{
				{Name: "Gate", Category: "Approval", Owner: "AWS", Provider: "Manual", Version: "1", RunOrder: 2, Timeout: 60},
				{Name: "Go", Category: "Deploy", Owner: "AWS", Provider: "CloudFormation", Version: "1", RunOrder: 3, Region: "eu-west-1", RoleARN: "arn:aws:iam::222222222222:role/dr", Inputs: []string{"S"}},
				{Name: "Run", Category: "Compute", Owner: "AWS", Provider: "Commands", Version: "1", RunOrder: 1, Commands: []string{"make"}, Inputs: []string{"S"}},
			}},
		},
	}
	ignore := cmp.Options{cmpopts.IgnoreTypes(policy.Pos{}, estate.Meta{}, &policy.Node{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, p, ignore); diff != "" {
		t.Error(diff)
	}
	if p.Stages[1].BeforeEntry == nil || p.Triggers[0].Node == nil {
		t.Error("a condition or trigger lost its tree")
	}
	stack := e.Stack("live", c, "eu-west-1")
	if stack == nil || stack.RoleARN != "arn:aws:iam::222222222222:role/sr" || !slices.Equal(stack.DeployedBy, []string{"p/Deploy/Go"}) {
		t.Errorf("deployed stack: %+v", stack)
	}
	var missing []string
	for _, r := range e.Roles {
		if !r.Missing {
			t.Errorf("role %s is not defined and counts as defined", r.ARN)
		}
		missing = append(missing, r.ARN)
	}
	slices.Sort(missing)
	if diff := cmp.Diff([]string{"arn:aws:iam::111111111111:role/pr", "arn:aws:iam::222222222222:role/dr", "arn:aws:iam::222222222222:role/sr"}, missing); diff != "" {
		t.Error(diff)
	}
	if acc := e.Account(c); acc == nil || !acc.Foreign || acc.Name != "" {
		t.Errorf("account %s, seen only in ARNs, is %+v", c, acc)
	}
	for _, name := range []string{"b1", "b2"} {
		if b := e.Bucket(name); b == nil || !b.Missing || b.Policy == nil || b.Policy.Unknown == "" {
			t.Errorf("bucket %s is %+v, want one that is missing with an unknown policy", name, b)
		}
	}
}

// Whatever hides a part of the structure makes the pipeline incomplete.
func TestPipelineIncomplete(t *testing.T) {
	t.Parallel()
	const action = `{"Name": "a", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}}`
	store := `"ArtifactStore": {"Type": "S3", "Location": "b"}`
	tests := []struct{ name, props, want string }{
		{"stages", `{"Stages": "!", ` + store + `}`, "Stages could not be resolved"},
		{"a stage", `{"Stages": ["!"], ` + store + `}`, "Stages could not be resolved"},
		{"no stages", `{` + store + `}`, "it has no stages"},
		{"stages of another shape", `{"Stages": "three", ` + store + `}`, "Stages is not a list of maps"},
		{"actions", `{"Stages": [{"Name": "s", "Actions": "!"}], ` + store + `}`, "Actions of stage s could not be resolved"},
		{"an action", `{"Stages": [{"Name": "s", "Actions": [` + action + `, "!"]}], ` + store + `}`, "Actions of stage s could not be resolved"},
		{"kind of action", `{"Stages": [{"Name": "s", "Actions": [{"Name": "a", "ActionTypeId": "!"}]}], ` + store + `}`, "what kind of action s/a is"},
		{"category", `{"Stages": [{"Name": "s", "Actions": [{"Name": "a", "ActionTypeId": {"Category": "?", "Owner": "AWS", "Provider": "x"}}]}], ` + store + `}`, "what kind of action s/a is"},
		{"run order", `{"Stages": [{"Name": "s", "Actions": [{"Name": "a", "RunOrder": "!", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual"}}]}], ` + store + `}`, "RunOrder of s/a could not be resolved"},
		{"run order of another shape", `{"Stages": [{"Name": "s", "Actions": [{"Name": "a", "RunOrder": "first", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual"}}]}], ` + store + `}`, "RunOrder of s/a is not a number"},
		{"configuration", `{"Stages": [{"Name": "s", "Actions": [{"Name": "a", "Configuration": "!", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual"}}]}], ` + store + `}`, "the Configuration of s/a"},
		{"artifact store", `{"Stages": [{"Name": "s", "Actions": [` + action + `]}], "ArtifactStore": "!"}`, "an artifact store could not be resolved"},
		{"no artifact store", `{"Stages": [{"Name": "s", "Actions": [` + action + `]}]}`, "it has no artifact store"},
		{"everything", `"!"`, "Stages could not be resolved"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := et.Build(func(b *estate.Builder) {
				d := et.Declaration(a, "AWS::CodePipeline::Pipeline", "P", "p", tt.props)
				d.Props = withHoles(d.Props)
				b.Add(d)
			})
			if got := e.Pipelines[0].Incomplete; !strings.HasPrefix(got, tt.want) {
				t.Errorf("Incomplete is %q, want %q", got, tt.want)
			}
			if !mentions(unknowns(e), "the structure of pipeline ") {
				t.Errorf("it is not listed as unknown: %q", unknowns(e))
			}
		})
	}
	whole := et.Build(et.Resource(a, "AWS::CodePipeline::Pipeline", "P", "p", `{"Name": "p", "Stages": [{"Name": "s", "Actions": [`+action+`]}], `+store+`}`))
	if got := whole.Pipelines[0].Incomplete; got != "" {
		t.Errorf("a whole pipeline is incomplete: %s", got)
	}
}

func TestStackSetDeployment(t *testing.T) {
	t.Parallel()
	e := et.Build(et.Resource(a, "AWS::CodePipeline::Pipeline", "P", "p", `{"Name": "p", "RoleArn": "arn:aws:iam::111111111111:role/pr", "Stages": [{"Name": "s", "Actions": [
		{"Name": "set", "ActionTypeId": {"Category": "Deploy", "Owner": "AWS", "Provider": "CloudFormationStackSet", "Version": "1"},
		"Configuration": {"StackSetName": "base", "DeploymentTargets": "222222222222, 333333333333,ou-1", "Regions": "us-east-1,eu-west-1"}}]}]}`))
	var got []string
	for _, s := range e.Stacks {
		got = append(got, s.Account+" "+s.Region+" "+s.InstanceOf+" "+s.RoleARN)
	}
	want := []string{
		"222222222222 us-east-1 base arn:aws:iam::222222222222:role/AWSCloudFormationStackSetExecutionRole",
		"222222222222 eu-west-1 base arn:aws:iam::222222222222:role/AWSCloudFormationStackSetExecutionRole",
		"333333333333 us-east-1 base arn:aws:iam::333333333333:role/AWSCloudFormationStackSetExecutionRole",
		"333333333333 eu-west-1 base arn:aws:iam::333333333333:role/AWSCloudFormationStackSetExecutionRole",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !mentions(unknowns(e), "target ou-1 of stack set base") {
		t.Errorf("the unit is not listed: %q", unknowns(e))
	}
}

// A principal that a policy names and nothing defines is listed; it is no role
// of the estate unless something acts as it.
func TestNamedPrincipals(t *testing.T) {
	t.Parallel()
	e := et.Build(et.Account("tools", a, false),
		et.Role(a, "r", `{"AWS": ["arn:aws:iam::222222222222:role/ghost", "arn:aws:iam::111111111111:user/nobody", "333333333333"]}`, ""))
	if len(e.Roles) != 1 {
		t.Errorf("%d roles, want 1", len(e.Roles))
	}
	for _, want := range []string{"role arn:aws:iam::222222222222:role/ghost: it is named in the trust policy of role r", "user arn:aws:iam::111111111111:user/nobody"} {
		if !mentions(unknowns(e), want) {
			t.Errorf("%q is not listed: %q", want, unknowns(e))
		}
	}
	var ids []string
	for _, acc := range e.Accounts {
		ids = append(ids, acc.ID)
	}
	if diff := cmp.Diff([]string{a, c, "333333333333"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestNamedEstates(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*estate.Estate{
		"OneGate": et.OneGate(), "CrossAccount": et.CrossAccount(), "TwoGates": et.TwoGates(), "TwoGatesOneApprover": et.TwoGatesOneApprover(),
	} {
		if len(e.Unknowns) != 0 || len(e.Problems) != 0 {
			t.Errorf("%s: unknown %q, problems %+v", name, unknowns(e), e.Problems)
		}
		p := e.Pipeline("shop", et.Tools, et.Region)
		if p == nil || p.Incomplete != "" {
			t.Fatalf("%s: pipeline %+v", name, p)
		}
		approve := func(user, stage string) iam.Outcome {
			return may(t, e, "arn:aws:iam::111111111111:user/"+user, "codepipeline:PutApprovalResult", p.ARN+"/"+stage+"/Approve")
		}
		if got := approve("alice", "ApproveProd"); got != iam.ImplicitDeny {
			t.Errorf("%s: alice answers the gate: %v", name, got)
		}
		want := map[string]iam.Outcome{"OneGate": iam.Allow, "CrossAccount": iam.Allow, "TwoGates": iam.ImplicitDeny, "TwoGatesOneApprover": iam.Allow}
		if got := approve("bob", "ApproveProd"); got != want[name] {
			t.Errorf("%s: bob answers the last gate: %v, want %v", name, got, want[name])
		}
		deploy := p.Stages[len(p.Stages)-1].Actions[0]
		if got := may(t, e, p.RoleARN, "sts:AssumeRole", deploy.RoleARN); got != iam.Allow {
			t.Errorf("%s: the pipeline's role becomes the deploy role: %v", name, got)
		}
		if got := may(t, e, deploy.RoleARN, "iam:PassRole", deploy.ConfigText("RoleArn")); got != iam.Allow {
			t.Errorf("%s: the deploy role passes the stack's role: %v", name, got)
		}
		if got := may(t, e, deploy.RoleARN, "s3:GetObject", "arn:aws:s3:::shop-artifacts/shop/BuildOut/1"); got != iam.Allow {
			t.Errorf("%s: the deploy role reads the artifact: %v", name, got)
		}
		if got := may(t, e, deploy.RoleARN, "kms:Decrypt", e.Keys[0].ARN); got != iam.Allow {
			t.Errorf("%s: the deploy role decrypts the artifact: %v", name, got)
		}
	}
}

// An estate is read-only after Build and may be asked from many goroutines.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	e := et.TwoGates()
	p := e.Pipelines[0]
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for _, u := range []string{"alice", "bob", "carol"}[i%3:] {
				if _, err := e.May("arn:aws:iam::111111111111:user/"+u, "codepipeline:PutApprovalResult", p.ARN+"/ApproveProd/Approve", nil); err != nil {
					t.Error(err)
				}
				e.Role(p.RoleARN)
				e.Owner(p.ARN + "/x/y")
			}
		})
	}
	wg.Wait()
}
