package cloud

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twokey/twokey/arn"
)

// Account is one account of the world.
type Account struct {
	Name string
	ID   string
}

// Options make a World.
type Options struct {
	Accounts []Account
	Store    Store            // nil: memory only
	Now      func() time.Time // nil: time.Now
	Random   io.Reader        // nil: crypto/rand
}

// World is everything there is.
type World struct {
	Clock *Clock
	IDs   *IDs

	accounts         []Account
	journal          *journal
	operations       map[string]map[string]Operation
	policies         PolicySource
	resourcePolicies map[string]ResourcePolicySource
	organization     OrganizationSource
	principals       PrincipalSource
	controls         map[string]Control
	credentials      []CredentialSource

	trailMu  sync.Mutex
	trail    map[string][]Record
	onRecord []func(Record)

	assembly assembly

	busMu sync.Mutex
	onBus []func(Event)

	background background
	pages      map[string]func(url.Values) (Page, error)
	endpoint   atomic.Pointer[string]
}

// New returns a world without services.
func New(o Options) (*World, error) {
	if len(o.Accounts) == 0 {
		return nil, fmt.Errorf("a world needs an account")
	}
	seen := map[string]bool{}
	for _, a := range o.Accounts {
		if !arn.IsAccountID(a.ID) {
			return nil, fmt.Errorf("account %s: id %q is not 12 digits", a.Name, a.ID)
		}
		if seen[a.ID] {
			return nil, fmt.Errorf("account %s stands twice", a.ID)
		}
		seen[a.ID] = true
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	w := &World{
		Clock: NewClock(now), IDs: NewIDs(o.Random), accounts: slices.Clone(o.Accounts),
		operations: map[string]map[string]Operation{}, resourcePolicies: map[string]ResourcePolicySource{},
		trail: map[string][]Record{}, controls: map[string]Control{},
		pages: map[string]func(url.Values) (Page, error){},
	}
	if o.Store != nil {
		w.journal = newJournal(o.Store)
	}
	return w, nil
}

// Accounts returns the accounts, in the order given.
func (w *World) Accounts() []Account { return slices.Clone(w.accounts) }

// HasAccount reports whether the account is of this world.
func (w *World) HasAccount(id string) bool {
	return slices.ContainsFunc(w.accounts, func(a Account) bool { return a.ID == id })
}

// Register adds operations. It is called while a sandbox is put together, not
// concurrently with calls.
func (w *World) Register(ops ...Operation) {
	for _, op := range ops {
		m := w.operations[op.Service()]
		if m == nil {
			m = map[string]Operation{}
			w.operations[op.Service()] = m
		}
		m[op.Name()] = op
	}
}

// UsePolicies, UseResourcePolicies, UseOrganization and UseCredentials tell the
// world who answers for what; they are called like Register.
func (w *World) UsePolicies(s PolicySource) { w.policies = s }

// UseResourcePolicies has s answer for the ARNs of a service ("s3", "kms", and
// "iam" for the trust policies of roles).
func (w *World) UseResourcePolicies(service string, s ResourcePolicySource) {
	w.resourcePolicies[service] = s
}

// UseOrganization has s answer for SCPs, RCPs and membership.
func (w *World) UseOrganization(s OrganizationSource) { w.organization = s }

// UseCredentials adds a source of access keys; the first that knows a key answers.
func (w *World) UseCredentials(s CredentialSource) { w.credentials = append(w.credentials, s) }

func (w *World) operation(service, name string) (Operation, bool) {
	op, ok := w.operations[service][name]
	return op, ok
}

// Operation looks an operation up.
func (w *World) Operation(service, name string) (Operation, bool) { return w.operation(service, name) }

// Support lists the operations of each service, sorted.
func (w *World) Support() map[string][]string {
	out := map[string][]string{}
	for service, ops := range w.operations {
		for name := range ops {
			out[service] = append(out[service], name)
		}
		sort.Strings(out[service])
	}
	return out
}

// NewCall begins a call.
func (w *World) NewCall(ctx context.Context, id Identity, account, region string, op Operation) *Call {
	return &Call{
		World: w, Context: ctx, Identity: id, Account: account, Region: region, Operation: op,
		Time: w.Clock.Now(), RequestID: w.IDs.UUID(), EventID: w.IDs.UUID(),
	}
}

// Flush returns once everything written so far is durable.
func (w *World) Flush() error {
	if w.journal == nil {
		return nil
	}
	return w.journal.flush()
}

// Close flushes and closes the store.
func (w *World) Close() error {
	if w.journal == nil {
		return nil
	}
	err := w.journal.flush()
	if cerr := w.journal.store.Close(); err == nil {
		err = cerr
	}
	return err
}

// Credential returns the secret and identity behind an access key id. The root
// user of an account has the account id as access key id and the secret
// "sandbox".
func (w *World) Credential(accessKeyID, sessionToken string) (secret string, id Identity, err error) {
	if w.HasAccount(accessKeyID) && sessionToken == "" {
		root := RootIdentity(accessKeyID)
		root.AccessKeyID = accessKeyID
		return "sandbox", root, nil
	}
	for _, s := range w.credentials {
		secret, id, err = s.Credential(accessKeyID, sessionToken)
		if err == nil || !isUnknownKey(err) {
			return secret, id, err
		}
	}
	return "", Identity{}, ErrUnknownKey
}

// ErrUnknownKey says that no such access key exists.
var ErrUnknownKey = &Error{Code: "InvalidClientTokenId", Status: 403, Message: "The security token included in the request is invalid."}

func isUnknownKey(err error) bool { return err == error(ErrUnknownKey) }
