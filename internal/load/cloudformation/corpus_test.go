package cloudformation

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/estate/synthetic"
	"github.com/twokey/twokey/iam"
)

const (
	corpusFolder = "../../../../shared/corpus/aws-refarch"
	corpusFile   = "testdata/aws-refarch/twokey.yaml"
	tools, dev   = "111111111111", "222222222222"
	test, prod   = "333333333333", "444444444444"
)

func corpus(tb testing.TB) *estate.Estate {
	tb.Helper()
	if _, err := os.Stat(corpusFolder); err != nil {
		tb.Skip("the templates of aws-refarch-cross-account-pipeline are not here: ", corpusFolder)
	}
	l, err := Load(context.Background(), corpusFile, estate.LoadOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return l.Estate
}

// role is the ARN of a role of the corpus.
func role(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// The published reference architecture, deployed as its walk-through says.
func TestCorpus(t *testing.T) {
	t.Parallel()
	e := corpus(t)
	if got := lines(e); len(got) > 0 {
		t.Errorf("unknown or wrong: %q", got)
	}
	var accounts []string
	for _, a := range e.Accounts {
		accounts = append(accounts, a.Name+" "+a.ID)
	}
	if diff := cmp.Diff([]string{"tools " + tools, "dev " + dev, "test " + test, "prod " + prod}, accounts); diff != "" {
		t.Error(diff)
	}
	var roles []string
	for _, r := range e.Roles {
		if r.Missing || len(r.Policies) != 1 || r.Policies[0].Doc == nil || r.Trust == nil {
			t.Errorf("role %s: missing %v, %d policies", r.ARN, r.Missing, len(r.Policies))
			continue
		}
		roles = append(roles, r.ARN+" "+r.Policies[0].Name)
	}
	slices.Sort(roles)
	want := []string{
		role(tools, "sample-lambda-CodeBuildRole") + " sample-lambda-CodeBuildPolicy",
		role(tools, "sample-lambda-codepipeline-role") + " sample-lambda-codepipeline-policy",
		role(dev, "ToolsAcctCodePipelineCodeCommitRole") + " ToolsAcctCodePipelineCodeCommitPolicy",
		role(test, "ToolsAcctCodePipelineCloudFormationRole") + " ToolsAcctCodePipelineCloudFormationPolicy",
		role(test, "cloudformationdeployer-role") + " cloudformationdeployer-policy",
		role(prod, "ToolsAcctCodePipelineCloudFormationRole") + " ToolsAcctCodePipelineCloudFormationPolicy",
		role(prod, "cloudformationdeployer-role") + " cloudformationdeployer-policy",
	}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Error(diff)
	}
}

func TestCorpusPipeline(t *testing.T) {
	t.Parallel()
	e := corpus(t)
	if len(e.Pipelines) != 1 {
		t.Fatalf("%d pipelines, want 1", len(e.Pipelines))
	}
	p := e.Pipelines[0]
	var got []string
	for i := range p.Stages {
		for j := range p.Stages[i].Actions {
			a := &p.Stages[i].Actions[j]
			got = append(got, strings.Join([]string{p.Stages[i].Name, a.Name, a.Provider, string(rune('0' + a.RunOrder)), p.ActionRole(a), a.ConfigText("RoleArn")}, " "))
		}
	}
	pipeline, build := role(tools, "sample-lambda-codepipeline-role"), role(tools, "sample-lambda-CodeBuildRole")
	deployer, stack := "ToolsAcctCodePipelineCloudFormationRole", "cloudformationdeployer-role"
	want := []string{
		"Source App CodeCommit 1 " + role(dev, "ToolsAcctCodePipelineCodeCommitRole") + " ",
		"Build Build CodeBuild 1 " + pipeline + " ",
		"DeployToTest CreateChangeSetTest CloudFormation 1 " + role(test, deployer) + " " + role(test, stack),
		"DeployToTest DeployChangeSetTest CloudFormation 2 " + role(test, deployer) + " " + role(test, stack),
		"ApproveDeployProd ApproveDeployProd Manual 1 " + pipeline + " ",
		"DeployToProduction CreateChangeSetProd CloudFormation 1 " + role(prod, deployer) + " " + role(prod, stack),
		"DeployToProduction DeployChangeSetProd CloudFormation 2 " + role(prod, deployer) + " " + role(prod, stack),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Incomplete != "" || p.ARN != "arn:aws:codepipeline:us-east-1:"+tools+":sample-lambda-pipeline" {
		t.Errorf("pipeline %s, incomplete: %s", p.ARN, p.Incomplete)
	}

	// The artifact bucket and its key are another stack's; the policy of the
	// bucket stands with the pipeline, its alias with the key.
	bucket := e.Bucket(p.Stores[0].Bucket)
	if bucket == nil || bucket.Missing || bucket.Stack != "pre-reqs" || bucket.Policy == nil {
		t.Fatalf("artifact bucket %+v", bucket)
	}
	if pos := bucket.Policy.Pos; !strings.HasSuffix(pos.File, "ToolsAcct/code-pipeline.yaml") || pos.Line != 383 {
		t.Errorf("the bucket policy was written in %v, want ToolsAcct/code-pipeline.yaml:383", pos)
	}
	key, arn := e.ResolveKey(p.Stores[0].KeyID, p.Account, p.Region)
	if key == nil || key.Stack != "pre-reqs" || key.ARN != arn {
		t.Fatalf("artifact key %+v", key)
	}
	if again, _ := e.ResolveKey("alias/codepipeline-crossaccounts", tools, "us-east-1"); again != key {
		t.Error("the key is not found by its alias")
	}
	project := e.Project("sample-lambda", tools, "us-east-1")
	if project == nil || project.Missing || project.ServiceRole != build || !project.BuildSpecInline || project.EncryptionKey != key.ARN {
		t.Errorf("build project %+v", project)
	}
	if repo := e.Repository("sample-lambda", dev, "us-east-1"); repo == nil || !repo.Missing {
		t.Errorf("repository %+v, want one that no template defines", repo)
	}
	live := e.Stack("sample-lambda-production", prod, "us-east-1")
	if live == nil || live.RoleARN != role(prod, stack) ||
		!slices.Equal(live.DeployedBy, []string{"sample-lambda-pipeline/DeployToProduction/CreateChangeSetProd", "sample-lambda-pipeline/DeployToProduction/DeployChangeSetProd"}) {
		t.Errorf("production stack %+v", live)
	}
}

// Decisions worked out by hand from the templates; the lines are where the
// statements begin.
func TestCorpusDecisions(t *testing.T) {
	t.Parallel()
	e := corpus(t)
	bucket, key := e.Buckets[0].ARN, e.Keys[0].ARN
	const pipeline, codecommit, deployer, preReqs = "ToolsAcct/code-pipeline.yaml", "DevAccount/toolsacct-codepipeline-codecommit.yaml",
		"TestAccount/toolsacct-codepipeline-cloudformation-deployer.yaml", "ToolsAcct/pre-reqs.yaml"
	tests := []struct {
		name, principal, action, resource string
		want                              iam.Outcome
		because                           []string
	}{
		{"the pipeline becomes the deploy role of production", role(tools, "sample-lambda-codepipeline-role"), "sts:AssumeRole",
			role(prod, "ToolsAcctCodePipelineCloudFormationRole"), iam.Allow,
			[]string{"identity " + pipeline + ":198", "trust " + deployer + ":30"}},
		{"the stack role of test writes artifacts: both sides allow", role(test, "cloudformationdeployer-role"), "s3:PutObject", bucket + "/x", iam.Allow,
			[]string{"identity " + deployer + ":113", "resource " + pipeline + ":385"}},
		{"the build role rewrites the key policy: the key leaves Put* to the account", role(tools, "sample-lambda-CodeBuildRole"), "kms:PutKeyPolicy", key, iam.Allow,
			[]string{"identity " + pipeline + ":76", "key " + preReqs + ":42"}},
		{"the source role of dev decrypts: the key names dev for use", role(dev, "ToolsAcctCodePipelineCodeCommitRole"), "kms:Decrypt", key, iam.Allow,
			[]string{"identity " + codecommit + ":54", "key " + preReqs + ":61"}},
		{"the source role of dev may not rewrite it: the key does not name dev for that", role(dev, "ToolsAcctCodePipelineCodeCommitRole"), "kms:PutKeyPolicy", key, iam.ImplicitDeny, nil},
		{"the stack role of test may not decrypt: it lacks the permission", role(test, "cloudformationdeployer-role"), "kms:Decrypt", key, iam.ImplicitDeny, nil},
		{"the build role does not become the deploy role", role(tools, "sample-lambda-CodeBuildRole"), "sts:AssumeRole", role(prod, "ToolsAcctCodePipelineCloudFormationRole"), iam.ImplicitDeny, nil},
		{"CodePipeline becomes the pipeline's role", "codepipeline.amazonaws.com", "sts:AssumeRole", role(tools, "sample-lambda-codepipeline-role"), iam.Allow, nil},
		{"CodeBuild does not", "codebuild.amazonaws.com", "sts:AssumeRole", role(tools, "sample-lambda-codepipeline-role"), iam.ImplicitDeny, nil},
		{"the pipeline's role may answer its own gate", role(tools, "sample-lambda-codepipeline-role"), "codepipeline:PutApprovalResult",
			e.Pipelines[0].ARN + "/ApproveDeployProd/ApproveDeployProd", iam.Allow, []string{"identity " + pipeline + ":154"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := e.May(tt.principal, tt.action, tt.resource, nil)
			if err != nil {
				t.Fatal(err)
			}
			if d.Outcome != tt.want {
				t.Errorf("%v, want %v: %+v", d.Outcome, tt.want, d.Missing)
			}
			var got []string
			for _, r := range d.Reasons {
				_, file, _ := strings.Cut(r.Pos.File, "aws-refarch/")
				got = append(got, string(r.Side)+" "+strings.TrimRight(at(file, r.Pos.Line), " "))
			}
			for i, want := range tt.because {
				file, line, _ := strings.Cut(want, ":")
				want := file + ":" + strings.Repeat("0", 3-len(line)) + line
				if i >= len(got) || got[i] != want {
					t.Errorf("because %q, want %q at %d", got, want, i)
				}
			}
		})
	}
}

// Before its last step the walk-through leaves conditions at their defaults; the
// same templates without an estate file leave them open.
func TestCorpusWithoutEstateFile(t *testing.T) {
	t.Parallel()
	corpus(t)
	l := load(t, corpusFolder, estate.LoadOptions{})
	want := []estate.OpenCondition{
		{Stack: "000000000000/code-pipeline", Name: "AddCodeBuildResource", ByDefault: true},
		{Stack: "000000000000/pre-reqs", Name: "AddCodeBuildResource", ByDefault: true},
	}
	if diff := cmp.Diff(want, l.Open); diff != "" {
		t.Error(diff)
	}
	if len(l.Assignments) != 4 || !l.Complete {
		t.Errorf("%d assignments, complete %v, want 4", len(l.Assignments), l.Complete)
	}
	if len(l.Estate.Pipelines) != 1 || len(l.Estate.Unknowns) == 0 {
		t.Errorf("%d pipelines, %d unknowns", len(l.Estate.Pipelines), len(l.Estate.Unknowns))
	}
}

// An estate of one walk-through's size loads in a fraction of the 100 ms that a
// whole scan may take.
func TestCorpusLoadTime(t *testing.T) {
	corpus(t)
	best := time.Hour
	for range 5 {
		start := time.Now()
		corpus(t)
		best = min(best, time.Since(start))
	}
	if best > 60*time.Millisecond {
		t.Errorf("loading takes %v, want at most 60ms", best)
	}
}

func BenchmarkCorpus(b *testing.B) {
	for b.Loop() {
		corpus(b)
	}
}

// BenchmarkSynthetic loads a made-up estate of 10 accounts with 5,000 principals
// and 100 pipelines.
func BenchmarkSynthetic(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "estate")
	if err := synthetic.Write(dir, synthetic.Options{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(context.Background(), dir, estate.LoadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
