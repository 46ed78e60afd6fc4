package organizations

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// The policy types of the sandbox.
const (
	scp = "SERVICE_CONTROL_POLICY"
	rcp = "RESOURCE_CONTROL_POLICY"
)

// controlPolicy is an SCP or RCP.
type controlPolicy struct {
	ID, Name, Text, Type, Content string
	AWS                           bool
}

// fullAccess are AWS's own policies, which it attaches everywhere when a type is
// enabled.
var fullAccess = map[string]controlPolicy{
	scp: {ID: "p-FullAWSAccess", Name: "FullAWSAccess", Text: "Allows access to every operation", Type: scp, AWS: true,
		Content: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	rcp: {ID: "p-RCPFullAWSAccess", Name: "RCPFullAWSAccess", Text: "Allows access to every operation", Type: rcp, AWS: true,
		Content: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`},
}

// Limits ("Quotas and service limits for AWS Organizations").
const (
	maxContent      = 5120 // characters of an SCP or RCP
	maxSCPs         = 5    // attached to one root, unit or account
	minSCPs         = 1
	maxRCPs         = 5
	maxPolicies     = 2000
	maxResourceTags = 50
)

func supported(policyType string) error {
	if _, ok := fullAccess[policyType]; !ok {
		return cloud.NotImplemented("policies of type " + policyType)
	}
	return nil
}

func (o *organization) policy(id string) (controlPolicy, bool) {
	for _, p := range fullAccess {
		if p.ID == id {
			return p, true
		}
	}
	i := slices.IndexFunc(o.Policies, func(p controlPolicy) bool { return p.ID == id })
	if i < 0 {
		return controlPolicy{}, false
	}
	return o.Policies[i], true
}

func (o *organization) policyARN(p controlPolicy) string {
	if p.AWS {
		return "arn:aws:organizations::aws:policy/" + title(p.Type) + "/" + p.ID
	}
	return "arn:aws:organizations::" + o.Management + ":policy/" + o.ID + "/" + title(p.Type) + "/" + p.ID
}

// onPolicy is the resource of an operation on a policy. For one that is not there
// AWS names no type either.
func (o *organization) onPolicy(id string) (target, string) {
	p, ok := o.policy(id)
	if !ok {
		p = controlPolicy{ID: id, Type: scp}
	}
	return target{arn: o.policyARN(p), tags: o.Tags[id]}, p.Type
}

func (o *organization) summary(p controlPolicy) *PolicySummary {
	own := p.AWS
	return &PolicySummary{Id: p.ID, Arn: o.policyARN(p), Name: p.Name, Description: p.Text, Type: p.Type, AwsManaged: &own}
}

func (o *organization) wirePolicy(p controlPolicy) *Policy {
	return &Policy{PolicySummary: o.summary(p), Content: p.Content}
}

func noPolicy() *cloud.Error {
	return cloud.Errorf("PolicyNotFoundException", "You specified a policy that doesn't exist.")
}

func (s *service) policyOps() []wire.Operation {
	return []wire.Operation{
		use(s, "CreatePolicy", true, func(o *organization, in *CreatePolicyRequest) ([]target, string) {
			return []target{{arn: o.policyARN(controlPolicy{ID: "*", Type: in.Type})}}, in.Type
		}, s.createPolicy),
		use(s, "UpdatePolicy", true, func(o *organization, in *UpdatePolicyRequest) ([]target, string) {
			on, kind := o.onPolicy(in.PolicyId)
			return []target{on}, kind
		}, updatePolicy),
		use(s, "DeletePolicy", true, func(o *organization, in *DeletePolicyRequest) ([]target, string) {
			on, kind := o.onPolicy(in.PolicyId)
			return []target{on}, kind
		}, func(_ *cloud.Call, o *organization, in *DeletePolicyRequest) (*wire.Empty, error) {
			p, ok := o.policy(in.PolicyId)
			switch {
			case !ok:
				return nil, noPolicy()
			case p.AWS:
				return nil, immutable()
			case len(o.targets(p.ID)) > 0:
				return nil, cloud.Errorf("PolicyInUseException", "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.")
			}
			o.Policies = slices.DeleteFunc(o.Policies, func(q controlPolicy) bool { return q.ID == p.ID })
			delete(o.Tags, p.ID)
			return nil, nil
		}),
		use(s, "DescribePolicy", false, func(o *organization, in *DescribePolicyRequest) ([]target, string) {
			on, kind := o.onPolicy(in.PolicyId)
			return []target{on}, kind
		}, func(_ *cloud.Call, o *organization, in *DescribePolicyRequest) (*DescribePolicyResponse, error) {
			p, ok := o.policy(in.PolicyId)
			if !ok {
				return nil, noPolicy()
			}
			return &DescribePolicyResponse{Policy: o.wirePolicy(p)}, nil
		}),
		use(s, "ListPolicies", false, func(_ *organization, in *ListPoliciesRequest) ([]target, string) { return nil, in.Filter }, func(_ *cloud.Call, o *organization, in *ListPoliciesRequest) (*ListPoliciesResponse, error) {
			if err := supported(in.Filter); err != nil {
				return nil, err
			}
			all := []*PolicySummary{o.summary(fullAccess[in.Filter])}
			for _, p := range o.Policies {
				if p.Type == in.Filter {
					all = append(all, o.summary(p))
				}
			}
			out := &ListPoliciesResponse{}
			var err error
			out.Policies, out.NextToken, err = page(all, in.NextToken, in.MaxResults)
			return out, err
		}),
	}
}

func immutable() *cloud.Error {
	return failed("InvalidInputException", "IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
}

func (s *service) createPolicy(_ *cloud.Call, o *organization, in *CreatePolicyRequest) (*CreatePolicyResponse, error) {
	if err := supported(in.Type); err != nil {
		return nil, err
	}
	if err := wellFormed(in.Type, in.Content); err != nil {
		return nil, err
	}
	if err := o.freePolicyName("", in.Name); err != nil {
		return nil, err
	}
	if len(o.Policies) >= maxPolicies {
		return nil, failed("ConstraintViolationException", "POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the number of policies that you can have in an organization.")
	}
	p := controlPolicy{ID: "p-" + s.world.IDs.From(lowerAlphabet, 8), Name: in.Name, Text: in.Description, Type: in.Type, Content: in.Content}
	o.Policies = append(o.Policies, p)
	if err := o.tag(p.ID, in.Tags); err != nil {
		return nil, err
	}
	return &CreatePolicyResponse{Policy: o.wirePolicy(p)}, nil
}

func (o *organization) freePolicyName(id, name string) error {
	taken := name == fullAccess[scp].Name || name == fullAccess[rcp].Name
	for _, p := range o.Policies {
		taken = taken || p.Name == name && p.ID != id
	}
	if taken {
		return cloud.Errorf("DuplicatePolicyException", "A policy with the same name already exists.")
	}
	return nil
}

func updatePolicy(_ *cloud.Call, o *organization, in *UpdatePolicyRequest) (*UpdatePolicyResponse, error) {
	p, ok := o.policy(in.PolicyId)
	switch {
	case !ok:
		return nil, noPolicy()
	case p.AWS:
		return nil, immutable()
	}
	if in.Name != "" {
		if err := o.freePolicyName(p.ID, in.Name); err != nil {
			return nil, err
		}
		p.Name = in.Name
	}
	if in.Description != "" {
		p.Text = in.Description
	}
	if in.Content != "" {
		if err := wellFormed(p.Type, in.Content); err != nil {
			return nil, err
		}
		p.Content = in.Content
	}
	for i := range o.Policies {
		if o.Policies[i].ID == p.ID {
			o.Policies[i] = p
		}
	}
	return &UpdatePolicyResponse{Policy: o.wirePolicy(p)}, nil
}

// wellFormed checks a document as Organizations does on saving ("SCP syntax",
// "RCP syntax").
func wellFormed(policyType, content string) error {
	if utf8.RuneCountInString(content) > maxContent {
		return failed("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size of %d characters.", maxContent)
	}
	bad := func(why string) error {
		return cloud.Errorf("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements of the specified policy type. (%s)", why)
	}
	doc, err := policy.Parse("document", []byte(content))
	if err != nil {
		return bad("invalid JSON")
	}
	if len(doc.Problems) > 0 {
		return bad(doc.Problems[0].Message)
	}
	for i := range doc.Statements {
		if why := wrong(policyType, &doc.Statements[i]); why != "" {
			return bad(why)
		}
	}
	return nil
}

// wrong says what a statement has, or lacks, that its type of policy forbids or
// demands.
func wrong(policyType string, st *policy.Statement) string {
	switch {
	case st.Broken != "":
		return st.Broken
	case !st.HasResource:
		return "Resource is missing"
	case policyType == scp && st.Principals != nil:
		return "Principal is not allowed"
	case policyType == scp:
		return ""
	case st.Effect != policy.EffectDeny:
		return "only Deny is allowed"
	case st.NotAction:
		return "NotAction is not allowed"
	}
	if p := st.Principals; p == nil || p.Not || len(p.List) != 1 || p.List[0].Value != "*" {
		return `Principal must be "*"`
	}
	for _, a := range st.Actions {
		if service, _, ok := strings.Cut(a.Value, ":"); !ok || strings.ContainsAny(service, "*?") {
			return "an action must name its service"
		}
	}
	return ""
}
