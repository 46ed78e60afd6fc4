package cloudformation

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/twokey/twokey/estate"
)

// unpack writes the files of a txtar archive into a new folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, path string, opts estate.LoadOptions) *estate.Loaded {
	t.Helper()
	l, err := Load(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lines gives what is wrong with an estate, one line each.
func lines(e *estate.Estate) []string {
	var out []string
	for _, u := range e.Unknowns {
		out = append(out, at(u.Pos.File, u.Pos.Line)+"unknown "+u.What+": "+u.Why)
	}
	for _, p := range e.Problems {
		out = append(out, at(p.Pos.File, p.Pos.Line)+p.Message+" ("+p.Hint+")")
	}
	return out
}

func at(file string, line int) string {
	return file + ":" + string([]byte{byte('0' + line/100%10), byte('0' + line/10%10), byte('0' + line%10)}) + " "
}

func stackNames(e *estate.Estate) []string {
	var out []string
	for _, s := range e.Stacks {
		out = append(out, s.Name)
	}
	return out
}

const bucketTemplate = `
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties: {BucketName: made}
`

// Stacks are resolved in the order that their outputs ask for, whatever the
// order of the file; values keep their leading zeros.
func TestEstateFile(t *testing.T) {
	t.Parallel()
	dir := unpack(t, `
-- twokey.yaml --
version: 1
region: eu-central-1
accounts:
  - {name: tools, id: "011111111111"}
  - {name: prod, id: "222222222222", production: true}
stacks:
  - name: third
    account: [tools, prod]
    template: sub/third.yaml
    parameters: {Name: !output prod/second/Name, Id: 007}
  - {name: second, account: prod, region: us-west-2, template: second.json, parameters: {From: "!output tools/first/Name"}}
  - {name: first, account: tools, template: first.yaml}
people: [{name: alice, groups: [release], identities: ["arn:aws:iam::011111111111:user/alice"]}]
break_glass: ["arn:aws:iam::*:role/admin"]
gates: [{match: {pipeline: "*"}, approvals: 2}]
scan: {want_people: 3}
-- first.yaml --
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "first-${AWS::AccountId}"}}
Outputs:
  Name: {Value: !Ref B}
-- second.json --
{"Parameters": {"From": {"Type": "String"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "From"}}}},
 "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["T", "TopicName"]}}}}
-- sub/third.yaml --
Parameters:
  Name: {Type: String}
  Id: {Type: String}
Resources:
  R:
    Type: AWS::CodeCommit::Repository
    Properties: {RepositoryName: !Sub "${Name}-${Id}"}
-- unrelated.yaml --
Resources: {X: {Type: AWS::S3::Bucket}}
`)
	l := load(t, dir, estate.LoadOptions{})
	e := l.Estate
	if got := lines(e); len(got) > 0 {
		t.Errorf("unknown or wrong: %q", got)
	}
	var repos []string
	for _, r := range e.Repositories {
		repos = append(repos, r.ARN)
	}
	want := []string{"arn:aws:codecommit:eu-central-1:011111111111:first-011111111111-007", "arn:aws:codecommit:eu-central-1:222222222222:first-011111111111-007"}
	if diff := cmp.Diff(want, repos); diff != "" {
		t.Error(diff)
	}
	if got := e.Topics[0].ARN; got != "arn:aws:sns:us-west-2:222222222222:first-011111111111" {
		t.Errorf("topic %s", got)
	}
	if len(e.Buckets) != 1 {
		t.Errorf("%d buckets: a template that the file does not name was read", len(e.Buckets))
	}
	if e.WantPeople != 3 || len(e.People) != 1 || len(e.BreakGlass) != 1 || len(e.Gates) != 1 || !e.Account("prod").Production {
		t.Errorf("the rest of the file is lost: %+v", e)
	}
	if got := e.Repositories[0].Pos.File; got != "sub/third.yaml" {
		t.Errorf("a position names %q, want sub/third.yaml", got)
	}
	if slices.ContainsFunc(e.Assumptions, func(s string) bool { return strings.Contains(s, "region") }) {
		t.Errorf("the region was told, and is assumed: %q", e.Assumptions)
	}
	// The file may be named itself, or lie in the folder that is.
	if diff := cmp.Diff(stackNames(e), stackNames(load(t, filepath.Join(dir, "twokey.yaml"), estate.LoadOptions{}).Estate)); diff != "" {
		t.Error(diff)
	}
}

// Without an estate file each template is a stack of one account.
func TestDirectory(t *testing.T) {
	t.Parallel()
	dir := unpack(t, `
-- a/pipeline.yaml --
Resources:
  P:
    Type: AWS::IAM::Role
    Properties:
      RoleName: p
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: sts:AssumeRole}}
      Policies: [{PolicyName: x, PolicyDocument: {Version: "2012-10-17", Statement: {Effect: Allow, Action: s3:GetObject, Resource: arn:aws:s3:::made/*}}}]
-- b/pipeline.json --
{"Resources": {"U": {"Type": "AWS::IAM::User", "Properties": {"UserName": "000000000000"}}}}
-- bucket.template --`+bucketTemplate+`
-- node_modules/x/template.yaml --
Resources: {X: {Type: AWS::S3::Bucket}}
-- .hidden/template.yaml --
Resources: {X: {Type: AWS::S3::Bucket}}
-- package.json --
{"name": "x"}
-- chart.yaml --
resources: {limits: 1}
-- readme.md --
AWS::S3::Bucket Resources
-- broken.yaml --
Resources:
  X: {Type: AWS::S3::Bucket
`)
	if err := os.Symlink(dir, filepath.Join(dir, "a", "again")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "a", "outside")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("circle.yaml", filepath.Join(dir, "circle.yaml")); err != nil {
		t.Fatal(err)
	}
	e := load(t, dir, estate.LoadOptions{}).Estate
	if diff := cmp.Diff([]string{"pipeline", "b-pipeline", "bucket"}, stackNames(e)); diff != "" {
		t.Error(diff)
	}
	// 000000000000 stands in a template, so another id stands for the account.
	if len(e.Accounts) != 1 || e.Accounts[0].ID != "000000000001" || !e.Accounts[0].StandIn || !e.Accounts[0].FromTemplates {
		t.Errorf("accounts %+v", e.Accounts)
	}
	wantAssumed := []string{
		"000000000001 stands for the account that the templates go into, since nothing says which it is",
		"all 3 templates are stacks of one account, since no twokey.yaml says otherwise",
		"stacks go into region us-east-1, since nothing says which",
		"no organization policy (SCP, RCP) restricts these accounts: none is in the estate",
	}
	if diff := cmp.Diff(wantAssumed, e.Assumptions); diff != "" {
		t.Error(diff)
	}
	slices.Sort(e.PassedOver)
	if diff := cmp.Diff([]string{"a/outside/", "chart.yaml", "node_modules/", "package.json", "readme.md"}, e.PassedOver); diff != "" {
		t.Error(diff)
	}
	if got := lines(e); len(got) != 4 || !strings.HasPrefix(got[0], "broken.yaml:00") || !strings.HasPrefix(got[1], "circle.yaml:000 unknown circle.yaml: cannot be read: ") {
		t.Errorf("what could not be read: %q", got)
	}
	d, err := e.May("arn:aws:iam::000000000001:role/p", "s3:GetObject", "arn:aws:s3:::made/k", nil)
	if err != nil || d.Outcome.String() != "allow" {
		t.Errorf("a role and a bucket of two templates: %v, %v, want allow", d.Outcome, err)
	}
}

func TestSingleTemplate(t *testing.T) {
	t.Parallel()
	dir := unpack(t, "-- one.yaml --"+bucketTemplate+"-- two.yaml --"+bucketTemplate)
	e := load(t, filepath.Join(dir, "one.yaml"), estate.LoadOptions{}).Estate
	if diff := cmp.Diff([]string{"one"}, stackNames(e)); diff != "" {
		t.Error(diff)
	}
	if got := e.Buckets[0].Pos.File; got != "one.yaml" {
		t.Errorf("position in %q", got)
	}
}

// Exports reach the stacks that import them, in the same account and region
// only, whatever the order.
func TestImportValue(t *testing.T) {
	t.Parallel()
	archive := `
-- twokey.yaml --
version: 1
accounts: [{name: a, id: "111111111111"}, {name: b, id: "222222222222"}]
stacks:
  - {name: last, account: a, template: last.yaml}
  - {name: middle, account: a, template: middle.yaml}
  - {name: first, account: a, template: first.yaml}
  - {name: other, account: b, template: last.yaml}
-- first.yaml --
Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: one}}}
Outputs: {N: {Value: !Ref B, Export: {Name: !Sub "${AWS::StackName}-name"}}}
-- middle.yaml --
Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Join ["-", [two, !ImportValue first-name]]}}}
Outputs: {N: {Value: !Ref B, Export: {Name: middle-name}}}
-- last.yaml --
Resources: {R: {Type: AWS::CodeCommit::Repository, Properties: {RepositoryName: !ImportValue middle-name}}}
`
	e := load(t, unpack(t, archive), estate.LoadOptions{}).Estate
	var names []string
	for _, r := range e.Repositories {
		names = append(names, r.Account+" "+estate.Show(r.Name))
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"111111111111 two-one", "222222222222 ?"}, names); diff != "" {
		t.Error(diff)
	}
	if got := lines(e); len(got) != 1 || !strings.Contains(got[0], "middle-name") {
		t.Errorf("the import of the other account: %q", got)
	}
	circle := unpack(t, `
-- a.yaml --
Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !ImportValue from-b}}}
Outputs: {N: {Value: x, Export: {Name: from-a}}}
-- b.yaml --
Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !ImportValue from-a}}}
Outputs: {N: {Value: y, Export: {Name: from-b}}}
`)
	if got := lines(load(t, circle, estate.LoadOptions{}).Estate); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "wait for each other") }) {
		t.Errorf("stacks that import from each other: %q", got)
	}
}

func TestNestedStack(t *testing.T) {
	t.Parallel()
	dir := unpack(t, `
-- parent.yaml --
Resources:
  Store: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./nested/store.yaml, Parameters: {Name: from-parent}}}
  Use: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested/use.yaml, Parameters: {Bucket: !GetAtt Store.Outputs.Bucket}}}
  Far: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://s3.amazonaws.com/b/k.yaml}}
  R: {Type: AWS::CodeCommit::Repository, Properties: {RepositoryName: !GetAtt Use.Outputs.Name}}
-- nested/store.yaml --
Parameters: {Name: {Type: String}}
Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Name}}}
Outputs: {Bucket: {Value: !Ref B}}
-- nested/use.yaml --
Parameters: {Bucket: {Type: String}}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "${Bucket}-topic"}}}
Outputs: {Name: {Value: !GetAtt T.TopicName}}
-- self.yaml --
Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: self.yaml}}}
`)
	e := load(t, dir, estate.LoadOptions{}).Estate
	if len(e.Buckets) != 1 || e.Buckets[0].Name != "from-parent" {
		t.Errorf("buckets %+v, want the nested one, once, with the parent's parameter", e.Buckets)
	}
	if len(e.Topics) != 1 || e.Topics[0].Name != "from-parent-topic" {
		t.Errorf("topics %+v, want one named by the other nested stack", e.Topics)
	}
	if len(e.Repositories) != 1 || e.Repositories[0].Name != "from-parent-topic" {
		t.Errorf("repositories %+v, want one named by a nested stack", e.Repositories)
	}
	got := lines(e)
	for _, want := range []string{"the stack that parent/Far nests", "template self.yaml is nested in itself"} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%q is not said: %q", want, got)
		}
	}
}

// A condition that hangs on a parameter nobody set can be decided otherwise.
func TestOpenConditions(t *testing.T) {
	t.Parallel()
	archive := `
-- t.yaml --
Parameters:
  Stage: {Type: String, AllowedValues: [test, prod], Default: test}
  Extra: {Type: String}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  More: !Equals [!Ref Extra, "yes"]
Resources:
  Gate: {Type: AWS::SNS::Topic, Condition: Prod, Properties: {TopicName: gate}}
  Perhaps: {Type: AWS::SNS::Topic, Condition: More, Properties: {TopicName: perhaps}}
`
	dir := unpack(t, archive)
	l := load(t, dir, estate.LoadOptions{})
	want := []estate.OpenCondition{
		{Stack: "000000000000/t", Name: "More"},
		{Stack: "000000000000/t", Name: "Prod", ByDefault: true, Value: false},
	}
	if diff := cmp.Diff(want, l.Open); diff != "" {
		t.Error(diff)
	}
	if len(l.Assignments) != 4 || !l.Complete {
		t.Errorf("%d assignments, complete %v, want all 4", len(l.Assignments), l.Complete)
	}
	if len(l.Estate.Topics) != 1 || !l.Estate.Topics[0].Maybe || l.Estate.Topics[0].Condition != "More" {
		t.Errorf("topics %+v, want the one that may be there", l.Estate.Topics)
	}
	seen := map[int]bool{}
	for _, a := range l.Assignments {
		e := load(t, dir, estate.LoadOptions{Conditions: a}).Estate
		seen[len(e.Topics)] = true
		for _, topic := range e.Topics {
			if topic.Maybe {
				t.Errorf("under %v topic %s is still open", a, topic.Name)
			}
		}
	}
	if !seen[0] || !seen[1] || !seen[2] {
		t.Errorf("the assignments lead to %v topics, want 0, 1 and 2", seen)
	}
	// An estate file that leaves a parameter out means its default.
	told := unpack(t, archive+`
-- twokey.yaml --
version: 1
accounts: [{name: a, id: "111111111111"}]
stacks: [{name: t, account: a, template: t.yaml, parameters: {Extra: "no"}}]
`)
	if l := load(t, told, estate.LoadOptions{}); len(l.Open) != 0 || len(l.Assignments) != 0 || !l.Complete {
		t.Errorf("open with an estate file: %+v", l.Open)
	}
}

func TestIgnores(t *testing.T) {
	t.Parallel()
	dir := unpack(t, `
-- t.yaml --
Resources:
  # twokey: ignore[CP-203] reason=kept for a month until=2027-01-31
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: b
  C:
    Type: AWS::S3::Bucket # twokey: ignore[CP-204]
    Metadata: {twokey: {ignore: [{rule: [CP-205, CP-206], reason: because}]}}
`)
	l := load(t, dir, estate.LoadOptions{})
	var got []string
	for _, ig := range l.Config.Ignores {
		got = append(got, ig.Kind+" "+strings.Join(ig.Rules, ",")+" "+ig.Reason+" "+ig.Until+" "+ig.Stack+"/"+ig.LogicalID+" "+at(ig.Location.File, ig.FromLine)+at("", ig.ToLine))
	}
	slices.Sort(got)
	want := []string{
		"comment CP-203 kept for a month 2027-01-31 / t.yaml:002 :006 ",
		"comment CP-204   / t.yaml:008 :008 ",
		"metadata CP-205,CP-206 because  t/C t.yaml:000 :000 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
