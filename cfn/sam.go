package cfn

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// samRole returns the function or state machine for which AWS SAM makes a role
// of the given logical id, or nil.
func (t *Template) samRole(logicalID string) *ResourceDeclaration {
	owner, ok := strings.CutSuffix(logicalID, "Role")
	if !ok || !t.HasTransform(TransformServerless) {
		return nil
	}
	d := t.Resource(owner)
	if d == nil || d.Type != "AWS::Serverless::Function" && d.Type != "AWS::Serverless::StateMachine" {
		return nil
	}
	if d.Node.Path("Properties", "Role") != nil {
		return nil
	}
	if d.Type == "AWS::Serverless::Function" && t.Globals.Path("Function", "Role") != nil {
		return nil
	}
	return d
}

// samRef is Ref or an attribute of a resource that AWS SAM makes, or nil where
// the name is not one of its. Of these only the roles are known.
func (r *resolver) samRef(name, attribute string, pos policy.Pos) *policy.Node {
	if r.block == "Conditions" {
		return nil
	}
	if d := r.t.samRole(name); d != nil {
		if n := r.unusable(d, pos); n != nil {
			return n
		}
		role := &ResourceDeclaration{
			LogicalID: name, Type: "AWS::IAM::Role", Pos: d.Pos,
			Node: &policy.Node{Kind: policy.Map, Pos: d.Pos, Entries: []policy.Entry{{
				Key: "Properties", KeyPos: d.Pos, Value: samRoleProperties(d),
			}}},
		}
		return r.attribute(role, attribute, pos)
	}
	if !r.impliedBySAM(name) {
		return nil
	}
	return r.unknown(pos, name, "it is made by the transform "+TransformServerless)
}

// samRoleProperties are those properties of an implicit role that its ARN shows.
func samRoleProperties(d *ResourceDeclaration) *policy.Node {
	n := &policy.Node{Kind: policy.Map, Pos: d.Pos}
	if path := d.Node.Path("Properties", "RolePath"); path != nil {
		n.Entries = append(n.Entries, policy.Entry{Key: "Path", KeyPos: path.Pos, Value: path})
	}
	return n
}

// samImplicit are logical ids that the transform makes up itself, and those of
// its resources begin with.
var samImplicit = []string{"ServerlessRestApi", "ServerlessHttpApi", "ServerlessDeploymentApplication", "CodeDeployServiceRole"}

// impliedBySAM reports whether the transform may make a resource of that name:
// it builds its logical ids from those of its resources ("FunctionVersion…",
// "ApiStage"), which may also be named with a dot ("Function.Version").
func (r *resolver) impliedBySAM(name string) bool {
	if !r.t.HasTransform(TransformServerless) {
		return false
	}
	for _, prefix := range samImplicit {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for i := range r.t.Resources {
		d := &r.t.Resources[i]
		if strings.HasPrefix(d.Type, "AWS::Serverless::") && strings.HasPrefix(name, d.LogicalID) && name != d.LogicalID {
			return true
		}
	}
	return false
}
