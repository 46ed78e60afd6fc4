package cfn

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// refAttribute is what Env.Physical is asked for Ref.
const refAttribute = "Ref"

// physicalType says what CloudFormation makes of a resource type: how it names
// the resource and what Ref and the attributes come to. The texts have
// placeholders; see expand.
type physicalType struct {
	// name is the property that names the resource; without it, or where it is
	// not given, id is the stand-in, by default STACK-LogicalId-RANDOM.
	name, id string
	// max is the longest name, 0 where it does not matter; lower is for names
	// that may not hold capitals; fifo is the property that asks for ".fifo".
	max   int
	lower bool
	fifo  string
	// madeUp: the ARN holds random characters whether or not a name is given.
	madeUp bool
	ref    string
	arn    string // empty for what has no ARN
	attrs  map[string]string
}

// identity is what a resource is called.
type identity struct {
	typ       *physicalType
	d         *ResourceDeclaration
	name      string // may hold holes
	reason    string // why it does
	generated bool
}

// identify works out the name of a resource; nil where its type is not known.
func (r *resolver) identify(d *ResourceDeclaration) *identity {
	typ, ok := physicalTypes[d.Type]
	if !ok {
		return nil
	}
	if id := r.identities[d.LogicalID]; id != nil {
		return id
	}
	id := &identity{typ: typ, d: d}
	given := r.property(d, typ.name)
	switch text, ok := given.Scalar(); {
	case ok && text != "":
		id.name, id.reason = text, given.Reason
	case given != nil && given.Kind != policy.Null && text == "" && !ok:
		id.name, id.reason = policy.Hole, "the name of "+d.LogicalID+" is not known: "+given.Reason
	default:
		id.generated = true
		if typ.id != "" {
			id.name, id.reason = r.expand(id, typ.id, d.Pos)
		} else {
			id.name, id.reason = r.standIn(d, typ)
		}
	}
	id.generated = id.generated || typ.madeUp
	r.identities[d.LogicalID] = id
	return id
}

// property is a property of a resource, resolved; nil where it is not given. It
// is resolved once, so that names made of each other's names do not multiply.
func (r *resolver) property(d *ResourceDeclaration, name string) *policy.Node {
	if name == "" {
		return nil
	}
	key := d.LogicalID + "." + name
	v, ok := r.properties[key]
	if !ok {
		// Until it is resolved, whoever asks for it does so in order to resolve it.
		r.properties[key] = r.wrong(d.Pos, name+" of "+d.LogicalID+" depends on itself")
		v = r.resolveProperty(d, name)
		r.properties[key] = v
	}
	return v
}

func (r *resolver) resolveProperty(d *ResourceDeclaration, name string) *policy.Node {
	props := d.Node.Get("Properties")
	if fn, _ := r.intrinsic(props); fn != nil {
		if props = r.resolve(props); props.IsUnknown() {
			return props
		}
	}
	if v := r.resolve(props.Get(name)); v != noValue {
		return v
	}
	return nil
}

// standIn is a name in the shape of those that CloudFormation makes up.
func (r *resolver) standIn(d *ResourceDeclaration, typ *physicalType) (name, reason string) {
	stack := r.env.StackName
	if stack == "" {
		stack, reason = policy.Hole, "AWS::StackName: "+noStackName
	}
	tail := ""
	if typ.fifo != "" {
		if v, _ := r.property(d, typ.fifo).Scalar(); v == "true" {
			tail = ".fifo"
		}
	}
	name = standInName(stack, d.LogicalID, r.seed(d.LogicalID), typ.max-len(tail)) + tail
	if typ.lower {
		name = strings.ToLower(name)
	}
	return name, reason
}

// standInName joins the parts of a made-up name and cuts them to fit, the random
// part excepted. A max of 0 or less is no limit.
func standInName(stack, logicalID string, seed [32]byte, max int) string {
	random := base32.StdEncoding.EncodeToString(seed[:])[:12]
	if room := max - len(random) - 2; max > 0 && len(stack)+len(logicalID) > room {
		logicalID = logicalID[:min(len(logicalID), room/2)]
		stack = stack[:min(len(stack), room-len(logicalID))]
	}
	return stack + "-" + logicalID + "-" + random
}

// seed is what the made-up parts of a resource's name come from: the same stack
// and logical id always give the same.
func (r *resolver) seed(logicalID string) [32]byte {
	stack := r.env.StackID
	if stack == "" {
		stack = strings.Join([]string{r.env.Partition, r.env.Region, r.env.AccountID, r.env.StackName}, ":")
	}
	return sha256.Sum256([]byte(stack + "\x00" + logicalID))
}

// arnOf is the ARN of a resource, empty where it has none or its type is not known.
func (r *resolver) arnOf(d *ResourceDeclaration) (arn string, generated bool) {
	if r.env.Physical != nil {
		for _, attribute := range []string{"Arn", refAttribute} {
			if v, ok := r.env.Physical(d.LogicalID, attribute); ok {
				if text, ok := v.Scalar(); ok && strings.HasPrefix(text, "arn:") {
					return text, false
				}
			}
		}
	}
	id := r.identify(d)
	if id == nil {
		return "", false
	}
	arn, _ = r.expand(id, id.typ.arn, d.Pos)
	return arn, id.generated
}

// attribute is Ref (refAttribute) or Fn::GetAtt of a resource.
func (r *resolver) attribute(d *ResourceDeclaration, attribute string, pos policy.Pos) *policy.Node {
	if r.env.Physical != nil {
		if v, ok := r.env.Physical(d.LogicalID, attribute); ok && v != nil {
			return given(v, d.LogicalID+"."+attribute, pos)
		}
	}
	what := d.LogicalID + "." + attribute
	if attribute == refAttribute {
		what = "Ref " + d.LogicalID
	}
	id := r.identify(d)
	if id == nil {
		why := "what a resource of type " + d.Type + " comes to is not known before deployment"
		if strings.HasPrefix(d.Type, "Custom::") || d.Type == "AWS::CloudFormation::CustomResource" {
			why = "what a custom resource comes to is for its provider to say"
		}
		return r.unknown(pos, what, why)
	}
	template, ok := id.typ.attrs[attribute]
	switch {
	case attribute == refAttribute:
		template, ok = id.typ.ref, id.typ.ref != ""
	}
	if !ok {
		why := "the attribute is not known before deployment"
		if strings.HasPrefix(attribute, "Outputs.") {
			why = "it is an output of another stack"
		}
		return r.unknown(pos, what, why)
	}
	text, reason := r.expand(id, template, pos)
	if text == policy.Hole {
		return r.wrong(pos, reason)
	}
	return &policy.Node{Kind: policy.String, Text: text, Reason: reason, Pos: pos}
}

// expand fills in the placeholders of a template:
//
//	{name} {arn}                  of the resource
//	{account} {region} {partition} {suffix}
//	{uuid} {hex17} {hex40} {rand6} {id6} {id7} {id10} {id16} {key16}
//	                              made up from the stack and the logical id
//	{?}                           what nobody can know before deployment: a hole
//	{path}                        the Path property of an IAM resource
//	{bus/} {bus|}                 the event bus of a rule and the separator, where it is
//	                              not the default one
//	{@Prop} {@Prop|default}       a property
//	{last@Prop} {function@Prop} {host@Prop} {trim@Prop}   a part of it: behind the
//	                              last slash, the name in a function's ARN, a URL
//	                              without its scheme, without a slash in front
func (r *resolver) expand(id *identity, template string, pos policy.Pos) (text, reason string) {
	if !strings.Contains(template, "{") {
		return template, ""
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(template, '{')
		if i < 0 {
			b.WriteString(template)
			return b.String(), reason
		}
		b.WriteString(template[:i])
		end := i + strings.IndexByte(template[i:], '}')
		value, why := r.placeholder(id, template[i+1:end], pos)
		b.WriteString(value)
		reason = joinReasons(reason, why)
		template = template[end+1:]
	}
}

func (r *resolver) placeholder(id *identity, key string, pos policy.Pos) (value, reason string) {
	environment := func(value, name, why string) (string, string) {
		if value == "" {
			r.record(pos, name, why)
			return policy.Hole, name + ": " + why
		}
		return value, ""
	}
	switch key {
	case "name":
		if id.generated && strings.Contains(id.name, policy.Hole) && r.env.StackName == "" {
			r.record(pos, "AWS::StackName", noStackName)
		}
		return id.name, id.reason
	case "arn":
		return r.expand(id, id.typ.arn, pos)
	case "account":
		return environment(r.env.AccountID, "AWS::AccountId", noAccount)
	case "region":
		return environment(r.env.Region, "AWS::Region", noRegion)
	case "partition":
		return r.env.Partition, ""
	case "suffix":
		return r.env.URLSuffix, ""
	case "?":
		return policy.Hole, "a part of " + id.d.LogicalID + " is made up at deployment"
	case "path":
		return r.part(id, "Path", "/", func(s string) string { return s })
	case "bus/", "bus|":
		return r.part(id, "EventBusName", "", func(s string) string {
			if s = afterLast(s, "/"); s == "default" || s == "" {
				return ""
			}
			return s + key[3:]
		})
	}
	if how, prop, ok := strings.Cut(key, "@"); ok {
		prop, otherwise, _ := strings.Cut(prop, "|")
		return r.part(id, prop, otherwise, propertyParts[how])
	}
	seed := r.seed(id.d.LogicalID)
	return madeUp(key, seed), ""
}

var propertyParts = map[string]func(string) string{
	"":     func(s string) string { return s },
	"last": func(s string) string { return afterLast(s, "/") },
	"trim": func(s string) string { return strings.TrimPrefix(s, "/") },
	"host": func(s string) string { return strings.TrimPrefix(s, "https://") },
	"function": func(s string) string {
		if _, rest, ok := strings.Cut(s, ":function:"); ok {
			s = rest
		}
		name, _, _ := strings.Cut(s, ":")
		return name
	},
}

func afterLast(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }

// part is a property, or what it says of something.
func (r *resolver) part(id *identity, prop, otherwise string, of func(string) string) (value, reason string) {
	v := r.property(id.d, prop)
	text, ok := v.Scalar()
	switch {
	case ok:
		return of(text), v.Reason
	case v.IsUnknown():
		return policy.Hole, v.Reason
	case otherwise != "" || prop == "EventBusName":
		return otherwise, ""
	}
	return policy.Hole, prop + " of " + id.d.LogicalID + " is not given"
}

// madeUp is an identifier of the given shape.
func madeUp(shape string, seed [32]byte) string {
	x := hex.EncodeToString(seed[:])
	low := strings.ToLower(base32.StdEncoding.EncodeToString(seed[:]))
	switch shape {
	case "uuid":
		return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
	case "hex17":
		return x[:17]
	case "hex40":
		return x[:40]
	case "rand6":
		return low[:6]
	case "id6":
		return low[:6]
	case "id7":
		return low[:7]
	case "id10":
		return low[:10]
	case "id16":
		return x[:16]
	case "key16":
		return strings.ToUpper(low[:16])
	}
	return policy.Hole
}
