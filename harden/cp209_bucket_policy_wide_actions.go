package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp209 = rule{graded(describe("CP-209", "bucket-policy-wide-actions", finding.Critical,
	"The artifact bucket's policy lets its users delete, or rewrite the policy",
	"OWASP CICD-SEC-9", "NIST 800-53 AC-6"),
	"high where nobody of another account and no build has it"), checkBucketWideActions}

var takeover = []string{"s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteBucket", "s3:PutBucketAcl", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:PutBucketVersioning"}

func checkBucketWideActions(s *scan) {
	for _, b := range s.artifactBuckets() {
		if b.Policy == nil || b.Policy.Doc == nil {
			continue
		}
		var d *draft
		var what, whom []string
		var unread []wideUnread
		worst := finding.High
		for i := range b.Policy.Doc.Statements {
			st := &b.Policy.Doc.Statements[i]
			wide := ""
			for _, t := range st.Actions {
				if expands(t.Value, takeover...) != "" {
					wide = t.Value
					break
				}
			}
			if st.Effect != policy.EffectAllow || st.Broken != "" || wide == "" || st.NotAction || st.Principals == nil {
				continue
			}
			for _, p := range st.Principals.List {
				grave, matters := s.grantee(b, p)
				if !matters && s.unread(p) {
					unread = append(unread, wideUnread{p, wide})
				}
				if !matters {
					continue
				}
				if d == nil {
					d = s.fail(b.subject(), st.Pos, "")
				}
				if grave {
					worst = finding.Critical
				}
				what, whom = appendNew(what, wide), appendNew(whom, p.Value)
				d.related(p.Pos, p.Value+" gets "+wide)
			}
		}
		if d != nil {
			d.f.Message = "the policy of " + b.title() + " gives " + listed(what) + " to " + listed(whom)
			d.severity(worst).keyed(append(what, whom...)...).
				mend("Give each role the one thing it does: s3:PutObject on the artifact that it makes, s3:GetObject on those that it reads.", "")
		}
		for _, u := range unread {
			if d == nil {
				d = s.unknown(b.subject(), u.p.Pos, "the policy of "+b.title()+" gives "+u.wide+" to whoever "+whoeverIs(u.p)).
					mend("Write the principal out, or give the value behind it in twokey.yaml; and give it only what it does.", "").keyed("unread")
				continue
			}
			d.related(u.p.Pos, "this gives "+u.wide+" to whoever "+whoeverIs(u.p))
		}
	}
}

// wideUnread is a principal that could not be resolved, with what is given to it.
type wideUnread struct {
	p    policy.Principal
	wide string
}

// grantee reports whether wide access of a principal to an artifact bucket
// matters, and whether it is grave: the principal is of another account, or runs
// what a repository says. The bucket's own account as a whole is none: its IAM
// policies decide.
func (s *scan) grantee(b *keptIn, p policy.Principal) (grave, matters bool) {
	if p.Type == policy.TypeService || p.Type == policy.TypeUnknown {
		return false, false
	}
	if p.Value == "*" {
		return true, true
	}
	account := accountOf(p.Value)
	if account != "" && estate.Known(account) && account != b.Account && b.Account != "" {
		return true, true
	}
	// An account that a parameter names, and no value of it: hardly the bucket's
	// own, which AWS::AccountId names.
	if !estate.Known(account) && p.Type == policy.TypeAWS {
		return false, true
	}
	r := s.est.Role(p.Value)
	if r == nil {
		return false, false
	}
	for _, u := range s.roleUses[r] {
		matters = true
		grave = grave || u.kind == buildRole
	}
	return grave, matters
}

// appendNew appends x unless it is there.
func appendNew(list []string, x string) []string {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}
