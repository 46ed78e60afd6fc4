// Package estatetest builds small estates for tests: by hand, resource by
// resource, or one of a few that have a name.
package estatetest

import (
	"fmt"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// Region is where everything lies unless it is said.
const Region = "us-east-1"

// Node reads JSON into a tree. It panics where the JSON is wrong, so it is for
// texts of a test only.
func Node(json string) *policy.Node {
	n, err := policy.ParseNode("test.json", []byte(json))
	if err != nil {
		panic(fmt.Sprintf("estatetest: %v", err))
	}
	return n
}

// Part is a part of an estate to be built.
type Part func(*estate.Builder)

// Build puts parts together.
func Build(parts ...Part) *estate.Estate {
	b := estate.NewBuilder()
	for _, p := range parts {
		p(b)
	}
	return b.Build()
}

// Account is an account of the estate.
func Account(name, id string, production bool) Part {
	return func(b *estate.Builder) { b.Account(estate.Account{Name: name, ID: id, Production: production}) }
}

// Resource is a resource in stack "main" of an account, with its properties as
// JSON in CloudFormation's shape. ref is what Ref comes to: the name for most
// types, the ARN, key id or URL for others.
func Resource(account, kind, id, ref, props string) Part {
	return func(b *estate.Builder) { b.Add(Declaration(account, kind, id, ref, props)) }
}

// Declaration is what Resource adds, for a test that changes it first.
func Declaration(account, kind, id, ref, props string) estate.Declaration {
	n := Node(props)
	return estate.Declaration{
		Type: kind, LogicalID: id, Stack: "main", Account: account, Region: Region, Ref: ref, Props: n,
		Pos: policy.Pos{File: id + ".json", Line: 1, Column: 1},
	}
}

// Role is a role with one inline policy of one statement. trust is the Principal
// of its trust policy, statement the statement, both as JSON; an empty statement
// makes a role without policies.
func Role(account, name, trust, statement string) Part {
	policies := "[]"
	if statement != "" {
		policies = fmt.Sprintf(`[{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": %s}}]`, statement)
	}
	return Resource(account, "AWS::IAM::Role", name, name, fmt.Sprintf(`{
		"RoleName": %q,
		"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": %s, "Action": "sts:AssumeRole"}},
		"Policies": %s}`, name, trust, policies))
}

// User is a user with one inline policy of one statement, as JSON; an empty
// statement makes a user without policies.
func User(account, name, statement string) Part {
	policies := "[]"
	if statement != "" {
		policies = fmt.Sprintf(`[{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": %s}}]`, statement)
	}
	return Resource(account, "AWS::IAM::User", name, name, fmt.Sprintf(`{"UserName": %q, "Policies": %s}`, name, policies))
}
