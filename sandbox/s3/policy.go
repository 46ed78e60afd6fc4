package s3

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxPolicyBytes is the longest bucket policy that S3 takes.
const maxPolicyBytes = 20 << 10

// compiledPolicy is a bucket policy ready for the evaluator.
type compiledPolicy struct {
	text string
	set  *iam.Set
}

// ResourcePolicy answers for bucket policies, which are those of the objects too.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	name, _, _ := strings.Cut(strings.TrimPrefix(resource, "arn:aws:s3:::"), "/")
	b, ok := s.buckets.Get(name)
	if !ok || b.Policy == "" {
		return nil, nil
	}
	if have, ok := s.compiled.Load(name); ok {
		if p := have.(*compiledPolicy); p.text == b.Policy {
			return p.set, nil
		}
	}
	title := "bucket policy of " + name
	doc, err := policy.Parse(title, []byte(b.Policy))
	named := iam.NamedDoc{Name: title, Doc: doc}
	if err != nil {
		named = iam.NamedDoc{Name: title, Unknown: err.Error()}
	}
	p := &compiledPolicy{b.Policy, iam.NewSet(iam.SideResource, named)}
	s.compiled.Store(name, p)
	return p.set, nil
}

func malformedPolicy(message string) *cloud.Error { return fault(400, "MalformedPolicy", message) }

// checkPolicy checks a bucket policy as S3 does on saving.
func checkPolicy(bucket, text string) (*policy.Document, error) {
	if len(text) > maxPolicyBytes {
		return nil, malformedPolicy("Policies must not exceed 20480 bytes")
	}
	node, err := policy.ParseNode("bucket policy", []byte(text))
	if err != nil || node.Kind != policy.Map {
		return nil, malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
	}
	doc := policy.FromNode(node)
	if node.Get("Statement") == nil || len(doc.Statements) == 0 {
		return nil, malformedPolicy("Missing required field Statement")
	}
	for i := range doc.Statements {
		if err := checkStatement(bucket, &doc.Statements[i]); err != nil {
			return nil, err
		}
	}
	if len(doc.Problems) > 0 {
		return nil, malformedPolicy("Policy has invalid elements: " + doc.Problems[0].Message)
	}
	return doc, nil
}

func checkStatement(bucket string, st *policy.Statement) error {
	switch {
	case st.Effect == policy.EffectUnknown:
		return malformedPolicy("Missing required field Effect")
	case st.Principals == nil:
		return malformedPolicy("Missing required field Principal")
	case len(st.Actions) == 0:
		return malformedPolicy("Missing required field Action")
	case !st.HasResource:
		return malformedPolicy("Missing required field Resource")
	}
	for _, p := range st.Principals.List {
		if !validPrincipal(p) {
			return malformedPolicy("Invalid principal in policy")
		}
	}
	for _, a := range st.Actions {
		if a.Value != "*" && len(catalog.Expand(a.Value)) == 0 || a.Value != "*" && !strings.HasPrefix(strings.ToLower(a.Value), "s3:") {
			return malformedPolicy("Policy has invalid action")
		}
	}
	for _, r := range st.Resources {
		if !ofBucket(bucket, r.Value) {
			return malformedPolicy("Policy has invalid resource")
		}
	}
	for _, c := range st.Conditions {
		if c.Operator == "" || c.Key == "" {
			return malformedPolicy("Policy has an invalid condition key")
		}
	}
	if st.NotAction || st.NotResource {
		return nil
	}
	for _, a := range st.Actions {
		if !slices.ContainsFunc(st.Resources, func(r policy.Text) bool { return fits(a.Value, r.Value) }) {
			return malformedPolicy("Action does not apply to any resource(s) in statement")
		}
	}
	return nil
}

// ofBucket reports whether a resource of a bucket's policy is the bucket or
// objects in it.
func ofBucket(bucket, resource string) bool {
	rest, ok := strings.CutPrefix(resource, "arn:aws:s3:::")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(rest, "/")
	return name == bucket || strings.ContainsAny(name, "*?$") && arn.Glob(name, bucket)
}

// fits reports whether an action pattern has an action that can be authorised on
// a resource pattern: on the bucket, or on objects.
func fits(action, resource string) bool {
	object := strings.Contains(resource, "/")
	open := strings.HasSuffix(resource, "*") // matches both
	for _, name := range catalog.Expand(action) {
		a, _ := catalog.Lookup(name)
		for _, r := range a.ResourceTypes {
			if open || r.Name == "object" && object || r.Name == "bucket" && !object {
				return true
			}
		}
	}
	return action == "*"
}

func validPrincipal(p policy.Principal) bool {
	switch p.Type {
	case policy.TypeAny:
		return true
	case policy.TypeService:
		return strings.HasSuffix(p.Value, ".amazonaws.com")
	case policy.TypeCanonical:
		return len(p.Value) == 64
	case policy.TypeFederated:
		return p.Value != ""
	case policy.TypeAWS:
		if p.Value == "*" || strings.HasPrefix(p.Value, "AIDA") || strings.HasPrefix(p.Value, "AROA") {
			return true
		}
		_, err := iam.ParsePrincipal(p.Value)
		return err == nil && !strings.ContainsAny(p.Value, "*?")
	}
	return false
}

// onPolicy is the check of an operation on the bucket policy. The root user of the
// bucket's account can always repair it.
func onPolicy[In any](s *service, action string) func(c *cloud.Call, in *In) ([]cloud.Check, error) {
	return func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		checks, err := s.onBucket(c, in, action)
		if err != nil {
			return nil, err
		}
		if c.Identity.Kind == cloud.Root && c.Identity.Account == checks[0].ResourceAccount {
			return nil, nil
		}
		if c.Identity.Account != checks[0].ResourceAccount {
			// Only the owner's account can reach its bucket's policy, whatever that
			// policy says.
			for _, check := range checks {
				if err := c.Authorize(check); err != nil {
					return nil, err
				}
			}
			return nil, fault(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		}
		return checks, nil
	}
}

func noPolicy(b bucket) *cloud.Error {
	e := fault(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
	e.Fields = map[string]any{"BucketName": b.Name}
	return e
}

func (s *service) putPolicy(c *cloud.Call, in *PutBucketPolicyRequest) (*wire.Empty, error) {
	doc, err := checkPolicy(in.Bucket, in.Policy)
	if err != nil {
		return nil, err
	}
	public := isPublic(doc)
	return nil, s.change(in.Bucket, func(b *bucket) error {
		if block := b.PublicAccessBlock; public && block != nil && isTrue(block.BlockPublicPolicy) {
			return accessDenied("User: " + c.Identity.ARN + " is not authorized to perform: s3:PutBucketPolicy on resource: " + bucketARN(b.Name) +
				" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
		}
		b.Policy = in.Policy
		return nil
	})
}

func (s *service) policyOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[PutBucketPolicyRequest, wire.Empty]{Name: "PutBucketPolicy", Auth: onPolicy[PutBucketPolicyRequest](s, "PutBucketPolicy"), Do: s.putPolicy}.Operation(),
		wire.Op[GetBucketPolicyRequest, GetBucketPolicyOutput]{Name: "GetBucketPolicy", Auth: onPolicy[GetBucketPolicyRequest](s, "GetBucketPolicy"), Do: func(c *cloud.Call, in *GetBucketPolicyRequest) (*GetBucketPolicyOutput, error) {
			b, err := s.bucket(c, targetOf(in))
			if err != nil {
				return nil, err
			}
			if b.Policy == "" {
				return nil, noPolicy(b)
			}
			return &GetBucketPolicyOutput{Policy: b.Policy}, nil
		}}.Operation(),
		wire.Op[DeleteBucketPolicyRequest, wire.Empty]{Name: "DeleteBucketPolicy", Auth: onPolicy[DeleteBucketPolicyRequest](s, "DeleteBucketPolicy"), Do: func(_ *cloud.Call, in *DeleteBucketPolicyRequest) (*wire.Empty, error) {
			return nil, s.change(in.Bucket, func(b *bucket) error { b.Policy = ""; return nil })
		}}.Operation(),
		on(s, "GetBucketPolicyStatus", "GetBucketPolicyStatus", func(_ *cloud.Call, b bucket, _ *GetBucketPolicyStatusRequest) (*GetBucketPolicyStatusOutput, error) {
			if b.Policy == "" {
				return nil, noPolicy(b)
			}
			return &GetBucketPolicyStatusOutput{PolicyStatus: &PolicyStatus{IsPublic: ptr(s.public(b))}}, nil
		}),
	}
}
