package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

var cp208 = rule{graded(describe("CP-208", "bucket-policy-no-kms-deny", finding.High,
	"Artifacts may be put without the pipeline's encryption",
	"NIST 800-53 SC-28"),
	"medium where the bucket encrypts by default under a key of its own"), checkKMSDeny}

func checkKMSDeny(s *scan) {
	for _, b := range s.artifactBuckets() {
		if !s.readablePolicy(b, "whether it refuses artifacts under other encryption", kmsPatch(b)) {
			continue
		}
		key := b.stores[0].keyARN
		if key == "" {
			key = policy.Hole
		}
		other := encrypted("AES256", "")
		if s.denies(b, "s3:PutObject", b.ARN+"/twokey-probe", other, encrypted("aws:kms", key)) {
			continue
		}
		d := s.fail(b.subject(), b.Policy.Pos, b.title()+" takes objects that are not encrypted with KMS: its policy does not deny them").
			related(b.Pos, "the bucket").
			mend("Deny s3:PutObject where the encryption asked for is not aws:kms.", kmsPatch(b))
		if algorithm, id := defaultEncryption(b.Bucket); strings.HasPrefix(algorithm, "aws:kms") && id != "" && !awsKey(id) {
			d.severity(finding.Medium).related(keyPos(b.Props, b.Pos, "BucketEncryption"), "the bucket encrypts under a key by default, but takes what asks for less")
		}
	}
}

// encrypted is a request that asks for that encryption, over TLS.
func encrypted(algorithm, key string) *iam.Context {
	c := iam.NewContext().UnknownUnlessSet(true).Set("aws:SecureTransport", "true").Set("s3:TlsVersion", "1.3").Set("s3:x-amz-server-side-encryption", algorithm)
	if key == "" {
		return c.Absent("s3:x-amz-server-side-encryption-aws-kms-key-id")
	}
	return c.Set("s3:x-amz-server-side-encryption-aws-kms-key-id", key)
}

func kmsPatch(b *keptIn) string {
	return `
- Sid: OnlyKms
  Effect: Deny
  Principal: "*"
  Action: s3:PutObject
  Resource: ` + b.ARN + `/*
  Condition:
    StringNotEquals:
      s3:x-amz-server-side-encryption: aws:kms
`
}
