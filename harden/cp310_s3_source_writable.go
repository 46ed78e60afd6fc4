package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp310 = rule{describe("CP-310", "s3-source-writable", finding.High,
	"The object that the pipeline deploys can be replaced unnoticed",
	"OWASP CICD-SEC-4", "NIST 800-53 SI-7"), checkS3Source}

func checkS3Source(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			name, key := a.ConfigText("S3Bucket"), a.ConfigText("S3ObjectKey")
			if a.Category != "Source" || a.Provider != "S3" || name == "" || !estate.Known(name) {
				continue
			}
			var d *draft
			begin := func() *draft {
				if d == nil {
					d = s.fail(a.subject(), a.Pos, "").
						mend("Turn versioning on, and let only the role of the system that makes the object put it.", "")
				}
				return d
			}
			var why []string
			b := s.est.Bucket(name)
			if b == nil || b.Missing {
				s.miss("bucket "+name+", the source of "+p.title(), "nothing in the estate defines it", a.Pos)
			} else if n := b.Props.Path("VersioningConfiguration", "Status"); textOf(n) != "Enabled" && estate.Known(textOf(n)) && !n.IsUnknown() {
				begin().related(posOf(n, b.Pos), "the source bucket keeps no versions")
				why = append(why, "its bucket keeps no versions")
			}
			if estate.Known(key) && key != "" {
				object := "arn:" + partitionOf(p.ARN) + ":s3:::" + name + "/" + key
				var who []string
				for _, x := range humans(s.whoMay("s3:PutObject", object, nil)) {
					who = appendNew(who, x.name())
					begin().cite(x.answer, "this statement lets "+x.name()+" put the object")
				}
				if b != nil && !b.Missing && s.may("*", "s3:PutObject", object, nil).granted() {
					who = append(who, "anyone at all")
					begin().related(b.Policy.Pos, "the bucket's policy lets anyone put the object")
				}
				if len(who) > 0 {
					why = append(why, "it can be put by "+listed(who))
				}
			}
			if d != nil {
				d.f.Message = "the source of " + p.title() + ", " + name + "/" + key + ", can be replaced unnoticed: " + listed(why)
				d.keyed(why...)
			}
		}
	}
}
