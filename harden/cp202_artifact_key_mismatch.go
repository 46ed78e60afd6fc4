package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp202 = rule{describe("CP-202", "artifact-key-mismatch", finding.High,
	"Something writes artifacts under another key than the pipeline's",
	"NIST 800-53 SC-12"), checkKeyMismatch}

func checkKeyMismatch(s *scan) {
	reported := map[finding.Subject]bool{}
	once := func(about finding.Subject) bool {
		seen := reported[about]
		reported[about] = true
		return !seen
	}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			st := p.storeFor(a)
			if st == nil || a.account == p.Account || !estate.Known(a.account) || !a.reads() && len(a.Outputs) == 0 {
				continue
			}
			if awsKey(st.KeyID) && once(a.subject()) {
				s.fail(a.subject(), a.Pos, a.where()+" acts in account "+a.account+", which can never use the AWS-managed key of "+p.Account).
					related(st.Pos, "the artifact store uses the AWS-managed key").
					mend("Give the artifact store a key of your own, whose policy names the role of "+a.where()+".", storePatch)
			}
		}
		for _, a := range p.acts {
			st := p.storeFor(a)
			if st == nil || st.KeyID == "" || awsKey(st.KeyID) || a.project == nil || a.project.Missing || len(a.Outputs) == 0 {
				continue
			}
			pr := a.project
			if pr.EncryptionKey != "" && s.sameKey(pr.EncryptionKey, pr.Account, pr.Region, st, p) != different {
				continue
			}
			if about := subject(&pr.Meta, pr.Name); once(about) {
				message := "build project " + estate.Show(pr.Name) + " encrypts its artifacts under another key than " + p.title()
				if pr.EncryptionKey == "" {
					message = "build project " + estate.Show(pr.Name) + " names no key, so it encrypts its artifacts under the AWS-managed one and not under the key of " + p.title()
				}
				s.fail(about, keyPos(pr.Props, pr.Pos, "EncryptionKey"), message).confidence("medium").
					related(st.KeyPos, "the pipeline's key").
					mend("Set EncryptionKey of the project to the key of the artifact store.", "EncryptionKey: "+st.KeyID+"\n")
			}
		}
		for _, st := range p.stores {
			if st.KeyID == "" || awsKey(st.KeyID) || st.bucket == nil || st.bucket.Missing {
				continue
			}
			algorithm, key := defaultEncryption(st.bucket)
			if !strings.HasPrefix(algorithm, "aws:kms") || key == "" || s.sameKey(key, st.bucket.Account, st.bucket.Region, st, p) != different {
				continue
			}
			if about := subject(&st.bucket.Meta, st.bucket.Name); once(about) {
				s.fail(about, keyPos(st.bucket.Props, st.bucket.Pos, "BucketEncryption"), "artifact bucket "+estate.Show(st.bucket.Name)+" encrypts by default under another key than "+p.title()).
					related(st.KeyPos, "the pipeline's key").
					mend("Make both the same key.", "KMSMasterKeyID: "+st.KeyID+"\n")
			}
		}
	}
}

type sameness int

const (
	same sameness = iota
	different
	unsure
)

// sameKey compares a key, as somebody in account and region means it, with that
// of a store.
func (s *scan) sameKey(text estate.Text, account, region string, st *store, p *pipe) sameness {
	_, id := s.est.ResolveKey(text, account, region)
	switch {
	case text == st.KeyID || id != "" && id == st.keyARN:
		return same
	case awsKey(text):
		return different
	case id == "" || st.keyARN == "" || !estate.Known(text) || !estate.Known(st.KeyID):
		return unsure
	}
	return different
}
