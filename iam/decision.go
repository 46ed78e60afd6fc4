package iam

import "github.com/twokey/twokey/iam/policy"

// Outcome is what a request comes to.
type Outcome uint8

// The four outcomes. If is the answer only where the request leaves context,
// policy text or a resource name unknown; a fully known request never gets it.
const (
	ImplicitDeny Outcome = iota
	ExplicitDeny
	If
	Allow
)

// String returns the word used in every output: allow, implicit-deny,
// explicit-deny or if.
func (o Outcome) String() string {
	switch o {
	case Allow:
		return "allow"
	case ExplicitDeny:
		return "explicit-deny"
	case If:
		return "if"
	}
	return "implicit-deny"
}

// Side names the kind of policy that a reason or a missing permission is about.
type Side string

// The sides of a decision.
const (
	SideIdentity Side = "identity"
	SideBoundary Side = "boundary"
	SideSession  Side = "session"
	SideSCP      Side = "scp"
	SideRCP      Side = "rcp"
	SideResource Side = "resource"
	SideTrust    Side = "trust"
	SideKey      Side = "key"
	SideGrant    Side = "grant"
)

// Decision is an Outcome with everything that led to it.
type Decision struct {
	Outcome Outcome
	// Reasons are the statements that mattered, in a stable order: the Denies
	// that (may) apply first, then the Allows that (may) grant.
	Reasons []Reason
	// Missing says, where the outcome is not Allow for want of an Allow, what
	// was missing on which side.
	Missing []Missing
	// Residual are the conditions on unknown context on which an If depends.
	Residual []Residual
}

// Reason is one statement that mattered.
type Reason struct {
	Side      Side
	Effect    string // "Allow" or "Deny"
	Policy    string // the name the policy was compiled with
	Statement int    // index in its document, from 0
	Sid       string
	Pos       policy.Pos
	// Certain is false where the statement applies only under a Residual.
	Certain bool
	// Note says what a reader could not see from the statement itself, for
	// example "names the account: delegates to its IAM policies".
	Note string
}

// Missing is an Allow that the decision would have needed.
type Missing struct {
	Side    Side
	Account string // the account in which the policy would have to be
	Policy  string // the policy looked at, where there was one
	Note    string // a sentence: "no boundary statement allows s3:PutObject"
}

// Residual is one condition (or unknown text) on which the decision depends.
type Residual struct {
	Key      string // the condition key, in lower case; empty for unknown text
	Operator string // as written
	Values   []string
	// Wanted is true where the decision becomes Allow only if the condition
	// holds, false where it becomes Allow only if the condition does not.
	Wanted bool
	Why    string // for unknown text: why it is unknown
	Pos    policy.Pos
}
