package iamsvc

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

type service struct {
	world     *cloud.World
	holders   *cloud.Table[holder]
	policies  *cloud.Table[managed]
	keys      *cloud.Table[accessKey]
	devices   *cloud.Table[device]
	profiles  *cloud.Table[profile]
	providers *cloud.Table[provider]
	aliases   *cloud.Table[string]
	uses      *cloud.Table[use]
	compiled  compiler
	// ids finds holders by their unique ids: id → key.
	ids sync.Map
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w}
	if err := s.open(); err != nil {
		return nil, err
	}
	w.UsePrincipals(s)
	w.UsePolicies(s)
	w.UseResourcePolicies("iam", s)
	w.UseCredentials(s)
	ops := slices.Concat(s.userOps(), s.groupOps(), s.roleOps(), s.linkedOps(), s.policyOps(), s.inlineOps(), s.attachOps(), s.keyOps(),
		s.loginOps(), s.deviceOps(), s.profileOps(), s.providerOps(), s.tagOps(), s.simulateOps(), s.detailOps(), s.accountOps())
	for i := range ops {
		ops[i] = limited{ops[i]}
	}
	return nil, server.Add(&model, ops...)
}

func (s *service) open() (err error) {
	for _, f := range []func() error{
		func() (e error) { s.holders, e = cloud.NewTable[holder](s.world, "iam.holders"); return },
		func() (e error) { s.policies, e = cloud.NewTable[managed](s.world, "iam.policies"); return },
		func() (e error) { s.keys, e = cloud.NewTable[accessKey](s.world, "iam.keys"); return },
		func() (e error) { s.devices, e = cloud.NewTable[device](s.world, "iam.devices"); return },
		func() (e error) { s.profiles, e = cloud.NewTable[profile](s.world, "iam.profiles"); return },
		func() (e error) { s.providers, e = cloud.NewTable[provider](s.world, "iam.providers"); return },
		func() (e error) { s.aliases, e = cloud.NewTable[string](s.world, "iam.aliases"); return },
		func() (e error) { s.uses, e = cloud.NewTable[use](s.world, "iam.uses"); return },
	} {
		if err = f(); err != nil {
			return err
		}
	}
	for _, k := range s.holders.Keys(nil) {
		if h, ok := s.holders.Get(k); ok {
			s.ids.Store(h.ID, k)
		}
	}
	return nil
}

// limited keeps out callers whose sessions may not call IAM: federated users, and
// users whose session token was got without MFA ("Comparing AWS STS API
// operations").
type limited struct{ wire.Operation }

func (o limited) Checks(c *cloud.Call, in any) ([]cloud.Check, error) {
	id := &c.Identity
	if id.Kind == cloud.FederatedUser || id.Temporary() && !id.MFA && (id.Kind == cloud.IAMUser || id.Kind == cloud.Root) {
		return nil, cloud.ErrUnknownKey
	}
	return o.Operation.Checks(c, in)
}

// Policies answers the world: the policies of a user (with its groups') or role.
func (s *service) Policies(id cloud.Identity) (identity, boundary *iam.Set) {
	if id.Kind == cloud.FederatedUser && id.IssuerID == id.Account {
		return s.compiled.set(iam.SideIdentity, []named{{"root user", rootDocument}}), nil
	}
	h, ok := s.holderOf(id)
	if !ok {
		return nil, nil
	}
	docs := s.documents(h)
	for _, id := range h.Groups {
		if g, ok := s.find(id); ok {
			docs = append(docs, s.documents(g)...)
		}
	}
	identity = s.compiled.set(iam.SideIdentity, docs)
	if h.Boundary != "" {
		boundary = s.compiled.set(iam.SideBoundary, []named{s.managedDocument(h.Account, h.Boundary)})
	}
	return identity, boundary
}

// holderOf finds the user or role behind an identity. A federated user has the
// policies of the user who asked for the token.
func (s *service) holderOf(id cloud.Identity) (holder, bool) {
	switch id.Kind {
	case cloud.IAMUser:
		return s.find(id.UserID)
	case cloud.FederatedUser:
		return s.find(id.IssuerID)
	case cloud.AssumedRole:
		return s.find(id.RoleID)
	}
	return holder{}, false
}

// ResourcePolicy answers for the trust policies of roles.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	a, err := arn.Parse(resource)
	if err != nil {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(a.Resource, "role/")
	if !ok {
		return nil, nil
	}
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	h, ok := s.holders.Get(key(a.Account, role, name))
	if !ok || h.ARN != resource {
		return nil, nil
	}
	return s.compiled.set(iam.SideTrust, []named{{name: h.Name + " trust policy", document: s.trust(h)}}), nil
}

// Credential answers for long-term access keys.
func (s *service) Credential(accessKeyID, token string) (string, cloud.Identity, error) {
	k, ok := s.keys.Get(accessKeyID)
	if !ok || token != "" || k.Status != "Active" {
		return "", cloud.Identity{}, cloud.ErrUnknownKey
	}
	h, ok := s.find(k.UserID)
	if !ok {
		return "", cloud.Identity{}, cloud.ErrUnknownKey
	}
	id := userIdentity(h)
	id.AccessKeyID = accessKeyID
	return k.Secret, id, nil
}

func userIdentity(h holder) cloud.Identity {
	return cloud.Identity{Kind: cloud.IAMUser, ARN: h.ARN, Account: h.Account, UserID: h.ID, UserName: h.Name, Tags: h.tagMap()}
}

// rootDocument is what the root user may do.
const rootDocument = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// on is the check of an operation on one resource.
func on(action, resource string) ([]cloud.Check, error) {
	return []cloud.Check{{Action: "iam:" + action, Resource: resource}}, nil
}

// onHolder is the check of an operation on a user, group or role: its ARN with
// path where it exists, without where it does not.
func (s *service) onHolder(c *cloud.Call, action string, k kind, name string) ([]cloud.Check, error) {
	h, ok := s.holders.Get(key(c.Account, k, name))
	if !ok {
		return on(action, holderARN(c.Account, k, "/", name))
	}
	return []cloud.Check{{Action: "iam:" + action, Resource: h.ARN, Context: holderContext(action, h)}}, nil
}

// holderContext are the condition keys that come with the resource: its tags,
// and its boundary for the actions that look at it.
func holderContext(action string, h holder) *iam.Context {
	ctx := resourceTags(iam.NewContext(), h.Tags)
	if h.Kind == group {
		return ctx
	}
	for _, t := range h.Tags {
		ctx.Set("iam:ResourceTag/"+t.Key, t.Value)
	}
	if h.Boundary != "" && catalog.Supports("iam:"+action, "iam:PermissionsBoundary") == arn.Yes {
		ctx.Set("iam:PermissionsBoundary", h.Boundary)
	}
	return ctx
}

func resourceTags(ctx *iam.Context, tags []tag) *iam.Context {
	for _, t := range tags {
		ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
	}
	return ctx
}

// tagContext adds the condition keys of the tags in a request.
func tagContext(ctx *iam.Context, tags []*Tag) *iam.Context {
	if len(tags) == 0 {
		return ctx
	}
	keys := make([]string, 0, len(tags))
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	return ctx.SetList("aws:TagKeys", keys...)
}

func parseIndex(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0
}

func formatIndex(n int) string { return strconv.Itoa(n) }

// callerUser is the user an operation without UserName is about.
func callerUser(c *cloud.Call, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	if c.Identity.Kind != cloud.IAMUser {
		return "", cloud.Errorf("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return c.Identity.UserName, nil
}
