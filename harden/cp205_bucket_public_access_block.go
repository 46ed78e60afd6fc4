package harden

import (
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp205 = rule{graded(describe("CP-205", "bucket-public-access-block", finding.High,
	"The artifact bucket does not block public access",
	"NIST 800-53 AC-3", "Security Hub S3.8", "CIS AWS 2.1.4", "Checkov CKV_AWS_53", "Checkov CKV_AWS_54", "Checkov CKV_AWS_55", "Checkov CKV_AWS_56"),
	"medium where the bucket says nothing: buckets made since April 2023 block public access by default"), checkPublicAccess}

var publicAccessFlags = []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}

func checkPublicAccess(s *scan) {
	for _, b := range s.definedBuckets() {
		block := b.Props.Get("PublicAccessBlockConfiguration")
		off, unsure := offFlags(block)
		switch {
		case len(off) > 0 && block == nil:
			s.fail(b.subject(), b.Pos, b.title()+" does not say that it blocks public access").severity(finding.Medium).
				mend("Block public access in the template, whatever the default was when the bucket was made.", publicPatch)
		case len(off) > 0:
			s.fail(b.subject(), keyPos(b.Props, b.Pos, "PublicAccessBlockConfiguration"), b.title()+" does not block all public access: "+listed(off)+" not true").keyed(off...).
				mend("Set all four flags.", publicPatch)
		case unsure:
			s.unknown(b.subject(), b.Pos, "whether "+b.title()+" blocks public access could not be resolved").mend("Set it in the template.", publicPatch)
		}
	}
}

// offFlags returns the flags that are not true, and whether some could not be read.
func offFlags(block *policy.Node) (off []string, unsure bool) {
	if block.IsUnknown() {
		return nil, true
	}
	for _, name := range publicAccessFlags {
		on, _, known := flag(block.Get(name))
		if !known {
			unsure = true
		} else if !on {
			off = append(off, name)
		}
	}
	return off, unsure
}

const publicPatch = `
PublicAccessBlockConfiguration:
  BlockPublicAcls: true
  BlockPublicPolicy: true
  IgnorePublicAcls: true
  RestrictPublicBuckets: true
`
