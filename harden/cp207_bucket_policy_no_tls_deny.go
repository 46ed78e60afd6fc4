package harden

import (
	"slices"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp207 = rule{graded(describe("CP-207", "bucket-policy-no-tls-deny", finding.High,
	"The artifact bucket may be used over plain HTTP",
	"NIST 800-53 SC-8", "Security Hub S3.5", "CIS AWS 2.1.1", "cdk-nag AwsSolutions-S10"),
	"medium where objects are covered and the bucket itself is not"), checkTLS}

func checkTLS(s *scan) {
	plain := iam.NewContext().UnknownUnlessSet(true).Set("aws:SecureTransport", "false")
	tls := iam.NewContext().UnknownUnlessSet(true).Set("aws:SecureTransport", "true").Set("s3:TlsVersion", "1.3")
	for _, b := range s.artifactBuckets() {
		if !s.readablePolicy(b, "whether it refuses plain HTTP", tlsPatch(b)) {
			continue
		}
		var open []string
		for _, t := range []struct{ action, resource, what string }{
			{"s3:GetObject", b.ARN + "/twokey-probe", "objects"},
			{"s3:PutObject", b.ARN + "/twokey-probe", "objects"},
			{"s3:ListBucket", b.ARN, "the bucket itself"},
		} {
			if !s.denies(b, t.action, t.resource, plain, tls) && !slices.Contains(open, t.what) {
				open = append(open, t.what)
			}
		}
		if len(open) == 0 {
			continue
		}
		d := s.fail(b.subject(), b.Policy.Pos, b.title()+" may be used over plain HTTP: its policy does not deny it for "+listed(open)).
			related(b.Pos, "the bucket").keyed(open...).
			mend("Deny every action on the bucket and its objects where aws:SecureTransport is false.", tlsPatch(b))
		if len(open) == 1 && open[0] == "the bucket itself" {
			d.severity(finding.Medium)
		}
	}
}

// readablePolicy reports whether the policy of a bucket can be judged; where it
// cannot, it says so.
func (s *scan) readablePolicy(b *keptIn, what, patch string) bool {
	switch {
	case b.Policy == nil:
		s.unknown(b.subject(), b.Pos, "nothing in the estate is the policy of "+b.title()+", so "+what+" is not known").
			mend("Give the scan the bucket's policy, or write one.", patch)
		return false
	case b.Policy.Doc == nil:
		s.unknown(b.subject(), b.Policy.Pos, what+" is not known of "+b.title()+": "+b.Policy.Unknown).
			mend("Give the scan the bucket's policy.", patch)
		return false
	}
	return true
}

func tlsPatch(b *keptIn) string {
	return `
- Sid: OnlyTls
  Effect: Deny
  Principal: "*"
  Action: s3:*
  Resource:
    - ` + b.ARN + `
    - ` + b.ARN + `/*
  Condition:
    Bool:
      aws:SecureTransport: "false"
`
}
