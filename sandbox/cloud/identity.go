package cloud

import (
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
)

// Identity is who makes a call, with everything that the evaluator, CloudTrail
// and GetCallerIdentity say of a caller.
type Identity struct {
	// Kind is Root, IAMUser, AssumedRole, FederatedUser, AWSService,
	// WebIdentityUser or Anonymous.
	Kind    IdentityKind
	ARN     string // arn:aws:iam::A:user/path/name, arn:aws:sts::A:assumed-role/r/s, service name
	Account string
	UserID  string // AIDA…, AROA…:session, the account id for root
	// AccessKeyID is the key that signed, empty for a service.
	AccessKeyID string
	// UserName is the IAM user's or role's name, without path.
	UserName string
	// RoleARN and RoleID are those of an assumed role, path included.
	RoleARN, RoleID string
	// UserARN and IssuerID are, of a federated user, the ARN and unique id of who
	// asked for the token: a user, or the root user.
	UserARN, IssuerID string
	SessionName       string
	// SessionPolicies were passed when the session was made; nil means none.
	SessionPolicies *iam.Set
	SourceIdentity  string
	// Tags are principal tags: of the user or role, overridden by session tags.
	Tags map[string]string
	// TransitiveTagKeys are carried into chained sessions.
	TransitiveTagKeys []string
	MFA               bool
	// Issued is when temporary credentials were made, zero for long-term keys.
	Issued  time.Time
	Expires time.Time
	// InvokedBy is the service through which the call is made with the caller's
	// own credentials ("cloudformation.amazonaws.com"), or empty.
	InvokedBy string
}

// IdentityKind is the type of an Identity, in CloudTrail's words.
type IdentityKind string

// The kinds of identity.
const (
	Root          IdentityKind = "Root"
	IAMUser       IdentityKind = "IAMUser"
	AssumedRole   IdentityKind = "AssumedRole"
	FederatedUser IdentityKind = "FederatedUser"
	AWSService    IdentityKind = "AWSService"
	// WebIdentityUser is who holds a token of an identity provider, before it has a
	// session; its ARN is the provider's.
	WebIdentityUser IdentityKind = "WebIdentityUser"
	Anonymous       IdentityKind = "Anonymous"
)

// ServiceIdentity is a service acting with its service principal.
func ServiceIdentity(service string) Identity {
	return Identity{Kind: AWSService, ARN: service, UserName: service}
}

// RootIdentity is the root user of an account.
func RootIdentity(account string) Identity {
	return Identity{Kind: Root, ARN: "arn:aws:iam::" + account + ":root", Account: account, UserID: account}
}

// AnonymousIdentity is a caller who did not sign.
func AnonymousIdentity() Identity { return Identity{Kind: Anonymous, ARN: "*", UserID: "anonymous"} }

// Temporary reports whether the identity has temporary credentials.
func (id *Identity) Temporary() bool { return !id.Issued.IsZero() }

// principal is the identity as the evaluator knows it.
func (id *Identity) principal() (iam.Principal, error) {
	p, err := iam.ParsePrincipal(id.ARN)
	if err != nil {
		return p, err
	}
	p.RoleARN, p.UserARN = id.RoleARN, id.UserARN
	p.ServiceLinkedRole = strings.Contains(id.RoleARN, ":role/aws-service-role/")
	return p, nil
}

// context is what AWS puts into every request of this caller: the table of
// principal keys in the IAM user guide ("AWS global condition context keys").
func (id *Identity) context(p iam.Principal) *iam.Context {
	c := iam.PrincipalContext(p)
	if id.UserID != "" {
		c.Set("aws:userid", id.UserID)
	}
	if id.Kind == IAMUser {
		c.Set("aws:username", id.UserName)
	}
	isService := "false"
	if id.Kind == AWSService {
		isService = "true"
		c.Set("aws:PrincipalServiceName", id.ARN)
		c.SetList("aws:PrincipalServiceNamesList", id.ARN)
	}
	c.Set("aws:PrincipalIsAWSService", isService)
	for k, v := range id.Tags {
		c.Set("aws:PrincipalTag/"+k, v)
	}
	if id.Temporary() {
		mfa := "false"
		if id.MFA {
			mfa = "true"
		}
		c.Set("aws:MultiFactorAuthPresent", mfa)
		c.Set("aws:TokenIssueTime", id.Issued.UTC().Format(time.RFC3339))
	}
	if id.SourceIdentity != "" {
		c.Set("aws:SourceIdentity", id.SourceIdentity)
	}
	if id.InvokedBy != "" {
		c.Set("aws:ViaAWSService", "true")
		c.SetList("aws:CalledVia", id.InvokedBy)
		c.Set("aws:CalledViaFirst", id.InvokedBy)
		c.Set("aws:CalledViaLast", id.InvokedBy)
	} else {
		c.Set("aws:ViaAWSService", "false")
	}
	return c
}
