package cloudformation

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

const (
	stackType       = "AWS::CloudFormation::Stack"
	applicationType = "AWS::Serverless::Application"
	maxNesting      = 10
	outputsPrefix   = "Outputs."
)

// resolveNested resolves the stacks nested in u whose templates are local, and u
// again with their outputs, until nothing changes: one nested stack may take the
// outputs of another.
func (l *loader) resolveNested(u *unit, env cfn.Env, exports map[string]export) {
	var outputs map[string]*policy.Node
	env.Physical = func(logicalID, attribute string) (*policy.Node, bool) {
		v, ok := outputs[logicalID+"."+attribute]
		return v, ok
	}
	for range maxNesting {
		u.children = nil
		for i := range u.stack.Resources {
			if c := l.nested(u, &u.stack.Resources[i]); c != nil {
				l.resolveUnit(c, exports)
				u.children = append(u.children, c)
			}
		}
		if len(u.children) == 0 {
			return
		}
		now := map[string]*policy.Node{}
		for _, c := range u.children {
			for _, o := range c.stack.Outputs {
				now[c.logical+"."+outputsPrefix+o.Name] = o.Value
			}
		}
		same := len(now) == len(outputs)
		for k, v := range now {
			same = same && equalNode(v, outputs[k])
		}
		if same {
			return
		}
		outputs = now
		u.stack = u.template.Resolve(env)
	}
}

// nested returns the stack that a resource nests, or nil where it is none, or
// its template is not a local file that can be read.
func (l *loader) nested(u *unit, r *cfn.Resource) *unit {
	path := l.nestedPath(u.path, r.Type, r.Props, r.Attrs)
	if path == "" {
		return nil
	}
	depth := 0
	for p := u; p != nil; p = p.parent {
		if depth++; depth > maxNesting || realPath(p.path) == realPath(path) {
			l.b.Problem(estate.Problem{Message: "template " + l.relative(path) + " is nested in itself", Pos: r.Pos})
			return nil
		}
	}
	t, err := l.template(path)
	if err != nil {
		l.unreadable(path, err)
		return nil
	}
	c := &unit{
		name: u.name + "-" + r.LogicalID, account: u.account, accountName: u.accountName, region: u.region, regionAssumed: u.regionAssumed,
		template: t, path: path, values: map[string]*policy.Node{}, pos: r.Pos, parent: u, logical: r.LogicalID,
	}
	if ref, ok := r.Ref.Scalar(); ok {
		if a, err := arn.Parse(ref); err == nil {
			if name, _, ok := strings.Cut(strings.TrimPrefix(a.Resource, "stack/"), "/"); ok {
				c.name = name
			}
		}
	}
	parameters := r.Props.Get("Parameters")
	if parameters.IsUnknown() || r.Props.IsUnknown() {
		for _, p := range t.Parameters {
			c.values[p.Name] = &policy.Node{Kind: policy.Unknown, Reason: "the parameters of nested stack " + c.name + " could not be resolved", Pos: r.Pos}
		}
		return c
	}
	if parameters != nil {
		for _, e := range parameters.Entries {
			c.values[e.Key] = e.Value
		}
	}
	return c
}

// nestedPath returns the local file of a nested template, or "".
func (l *loader) nestedPath(parent, kind string, props, attrs *policy.Node) string {
	key := "TemplateURL"
	switch kind {
	case stackType:
	case applicationType:
		key = "Location"
	default:
		return ""
	}
	// The CDK's command line says where in cdk.out a nested template lies; without
	// it, the name under which the template is uploaded does.
	if text, ok := attrs.Path("Metadata", "aws:asset:path").Scalar(); ok && !strings.Contains(text, policy.Hole) {
		return filepath.Join(filepath.Dir(parent), filepath.FromSlash(text))
	}
	text, ok := props.Get(key).Scalar()
	if path := l.assets[text[strings.LastIndexByte(text, '/')+1:]]; path != "" {
		return path
	}
	if !ok || text == "" || strings.Contains(text, policy.Hole) || strings.Contains(text, "://") {
		return ""
	}
	path := filepath.FromSlash(text)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(parent), path)
	}
	return path
}

// withoutNested leaves out templates that others nest: they are resolved with
// their parents' parameters.
func (l *loader) withoutNested(list []found) []found {
	var nested []string
	for _, f := range list {
		for _, r := range f.template.Resources {
			if path := l.nestedPath(f.path, r.Type, r.Node.Get("Properties"), r.Node); path != "" && realPath(path) != realPath(f.path) {
				nested = append(nested, realPath(path))
			}
		}
	}
	if len(nested) == 0 {
		return list
	}
	out := slices.DeleteFunc(slices.Clone(list), func(f found) bool { return slices.Contains(nested, realPath(f.path)) })
	if len(out) == 0 {
		return list
	}
	return out
}
