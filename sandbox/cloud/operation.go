package cloud

import (
	"github.com/twokey/twokey/iam"
)

// Operation is one API operation of a service, whatever the protocol it came by.
type Operation interface {
	Service() string // the signing name: "s3", "codepipeline"
	Name() string    // "GetObject"
	// ReadOnly operations are no mutating management calls: EventBridge does not
	// hear of them.
	ReadOnly() bool
	// Data operations (objects, messages, invocations) leave no management record.
	Data() bool
	// NewInput returns a pointer to a new input.
	NewInput() any
	// Checks lists what the caller needs; all of it is authorised before Run. An
	// error (a malformed name, say) is answered instead.
	Checks(c *Call, in any) ([]Check, error)
	Run(c *Call, in any) (any, error)
}

// Check is one question to the evaluator.
type Check struct {
	Action   string // "s3:GetObject"
	Resource string // ARN, or "*" for an action without resource types
	// ResourceAccount owns the resource where its ARN does not say.
	ResourceAccount string
	// Context are the condition keys of this request: tags, s3:prefix, sts:ExternalId …
	Context *iam.Context
}

// PolicySource answers for the policies of principals: the IAM service.
type PolicySource interface {
	// Policies returns the identity policies (the groups' included) and the
	// boundary of a user or role; nil where it has none.
	Policies(id Identity) (identity, boundary *iam.Set)
}

// ResourcePolicySource answers for the policies on one service's resources.
type ResourcePolicySource interface {
	// ResourcePolicy returns the policy of the resource that arn names (for an
	// object, its bucket's), and the grants on a key.
	ResourcePolicy(arn string) (policy *iam.Set, grants []iam.Grant)
}

// OrganizationSource answers for the organization.
type OrganizationSource interface {
	// Levels returns the SCPs and RCPs that bear on an account, root to account;
	// nil where none are enabled.
	Levels(account string) (scps, rcps []*iam.Set)
	// Management reports whether the account is the organization's management account.
	Management(account string) bool
	// Membership returns the organization's id and the account's path in it;
	// empty outside any.
	Membership(account string) (orgID, path string)
}

// CredentialSource answers for access keys.
type CredentialSource interface {
	// Credential returns the secret and the identity behind an access key id. The
	// error is what a request signed with it is answered (InvalidClientTokenId,
	// ExpiredToken).
	Credential(accessKeyID, sessionToken string) (secret string, id Identity, err error)
}
