package iamsvc

import (
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// accessKey is a long-term access key of a user.
type accessKey struct {
	ID, Secret, Account, UserID string
	Status                      string // Active or Inactive
	Created                     time.Time
}

// use is when a key or role was last used.
type use struct {
	At              time.Time
	Service, Region string
}

// useGrain is how much later a use must be to be written down anew; AWS too tells
// the last use only coarsely.
const useGrain = time.Minute

// Used notes when a user's key or a role was last used.
func (s *service) Used(id *cloud.Identity, service, region string, when time.Time) {
	name := id.RoleID
	if id.Kind == cloud.IAMUser && !id.Temporary() {
		name = id.AccessKeyID
	}
	if name == "" {
		return
	}
	if u, ok := s.uses.Get(name); ok && u.Service == service && u.Region == region && when.Sub(u.At) < useGrain {
		return
	}
	// A use that cannot be written down fails the call that follows, at its flush.
	_ = s.uses.Put(name, use{when, service, region})
}

func (s *service) keysOf(h holder) []accessKey {
	return s.keys.Select(func(_ string, k accessKey) bool { return k.UserID == h.ID })
}

// KeyAccount returns whose a key is.
func (s *service) KeyAccount(accessKeyID string) (string, bool) {
	k, ok := s.keys.Get(accessKeyID)
	return k.Account, ok
}

// bindUser makes an operation on the user named, or where none is named on the
// caller.
func bindUser[In, Out any](s *service, name string, who func(in *In) string, do func(c *cloud.Call, h holder, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		u, err := callerUser(c, who(in))
		if err != nil {
			return nil, err
		}
		return s.onHolder(c, name, user, u)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		u, err := callerUser(c, who(in))
		if err != nil {
			return nil, err
		}
		h, err := s.get(c, user, u)
		if err != nil {
			return nil, err
		}
		return do(c, h, in)
	}}.Operation()
}

func (s *service) keyOps() []wire.Operation {
	return []wire.Operation{
		bindUser(s, "CreateAccessKey", func(in *CreateAccessKeyRequest) string { return in.UserName }, s.createKey),
		bindUser(s, "ListAccessKeys", func(in *ListAccessKeysRequest) string { return in.UserName }, func(_ *cloud.Call, h holder, in *ListAccessKeysRequest) (out *ListAccessKeysResponse, err error) {
			out = &ListAccessKeysResponse{}
			all := []*AccessKeyMetadata{}
			for _, k := range s.keysOf(h) {
				all = append(all, &AccessKeyMetadata{UserName: h.Name, AccessKeyId: k.ID, Status: k.Status, CreateDate: at(k.Created)})
			}
			out.AccessKeyMetadata, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
			return out, err
		}),
		bindUser(s, "UpdateAccessKey", func(in *UpdateAccessKeyRequest) string { return in.UserName }, func(_ *cloud.Call, h holder, in *UpdateAccessKeyRequest) (*wire.Empty, error) {
			if in.Status == "Expired" {
				return nil, cloud.Errorf("ValidationError", "Status must be Active or Inactive.")
			}
			_, err := s.keys.Update(in.AccessKeyId, func(k accessKey, ok bool) (accessKey, error) {
				if !ok || k.UserID != h.ID {
					return k, noSuchKey(in.AccessKeyId)
				}
				k.Status = in.Status
				return k, nil
			})
			return nil, err
		}),
		bindUser(s, "DeleteAccessKey", func(in *DeleteAccessKeyRequest) string { return in.UserName }, func(_ *cloud.Call, h holder, in *DeleteAccessKeyRequest) (*wire.Empty, error) {
			if k, ok := s.keys.Get(in.AccessKeyId); !ok || k.UserID != h.ID {
				return nil, noSuchKey(in.AccessKeyId)
			}
			if err := s.keys.Delete(in.AccessKeyId); err != nil {
				return nil, err
			}
			return nil, s.uses.Delete(in.AccessKeyId)
		}),
		wire.Op[GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse]{Name: "GetAccessKeyLastUsed", Auth: s.onKey, Do: s.keyLastUsed}.Operation(),
	}
}

func noSuchKey(id string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "The Access Key with id %s cannot be found.", id)
}

func (s *service) createKey(c *cloud.Call, h holder, _ *CreateAccessKeyRequest) (*CreateAccessKeyResponse, error) {
	if len(s.keysOf(h)) >= maxAccessKeys {
		return nil, cloud.Errorf("LimitExceededException", "Cannot exceed quota for AccessKeysPerUser: %d", maxAccessKeys)
	}
	k := accessKey{ID: s.world.IDs.Unique("AKIA"), Secret: wire.Base64(s.world.IDs.Bytes(30)), Account: h.Account, UserID: h.ID, Status: "Active", Created: c.Time}
	if err := s.keys.Put(k.ID, k); err != nil {
		return nil, err
	}
	return &CreateAccessKeyResponse{AccessKey: &AccessKey{UserName: h.Name, AccessKeyId: k.ID, Status: k.Status, SecretAccessKey: k.Secret, CreateDate: at(k.Created)}}, nil
}

// Redacted keeps the secret out of the trail.
func (r *CreateAccessKeyResponse) Redacted() any {
	if r.AccessKey == nil {
		return r
	}
	k := *r.AccessKey
	k.SecretAccessKey = ""
	return map[string]any{"accessKey": map[string]any{"userName": k.UserName, "accessKeyId": k.AccessKeyId, "status": k.Status, "createDate": k.CreateDate}}
}

// onKey is the check of an operation on a key alone: on its user.
func (s *service) onKey(c *cloud.Call, in *GetAccessKeyLastUsedRequest) ([]cloud.Check, error) {
	h, _, err := s.userOfKey(c, in.AccessKeyId)
	if err != nil {
		return on("GetAccessKeyLastUsed", holderARN(c.Account, user, "/", "*"))
	}
	return []cloud.Check{{Action: "iam:GetAccessKeyLastUsed", Resource: h.ARN, Context: holderContext("GetAccessKeyLastUsed", h)}}, nil
}

func (s *service) userOfKey(c *cloud.Call, id string) (holder, accessKey, error) {
	k, ok := s.keys.Get(id)
	if !ok || k.Account != c.Account {
		return holder{}, k, noSuchKey(id)
	}
	h, ok := s.find(k.UserID)
	if !ok {
		return h, k, noSuchKey(id)
	}
	return h, k, nil
}

func (s *service) keyLastUsed(c *cloud.Call, in *GetAccessKeyLastUsedRequest) (*GetAccessKeyLastUsedResponse, error) {
	h, k, err := s.userOfKey(c, in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	out := &GetAccessKeyLastUsedResponse{UserName: h.Name, AccessKeyLastUsed: &AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}}
	if u, ok := s.uses.Get(k.ID); ok {
		out.AccessKeyLastUsed = &AccessKeyLastUsed{LastUsedDate: at(u.At), ServiceName: u.Service, Region: u.Region}
	}
	return out, nil
}

// Role answers the world: a role by its ARN.
func (s *service) Role(roleARN string) (cloud.Principal, bool) {
	h, ok := s.byARN(roleARN)
	if !ok || h.Kind != role {
		return cloud.Principal{}, false
	}
	return asPrincipal(h), true
}

// Principal answers the world: a user or role by its unique id.
func (s *service) Principal(id string) (cloud.Principal, bool) {
	h, ok := s.find(id)
	if !ok || h.Kind == group {
		return cloud.Principal{}, false
	}
	return asPrincipal(h), true
}

func asPrincipal(h holder) cloud.Principal {
	p := cloud.Principal{Kind: cloud.IAMUser, ARN: h.ARN, ID: h.ID, Name: h.Name, Account: h.Account, Tags: h.tagMap()}
	if h.Kind == role {
		p.Kind, p.MaxSession = cloud.AssumedRole, time.Duration(h.Seconds)*time.Second
	}
	return p
}

// ManagedPolicy answers the world: the document of a managed policy.
func (s *service) ManagedPolicy(account, policyARN string) (string, bool) {
	p, err := s.policy(account, policyARN)
	if err != nil {
		return "", false
	}
	v, ok := p.version(p.Default)
	return v.Document, ok
}

var _ cloud.PrincipalSource = (*service)(nil)
