package cli

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

// inventory is an estate in the shape of its JSON output (schema
// twokey.estate/v1). Fields may be added; none is renamed or removed without a
// new schema version. "?" in a name stands for a part that is not known.
type inventory struct {
	Schema      string          `json:"schema"`
	Accounts    []itemAccount   `json:"accounts"`
	People      []itemPerson    `json:"people"`
	Pipelines   []itemPipeline  `json:"pipelines"`
	Principals  []itemPrincipal `json:"principals"`
	Resources   []itemResource  `json:"resources"`
	Unmodelled  map[string]int  `json:"unmodelled"`
	Unknowns    []itemUnknown   `json:"unknowns"`
	Problems    []itemProblem   `json:"problems"`
	Assumptions []string        `json:"assumptions"`
	Read        []itemSource    `json:"read"`
}

type itemAccount struct {
	ID         string `json:"id"`
	Name       string `json:"name,omitempty"`
	Production bool   `json:"production"`
	Management bool   `json:"management"`
	// Foreign: the account is only named in an ARN. StandIn: the id is made up.
	Foreign bool `json:"foreign"`
	StandIn bool `json:"stand_in"`
}

type itemPerson struct {
	Name       string   `json:"name"`
	Groups     []string `json:"groups"`
	Identities []string `json:"identities"`
}

type itemPipeline struct {
	Name     string           `json:"name"`
	ARN      string           `json:"arn"`
	Account  string           `json:"account"`
	Region   string           `json:"region"`
	Role     string           `json:"role"`
	Stages   []itemStage      `json:"stages"`
	Location finding.Location `json:"location"`
	// Incomplete says why the structure could not be read in full.
	Incomplete string `json:"incomplete,omitempty"`
	account    string
	role       string
}

type itemStage struct {
	Name    string       `json:"name"`
	Actions []itemAction `json:"actions"`
}

type itemAction struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Provider string `json:"provider"`
	RunOrder int    `json:"run_order"`
	// Role is the ARN of the action's own role; empty where it runs as the pipeline's.
	Role     string           `json:"role,omitempty"`
	Region   string           `json:"region,omitempty"`
	Location finding.Location `json:"location"`
	role     string
}

type itemPrincipal struct {
	Kind    string `json:"kind"` // user or role
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	// Policies is the number of its own policies, Inherited that of its groups'.
	Policies  int `json:"policies"`
	Inherited int `json:"inherited"`
	// UnknownPolicies is how many of both could not be read.
	UnknownPolicies int  `json:"unknown_policies"`
	Boundary        bool `json:"boundary"`
	// Missing: nothing defines it; it is only named by something else.
	Missing  bool             `json:"missing"`
	Location finding.Location `json:"location"`
	account  string
}

type itemResource struct {
	Kind    string `json:"kind"` // bucket or key
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	// Policy says whether it has a policy of its own: yes, no or unknown.
	Policy   string           `json:"policy"`
	Missing  bool             `json:"missing"`
	Location finding.Location `json:"location"`
	account  string
}

type itemUnknown struct {
	What     string           `json:"what"`
	Why      string           `json:"why"`
	Location finding.Location `json:"location"`
}

type itemProblem struct {
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
	Location finding.Location `json:"location"`
}

type itemSource struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Stack   string `json:"stack,omitempty"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
}

func newInventory(e *estate.Estate) *inventory {
	s := &inventory{
		Schema: "twokey.estate/v1", Accounts: []itemAccount{}, People: []itemPerson{}, Pipelines: []itemPipeline{},
		Principals: []itemPrincipal{}, Resources: []itemResource{}, Unmodelled: map[string]int{},
		Unknowns: []itemUnknown{}, Problems: []itemProblem{}, Assumptions: []string{}, Read: []itemSource{},
	}
	for _, a := range e.Accounts {
		s.Accounts = append(s.Accounts, itemAccount{estate.Show(a.ID), a.Name, a.Production, a.Management, a.Foreign, a.StandIn})
	}
	for _, p := range e.People {
		s.People = append(s.People, itemPerson{p.Name, list(p.Groups), list(p.Identities)})
	}
	for _, p := range e.Pipelines {
		s.Pipelines = append(s.Pipelines, newItemPipeline(e, p))
	}
	s.Principals = append(s.Principals, itemPrincipals(e)...)
	s.Resources = append(s.Resources, itemResources(e)...)
	for _, m := range e.Unmodelled {
		s.Unmodelled[m.Type]++
	}
	for _, u := range e.Unknowns {
		s.Unknowns = append(s.Unknowns, itemUnknown{estate.Show(u.What), estate.Show(u.Why), locationOf(u.Pos)})
	}
	for _, p := range e.Problems {
		s.Problems = append(s.Problems, itemProblem{estate.Show(p.Message), estate.Show(p.Hint), locationOf(p.Pos)})
	}
	s.Assumptions = append(s.Assumptions, e.Assumptions...)
	for _, r := range e.Read {
		s.Read = append(s.Read, itemSource(r))
	}
	return s
}

func newItemPipeline(e *estate.Estate, p *estate.Pipeline) itemPipeline {
	item := itemPipeline{
		Name: estate.Show(p.Name), ARN: estate.Show(p.ARN), Account: estate.Show(p.Account), Region: estate.Show(p.Region),
		Role: estate.Show(p.RoleARN), Stages: []itemStage{}, Location: locationOf(p.Pos), Incomplete: p.Incomplete,
		account: accountName(e, p.Account), role: roleName(e, p.RoleARN),
	}
	for _, st := range p.Stages {
		stage := itemStage{Name: estate.Show(st.Name), Actions: []itemAction{}}
		for _, ac := range st.Actions {
			stage.Actions = append(stage.Actions, itemAction{
				Name: estate.Show(ac.Name), Category: estate.Show(ac.Category), Provider: estate.Show(ac.Provider),
				RunOrder: ac.RunOrder, Role: estate.Show(ac.RoleARN), Region: estate.Show(ac.Region),
				Location: locationOf(ac.Pos), role: roleName(e, ac.RoleARN),
			})
		}
		item.Stages = append(item.Stages, stage)
	}
	return item
}

func itemPrincipals(e *estate.Estate) []itemPrincipal {
	var out []itemPrincipal
	for _, u := range e.Users {
		item := itemPrincipal{
			Kind: "user", Name: estate.Show(u.Name), ARN: estate.Show(u.ARN), Account: estate.Show(u.Account),
			Policies: len(u.Policies), UnknownPolicies: unread(u.Policies), Boundary: u.Boundary != nil,
			Location: locationOf(u.Pos), account: accountName(e, u.Account),
		}
		for _, arn := range u.Groups {
			g := e.Group(arn)
			if g == nil {
				item.Inherited++
				item.UnknownPolicies++
				continue
			}
			item.Inherited += len(g.Policies)
			item.UnknownPolicies += unread(g.Policies)
		}
		out = append(out, item)
	}
	for _, r := range e.Roles {
		out = append(out, itemPrincipal{
			Kind: "role", Name: estate.Show(r.Name), ARN: estate.Show(r.ARN), Account: estate.Show(r.Account),
			Policies: len(r.Policies), UnknownPolicies: unread(r.Policies), Boundary: r.Boundary != nil, Missing: r.Missing,
			Location: locationOf(r.Pos), account: accountName(e, r.Account),
		})
	}
	return out
}

// unread counts the policies whose document is not known.
func unread(policies []estate.Policy) int {
	n := 0
	for _, p := range policies {
		if p.Doc == nil {
			n++
		}
	}
	return n
}

func itemResources(e *estate.Estate) []itemResource {
	var out []itemResource
	add := func(kind string, name estate.Text, m *estate.Meta, p *estate.Policy, missing bool) {
		item := itemResource{
			Kind: kind, Name: estate.Show(name), ARN: estate.Show(m.ARN), Account: estate.Show(m.Account), Policy: "yes",
			Missing: missing, Location: locationOf(m.Pos), account: accountName(e, m.Account),
		}
		switch {
		case missing || p != nil && p.Doc == nil:
			item.Policy = "unknown"
		case p == nil:
			item.Policy = "no"
		}
		out = append(out, item)
	}
	for _, b := range e.Buckets {
		add("bucket", b.Name, &b.Meta, b.Policy, b.Missing)
	}
	for _, k := range e.Keys {
		name := k.KeyID
		if len(k.Aliases) > 0 {
			name = k.Aliases[0]
		}
		add("key", name, &k.Meta, k.Policy, k.Missing)
	}
	return out
}

// list is never nil, so that JSON has [] and not null.
func list(s []string) []string { return append([]string{}, s...) }
