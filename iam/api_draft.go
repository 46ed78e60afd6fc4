package iam

import (
	"errors"

	"github.com/twokey/twokey/iam/policy"
)

// NamedDoc is a policy document with the name under which reasons cite it.
type NamedDoc struct {
	Name string
	Doc  *policy.Document
	// Unknown says why the document could not be read; Doc is then nil, and the
	// policy counts as one that may allow and may deny anything.
	Unknown string
	Pos     policy.Pos
}

// Set is a compiled, immutable set of policies of one side.
type Set struct{ side Side }

// Compile compiles one document.
func Compile(name string, side Side, doc *policy.Document) *Set {
	return NewSet(side, NamedDoc{Name: name, Doc: doc})
}

// NewSet compiles several documents of one side into one Set.
func NewSet(side Side, docs ...NamedDoc) *Set { return &Set{side: side} }

// NewRCPLevel compiles the resource control policies attached to one level of an
// organization; RCPFullAWSAccess, which cannot be detached, is added to them.
func NewRCPLevel(docs ...NamedDoc) *Set { return &Set{side: SideRCP} }

// ParsePrincipal reads a principal: an ARN of a user, role, role session,
// federated user or account root, a 12-digit account id (its root), a service
// (name.amazonaws.com), or "*" for anonymous.
func ParsePrincipal(s string) (Principal, error) { return Principal{}, errors.New("draft") }

// PrincipalContext returns the condition keys that AWS derives from the
// principal alone. Put it into Request.PrincipalContext, after adding
// aws:PrincipalTag/…, aws:PrincipalOrgID and what else is known of the caller.
func PrincipalContext(p Principal) *Context { return NewContext() }

// NewRequest checks and compiles a request.
func NewRequest(r Request) (*Request, error) { return &r, nil }

// Decide returns the outcome, without allocating.
func Decide(r *Request, p *Policies) Outcome { return ImplicitDeny }

// Explain returns the outcome with its reasons; it never disagrees with Decide.
func Explain(r *Request, p *Policies) Decision { return Decision{} }

// Question is a request with the policies that bear on it.
type Question struct {
	Request  *Request
	Policies *Policies
}

// All decides requests that AWS authorises together: all must be allowed.
func All(qs ...Question) Decision { return Decision{} }

// IndexedPrincipal is one principal of an Index.
type IndexedPrincipal struct {
	Principal Principal
	// Identity, Boundary, Session and SCPs as in Policies.
	Identity, Boundary, Session *Set
	SCPs                        []*Set
	// Context are the keys known of the principal; nil means PrincipalContext(Principal).
	Context *Context
}

// Target is what WhoCan asks about.
type Target struct {
	// Action and Resource as in Request; Policy, RCPs and Grants are those of the resource.
	Action                      string
	Resource                    string
	ResourceAccount             string
	ResourceInManagementAccount bool
	AWSManagedKey               bool
	Policy                      *Set
	RCPs                        []*Set
	Grants                      []Grant
	Context                     *Context // of the request, whoever makes it
	WildcardOnly                func(action string) bool
}

// Access is one principal that may (Allow) or might (If) do what was asked.
type Access struct {
	Principal int // index into the principals given to NewIndex
	Outcome   Outcome
}

// Index answers which of many principals may do something.
type Index struct{}

// NewIndex builds an index. The principals must not change afterwards.
func NewIndex(principals []IndexedPrincipal) *Index { return &Index{} }

// WhoCan returns, in the order of NewIndex, the principals whose outcome is Allow or If.
func (ix *Index) WhoCan(t Target) ([]Access, error) { return nil, nil }

// WhoCanAll is WhoCan for targets authorised together.
func (ix *Index) WhoCanAll(ts ...Target) ([]Access, error) { return nil, nil }

type compiledRequest struct{}
