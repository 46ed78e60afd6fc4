package cfn

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// Template is a template as it was written. It is read-only and may be shared.
type Template struct {
	File string
	// Root is the whole document, with short tags spelt out: !Ref X is the map
	// {"Ref": "X"}. Repeated keys are kept.
	Root        *policy.Node
	Description string
	// Transforms are the macros named by the Transform section, in order.
	Transforms []Transform
	Parameters []Parameter
	Mappings   *policy.Node // nil where there are none
	Conditions []ConditionDeclaration
	Resources  []ResourceDeclaration // in source order
	Outputs    []OutputDeclaration
	// Rules are the names of the rules, which are not evaluated: what they would
	// refuse counts as possible.
	Rules []string
	// Globals (AWS SAM) and Metadata are nil where there are none.
	Globals  *policy.Node
	Metadata *policy.Node
	Comments []Comment
	// Problems are what the reading of the template came upon; Resolve adds its own.
	Problems []Problem

	parameter, condition, resource map[string]int
	repeated                       map[*policy.Node]bool
}

// The macros that are told apart. Any other one is unknown: it may change
// anything in the template.
const (
	TransformServerless         = "AWS::Serverless-2016-10-31"
	TransformLanguageExtensions = "AWS::LanguageExtensions"
)

// Transform is a macro that the service runs over the template.
type Transform struct {
	Name string // empty where it could not be read
	Node *policy.Node
	Pos  policy.Pos
}

// ConditionDeclaration is one member of the Conditions section.
type ConditionDeclaration struct {
	Name string
	Node *policy.Node
	Pos  policy.Pos // of the name
}

// ResourceDeclaration is one member of the Resources section, as written.
type ResourceDeclaration struct {
	LogicalID string
	Type      string // empty where it is missing
	Node      *policy.Node
	DependsOn []string
	Condition string     // empty where it has none
	Pos       policy.Pos // of the logical id
	// EndLine is the last line on which one of its values begins.
	EndLine int
}

// OutputDeclaration is one member of the Outputs section, as written.
type OutputDeclaration struct {
	Name      string
	Node      *policy.Node
	Condition string
	Pos       policy.Pos
}

// Resource returns the declaration of a resource, or nil.
func (t *Template) Resource(logicalID string) *ResourceDeclaration {
	if i, ok := t.resource[logicalID]; ok {
		return &t.Resources[i]
	}
	return nil
}

// Parameter returns the declaration of a parameter, or nil.
func (t *Template) Parameter(name string) *Parameter {
	if i, ok := t.parameter[name]; ok {
		return &t.Parameters[i]
	}
	return nil
}

// HasTransform reports whether the Transform section names a macro.
func (t *Template) HasTransform(name string) bool {
	return slices.ContainsFunc(t.Transforms, func(tr Transform) bool { return tr.Name == name })
}

// ResourceAt returns the resource whose declaration a line belongs to, or nil.
func (t *Template) ResourceAt(line int) *ResourceDeclaration {
	var best *ResourceDeclaration
	for i := range t.Resources {
		r := &t.Resources[i]
		if r.Pos.Line <= line && line <= r.EndLine && (best == nil || r.Pos.Line > best.Pos.Line) {
			best = r
		}
	}
	return best
}

var sections = []string{
	"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings",
	"Conditions", "Transform", "Resources", "Outputs", "Globals", "Hooks",
}

func newTemplate(file string, tr *tree) *Template {
	t := &Template{
		File: file, Root: tr.root, Problems: tr.problems, repeated: tr.repeated,
		parameter: map[string]int{}, condition: map[string]int{}, resource: map[string]int{},
	}
	for _, e := range tr.root.Entries {
		if slices.Contains(sections, e.Key) || strings.HasPrefix(e.Key, "Fn::") {
			continue
		}
		t.problem(e.KeyPos, nearest(e.Key, sections), "%s is not a section of a template", e.Key)
	}
	t.Description, _ = tr.root.Get("Description").Scalar()
	t.Globals = tr.root.Get("Globals")
	t.Metadata = tr.root.Get("Metadata")
	t.readTransforms()
	for _, e := range t.section("Parameters") {
		t.readParameter(e)
	}
	if t.section("Mappings") != nil {
		t.Mappings = tr.root.Get("Mappings")
	}
	for _, e := range t.section("Conditions") {
		t.condition[e.Key] = len(t.Conditions)
		t.Conditions = append(t.Conditions, ConditionDeclaration{Name: e.Key, Node: e.Value, Pos: e.KeyPos})
	}
	if tr.root.Get("Resources") == nil {
		t.problem(policy.Pos{File: file}, "", "the template has no Resources section")
	}
	for _, e := range t.section("Resources") {
		t.readResource(e)
	}
	for _, e := range t.section("Outputs") {
		t.readOutput(e)
	}
	for _, e := range t.section("Rules") {
		t.Rules = append(t.Rules, e.Key)
	}
	for i := range t.Resources {
		if p := t.Parameter(t.Resources[i].LogicalID); p != nil {
			t.problem(t.Resources[i].Pos, "rename one of them", "%s is both a parameter and a resource", p.Name)
		}
	}
	return t
}

func (t *Template) problem(pos policy.Pos, hint, format string, args ...any) {
	t.Problems = addProblem(t.Problems, newProblem(pos, hint, format, args...))
}

// section returns the members of a section, of repeated ones the last. Members
// that are macros (Fn::Transform, Fn::ForEach) are reported by Resolve.
func (t *Template) section(name string) []policy.Entry {
	n := t.Root.Get(name)
	if n == nil || n.Kind == policy.Null {
		return nil
	}
	if n.Kind != policy.Map {
		t.problem(n.Pos, "", "the %s section has to be a map and is %s", name, kindWord(n.Kind))
		return nil
	}
	if len(n.Entries) > MaxMembers {
		t.problem(n.Pos, "", "the %s section has more than %d members; it is not read", name, MaxMembers)
		return nil
	}
	return slices.DeleteFunc(t.members(n), func(e policy.Entry) bool { return strings.HasPrefix(e.Key, "Fn::") })
}

// members returns a copy of the entries of a map that count.
func (t *Template) members(n *policy.Node) []policy.Entry {
	if !t.repeated[n] {
		return slices.Clone(n.Entries)
	}
	seen := make(map[string]bool, len(n.Entries))
	var out []policy.Entry
	for i := len(n.Entries) - 1; i >= 0; i-- {
		if e := n.Entries[i]; !seen[e.Key] {
			seen[e.Key] = true
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}

func (t *Template) readTransforms() {
	n := t.Root.Get("Transform")
	for _, item := range n.Elements() {
		tr := Transform{Node: item, Pos: item.Pos}
		switch item.Kind {
		case policy.String:
			tr.Name = item.Text
		case policy.Map: // {Name: AWS::Include, Parameters: {…}}
			tr.Name, _ = item.Get("Name").Scalar()
		}
		if tr.Name == "" {
			t.problem(item.Pos, "", "a transform has to be named by a string")
		}
		t.Transforms = append(t.Transforms, tr)
	}
}

var resourceAttributes = []string{
	"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy",
	"Metadata", "UpdatePolicy", "CreationPolicy",
}

// samAttributes are further attributes that AWS SAM gives to its resources.
var samAttributes = []string{"Connectors", "IgnoreGlobals"}

func (t *Template) readResource(e policy.Entry) {
	r := ResourceDeclaration{LogicalID: e.Key, Node: e.Value, Pos: e.KeyPos}
	r.EndLine = max(e.KeyPos.Line, lastLine(e.Value))
	if e.Value.Kind != policy.Map {
		if e.Value.Kind != policy.Null {
			t.problem(e.Value.Pos, "", "resource %s has to be a map and is %s", e.Key, kindWord(e.Value.Kind))
		}
	} else {
		typ := e.Value.Get("Type")
		if r.Type, _ = typ.Scalar(); r.Type == "" {
			t.problem(e.KeyPos, "", "resource %s has no Type", e.Key)
		}
		for _, a := range e.Value.Entries {
			if !slices.Contains(resourceAttributes, a.Key) && !slices.Contains(samAttributes, a.Key) && !strings.HasPrefix(a.Key, "Fn::") {
				t.problem(a.KeyPos, nearest(a.Key, resourceAttributes), "%s is not an attribute of a resource", a.Key)
			}
		}
		for _, d := range e.Value.Get("DependsOn").Elements() {
			if d.Kind != policy.String {
				t.problem(d.Pos, "", "DependsOn takes logical ids, and this is %s", kindWord(d.Kind))
				continue
			}
			r.DependsOn = append(r.DependsOn, d.Text)
		}
		r.Condition = t.conditionName(e.Value, e.Key)
	}
	t.resource[e.Key] = len(t.Resources)
	t.Resources = append(t.Resources, r)
}

func (t *Template) readOutput(e policy.Entry) {
	o := OutputDeclaration{Name: e.Key, Node: e.Value, Pos: e.KeyPos}
	switch {
	case e.Value.Kind != policy.Map:
		t.problem(e.Value.Pos, "", "output %s has to be a map and is %s", e.Key, kindWord(e.Value.Kind))
	default:
		if e.Value.Get("Value") == nil {
			t.problem(e.KeyPos, "", "output %s has no Value", e.Key)
		}
		o.Condition = t.conditionName(e.Value, e.Key)
	}
	t.Outputs = append(t.Outputs, o)
}

// conditionName reads the Condition attribute of a resource or an output.
func (t *Template) conditionName(n *policy.Node, of string) string {
	c := n.Get("Condition")
	if c == nil {
		return ""
	}
	if c.Kind != policy.String || c.Text == "" {
		t.problem(c.Pos, "", "the Condition of %s has to be the name of a condition", of)
		return unreadableCondition
	}
	return c.Text
}

// unreadableCondition stands for the name of a condition that is not a string;
// no condition has it, so what hangs on it stays open.
const unreadableCondition = "?"

func lastLine(n *policy.Node) int {
	last := n.Pos.Line
	for _, item := range n.Items {
		last = max(last, lastLine(item))
	}
	for i := range n.Entries {
		last = max(last, n.Entries[i].KeyPos.Line, lastLine(n.Entries[i].Value))
	}
	return last
}
