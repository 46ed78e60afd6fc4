package estate

import (
	"regexp"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
)

func (b *Builder) readFunction(d *Declaration) {
	f := b.functionOf(d)
	f.RoleARN = d.roleARN(d.text("Role"))
	f.RolePos = d.pos("Role")
	f.Inline = d.get("Code", "ZipFile") != nil
	b.addFunction(f)
}

func (b *Builder) functionOf(d *Declaration) *Function {
	f := &Function{Name: firstText(d.text("FunctionName"), d.Ref, d.LogicalID)}
	f.Meta = d.meta(d.arn("lambda", d.Region, "function:"+f.Name))
	return f
}

func (b *Builder) addFunction(f *Function) {
	b.functions[located(f.Account, f.Region, f.Name)] = f
	b.e.Functions = append(b.e.Functions, f)
}

// readServerlessFunction reads a function of the Serverless transform, which
// comes with a role of its own unless it names one.
func (b *Builder) readServerlessFunction(d *Declaration) {
	f := b.functionOf(d)
	f.Inline = d.get("InlineCode") != nil
	f.RolePos = d.pos("Role")
	if role := d.get("Role"); role != nil {
		f.RoleARN = d.roleARN(textOf(role))
	} else {
		f.RoleARN = b.serverlessRole(d, f)
	}
	b.addFunction(f)
	for _, event := range mapEntries(d.get("Events")) {
		b.serverlessEvent(d, f, event)
	}
}

// serverlessRole adds the role that the transform makes for a function without
// one, and returns its ARN. The name is a stand-in.
func (b *Builder) serverlessRole(d *Declaration, f *Function) string {
	logical := d.LogicalID + "Role"
	name := logical
	if d.Stack != "" {
		name = d.Stack + "-" + logical
	}
	r := &Role{Name: name, Path: firstText(d.text("RolePath"), "/")}
	declared := *d
	declared.ARN, declared.LogicalID, declared.Type, declared.Generated = "", logical, "AWS::IAM::Role", true
	r.Meta = declared.meta(declared.arn("iam", "", "role"+r.Path+name))
	if trust := d.get("AssumeRolePolicyDocument"); trust != nil {
		r.Trust, r.TrustUnknown = b.document(trust)
	} else {
		r.Trust, r.TrustUnknown = b.document(serviceTrust("lambda.amazonaws.com", d.Pos))
	}
	basic := "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	r.Policies = append(r.Policies, b.awsManaged(basic, d.Pos))
	for i, n := range d.get("Policies").Elements() {
		r.Policies = append(r.Policies, b.serverlessPolicy(d, n, i))
	}
	r.Boundary = b.boundary(d, d.get("PermissionsBoundary"))
	b.addRole(r, &declared)
	return r.ARN
}

// serviceTrust is the trust policy that lets a service assume a role.
func serviceTrust(service string, pos policy.Pos) *policy.Node {
	text := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s, Pos: pos} }
	return mapNode(pos,
		entry("Version", text("2012-10-17")),
		entry("Statement", mapNode(pos,
			entry("Effect", text("Allow")),
			entry("Principal", mapNode(pos, entry("Service", text(service)))),
			entry("Action", text("sts:AssumeRole")),
		)),
	)
}

// serverlessPolicy reads one entry of Policies: the name or ARN of a managed
// policy, a document, or a policy template of the Serverless transform. What a
// template grants is not modelled; it is kept as unknown.
func (b *Builder) serverlessPolicy(d *Declaration, n *policy.Node, i int) Policy {
	name := d.LogicalID + "RolePolicy" + itoa(i)
	switch {
	case n.Kind == policy.Map && at(n, "Statement") != nil:
		return b.policyOf(d, name, n)
	case n.Kind == policy.Map && len(n.Entries) > 0:
		p := Policy{Name: n.Entries[0].Key, Pos: n.Entries[0].KeyPos, Unknown: "what the Serverless policy template " + n.Entries[0].Key + " grants is not modelled"}
		b.Unknown(Unknown{What: "policy template " + p.Name + " of " + d.title(), Why: p.Unknown, Pos: p.Pos})
		return p
	case n.Kind == policy.String && Known(n.Text) && !strings.HasPrefix(n.Text, "arn:"):
		if arn, ok := catalog.ManagedPolicyByName(n.Text); ok {
			return b.awsManaged(arn, posOf(n, d.Pos))
		}
	}
	return b.managedReference(d, n)
}

// serverlessEvent adds the rule behind an event of a function, where the event
// is one of EventBridge; other events make nothing that Twokey looks at.
func (b *Builder) serverlessEvent(d *Declaration, f *Function, event policy.Entry) {
	kind := textOf(at(event.Value, "Type"))
	props := at(event.Value, "Properties")
	r := &Rule{Name: d.LogicalID + event.Key, Enabled: true}
	switch kind {
	case "EventBridgeRule", "CloudWatchEvent":
		r.Pattern = at(props, "Pattern")
	case "Schedule":
		r.Schedule = textOf(at(props, "Schedule"))
	default:
		return
	}
	if e, ok := at(props, "Enabled").Scalar(); ok {
		r.Enabled = strings.EqualFold(e, "true")
	}
	declared := *d
	declared.ARN, declared.LogicalID, declared.Type, declared.Generated = "", d.LogicalID+event.Key, "AWS::Events::Rule", true
	declared.Props, declared.Pos = props, event.KeyPos
	r.Meta = declared.meta(declared.arn("events", d.Region, "rule/"+r.Name))
	r.Targets = []Target{{ID: "function", ARN: f.ARN, Node: event.Value, Pos: event.KeyPos}}
	b.e.Rules = append(b.e.Rules, r)
}

// mapEntries returns the members of a Map, and nothing of anything else.
func mapEntries(n *policy.Node) []policy.Entry {
	if n == nil || n.Kind != policy.Map {
		return nil
	}
	return n.Entries
}

// joinPermissions makes the resource policies of functions out of their
// permissions, statement by statement as AWS does.
func (b *Builder) joinPermissions() {
	for _, d := range b.permissions {
		named := d.text("FunctionName")
		f := b.function(named, d)
		if f == nil {
			b.Unknown(Unknown{
				What: "function " + Show(named) + ", for which " + d.title() + " is a permission",
				Why:  "nothing in the estate defines it", Pos: d.pos("FunctionName"),
			})
			continue
		}
		doc := policy.FromNode(permissionDocument(d, f.ARN))
		if d.Maybe {
			doc = uncertain(doc, d.maybe())
		}
		if f.Policy == nil {
			f.Policy = &Policy{Name: "permissions of " + Show(f.Name), Pos: d.Pos}
		}
		f.Policy.Doc = merged(f.Policy.Doc, doc)
	}
}

// function finds a function by name, ARN or partial ARN, with or without a
// version or alias after it.
func (b *Builder) function(named Text, d *Declaration) *Function {
	account, region, name := functionName(named, d.Account, d.Region)
	return b.functions[located(account, region, name)]
}

// functionName takes what may name a function apart: its name, "account:name",
// or its ARN, each with or without ":version".
func functionName(named Text, account, region string) (inAccount, inRegion string, name Text) {
	if f, ok := splitARN(named); ok {
		account, region = f[4], f[3]
		named = f[5]
	} else if first, rest, ok := strings.Cut(named, ":"); ok && arn.IsAccountID(first) {
		account, named = first, rest
	}
	named = strings.TrimPrefix(named, "function:")
	name, _, _ = strings.Cut(named, ":")
	return account, region, name
}

var serviceName = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`)

// permissionDocument is the statement that AWS::Lambda::Permission adds to the
// policy of a function, with the places of what it is made of.
func permissionDocument(d *Declaration, function string) *policy.Node {
	who := d.get("Principal")
	principal := textOf(who)
	kind := "AWS"
	if serviceName.MatchString(principal) {
		kind = "Service"
	}
	statement := []policy.Entry{
		entry("Effect", stringNode("Allow", nil, d.Pos)),
		entry("Principal", mapNode(posOf(who, d.Pos), entry(kind, stringNode(principal, who, d.Pos)))),
		entry("Action", stringNode(d.text("Action"), d.get("Action"), d.Pos)),
		entry("Resource", stringNode(function, d.get("FunctionName"), d.Pos)),
	}
	conditions := []struct{ operator, key, property string }{
		{"ArnLike", "AWS:SourceArn", "SourceArn"},
		{"StringEquals", "AWS:SourceAccount", "SourceAccount"},
		{"StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"},
		{"StringEquals", "lambda:FunctionUrlAuthType", "FunctionUrlAuthType"},
		{"StringEquals", "lambda:EventSourceToken", "EventSourceToken"},
	}
	byOperator := map[string][]policy.Entry{}
	var operators []string
	for _, c := range conditions {
		n := d.get(c.property)
		if n == nil || n.Kind == policy.Null {
			continue
		}
		if byOperator[c.operator] == nil {
			operators = append(operators, c.operator)
		}
		byOperator[c.operator] = append(byOperator[c.operator], entry(c.key, n))
	}
	if len(operators) > 0 {
		var list []policy.Entry
		for _, op := range operators {
			list = append(list, entry(op, mapNode(byOperator[op][0].KeyPos, byOperator[op]...)))
		}
		statement = append(statement, entry("Condition", mapNode(d.Pos, list...)))
	}
	return mapNode(d.Pos,
		entry("Version", stringNode("2012-10-17", nil, d.Pos)),
		entry("Statement", mapNode(d.Pos, statement...)),
	)
}
