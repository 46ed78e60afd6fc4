package sts

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/sandbox/cloud"
)

// issuer holds the keys of an OpenID Connect provider. AWS fetches them from the
// provider; the sandbox goes nowhere, so they are given to it:
//
//	POST /_sandbox/oidc {"issuer": "https://token.actions.githubusercontent.com", "jwks": {"keys": […]}}
//
// A later call replaces the keys; one without jwks removes them.
type issuer struct {
	URL  string
	Keys []webKey
}

// setIssuer is POST /_sandbox/oidc.
func (s *service) setIssuer(body []byte) (any, error) {
	var in struct {
		Issuer string `json:"issuer"`
		JWKS   *struct {
			Keys []webKey `json:"keys"`
		} `json:"jwks"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	u, err := url.Parse(in.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("issuer %q is not a URL that begins with https://", in.Issuer)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(in.Issuer, "https://"), "/")
	if in.JWKS == nil {
		if err := s.issuers.Delete(name); err != nil {
			return nil, err
		}
		return map[string]any{"issuer": in.Issuer, "keys": 0}, s.world.Flush()
	}
	for i, k := range in.JWKS.Keys {
		if _, err := k.public(); err != nil {
			return nil, fmt.Errorf("jwks.keys[%d]: %w", i, err)
		}
	}
	if err := s.issuers.Put(name, issuer{in.Issuer, in.JWKS.Keys}); err != nil {
		return nil, err
	}
	return map[string]any{"issuer": in.Issuer, "keys": len(in.JWKS.Keys)}, s.world.Flush()
}

const tagsClaim = "https://aws.amazon.com/tags"
const sourceClaim = "https://aws.amazon.com/source_identity"

// webIdentity is who a token that was checked speaks of.
type webIdentity struct {
	provider          cloud.IdentityProvider
	subject, audience string
	source            string
	tags              []*Tag
	transitive        []string
	context           *iam.Context
}

func badToken(why string) *cloud.Error {
	return cloud.Errorf("InvalidIdentityTokenException", "%s", why)
}

// readToken checks a web identity token against the providers that the role's
// account trusts.
func (s *service) readToken(c *cloud.Call, account, text string) (*webIdentity, error) {
	t, err := parseToken(text)
	if err != nil {
		return nil, badToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	name := strings.TrimSuffix(strings.TrimPrefix(t.text("iss"), "https://"), "/")
	provider, ok := s.world.Principals().IdentityProvider("arn:aws:iam::" + account + ":oidc-provider/" + name)
	if !ok || !strings.HasPrefix(t.text("iss"), "https://") {
		return nil, badToken("No OpenIDConnect provider found in your account for " + t.text("iss"))
	}
	keys, ok := s.issuers.Get(name)
	if !ok {
		return nil, badToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	if !t.verify(keys.Keys) {
		return nil, badToken("The web identity token that was passed could not be validated: its signature does not match a key of the identity provider")
	}
	w := &webIdentity{provider: provider, subject: t.text("sub"), source: t.text(sourceClaim), context: iam.NewContext()}
	if err := w.checkTimes(t, c); err != nil {
		return nil, err
	}
	if err := w.setAudience(t); err != nil {
		return nil, err
	}
	if w.subject == "" {
		return nil, badToken("The web identity token has no subject")
	}
	w.context.Set(name+":sub", w.subject)
	if amr := t.list("amr"); amr != nil {
		w.context.SetList(name+":amr", amr...)
	}
	w.setClaims(t, name)
	return w, w.setTags(t)
}

func (w *webIdentity) checkTimes(t *token, c *cloud.Call) error {
	expires, ok := t.seconds("exp")
	if !ok {
		return badToken("The web identity token has no expiration")
	}
	if c.Time.Unix() >= expires {
		return cloud.Errorf("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", c.Time.Unix(), expires)
	}
	if begins, ok := t.seconds("nbf"); ok && c.Time.Unix() < begins {
		return badToken("The web identity token is not valid yet")
	}
	return nil
}

// setAudience checks the audience: the authorised party where the token has one,
// any of its audiences otherwise.
func (w *webIdentity) setAudience(t *token) error {
	audiences := t.list("aud")
	if party := t.text("azp"); party != "" {
		if len(audiences) > 0 {
			w.context.Set(w.provider.Issuer+":oaud", audiences[0])
		}
		audiences = []string{party}
	}
	for _, a := range audiences {
		if slices.Contains(w.provider.Clients, a) {
			w.audience = a
			w.context.Set(w.provider.Issuer+":aud", a)
			return nil
		}
	}
	return badToken("Incorrect token audience")
}

// setClaims sets the claims that AWS has condition keys for, which depends on the
// provider.
func (w *webIdentity) setClaims(t *token, name string) {
	for claim, v := range t.claims {
		key := name + ":" + claim
		if state, _ := w.context.Lookup(key); state != 0 || catalog.Supports("sts:AssumeRoleWithWebIdentity", key) != arn.Yes {
			continue
		}
		switch v := v.(type) {
		case string:
			w.context.Set(key, v)
		case float64, bool:
			w.context.Set(key, fmt.Sprint(v))
		}
	}
}

// setTags reads session tags from the claim "https://aws.amazon.com/tags".
func (w *webIdentity) setTags(t *token) error {
	claim, ok := t.claims[tagsClaim].(map[string]any)
	if !ok {
		return nil
	}
	principal, _ := claim["principal_tags"].(map[string]any)
	names := make([]string, 0, len(principal))
	for k := range principal {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		values := texts(principal[k])
		if len(values) != 1 {
			return badToken("The session tag " + k + " of the web identity token must have one value")
		}
		w.tags = append(w.tags, &Tag{Key: k, Value: values[0]})
	}
	w.transitive = texts(claim["transitive_tag_keys"])
	return nil
}

// mayAssumeByToken finds out who calls, and asks the role's trust policy.
func (s *service) mayAssumeByToken(c *cloud.Call, in *AssumeRoleWithWebIdentityRequest) ([]cloud.Check, error) {
	if in.ProviderId != "" {
		return nil, cloud.NotImplemented("the parameter ProviderId: only OpenID Connect providers are supported")
	}
	a, err := roleARN(in.RoleArn)
	if err != nil {
		return nil, err
	}
	c.Account = a.Account
	w, err := s.readToken(c, a.Account, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	c.Identity = cloud.Identity{Kind: cloud.WebIdentityUser, ARN: w.provider.ARN, Account: a.Account, UserID: w.provider.Issuer + ":" + w.audience + ":" + w.subject, UserName: w.subject}
	ctx := w.context.Clone().Set("sts:RoleSessionName", in.RoleSessionName)
	actions := []string{"sts:AssumeRoleWithWebIdentity"}
	if len(w.tags) > 0 {
		tagKeys(ctx, w.tags)
		actions = append(actions, "sts:TagSession")
	}
	if len(w.transitive) > 0 {
		ctx.SetList("sts:TransitiveTagKeys", w.transitive...)
	}
	if w.source != "" {
		ctx.Set("sts:SourceIdentity", w.source)
		actions = append(actions, "sts:SetSourceIdentity")
	}
	s.roleTags(ctx, in.RoleArn)
	for _, check := range checks(in.RoleArn, ctx, actions...) {
		err := c.Authorize(check)
		var denied *cloud.Error
		if errors.As(err, &denied) && !denied.Fault {
			return nil, accessDenied("Not authorized to perform " + check.Action)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *service) assumeByToken(c *cloud.Call, in *AssumeRoleWithWebIdentityRequest) (*AssumeRoleWithWebIdentityResponse, error) {
	w, err := s.readToken(c, c.Account, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	role, ok := s.world.Principals().Role(in.RoleArn)
	if !ok {
		return nil, accessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	life := seconds(in.DurationSeconds, defaultRoleSession)
	if life > role.MaxSession {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	t := session{Kind: cloud.AssumedRole, Account: role.Account, Principal: role.ID, Name: in.RoleSessionName, Source: w.source}
	packed, err := s.setPolicies(&t, in.Policy, in.PolicyArns, w.tags)
	if err != nil {
		return nil, err
	}
	if err := setTags(&t, &cloud.Identity{}, w.tags, w.transitive); err != nil {
		return nil, err
	}
	keys, err := s.issue(c, t, life)
	if err != nil {
		return nil, err
	}
	return &AssumeRoleWithWebIdentityResponse{Credentials: keys, AssumedRoleUser: assumedRole(role, t.Name), PackedPolicySize: packed, Provider: w.provider.ARN,
		Audience: w.audience, SubjectFromWebIdentityToken: w.subject, SourceIdentity: t.Source}, nil
}

// Redacted keeps the token out of the trail, as CloudTrail does.
func (r *AssumeRoleWithWebIdentityRequest) Redacted() any {
	m := map[string]any{"roleArn": r.RoleArn, "roleSessionName": r.RoleSessionName}
	if r.DurationSeconds != nil {
		m["durationSeconds"] = *r.DurationSeconds
	}
	return m
}

// Redacted keeps the credentials out of the trail, but for the key's id.
func (r *AssumeRoleWithWebIdentityResponse) Redacted() any {
	return map[string]any{"credentials": r.Credentials.redacted(), "assumedRoleUser": r.AssumedRoleUser.redacted(), "subjectFromWebIdentityToken": r.SubjectFromWebIdentityToken,
		"provider": r.Provider, "audience": r.Audience}
}
