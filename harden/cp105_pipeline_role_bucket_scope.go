package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp105 = rule{describe("CP-105", "pipeline-role-bucket-scope", finding.Medium,
	"The pipeline's role may do more with S3 than keep artifacts",
	"OWASP CICD-SEC-5", "OWASP CICD-SEC-9", "NIST 800-53 AC-6", "Checkov CKV_AWS_345"), checkPipelineRoleBucketScope}

// keeping are actions on S3 that a pipeline does not need; s3:* and s3:Put*
// cover some of them.
var keeping = []string{
	"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl",
	"s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
	"s3:ReplicateObject", "s3:PutBucketPublicAccessBlock", "s3:PutObjectAcl", "s3:PutObjectVersionAcl",
}

func checkPipelineRoleBucketScope(s *scan) {
	for _, r := range s.usedRoles(pipelineRole) {
		buckets, open := r.buckets()
		var d *draft
		begin := func() {
			if d == nil {
				d = s.fail(r.subject(), r.Pos, "").mend("Allow the pipeline's role s3:GetObject, s3:GetObjectVersion, s3:PutObject and s3:GetBucketVersioning on its artifact bucket, and nothing else of S3.", "")
			}
		}
		var why []string
		add := func(w string) {
			if !slices.Contains(why, w) {
				why = append(why, w)
			}
		}
		for _, action := range []string{"s3:GetObject", "s3:PutObject"} {
			example := "arn:" + partitionOf(r.ARN) + ":s3:::twokey-probe/twokey-probe"
			expected := func(x string) bool { return within(x, buckets) }
			for _, g := range s.wideGrants(r.ARN, r.Policies, action, example, expected) {
				begin()
				add(action + " on " + g.pattern.Value)
				d.related(g.pattern.Pos, "this allows "+action+" on "+g.pattern.Value)
			}
		}
		for _, action := range keeping {
			for _, g := range grants(r.Policies, action) {
				if g.stmt.Unknown != "" || deploysTo(&r, g.pattern.Value) {
					continue
				}
				target := probe(g.pattern.Value, "arn:"+partitionOf(r.ARN)+":s3:::twokey-probe/twokey-probe")
				// Whichever bucket a name that is not known stands for, keeping artifacts
				// does not take the action.
				open := !estate.Known(g.pattern.Value) && !deploysObjects(&r) && len(denials(r.Policies, action)) == 0
				if !open && !s.identityMay(r.ARN, action, target, nil).granted() {
					continue
				}
				begin()
				add(wideAction(g.stmt, action) + " on " + g.pattern.Value)
				d.related(g.stmt.Pos, "this statement allows "+action)
			}
		}
		if d != nil {
			d.f.Message = estate.Show(r.Name) + ", the role of " + r.uses[0].pipe.title() + ", may do more with S3 than keep artifacts: " + listed(why)
			d.keyed(why...)
		} else if open {
			s.miss("bucket of "+r.uses[0].pipe.title(), "its name could not be resolved", r.uses[0].pipe.Pos)
		}
	}
}

// buckets returns the ARNs of the buckets that the pipelines of a role keep
// artifacts in, read their source from or deploy to. open is true where a name
// could not be resolved.
func (u *used) buckets() (arns []string, open bool) {
	add := func(name estate.Text) {
		if name == "" {
			return
		}
		open = open || !estate.Known(name)
		arns = append(arns, "arn:"+partitionOf(u.ARN)+":s3:::"+name)
	}
	for _, x := range u.uses {
		for _, st := range x.pipe.stores {
			add(st.Bucket)
		}
		for _, a := range x.pipe.acts {
			add(a.ConfigText("S3Bucket"))
			add(a.ConfigText("BucketName"))
		}
	}
	return arns, open
}

// deploysTo reports whether a pattern lies in a bucket that a deploy action of
// the role's pipelines writes to.
func deploysTo(u *used, pattern string) bool {
	for _, x := range u.uses {
		for _, a := range x.pipe.acts {
			if name := a.ConfigText("BucketName"); name != "" && within(pattern, []string{"arn:" + partitionOf(u.ARN) + ":s3:::" + name}) {
				return true
			}
		}
	}
	return false
}

// deploysObjects reports whether a pipeline of the role deploys to a bucket.
func deploysObjects(u *used) bool {
	return slices.ContainsFunc(u.uses, func(x use) bool {
		return slices.ContainsFunc(x.pipe.acts, func(a *act) bool { return a.ConfigText("BucketName") != "" })
	})
}

// denials returns the statements of policies that may deny an action.
func denials(policies []estate.Policy, action string) []*policy.Statement {
	var out []*policy.Statement
	for i := range policies {
		for j := 0; policies[i].Doc != nil && j < len(policies[i].Doc.Statements); j++ {
			if st := &policies[i].Doc.Statements[j]; st.Effect == policy.EffectDeny && (st.NotAction || st.Broken != "" || covers(st, action)) {
				out = append(out, st)
			}
		}
	}
	return out
}

// wideAction is the pattern by which a statement covers an action, as written.
func wideAction(st *policy.Statement, action string) string {
	for _, t := range st.Actions {
		if actionMatch(t.Value, action) {
			return t.Value
		}
	}
	return action
}
