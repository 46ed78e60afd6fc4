package policy_test

import (
	"fmt"

	"github.com/twokey/twokey/iam/policy"
)

func ExampleParse() {
	d, err := policy.Parse("policy.json", []byte(`{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}, "Bool": {"aws:ViaAWSService": "false"}}}
}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range d.Problems {
		fmt.Printf("%s:%d:%d: %s\n", p.Pos.File, p.Pos.Line, p.Pos.Column, p.Message)
	}
	fmt.Println(d.Statements[0].Broken)
	// Output:
	// policy.json:4:61: Bool stands twice in Condition
	// Bool stands twice in Condition
}

func ExampleParseNode() {
	_, err := policy.ParseNode("policy.json", []byte("{\"a\": 1,\n}"))
	fmt.Println(err)
	// Output: policy.json:2:1: expected a key in quotation marks, found '}'
}

func ExampleFromNode() {
	// A template left one action unresolved: that action is unknown, not the list.
	str := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s} }
	d := policy.FromNode(&policy.Node{Kind: policy.Map, Entries: []policy.Entry{
		{Key: "Statement", Value: &policy.Node{Kind: policy.Map, Entries: []policy.Entry{
			{Key: "Effect", Value: str("Allow")},
			{Key: "Action", Value: &policy.Node{Kind: policy.List, Items: []*policy.Node{
				str("s3:GetObject"), {Kind: policy.Unknown, Reason: "parameter Action has no value"},
			}}},
			{Key: "Resource", Value: str("*")},
		}}},
	}})
	for _, a := range d.Statements[0].Actions {
		fmt.Printf("%q known=%t\n", a.Value, a.Reason == "")
	}
	// Output:
	// "s3:GetObject" known=true
	// "\x00" known=false
}
