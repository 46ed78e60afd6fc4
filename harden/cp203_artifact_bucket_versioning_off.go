package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp203 = rule{describe("CP-203", "artifact-bucket-versioning-off", finding.High,
	"The artifact bucket keeps no versions",
	"OWASP CICD-SEC-9", "NIST 800-53 CP-9", "Security Hub S3.14", "Checkov CKV_AWS_21", "Prowler s3_bucket_object_versioning"), checkVersioning}

func checkVersioning(s *scan) {
	for _, b := range s.definedBuckets() {
		n := b.Props.Path("VersioningConfiguration", "Status")
		status := textOf(n)
		switch {
		case status == "Enabled":
		case b.Props.Get("VersioningConfiguration").IsUnknown() || n.IsUnknown() || !estate.Known(status):
			s.unknown(b.subject(), b.Pos, "whether "+b.title()+" keeps versions could not be resolved").mend("Set it in the template.", versioningPatch)
		default:
			s.fail(b.subject(), posOf(n, b.Pos), b.title()+" keeps no versions").
				mend("Turn versioning on: without it an artifact that is swapped leaves no trace.", versioningPatch)
		}
	}
}

const versioningPatch = `
VersioningConfiguration:
  Status: Enabled
`
