package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp201 = rule{describe("CP-201", "artifact-store-no-cmk", finding.High,
	"Artifacts are not encrypted under a key of one's own",
	"OWASP CICD-SEC-9", "NIST 800-53 SC-28", "Checkov CKV_AWS_219", "CloudSploit pipelineArtifactsEncrypted"), checkStoreKey}

func checkStoreKey(s *scan) {
	for _, p := range s.pipelines {
		for _, st := range p.stores {
			if st.KeyID != "" && !awsKey(st.KeyID) {
				continue
			}
			about := p.subject()
			if len(p.stores) > 1 {
				about = part(about, st.Region)
			}
			var algorithm, key estate.Text
			if st.bucket != nil && !st.bucket.Missing {
				algorithm, key = defaultEncryption(st.bucket)
			}
			switch {
			case strings.HasPrefix(algorithm, "aws:kms") && key != "" && !awsKey(key):
				continue
			case st.bucket == nil || st.bucket.Missing || st.bucket.Props.Get("BucketEncryption").IsUnknown():
				s.unknown(about, st.Pos, "the artifact store of "+p.title()+" names no key, and the default encryption of bucket "+estate.Show(st.Bucket)+" is not known").
					mend("Name the key in the artifact store.", storePatch)
				continue
			}
			s.fail(about, st.Pos, "artifacts of "+p.title()+" are not encrypted under a key of your own").
				related(st.bucket.Pos, "the bucket's default encryption names no key either").
				mend("Give the artifact store a key whose policy names the roles that use it. The AWS-managed key has no policy of yours and cannot be used from other accounts.", storePatch)
		}
	}
}

const storePatch = `
ArtifactStore:
  Type: S3
  Location: BUCKET
  EncryptionKey:
    Id: KEY-ARN
    Type: KMS
`
