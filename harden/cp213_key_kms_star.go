package harden

import (
	"slices"

	"github.com/twokey/twokey/finding"
)

var cp213 = rule{describe("CP-213", "key-kms-star", finding.High,
	"A role of the pipeline may rewrite the artifact key's policy or delete the key",
	"NIST 800-53 SC-12", "Security Hub KMS.1", "Security Hub KMS.2"), checkKeyStar}

func checkKeyStar(s *scan) {
	keys := s.artifactKeys()
	for _, r := range s.usedRoles(pipelineRole, actionRole, deployRole, buildRole) {
		var d *draft
		var can []string
		for _, k := range keys {
			if !slices.ContainsFunc(r.uses, func(u use) bool { return slices.Contains(k.pipes, u.pipe) }) {
				continue
			}
			for _, action := range []string{"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant"} {
				a := s.may(r.ARN, action, k.ARN, nil)
				if !a.granted() || a.hangsOn("kms:grantisforawsresource", "kms:granteeprincipal", "kms:grantoperations") {
					continue
				}
				if d == nil {
					d = s.fail(r.subject(), r.Pos, "").
						mend("Give the role the verbs that it uses: kms:Decrypt to read artifacts, kms:GenerateDataKey to write them.", `
Action:
  - kms:Decrypt
  - kms:GenerateDataKey
`)
				}
				can = appendNew(can, action)
				d.cite(a, "this statement is part of what allows "+action)
			}
		}
		if d != nil {
			d.f.Message = r.title() + ", may do more with the artifact key than use it: " + listed(can)
			d.keyed(can...)
		}
	}
}
