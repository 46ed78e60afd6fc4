package iamsvc

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// provider is an OpenID Connect provider.
type provider struct {
	Account, ARN, URL    string // URL without https://
	Clients, Thumbprints []string
	Created              time.Time
	Tags                 []tag
}

const (
	maxClients     = 100
	maxThumbprints = 5
)

func noProvider(providerARN string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "OpenIDConnect Provider not found for arn %s", providerARN)
}

// IdentityProvider answers the world: who may vouch for web identities.
func (s *service) IdentityProvider(providerARN string) (cloud.IdentityProvider, bool) {
	p, ok := s.providers.Get(providerARN)
	return cloud.IdentityProvider{ARN: p.ARN, Account: p.Account, Issuer: p.URL, Clients: slices.Clone(p.Clients)}, ok
}

func (s *service) provider(c *cloud.Call, providerARN string) (provider, error) {
	p, ok := s.providers.Get(providerARN)
	if !ok || p.Account != c.Account {
		return provider{}, noProvider(providerARN)
	}
	return p, nil
}

func (s *service) onProvider(action, providerARN string) []cloud.Check {
	p, _ := s.providers.Get(providerARN)
	return []cloud.Check{{Action: "iam:" + action, Resource: providerARN, Context: resourceTags(iam.NewContext(), p.Tags)}}
}

func bindProvider[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(_ *cloud.Call, in *In) ([]cloud.Check, error) {
		if !strings.HasPrefix(which(in), "arn:") {
			return nil, cloud.Errorf("ValidationError", "Invalid ARN: %s", which(in))
		}
		return s.onProvider(name, which(in)), nil
	}, Do: do}.Operation()
}

func (s *service) changeProvider(c *cloud.Call, providerARN string, f func(p *provider) error) error {
	_, err := s.providers.Update(providerARN, func(p provider, ok bool) (provider, error) {
		if !ok || p.Account != c.Account {
			return p, noProvider(providerARN)
		}
		p.Clients, p.Thumbprints, p.Tags = slices.Clone(p.Clients), slices.Clone(p.Thumbprints), slices.Clone(p.Tags)
		return p, f(&p)
	})
	return err
}

// issuer is a provider's URL as IAM keeps it: https, without the scheme, a query
// or a slash at the end.
func issuer(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", cloud.Errorf("ValidationError", "Invalid Open ID Connect Provider URL")
	}
	return strings.TrimSuffix(u.Host+u.EscapedPath(), "/"), nil
}

func (s *service) providerOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateOpenIDConnectProviderRequest, CreateOpenIDConnectProviderResponse]{Name: "CreateOpenIDConnectProvider", Auth: func(c *cloud.Call, in *CreateOpenIDConnectProviderRequest) ([]cloud.Check, error) {
			at, err := issuer(in.Url)
			if err != nil {
				return nil, err
			}
			checks := []cloud.Check{{Action: "iam:CreateOpenIDConnectProvider", Resource: "arn:aws:iam::" + c.Account + ":oidc-provider/" + at, Context: tagContext(iam.NewContext(), in.Tags)}}
			return withTagging("TagOpenIDConnectProvider", checks, in.Tags), nil
		}, Do: s.createProvider}.Operation(),
		bindProvider(s, "GetOpenIDConnectProvider", func(in *GetOpenIDConnectProviderRequest) string { return in.OpenIDConnectProviderArn }, func(c *cloud.Call, in *GetOpenIDConnectProviderRequest) (*GetOpenIDConnectProviderResponse, error) {
			p, err := s.provider(c, in.OpenIDConnectProviderArn)
			return &GetOpenIDConnectProviderResponse{Url: p.URL, ClientIDList: p.Clients, ThumbprintList: p.Thumbprints, CreateDate: at(p.Created), Tags: wireTags(p.Tags)}, err
		}),
		wire.Op[ListOpenIDConnectProvidersRequest, ListOpenIDConnectProvidersResponse]{Name: "ListOpenIDConnectProviders", Do: func(c *cloud.Call, _ *ListOpenIDConnectProvidersRequest) (*ListOpenIDConnectProvidersResponse, error) {
			out := &ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: []*OpenIDConnectProviderListEntry{}}
			for _, p := range s.providers.Select(func(_ string, p provider) bool { return p.Account == c.Account }) {
				out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, &OpenIDConnectProviderListEntry{Arn: p.ARN})
			}
			return out, nil
		}}.Operation(),
		bindProvider(s, "DeleteOpenIDConnectProvider", func(in *DeleteOpenIDConnectProviderRequest) string { return in.OpenIDConnectProviderArn }, func(c *cloud.Call, in *DeleteOpenIDConnectProviderRequest) (*wire.Empty, error) {
			if _, err := s.provider(c, in.OpenIDConnectProviderArn); err != nil {
				return nil, nil // AWS answers success for one that is not there
			}
			return nil, s.providers.Delete(in.OpenIDConnectProviderArn)
		}),
		bindProvider(s, "AddClientIDToOpenIDConnectProvider", func(in *AddClientIDToOpenIDConnectProviderRequest) string { return in.OpenIDConnectProviderArn }, func(c *cloud.Call, in *AddClientIDToOpenIDConnectProviderRequest) (*wire.Empty, error) {
			return nil, s.changeProvider(c, in.OpenIDConnectProviderArn, func(p *provider) error {
				if !slices.Contains(p.Clients, in.ClientID) {
					p.Clients = append(p.Clients, in.ClientID)
				}
				return p.check()
			})
		}),
		bindProvider(s, "RemoveClientIDFromOpenIDConnectProvider", func(in *RemoveClientIDFromOpenIDConnectProviderRequest) string { return in.OpenIDConnectProviderArn }, func(c *cloud.Call, in *RemoveClientIDFromOpenIDConnectProviderRequest) (*wire.Empty, error) {
			return nil, s.changeProvider(c, in.OpenIDConnectProviderArn, func(p *provider) error {
				p.Clients = slices.DeleteFunc(p.Clients, func(id string) bool { return id == in.ClientID })
				return nil
			})
		}),
		bindProvider(s, "UpdateOpenIDConnectProviderThumbprint", func(in *UpdateOpenIDConnectProviderThumbprintRequest) string { return in.OpenIDConnectProviderArn }, func(c *cloud.Call, in *UpdateOpenIDConnectProviderThumbprintRequest) (*wire.Empty, error) {
			return nil, s.changeProvider(c, in.OpenIDConnectProviderArn, func(p *provider) error {
				p.Thumbprints = in.ThumbprintList
				return p.check()
			})
		}),
	}
}

func (p *provider) check() error {
	switch {
	case len(p.Clients) > maxClients:
		return cloud.Errorf("LimitExceededException", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
	case len(p.Thumbprints) > maxThumbprints:
		return cloud.Errorf("InvalidInputException", "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	return nil
}

func (s *service) createProvider(c *cloud.Call, in *CreateOpenIDConnectProviderRequest) (*CreateOpenIDConnectProviderResponse, error) {
	where, err := issuer(in.Url)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	providerARN := "arn:aws:iam::" + c.Account + ":oidc-provider/" + where
	_, err = s.providers.Update(providerARN, func(p provider, exists bool) (provider, error) {
		if exists {
			return p, cloud.Errorf("EntityAlreadyExistsException", "Provider with url https://%s already exists.", where)
		}
		p = provider{Account: c.Account, ARN: providerARN, URL: where, Clients: in.ClientIDList, Thumbprints: in.ThumbprintList, Created: c.Time, Tags: tags}
		return p, p.check()
	})
	if err != nil {
		return nil, err
	}
	return &CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: providerARN, Tags: wireTags(tags)}, nil
}
