package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp214 = rule{describe("CP-214", "key-rotation-off", finding.Medium,
	"The artifact key is not rotated",
	"NIST 800-53 SC-12", "Security Hub KMS.4", "CIS AWS 3.6", "Checkov CKV_AWS_7"), checkRotation}

func checkRotation(s *scan) {
	for _, k := range s.artifactKeys() {
		spec, origin := textOf(k.Props.Get("KeySpec")), textOf(k.Props.Get("Origin"))
		if spec != "" && spec != "SYMMETRIC_DEFAULT" || origin != "" && origin != "AWS_KMS" {
			continue // such a key cannot be rotated by AWS
		}
		n := k.Props.Get("EnableKeyRotation")
		on, _, known := flag(n)
		switch {
		case !known:
			s.unknown(k.subject(), posOf(n, k.Pos), "whether "+k.title()+" is rotated could not be resolved").mend("Set it in the template.", "EnableKeyRotation: true\n")
		case !on:
			s.fail(k.subject(), posOf(n, k.Pos), k.title()+" is not rotated").
				mend("Turn rotation on; what was encrypted before stays readable.", "EnableKeyRotation: true\n")
		}
	}
}
