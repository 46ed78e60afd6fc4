package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// keptIn is an artifact bucket with the pipelines that keep artifacts in it.
type keptIn struct {
	*estate.Bucket
	pipes  []*pipe
	stores []*store
}

func (b *keptIn) subject() finding.Subject { return subject(&b.Meta, b.Name) }

// title names the bucket: "artifact bucket X of pipeline Y".
func (b *keptIn) title() string {
	return "artifact bucket " + estate.Show(b.Name) + " of " + b.pipes[0].title()
}

// artifactBuckets returns the buckets that pipelines keep artifacts in, each
// once. Those that the estate only names are noted as not looked at.
func (s *scan) artifactBuckets() []*keptIn {
	var out []*keptIn
	for _, p := range s.pipelines {
		for _, st := range p.stores {
			bucket := st.bucket
			if presumed := s.presumedBucket(st); presumed != nil && (bucket == nil || bucket.Missing) {
				s.miss("the bucket of the artifact store of "+p.title(), "its name could not be resolved; "+estate.Show(presumed.LogicalID)+" was taken for it", st.Pos)
				bucket = presumed
			}
			if bucket == nil || bucket.Missing {
				s.miss("bucket "+estate.Show(st.Bucket)+", the artifact store of "+p.title(), "nothing in the estate defines it", st.Pos)
				if bucket == nil || bucket.Policy == nil {
					continue
				}
			}
			i := slices.IndexFunc(out, func(b *keptIn) bool { return b.Bucket == bucket })
			if i < 0 {
				out = append(out, &keptIn{Bucket: bucket})
				i = len(out) - 1
			}
			out[i].pipes, out[i].stores = append(out[i].pipes, p), append(out[i].stores, st)
		}
	}
	return out
}

// definedBuckets leaves out buckets that the estate only names.
func (s *scan) definedBuckets() []*keptIn {
	return slices.DeleteFunc(s.artifactBuckets(), func(b *keptIn) bool { return b.Missing })
}

// keyOf is an artifact key with the pipelines that use it.
type keyOf struct {
	*estate.Key
	pipes []*pipe
}

// title names the key.
func (k *keyOf) title() string {
	name := k.LogicalID
	if len(k.Aliases) > 0 {
		name = k.Aliases[0]
	}
	if name == "" {
		name = k.KeyID
	}
	return "key " + estate.Show(name) + " of " + k.pipes[0].title()
}

func (k *keyOf) subject() finding.Subject { return subject(&k.Meta, k.KeyID) }

// artifactKeys returns the keys that artifacts are encrypted under, each once:
// those that artifact stores name, and the default keys of artifact buckets.
func (s *scan) artifactKeys() []*keyOf {
	var out []*keyOf
	add := func(k *estate.Key, p *pipe) {
		if k == nil || k.Missing {
			return
		}
		for _, have := range out {
			if have.Key == k {
				have.pipes = append(have.pipes, p)
				return
			}
		}
		out = append(out, &keyOf{k, []*pipe{p}})
	}
	for _, p := range s.pipelines {
		for _, st := range p.stores {
			key := st.key
			if st.KeyID != "" && (key == nil || key.Missing) && !awsKey(st.KeyID) {
				if key = s.presumedKey(st, p); key != nil {
					s.miss("the key of the artifact store of "+p.title(), "nothing in the estate defines "+estate.Show(st.KeyID)+"; "+key.LogicalID+" was taken for it", st.KeyPos)
				} else {
					s.miss("key "+estate.Show(st.KeyID)+" of "+p.title(), "nothing in the estate defines it", st.KeyPos)
				}
			}
			add(key, p)
			if st.KeyID == "" && st.bucket != nil {
				_, id := defaultEncryption(st.bucket)
				k, _ := s.est.ResolveKey(id, st.bucket.Account, st.bucket.Region)
				add(k, p)
			}
		}
	}
	return out
}

// awsKey reports whether a key id names the key that AWS keeps for S3.
func awsKey(id estate.Text) bool { return strings.HasSuffix(id, "alias/aws/s3") }

// defaultEncryption returns the algorithm and key of a bucket's default encryption.
func defaultEncryption(b *estate.Bucket) (algorithm, key estate.Text) {
	for _, n := range b.Props.Path("BucketEncryption", "ServerSideEncryptionConfiguration").Elements() {
		rule := n.Get("ServerSideEncryptionByDefault")
		if t := textOf(rule.Get("SSEAlgorithm")); t != "" {
			algorithm, key = t, textOf(rule.Get("KMSMasterKeyID"))
		}
	}
	return algorithm, key
}

// bucketAnswer decides a request on a bucket by the bucket's policy alone, made
// by somebody whose own policies allow everything.
func (s *scan) bucketAnswer(b *estate.Bucket, who, action, resource string, ctx *iam.Context) iam.Outcome {
	q, err := s.est.Question(who, action, resource, ctx)
	if err != nil {
		return iam.If
	}
	policies := *q.Policies
	policies.Identity, policies.Boundary, policies.SCPs, policies.RCPs = s.everything, nil, nil, nil
	return iam.Decide(q.Request, &policies)
}

// writers are those by whom a policy of the bucket can be tried: somebody of its
// account, and the roles of its pipelines, for policies that keep strangers out.
func (b *keptIn) writers() []string {
	out := []string{anyARN(partitionOf(b.ARN), "iam", "", b.Account, "role/twokey-probe")}
	for _, p := range b.pipes {
		for _, a := range p.acts {
			if a.project != nil && estate.Known(a.project.ServiceRole) && a.project.ServiceRole != "" {
				out = append(out, a.project.ServiceRole)
			}
			if estate.Known(a.runner) && a.runner != "" {
				out = append(out, a.runner)
			}
		}
	}
	return out
}

// denies reports whether the bucket's policy denies a bad request for what is
// bad about it: it denies bad, and not also good, which differs in nothing else.
func (s *scan) denies(b *keptIn, action, resource string, bad, good *iam.Context) bool {
	for _, who := range b.writers() {
		if s.bucketAnswer(b.Bucket, who, action, resource, good) == iam.ExplicitDeny {
			continue
		}
		return s.bucketAnswer(b.Bucket, who, action, resource, bad) == iam.ExplicitDeny
	}
	return false
}

// textOf is the text of a scalar node, or "".
func textOf(n *policy.Node) estate.Text {
	t, _ := n.Scalar()
	return t
}

// posOf is where a node stands, or otherwise.
func posOf(n *policy.Node, otherwise policy.Pos) policy.Pos {
	if n == nil || n.Pos == (policy.Pos{}) {
		return otherwise
	}
	return n.Pos
}

// keyPos is where the last of some nested keys stands, or otherwise where one of
// them is missing.
func keyPos(n *policy.Node, otherwise policy.Pos, keys ...string) policy.Pos {
	at := otherwise
	for _, k := range keys {
		if n == nil || n.Kind != policy.Map {
			return otherwise
		}
		i := slices.IndexFunc(n.Entries, func(e policy.Entry) bool { return e.Key == k })
		if i < 0 {
			return otherwise
		}
		at, n = n.Entries[i].KeyPos, n.Get(k)
	}
	if at == (policy.Pos{}) {
		return otherwise
	}
	return at
}

// flag reads a boolean property: its value, whether it is given, and whether it
// could be resolved.
func flag(n *policy.Node) (value, given, known bool) {
	if n == nil || n.Kind == policy.Null {
		return false, false, true
	}
	t, ok := n.Scalar()
	if !ok || !estate.Known(t) {
		return false, true, false
	}
	return strings.EqualFold(t, "true"), true, true
}
