package cloud

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// ResourcePolicies compiles the policies of a service's resources and keeps them
// by their text, so that a request does not compile anew.
type ResourcePolicies struct {
	mu   sync.Mutex
	sets map[string]*iam.Set
}

// maxResourcePolicies bounds the cache; a full one begins anew.
const maxResourcePolicies = 4096

// Document is a policy document with the name that reasons cite.
type Document struct{ Name, Text string }

// Set returns documents as the policy of a resource; nil where there is none. A
// document that cannot be read is unknown to the evaluator, which then refuses.
func (r *ResourcePolicies) Set(documents ...Document) *iam.Set {
	var id strings.Builder
	var named []iam.NamedDoc
	for _, d := range documents {
		if d.Text != "" {
			id.WriteString(d.Name + "\x00" + d.Text + "\x00")
		}
	}
	if id.Len() == 0 {
		return nil
	}
	key := id.String()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.sets[key]; ok {
		return s
	}
	for _, d := range documents {
		if d.Text == "" {
			continue
		}
		doc, err := policy.Parse(d.Name, []byte(d.Text))
		n := iam.NamedDoc{Name: d.Name, Doc: doc}
		if err != nil {
			n = iam.NamedDoc{Name: d.Name, Unknown: err.Error()}
		}
		named = append(named, n)
	}
	s := iam.NewSet(iam.SideResource, named...)
	if r.sets == nil || len(r.sets) >= maxResourcePolicies {
		r.sets = map[string]*iam.Set{}
	}
	r.sets[key] = s
	return s
}

// PolicyFault is why a resource policy is refused.
type PolicyFault string

// The reasons. Services word them in their own ways.
const (
	PolicyMalformed    PolicyFault = "malformed"
	PolicyOutOfScope   PolicyFault = "action out of service scope"
	PolicyNoSuchPerson PolicyFault = "principal not found"
)

func (f PolicyFault) Error() string { return string(f) }

// CheckResourcePolicy checks a document that is to become the policy of a resource
// of a service ("sns"): it must be read without problems, each statement must have
// a principal, a resource and actions of that service, and the IAM principals
// named must exist where their account is of this world. The error wraps a
// PolicyFault.
func (w *World) CheckResourcePolicy(service, document string) error {
	doc, err := policy.Parse("policy", []byte(document))
	if err != nil {
		return fmt.Errorf("%w: %w", PolicyMalformed, err)
	}
	if len(doc.Problems) > 0 {
		return fmt.Errorf("%w: %s", PolicyMalformed, doc.Problems[0].Message)
	}
	if len(doc.Statements) == 0 {
		return fmt.Errorf("%w: the policy has no statement", PolicyMalformed)
	}
	for i := range doc.Statements {
		if err := w.checkStatement(service, &doc.Statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) checkStatement(service string, st *policy.Statement) error {
	if st.Broken != "" || st.Unknown != "" || st.Principals == nil || !st.HasResource {
		return fmt.Errorf("%w: statement %d: %s", PolicyMalformed, st.Index+1, firstText(st.Broken, st.Unknown, "it needs Principal and Resource"))
	}
	for _, a := range st.Actions {
		prefix, _, _ := strings.Cut(a.Value, ":")
		if a.Value != "*" && !strings.EqualFold(prefix, service) {
			return fmt.Errorf("%w: %s", PolicyOutOfScope, a.Value)
		}
	}
	for _, p := range st.Principals.List {
		if p.Type == policy.TypeAWS && !w.principalExists(p.Value) {
			return fmt.Errorf("%w: %s", PolicyNoSuchPerson, p.Value)
		}
	}
	return nil
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// principalExists reports whether a principal of a policy is one: an account, or a
// role of an account of this world that is there. Other accounts, users and
// sessions are not looked up.
func (w *World) principalExists(value string) bool {
	if value == "*" || arn.IsAccountID(value) {
		return true
	}
	p, err := iam.ParsePrincipal(value)
	if err != nil || strings.ContainsAny(value, "*?") {
		return false
	}
	if p.Kind == iam.RolePrincipal && w.HasAccount(p.Account) && w.principals != nil {
		_, ok := w.principals.Role(value)
		return ok
	}
	return true
}

// Fault is the PolicyFault of an error of CheckResourcePolicy.
func Fault(err error) PolicyFault {
	var f PolicyFault
	if errors.As(err, &f) {
		return f
	}
	return ""
}

// AsService is a service calling on behalf of one of its resources: its service
// principal, with the resource's ARN in aws:SourceArn and the resource's account
// in aws:SourceAccount. The call goes to account.
func AsService(service, account, region, sourceARN, sourceAccount string) Caller {
	return Caller{
		Identity: ServiceIdentity(service), Account: account, Region: region, From: service,
		Vouched: iam.NewContext().Set("aws:SourceArn", sourceARN).Set("aws:SourceAccount", sourceAccount),
	}
}
