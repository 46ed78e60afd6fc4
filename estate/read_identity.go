package estate

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// attachment is a policy that goes to principals named by it.
type attachment struct {
	d       *Declaration
	policy  Policy
	managed *ManagedPolicy // nil for an inline policy
}

// membership puts users into a group.
type membership struct {
	account string
	group   Text
	users   []Text
	title   string
	pos     policy.Pos
}

// withoutDocuments returns the properties of a principal or policy without the
// policy documents, which typed fields hold.
func withoutDocuments(props *policy.Node) *policy.Node {
	isDocument := func(e policy.Entry) bool {
		return e.Key == "AssumeRolePolicyDocument" || e.Key == "PolicyDocument" || e.Key == "Policies"
	}
	if props == nil || !slices.ContainsFunc(props.Entries, isDocument) {
		return props
	}
	out := *props
	out.Entries = slices.DeleteFunc(slices.Clone(props.Entries), isDocument)
	return &out
}

func (b *Builder) readUser(d *Declaration) {
	u := &User{Name: firstText(d.text("UserName"), d.Ref, d.LogicalID), Path: firstText(d.text("Path"), "/")}
	u.Meta = d.meta(d.arn("iam", "", "user"+u.Path+u.Name))
	u.Policies = b.ownPolicies(d, u.ARN)
	u.Boundary = b.boundary(d, d.get("PermissionsBoundary"))
	u.Console = d.get("LoginProfile") != nil
	if groups := d.get("Groups"); groups != nil {
		for _, g := range groups.Elements() {
			b.memberships = append(b.memberships, membership{
				account: d.Account, group: textOf(g), users: []Text{u.Name}, title: d.title(), pos: posOf(g, d.Pos),
			})
		}
	}
	u.Props = withoutDocuments(u.Props)
	b.declareOnce("user", u.ARN, b.users[within(d.Account, u.Name)] != nil, d)
	b.users[within(d.Account, u.Name)] = u
	b.e.Users = append(b.e.Users, u)
}

func (b *Builder) readGroup(d *Declaration) {
	g := &Group{Name: firstText(d.text("GroupName"), d.Ref, d.LogicalID), Path: firstText(d.text("Path"), "/")}
	g.Meta = d.meta(d.arn("iam", "", "group"+g.Path+g.Name))
	g.Policies = b.ownPolicies(d, g.ARN)
	g.Props = withoutDocuments(g.Props)
	b.declareOnce("group", g.ARN, b.groups[within(d.Account, g.Name)] != nil, d)
	b.groups[within(d.Account, g.Name)] = g
	b.e.Groups = append(b.e.Groups, g)
}

func (b *Builder) readRole(d *Declaration) {
	r := &Role{Name: firstText(d.text("RoleName"), d.Ref, d.LogicalID), Path: firstText(d.text("Path"), "/")}
	r.Meta = d.meta(d.arn("iam", "", "role"+r.Path+r.Name))
	trust := d.get("AssumeRolePolicyDocument")
	r.Trust, r.TrustUnknown = b.document(trust)
	if r.TrustUnknown != "" {
		b.Unknown(Unknown{What: "the trust policy of role " + Show(r.Name), Why: r.TrustUnknown, Pos: posOf(trust, d.Pos)})
	}
	if d.Maybe {
		r.Trust = uncertain(r.Trust, d.maybe())
	}
	r.Policies = b.ownPolicies(d, r.ARN)
	r.Boundary = b.boundary(d, d.get("PermissionsBoundary"))
	r.Tags = tagsOf(d.get("Tags"))
	r.Reserved = strings.HasPrefix(r.Path, "/aws-reserved/")
	r.ServiceLinked = strings.HasPrefix(r.Path, "/aws-service-role/")
	b.addRole(r, d)
}

func (b *Builder) addRole(r *Role, d *Declaration) {
	r.Props = withoutDocuments(r.Props)
	key := within(r.Account, r.Name)
	b.declareOnce("role", r.ARN, b.roles[key] != nil, d)
	if b.roles[key] == nil {
		b.roles[key] = r
	}
	b.e.Roles = append(b.e.Roles, r)
}

// declareOnce reports a name that two stacks of one account both declare.
func (b *Builder) declareOnce(kind, arn string, again bool, d *Declaration) {
	if !again || !Known(arn) || d.Maybe {
		return
	}
	b.Problem(Problem{
		Message: kind + " " + arn + " is declared twice; what either declaration grants counts as uncertain",
		Hint:    "say in twokey.yaml which template goes into which account",
		Pos:     d.Pos,
	})
}

// readServiceLinkedRole reads a role whose policies AWS writes and nobody sees.
func (b *Builder) readServiceLinkedRole(d *Declaration) {
	service := d.text("AWSServiceName")
	r := &Role{Name: firstText(d.Ref, d.LogicalID), Path: "/aws-service-role/" + service + "/", ServiceLinked: true}
	r.Meta = d.meta(d.arn("iam", "", "role"+r.Path+r.Name))
	r.TrustUnknown = "AWS writes the trust policy of a service-linked role"
	r.Policies = []Policy{{Name: r.Name, Pos: d.Pos, Unknown: "AWS writes the policies of a service-linked role"}}
	b.addRole(r, d)
}

// tagsOf reads a list of Key and Value; nil where there is none.
func tagsOf(n *policy.Node) map[string]Text {
	var tags map[string]Text
	for _, item := range n.Elements() {
		key := textOf(at(item, "Key"))
		if item.Kind != policy.Map || key == "" {
			continue
		}
		if tags == nil {
			tags = map[string]Text{}
		}
		tags[key] = textOf(at(item, "Value"))
	}
	return tags
}

// ownPolicies reads the inline policies and the managed policy ARNs that a
// user, group or role declares itself. Managed policies of the estate are filled
// in by joinAttachments, since they may be declared later.
func (b *Builder) ownPolicies(d *Declaration, arn string) []Policy {
	var out []Policy
	for _, item := range d.get("Policies").Elements() {
		if item.Kind != policy.Map {
			out = append(out, b.unreadPolicy("an inline policy of "+d.title(), item, d))
			continue
		}
		out = append(out, b.policyOf(d, textOf(at(item, "PolicyName")), firstNode(at(item, "PolicyDocument"), unresolved(item))))
	}
	for _, item := range d.get("ManagedPolicyArns").Elements() {
		out = append(out, b.managedReference(d, item))
	}
	return out
}

// unresolved returns n where it is unknown, for reading its reason; nil otherwise.
func unresolved(n *policy.Node) *policy.Node {
	if n.IsUnknown() {
		return n
	}
	return nil
}

// firstNode returns the first node that is not nil.
func firstNode(nodes ...*policy.Node) *policy.Node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return nil
}

func (b *Builder) unreadPolicy(what string, n *policy.Node, d *Declaration) Policy {
	p := Policy{Name: what, Pos: posOf(n, d.Pos), Unknown: reasonOf(n)}
	b.Unknown(Unknown{What: what, Why: p.Unknown, Pos: p.Pos})
	return p
}

// managedReference returns the policy that an ARN names. That of a policy of the
// estate has neither Doc nor Unknown yet.
func (b *Builder) managedReference(d *Declaration, n *policy.Node) Policy {
	arn := textOf(n)
	pos := posOf(n, d.Pos)
	switch {
	case !Known(arn) || arn == "":
		p := Policy{Name: Show(arn), ARN: arn, Pos: pos, Unknown: "its ARN could not be resolved: " + reasonOf(n)}
		b.Unknown(Unknown{What: "a managed policy of " + d.title(), Why: p.Unknown, Pos: pos})
		return p
	case isAWSManaged(arn):
		p := b.awsManaged(arn, pos)
		if p.Unknown != "" {
			b.Unknown(Unknown{What: "managed policy " + arn, Why: p.Unknown, Pos: pos})
		}
		if d.Maybe {
			p.Doc = uncertain(p.Doc, d.maybe())
		}
		return p
	}
	return Policy{Name: lastSegment(arn), ARN: arn, Pos: pos}
}

// boundary reads the ARN of a permissions boundary; nil where there is none.
func (b *Builder) boundary(d *Declaration, n *policy.Node) *Policy {
	if n == nil || n.Kind == policy.Null {
		return nil
	}
	p := b.managedReference(d, n)
	return &p
}

// readAttachedPolicy reads AWS::IAM::Policy and the three types with one target.
func (b *Builder) readAttachedPolicy(d *Declaration) {
	name := firstText(d.text("PolicyName"), d.LogicalID)
	p := b.policyOf(d, name, d.get("PolicyDocument"))
	d.Props = withoutDocuments(d.Props)
	b.attachments = append(b.attachments, attachment{d: d, policy: p})
}

func (b *Builder) readManagedPolicy(d *Declaration) {
	name := firstText(d.text("ManagedPolicyName"), lastSegment(d.ARN), lastSegment(d.Ref), d.LogicalID)
	m := &ManagedPolicy{Name: name}
	arn := d.arn("iam", "", "policy"+firstText(d.text("Path"), "/")+name)
	if strings.HasPrefix(d.Ref, "arn:") {
		arn = d.Ref
	}
	m.Meta = d.meta(arn)
	m.Props = withoutDocuments(m.Props)
	p := b.policyOf(d, name, d.get("PolicyDocument"))
	m.Doc, m.Unknown = p.Doc, p.Unknown
	p.ARN = m.ARN
	d.Props = m.Props
	if b.managed[m.ARN] != nil {
		b.declareOnce("managed policy", m.ARN, true, d)
		have := contend(b.managed[m.ARN].policy(), &p, m.ARN)
		b.managed[m.ARN].Doc, b.managed[m.ARN].Unknown = have.Doc, have.Unknown
	} else {
		b.managed[m.ARN] = m
	}
	b.e.ManagedPolicies = append(b.e.ManagedPolicies, m)
	b.attachments = append(b.attachments, attachment{d: d, policy: p, managed: m})
}

// policy returns m as it is attached.
func (m *ManagedPolicy) policy() *Policy {
	return &Policy{Name: m.Name, ARN: m.ARN, Doc: m.Doc, Unknown: m.Unknown, Pos: m.Pos}
}

func (b *Builder) readMembership(d *Declaration) {
	b.memberships = append(b.memberships, membership{
		account: d.Account, group: d.text("GroupName"), users: textsOf(d.get("Users")), title: d.title(), pos: d.Pos,
	})
}

func (b *Builder) readInstanceProfile(d *Declaration) {
	p := &InstanceProfile{Name: firstText(d.text("InstanceProfileName"), d.Ref, d.LogicalID)}
	p.Meta = d.meta(d.arn("iam", "", "instance-profile"+firstText(d.text("Path"), "/")+p.Name))
	for _, name := range textsOf(d.get("Roles")) {
		p.Roles = append(p.Roles, d.roleARN(name))
	}
	b.e.InstanceProfiles = append(b.e.InstanceProfiles, p)
}

// roleARN turns what names a role, its name or its ARN, into an ARN.
func (d *Declaration) roleARN(name Text) Text {
	if name == "" || strings.HasPrefix(name, "arn:") || name == policy.Hole {
		return name
	}
	return d.arn("iam", "", "role/"+strings.TrimPrefix(name, "/"))
}
