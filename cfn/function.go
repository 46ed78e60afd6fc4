package cfn

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// call evaluates an intrinsic function written at pos.
func (r *resolver) call(fn string, arg *policy.Node, pos policy.Pos) *policy.Node {
	switch fn {
	case "Ref":
		if arg.Kind != policy.String || arg.Text == "" {
			return r.malformed(pos, fn, "takes the name of a parameter or a resource")
		}
		return r.ref(arg.Text, pos)
	case "Fn::GetAtt":
		return r.fnGetAtt(arg, pos)
	case "Fn::Sub":
		return r.fnSub(arg, pos)
	case "Fn::Join":
		return r.fnJoin(arg, pos)
	case "Fn::Split":
		return r.fnSplit(arg, pos)
	case "Fn::Select":
		return r.fnSelect(arg, pos)
	case "Fn::If":
		return r.fnIf(arg, pos)
	case "Fn::FindInMap":
		return r.fnFindInMap(arg, pos)
	case "Fn::ImportValue":
		return r.fnImportValue(arg, pos)
	case "Fn::Base64":
		return r.fnBase64(arg, pos)
	case "Fn::Cidr":
		return r.fnCidr(arg, pos)
	case "Fn::GetAZs":
		r.resolve(arg)
		return r.vaguely(r.unknown(pos, "Fn::GetAZs", "which availability zones an account has is not in a template"))
	case "Fn::Length":
		return r.fnLength(arg, pos)
	case "Fn::ToJsonString":
		return r.fnToJSONString(arg, pos)
	case "Fn::Transform":
		return r.transform(arg, pos)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		return r.malformed(pos, fn, "belongs into the Conditions section; here a value is needed")
	}
	if strings.HasPrefix(fn, "Fn::ForEach") {
		return r.unknown(pos, fn, "loops are not expanded")
	}
	r.problem(pos, r.nearest(fn, functionNames), "%s is not a function that is known", fn)
	return r.unknown(pos, fn, "it is not a function that is known")
}

var functionNames = []string{
	"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Split", "Fn::Select", "Fn::If", "Fn::FindInMap",
	"Fn::ImportValue", "Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::Length", "Fn::ToJsonString", "Fn::Transform",
}

// vaguely marks an unknown that may stand for any number of list members.
func (r *resolver) vaguely(n *policy.Node) *policy.Node {
	r.vague[n] = true
	return n
}

// ref is Ref: a pseudo parameter, a parameter or a resource.
func (r *resolver) ref(name string, pos policy.Pos) *policy.Node {
	if strings.HasPrefix(name, "AWS::") {
		return r.pseudo(name, pos)
	}
	if p, ok := r.parameters[name]; ok {
		return r.parameterRef(name, p, pos)
	}
	if d := r.t.Resource(name); d != nil {
		if n := r.unusable(d, pos); n != nil {
			return n
		}
		return r.attribute(d, refAttribute, pos)
	}
	if n := r.samRef(name, refAttribute, pos); n != nil {
		return n
	}
	return r.unresolved(name, pos)
}

func (r *resolver) parameterRef(name string, p parameterValue, pos policy.Pos) *policy.Node {
	switch p.node.Kind {
	case policy.Unknown:
		r.record(r.t.Parameter(name).Pos, "parameter "+name, p.why)
		n := &policy.Node{Kind: policy.Unknown, Reason: p.node.Reason, Pos: pos}
		if r.t.Parameter(name).List() {
			r.vague[n] = true
		}
		return n
	case policy.List:
		n := *p.node
		n.Pos = pos
		return &n
	}
	n := *p.node
	n.Pos = pos
	return r.dynamic(&n)
}

// unresolved reports a name that stands for nothing.
func (r *resolver) unresolved(name string, pos policy.Pos) *policy.Node {
	if r.names == nil {
		r.names = r.t.logicalIDs()
		for i := range r.t.Parameters {
			r.names = append(r.names, r.t.Parameters[i].Name)
		}
	}
	r.problem(pos, r.nearest(name, r.names), "Unresolved resource dependencies [%s] in the %s block of the template", name, r.block)
	return r.wrong(pos, name+" is neither a parameter nor a resource of the template")
}

// unusable returns what stands for a resource that may not be referred to here,
// or nil.
func (r *resolver) unusable(d *ResourceDeclaration, pos policy.Pos) *policy.Node {
	if r.block == "Conditions" {
		r.problem(pos, "", "Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", d.LogicalID)
		return r.wrong(pos, "a condition cannot refer to resource "+d.LogicalID)
	}
	if d.Condition != "" && r.condition(d.Condition, d.Pos).value == no {
		r.problem(pos, "guard it with Fn::If on "+d.Condition, "Unresolved resource dependencies [%s] in the %s block of the template: its condition %s is false", d.LogicalID, r.block, d.Condition)
		return r.wrong(pos, "resource "+d.LogicalID+" is not made, as condition "+d.Condition+" is false")
	}
	return nil
}

func (r *resolver) fnGetAtt(arg *policy.Node, pos policy.Pos) *policy.Node {
	id, attribute, ok := getAttArgs(arg)
	if ok && attribute == nil {
		return r.getAtt(id, arg.Text[len(id)+1:], pos)
	}
	if !ok {
		return r.malformed(pos, "Fn::GetAtt", "takes a logical id and the name of an attribute")
	}
	name := r.resolve(attribute)
	text, ok := name.Scalar()
	switch {
	case name.IsUnknown():
		return r.wrong(pos, "the name of the attribute is not known: "+name.Reason)
	case !ok:
		return r.malformed(pos, "Fn::GetAtt", "takes a logical id and the name of an attribute")
	case strings.Contains(text, policy.Hole):
		return r.wrong(pos, "the name of the attribute is not known: "+name.Reason)
	}
	return r.getAtt(id, text, pos)
}

// getAttArgs reads both spellings of GetAtt: "Id.Attribute", for which attribute
// is nil, and [Id, Attribute].
func getAttArgs(arg *policy.Node) (id string, attribute *policy.Node, ok bool) {
	switch {
	case arg.Kind == policy.String:
		id, rest, ok := strings.Cut(arg.Text, ".")
		return id, nil, ok && id != "" && rest != ""
	case arg.Kind == policy.List && len(arg.Items) == 2 && arg.Items[0].Kind == policy.String:
		return arg.Items[0].Text, arg.Items[1], true
	}
	return "", nil, false
}

func (r *resolver) getAtt(id, attribute string, pos policy.Pos) *policy.Node {
	if d := r.t.Resource(id); d != nil {
		if n := r.unusable(d, pos); n != nil {
			return n
		}
		return r.attribute(d, attribute, pos)
	}
	if n := r.samRef(id, attribute, pos); n != nil {
		return n
	}
	return r.unresolved(id, pos)
}

// list resolves an argument that has to come to a list; where it does not, what
// stands for the result is returned instead.
func (r *resolver) list(n *policy.Node, fn string) (list, instead *policy.Node) {
	v := r.resolve(n)
	switch {
	case v.Kind == policy.List:
		return v, nil
	case v.IsUnknown():
		return nil, v
	}
	return nil, r.malformed(n.Pos, fn, "needs a list and has "+kindWord(v.Kind))
}

func (r *resolver) fnJoin(arg *policy.Node, pos policy.Pos) *policy.Node {
	if arg.Kind != policy.List || len(arg.Items) != 2 {
		return r.malformed(pos, "Fn::Join", "takes a delimiter and a list")
	}
	sep := r.resolve(arg.Items[0])
	delimiter, ok := sep.Scalar()
	if sep.IsUnknown() || strings.Contains(delimiter, policy.Hole) {
		return r.wrong(pos, "the delimiter is not known: "+sep.Reason)
	}
	if !ok {
		return r.malformed(pos, "Fn::Join", "takes a delimiter that is a string")
	}
	list, instead := r.list(arg.Items[1], "Fn::Join")
	if instead != nil {
		return &policy.Node{Kind: policy.String, Text: policy.Hole, Reason: instead.Reason, Pos: pos}
	}
	var b strings.Builder
	reason, pending := "", false // pending: a delimiter is due before the next item
	for _, item := range list.Items {
		text, ok := item.Scalar()
		switch {
		case r.vague[item]:
			// It may come to no item or several, so the delimiters around it are as
			// open as it is.
			text, pending = policy.Hole, false
		case item.IsUnknown():
			text = policy.Hole
		case !ok:
			return r.malformed(item.Pos, "Fn::Join", "joins strings, and this is "+kindWord(item.Kind))
		}
		if pending {
			b.WriteString(delimiter)
		}
		b.WriteString(text)
		reason = joinReasons(reason, item.Reason)
		pending = !r.vague[item]
	}
	return r.composed(b.String(), reason, pos)
}

func (r *resolver) fnSplit(arg *policy.Node, pos policy.Pos) *policy.Node {
	if arg.Kind != policy.List || len(arg.Items) != 2 {
		return r.malformed(pos, "Fn::Split", "takes a delimiter and a string")
	}
	delimiter, ok := arg.Items[0].Scalar()
	if !ok || delimiter == "" {
		return r.malformed(pos, "Fn::Split", "takes a delimiter that is a string and not empty")
	}
	source := r.resolve(arg.Items[1])
	if source.IsUnknown() {
		return r.vaguely(r.wrong(pos, source.Reason))
	}
	text, ok := source.Scalar()
	if !ok {
		return r.malformed(pos, "Fn::Split", "splits a string, and this is "+kindWord(source.Kind))
	}
	return r.split(text, source.Reason, delimiter, pos)
}

// split splits a text. What its first hole is in, and all behind it, comes to an
// unknown number of members, at least one.
func (r *resolver) split(text, reason, delimiter string, pos policy.Pos) *policy.Node {
	n := &policy.Node{Kind: policy.List, Pos: pos}
	for _, part := range strings.Split(text, delimiter) {
		if strings.Contains(part, policy.Hole) {
			n.Items = append(n.Items, r.vaguely(r.wrong(pos, reason)))
			break
		}
		n.Items = append(n.Items, &policy.Node{Kind: policy.String, Text: part, Pos: pos})
	}
	return n
}

func (r *resolver) fnSelect(arg *policy.Node, pos policy.Pos) *policy.Node {
	if arg.Kind != policy.List || len(arg.Items) != 2 {
		return r.malformed(pos, "Fn::Select", "takes an index and a list")
	}
	index := r.resolve(arg.Items[0])
	text, ok := index.Scalar()
	if index.IsUnknown() || strings.Contains(text, policy.Hole) {
		return r.wrong(pos, "the index is not known: "+index.Reason)
	}
	i, err := strconv.Atoi(strings.TrimSpace(text))
	if !ok || err != nil || i < 0 {
		return r.malformed(pos, "Fn::Select", "takes an index that is a number from 0")
	}
	list, instead := r.list(arg.Items[1], "Fn::Select")
	if instead != nil {
		return r.wrong(pos, instead.Reason)
	}
	for k, item := range list.Items {
		if r.vague[item] {
			return r.wrong(pos, item.Reason)
		}
		if k == i {
			return item
		}
	}
	return r.malformed(pos, "Fn::Select", "cannot select nonexistent value at index "+strconv.Itoa(i))
}

func (r *resolver) fnFindInMap(arg *policy.Node, pos policy.Pos) *policy.Node {
	if arg.Kind != policy.List || len(arg.Items) < 3 || len(arg.Items) > 4 {
		return r.malformed(pos, "Fn::FindInMap", "takes the name of a map and two keys")
	}
	at, path := r.t.Mappings, ""
	for i, item := range arg.Items[:3] {
		key := r.resolve(item)
		text, ok := key.Scalar()
		switch {
		case key.IsUnknown(), strings.Contains(text, policy.Hole):
			return r.wrong(pos, "a key of Fn::FindInMap is not known: "+key.Reason)
		case !ok:
			return r.malformed(pos, "Fn::FindInMap", "takes keys that are strings")
		}
		path += "/" + text
		next := at.Get(text)
		if next == nil {
			if at.Get("Fn::Transform") != nil {
				return r.transform(at.Get("Fn::Transform"), pos)
			}
			if i > 0 || at != nil {
				if d, ok := r.mappingDefault(arg); ok {
					return d
				}
			}
			r.problem(item.Pos, r.nearest(text, keysOf(at)), "Unable to get mapping for %s", path[1:])
			return r.wrong(pos, "the Mappings have no "+path[1:])
		}
		at = next
	}
	return r.mapped(at, pos)
}

// mapped is a value of the Mappings, which is literal: a string or a list of them.
func (r *resolver) mapped(n *policy.Node, pos policy.Pos) *policy.Node {
	if n.Kind == policy.Unknown {
		return n
	}
	if _, ok := n.Scalar(); ok {
		return r.dynamic(n)
	}
	if n.Kind == policy.List {
		out := &policy.Node{Kind: policy.List, Pos: n.Pos, Items: make([]*policy.Node, len(n.Items))}
		for i, item := range n.Items {
			out.Items[i] = r.mapped(item, pos)
		}
		return out
	}
	return r.malformed(pos, "Fn::FindInMap", "has to come to a string or a list, and comes to "+kindWord(n.Kind))
}

// mappingDefault is the {DefaultValue: …} of AWS::LanguageExtensions.
func (r *resolver) mappingDefault(arg *policy.Node) (*policy.Node, bool) {
	if len(arg.Items) < 4 || !r.t.HasTransform(TransformLanguageExtensions) {
		return nil, false
	}
	d := arg.Items[3].Get("DefaultValue")
	return r.resolve(d), d != nil
}

func keysOf(n *policy.Node) []string {
	if n == nil {
		return nil
	}
	keys := make([]string, len(n.Entries))
	for i := range n.Entries {
		keys[i] = n.Entries[i].Key
	}
	return keys
}

func (r *resolver) fnImportValue(arg *policy.Node, pos policy.Pos) *policy.Node {
	name := r.resolve(arg)
	text, ok := name.Scalar()
	switch {
	case name.IsUnknown(), strings.Contains(text, policy.Hole):
		return r.unknown(pos, "Fn::ImportValue "+strings.ReplaceAll(text, policy.Hole, "…"), "the name of the export is not known: "+name.Reason)
	case !ok:
		return r.malformed(pos, "Fn::ImportValue", "takes the name of an export")
	}
	if r.env.Import != nil {
		if v, ok := r.env.Import(text); ok && v != nil {
			if v.IsUnknown() {
				return r.unknown(pos, "Fn::ImportValue "+text, "the value exported is not known: "+v.Reason)
			}
			return given(v, "a part of the export "+text, pos)
		}
	}
	return r.unknown(pos, "Fn::ImportValue "+text, "no stack that is known exports it")
}

func (r *resolver) fnBase64(arg *policy.Node, pos policy.Pos) *policy.Node {
	v := r.resolve(arg)
	text, ok := v.Scalar()
	switch {
	case v.IsUnknown(), strings.Contains(text, policy.Hole):
		return r.wrong(pos, v.Reason)
	case !ok:
		return r.malformed(pos, "Fn::Base64", "takes a string, and this is "+kindWord(v.Kind))
	}
	return r.composed(base64.StdEncoding.EncodeToString([]byte(text)), "", pos)
}

func (r *resolver) transform(arg *policy.Node, pos policy.Pos) *policy.Node {
	name, _ := arg.Get("Name").Scalar()
	if name == "" {
		name, _ = arg.Scalar()
	}
	return r.vaguely(r.unknown(pos, strings.TrimSpace("Fn::Transform "+name), "macros are not run"))
}
