// Package sts is the Security Token Service of the sandbox: sessions of roles,
// users, federated users and web identities; and the world's source of temporary
// credentials.
package sts

import (
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

type service struct {
	world    *cloud.World
	sessions *cloud.Table[session]
	issuers  *cloud.Table[issuer]
	policies compiler
	pruned   clockMark
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w}
	var err error
	if s.sessions, err = cloud.NewTable[session](w, "sts.sessions"); err != nil {
		return nil, err
	}
	if s.issuers, err = cloud.NewTable[issuer](w, "sts.issuers"); err != nil {
		return nil, err
	}
	w.UseCredentials(s)
	w.HandleControl("oidc", s.setIssuer)
	return nil, server.Add(&model,
		wire.Op[GetCallerIdentityRequest, GetCallerIdentityResponse]{Name: "GetCallerIdentity", Auth: noPermission[GetCallerIdentityRequest], Do: s.getCallerIdentity}.Operation(),
		wire.Op[AssumeRoleRequest, AssumeRoleResponse]{Name: "AssumeRole", ReadOnly: true, Auth: s.mayAssume, Do: s.assumeRole}.Operation(),
		wire.Op[AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse]{Name: "AssumeRoleWithWebIdentity", ReadOnly: true, Unsigned: true, Auth: s.mayAssumeByToken, Do: s.assumeByToken}.Operation(),
		wire.Op[GetSessionTokenRequest, GetSessionTokenResponse]{Name: "GetSessionToken", Auth: s.mayGetSession, Do: s.getSession}.Operation(),
		wire.Op[GetFederationTokenRequest, GetFederationTokenResponse]{Name: "GetFederationToken", Auth: s.mayFederate, Do: s.federate}.Operation(),
		wire.Op[GetAccessKeyInfoRequest, GetAccessKeyInfoResponse]{Name: "GetAccessKeyInfo", Do: s.keyInfo}.Operation(),
	)
}

// noPermission is the check of an operation that needs none.
func noPermission[In any](*cloud.Call, *In) ([]cloud.Check, error) { return nil, nil }

func (s *service) getCallerIdentity(c *cloud.Call, _ *GetCallerIdentityRequest) (*GetCallerIdentityResponse, error) {
	return &GetCallerIdentityResponse{UserId: c.Identity.UserID, Account: c.Identity.Account, Arn: c.Identity.ARN}, nil
}

func (s *service) keyInfo(_ *cloud.Call, in *GetAccessKeyInfoRequest) (*GetAccessKeyInfoResponse, error) {
	if t, ok := s.sessions.Get(in.AccessKeyId); ok {
		return &GetAccessKeyInfoResponse{Account: t.Account}, nil
	}
	if account, ok := s.world.Principals().KeyAccount(in.AccessKeyId); ok {
		return &GetAccessKeyInfoResponse{Account: account}, nil
	}
	return nil, invalid("Access key %s is not known.", in.AccessKeyId)
}

func invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf("ValidationError", format, args...)
}

func accessDenied(message string) *cloud.Error {
	return &cloud.Error{Code: "AccessDenied", Message: message, Status: 403}
}

// seconds is a duration asked for, or the default.
func seconds(asked *int64, otherwise time.Duration) time.Duration {
	if asked == nil {
		return otherwise
	}
	return time.Duration(*asked) * time.Second
}

// tagKeys adds the condition keys of session tags.
func tagKeys(ctx *iam.Context, tags []*Tag) *iam.Context {
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
