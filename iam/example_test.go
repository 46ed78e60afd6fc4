package iam_test

import (
	"fmt"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

func doc(text string) *policy.Document {
	d, err := policy.Parse("policy.json", []byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

func ask(principal, action, resource string, ctx *iam.Context) *iam.Request {
	p, err := iam.ParsePrincipal(principal)
	if err != nil {
		panic(err)
	}
	r, err := iam.NewRequest(iam.Request{
		Principal: p, Action: action, Resource: resource, ResourceAccount: "111122223333", Context: ctx,
	})
	if err != nil {
		panic(err)
	}
	return r
}

const approver = `{"Version":"2012-10-17","Statement":[
 {"Sid":"Approve","Effect":"Allow","Action":"codepipeline:PutApprovalResult","Resource":"arn:aws:codepipeline:*:*:prod/*"},
 {"Sid":"OnlyWithMFA","Effect":"Deny","Action":"codepipeline:PutApprovalResult","Resource":"*",
  "Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`

const gate = "arn:aws:codepipeline:eu-west-1:111122223333:prod/Gate/Approve"

func ExampleDecide() {
	p := &iam.Policies{Identity: iam.Compile("approver", iam.SideIdentity, doc(approver))}
	for _, mfa := range []string{"true", "false"} {
		ctx := iam.NewContext().Set("aws:MultiFactorAuthPresent", mfa)
		r := ask("arn:aws:iam::111122223333:user/alice", "codepipeline:PutApprovalResult", gate, ctx)
		fmt.Println(mfa, iam.Decide(r, p))
	}
	// Output:
	// true allow
	// false explicit-deny
}

func ExampleExplain() {
	p := &iam.Policies{Identity: iam.Compile("approver", iam.SideIdentity, doc(approver))}
	ctx := iam.NewContext().UnknownUnlessSet(true)
	d := iam.Explain(ask("arn:aws:iam::111122223333:user/alice", "codepipeline:PutApprovalResult", gate, ctx), p)
	fmt.Println(d.Outcome)
	for _, r := range d.Reasons {
		fmt.Println(r.Effect, r.Sid, "certain:", r.Certain)
	}
	for _, r := range d.Residual {
		fmt.Println(r.Operator, r.Key, r.Values, "wanted:", r.Wanted)
	}
	// Output:
	// if
	// Deny OnlyWithMFA certain: false
	// Allow Approve certain: true
	// BoolIfExists aws:multifactorauthpresent [false] wanted: false
}

func ExampleAll() {
	trust := iam.Compile("trust", iam.SideTrust, doc(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}`))
	own := iam.Compile("own", iam.SideIdentity, doc(`{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}`))
	p := &iam.Policies{Identity: own, Resource: trust}
	const caller, role = "arn:aws:sts::111122223333:assumed-role/ci/run", "arn:aws:iam::111122223333:role/deploy"
	d := iam.All(
		iam.Question{Request: ask(caller, "sts:AssumeRole", role, nil), Policies: p},
		iam.Question{Request: ask(caller, "sts:TagSession", role, nil), Policies: p},
	)
	fmt.Println(d.Outcome)
	for _, m := range d.Missing {
		fmt.Println(m.Side, m.Note)
	}
	// Output:
	// implicit-deny
	// trust no statement of the resource's policy allows sts:TagSession on arn:aws:iam::111122223333:role/deploy to arn:aws:sts::111122223333:assumed-role/ci/run or its account
}

func ExampleDecideAll() {
	p := &iam.Policies{Identity: iam.Compile("approver", iam.SideIdentity, doc(approver))}
	ctx := iam.NewContext().Set("aws:MultiFactorAuthPresent", "true")
	fmt.Println(iam.DecideAll(
		iam.Question{Request: ask("arn:aws:iam::111122223333:user/alice", "codepipeline:PutApprovalResult", gate, ctx), Policies: p},
		iam.Question{Request: ask("arn:aws:iam::111122223333:user/alice", "codepipeline:RetryStageExecution", gate, ctx), Policies: p},
	))
	// Output: implicit-deny
}

func ExampleParsePrincipal() {
	p, err := iam.ParsePrincipal("arn:aws:sts::111122223333:assumed-role/deploy/alice@example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Account, p.Name, p.Session)
	// Output: 111122223333 deploy alice@example.com
}

func ExamplePrincipalContext() {
	p, err := iam.ParsePrincipal("arn:aws:iam::111122223333:user/ops/alice")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := iam.PrincipalContext(p).Set("aws:PrincipalTag/team", "payments")
	for _, key := range []string{"aws:username", "aws:PrincipalTag/Team"} {
		_, values := ctx.Lookup(key)
		fmt.Println(key, values)
	}
	// Output:
	// aws:username [alice]
	// aws:PrincipalTag/Team [payments]
}

func ExampleNewSet() {
	s := iam.NewSet(iam.SideIdentity,
		iam.NamedDoc{Name: "approver", Doc: doc(approver)},
		iam.NamedDoc{Name: "arn:aws:iam::111122223333:policy/lost", Unknown: "not in the snapshot"},
	)
	r := ask("arn:aws:iam::111122223333:user/alice", "s3:GetObject", "arn:aws:s3:::b/k", nil)
	fmt.Println(s.Len(), iam.Decide(r, &iam.Policies{Identity: s}))
	// Output: 3 if
}

func ExampleNewRCPLevel() {
	level := iam.NewRCPLevel(iam.NamedDoc{Name: "perimeter", Doc: doc(`{"Version":"2012-10-17","Statement":{
	 "Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}}`)})
	own := iam.Compile("own", iam.SideIdentity, doc(`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`))
	p := &iam.Policies{Identity: own, RCPs: []*iam.Set{level}}
	for _, org := range []string{"o-1", "o-2"} {
		ctx := iam.NewContext().Set("aws:PrincipalOrgID", org)
		fmt.Println(org, iam.Decide(ask("arn:aws:iam::111122223333:user/alice", "s3:GetObject", "arn:aws:s3:::b/k", ctx), p))
	}
	// Output:
	// o-1 allow
	// o-2 explicit-deny
}

func ExampleIndex_WhoCan() {
	people := []string{"alice", "bob", "carol"}
	var principals []iam.IndexedPrincipal
	for _, name := range people {
		p, err := iam.ParsePrincipal("arn:aws:iam::111122223333:user/" + name)
		if err != nil {
			fmt.Println(err)
			return
		}
		principals = append(principals, iam.IndexedPrincipal{Principal: p})
	}
	principals[1].Identity = iam.Compile("approver", iam.SideIdentity, doc(approver))
	found, err := iam.NewIndex(principals).WhoCan(iam.Target{
		Action: "codepipeline:PutApprovalResult", Resource: gate,
		Context: iam.NewContext().MarkUnknown("aws:MultiFactorAuthPresent"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range found {
		fmt.Println(people[a.Principal], a.Outcome)
	}
	// Output: bob if
}
