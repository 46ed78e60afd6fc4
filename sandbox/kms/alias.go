package kms

import (
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// onAlias is the check of an operation on an alias: AWS authorises it on the
// alias and on each key that it points, or is to point, to.
func (s *service) onAlias(c *cloud.Call, action, name string, targets ...string) ([]cloud.Check, error) {
	if err := checkAliasName(name); err != nil {
		return nil, err
	}
	// Of another account's key there can be no alias: on refuses it.
	a := aliasARN(c.Account, c.Region, name)
	checks := []cloud.Check{{Action: "kms:" + action, Resource: a}}
	if al, ok := s.aliases.Get(a); ok {
		targets = append(targets, al.Target)
	}
	for _, target := range targets {
		more, err := s.on(c, action, target, nil)
		if err != nil {
			return nil, err
		}
		checks = append(checks, more...)
	}
	return checks, nil
}

func checkAliasName(name string) error {
	switch {
	case !strings.HasPrefix(name, "alias/") || len(name) == len("alias/"):
		return cloud.Errorf("InvalidAliasNameException", "Alias must start with the prefix \"alias/\". Please see http://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html")
	case strings.HasPrefix(name, "alias/aws/"):
		return cloud.Errorf("NotAuthorizedException", "Alias names that begin with alias/aws/ are reserved")
	}
	return nil
}

func (s *service) aliasOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateAliasRequest, wire.Empty]{Name: "CreateAlias", Auth: func(c *cloud.Call, in *CreateAliasRequest) ([]cloud.Check, error) {
			return s.onAlias(c, "CreateAlias", in.AliasName, in.TargetKeyId)
		}, Do: func(c *cloud.Call, in *CreateAliasRequest) (*wire.Empty, error) {
			k, err := s.find(c, in.TargetKeyId)
			if err != nil {
				return nil, err
			}
			a := aliasARN(c.Account, c.Region, in.AliasName)
			_, err = s.aliases.Update(a, func(al alias, exists bool) (alias, error) {
				if exists {
					return al, cloud.Errorf("AlreadyExistsException", "An alias with the name %s already exists", a)
				}
				return alias{c.Account, c.Region, in.AliasName, k.ARN, c.Time, c.Time}, nil
			})
			return nil, err
		}}.Operation(),
		wire.Op[UpdateAliasRequest, wire.Empty]{Name: "UpdateAlias", Auth: func(c *cloud.Call, in *UpdateAliasRequest) ([]cloud.Check, error) {
			return s.onAlias(c, "UpdateAlias", in.AliasName, in.TargetKeyId)
		}, Do: func(c *cloud.Call, in *UpdateAliasRequest) (*wire.Empty, error) {
			k, err := s.find(c, in.TargetKeyId)
			if err != nil {
				return nil, err
			}
			a := aliasARN(c.Account, c.Region, in.AliasName)
			_, err = s.aliases.Update(a, func(al alias, ok bool) (alias, error) {
				if !ok {
					return al, notFound("Alias " + a + " is not found.")
				}
				al.Target, al.Updated = k.ARN, c.Time
				return al, nil
			})
			return nil, err
		}}.Operation(),
		wire.Op[DeleteAliasRequest, wire.Empty]{Name: "DeleteAlias", Auth: func(c *cloud.Call, in *DeleteAliasRequest) ([]cloud.Check, error) {
			return s.onAlias(c, "DeleteAlias", in.AliasName)
		}, Do: func(c *cloud.Call, in *DeleteAliasRequest) (*wire.Empty, error) {
			a := aliasARN(c.Account, c.Region, in.AliasName)
			if _, ok := s.aliases.Get(a); !ok {
				return nil, notFound("Alias " + a + " is not found.")
			}
			return nil, s.aliases.Delete(a)
		}}.Operation(),
		wire.Op[ListAliasesRequest, ListAliasesResponse]{Name: "ListAliases", Do: func(c *cloud.Call, in *ListAliasesRequest) (*ListAliasesResponse, error) {
			target := ""
			if in.KeyId != "" {
				k, err := s.find(c, in.KeyId)
				if err != nil {
					return nil, err
				}
				target = k.ARN
			}
			out := &ListAliasesResponse{}
			for _, al := range s.aliases.Select(func(_ string, al alias) bool {
				return al.Account == c.Account && al.Region == c.Region && (target == "" || al.Target == target)
			}) {
				out.Aliases = append(out.Aliases, &AliasListEntry{AliasName: al.Name, AliasArn: aliasARN(al.Account, al.Region, al.Name),
					TargetKeyId: al.Target[strings.LastIndexByte(al.Target, '/')+1:], CreationDate: wire.At(al.Created), LastUpdatedDate: wire.At(al.Updated)})
			}
			var err error
			out.Aliases, out.NextMarker, out.Truncated, err = page(out.Aliases, in.Marker, in.Limit, 50)
			return out, err
		}}.Operation(),
	}
}
