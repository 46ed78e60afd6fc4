package cloud

import "time"

// Principal is a user or role as other services need to know it.
type Principal struct {
	Kind    IdentityKind // IAMUser or AssumedRole
	ARN     string       // with path
	ID      string       // AIDA… or AROA…
	Name    string
	Account string
	Tags    map[string]string
	// MaxSession is the longest session of a role.
	MaxSession time.Duration
}

// IdentityProvider is an OpenID Connect provider that an account trusts.
type IdentityProvider struct {
	ARN     string
	Account string
	// Issuer is the provider's URL without "https://": what comes before the colon
	// in its condition keys.
	Issuer  string
	Clients []string // the audiences it accepts
}

// PrincipalSource answers for who exists: the IAM service. The token service
// makes sessions of what it finds here.
type PrincipalSource interface {
	// Role finds a role by its ARN, path included.
	Role(arn string) (Principal, bool)
	// Principal finds a user or role by its unique id, whatever it is called now.
	Principal(id string) (Principal, bool)
	// CheckMFA uses up a one-time code of a device of the user with that unique id;
	// the error is what a caller with a wrong code is answered.
	CheckMFA(userID, serial, code string, now time.Time) error
	// ManagedPolicy returns the default version of a managed policy that is
	// attachable in the account.
	ManagedPolicy(account, arn string) (document string, ok bool)
	IdentityProvider(arn string) (IdentityProvider, bool)
	// KeyAccount returns whose a long-term access key is.
	KeyAccount(accessKeyID string) (account string, ok bool)
	// Used notes that an identity's credentials were used.
	Used(id *Identity, service, region string, at time.Time)
}

// UsePrincipals has s answer for users, roles and identity providers.
func (w *World) UsePrincipals(s PrincipalSource) { w.principals = s }

// Principals is who answers for users, roles and identity providers; nil in a
// world without the IAM service.
func (w *World) Principals() PrincipalSource { return w.principals }

// Organization is who answers for organizations; nil where nobody does.
func (w *World) Organization() OrganizationSource { return w.organization }

// Used tells the IAM service that a request signed by id was accepted.
func (w *World) Used(id *Identity, service, region string, at time.Time) {
	if w.principals != nil {
		w.principals.Used(id, service, region, at)
	}
}
