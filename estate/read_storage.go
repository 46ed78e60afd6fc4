package estate

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// targetedPolicy is a resource policy written apart from its resource.
type targetedPolicy struct {
	d      *Declaration
	kind   string // bucket, topic or queue
	name   Text   // bucket name, topic ARN or queue name
	policy Policy
	pos    policy.Pos
}

func (b *Builder) readBucket(d *Declaration) {
	s := &Bucket{Name: firstText(d.text("BucketName"), d.Ref, strings.ToLower(d.LogicalID))}
	s.Meta = d.meta("arn:" + d.partition() + ":s3:::" + s.Name)
	if b.buckets[s.Name] == nil {
		b.buckets[s.Name] = s
	} else if Known(s.Name) && !d.Maybe {
		b.Problem(Problem{Message: "bucket " + s.Name + " is declared twice; a bucket name exists once in the world", Pos: d.Pos})
	}
	b.e.Buckets = append(b.e.Buckets, s)
}

func (b *Builder) readBucketPolicy(d *Declaration) {
	n := d.get("Bucket")
	name := strings.TrimPrefix(textOf(n), "arn:aws:s3:::")
	p := b.policyOf(d, "bucket policy of "+Show(name), d.get("PolicyDocument"))
	d.Props = withoutDocuments(d.Props)
	b.targeted = append(b.targeted, targetedPolicy{d: d, kind: "bucket", name: name, policy: p, pos: posOf(n, d.Pos)})
}

func (b *Builder) readKey(d *Declaration) {
	k := &Key{KeyID: firstText(d.Ref, lastSegment(d.ARN), d.LogicalID)}
	k.Meta = d.meta(d.arn("kms", d.Region, "key/"+k.KeyID))
	if n := d.get("KeyPolicy"); n != nil && n.Kind != policy.Null {
		p := b.policyOf(d, "key policy of "+Show(firstText(d.LogicalID, k.KeyID)), n)
		k.Policy = &p
	}
	b.keys[k.ARN] = k
	b.e.Keys = append(b.e.Keys, k)
}

func (b *Builder) readAlias(d *Declaration) {
	a := &Alias{Name: firstText(d.text("AliasName"), d.Ref)}
	a.Meta = d.meta(d.arn("kms", d.Region, a.Name))
	a.TargetKey = d.text("TargetKeyId")
	b.aliases[a.ARN] = a
	b.e.Aliases = append(b.e.Aliases, a)
}

// joinAliases resolves the target of each alias to the ARN of a key.
func (b *Builder) joinAliases() {
	for _, a := range b.e.Aliases {
		if a.TargetKey != "" && !strings.HasPrefix(a.TargetKey, "arn:") && a.TargetKey != policy.Hole {
			a.TargetKey = "arn:" + PartitionOf(a.Region) + ":kms:" + a.Region + ":" + a.Account + ":key/" + a.TargetKey
		}
		if k := b.keys[a.TargetKey]; k != nil && !slices.Contains(k.Aliases, a.Name) {
			k.Aliases = append(k.Aliases, a.Name)
		}
	}
}

// joinTargeted gives resource policies to the resources they are written for,
// whichever stack or account declares them. One whose target is not known goes,
// as uncertain, to every resource that may be meant and has no policy by name: a
// second policy for one resource could not be deployed.
func (b *Builder) joinTargeted() {
	candidates := &candidates{
		taken:   map[**Policy]bool{},
		topics:  byName(b.e.Topics, func(s *Topic) Text { return s.ARN }),
		queues:  byName(b.e.Queues, func(s *Queue) Text { return s.Name }),
		buckets: byName(b.e.Buckets, func(s *Bucket) Text { return s.Name }),
	}
	for _, exact := range []bool{true, false} {
		for i := range b.targeted {
			if t := &b.targeted[i]; Known(t.name) == exact {
				b.joinTarget(t, candidates)
			}
		}
	}
}

// candidates are the resources that policies may be written for.
type candidates struct {
	taken   map[**Policy]bool // resources that a policy names
	buckets *names[*Bucket]
	topics  *names[*Topic]
	queues  *names[*Queue]
}

// names finds resources by name; vague are those whose own name is not known.
type names[R any] struct {
	named map[Text][]R
	vague []R
}

func byName[R any](list []R, nameOf func(R) Text) *names[R] {
	n := &names[R]{named: map[Text][]R{}, vague: vagueOf(list, nameOf)}
	for _, r := range list {
		if name := nameOf(r); Known(name) {
			n.named[name] = append(n.named[name], r)
		}
	}
	return n
}

// of returns the resources that name may mean, some of which it may not.
func (n *names[R]) of(name Text, all []R) []R {
	if !Known(name) {
		return all
	}
	return slices.Concat(n.named[name], n.vague)
}

func (b *Builder) joinTarget(t *targetedPolicy, candidates *candidates) {
	found := false
	switch t.kind {
	case "bucket":
		if Known(t.name) && b.buckets[t.name] == nil {
			s := b.missingBucket(t.name, t.d.Account, t.d.Region, t.pos, nil)
			candidates.buckets.named[t.name] = []*Bucket{s}
		}
		for _, s := range candidates.buckets.of(t.name, b.e.Buckets) {
			found = t.give(&s.Policy, candidates.taken, s.Name, "bucket "+Show(s.Name)) || found
		}
	case "topic":
		for _, s := range candidates.topics.of(t.name, b.e.Topics) {
			found = t.give(&s.Policy, candidates.taken, s.ARN, "topic "+Show(s.Name)) || found
		}
	case "queue":
		for _, s := range candidates.queues.of(t.name, b.e.Queues) {
			if s.Account == t.d.Account && s.Region == t.d.Region {
				found = t.give(&s.Policy, candidates.taken, s.Name, "queue "+Show(s.Name)) || found
			}
		}
	}
	if found && Known(t.name) {
		return
	}
	why := "nothing in the estate defines it"
	if !Known(t.name) {
		why = "its name could not be resolved"
	}
	b.Unknown(Unknown{What: t.kind + " " + Show(t.name) + ", for which " + t.d.title() + " is a policy", Why: why, Pos: t.pos})
}

// give hands the policy to the resource called have, if it is or may be the one
// that is meant.
func (t *targetedPolicy) give(slot **Policy, taken map[**Policy]bool, have Text, title string) bool {
	switch {
	case t.name == have:
		taken[slot] = true
	case taken[slot] || !mayEqual(t.name, have):
		return false
	}
	p := t.policy
	if t.name != have {
		p.Doc = uncertain(p.Doc, "whether the policy belongs to "+title+" is not known: its name could not be resolved")
	}
	*slot = contend(*slot, &p, title)
	return true
}

// missingBucket adds a bucket that is named and nowhere defined.
func (b *Builder) missingBucket(name Text, account, region string, pos policy.Pos, p *Policy) *Bucket {
	s := &Bucket{Name: name, Missing: true, Policy: p}
	s.Meta = Meta{
		ARN: "arn:" + PartitionOf(region) + ":s3:::" + name, Type: "AWS::S3::Bucket", Account: account, Region: region, Pos: pos,
	}
	b.buckets[name] = s
	b.e.Buckets = append(b.e.Buckets, s)
	return s
}
