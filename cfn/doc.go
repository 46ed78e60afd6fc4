// Package cfn reads CloudFormation templates: the language, not the service.
//
// [Parse] reads a template in YAML or JSON into a tree in which every value knows
// its line and column. [Template.Resolve] works the values out in an environment:
// account, region, stack name, parameters. What the environment does not say
// stays unknown, with a reason, and is listed; nothing is guessed. Open
// conditions are carried along in three-valued logic, and [Template.Assignments]
// lists the combinations of values that they can have, so that each can be
// looked at in turn. [Template.Dependencies] gives the order of deployment.
//
// # What is worked out
//
// All of Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Split, Fn::Select, Fn::If,
// Fn::FindInMap, Fn::ImportValue, Fn::Base64, Fn::Cidr, Fn::Equals, Fn::And,
// Fn::Or, Fn::Not and Condition, in short and long form; with the transform
// AWS::LanguageExtensions also Fn::Length, Fn::ToJsonString and the default value
// of Fn::FindInMap. Ref and Fn::GetAtt of a resource come to its explicit name or
// to a stand-in in the shape of the names that CloudFormation makes up; the same
// stack and logical id always give the same stand-in.
//
// # What is unknown by design
//
//   - parameters without a value, and those read from Systems Manager
//   - dynamic references ({{resolve:…}}): the value is a hole whose reason begins
//     with "dynamic reference"
//   - Fn::GetAZs, Fn::ImportValue of what is not exported, outputs of nested stacks
//   - attributes that are made up at deployment, and everything of custom
//     resources and of types that the package does not know
//   - macros: Fn::Transform, AWS::Include and templates with a Transform other than
//     AWS::LanguageExtensions and AWS::Serverless-2016-10-31
//   - Fn::ForEach, which is not expanded
//
// Resources of AWS::Serverless are kept as they are written; of what the transform
// makes only the names of the implicit roles are known. Rules are listed and not
// evaluated.
//
// An unknown value is a policy.Node of kind Unknown, or a policy.Hole in a text of
// which another part is known; both have a Reason. An Unknown in a list may stand
// for any number of members.
//
// # Where it differs from the service
//
// The package reads more than CloudFormation accepts, and reports the difference
// as a [Problem]: YAML aliases and merge keys, keys that stand twice (the last one
// counts), null values, references to nothing. Numbers and booleans compare by
// their text and account ids keep their zeros. That a property exists or has the
// right type is not checked.
//
// # Bounds
//
// Input is bounded by [MaxTemplateBytes], [MaxDepth], [MaxNodes] and [MaxMembers],
// and the work of resolving by the size of the input and of the texts composed.
// No input makes the package panic.
package cfn
