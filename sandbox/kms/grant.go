package kms

import (
	"slices"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) createGrant(c *cloud.Call, k key, in *CreateGrantRequest) (*CreateGrantResponse, error) {
	if err := k.usable(); err != nil {
		return nil, err
	}
	if isTrue(in.DryRun) {
		return nil, dryRun()
	}
	p, err := iam.ParsePrincipal(in.GranteePrincipal)
	if err != nil || p.Kind == iam.AnonymousPrincipal {
		return nil, cloud.Errorf("InvalidArnException", "ARN does not refer to a valid principal: %s", in.GranteePrincipal)
	}
	g := grant{ID: s.world.IDs.Hex(64), Token: s.world.IDs.Hex(64), Name: in.Name, Grantee: in.GranteePrincipal, Retiring: in.RetiringPrincipal,
		IssuingAccount: "arn:aws:iam::" + c.Account + ":root", Operations: in.Operations, Created: c.Time}
	if in.Constraints != nil {
		g.Equals, g.Subset = in.Constraints.EncryptionContextEquals, in.Constraints.EncryptionContextSubset
	}
	_, err = s.change(k, func(k *key) error {
		// A grant with a name is made once: asked for again, it is given out again.
		if i := slices.IndexFunc(k.Grants, func(o grant) bool {
			return g.Name != "" && o.Name == g.Name && o.Grantee == g.Grantee && slices.Equal(o.Operations, g.Operations)
		}); i >= 0 {
			g = k.Grants[i]
			return nil
		}
		k.Grants = append(k.Grants, g)
		return nil
	})
	return &CreateGrantResponse{GrantId: g.ID, GrantToken: g.Token}, err
}

func (g *grant) entry(k key) *GrantListEntry {
	e := &GrantListEntry{KeyId: k.ARN, GrantId: g.ID, Name: g.Name, CreationDate: wire.At(g.Created), GranteePrincipal: g.Grantee,
		RetiringPrincipal: g.Retiring, IssuingAccount: g.IssuingAccount, Operations: g.Operations}
	if g.Equals != nil || g.Subset != nil {
		e.Constraints = &GrantConstraints{EncryptionContextEquals: g.Equals, EncryptionContextSubset: g.Subset}
	}
	return e
}

func (s *service) removeGrant(k key, id string) error {
	_, err := s.change(k, func(k *key) error {
		i := slices.IndexFunc(k.Grants, func(g grant) bool { return g.ID == id })
		if i < 0 {
			return notFound("Grant ID " + id + " not found")
		}
		k.Grants = slices.Delete(k.Grants, i, i+1)
		return nil
	})
	return err
}

// retiree finds the grant that a RetireGrant is about, by token or by key and id.
func (s *service) retiree(c *cloud.Call, in *RetireGrantRequest) (key, grant, error) {
	for _, k := range s.keys.Select(func(_ string, k key) bool { return k.Region == c.Region && !k.gone(c.Time) }) {
		for _, g := range k.Grants {
			if in.GrantToken != "" && g.Token == in.GrantToken || in.GrantId != "" && g.ID == in.GrantId && k.ARN == in.KeyId {
				return k, g, nil
			}
		}
	}
	return key{}, grant{}, notFound("Grant not found")
}

func (s *service) grantOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateGrantRequest, CreateGrantResponse]{Name: "CreateGrant", Auth: func(c *cloud.Call, in *CreateGrantRequest) ([]cloud.Check, error) {
			return s.on(c, "CreateGrant", in.KeyId, func(ctx *iam.Context) {
				ctx.Set("kms:GranteePrincipal", in.GranteePrincipal)
				ctx.SetList("kms:GrantOperations", in.Operations...)
				resource := "false"
				if viaService(c) != "" {
					resource = "true"
				}
				ctx.Set("kms:GrantIsForAWSResource", resource)
				if in.RetiringPrincipal != "" {
					ctx.Set("kms:RetiringPrincipal", in.RetiringPrincipal)
				}
				if in.Constraints != nil {
					kind, ec := "EncryptionContextSubset", in.Constraints.EncryptionContextSubset
					if in.Constraints.EncryptionContextEquals != nil {
						kind, ec = "EncryptionContextEquals", in.Constraints.EncryptionContextEquals
					}
					ctx.Set("kms:GrantConstraintType", kind)
					withEncryptionContext(ctx, ec)
				}
			})
		}, Do: func(c *cloud.Call, in *CreateGrantRequest) (*CreateGrantResponse, error) {
			k, err := s.find(c, in.KeyId)
			if err != nil {
				return nil, err
			}
			return s.createGrant(c, k, in)
		}}.Operation(),
		bind(s, "ListGrants", func(in *ListGrantsRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *ListGrantsRequest) (*ListGrantsResponse, error) {
			out := &ListGrantsResponse{}
			for _, g := range k.Grants {
				if (in.GrantId == "" || g.ID == in.GrantId) && (in.GranteePrincipal == "" || g.Grantee == in.GranteePrincipal) {
					out.Grants = append(out.Grants, g.entry(k))
				}
			}
			var err error
			out.Grants, out.NextMarker, out.Truncated, err = page(out.Grants, in.Marker, in.Limit, 50)
			return out, err
		}),
		bind(s, "RevokeGrant", func(in *RevokeGrantRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *RevokeGrantRequest) (*wire.Empty, error) {
			if isTrue(in.DryRun) {
				return nil, dryRun()
			}
			return nil, s.removeGrant(k, in.GrantId)
		}),
		// A retiring principal needs no permission to retire its grant; everyone else
		// needs kms:RetireGrant on the key.
		wire.Op[RetireGrantRequest, wire.Empty]{Name: "RetireGrant", Auth: func(c *cloud.Call, in *RetireGrantRequest) ([]cloud.Check, error) {
			k, g, err := s.retiree(c, in)
			if err != nil {
				return nil, err
			}
			if g.Retiring == c.Identity.ARN || g.Retiring != "" && g.Retiring == c.Identity.RoleARN {
				return nil, nil
			}
			return []cloud.Check{{Action: "kms:RetireGrant", Resource: k.ARN, ResourceAccount: k.Account, Context: k.conditions(c)}}, nil
		}, Do: func(c *cloud.Call, in *RetireGrantRequest) (*wire.Empty, error) {
			if isTrue(in.DryRun) {
				return nil, dryRun()
			}
			k, g, err := s.retiree(c, in)
			if err != nil {
				return nil, err
			}
			return nil, s.removeGrant(k, g.ID)
		}}.Operation(),
		wire.Op[ListRetirableGrantsRequest, ListGrantsResponse]{Name: "ListRetirableGrants", Do: func(c *cloud.Call, in *ListRetirableGrantsRequest) (*ListGrantsResponse, error) {
			out := &ListGrantsResponse{}
			for _, k := range s.keys.Select(func(_ string, k key) bool { return k.Region == c.Region && !k.gone(c.Time) }) {
				for _, g := range k.Grants {
					if g.Retiring == in.RetiringPrincipal {
						out.Grants = append(out.Grants, g.entry(k))
					}
				}
			}
			var err error
			out.Grants, out.NextMarker, out.Truncated, err = page(out.Grants, in.Marker, in.Limit, 50)
			return out, err
		}}.Operation(),
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

func dryRun() error {
	return cloud.Errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.").WithStatus(412)
}
