package reach_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/estate/synthetic"
	"github.com/twokey/twokey/reach"
)

// fresh returns a copy of an estate without what was compiled of it before, so
// that a measurement starts where a scan starts.
func fresh(e *estate.Estate) *estate.Estate {
	return &estate.Estate{
		Accounts: e.Accounts, People: e.People, BreakGlass: e.BreakGlass, Gates: e.Gates, WantPeople: e.WantPeople,
		Users: e.Users, Groups: e.Groups, Roles: e.Roles, ManagedPolicies: e.ManagedPolicies, InstanceProfiles: e.InstanceProfiles,
		Pipelines: e.Pipelines, Buckets: e.Buckets, Keys: e.Keys, Aliases: e.Aliases, Repositories: e.Repositories,
		Projects: e.Projects, Functions: e.Functions, Stacks: e.Stacks, Topics: e.Topics, Queues: e.Queues, Rules: e.Rules,
		Connections: e.Connections, PermissionSets: e.PermissionSets, Assignments: e.Assignments, Others: e.Others,
	}
}

func analyze(b *testing.B, e *estate.Estate) {
	b.ReportAllocs()
	pipelines := 0
	for b.Loop() {
		pipelines = len(reach.Analyze(fresh(e), reach.Options{}).Pipelines)
	}
	b.ReportMetric(float64(pipelines), "pipelines")
}

func BenchmarkStorefront(b *testing.B) { analyze(b, load(b, "../examples/storefront")) }

// crowded is one account of 200 roles, a tenth of which may pass any role of it,
// and 141 functions.
func crowded() *estate.Estate {
	e := gated(1)
	for i := range 200 {
		statements := []string{allow("logs:PutLogEvents s3:GetObject", "*")}
		if i%10 == 0 {
			statements = append(statements, allow("iam:PassRole lambda:* codebuild:*", "*"))
		}
		e.Roles = append(e.Roles, role(tools, fmt.Sprintf("r%03d", i), trusts("lambda.amazonaws.com", "codebuild.amazonaws.com"), statements...))
	}
	for i := range 141 {
		f := &estate.Function{Name: fmt.Sprintf("f%03d", i), RoleARN: roleARN(tools, fmt.Sprintf("r%03d", i))}
		f.Meta = meta("AWS::Lambda::Function", fmt.Sprintf("arn:aws:lambda:%s:%s:function:f%03d", region, tools, i), tools)
		e.Functions = append(e.Functions, f)
	}
	return people(e, user(tools, "dev", pushes()), user(tools, "lead", approves(1)), user(tools, "ops", allow("lambda:UpdateFunctionCode", "*")))
}

func BenchmarkCrowdedAccount(b *testing.B) { analyze(b, crowded()) }

// BenchmarkOrganization measures an organization of 100 accounts, 50,000
// principals and 1,000 pipelines. Writing and loading it takes far longer than
// the analysis; set TWOKEY_BENCH_ACCOUNTS to run it.
func BenchmarkOrganization(b *testing.B) {
	var accounts int
	if _, err := fmt.Sscan(os.Getenv("TWOKEY_BENCH_ACCOUNTS"), &accounts); err != nil {
		b.Skip("set TWOKEY_BENCH_ACCOUNTS=100 to measure an organization")
	}
	dir := b.TempDir()
	if err := synthetic.Write(dir, synthetic.Options{Accounts: accounts}); err != nil {
		b.Fatal(err)
	}
	analyze(b, load(b, dir))
}

// BenchmarkGoverned measures the search for three people among many, at a gate
// that Twokey governs and that excludes authors.
func BenchmarkGoverned(b *testing.B) {
	e := gated(1)
	for i := range 120 {
		var statements []string
		if i%4 == 0 {
			statements = []string{pushes()}
		}
		u := user(tools, fmt.Sprintf("u%03d", i), append(statements, allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::b%d/*", i)))...)
		e.Users = append(e.Users, u)
		e.People = append(e.People, &estate.Person{Name: u.Name, Identities: []string{u.ARN}, Groups: []string{fmt.Sprint("team", i%12)}})
	}
	e.Gates = []estate.GateRule{{Approvals: 2, Exclude: []string{"author"}}}
	analyze(b, e)
}
