package sts

import (
	"errors"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

const (
	defaultToken   = 12 * time.Hour
	maxRootSession = time.Hour
)

// longTerm refuses callers who have temporary credentials already.
func longTerm(c *cloud.Call, operation string) error {
	if c.Identity.Temporary() || c.Identity.Kind != cloud.IAMUser && c.Identity.Kind != cloud.Root {
		return accessDenied("Cannot call " + operation + " with session credentials")
	}
	return nil
}

// life is the life of a token: a root user's is an hour at most.
func life(c *cloud.Call, asked *int64) time.Duration {
	d := seconds(asked, defaultToken)
	if c.Identity.Kind == cloud.Root {
		d = min(d, maxRootSession)
	}
	return d
}

// mayGetSession: GetSessionToken needs no permission, but a Deny stops it.
func (s *service) mayGetSession(c *cloud.Call, in *GetSessionTokenRequest) ([]cloud.Check, error) {
	if err := longTerm(c, "GetSessionToken"); err != nil {
		return nil, err
	}
	ctx, err := s.mfaContext(c, in.SerialNumber, in.TokenCode)
	if err != nil {
		return nil, err
	}
	err = c.Authorize(cloud.Check{Action: "sts:GetSessionToken", Resource: "*", Context: ctx})
	var denied *cloud.Error
	if errors.As(err, &denied) {
		if d, ok := denied.Fields[cloud.Denial].(iam.Decision); ok && d.Outcome == iam.ImplicitDeny {
			return nil, nil
		}
	}
	return nil, err
}

func (s *service) getSession(c *cloud.Call, in *GetSessionTokenRequest) (*GetSessionTokenResponse, error) {
	t := session{Kind: c.Identity.Kind, Account: c.Account, Principal: c.Identity.UserID, MFA: in.SerialNumber != ""}
	keys, err := s.issue(c, t, life(c, in.DurationSeconds))
	return &GetSessionTokenResponse{Credentials: keys}, err
}

// Redacted keeps the credentials out of the trail, but for the key's id.
func (r *GetSessionTokenResponse) Redacted() any {
	return map[string]any{"credentials": r.Credentials.redacted()}
}

func (s *service) mayFederate(c *cloud.Call, in *GetFederationTokenRequest) ([]cloud.Check, error) {
	if err := longTerm(c, "GetFederationToken"); err != nil {
		return nil, err
	}
	actions := []string{"sts:GetFederationToken"}
	if len(in.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	return checks(federatedARN(c.Account, in.Name), tagKeys(iam.NewContext(), in.Tags), actions...), nil
}

func (s *service) federate(c *cloud.Call, in *GetFederationTokenRequest) (*GetFederationTokenResponse, error) {
	t := session{Kind: cloud.FederatedUser, Account: c.Account, Principal: c.Identity.UserID, Name: in.Name}
	packed, err := s.setPolicies(&t, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := setTags(&t, &c.Identity, in.Tags, nil); err != nil {
		return nil, err
	}
	keys, err := s.issue(c, t, life(c, in.DurationSeconds))
	if err != nil {
		return nil, err
	}
	return &GetFederationTokenResponse{Credentials: keys, PackedPolicySize: packed,
		FederatedUser: &FederatedUser{FederatedUserId: c.Account + ":" + in.Name, Arn: federatedARN(c.Account, in.Name)}}, nil
}

// Redacted keeps the credentials out of the trail, but for the key's id.
func (r *GetFederationTokenResponse) Redacted() any {
	m := map[string]any{"credentials": r.Credentials.redacted()}
	if r.FederatedUser != nil {
		m["federatedUser"] = map[string]any{"federatedUserId": r.FederatedUser.FederatedUserId, "arn": r.FederatedUser.Arn}
	}
	return m
}
