package cfn

import "github.com/twokey/twokey/iam/policy"

// Problem is something wrong with a template that did not stop the reading of it.
type Problem struct {
	Message string
	Hint    string
	Pos     policy.Pos
}

// Env is what a template is resolved against. What it leaves out stays unknown.
type Env struct {
	AccountID, Region, Partition, URLSuffix string // Partition "aws" and URLSuffix "amazonaws.com" where empty
	StackName, StackID                      string
	// Parameters given to the stack; a list parameter is comma-delimited, as in
	// CloudFormation. A value that is not known is a Node of kind Unknown.
	Parameters map[string]*policy.Node
	// Conditions forces the value of named conditions, for exploring each
	// reachable assignment of those that the parameters leave open.
	Conditions map[string]bool
	// Import answers Fn::ImportValue; nil means that nothing is exported.
	Import func(name string) (*policy.Node, bool)
	// Physical answers Ref and Fn::GetAtt for a resource that really exists (the
	// sandbox); nil, or ok false, means that stand-ins are synthesised.
	Physical func(logicalID, attribute string) (*policy.Node, bool)
}

// Stack is a template resolved against an Env.
type Stack struct {
	Resources []Resource // in source order; those whose condition is false left out
	Outputs   []Output
	// Conditions are the values of the template's conditions that could be
	// decided; Open lists the names of those that could not.
	Conditions map[string]bool
	Open       []string
	Problems   []Problem
	// Unknowns are the values that could not be resolved, once each.
	Unknowns []Unknown
}

// Unknown is a value that could not be resolved.
type Unknown struct {
	What string // "parameter CMKARN", "Fn::ImportValue prod-key"
	Why  string
	Pos  policy.Pos
}

// Resource is one resolved resource.
type Resource struct {
	LogicalID string
	Type      string
	// Props is the Properties map, resolved; members that came to AWS::NoValue
	// are left out.
	Props *policy.Node
	// Attrs holds the other attributes (DeletionPolicy, UpdateReplacePolicy,
	// Metadata, UpdatePolicy), resolved; DependsOn is listed apart.
	Attrs     *policy.Node
	DependsOn []string
	// Condition is the name of the resource's condition; Maybe is true where
	// that condition could not be decided.
	Condition string
	Maybe     bool
	// Ref and ARN are what Ref and the ARN attribute come to. Generated is true
	// where the name is a stand-in for one that CloudFormation makes up.
	Ref       *policy.Node
	ARN       string
	Generated bool
	Pos       policy.Pos
}

// Output is one resolved output.
type Output struct {
	Name   string
	Value  *policy.Node
	Export *policy.Node // nil where it is not exported
	Maybe  bool
	Pos    policy.Pos
}
