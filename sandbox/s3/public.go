package s3

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
)

// fixing are the condition keys whose fixed values keep a statement for everybody
// from being public. Source: "The meaning of 'public'", Amazon S3 user guide.
var fixing = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
	"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// isPublic reports whether a policy is public in the sense of Block Public Access:
// some Allow is for everybody and no condition ties it to fixed values.
func isPublic(doc *policy.Document) bool {
	return slices.ContainsFunc(doc.Statements, func(st policy.Statement) bool {
		if st.Effect != policy.EffectAllow || st.Principals == nil {
			return false
		}
		everybody := st.Principals.Not || slices.ContainsFunc(st.Principals.List, func(p policy.Principal) bool { return p.Value == "*" })
		return everybody && !slices.ContainsFunc(st.Conditions, ties)
	})
}

// ties reports whether a condition ties a statement to fixed values.
func ties(c policy.Condition) bool {
	key := strings.ToLower(c.Key)
	if !slices.Contains(fixing, key) || len(c.Values) == 0 {
		return false
	}
	op := strings.ToLower(c.Operator)
	if strings.HasSuffix(op, "ifexists") || strings.HasPrefix(op, "forallvalues:") {
		return false // true where the key is absent
	}
	op = strings.TrimPrefix(op, "foranyvalue:")
	switch op {
	case "ipaddress":
		return key == "aws:sourceip" && !slices.ContainsFunc(c.Values, func(v policy.Text) bool { return broad(v.Value) })
	case "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike":
		return !slices.ContainsFunc(c.Values, func(v policy.Text) bool {
			if key == "aws:userid" {
				role, rest, ok := strings.Cut(v.Value, ":")
				if ok && rest == "*" && strings.HasPrefix(role, "AROA") {
					return true
				}
			}
			// In an ARN the account is what must be fixed.
			return strings.ContainsAny(v.Value, "*?$") && !fixedAccount(v.Value)
		})
	}
	return false
}

func fixedAccount(value string) bool {
	fields := strings.SplitN(value, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" {
		return false
	}
	return !strings.ContainsAny(fields[4], "*?$") && fields[4] != ""
}

// broad reports whether an address range counts as everybody: wider than /8, or
// /32 in IPv6, and not private.
func broad(value string) bool {
	if a, err := netip.ParseAddr(value); err == nil {
		return !a.IsValid()
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return true
	}
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 32
}

// public reports whether the bucket has a public policy.
func (s *service) public(b bucket) bool {
	if b.Policy == "" {
		return false
	}
	doc, err := policy.Parse("bucket policy", []byte(b.Policy))
	return err == nil && isPublic(doc)
}

// reachable enforces RestrictPublicBuckets: a bucket with a public policy is for
// its own account and for AWS services only.
func (s *service) reachable(c *cloud.Call, b bucket) error {
	if c.Identity.Account == b.Account || c.Identity.Kind == cloud.AWSService {
		return nil
	}
	if block := b.PublicAccessBlock; block == nil || !isTrue(block.RestrictPublicBuckets) || !s.public(b) {
		return nil
	}
	return accessDenied("Access Denied because the RestrictPublicBuckets setting in S3 Block Public Access is enabled.")
}
