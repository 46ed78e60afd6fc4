package iamsvc

import (
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// managed is a customer-managed policy.
type managed struct {
	Account, Name, Path, ID, ARN, Text string
	Created, Updated                   time.Time
	Versions                           []version
	Default                            string
	Made                               int // versions ever made
	Tags                               []tag
}

type version struct {
	ID, Document string
	Created      time.Time
}

func (p *managed) version(id string) (version, bool) {
	i := slices.IndexFunc(p.Versions, func(v version) bool { return v.ID == id })
	if i < 0 {
		return version{}, false
	}
	return p.Versions[i], true
}

func noSuchPolicy(a string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "Policy %s does not exist or is not attachable.", a)
}

// policy returns a managed policy of the account, or AWS's own.
func (s *service) policy(account, policyARN string) (managed, error) {
	if strings.Contains(policyARN, ":iam::aws:policy/") {
		doc, ver, updated, ok := catalog.ManagedPolicy(policyARN)
		if !ok {
			return managed{}, noSuchPolicy(policyARN)
		}
		when, err := time.Parse(time.DateOnly, firstDay(updated))
		if err != nil {
			when = time.Time{}
		}
		rest := policyARN[strings.Index(policyARN, ":policy/")+len(":policy"):]
		i := strings.LastIndexByte(rest, '/')
		return managed{Account: "aws", Name: rest[i+1:], Path: rest[:i+1], ARN: policyARN, ID: "ANPA" + strings.ToUpper(rest[i+1:]),
			Created: when, Updated: when, Default: ver, Versions: []version{{ver, string(doc), when}}}, nil
	}
	p, ok := s.policies.Get(policyARN)
	if !ok || p.Account != account {
		return managed{}, noSuchPolicy(policyARN)
	}
	return p, nil
}

func firstDay(s string) string { return s[:min(len(s), len(time.DateOnly))] }

// managedDocument is the default version of a managed policy. One that is gone
// cannot be: DeletePolicy refuses while it is attached.
func (s *service) managedDocument(account, policyARN string) named {
	p, err := s.policy(account, policyARN)
	if err != nil {
		return named{policyARN, ""}
	}
	v, _ := p.version(p.Default)
	return named{p.Name, v.Document}
}

// malformed checks a document as IAM does on saving.
func malformed(document string, side iam.Side) error {
	doc, err := policy.Parse("document", []byte(document))
	if err != nil {
		return cloud.Errorf("MalformedPolicyDocumentException", "Syntax errors in policy.")
	}
	if len(doc.Problems) > 0 {
		return cloud.Errorf("MalformedPolicyDocumentException", "Syntax errors in policy. (%s)", doc.Problems[0].Message)
	}
	sids := map[string]bool{}
	for _, st := range doc.Statements {
		if st.Sid != "" && sids[st.Sid] {
			return cloud.Errorf("MalformedPolicyDocumentException", "Statement IDs (SID) in a single policy must be unique.")
		}
		sids[st.Sid] = true
		for _, a := range st.Actions {
			if a.Value != "*" && !strings.Contains(a.Value, ":") {
				return cloud.Errorf("MalformedPolicyDocumentException", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
		}
		for _, r := range st.Resources {
			if r.Value != "*" && !strings.HasPrefix(r.Value, "arn:") && !strings.HasPrefix(r.Value, "*") {
				return cloud.Errorf("MalformedPolicyDocumentException", "Resource %s must be in ARN format or \"*\".", r.Value)
			}
		}
		switch {
		case st.Broken != "":
			return cloud.Errorf("MalformedPolicyDocumentException", "Syntax errors in policy. (%s)", st.Broken)
		case side == iam.SideTrust && st.Principals == nil:
			return cloud.Errorf("MalformedPolicyDocumentException", "Missing required field Principal")
		case side == iam.SideTrust && st.HasResource:
			return cloud.Errorf("MalformedPolicyDocumentException", "Has prohibited field Resource")
		case side == iam.SideIdentity && st.Principals != nil:
			return cloud.Errorf("MalformedPolicyDocumentException", "Policy document should not specify a principal.")
		case side == iam.SideIdentity && !st.HasResource:
			return cloud.Errorf("MalformedPolicyDocumentException", "Policy statement must contain resources.")
		}
	}
	return nil
}

// size counts what IAM counts: the characters without white space.
func size(document string) int {
	n := 0
	for _, r := range document {
		if r != ' ' && r != '\n' && r != '\t' && r != '\r' {
			n++
		}
	}
	return n
}

func (s *service) attachments(policyARN string) (attached, boundaries int64) {
	for _, h := range s.holders.Select(nil) {
		if slices.Contains(h.Attached, policyARN) {
			attached++
		}
		if h.Boundary == policyARN {
			boundaries++
		}
	}
	return attached, boundaries
}

func (s *service) wirePolicy(p managed) *Policy {
	attached, boundaries := s.attachments(p.ARN)
	attachable := true
	return &Policy{PolicyName: p.Name, PolicyId: p.ID, Arn: p.ARN, Path: p.Path, DefaultVersionId: p.Default, AttachmentCount: &attached,
		PermissionsBoundaryUsageCount: &boundaries, IsAttachable: &attachable, Description: p.Text, CreateDate: at(p.Created), UpdateDate: at(p.Updated), Tags: wireTags(p.Tags)}
}

func (p *managed) wireVersion(v version, document bool) *PolicyVersion {
	isDefault := v.ID == p.Default
	out := &PolicyVersion{VersionId: v.ID, IsDefaultVersion: &isDefault, CreateDate: at(v.Created)}
	if document {
		out.Document = escapeDocument(v.Document)
	}
	return out
}

// onPolicy is the check of an operation on a managed policy.
func (s *service) onPolicy(action, policyARN string) ([]cloud.Check, error) {
	if _, err := arn.Parse(policyARN); err != nil {
		return nil, cloud.Errorf("ValidationError", "Invalid ARN: %s", policyARN)
	}
	p, _ := s.policies.Get(policyARN)
	return []cloud.Check{{Action: "iam:" + action, Resource: policyARN, Context: resourceTags(iam.NewContext(), p.Tags)}}, nil
}

func (s *service) policyOps() []wire.Operation {
	byARN := func(action string) func(c *cloud.Call, policyARN string) ([]cloud.Check, error) {
		return func(_ *cloud.Call, policyARN string) ([]cloud.Check, error) { return s.onPolicy(action, policyARN) }
	}
	return []wire.Operation{
		wire.Op[CreatePolicyRequest, CreatePolicyResponse]{Name: "CreatePolicy", Auth: func(c *cloud.Call, in *CreatePolicyRequest) ([]cloud.Check, error) {
			checks := []cloud.Check{{Action: "iam:CreatePolicy", Resource: policyARN(c, in.Path, in.PolicyName), Context: tagContext(iam.NewContext(), in.Tags)}}
			return withTagging("TagPolicy", checks, in.Tags), nil
		}, Do: s.createPolicy}.Operation(),
		wire.Op[GetPolicyRequest, GetPolicyResponse]{Name: "GetPolicy", Auth: func(c *cloud.Call, in *GetPolicyRequest) ([]cloud.Check, error) {
			return byARN("GetPolicy")(c, in.PolicyArn)
		}, Do: func(c *cloud.Call, in *GetPolicyRequest) (*GetPolicyResponse, error) {
			p, err := s.policy(c.Account, in.PolicyArn)
			if err != nil {
				return nil, err
			}
			return &GetPolicyResponse{Policy: s.wirePolicy(p)}, nil
		}}.Operation(),
		wire.Op[ListPoliciesRequest, ListPoliciesResponse]{Name: "ListPolicies", Do: s.listPolicies}.Operation(),
		wire.Op[DeletePolicyRequest, wire.Empty]{Name: "DeletePolicy", Auth: func(c *cloud.Call, in *DeletePolicyRequest) ([]cloud.Check, error) {
			return byARN("DeletePolicy")(c, in.PolicyArn)
		}, Do: s.deletePolicy}.Operation(),
		wire.Op[CreatePolicyVersionRequest, CreatePolicyVersionResponse]{Name: "CreatePolicyVersion", Auth: func(c *cloud.Call, in *CreatePolicyVersionRequest) ([]cloud.Check, error) {
			return byARN("CreatePolicyVersion")(c, in.PolicyArn)
		}, Do: s.createVersion}.Operation(),
		wire.Op[GetPolicyVersionRequest, GetPolicyVersionResponse]{Name: "GetPolicyVersion", Auth: func(c *cloud.Call, in *GetPolicyVersionRequest) ([]cloud.Check, error) {
			return byARN("GetPolicyVersion")(c, in.PolicyArn)
		}, Do: func(c *cloud.Call, in *GetPolicyVersionRequest) (*GetPolicyVersionResponse, error) {
			p, v, err := s.findVersion(c, in.PolicyArn, in.VersionId)
			if err != nil {
				return nil, err
			}
			return &GetPolicyVersionResponse{PolicyVersion: p.wireVersion(v, true)}, nil
		}}.Operation(),
		wire.Op[ListPolicyVersionsRequest, ListPolicyVersionsResponse]{Name: "ListPolicyVersions", Auth: func(c *cloud.Call, in *ListPolicyVersionsRequest) ([]cloud.Check, error) {
			return byARN("ListPolicyVersions")(c, in.PolicyArn)
		}, Do: func(c *cloud.Call, in *ListPolicyVersionsRequest) (*ListPolicyVersionsResponse, error) {
			p, err := s.policy(c.Account, in.PolicyArn)
			if err != nil {
				return nil, err
			}
			out := &ListPolicyVersionsResponse{Versions: []*PolicyVersion{}}
			for i := len(p.Versions) - 1; i >= 0; i-- {
				out.Versions = append(out.Versions, p.wireVersion(p.Versions[i], false))
			}
			out.Versions, out.IsTruncated, out.Marker, err = page(out.Versions, in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		wire.Op[SetDefaultPolicyVersionRequest, wire.Empty]{Name: "SetDefaultPolicyVersion", Auth: func(c *cloud.Call, in *SetDefaultPolicyVersionRequest) ([]cloud.Check, error) {
			return byARN("SetDefaultPolicyVersion")(c, in.PolicyArn)
		}, Do: func(c *cloud.Call, in *SetDefaultPolicyVersionRequest) (*wire.Empty, error) {
			return nil, s.changePolicy(c, in.PolicyArn, func(p *managed) error {
				if _, ok := p.version(in.VersionId); !ok {
					return noSuchVersion(in.PolicyArn, in.VersionId)
				}
				p.Default, p.Updated = in.VersionId, c.Time
				return nil
			})
		}}.Operation(),
		wire.Op[DeletePolicyVersionRequest, wire.Empty]{Name: "DeletePolicyVersion", Auth: func(c *cloud.Call, in *DeletePolicyVersionRequest) ([]cloud.Check, error) {
			return byARN("DeletePolicyVersion")(c, in.PolicyArn)
		}, Do: func(c *cloud.Call, in *DeletePolicyVersionRequest) (*wire.Empty, error) {
			return nil, s.changePolicy(c, in.PolicyArn, func(p *managed) error {
				if in.VersionId == p.Default {
					return cloud.Errorf("DeleteConflictException", "Cannot delete the default version of a policy.")
				}
				if _, ok := p.version(in.VersionId); !ok {
					return noSuchVersion(in.PolicyArn, in.VersionId)
				}
				p.Versions = slices.DeleteFunc(p.Versions, func(v version) bool { return v.ID == in.VersionId })
				return nil
			})
		}}.Operation(),
	}
}

func policyARN(c *cloud.Call, path, name string) string {
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + c.Account + ":policy" + path + name
}

func noSuchVersion(policyARN, id string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "Policy %s version %s does not exist or is not attachable.", policyARN, id)
}

func (s *service) findVersion(c *cloud.Call, policyARN, id string) (managed, version, error) {
	p, err := s.policy(c.Account, policyARN)
	if err != nil {
		return p, version{}, err
	}
	v, ok := p.version(id)
	if !ok {
		return p, v, noSuchVersion(policyARN, id)
	}
	return p, v, nil
}

func (s *service) changePolicy(c *cloud.Call, policyARN string, f func(p *managed) error) error {
	if _, err := s.policy(c.Account, policyARN); err != nil {
		return err
	}
	_, err := s.policies.Update(policyARN, func(p managed, ok bool) (managed, error) {
		if !ok { // AWS's own
			return p, cloud.Errorf("AccessDeniedException", "Policy %s is managed by AWS and cannot be changed.", policyARN)
		}
		p.Versions, p.Tags = slices.Clone(p.Versions), slices.Clone(p.Tags)
		return p, f(&p)
	})
	return err
}

func (s *service) createPolicy(c *cloud.Call, in *CreatePolicyRequest) (*CreatePolicyResponse, error) {
	if err := malformed(in.PolicyDocument, iam.SideIdentity); err != nil {
		return nil, err
	}
	if size(in.PolicyDocument) > maxManaged {
		return nil, cloud.Errorf("LimitExceededException", "Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	a := policyARN(c, in.Path, in.PolicyName)
	p, err := s.policies.Update(a, func(p managed, exists bool) (managed, error) {
		if exists {
			return p, cloud.Errorf("EntityAlreadyExistsException", "A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
		}
		path := in.Path
		if path == "" {
			path = "/"
		}
		return managed{Account: c.Account, Name: in.PolicyName, Path: path, ID: s.world.IDs.Unique("ANPA"), ARN: a, Text: in.Description, Tags: tags,
			Created: c.Time, Updated: c.Time, Default: "v1", Made: 1, Versions: []version{{"v1", in.PolicyDocument, c.Time}}}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreatePolicyResponse{Policy: s.wirePolicy(p)}, nil
}

func (s *service) listPolicies(c *cloud.Call, in *ListPoliciesRequest) (*ListPoliciesResponse, error) {
	var all []managed
	if in.Scope != "AWS" {
		all = s.policies.Select(func(_ string, p managed) bool { return p.Account == c.Account })
	}
	if in.Scope != "Local" {
		for _, a := range catalog.ManagedPolicies() {
			if p, err := s.policy(c.Account, a); err == nil {
				all = append(all, p)
			}
		}
	}
	out := &ListPoliciesResponse{Policies: []*Policy{}}
	for _, p := range all {
		if !strings.HasPrefix(p.Path, in.PathPrefix) {
			continue
		}
		w := s.wirePolicy(p)
		if in.OnlyAttached != nil && *in.OnlyAttached && *w.AttachmentCount == 0 ||
			in.PolicyUsageFilter == "PermissionsPolicy" && *w.AttachmentCount == 0 ||
			in.PolicyUsageFilter == "PermissionsBoundary" && *w.PermissionsBoundaryUsageCount == 0 {
			continue
		}
		out.Policies = append(out.Policies, w)
	}
	var err error
	out.Policies, out.IsTruncated, out.Marker, err = page(out.Policies, in.Marker, in.MaxItems)
	return out, err
}

func (s *service) deletePolicy(c *cloud.Call, in *DeletePolicyRequest) (*wire.Empty, error) {
	p, err := s.policy(c.Account, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	attached, boundaries := s.attachments(in.PolicyArn)
	if attached+boundaries > 0 {
		return nil, cloud.Errorf("DeleteConflictException", "Cannot delete a policy attached to entities.")
	}
	if len(p.Versions) > 1 {
		return nil, cloud.Errorf("DeleteConflictException", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	return nil, s.policies.Delete(in.PolicyArn)
}

func (s *service) createVersion(c *cloud.Call, in *CreatePolicyVersionRequest) (*CreatePolicyVersionResponse, error) {
	if err := malformed(in.PolicyDocument, iam.SideIdentity); err != nil {
		return nil, err
	}
	if size(in.PolicyDocument) > maxManaged {
		return nil, cloud.Errorf("LimitExceededException", "Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	var out *PolicyVersion
	err := s.changePolicy(c, in.PolicyArn, func(p *managed) error {
		if len(p.Versions) >= maxVersions {
			return cloud.Errorf("LimitExceededException", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.Made++
		v := version{"v" + formatIndex(p.Made), in.PolicyDocument, c.Time}
		p.Versions = append(p.Versions, v)
		p.Updated = c.Time
		if in.SetAsDefault != nil && *in.SetAsDefault {
			p.Default = v.ID
		}
		out = p.wireVersion(v, false)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &CreatePolicyVersionResponse{PolicyVersion: out}, nil
}
