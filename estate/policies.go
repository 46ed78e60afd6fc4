package estate

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
)

// Principal is everything that bears on a principal of the estate, whatever it
// does: who it is, its policies compiled, and the condition keys known of it. It
// has the fields of iam.IndexedPrincipal and can be converted to it.
type Principal struct {
	Principal iam.Principal
	// Identity, Boundary, Session and SCPs are as in iam.Policies.
	Identity, Boundary, Session *iam.Set
	SCPs                        []*iam.Set
	Context                     *iam.Context
}

// compiledKey is the key of something compiled and kept in Estate.compiled.
type compiledKey struct{ kind, arn string }

// Principal returns the policies of a user, role, role session, account root,
// service or "*". They are compiled once; the result is shared and must not be
// changed.
//
// A principal that the estate does not define, and policies that could not be
// read, count as unknown: they may allow and may deny anything. Sessions are
// taken to have no session policy.
func (e *Estate) Principal(arn string) (*Principal, error) {
	key := compiledKey{"principal", arn}
	if p, ok := e.compiled.Load(key); ok {
		return p.(*Principal), nil
	}
	// The evaluator wants a caller with a whole name. What stands for the rest of
	// it cannot match a policy by chance: see Question.
	who, err := iam.ParsePrincipal(strings.ReplaceAll(arn, policy.Hole, "unknown"))
	if err != nil {
		return nil, err
	}
	p := e.compilePrincipal(arn, who)
	kept, _ := e.compiled.LoadOrStore(key, p)
	return kept.(*Principal), nil
}

func (e *Estate) compilePrincipal(arn string, who iam.Principal) *Principal {
	if a := e.Account(who.Account); a != nil {
		who.ManagementAccount = a.Management
	}
	p := &Principal{}
	var tags map[string]Text
	switch who.Kind {
	case iam.UserPrincipal:
		if users := e.usersNamed(arn); len(users) > 0 {
			p.Identity = e.identity(users[0].ARN, len(users) > 1, e.userPolicies(users))
			p.Boundary = e.boundarySet(users[0].Boundary)
			tags = tagsOf(at(users[0].Props, "Tags"))
		} else {
			p.Identity = unknownSet(iam.SideIdentity, arn)
		}
	case iam.RolePrincipal, iam.SessionPrincipal:
		if roles := e.rolesNamed(arn); len(roles) > 0 {
			var all []Policy
			for _, r := range roles {
				all = append(all, r.Policies...)
			}
			p.Identity = e.identity(roles[0].ARN, len(roles) > 1, all)
			p.Boundary = e.boundarySet(roles[0].Boundary)
			who.ServiceLinkedRole = roles[0].ServiceLinked
			if who.Kind == iam.SessionPrincipal {
				who.RoleARN = roles[0].ARN
			}
			tags = roles[0].Tags
		} else {
			p.Identity = unknownSet(iam.SideIdentity, arn)
		}
	case iam.FederatedUser:
		p.Identity = unknownSet(iam.SideIdentity, arn)
	}
	if a := e.Account(who.Account); a != nil {
		p.SCPs = levels(iam.SideSCP, a.SCPs)
	}
	p.Principal = who
	p.Context = iam.PrincipalContext(who)
	if who.Account != "" {
		p.Context.Set("kms:CallerAccount", who.Account)
	}
	for k, v := range tags {
		p.Context.Set("aws:PrincipalTag/"+k, v)
	}
	if a := e.Account(who.Account); a != nil && a.OrgID != "" && Known(a.OrgID) {
		p.Context.Set("aws:PrincipalOrgID", a.OrgID)
		if a.OrgPath != "" && Known(a.OrgPath) {
			p.Context.SetList("aws:PrincipalOrgPaths", a.OrgPath)
		}
	}
	return p
}

// userPolicies returns the policies of a user and of its groups.
func (e *Estate) userPolicies(users []*User) []Policy {
	var all []Policy
	for _, u := range users {
		all = append(all, u.Policies...)
		for _, arn := range u.Groups {
			groups := e.index().groups[arn]
			if len(groups) == 0 {
				all = append(all, Policy{Name: arn, Pos: u.Pos, Unknown: "nothing in the estate defines " + Show(arn)})
			}
			for _, g := range groups {
				all = append(all, g.Policies...)
			}
		}
	}
	return all
}

// identity compiles the identity policies of one principal. Where it is declared
// more than once, nothing of them is certain.
func (e *Estate) identity(arn string, contended bool, policies []Policy) *iam.Set {
	docs := namedDocs(policies)
	if contended {
		for i := range docs {
			docs[i].Doc = uncertain(docs[i].Doc, Show(arn)+" is declared more than once")
		}
	}
	return iam.NewSet(iam.SideIdentity, docs...)
}

func namedDocs(policies []Policy) []iam.NamedDoc {
	docs := make([]iam.NamedDoc, 0, len(policies))
	for _, p := range policies {
		d := iam.NamedDoc{Name: Show(firstText(p.Name, p.ARN)), Doc: p.Doc, Unknown: p.Unknown, Pos: p.Pos}
		if d.Doc == nil && d.Unknown == "" {
			d.Unknown = "the document of policy " + d.Name + " is not in the estate"
		}
		docs = append(docs, d)
	}
	return docs
}

func (e *Estate) boundarySet(p *Policy) *iam.Set {
	if p == nil {
		return nil
	}
	return iam.NewSet(iam.SideBoundary, namedDocs([]Policy{*p})...)
}

func levels(side iam.Side, list [][]Policy) []*iam.Set {
	var out []*iam.Set
	for _, level := range list {
		if side == iam.SideRCP {
			out = append(out, iam.NewRCPLevel(namedDocs(level)...))
			continue
		}
		out = append(out, iam.NewSet(side, namedDocs(level)...))
	}
	return out
}

func unknownSet(side iam.Side, arn string) *iam.Set {
	return iam.NewSet(side, iam.NamedDoc{Name: Show(arn), Unknown: "nothing in the estate defines " + Show(arn)})
}

// Guard is what protects a resource from a kind of action.
type Guard struct {
	// Policy is the resource's own policy as far as the action is concerned; nil
	// where it has none.
	Policy  *iam.Set
	Account string // that owns the resource; empty where the estate does not say
	RCPs    []*iam.Set
	// Management: the account is its organization's management account.
	Management bool
}

// Guard returns what protects a resource from an action: the trust policy of a
// role from sts actions, the policy of a bucket from s3 actions, and so on. It is
// compiled once. A resource that the estate does not have, of a kind that has
// policies, counts as one with an unknown policy.
func (e *Estate) Guard(action, resource string) *Guard {
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	owner := e.Owner(resource)
	arn := resource
	if owner != nil {
		arn = owner.Base().ARN
	}
	key := compiledKey{"guard " + service, arn}
	if g, ok := e.compiled.Load(key); ok {
		return g.(*Guard)
	}
	g := &Guard{Account: e.ResourceAccount(resource), Policy: e.resourceSet(service, owner, resource)}
	if a := e.Account(g.Account); a != nil {
		g.RCPs = levels(iam.SideRCP, a.RCPs)
		g.Management = a.Management
	}
	kept, _ := e.compiled.LoadOrStore(key, g)
	return kept.(*Guard)
}

// withPolicy are the kinds of resource that the estate keeps policies of, as
// service and the beginning of the ARN's last field.
var withPolicy = []struct{ service, prefix string }{
	{"s3", ""}, {"kms", "key/"}, {"sts", "role/"}, {"sns", ""}, {"sqs", ""}, {"lambda", "function:"},
	{"ecr", "repository/"}, {"events", "event-bus/"}, {"secretsmanager", "secret:"},
}

func (e *Estate) resourceSet(service string, owner Resource, resource string) *iam.Set {
	f, ok := splitARN(resource)
	if !ok || service != f[2] && !(service == "sts" && f[2] == "iam") {
		return nil
	}
	switch r := owner.(type) {
	case *Bucket:
		if len(e.index().buckets[r.Name]) > 1 {
			var p *Policy
			for _, b := range e.index().buckets[r.Name] {
				if b.Policy != nil {
					p = contend(p, b.Policy, "bucket "+r.Name)
				}
			}
			return policySet(iam.SideResource, p)
		}
		return policySet(iam.SideResource, r.Policy)
	case *Key:
		if r.Policy == nil {
			return policySet(iam.SideKey, defaultKeyPolicy(r))
		}
		return policySet(iam.SideKey, r.Policy)
	case *Role:
		if service != "sts" {
			return nil
		}
		var docs []iam.NamedDoc
		roles := e.rolesNamed(r.ARN)
		for _, one := range roles {
			d := iam.NamedDoc{Name: "trust policy of " + Show(one.Name), Doc: one.Trust, Unknown: one.TrustUnknown, Pos: one.Pos}
			if d.Doc == nil && d.Unknown == "" {
				d.Unknown = "the trust policy of " + Show(one.ARN) + " is not in the estate"
			}
			if len(roles) > 1 {
				d.Doc = uncertain(d.Doc, Show(one.ARN)+" is declared more than once")
			}
			docs = append(docs, d)
		}
		return iam.NewSet(iam.SideTrust, docs...)
	case *Topic:
		return policySet(iam.SideResource, r.Policy)
	case *Queue:
		return policySet(iam.SideResource, r.Policy)
	case *Function:
		if r.Missing && r.Policy == nil {
			return unknownSet(iam.SideResource, r.ARN)
		}
		return policySet(iam.SideResource, r.Policy)
	}
	if p := e.index().policies[resource]; p != nil {
		return policySet(iam.SideResource, p)
	}
	if owner != nil {
		return nil
	}
	for _, w := range withPolicy {
		if w.service != service || !strings.HasPrefix(f[5], w.prefix) {
			continue
		}
		side := iam.SideResource
		switch service {
		case "kms":
			side = iam.SideKey
		case "sts":
			side = iam.SideTrust
		}
		return unknownSet(side, resource)
	}
	return nil
}

func policySet(side iam.Side, p *Policy) *iam.Set {
	if p == nil {
		return nil
	}
	return iam.NewSet(side, namedDocs([]Policy{*p})...)
}

// defaultKeyPolicy is the policy that KMS gives a key for which none is written:
// it leaves the key to the IAM policies of the account.
func defaultKeyPolicy(k *Key) *Policy {
	text := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s, Pos: k.Pos} }
	doc := policy.FromNode(mapNode(k.Pos,
		entry("Version", text("2012-10-17")),
		entry("Statement", mapNode(k.Pos,
			entry("Sid", text("Enable IAM User Permissions")),
			entry("Effect", text("Allow")),
			entry("Principal", mapNode(k.Pos, entry("AWS", text("arn:"+PartitionOf(k.Region)+":iam::"+k.Account+":root")))),
			entry("Action", text("kms:*")),
			entry("Resource", text("*")),
		)),
	))
	return &Policy{Name: "default key policy of " + Show(k.KeyID), Doc: doc, Pos: k.Pos}
}

// Question makes the request "may principal do action on resource?" with
// everything in the estate that bears on it. ctx holds the condition keys that
// the caller knows of the request; nil knows none. What neither says is unknown.
// Whether the principal or the action exists is not checked.
func (e *Estate) Question(principal, action, resource string, ctx *iam.Context) (iam.Question, error) {
	who, err := e.Principal(principal)
	if err != nil {
		return iam.Question{}, fmt.Errorf("principal %s: %w", Show(principal), err)
	}
	resource = e.usedKey(action, resource)
	guard := e.Guard(action, resource)
	own := guard.Policy
	if own != nil && !Known(principal) {
		own = vague
	}
	account := guard.Account
	if account == "" && resource == "*" {
		account = who.Principal.Account
	}
	known := iam.NewContext().UnknownUnlessSet(true)
	if account != "" {
		known.Set("aws:ResourceAccount", account)
	}
	if who.Principal.Account != "" && strings.HasPrefix(strings.ToLower(action), "kms:") {
		known.Set("kms:CallerAccount", who.Principal.Account)
	}
	known.Merge(ctx)
	r, err := iam.NewRequest(iam.Request{
		Principal: who.Principal, Action: action, Resource: resource, ResourceAccount: account,
		ResourceInManagementAccount: guard.Management, Context: known, PrincipalContext: who.Context,
		WildcardOnly: wildcardOnly,
	})
	if err != nil {
		return iam.Question{}, err
	}
	return iam.Question{Request: r, Policies: &iam.Policies{
		Identity: who.Identity, Boundary: who.Boundary, Session: who.Session, SCPs: who.SCPs,
		RCPs: guard.RCPs, Resource: own,
	}}, nil
}

// usedKey returns the key behind an alias, which is what policies are asked
// about when somebody uses a key by its alias; any other resource is returned as
// it is.
func (e *Estate) usedKey(action, resource string) string {
	alias := e.Alias(resource)
	if alias == nil || !Known(alias.TargetKey) || alias.TargetKey == "" {
		return resource
	}
	switch strings.ToLower(action) {
	case "kms:createalias", "kms:updatealias", "kms:deletealias":
		return resource
	}
	return alias.TargetKey
}

// vague takes the place of a resource's policy where it is not known whom the
// policy would have to name.
var vague = iam.NewSet(iam.SideResource, iam.NamedDoc{
	Name: "policy of the resource", Unknown: "the name of the principal could not be resolved in full, so policies may or may not mean it",
})

// wildcardOnly reports whether an action is known to have no resource types.
func wildcardOnly(action string) bool {
	only, known := catalog.WildcardOnly(action)
	return known && only
}

// May decides a question and explains the decision; see Question. A principal or
// request that cannot be read is an error.
func (e *Estate) May(principal, action, resource string, ctx *iam.Context) (iam.Decision, error) {
	q, err := e.Question(principal, action, resource, ctx)
	if err != nil {
		return iam.Decision{}, err
	}
	return iam.Explain(q.Request, q.Policies), nil
}

// Decide decides a question without explaining it.
func (e *Estate) Decide(principal, action, resource string, ctx *iam.Context) (iam.Outcome, error) {
	q, err := e.Question(principal, action, resource, ctx)
	if err != nil {
		return iam.ImplicitDeny, err
	}
	return iam.Decide(q.Request, q.Policies), nil
}
