package cfn_test

import (
	"fmt"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

func ExampleParse() {
	_, err := cfn.Parse("pipeline.yaml", []byte("Resources:\n\tPipeline:\n"))
	fmt.Println(err)
	t, err := cfn.Parse("pipeline.yaml", []byte(`
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: one
      TopicName: two
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Resources[0].LogicalID, "on line", t.Resources[0].Pos.Line)
	fmt.Println(t.Problems[0].Message)
	// Output:
	// pipeline.yaml:2: is not valid YAML: found character that cannot start any token
	// Topic on line 3
	// key TopicName stands twice, on lines 6 and 7; the last one counts
}

func ExampleTemplate_Resolve() {
	t, err := cfn.Parse("role.yaml", []byte(`
Parameters:
  ToolsAccount: {Type: String, AllowedPattern: "[0-9]{12}"}
  Key: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "deployer-${AWS::Region}"
      Trusted: !Sub "arn:aws:iam::${ToolsAccount}:root"
      KeyPath: !Sub "key/${Key}"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	s := t.Resolve(cfn.Env{
		AccountID: "111122223333", Region: "eu-west-1", StackName: "roles",
		Parameters: map[string]*policy.Node{"ToolsAccount": {Kind: policy.String, Text: "12345678901"}},
	})
	role := s.Resources[0]
	fmt.Println(role.ARN)
	fmt.Println(role.Props.Get("Trusted").Text)
	fmt.Println(role.Props.Get("KeyPath").HasHole(), role.Props.Get("KeyPath").Reason)
	fmt.Println(s.Problems[0].Message)
	fmt.Println(s.Unknowns[0].What)
	// Output:
	// arn:aws:iam::111122223333:role/deployer-eu-west-1
	// arn:aws:iam::12345678901:root
	// true parameter Key has no value
	// Parameter 'ToolsAccount' must match pattern [0-9]{12}
	// parameter Key
}

func ExampleTemplate_Assignments() {
	t, err := cfn.Parse("env.yaml", []byte(`
Parameters:
  Stage: {Type: String}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Test: !Equals [!Ref Stage, test]
Resources:
  Gate: {Type: AWS::SNS::Topic, Condition: Prod}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	assignments, complete := t.Assignments(cfn.Env{}, 16)
	for _, a := range assignments {
		s := t.Resolve(cfn.Env{Conditions: a})
		fmt.Println(a, len(s.Resources))
	}
	fmt.Println(complete)
	// Output:
	// map[Prod:true Test:false] 1
	// map[Prod:false Test:true] 0
	// map[Prod:false Test:false] 0
	// true
}

func ExampleTemplate_Dependencies() {
	t, err := cfn.Parse("order.yaml", []byte(`
Resources:
  Pipeline: {Type: AWS::CodePipeline::Pipeline, Properties: {RoleArn: !GetAtt Role.Arn}, DependsOn: Policy}
  Policy: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role]}}
  Role: {Type: AWS::IAM::Role}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Dependencies(nil).Order)
	// Output: [Role Policy Pipeline]
}

func ExampleSniff() {
	fmt.Println(cfn.Sniff([]byte("Resources: {Topic: {Type: AWS::SNS::Topic}}")))
	fmt.Println(cfn.Sniff([]byte("version: 0.2\nphases: {}")))
	// Output:
	// true
	// false
}
