package iam_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

func TestNewRequestErrors(t *testing.T) {
	t.Parallel()
	who := mustPrincipal(t, "arn:aws:iam::111122223333:user/alice")
	for _, test := range []struct {
		name string
		r    iam.Request
		want string
	}{
		{"no principal", iam.Request{Action: "s3:GetObject", Resource: "*"}, "needs a principal"},
		{"principal with a hole", iam.Request{Principal: iam.Principal{ARN: "arn:aws:iam::1:user/" + policy.Hole}, Action: "s3:GetObject", Resource: "*"}, "not known in full"},
		{"odd account", iam.Request{Principal: iam.Principal{ARN: "x", Account: "1"}, Action: "s3:GetObject", Resource: "*"}, "no account id"},
		{"no action", iam.Request{Principal: who, Resource: "*"}, "must be one action"},
		{"action without service", iam.Request{Principal: who, Action: "GetObject", Resource: "*"}, "must be one action"},
		{"action with wildcard", iam.Request{Principal: who, Action: "s3:Get*", Resource: "*"}, "must be one action"},
		{"action with space", iam.Request{Principal: who, Action: "s3:GetObject ", Resource: "*"}, "must be one action"},
		{"two colons", iam.Request{Principal: who, Action: "s3:Get:Object", Resource: "*"}, "must be one action"},
		{"no resource", iam.Request{Principal: who, Action: "s3:GetObject"}, "resource: arn"},
		{"short resource", iam.Request{Principal: who, Action: "s3:GetObject", Resource: "arn:aws:s3"}, "3 of 6 fields"},
	} {
		if _, err := iam.NewRequest(test.r); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestHoleIsOne(t *testing.T) {
	t.Parallel()
	if policy.Hole != arn.Hole {
		t.Error("arn and policy do not agree on what a hole is")
	}
}

func TestWildcardOnlyHook(t *testing.T) {
	t.Parallel()
	p := &iam.Policies{Identity: iam.Compile("p", iam.SideIdentity, mustDoc(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:codepipeline:*:*:prod"}}`))}
	for only, want := range map[bool]iam.Outcome{true: iam.ImplicitDeny, false: iam.Allow} {
		r := mustRequest(t, iam.Request{
			Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice"), Action: "codepipeline:PutJobSuccessResult",
			Resource: "arn:aws:codepipeline:eu-west-1:111122223333:prod", WildcardOnly: func(string) bool { return only },
		})
		if got := iam.Decide(r, p); got != want {
			t.Errorf("only star %t: %s, want %s", only, got, want)
		}
	}
}

func TestNilPolicies(t *testing.T) {
	t.Parallel()
	r := mustRequest(t, iam.Request{Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice"), Action: "s3:GetObject", Resource: "*"})
	if got := iam.Decide(r, nil); got != iam.ImplicitDeny {
		t.Errorf("no policies: %s", got)
	}
	if got := iam.All(); got.Outcome != iam.ImplicitDeny {
		t.Errorf("no questions: %s", got.Outcome)
	}
	if got := iam.DecideAll(); got != iam.ImplicitDeny {
		t.Errorf("no questions: %s", got)
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	r, p := realistic(t)
	if iam.Decide(r, p) != iam.Allow {
		t.Fatal("not allowed")
	}
	if n := testing.AllocsPerRun(200, func() { iam.Decide(r, p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	variables := &iam.Policies{
		Identity: iam.Compile("p", iam.SideIdentity, mustDoc(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*${aws:username}/*","Condition":{"StringLike":{"aws:username":"${aws:PrincipalTag/n}?"}}}}`)),
		Resource: iam.Compile("r", iam.SideResource, mustDoc(t, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/alice","111122223333"]},"Action":"*","Resource":"*"}}`)),
	}
	q := mustRequest(t, iam.Request{
		Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice"), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/alice/k", ResourceAccount: "111122223333",
		Context: iam.NewContext().Set("aws:username", "alice").Set("aws:PrincipalTag/n", "alic"),
	})
	if iam.Decide(q, variables) != iam.Allow {
		t.Fatal("not allowed")
	}
	if n := testing.AllocsPerRun(200, func() { iam.Decide(q, variables) }); n != 0 {
		t.Errorf("with variables: %v allocations", n)
	}
}

// TestDerivedContext: the keys that follow from the principal are there without
// being given, and give way to what the request says.
func TestDerivedContext(t *testing.T) {
	t.Parallel()
	p := &iam.Policies{Identity: iam.Compile("p", iam.SideIdentity, mustDoc(t,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ci/deploy"},"StringEquals":{"aws:PrincipalAccount":"111122223333","aws:PrincipalType":"AssumedRole"},"Null":{"aws:username":"true"}}}}`))}
	session := mustPrincipal(t, "arn:aws:sts::111122223333:assumed-role/deploy/run")
	withPath := session
	withPath.RoleARN = "arn:aws:iam::111122223333:role/ci/deploy"
	for _, test := range []struct {
		name string
		who  iam.Principal
		ctx  *iam.Context
		want iam.Outcome
	}{
		{"role known", withPath, nil, iam.Allow},
		{"role's path not known", session, nil, iam.If},
		{"request says otherwise", withPath, iam.NewContext().Set("aws:PrincipalArn", "arn:aws:iam::111122223333:role/x"), iam.ImplicitDeny},
		{"open context does not hide it", withPath, iam.NewContext().UnknownUnlessSet(true), iam.Allow},
	} {
		r := mustRequest(t, iam.Request{Principal: test.who, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: "111122223333", Context: test.ctx})
		if got := iam.Decide(r, p); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestUnknownPolicies: what could not be read may allow and may deny anything.
func TestUnknownPolicies(t *testing.T) {
	t.Parallel()
	lost := func(side iam.Side) *iam.Set {
		return iam.NewSet(side, iam.NamedDoc{Name: "lost", Unknown: "not in the snapshot"})
	}
	allow := iam.Compile("all", iam.SideIdentity, mustDoc(t, `{"Statement":`+all+`}`))
	r := mustRequest(t, iam.Request{Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice"), Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: "111122223333"})
	for name, p := range map[string]*iam.Policies{
		"identity": {Identity: lost(iam.SideIdentity)}, "boundary": {Identity: allow, Boundary: lost(iam.SideBoundary)},
		"session": {Identity: allow, Session: lost(iam.SideSession)}, "scp": {Identity: allow, SCPs: []*iam.Set{lost(iam.SideSCP)}},
		"rcp": {Identity: allow, RCPs: []*iam.Set{lost(iam.SideRCP)}}, "resource": {Identity: allow, Resource: lost(iam.SideResource)},
		"resource alone": {Resource: lost(iam.SideResource)},
	} {
		d := iam.Explain(r, p)
		if d.Outcome != iam.If {
			t.Errorf("%s: %s, want if", name, d.Outcome)
			continue
		}
		if len(d.Residual) == 0 || d.Residual[0].Why != "not in the snapshot" {
			t.Errorf("%s: residuals %+v", name, d.Residual)
		}
	}
}

// TestPartlyUnknown: an unresolved element leaves its neighbours certain.
func TestPartlyUnknown(t *testing.T) {
	t.Parallel()
	str := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s} }
	unknown := &policy.Node{Kind: policy.Unknown, Reason: "parameter X has no value"}
	list := func(items ...*policy.Node) *policy.Node { return &policy.Node{Kind: policy.List, Items: items} }
	statement := func(effect string, action, resource *policy.Node) *policy.Document {
		return policy.FromNode(&policy.Node{Kind: policy.Map, Entries: []policy.Entry{{Key: "Statement", Value: &policy.Node{Kind: policy.Map, Entries: []policy.Entry{
			{Key: "Effect", Value: str(effect)}, {Key: "Action", Value: action}, {Key: "Resource", Value: resource},
		}}}}})
	}
	ask := func(action, resource string, docs ...*policy.Document) iam.Decision {
		var named []iam.NamedDoc
		for _, d := range docs {
			named = append(named, iam.NamedDoc{Doc: d})
		}
		r := mustRequest(t, iam.Request{Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice"), Action: action, Resource: resource, ResourceAccount: "111122223333"})
		return iam.Explain(r, &iam.Policies{Identity: iam.NewSet(iam.SideIdentity, named...)})
	}
	star := str("*")
	allAllowed := mustDoc(t, `{"Statement":`+all+`}`)
	const object = "arn:aws:s3:::b/k"
	for _, test := range []struct {
		name     string
		got      iam.Decision
		want     iam.Outcome
		residual string
	}{
		{"known action of a list", ask("s3:GetObject", object, statement("Allow", list(str("s3:*"), unknown), star)), iam.Allow, ""},
		{"unknown action of a list", ask("ec2:RunInstances", "*", statement("Allow", list(str("s3:*"), unknown), star)), iam.If, unknown.Reason},
		{"known action of a Deny", ask("s3:GetObject", object, allAllowed, statement("Deny", list(str("s3:*"), unknown), star)), iam.ExplicitDeny, ""},
		{"unknown action of a Deny", ask("ec2:RunInstances", "*", allAllowed, statement("Deny", list(str("s3:*"), unknown), star)), iam.If, unknown.Reason},
		{"hole in an action", ask("s3:GetObject", object, statement("Allow", str("s3:"+policy.Hole), star)), iam.If, "not resolved"},
		{"hole in an action of another service", ask("s3:GetObject", object, statement("Allow", str("ec2:"+policy.Hole), star)), iam.ImplicitDeny, ""},
		{"reference to a whole ARN", ask("s3:GetObject", object, statement("Allow", str("s3:*"), str(policy.Hole+"/*"))), iam.If, "the resource in the policy is not resolved"},
		{"reference to a whole ARN, other end", ask("s3:GetObject", object, statement("Allow", str("s3:*"), str(policy.Hole+"/x"))), iam.ImplicitDeny, ""},
		{"unresolved account", ask("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", statement("Allow", str("sqs:*"), str("arn:aws:sqs:eu-west-1:"+policy.Hole+":q"))), iam.If, "the resource in the policy is not resolved"},
		{"unresolved name in the request", ask("s3:GetObject", "arn:aws:s3:::"+policy.Hole+"/k", statement("Allow", str("s3:*"), str("arn:aws:s3:::b/*"))), iam.If, "the resource of the request is not known in full"},
		{"unresolved name, covered", ask("s3:GetObject", "arn:aws:s3:::"+policy.Hole+"/k", statement("Allow", str("s3:*"), str("arn:aws:s3:::*"))), iam.Allow, ""},
		{"nothing known of the resource", ask("s3:GetObject", policy.Hole, statement("Allow", str("s3:*"), str("arn:aws:s3:::b/*"))), iam.If, "the resource of the request is not known in full"},
		{"unknown resource may be star", ask("s3:ListAllMyBuckets", "*", statement("Allow", str("s3:*"), unknown)), iam.If, unknown.Reason},
	} {
		if test.got.Outcome != test.want {
			t.Errorf("%s: %s, want %s", test.name, test.got.Outcome, test.want)
		}
		if test.residual != "" && (len(test.got.Residual) == 0 || test.got.Residual[0].Why != test.residual) {
			t.Errorf("%s: residuals %+v, want %q first", test.name, test.got.Residual, test.residual)
		}
	}
}

// TestExplanation looks at one decision in full.
func TestExplanation(t *testing.T) {
	t.Parallel()
	identity := mustDoc(t, "{\"Version\":\"2012-10-17\",\"Statement\":[\n{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Action\":\"sts:*\",\"Resource\":\"*\"},\n{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"false\"}}}]}")
	trust := mustDoc(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}`)
	p := &iam.Policies{Identity: iam.Compile("dev-policy", iam.SideIdentity, identity), Boundary: iam.NewSet(iam.SideBoundary), Resource: iam.Compile("prod", iam.SideTrust, trust)}
	r := mustRequest(t, iam.Request{
		Principal: mustPrincipal(t, "arn:aws:iam::111122223333:role/dev"), Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/prod",
		Context: iam.NewContext().MarkUnknown("aws:MultiFactorAuthPresent"),
	})
	want := iam.Decision{
		Outcome: iam.ImplicitDeny,
		Reasons: []iam.Reason{
			{Side: iam.SideIdentity, Effect: "Deny", Policy: "dev-policy", Statement: 1, Pos: policy.Pos{File: "test", Line: 3, Column: 1}},
			{Side: iam.SideIdentity, Effect: "Allow", Policy: "dev-policy", Sid: "A", Pos: policy.Pos{File: "test", Line: 2, Column: 1}, Certain: true},
			{Side: iam.SideTrust, Effect: "Allow", Policy: "prod", Certain: true, Note: "names the account: delegates to its IAM policies"},
		},
		Missing: []iam.Missing{{Side: iam.SideBoundary, Account: "111122223333", Note: "no statement of the permissions boundary allows sts:AssumeRole on arn:aws:iam::111122223333:role/prod"}},
	}
	trustPos := cmpopts.IgnoreFields(iam.Reason{}, "Pos")
	got := iam.Explain(r, p)
	if diff := cmp.Diff(want, got, trustPos); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i := range 2 {
		if got.Reasons[i].Pos != want.Reasons[i].Pos {
			t.Errorf("reason %d stands at %v, want %v", i, got.Reasons[i].Pos, want.Reasons[i].Pos)
		}
	}
	p.Boundary = nil
	got = iam.Explain(r, p)
	residual := []iam.Residual{{Key: "aws:multifactorauthpresent", Operator: "Bool", Values: []string{"false"}, Pos: policy.Pos{File: "test", Line: 3, Column: 67}}}
	if diff := cmp.Diff(residual, got.Residual); got.Outcome != iam.If || diff != "" {
		t.Errorf("%s (-want +got):\n%s", got.Outcome, diff)
	}
}

func TestWhoCanKeepsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	ix := iam.NewIndex([]iam.IndexedPrincipal{{Principal: iam.Principal{ARN: "arn:aws:iam::" + policy.Hole + ":role/x"}}, {Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/alice")}})
	got, err := ix.WhoCan(iam.Target{Action: "s3:ListAllMyBuckets", Resource: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]iam.Access{{Principal: 0, Outcome: iam.If}}, got); diff != "" || ix.Len() != 2 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := ix.WhoCan(iam.Target{Action: "s3:*", Resource: "*"}); err == nil {
		t.Error("no error for an action with a wildcard")
	}
	if got, err := ix.WhoCanAll(); err != nil || got != nil {
		t.Errorf("no targets: %v %v", got, err)
	}
}
