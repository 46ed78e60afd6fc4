package cfn

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twokey/twokey/iam/policy"
)

// Parameter is the declaration of a template parameter. That a value of one of
// the AWS-specific types (AWS::EC2::VPC::Id, …) exists in the account is not
// checked.
type Parameter struct {
	Name           string
	Type           string
	Description    string
	Default        *policy.Node // nil where there is none
	NoEcho         bool
	AllowedValues  []string
	AllowedPattern string
	// Constraint is the ConstraintDescription.
	Constraint string
	// The limits are empty where there are none.
	MinLength, MaxLength, MinValue, MaxValue string
	Pos                                      policy.Pos

	pattern *regexp.Regexp
}

var parameterAttributes = []string{
	"Type", "Default", "Description", "NoEcho", "AllowedValues", "AllowedPattern",
	"ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue",
}

// parameterType is the shape of a parameter's type. The AWS-specific types are
// strings; which of them exist is CloudFormation's to know.
var parameterType = regexp.MustCompile(`^(String|Number|CommaDelimitedList|List<(String|Number|AWS::[A-Za-z0-9:]+)>|AWS::SSM::Parameter::Value<(String|CommaDelimitedList|List<(String|AWS::[A-Za-z0-9:]+)>|AWS::[A-Za-z0-9:]+)>|AWS::[A-Za-z0-9:]+)$`)

const ssmValue = "AWS::SSM::Parameter::Value<"

// List reports whether the value is a list.
func (p *Parameter) List() bool {
	typ := strings.TrimPrefix(p.Type, ssmValue)
	return strings.HasPrefix(typ, "List<") || strings.HasPrefix(typ, "CommaDelimitedList")
}

// FromSSM reports whether the value is read from a parameter of Systems Manager
// whose name is what the stack is given.
func (p *Parameter) FromSSM() bool { return strings.HasPrefix(p.Type, ssmValue) }

func (t *Template) readParameter(e policy.Entry) {
	p := Parameter{Name: e.Key, Pos: e.KeyPos}
	if e.Value.Kind != policy.Map {
		t.problem(e.Value.Pos, "", "parameter %s has to be a map and is %s", e.Key, kindWord(e.Value.Kind))
	}
	for _, a := range e.Value.Entries {
		if !slices.Contains(parameterAttributes, a.Key) {
			t.problem(a.KeyPos, nearest(a.Key, parameterAttributes), "%s is not an attribute of a parameter", a.Key)
		}
	}
	text := func(key string) string {
		n := e.Value.Get(key)
		s, ok := n.Scalar()
		if n != nil && !ok && n.Kind != policy.Null {
			t.problem(n.Pos, "", "%s of parameter %s has to be a string and is %s", key, p.Name, kindWord(n.Kind))
		}
		return s
	}
	p.Type = text("Type")
	switch {
	case p.Type == "":
		t.problem(p.Pos, "", "parameter %s has no Type", p.Name)
	case !parameterType.MatchString(p.Type):
		t.problem(e.Value.Get("Type").Pos, nearest(p.Type, []string{"String", "Number", "CommaDelimitedList", "List<Number>", "List<String>"}), "Unrecognized parameter type: %s", p.Type)
	}
	p.Description = text("Description")
	p.Default = e.Value.Get("Default")
	p.NoEcho = strings.EqualFold(text("NoEcho"), "true")
	p.Constraint = text("ConstraintDescription")
	p.MinLength, p.MaxLength = text("MinLength"), text("MaxLength")
	p.MinValue, p.MaxValue = text("MinValue"), text("MaxValue")
	for _, v := range e.Value.Get("AllowedValues").Elements() {
		s, ok := v.Scalar()
		if !ok {
			t.problem(v.Pos, "", "an allowed value of parameter %s has to be a string and is %s", p.Name, kindWord(v.Kind))
			continue
		}
		p.AllowedValues = append(p.AllowedValues, s)
	}
	if p.AllowedPattern = text("AllowedPattern"); p.AllowedPattern != "" {
		var err error
		// CloudFormation matches the whole value.
		if p.pattern, err = regexp.Compile(`^(?:` + p.AllowedPattern + `)$`); err != nil {
			t.problem(e.Value.Get("AllowedPattern").Pos, "", "the AllowedPattern of parameter %s is not one that can be checked here", p.Name)
		}
	}
	t.parameter[p.Name] = len(t.Parameters)
	t.Parameters = append(t.Parameters, p)
}

// Check returns what CloudFormation would say of a value for the parameter, or
// "". A list is given comma-delimited.
func (p *Parameter) Check(value string) string {
	if p.FromSSM() {
		return ""
	}
	values := []string{value}
	if p.List() {
		values = splitList(value)
	}
	for _, v := range values {
		if msg := p.checkOne(v); msg != "" {
			return msg
		}
	}
	return ""
}

func (p *Parameter) checkOne(v string) string {
	if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, v) {
		return p.violation("must be one of AllowedValues")
	}
	if p.Type == "Number" || p.Type == "List<Number>" {
		return p.checkNumber(v)
	}
	if p.pattern != nil && !p.pattern.MatchString(v) {
		return p.violation("must match pattern " + p.AllowedPattern)
	}
	length := utf8.RuneCountInString(v)
	if limit, err := strconv.Atoi(p.MinLength); err == nil && length < limit {
		return p.violation(fmt.Sprintf("must contain at least %d characters", limit))
	}
	if limit, err := strconv.Atoi(p.MaxLength); err == nil && length > limit {
		return p.violation(fmt.Sprintf("must contain at most %d characters", limit))
	}
	return ""
}

var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

func (p *Parameter) checkNumber(v string) string {
	v = strings.TrimSpace(v)
	if !decimal.MatchString(v) {
		return fmt.Sprintf("Parameter '%s' must be a number", p.Name)
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return fmt.Sprintf("Parameter '%s' must be a number", p.Name)
	}
	if p.pattern != nil && !p.pattern.MatchString(v) {
		return p.violation("must match pattern " + p.AllowedPattern)
	}
	if limit, err := strconv.ParseFloat(p.MinValue, 64); err == nil && f < limit {
		return p.violation("must be a number not less than " + p.MinValue)
	}
	if limit, err := strconv.ParseFloat(p.MaxValue, 64); err == nil && f > limit {
		return p.violation("must be a number not greater than " + p.MaxValue)
	}
	return ""
}

// violation words a failed constraint; the author's own words replace the usual ones.
func (p *Parameter) violation(usual string) string {
	if p.Constraint != "" {
		return fmt.Sprintf("Parameter '%s' failed to satisfy constraint: %s", p.Name, p.Constraint)
	}
	return fmt.Sprintf("Parameter '%s' %s", p.Name, usual)
}

// splitList splits a comma-delimited list; the space around its members does
// not count. An empty text is a list of one empty string.
func splitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// parameterValue is what a parameter comes to in a stack.
type parameterValue struct {
	node *policy.Node // Unknown where it is not known
	why  string       // of an Unknown, for the list of unknowns
	pos  policy.Pos
}

// bindParameters works out the value of every parameter and reports what
// CloudFormation would refuse.
func (r *resolver) bindParameters() {
	r.parameters = make(map[string]parameterValue, len(r.t.Parameters))
	names := make([]string, len(r.t.Parameters))
	for i := range r.t.Parameters {
		p := &r.t.Parameters[i]
		names[i] = p.Name
		if i == r.t.parameter[p.Name] {
			r.parameters[p.Name] = r.bind(p)
		}
	}
	var strangers []string
	for name := range r.env.Parameters {
		if r.t.Parameter(name) == nil {
			strangers = append(strangers, name)
		}
	}
	slices.Sort(strangers)
	for _, name := range strangers {
		pos := policy.Pos{File: r.t.File}
		if v := r.env.Parameters[name]; v != nil && v.Pos.File != "" {
			pos = v.Pos
		}
		r.problem(pos, r.nearest(name, names), "Parameters: [%s] do not exist in the template", name)
	}
}

func (r *resolver) bind(p *Parameter) parameterValue {
	unknown := func(reason, why string) parameterValue {
		return parameterValue{&policy.Node{Kind: policy.Unknown, Reason: reason}, why, p.Pos}
	}
	given, ok := r.env.Parameters[p.Name]
	if !ok || given == nil {
		given = p.Default
	}
	switch {
	case given == nil || given.Kind == policy.Null:
		if p.NoEcho {
			return unknown("parameter "+p.Name+" (NoEcho) has no value", "it has no default and no value was given")
		}
		return unknown("parameter "+p.Name+" has no value", "it has no default and no value was given")
	case given.Kind == policy.Unknown:
		why := given.Reason
		if why == "" {
			why = "its value is not known"
		}
		return unknown("parameter "+p.Name+" is not known: "+why, why)
	}
	pos := given.Pos
	if pos.Line == 0 {
		pos = p.Pos
	}
	text, reason, ok := listText(given)
	if !ok {
		r.problem(pos, "", "the value of parameter %s has to be a string and is %s", p.Name, kindWord(given.Kind))
		return unknown("parameter "+p.Name+" has no usable value", "its value is "+kindWord(given.Kind))
	}
	if reason == "" && strings.Contains(text, policy.Hole) {
		reason = "a part of parameter " + p.Name + " is not known"
	}
	if p.FromSSM() {
		return r.bindSSM(p, text, unknown)
	}
	value := &policy.Node{Kind: policy.String, Text: text, Reason: reason, Pos: pos}
	if !value.HasHole() {
		if msg := p.Check(text); msg != "" {
			r.problem(pos, "", "%s", msg)
		}
	}
	if p.List() {
		value = r.listOf(text, reason, pos)
	}
	return parameterValue{node: value, pos: pos}
}

func (r *resolver) bindSSM(p *Parameter, name string, unknown func(reason, why string) parameterValue) parameterValue {
	if r.env.SSM != nil && !strings.Contains(name, policy.Hole) {
		if v, ok := r.env.SSM(name); ok && v != nil {
			if text, reason, ok := listText(given(v, "the Systems Manager parameter "+name, p.Pos)); ok {
				if p.List() {
					return parameterValue{node: r.listOf(text, reason, p.Pos), pos: p.Pos}
				}
				return parameterValue{node: &policy.Node{Kind: policy.String, Text: text, Reason: reason, Pos: p.Pos}, pos: p.Pos}
			}
		}
	}
	why := "it is the value of the Systems Manager parameter " + name + ", read at deployment"
	return unknown("parameter "+p.Name+" is not known: "+why, why)
}

// listText is the text of a parameter's value; the members of a list are joined
// by commas.
func listText(n *policy.Node) (text, reason string, ok bool) {
	if n.Kind != policy.List {
		text, ok = n.Scalar()
		return text, n.Reason, ok
	}
	parts := make([]string, len(n.Items))
	for i, item := range n.Items {
		switch s, ok := item.Scalar(); {
		case ok:
			parts[i] = s
		case item.IsUnknown():
			parts[i] = policy.Hole
		default:
			return "", "", false
		}
		reason = joinReasons(reason, item.Reason)
	}
	return strings.Join(parts, ","), reason, true
}

// listOf makes the list that a comma-delimited text stands for. A hole may hold
// commas, so what it is in may be any number of members.
func (r *resolver) listOf(text, reason string, pos policy.Pos) *policy.Node {
	n := r.split(text, reason, ",", pos)
	for _, item := range n.Items {
		item.Text = strings.TrimSpace(item.Text)
	}
	return n
}
