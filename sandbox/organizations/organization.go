package organizations

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// organization is everything about one.
type organization struct {
	ID, Management, Root string
	Created              time.Time
	Members              []member
	Units                []unit
	Policies             []controlPolicy     // the customer's own, in the order of making
	Attached             map[string][]string // target → ids of policies
	Enabled              []string            // policy types
	Tags                 map[string][]tag    // id of account, unit, root or policy
	Revision             int
}

type member struct {
	ID, Name, Parent string
}

type unit struct {
	ID, Name, Parent string
}

type tag struct{ Key, Value string }

// lowerAlphabet is that of ids; its length divides 256.
const lowerAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// maxDepth is how deep units may be nested beneath the root ("Quotas and service
// limits for AWS Organizations").
const maxDepth = 5

func (o organization) clone() organization {
	o.Members, o.Units, o.Policies, o.Enabled = slices.Clone(o.Members), slices.Clone(o.Units), slices.Clone(o.Policies), slices.Clone(o.Enabled)
	o.Attached, o.Tags = maps.Clone(o.Attached), maps.Clone(o.Tags)
	return o
}

func (o *organization) arn(kind, id string) string {
	return "arn:aws:organizations::" + o.Management + ":" + kind + "/" + o.ID + "/" + id
}

func (o *organization) member(id string) *member {
	i := slices.IndexFunc(o.Members, func(m member) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &o.Members[i]
}

func (o *organization) unit(id string) *unit {
	i := slices.IndexFunc(o.Units, func(u unit) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return &o.Units[i]
}

// entity is the resource with an id: account, unit or root.
func (o *organization) entity(id string) target {
	kind := "account"
	switch {
	case strings.HasPrefix(id, "r-"):
		kind = "root"
	case strings.HasPrefix(id, "ou-"):
		kind = "ou"
	}
	return target{arn: o.arn(kind, id), tags: o.Tags[id]}
}

func (o *organization) exists(id string) bool {
	return id == o.Root || o.unit(id) != nil || o.member(id) != nil
}

// parent is what a unit or account is in; empty for the root and for what is not
// there.
func (o *organization) parent(id string) string {
	if u := o.unit(id); u != nil {
		return u.Parent
	}
	if m := o.member(id); m != nil {
		return m.Parent
	}
	return ""
}

// chain lists the ids from the root down to id.
func (o *organization) chain(id string) []string {
	var out []string
	for at := id; at != ""; at = o.parent(at) {
		out = append(out, at)
	}
	slices.Reverse(out)
	return out
}

func (o *organization) path(id string) string {
	return o.ID + "/" + strings.Join(o.chain(id), "/") + "/"
}

func (o *organization) wire() *Organization {
	return &Organization{Id: o.ID, Arn: "arn:aws:organizations::" + o.Management + ":organization/" + o.ID, FeatureSet: "ALL", MasterAccountArn: o.arn("account", o.Management),
		MasterAccountId: o.Management, MasterAccountEmail: email(o.member(o.Management).Name), AvailablePolicyTypes: []*PolicyTypeSummary{{Type: scp, Status: "ENABLED"}}}
}

var notEmail = regexp.MustCompile(`[^a-z0-9.-]+`)

// email is made up: accounts of a world have none.
func email(name string) string {
	return notEmail.ReplaceAllString(strings.ToLower(name), "-") + "@example.com"
}

func (o *organization) wireAccount(m member) *Account {
	joined := "INVITED"
	if m.ID == o.Management {
		joined = "CREATED"
	}
	return &Account{Id: m.ID, Arn: o.arn("account", m.ID), Email: email(m.Name), Name: m.Name, Status: "ACTIVE", State: "ACTIVE", Paths: []string{o.path(m.ID)},
		JoinedMethod: joined, JoinedTimestamp: wire.At(o.Created)}
}

func (o *organization) wireRoot() *Root {
	out := &Root{Id: o.Root, Arn: o.arn("root", o.Root), Name: "Root", PolicyTypes: []*PolicyTypeSummary{}}
	for _, t := range o.Enabled {
		out.PolicyTypes = append(out.PolicyTypes, &PolicyTypeSummary{Type: t, Status: "ENABLED"})
	}
	return out
}

func (s *service) organizationOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateOrganizationRequest, CreateOrganizationResponse]{Name: "CreateOrganization", Do: s.create}.Operation(),
		wire.Op[wire.Empty, DescribeOrganizationResponse]{Name: "DescribeOrganization", Do: func(c *cloud.Call, _ *wire.Empty) (*DescribeOrganizationResponse, error) {
			o, ok := s.rows.Get(theOne)
			if !ok || o.member(c.Account) == nil {
				return nil, notInUse()
			}
			return &DescribeOrganizationResponse{Organization: o.wire()}, nil
		}}.Operation(),
		wire.Op[wire.Empty, wire.Empty]{Name: "DeleteOrganization", Do: func(c *cloud.Call, _ *wire.Empty) (*wire.Empty, error) {
			o, err := s.managed(c)
			if err != nil {
				return nil, err
			}
			if len(o.Units) > 0 || len(o.Policies) > 0 {
				return nil, cloud.Errorf("OrganizationNotEmptyException", "To delete an organization you must first delete all of its organizational units and policies.")
			}
			return nil, s.rows.Delete(theOne)
		}}.Operation(),
		use(s, "ListAccounts", false, nil, func(_ *cloud.Call, o *organization, in *ListAccountsRequest) (out *ListAccountsResponse, err error) {
			out = &ListAccountsResponse{}
			out.Accounts, out.NextToken, err = page(o.accounts(""), in.NextToken, in.MaxResults)
			return out, err
		}),
		use(s, "DescribeAccount", false, func(o *organization, in *DescribeAccountRequest) ([]target, string) {
			return []target{o.entity(in.AccountId)}, ""
		}, func(_ *cloud.Call, o *organization, in *DescribeAccountRequest) (*DescribeAccountResponse, error) {
			m := o.member(in.AccountId)
			if m == nil {
				return nil, cloud.Errorf("AccountNotFoundException", "You specified an account that doesn't exist.")
			}
			return &DescribeAccountResponse{Account: o.wireAccount(*m)}, nil
		}),
		use(s, "ListRoots", false, nil, func(_ *cloud.Call, o *organization, in *ListRootsRequest) (out *ListRootsResponse, err error) {
			out = &ListRootsResponse{}
			out.Roots, out.NextToken, err = page([]*Root{o.wireRoot()}, in.NextToken, in.MaxResults)
			return out, err
		}),
	}
}

// accounts are the members in a parent, or all.
func (o *organization) accounts(parent string) []*Account {
	out := []*Account{}
	for _, m := range o.Members {
		if parent == "" || m.Parent == parent {
			out = append(out, o.wireAccount(m))
		}
	}
	return out
}

// create makes the world's organization. Whoever makes it is the management
// account; the world's other accounts are members at once, without invitation.
func (s *service) create(c *cloud.Call, in *CreateOrganizationRequest) (*CreateOrganizationResponse, error) {
	if in.FeatureSet == "CONSOLIDATED_BILLING" {
		return nil, cloud.NotImplemented("the feature set CONSOLIDATED_BILLING")
	}
	o, err := s.rows.Update(theOne, func(o organization, exists bool) (organization, error) {
		if exists {
			return o, cloud.Errorf("AlreadyInOrganizationException", "The AWS account is already a member of an organization.")
		}
		ids := s.world.IDs
		o = organization{ID: "o-" + ids.From(lowerAlphabet, 10), Management: c.Account, Root: "r-" + ids.From(lowerAlphabet, 4), Created: c.Time, Attached: map[string][]string{}, Tags: map[string][]tag{}}
		for _, a := range s.world.Accounts() {
			m := member{ID: a.ID, Name: a.Name, Parent: o.Root}
			if m.Name == "" {
				m.Name = a.ID
			}
			o.Members = append(o.Members, m)
		}
		return o, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateOrganizationResponse{Organization: o.wire()}, nil
}

func parseIndex(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0
}

func formatIndex(n int) string { return strconv.Itoa(n) }
