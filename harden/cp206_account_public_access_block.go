package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp206 = rule{fromLive(describe("CP-206", "account-public-access-block", finding.High,
	"The account that holds artifacts does not block public buckets",
	"NIST 800-53 AC-3", "Security Hub S3.1")), checkAccountPublicAccess}

// accountBlock is the type under which a live account's setting is kept.
const accountBlock = "AWS::S3::AccountPublicAccessBlock"

func checkAccountPublicAccess(s *scan) {
	seen := map[string]bool{}
	for _, b := range s.definedBuckets() {
		if seen[b.Account] {
			continue
		}
		seen[b.Account] = true
		about := finding.Subject{Type: "AWS::Account", ID: b.Account, Account: b.Account}
		i := slices.IndexFunc(s.est.Others[accountBlock], func(x *estate.Simple) bool { return x.Account == b.Account })
		if i < 0 {
			s.unknown(about, b.Pos, "whether account "+b.Account+" blocks public buckets was not read").mend("Let the scan call s3:GetAccountPublicAccessBlock.", "")
			continue
		}
		block := s.est.Others[accountBlock][i]
		if off, _ := offFlags(block.Props); len(off) > 0 {
			s.fail(about, block.Pos, "account "+b.Account+", which holds "+b.title()+", does not block public buckets: "+listed(off)+" not true").keyed(off...).
				mend("Set all four flags for the account.", "aws s3control put-public-access-block --account-id "+b.Account+" --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true\n")
		}
	}
}
