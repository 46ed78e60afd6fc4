package catalog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/iam/catalog"
)

func TestSize(t *testing.T) {
	t.Parallel()
	if n := len(catalog.Services()); n < 400 {
		t.Errorf("%d services; AWS has more than 400", n)
	}
	if n := catalog.Count(); n < 18_000 {
		t.Errorf("%d actions; AWS has more than 18,000", n)
	}
	// The pipeline's own actions: the service authorization reference of
	// CodePipeline lists more than 40.
	if n := len(catalog.Actions("codepipeline")); n < 40 {
		t.Errorf("codepipeline has %d actions, want 40 or more", n)
	}
}

// The facts are from the tables of the service authorization reference.
func TestLookup(t *testing.T) {
	t.Parallel()
	type resource struct {
		Name string
		ARN  string
	}
	tests := []struct {
		action, spelling string
		level            catalog.AccessLevel
		resources        []resource
	}{
		{"codepipeline:putapprovalresult", "codepipeline:PutApprovalResult", catalog.Write, []resource{
			{"action", "arn:${Partition}:codepipeline:${Region}:${Account}:${PipelineName}/${StageName}/${ActionName}"},
		}},
		{"CODEPIPELINE:StartPipelineExecution", "codepipeline:StartPipelineExecution", catalog.Write, []resource{
			{"pipeline", "arn:${Partition}:codepipeline:${Region}:${Account}:${PipelineName}"},
		}},
		{"codepipeline:DisableStageTransition", "codepipeline:DisableStageTransition", catalog.Write, []resource{
			{"stage", "arn:${Partition}:codepipeline:${Region}:${Account}:${PipelineName}/${StageName}"},
		}},
		{"kms:Decrypt", "kms:Decrypt", catalog.Write, []resource{
			{"key", "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"},
		}},
		{"iam:addUserToGroup", "iam:AddUserToGroup", catalog.Write, []resource{
			{"group", "arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}"},
		}},
		{"iam:PassRole", "iam:PassRole", catalog.Write, []resource{
			{"role", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"},
		}},
		{"iam:AttachRolePolicy", "iam:AttachRolePolicy", catalog.PermissionsManagement, []resource{
			{"role", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"},
		}},
		{"s3:PutBucketPolicy", "s3:PutBucketPolicy", catalog.PermissionsManagement, []resource{
			{"bucket", "arn:${Partition}:s3:::${BucketName}"},
		}},
		{"s3:ListAllMyBuckets", "s3:ListAllMyBuckets", catalog.List, nil},
		{"codecommit:TagResource", "codecommit:TagResource", catalog.Tagging, []resource{
			{"repository", "arn:${Partition}:codecommit:${Region}:${Account}:${RepositoryName}"},
		}},
	}
	for _, test := range tests {
		t.Run(test.action, func(t *testing.T) {
			t.Parallel()
			a, ok := catalog.Lookup(test.action)
			if !ok {
				t.Fatal("not found")
			}
			if a.String() != test.spelling || a.AccessLevel != test.level {
				t.Errorf("got %s, %s; want %s, %s", a, a.AccessLevel, test.spelling, test.level)
			}
			var got []resource
			for _, r := range a.ResourceTypes {
				if len(r.ARNs) != 1 {
					t.Errorf("%s has %d ARN patterns, want 1", r.Name, len(r.ARNs))
					continue
				}
				got = append(got, resource{r.Name, r.ARNs[0]})
			}
			if diff := cmp.Diff(test.resources, got); diff != "" {
				t.Errorf("resource types (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupOfAnObject(t *testing.T) {
	t.Parallel()
	a, ok := catalog.Lookup("s3:GetObject")
	if !ok || a.AccessLevel != catalog.Read {
		t.Fatalf("got %+v, %v", a, ok)
	}
	i := slices.IndexFunc(a.ResourceTypes, func(r catalog.ActionResource) bool { return r.Name == "object" })
	if i < 0 || !slices.Contains(a.ResourceTypes[i].ARNs, "arn:${Partition}:s3:::${BucketName}/${ObjectName}") {
		t.Errorf("no type object with its ARN pattern in %+v", a.ResourceTypes)
	}
	if !slices.Contains(a.ConditionKeys, "s3:ExistingObjectTag/${key}") {
		t.Errorf("s3:ExistingObjectTag is not among %q", a.ConditionKeys)
	}
}

func TestRunInstancesNeedsSeveralResources(t *testing.T) {
	t.Parallel()
	a, _ := catalog.Lookup("ec2:RunInstances")
	required := map[string]bool{}
	for _, r := range a.ResourceTypes {
		required[r.Name] = r.Required
	}
	for name, want := range map[string]bool{"image": true, "instance": true, "network-interface": true, "key-pair": false, "placement-group": false} {
		if got, ok := required[name]; !ok || got != want {
			t.Errorf("%s: required %v (listed: %v), want %v", name, got, ok, want)
		}
	}
}

func TestUnknownActions(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"", ":", "s3", "s3:", ":GetObject", "s3:GetObjec", "s3:GetObject ", " s3:GetObject", "nosuch:Thing", "s3:*", "s3:GetObject:x", "é:é", "\x00"} {
		if a, ok := catalog.Lookup(action); ok {
			t.Errorf("%q is %v", action, a)
		}
		if only, known := catalog.WildcardOnly(action); only || known {
			t.Errorf("WildcardOnly(%q) = %v, %v", action, only, known)
		}
		if i, ok := catalog.Index(action); ok {
			t.Errorf("Index(%q) = %d", action, i)
		}
	}
}

// The first group is from the fact sheet on evaluation (1.2), the rest from the
// service authorization reference.
func TestWildcardOnly(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]bool{
		"s3:ListAllMyBuckets":                true,
		"codepipeline:PutJobSuccessResult":   true,
		"iam:ListRoles":                      true,
		"iam:AddUserToGroup":                 false,
		"codepipeline:putjobfailureresult":   true,
		"codepipeline:PutApprovalResult":     false,
		"codepipeline:GetPipelineState":      false,
		"sts:GetCallerIdentity":              true,
		"sts:AssumeRole":                     false,
		"ec2:DescribeInstances":              true,
		"kms:ListKeys":                       true,
		"kms:CreateKey":                      true,
		"cloudformation:ValidateTemplate":    true,
		"s3:ListBucket":                      false,
		"organizations:DescribeOrganization": true,
	} {
		only, known := catalog.WildcardOnly(action)
		if !known || only != want {
			t.Errorf("WildcardOnly(%q) = %v, %v; want %v, true", action, only, known, want)
		}
	}
}

func TestServiceName(t *testing.T) {
	t.Parallel()
	if name, ok := catalog.ServiceName("S3"); !ok || name != "Amazon S3" {
		t.Errorf("S3 is %q, %v", name, ok)
	}
	if name, ok := catalog.ServiceName("codepipeline"); !ok || name != "AWS CodePipeline" {
		t.Errorf("codepipeline is %q, %v", name, ok)
	}
	if name, ok := catalog.ServiceName("nosuch"); ok {
		t.Errorf("nosuch is %q", name)
	}
}

// Every action must be found by its own name, by its number and by its service.
func TestActionsAreFound(t *testing.T) {
	t.Parallel()
	all := catalog.Expand("*")
	if len(all) != catalog.Count() {
		t.Fatalf("* expands to %d of %d actions", len(all), catalog.Count())
	}
	var byService []string
	for _, s := range catalog.Services() {
		byService = append(byService, catalog.Actions(s)...)
	}
	if !slices.Equal(all, byService) {
		t.Error("the actions of all services are not those of *")
	}
	for i, name := range all {
		if n, ok := catalog.Index(strings.ToUpper(name)); !ok || n != i {
			t.Fatalf("Index(%q) = %d, %v; want %d", strings.ToUpper(name), n, ok, i)
		}
		if a, ok := catalog.Lookup(name); !ok || a.String() != name {
			t.Fatalf("Lookup(%q) = %v, %v", name, a, ok)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b string) int {
		return strings.Compare(strings.Replace(strings.ToLower(a), ":", "\x00", 1), strings.Replace(strings.ToLower(b), ":", "\x00", 1))
	}) {
		t.Error("* is not sorted by service and name")
	}
}

// AWS's managed policies are a second source of the names of actions: nearly
// all that they name without wildcards must be in the catalogue.
func TestManagedPoliciesNameKnownActions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, arn := range catalog.ManagedPolicies() {
		doc, _, _, ok := catalog.ManagedPolicy(arn)
		if !ok {
			t.Fatalf("%s is not found", arn)
		}
		var policy struct {
			Statement json.RawMessage
		}
		if err := json.Unmarshal(doc, &policy); err != nil {
			t.Fatalf("%s: %v", arn, err)
		}
		type statement struct{ Action, NotAction any }
		var statements []statement
		if err := json.Unmarshal(policy.Statement, &statements); err != nil {
			var one statement
			if err := json.Unmarshal(policy.Statement, &one); err != nil {
				t.Fatalf("%s: %v", arn, err)
			}
			statements = []statement{one}
		}
		for _, s := range statements {
			for _, v := range []any{s.Action, s.NotAction} {
				list, ok := v.([]any)
				if !ok {
					list = []any{v}
				}
				for _, a := range list {
					if text, ok := a.(string); ok && !strings.ContainsAny(text, "*?") {
						seen[strings.ToLower(text)] = true
					}
				}
			}
		}
	}
	var unknown []string
	for a := range seen {
		if _, ok := catalog.Lookup(a); !ok {
			unknown = append(unknown, a)
		}
	}
	slices.Sort(unknown)
	t.Logf("%d of %d actions that managed policies name are not in the catalogue", len(unknown), len(seen))
	if len(seen) < 8_000 || len(unknown)*20 > len(seen) {
		t.Errorf("%d of %d are unknown, more than 1 in 20: %.1000q", len(unknown), len(seen), unknown)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, ok := catalog.Lookup("s3:GetObject"); !ok {
				t.Error("s3:GetObject is not found")
			}
			if _, ok := catalog.ConditionKey("aws:PrincipalTag/team"); !ok {
				t.Error("aws:PrincipalTag/team is not found")
			}
			if len(catalog.TypesOf("arn:aws:s3:::bucket")) == 0 {
				t.Error("a bucket has no type")
			}
			if _, ok := catalog.ManagedPolicyByName("AdministratorAccess"); !ok {
				t.Error("AdministratorAccess is not found")
			}
		})
	}
	group.Wait()
}

// What is returned belongs to the caller: changing it must not change the
// catalogue.
func TestResultsAreCopies(t *testing.T) {
	t.Parallel()
	read := func() catalog.Action {
		a, _ := catalog.Lookup("codepipeline:CreatePipeline")
		return a
	}
	a := read()
	a.ConditionKeys[0] = "spoilt"
	a.ResourceTypes[0].ARNs[0] = "spoilt"
	b := read()
	if b.ConditionKeys[0] == "spoilt" || b.ResourceTypes[0].ARNs[0] == "spoilt" {
		t.Error("the catalogue can be changed through a result")
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	// The version of the source ends in its date and a counter.
	date := strings.ReplaceAll(catalog.Released(), "-", "")
	if !strings.Contains(catalog.Version(), "."+date) {
		t.Errorf("version %s does not name the date %s", catalog.Version(), catalog.Released())
	}
}
