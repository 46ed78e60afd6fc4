package iamsvc

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// source is a policy document that takes part in a simulation.
type source struct{ id, kind, document string }

// simulation is one call of the policy simulator: what does not change from one
// action and resource to the next.
type simulation struct {
	sources   []source // of all sides; a compiled policy is named by its index
	identity  []int
	boundary  []int
	resource  []int
	scps      []*iam.Set
	inOrg     bool
	caller    iam.Principal
	context   *iam.Context // of the request
	principal *iam.Context
	owner     string
}

func (m *simulation) add(side *[]int, sources ...source) {
	for _, s := range sources {
		*side = append(*side, len(m.sources))
		m.sources = append(m.sources, s)
	}
}

func (m *simulation) set(side iam.Side, members []int) *iam.Set {
	var docs []iam.NamedDoc
	for _, i := range members {
		d := iam.NamedDoc{Name: strconv.Itoa(i)}
		var err error
		if d.Doc, err = policy.Parse(m.sources[i].id, []byte(m.sources[i].document)); err != nil {
			d = iam.NamedDoc{Name: d.Name, Unknown: err.Error()}
		}
		docs = append(docs, d)
	}
	return iam.NewSet(side, docs...)
}

// simulateRequest is what both operations of the simulator take.
type simulateRequest struct {
	boundaries, actions, resources          []string
	resourcePolicy, owner, caller, handling string
	entries                                 []*ContextEntry
	marker                                  string
	maxItems                                *int64
}

func (s *service) simulateOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[SimulateCustomPolicyRequest, SimulatePolicyResponse]{Name: "SimulateCustomPolicy", ReadOnly: true, Do: s.simulateCustom}.Operation(),
		wire.Op[SimulatePrincipalPolicyRequest, SimulatePolicyResponse]{Name: "SimulatePrincipalPolicy", ReadOnly: true, Auth: func(_ *cloud.Call, in *SimulatePrincipalPolicyRequest) ([]cloud.Check, error) {
			return s.onPrincipal("SimulatePrincipalPolicy", in.PolicySourceArn)
		}, Do: s.simulatePrincipal}.Operation(),
		wire.Op[GetContextKeysForCustomPolicyRequest, GetContextKeysForPolicyResponse]{Name: "GetContextKeysForCustomPolicy", Do: func(_ *cloud.Call, in *GetContextKeysForCustomPolicyRequest) (*GetContextKeysForPolicyResponse, error) {
			m := &simulation{}
			m.add(&m.identity, inputs("PolicyInputList", in.PolicyInputList)...)
			return &GetContextKeysForPolicyResponse{ContextKeyNames: m.keys()}, m.check()
		}}.Operation(),
		wire.Op[GetContextKeysForPrincipalPolicyRequest, GetContextKeysForPolicyResponse]{Name: "GetContextKeysForPrincipalPolicy", Auth: func(_ *cloud.Call, in *GetContextKeysForPrincipalPolicyRequest) ([]cloud.Check, error) {
			return s.onPrincipal("GetContextKeysForPrincipalPolicy", in.PolicySourceArn)
		}, Do: func(c *cloud.Call, in *GetContextKeysForPrincipalPolicyRequest) (*GetContextKeysForPolicyResponse, error) {
			h, err := s.simulated(c, in.PolicySourceArn)
			if err != nil {
				return nil, err
			}
			m := &simulation{}
			m.add(&m.identity, s.sourcesOf(h)...)
			m.add(&m.identity, inputs("PolicyInputList", in.PolicyInputList)...)
			return &GetContextKeysForPolicyResponse{ContextKeyNames: m.keys()}, m.check()
		}}.Operation(),
	}
}

// onPrincipal is the check of an operation on a user, group or role given by ARN.
func (s *service) onPrincipal(action, principalARN string) ([]cloud.Check, error) {
	if _, err := arn.Parse(principalARN); err != nil {
		return nil, cloud.Errorf("InvalidInputException", "Invalid Entity Arn: %s does not clearly define entity type and name.", principalARN)
	}
	h, _ := s.byARN(principalARN)
	return []cloud.Check{{Action: "iam:" + action, Resource: principalARN, Context: holderContext(action, h)}}, nil
}

func (s *service) simulated(c *cloud.Call, principalARN string) (holder, error) {
	h, ok := s.byARN(principalARN)
	if !ok || h.Account != c.Account {
		return h, cloud.Errorf("NoSuchEntityException", "The entity with ARN %s cannot be found.", principalARN)
	}
	return h, nil
}

// inputs are the policies of a request.
func inputs(list string, documents []string) []source {
	out := make([]source, len(documents))
	for i, d := range documents {
		out[i] = source{list + "." + strconv.Itoa(i+1), "IAM Policy", d}
	}
	return out
}

// sourcesOf are the policies of a user (with its groups'), group or role.
func (s *service) sourcesOf(h holder) []source {
	var out []source
	for _, i := range h.Inline {
		out = append(out, source{string(h.Kind) + "_" + h.Name + "_" + i.Name, string(h.Kind), i.Document})
	}
	for _, a := range h.Attached {
		out = append(out, s.managedSource(h.Account, a))
	}
	for _, g := range s.groupsOf(h) {
		out = append(out, s.sourcesOf(g)...)
	}
	return out
}

func (s *service) managedSource(account, policyARN string) source {
	d := s.managedDocument(account, policyARN)
	if strings.Contains(policyARN, "::aws:policy/") {
		return source{d.name, "aws-managed", d.document}
	}
	return source{d.name, "user-managed", d.document}
}

// check refuses documents that cannot be read.
func (m *simulation) check() error {
	for _, s := range m.sources {
		if _, err := policy.Parse(s.id, []byte(s.document)); err != nil {
			return cloud.Errorf("InvalidInputException", "Invalid policy document %s: %s", s.id, err)
		}
	}
	return nil
}

func (s *service) simulateCustom(c *cloud.Call, in *SimulateCustomPolicyRequest) (*SimulatePolicyResponse, error) {
	m := &simulation{}
	m.add(&m.identity, inputs("PolicyInputList", in.PolicyInputList)...)
	return m.run(c, simulateRequest{boundaries: in.PermissionsBoundaryPolicyInputList, actions: in.ActionNames, resources: in.ResourceArns,
		resourcePolicy: in.ResourcePolicy, owner: in.ResourceOwner, caller: in.CallerArn, handling: in.ResourceHandlingOption, entries: in.ContextEntries, marker: in.Marker, maxItems: in.MaxItems})
}

func (s *service) simulatePrincipal(c *cloud.Call, in *SimulatePrincipalPolicyRequest) (*SimulatePolicyResponse, error) {
	h, err := s.simulated(c, in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	m := &simulation{}
	m.add(&m.identity, s.sourcesOf(h)...)
	m.add(&m.identity, inputs("PolicyInputList", in.PolicyInputList)...)
	if h.Boundary != "" && len(in.PermissionsBoundaryPolicyInputList) == 0 {
		m.add(&m.boundary, s.managedSource(h.Account, h.Boundary))
	}
	caller := in.CallerArn
	if caller == "" && h.Kind != group {
		caller = h.ARN
	}
	if org := s.world.Organization(); org != nil && !org.Management(h.Account) {
		m.scps, _ = org.Levels(h.Account)
		m.inOrg = m.scps != nil
	}
	return m.run(c, simulateRequest{boundaries: in.PermissionsBoundaryPolicyInputList, actions: in.ActionNames, resources: in.ResourceArns,
		resourcePolicy: in.ResourcePolicy, owner: in.ResourceOwner, caller: caller, handling: in.ResourceHandlingOption, entries: in.ContextEntries, marker: in.Marker, maxItems: in.MaxItems})
}

func (m *simulation) run(c *cloud.Call, in simulateRequest) (*SimulatePolicyResponse, error) {
	if in.handling != "" {
		return nil, cloud.NotImplemented("the parameter ResourceHandlingOption")
	}
	m.add(&m.boundary, inputs("PermissionsBoundaryPolicyInputList", in.boundaries)...)
	if in.resourcePolicy != "" {
		if in.caller == "" {
			return nil, cloud.Errorf("InvalidInputException", "CallerArn is required when ResourcePolicy is given.")
		}
		m.add(&m.resource, source{"ResourcePolicy", "resource", in.resourcePolicy})
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := m.setCaller(c, in.caller); err != nil {
		return nil, err
	}
	if err := m.setContext(in.entries); err != nil {
		return nil, err
	}
	m.owner = in.owner
	if a, err := arn.Parse(in.owner); err == nil {
		m.owner = a.Account
	}
	resources := in.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	var all []*EvaluationResult
	for _, action := range in.actions {
		for _, resource := range resources {
			r, err := m.evaluate(action, resource)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	out := &SimulatePolicyResponse{}
	var err error
	out.EvaluationResults, out.IsTruncated, out.Marker, err = page(all, in.marker, in.maxItems)
	return out, err
}

// setCaller says who the simulated caller is. Without one it is nobody in
// particular of the account: its keys are all missing.
func (m *simulation) setCaller(c *cloud.Call, caller string) (err error) {
	if caller == "" {
		m.caller, err = iam.ParsePrincipal("arn:aws:iam::" + c.Account + ":user/simulated")
		m.principal = iam.NewContext()
		return err
	}
	if m.caller, err = iam.ParsePrincipal(caller); err != nil {
		return cloud.Errorf("InvalidInputException", "Invalid CallerArn: %s", caller)
	}
	m.principal = iam.PrincipalContext(m.caller).Absent("aws:userid")
	return nil
}

func (m *simulation) setContext(entries []*ContextEntry) error {
	m.context = iam.NewContext()
	for _, e := range entries {
		switch {
		case e.ContextKeyName == "" || e.ContextKeyType == "":
			return cloud.Errorf("InvalidInputException", "A context entry needs ContextKeyName and ContextKeyType.")
		case strings.HasSuffix(e.ContextKeyType, "List"):
			m.context.SetList(e.ContextKeyName, e.ContextKeyValues...)
		case len(e.ContextKeyValues) != 1:
			return cloud.Errorf("InvalidInputException", "Context key %s of type %s takes one value.", e.ContextKeyName, e.ContextKeyType)
		default:
			m.context.Set(e.ContextKeyName, e.ContextKeyValues[0])
		}
	}
	return nil
}

func (m *simulation) evaluate(action, resource string) (*EvaluationResult, error) {
	r, err := iam.NewRequest(iam.Request{Principal: m.caller, Action: action, Resource: resource, ResourceAccount: m.ownerOf(resource), Context: m.context, PrincipalContext: m.principal})
	if err != nil {
		return nil, cloud.Errorf("InvalidInputException", "%s", err)
	}
	p := &iam.Policies{Identity: m.set(iam.SideIdentity, m.identity), SCPs: m.scps}
	if m.boundary != nil {
		p.Boundary = m.set(iam.SideBoundary, m.boundary)
	}
	if m.resource != nil {
		p.Resource = m.set(resourceSide(action), m.resource)
	}
	d := iam.Explain(r, p)
	out := &EvaluationResult{EvalActionName: action, EvalResourceName: resource, EvalDecision: decisionName(d.Outcome), MatchedStatements: []*Statement{}, MissingContextValues: m.missing()}
	for _, reason := range d.Reasons {
		if i, err := strconv.Atoi(reason.Policy); err == nil && reason.Certain && reason.Effect == effectOf(d.Outcome) && i < len(m.sources) {
			out.MatchedStatements = append(out.MatchedStatements, m.sources[i].statement(reason.Pos))
		}
	}
	everything := m.everything()
	if m.boundary != nil {
		within := iam.Decide(r, &iam.Policies{Identity: everything, Boundary: p.Boundary}) == iam.Allow
		out.PermissionsBoundaryDecisionDetail = &PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: &within}
	}
	if m.inOrg {
		within := iam.Decide(r, &iam.Policies{Identity: everything, SCPs: m.scps}) == iam.Allow
		out.OrganizationsDecisionDetail = &OrganizationsDecisionDetail{AllowedByOrganizations: &within}
	}
	return out, nil
}

// everything allows all, to ask a limit alone.
func (m *simulation) everything() *iam.Set {
	doc, err := policy.Parse("everything", []byte(rootDocument))
	if err != nil {
		return nil
	}
	return iam.Compile("everything", iam.SideIdentity, doc)
}

// ownerOf is whose the resource is where its ARN does not say: the account asked
// for, or the caller's own.
func (m *simulation) ownerOf(resource string) string {
	if a, err := arn.Parse(resource); err == nil && a.Account != "" && a.Account != "aws" {
		return a.Account
	}
	if m.owner != "" {
		return m.owner
	}
	return m.caller.Account
}

func resourceSide(action string) iam.Side {
	switch service, _, _ := strings.Cut(strings.ToLower(action), ":"); service {
	case "kms":
		return iam.SideKey
	case "sts":
		return iam.SideTrust
	}
	return iam.SideResource
}

func decisionName(o iam.Outcome) string {
	switch o {
	case iam.Allow:
		return "allowed"
	case iam.ExplicitDeny:
		return "explicitDeny"
	}
	return "implicitDeny"
}

func effectOf(o iam.Outcome) string {
	if o == iam.ExplicitDeny {
		return "Deny"
	}
	return "Allow"
}

// statement is where a statement stands in its policy.
func (s source) statement(pos policy.Pos) *Statement {
	start := offset(s.document, pos)
	end := start + objectLength(s.document[start:])
	before := s.document[:end]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &Statement{SourcePolicyId: s.id, SourcePolicyType: s.kind, StartPosition: place(pos.Line, pos.Column), EndPosition: place(line, column)}
}

func place(line, column int) *Position {
	l, c := int64(line), int64(column)
	return &Position{Line: &l, Column: &c}
}

// objectLength is the length of the JSON object at the beginning of text.
func objectLength(text string) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

var variable = regexp.MustCompile(`\$\{([^}*?$,]+)(?:,[^}]*)?\}`)

// keys are the condition keys that the policies mention, in conditions and
// variables, in the order of first mention.
func (m *simulation) keys() []string {
	out, seen := []string{}, map[string]bool{}
	add := func(key string) {
		if folded := strings.ToLower(key); !seen[folded] {
			seen[folded] = true
			out = append(out, key)
		}
	}
	for _, s := range m.sources {
		doc, err := policy.Parse(s.id, []byte(s.document))
		if err != nil {
			continue
		}
		for _, st := range doc.Statements {
			texts := slices.Clone(st.Resources)
			for _, c := range st.Conditions {
				add(c.Key)
				texts = append(texts, c.Values...)
			}
			for _, t := range texts {
				for _, found := range variable.FindAllStringSubmatch(t.Value, -1) {
					add(strings.TrimSpace(found[1]))
				}
			}
		}
	}
	return out
}

// missing are the keys that the policies mention and nobody gave.
func (m *simulation) missing() []string {
	given := append(m.context.Keys(), m.principal.Keys()...)
	return slices.DeleteFunc(m.keys(), func(k string) bool { return slices.Contains(given, strings.ToLower(k)) })
}
