// Package sts is the Security Token Service of the sandbox.
package sts

import (
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

type service struct{ world *cloud.World }

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w}
	return nil, server.Add(&model,
		wire.Op[GetCallerIdentityRequest, GetCallerIdentityResponse]{Name: "GetCallerIdentity", Auth: noPermission[GetCallerIdentityRequest], Do: s.getCallerIdentity}.Operation(),
	)
}

// noPermission is the check of an operation that needs none.
func noPermission[In any](*cloud.Call, *In) ([]cloud.Check, error) { return nil, nil }

func (s *service) getCallerIdentity(c *cloud.Call, _ *GetCallerIdentityRequest) (*GetCallerIdentityResponse, error) {
	return &GetCallerIdentityResponse{UserId: c.Identity.UserID, Account: c.Identity.Account, Arn: c.Identity.ARN}, nil
}
