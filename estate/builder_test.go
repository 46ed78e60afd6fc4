package estate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate"
	et "github.com/twokey/twokey/estate/estatetest"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

const (
	a = "111111111111"
	c = "222222222222"
)

// may asks the estate and fails the test where the question cannot be asked.
func may(t *testing.T, e *estate.Estate, principal, action, resource string) iam.Outcome {
	t.Helper()
	d, err := e.May(principal, action, resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	fast, err := e.Decide(principal, action, resource, nil)
	if err != nil || fast != d.Outcome {
		t.Errorf("Decide says %v, %v and May says %v", fast, err, d.Outcome)
	}
	return d.Outcome
}

func unknowns(e *estate.Estate) []string {
	var out []string
	for _, u := range e.Unknowns {
		out = append(out, u.What+": "+u.Why)
	}
	return out
}

func mentions(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, text) })
}

const allowPush = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "codecommit:GitPush", "Resource": "*"}}`

// Every way in which a policy gets to a principal is a way in which it may act.
func TestWaysOfAttaching(t *testing.T) {
	t.Parallel()
	const repo = "arn:aws:codecommit:us-east-1:111111111111:r"
	role := et.Role(a, "r", `{"Service": "codebuild.amazonaws.com"}`, "")
	user := et.User(a, "u", "")
	group := et.Resource(a, "AWS::IAM::Group", "G", "g", `{"GroupName": "g"}`)
	member := et.Resource(a, "AWS::IAM::UserToGroupAddition", "M", "m", `{"GroupName": "g", "Users": ["u"]}`)
	named := `"PolicyName": "p", "PolicyDocument": ` + allowPush
	managed := func(more string) et.Part {
		return et.Resource(a, "AWS::IAM::ManagedPolicy", "MP", "arn:aws:iam::111111111111:policy/team/mp",
			`{"ManagedPolicyName": "mp", "Path": "/team/", "PolicyDocument": `+allowPush+more+`}`)
	}
	const roleARN, userARN = "arn:aws:iam::111111111111:role/r", "arn:aws:iam::111111111111:user/u"
	tests := []struct {
		name, principal string
		parts           []et.Part
	}{
		{"inline of a role", roleARN, []et.Part{et.Role(a, "r", `{"Service": "x.amazonaws.com"}`, `{"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"}`)}},
		{"inline of a user", userARN, []et.Part{et.User(a, "u", `{"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"}`)}},
		{"policy naming a role", roleARN, []et.Part{et.Resource(a, "AWS::IAM::Policy", "P", "p", `{`+named+`, "Roles": ["r"]}`), role}},
		{"policy naming a user", userARN, []et.Part{user, et.Resource(a, "AWS::IAM::Policy", "P", "p", `{`+named+`, "Users": ["u"]}`)}},
		{"policy naming a group", userARN, []et.Part{user, group, member, et.Resource(a, "AWS::IAM::Policy", "P", "p", `{`+named+`, "Groups": ["g"]}`)}},
		{"role policy", roleARN, []et.Part{role, et.Resource(a, "AWS::IAM::RolePolicy", "P", "p", `{`+named+`, "RoleName": "r"}`)}},
		{"user policy", userARN, []et.Part{user, et.Resource(a, "AWS::IAM::UserPolicy", "P", "p", `{`+named+`, "UserName": "u"}`)}},
		{"group policy", userARN, []et.Part{user, group, member, et.Resource(a, "AWS::IAM::GroupPolicy", "P", "p", `{`+named+`, "GroupName": "g"}`)}},
		{"group of the user", userARN, []et.Part{
			et.Resource(a, "AWS::IAM::User", "U", "u", `{"UserName": "u", "Groups": ["g"]}`),
			et.Resource(a, "AWS::IAM::Group", "G", "g", `{"GroupName": "g", "Policies": [{`+named+`}]}`),
		}},
		{"managed policy naming a role", roleARN, []et.Part{managed(`, "Roles": ["r"]`), role}},
		{"managed policy naming a user", userARN, []et.Part{managed(`, "Users": ["u"]`), user}},
		{"managed policy naming a group", userARN, []et.Part{managed(`, "Groups": ["g"]`), user, group, member}},
		{"role naming a managed policy", roleARN, []et.Part{
			et.Resource(a, "AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/team/mp"]}`),
			managed(""),
		}},
		{"role naming a policy of AWS", roleARN, []et.Part{
			et.Resource(a, "AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AWSCodeCommitFullAccess"]}`),
		}},
		{"session of the role", "arn:aws:sts::111111111111:assumed-role/r/anything", []et.Part{managed(`, "Roles": ["r"]`), role}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := et.Build(append(tt.parts, et.Account("tools", a, false))...)
			if got := may(t, e, tt.principal, "codecommit:GitPush", repo); got != iam.Allow {
				t.Errorf("codecommit:GitPush: %v, want allow", got)
			}
			if got := may(t, e, tt.principal, "codebuild:StartBuild", "arn:aws:codebuild:us-east-1:111111111111:project/p"); got != iam.ImplicitDeny {
				t.Errorf("codebuild:StartBuild: %v, want implicit-deny", got)
			}
		})
	}
}

// What could not be read may allow; it is never taken as granting nothing.
func TestUnknownIsNotNothing(t *testing.T) {
	t.Parallel()
	const repo = "arn:aws:codecommit:us-east-1:111111111111:r"
	const roleARN, userARN = "arn:aws:iam::111111111111:role/r", "arn:aws:iam::111111111111:user/u"
	role := func(props string) et.Part {
		return et.Resource(a, "AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}`+props+`}`)
	}
	holes := func(kind, id, ref, props string) et.Part {
		return func(b *estate.Builder) {
			d := et.Declaration(a, kind, id, ref, props)
			d.Props = withHoles(d.Props)
			b.Add(d)
		}
	}
	tests := []struct {
		name, principal string
		parts           []et.Part
	}{
		{"policy of AWS that nobody knows", roleARN, []et.Part{role(`, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/NotPublishedYet"]`)}},
		{"policy of another stack", roleARN, []et.Part{role(`, "ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/elsewhere"]`)}},
		{"unresolved ARN", roleARN, []et.Part{holes("AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "ManagedPolicyArns": ["?"]}`)}},
		{"unresolved list", roleARN, []et.Part{holes("AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "ManagedPolicyArns": "!"}`)}},
		{"unresolved inline policies", roleARN, []et.Part{holes("AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "Policies": "!"}`)}},
		{"unresolved properties", roleARN, []et.Part{holes("AWS::IAM::Role", "R", "r", `"!"`)}},
		{"unresolved document", roleARN, []et.Part{holes("AWS::IAM::Role", "R", "r",
			`{"RoleName": "r", "AssumeRolePolicyDocument": {}, "Policies": [{"PolicyName": "p", "PolicyDocument": "!"}]}`)}},
		{"attached to a name that is not known", roleARN, []et.Part{
			role(""), holes("AWS::IAM::Policy", "P", "p", `{"PolicyName": "p", "Roles": ["?"], "PolicyDocument": `+allowPush+`}`)}},
		{"attached to a name that ends like it", roleARN, []et.Part{
			role(""), holes("AWS::IAM::Policy", "P", "p", `{"PolicyName": "p", "Roles": ["?r"], "PolicyDocument": `+allowPush+`}`)}},
		{"attached under an open condition", roleARN, []et.Part{role(""), func(b *estate.Builder) {
			d := et.Declaration(a, "AWS::IAM::Policy", "P", "p", `{"PolicyName": "p", "Roles": ["r"], "PolicyDocument": `+allowPush+`}`)
			d.Maybe, d.Condition = true, "Perhaps"
			b.Add(d)
		}}},
		{"group of another stack", userARN, []et.Part{et.Resource(a, "AWS::IAM::User", "U", "u", `{"UserName": "u", "Groups": ["elsewhere"]}`)}},
		{"declared twice", roleARN, []et.Part{role(""), role(`, "Policies": [{"PolicyName": "p", "PolicyDocument": ` + allowPush + `}]`)}},
		{"not in the estate", "arn:aws:iam::111111111111:role/nobody", nil},
		{"policy template of SAM", "arn:aws:iam::111111111111:role/main-FRole", []et.Part{
			et.Resource(a, "AWS::Serverless::Function", "F", "f", `{"Policies": [{"CodeCommitCrudPolicy": {"RepositoryName": "r"}}]}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := et.Build(append(tt.parts, et.Account("tools", a, false))...)
			if got := may(t, e, tt.principal, "codecommit:GitPush", repo); got != iam.If {
				t.Errorf("codecommit:GitPush: %v, want if", got)
			}
			said := len(e.Unknowns) > 0 || tt.name == "attached under an open condition" || tt.name == "declared twice" && len(e.Problems) > 0
			if tt.parts != nil && !said {
				t.Errorf("nothing is listed as unknown")
			}
		})
	}
}

// withHoles replaces, in every text, "!" by an unknown value and "?" by a hole.
func withHoles(n *policy.Node) *policy.Node {
	out := *n
	switch {
	case n.Kind == policy.String && n.Text == "!":
		return &policy.Node{Kind: policy.Unknown, Reason: "it is a test", Pos: n.Pos}
	case n.Kind == policy.String && strings.Contains(n.Text, "?"):
		out.Text, out.Reason = strings.ReplaceAll(n.Text, "?", policy.Hole), "it is a test"
	}
	out.Items, out.Entries = nil, nil
	for _, item := range n.Items {
		out.Items = append(out.Items, withHoles(item))
	}
	for _, e := range n.Entries {
		e.Value = withHoles(e.Value)
		out.Entries = append(out.Entries, e)
	}
	return &out
}

// A name that cannot be the one that is meant does not get the policy.
func TestUnknownNameThatCannotFit(t *testing.T) {
	t.Parallel()
	e := et.Build(et.Role(a, "deployer", `{"Service": "x.amazonaws.com"}`, ""), func(b *estate.Builder) {
		d := et.Declaration(a, "AWS::IAM::Policy", "P", "p", `{"PolicyName": "p", "Roles": ["?-build"], "PolicyDocument": `+allowPush+`}`)
		d.Props = withHoles(d.Props)
		b.Add(d)
	})
	if got := may(t, e, "arn:aws:iam::111111111111:role/deployer", "codecommit:GitPush", "arn:aws:codecommit:us-east-1:111111111111:r"); got != iam.ImplicitDeny {
		t.Errorf("%v, want implicit-deny", got)
	}
}

// A role whose name is not known in full can be asked about, and a policy that
// may mean it may let it in.
func TestPrincipalWithUnknownName(t *testing.T) {
	t.Parallel()
	e := et.Build(
		et.Account("tools", a, false),
		func(b *estate.Builder) {
			d := et.Declaration(a, "AWS::IAM::Role", "R", "?-deploy", `{"RoleName": "?-deploy", "AssumeRolePolicyDocument": {},
				"Policies": [{"PolicyName": "p", "PolicyDocument": `+allowPush+`}]}`)
			d.Props, d.Ref = withHoles(d.Props), policy.Hole+"-deploy"
			b.Add(d)
		},
		et.Resource(a, "AWS::S3::Bucket", "B", "b", `{"BucketName": "b"}`),
		et.Resource(a, "AWS::S3::BucketPolicy", "BP", "b", `{"Bucket": "b", "PolicyDocument": {"Version": "2012-10-17", "Statement":
			{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/prod-deploy"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}}}`),
	)
	r := e.Roles[0].ARN
	if got := may(t, e, r, "codecommit:GitPush", "arn:aws:codecommit:us-east-1:111111111111:r"); got != iam.Allow {
		t.Errorf("its own policy: %v, want allow", got)
	}
	if got := may(t, e, r, "s3:PutObject", "arn:aws:s3:::b/k"); got != iam.If {
		t.Errorf("a bucket policy that may mean it: %v, want if", got)
	}
	if got := may(t, e, r, "iam:CreateUser", "arn:aws:iam::111111111111:user/x"); got != iam.ImplicitDeny {
		t.Errorf("nothing grants it: %v, want implicit-deny", got)
	}
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	boundary := et.Resource(a, "AWS::IAM::ManagedPolicy", "B", "arn:aws:iam::111111111111:policy/b",
		`{"ManagedPolicyName": "b", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}`)
	role := func(arn string) et.Part {
		return et.Resource(a, "AWS::IAM::Role", "R", "r", `{"RoleName": "r", "AssumeRolePolicyDocument": {}, "PermissionsBoundary": "`+arn+`",
			"Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["codecommit:*", "s3:*"], "Resource": "*"}}}]}`)
	}
	const r = "arn:aws:iam::111111111111:role/r"
	known := et.Build(boundary, role("arn:aws:iam::111111111111:policy/b"))
	if got := may(t, known, r, "codecommit:GitPush", "arn:aws:codecommit:us-east-1:111111111111:r"); got != iam.ImplicitDeny {
		t.Errorf("outside of the boundary: %v, want implicit-deny", got)
	}
	if got := may(t, known, r, "s3:ListAllMyBuckets", "*"); got != iam.Allow {
		t.Errorf("inside of the boundary: %v, want allow", got)
	}
	unknown := et.Build(role("arn:aws:iam::111111111111:policy/b"))
	if got := may(t, unknown, r, "codecommit:GitPush", "arn:aws:codecommit:us-east-1:111111111111:r"); got != iam.If {
		t.Errorf("boundary that nobody knows: %v, want if", got)
	}
	if m := known.ManagedPolicies[0]; len(m.AttachedTo) != 0 {
		t.Errorf("a boundary counts as attached: %v", m.AttachedTo)
	}
}

func TestManagedPolicyAttachedTo(t *testing.T) {
	t.Parallel()
	e := et.Build(
		et.Resource(a, "AWS::IAM::ManagedPolicy", "MP", "arn:aws:iam::111111111111:policy/mp",
			`{"ManagedPolicyName": "mp", "PolicyDocument": `+allowPush+`, "Roles": ["r"], "Users": ["u"]}`),
		et.Role(a, "r", `{"Service": "x.amazonaws.com"}`, ""), et.User(a, "u", ""),
		et.Resource(a, "AWS::IAM::Group", "G", "g", `{"GroupName": "g", "ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/mp"]}`),
	)
	want := []string{"arn:aws:iam::111111111111:group/g", "arn:aws:iam::111111111111:role/r", "arn:aws:iam::111111111111:user/u"}
	if diff := cmp.Diff(want, e.ManagedPolicies[0].AttachedTo); diff != "" {
		t.Error(diff)
	}
}
