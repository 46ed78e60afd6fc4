package sts

import (
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

const (
	defaultRoleSession = time.Hour
	// maxChained is the longest session that a role's session can get of another
	// role.
	maxChained = time.Hour
)

// roleARN reads the ARN of a role.
func roleARN(text string) (arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" || a.Account == "" || !strings.HasPrefix(a.Resource, "role/") {
		return a, invalid("%s is invalid", text)
	}
	return a, nil
}

// mayAssume lists what AssumeRole needs: sts:AssumeRole, with tags (or inherited
// ones) sts:TagSession, with a source identity sts:SetSourceIdentity; each of the
// caller and of the role's trust policy. A role that does not exist has no trust
// policy, and so is refused like one that trusts somebody else.
func (s *service) mayAssume(c *cloud.Call, in *AssumeRoleRequest) ([]cloud.Check, error) {
	if c.Identity.Kind == cloud.Root {
		return nil, accessDenied("Roles may not be assumed by root accounts.")
	}
	if c.Identity.Kind == cloud.FederatedUser {
		return nil, accessDenied("Cannot call AssumeRole with federated user credentials")
	}
	if in.ProvidedContexts != nil {
		return nil, cloud.NotImplemented("the parameter ProvidedContexts")
	}
	a, err := roleARN(in.RoleArn)
	if err != nil {
		return nil, err
	}
	if c.Account == "" {
		c.Account = a.Account // a service calls on behalf of the role's account
	}
	ctx, err := s.mfaContext(c, in.SerialNumber, in.TokenCode)
	if err != nil {
		return nil, err
	}
	source := in.SourceIdentity
	if inherited := c.Identity.SourceIdentity; inherited != "" {
		if source != "" && source != inherited {
			return nil, accessDenied("The source identity of a session cannot be changed.")
		}
		source = inherited
	}
	ctx.Set("sts:RoleSessionName", in.RoleSessionName)
	if in.ExternalId != "" {
		ctx.Set("sts:ExternalId", in.ExternalId)
	}
	if source != "" {
		ctx.Set("sts:SourceIdentity", source)
	}
	tagKeys(ctx, in.Tags)
	if len(in.TransitiveTagKeys) > 0 {
		ctx.SetList("sts:TransitiveTagKeys", in.TransitiveTagKeys...)
	}
	s.roleTags(ctx, in.RoleArn)
	actions := []string{"sts:AssumeRole"}
	if len(in.Tags) > 0 || len(inherited(&c.Identity)) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return checks(in.RoleArn, ctx, actions...), nil
}

func checks(resource string, ctx *iam.Context, actions ...string) []cloud.Check {
	out := make([]cloud.Check, len(actions))
	for i, a := range actions {
		out[i] = cloud.Check{Action: a, Resource: resource, Context: ctx}
	}
	return out
}

// roleTags adds the keys that come with the role.
func (s *service) roleTags(ctx *iam.Context, roleARN string) {
	role, _ := s.world.Principals().Role(roleARN)
	for k, v := range role.Tags {
		ctx.Set("aws:ResourceTag/"+k, v)
		ctx.Set("iam:ResourceTag/"+k, v)
	}
}

// mfaContext checks and uses up a one-time code, where the request has one.
func (s *service) mfaContext(c *cloud.Call, serial, code string) (*iam.Context, error) {
	ctx := iam.NewContext()
	if serial == "" && code == "" {
		return ctx, nil
	}
	if serial == "" || code == "" {
		return nil, accessDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	}
	user := ""
	if c.Identity.Kind == cloud.IAMUser {
		user = c.Identity.UserID
	}
	if err := s.world.Principals().CheckMFA(user, serial, code, c.Time); err != nil {
		return nil, err
	}
	return ctx.Set("aws:MultiFactorAuthPresent", "true").Set("aws:MultiFactorAuthAge", "0"), nil
}

// inherited are the transitive tags of the caller's session.
func inherited(id *cloud.Identity) map[string]string {
	if len(id.TransitiveTagKeys) == 0 {
		return nil
	}
	out := map[string]string{}
	for k, v := range id.Tags {
		if slices.ContainsFunc(id.TransitiveTagKeys, func(t string) bool { return strings.EqualFold(t, k) }) {
			out[k] = v
		}
	}
	return out
}

func (s *service) assumeRole(c *cloud.Call, in *AssumeRoleRequest) (*AssumeRoleResponse, error) {
	role, ok := s.world.Principals().Role(in.RoleArn)
	if !ok {
		return nil, accessDenied("User: " + c.Identity.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + in.RoleArn)
	}
	life := seconds(in.DurationSeconds, defaultRoleSession)
	if c.Identity.Kind == cloud.AssumedRole && life > maxChained {
		return nil, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if life > role.MaxSession {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	t := session{Kind: cloud.AssumedRole, Account: role.Account, Principal: role.ID, Name: in.RoleSessionName, Source: in.SourceIdentity, MFA: in.SerialNumber != ""}
	if c.Identity.SourceIdentity != "" {
		t.Source = c.Identity.SourceIdentity
	}
	packed, err := s.setPolicies(&t, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := setTags(&t, &c.Identity, in.Tags, in.TransitiveTagKeys); err != nil {
		return nil, err
	}
	keys, err := s.issue(c, t, life)
	if err != nil {
		return nil, err
	}
	return &AssumeRoleResponse{Credentials: keys, AssumedRoleUser: assumedRole(role, t.Name), PackedPolicySize: packed, SourceIdentity: t.Source}, nil
}

func assumedRole(role cloud.Principal, name string) *AssumedRoleUser {
	return &AssumedRoleUser{AssumedRoleId: role.ID + ":" + name, Arn: sessionARN(role, name)}
}

// setTags puts session tags into a session: those inherited, which nobody can
// override, and those asked for.
func setTags(t *session, caller *cloud.Identity, tags []*Tag, transitive []string) error {
	t.Tags, t.Transitive = inherited(caller), slices.Clone(caller.TransitiveTagKeys)
	if len(tags) > 0 && t.Tags == nil {
		t.Tags = map[string]string{}
	}
	for _, tag := range tags {
		if slices.ContainsFunc(caller.TransitiveTagKeys, func(k string) bool { return strings.EqualFold(k, tag.Key) }) {
			return cloud.Errorf("InvalidParameterValue", "The session tag %s is inherited from the calling session and cannot be set.", tag.Key)
		}
		t.Tags[tag.Key] = tag.Value
	}
	for _, k := range transitive {
		if !slices.ContainsFunc(tags, func(tag *Tag) bool { return strings.EqualFold(tag.Key, k) }) {
			return cloud.Errorf("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
		t.Transitive = append(t.Transitive, k)
	}
	return nil
}

// Redacted keeps the credentials out of the trail, but for the key's id.
func (r *AssumeRoleResponse) Redacted() any {
	return map[string]any{"credentials": r.Credentials.redacted(), "assumedRoleUser": r.AssumedRoleUser.redacted(), "sourceIdentity": r.SourceIdentity}
}

func (k *Credentials) redacted() any {
	if k == nil {
		return nil
	}
	return map[string]any{"accessKeyId": k.AccessKeyId, "expiration": k.Expiration.UTC().Format(time.RFC3339)}
}

func (u *AssumedRoleUser) redacted() any {
	if u == nil {
		return nil
	}
	return map[string]any{"assumedRoleId": u.AssumedRoleId, "arn": u.Arn}
}
