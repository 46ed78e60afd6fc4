package estate_test

import (
	"fmt"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// A Builder joins what templates write apart: here a role and its policy.
func ExampleBuilder() {
	properties, err := policy.ParseNode("roles.json", []byte(`{
		"PolicyName": "push", "Roles": ["developer"],
		"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "codecommit:GitPush", "Resource": "*"}}}`))
	if err != nil {
		panic(err)
	}
	trust, err := policy.ParseNode("roles.json", []byte(`{"RoleName": "developer", "AssumeRolePolicyDocument": {"Statement": []}}`))
	if err != nil {
		panic(err)
	}
	b := estate.NewBuilder()
	b.Account(estate.Account{Name: "tools", ID: "111111111111"})
	b.Add(estate.Declaration{Type: "AWS::IAM::Policy", LogicalID: "Push", Account: "111111111111", Props: properties})
	b.Add(estate.Declaration{Type: "AWS::IAM::Role", LogicalID: "Developer", Account: "111111111111", Props: trust})
	e := b.Build()

	d, err := e.May("arn:aws:iam::111111111111:role/developer", "codecommit:GitPush", "arn:aws:codecommit:us-east-1:111111111111:shop", nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Outcome)
	for _, r := range d.Reasons {
		fmt.Printf("%s by %s, %s:%d\n", r.Effect, r.Policy, r.Pos.File, r.Pos.Line)
	}
	// Output:
	// allow
	// Allow by push, roles.json:3
}
