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
	AccountID, Region string
	// Partition and URLSuffix, where empty, are those of the Region: "aws" and
	// "amazonaws.com" unless it is one of China, GovCloud or an isolated partition.
	Partition, URLSuffix string
	StackName, StackID   string
	// NotificationARNs are the topics of AWS::NotificationARNs; nil is unknown,
	// empty is none.
	NotificationARNs []string
	// Parameters given to the stack; a list parameter is comma-delimited, as in
	// CloudFormation, or a List. A value that is not known is a Node of kind Unknown.
	Parameters map[string]*policy.Node
	// Conditions forces the value of named conditions, for exploring each
	// reachable assignment of those that the parameters leave open.
	Conditions map[string]bool
	// Import answers Fn::ImportValue; nil means that nothing is exported.
	Import func(name string) (*policy.Node, bool)
	// SSM answers for the value of a plain-text Systems Manager parameter, named
	// with its version where the template gives one ("name:3"); nil means that
	// none is known. Secrets are never asked for.
	SSM func(name string) (*policy.Node, bool)
	// Physical answers Ref (attribute "Ref") and Fn::GetAtt for a resource that
	// really exists (the sandbox); nil, or ok false, means that stand-ins are
	// synthesised.
	Physical func(logicalID, attribute string) (*policy.Node, bool)
}

// Stack is a template resolved against an Env. It is read-only; its methods may
// not be called concurrently.
type Stack struct {
	Resources []Resource // in source order; those whose condition is false left out
	Outputs   []Output
	// Conditions are the values of the template's conditions that could be
	// decided; Open lists the names of those that could not, in source order.
	Conditions map[string]bool
	Open       []string
	// Problems are those of the template and those of resolving it, by place.
	Problems []Problem
	// Unknowns are the values that could not be resolved, once each, by place.
	Unknowns []Unknown

	resolver *resolver
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
	// are left out. It is an empty Map where the resource has none, and Unknown
	// where a macro or an open condition decides them all.
	//
	// An Unknown member of a List in it may stand for no element or several.
	Props *policy.Node
	// Attrs holds the other attributes (DeletionPolicy, UpdateReplacePolicy,
	// Metadata, UpdatePolicy, CreationPolicy), resolved; DependsOn is listed apart.
	Attrs     *policy.Node
	DependsOn []string
	// Condition is the name of the resource's condition; Maybe is true where
	// that condition could not be decided.
	Condition string
	Maybe     bool
	// Ref and ARN are what Ref and the ARN attribute come to; ARN is empty for a
	// resource that has none or whose type is not known, and may hold Holes.
	// Generated is true where the name is a stand-in for one that CloudFormation
	// makes up.
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
