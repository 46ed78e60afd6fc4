package iam

// PrincipalKind says what sort of caller a Principal is.
type PrincipalKind uint8

// The kinds of principal.
const (
	UserPrincipal      PrincipalKind = iota // IAM user: arn:aws:iam::A:user/path/name
	SessionPrincipal                        // role session: arn:aws:sts::A:assumed-role/name/session
	RolePrincipal                           // a role, whatever its session is called: arn:aws:iam::A:role/path/name
	FederatedUser                           // GetFederationToken: arn:aws:sts::A:federated-user/name
	RootPrincipal                           // arn:aws:iam::A:root
	ServicePrincipal                        // codepipeline.amazonaws.com
	FederatedPrincipal                      // SAML or OIDC identity, before it has a session
	AnonymousPrincipal                      // "*"
)

// Principal is the caller of a Request. Make one with ParsePrincipal.
type Principal struct {
	Kind    PrincipalKind
	ARN     string // as given; the service name or provider ARN for those kinds; "*" for anonymous
	Account string // 12 digits; empty for services and anonymous
	// Name is the user, role or federated-user name without its path.
	Name string
	// Session is the session name of a SessionPrincipal.
	Session string
	// RoleARN is, for a session, the ARN of its role with path where known.
	RoleARN string
	// UserARN is, for a FederatedUser, the IAM user who asked for the token, where known.
	UserARN string
	// CanonicalUser is the canonical user id of the caller's account, where known.
	CanonicalUser string
	// ManagementAccount: the caller's account is the organization's management
	// account, which SCPs do not restrict.
	ManagementAccount bool
	// ServiceLinkedRole: neither SCPs nor RCPs restrict it.
	ServiceLinkedRole bool
}

// Request is one question: may this principal do this action on that resource?
// Make it with NewRequest, which compiles what Decide needs, so that Decide
// itself does not allocate. A Request may be reused and shared; changing its fields
// after NewRequest has no effect.
type Request struct {
	Principal Principal
	Action    string // "s3:GetObject"; case does not matter
	Resource  string // ARN, or "*" for an action without resource types; may contain policy.Hole
	// ResourceAccount owns the resource; needed where its ARN names no account.
	ResourceAccount string
	// ResourceInManagementAccount and AWSManagedKey lift RCPs.
	ResourceInManagementAccount bool
	AWSManagedKey               bool
	// Context are the condition keys of the request; nil means none.
	Context *Context
	// PrincipalContext are the keys that come with the principal, looked at where
	// Context does not mention a key. nil means only what the principal's ARN
	// makes certain: aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType.
	PrincipalContext *Context
	// WildcardOnly, where set, reports whether an action has no resource types:
	// its requests are made on "*", whatever Resource says.
	WildcardOnly func(action string) bool

	compiled *compiledRequest
}

// Policies are all the policies that bear on one request. A nil Set means that
// there is no policy of that kind, which for Boundary, Session, SCPs and RCPs
// lifts the limit and for the others grants nothing.
type Policies struct {
	Identity *Set // the user's or role's own, its groups', all merged
	Boundary *Set
	Session  *Set
	SCPs     []*Set // one for each level, root to account; nil where SCPs are not enabled
	RCPs     []*Set // of the resource's account
	Resource *Set   // bucket, key, trust, topic … policy of the resource
	Grants   []Grant
}

// Grant is a KMS grant.
type Grant struct {
	Grantee    string // principal ARN
	Operations []string
	// EncryptionContextEquals and EncryptionContextSubset constrain the
	// encryption context of the request (context keys kms:EncryptionContext:NAME).
	EncryptionContextEquals map[string]string
	EncryptionContextSubset map[string]string
}
