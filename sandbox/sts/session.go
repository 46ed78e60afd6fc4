package sts

import (
	"crypto/subtle"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// session is a set of temporary credentials and whom they stand for.
type session struct {
	Key, Secret, Token string
	Kind               cloud.IdentityKind // AssumedRole, IAMUser, FederatedUser or Root
	Account            string
	Principal          string // unique id of the role or user; the account id for root
	Name               string // of the session or the federated user
	Policies           []string
	PolicyARNs         []string
	Source             string // source identity
	Tags               map[string]string
	Transitive         []string
	MFA                bool
	Issued, Expires    time.Time
}

const (
	tokenBytes = 264
	// keepExpired is how long an expired session is still known as expired; after
	// that its key is unknown.
	keepExpired = 48 * time.Hour
	pruneEvery  = time.Hour
)

type clockMark struct {
	mu sync.Mutex
	at time.Time
}

// issue makes credentials for a session and keeps it.
func (s *service) issue(c *cloud.Call, t session, life time.Duration) (*Credentials, error) {
	s.prune(c.Time)
	t.Key = s.world.IDs.Unique("ASIA")
	t.Secret = wire.Base64(s.world.IDs.Bytes(30))
	t.Token = "IQoJ" + wire.Base64(s.world.IDs.Bytes(tokenBytes))
	t.Issued = c.Time.UTC().Truncate(time.Second)
	t.Expires = t.Issued.Add(life)
	if err := s.sessions.Put(t.Key, t); err != nil {
		return nil, err
	}
	return &Credentials{AccessKeyId: t.Key, SecretAccessKey: t.Secret, SessionToken: t.Token, Expiration: wire.At(t.Expires)}, nil
}

// prune forgets sessions that expired long ago.
func (s *service) prune(now time.Time) {
	s.pruned.mu.Lock()
	due := now.Sub(s.pruned.at) >= pruneEvery
	if due {
		s.pruned.at = now
	}
	s.pruned.mu.Unlock()
	if !due {
		return
	}
	for _, t := range s.sessions.Select(func(_ string, t session) bool { return now.Sub(t.Expires) > keepExpired }) {
		// A journal that refuses the delete refuses the Put that follows as well.
		_ = s.sessions.Delete(t.Key)
	}
}

var errExpired = &cloud.Error{Code: "ExpiredToken", Status: 403, Message: "The security token included in the request is expired"}

// Credential answers the world for temporary credentials. A session ends with its
// time, and with the role or user it stands for.
func (s *service) Credential(accessKeyID, token string) (string, cloud.Identity, error) {
	t, ok := s.sessions.Get(accessKeyID)
	if !ok || subtle.ConstantTimeCompare([]byte(t.Token), []byte(token)) != 1 {
		return "", cloud.Identity{}, cloud.ErrUnknownKey
	}
	if !s.world.Clock.Now().Before(t.Expires) {
		return "", cloud.Identity{}, errExpired
	}
	id, ok := s.identity(t)
	if !ok {
		return "", cloud.Identity{}, cloud.ErrUnknownKey
	}
	return t.Secret, id, nil
}

func (s *service) identity(t session) (cloud.Identity, bool) {
	id := cloud.Identity{Kind: t.Kind, Account: t.Account, AccessKeyID: t.Key, SourceIdentity: t.Source, Tags: t.Tags, TransitiveTagKeys: t.Transitive,
		MFA: t.MFA, Issued: t.Issued, Expires: t.Expires, SessionPolicies: s.sessionPolicies(t)}
	root := t.Principal == t.Account
	var p cloud.Principal
	if !root {
		var ok bool
		if p, ok = s.world.Principals().Principal(t.Principal); !ok {
			return id, false
		}
		id.Tags = merge(p.Tags, t.Tags)
	}
	switch t.Kind {
	case cloud.AssumedRole:
		id.ARN, id.UserID = sessionARN(p, t.Name), p.ID+":"+t.Name
		id.UserName, id.RoleARN, id.RoleID, id.SessionName = p.Name, p.ARN, p.ID, t.Name
	case cloud.FederatedUser:
		id.ARN, id.UserID = federatedARN(t.Account, t.Name), t.Account+":"+t.Name
		id.UserName, id.UserARN, id.IssuerID = p.Name, p.ARN, t.Principal
		if root {
			id.UserARN = cloud.RootIdentity(t.Account).ARN
		}
	case cloud.Root:
		r := cloud.RootIdentity(t.Account)
		id.ARN, id.UserID = r.ARN, r.UserID
	default:
		id.ARN, id.UserID, id.UserName = p.ARN, p.ID, p.Name
	}
	return id, true
}

func merge(base, over map[string]string) map[string]string {
	if len(over) == 0 {
		return base
	}
	out := maps.Clone(base)
	if out == nil {
		return over
	}
	for k, v := range over {
		// Keys of tags are the same whatever their case.
		for have := range out {
			if strings.EqualFold(have, k) {
				delete(out, have)
			}
		}
		out[k] = v
	}
	return out
}

func sessionARN(role cloud.Principal, name string) string {
	return "arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + name
}

func federatedARN(account, name string) string {
	return "arn:aws:sts::" + account + ":federated-user/" + name
}

// sessionPolicies are the policies passed when the session was made; nil where
// none were. Managed ones count as they stand now; one that is gone may deny
// anything and allows nothing.
func (s *service) sessionPolicies(t session) *iam.Set {
	if len(t.Policies) == 0 && len(t.PolicyARNs) == 0 {
		return nil
	}
	docs := make([]iam.NamedDoc, 0, len(t.Policies)+len(t.PolicyARNs))
	texts := make([]string, 0, cap(docs))
	for _, d := range t.Policies {
		docs, texts = append(docs, iam.NamedDoc{Name: "session policy"}), append(texts, d)
	}
	for _, a := range t.PolicyARNs {
		d, _ := s.world.Principals().ManagedPolicy(t.Account, a)
		docs, texts = append(docs, iam.NamedDoc{Name: a}), append(texts, d)
	}
	return s.policies.set(docs, texts)
}

// compiler keeps compiled session policies by their text.
type compiler struct {
	mu   sync.Mutex
	sets map[string]*iam.Set
}

const maxCompiled = 1024

func (c *compiler) set(docs []iam.NamedDoc, texts []string) *iam.Set {
	id := strings.Join(texts, "\x00")
	c.mu.Lock()
	defer c.mu.Unlock()
	if set, ok := c.sets[id]; ok {
		return set
	}
	for i := range docs {
		doc, err := policy.Parse(docs[i].Name, []byte(texts[i]))
		if docs[i].Doc = doc; err != nil {
			docs[i] = iam.NamedDoc{Name: docs[i].Name, Unknown: err.Error()}
		}
	}
	set := iam.NewSet(iam.SideSession, docs...)
	if c.sets == nil || len(c.sets) >= maxCompiled {
		c.sets = map[string]*iam.Set{}
	}
	c.sets[id] = set
	return set
}

const (
	maxPolicyARNs = 10
	// maxPacked stands for AWS's limit on policies and tags after its compression,
	// which is not published; here their plain characters count.
	maxPacked = 2048 * 2
	maxPlain  = 2048
)

// setPolicies checks session policies and tags and puts them into a session. The
// answer is the share of what AWS would accept, in percent.
func (s *service) setPolicies(t *session, document string, arns []*PolicyDescriptorType, tags []*Tag) (*int64, error) {
	size := 0
	if document != "" {
		if err := wellFormed(document); err != nil {
			return nil, err
		}
		t.Policies = []string{document}
		size += len(document)
	}
	if len(arns) > maxPolicyARNs {
		return nil, invalid("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicyARNs)
	}
	for _, a := range arns {
		if _, ok := s.world.Principals().ManagedPolicy(t.Account, a.Arn); !ok {
			return nil, cloud.Errorf("MalformedPolicyDocumentException", "The policy %s does not exist or is not attachable.", a.Arn)
		}
		t.PolicyARNs = append(t.PolicyARNs, a.Arn)
		size += len(a.Arn)
	}
	plain := size
	seen := map[string]bool{}
	for _, tag := range tags {
		if folded := strings.ToLower(tag.Key); seen[folded] {
			return nil, cloud.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		} else {
			seen[folded] = true
		}
		size += len(tag.Key) + len(tag.Value)
	}
	if size == 0 {
		return nil, nil
	}
	percent := int64(size) * 100 / maxPacked
	if plain > maxPlain || percent > 100 {
		return nil, cloud.Errorf("PackedPolicyTooLargeException", "Packed policy consumes %d%% of allotted space, please use smaller policy.", max(percent, int64(plain)*100/maxPlain))
	}
	return &percent, nil
}

// wellFormed checks a session policy as STS does.
func wellFormed(document string) error {
	malformed := func(why string) error {
		return cloud.Errorf("MalformedPolicyDocumentException", "%s", why)
	}
	doc, err := policy.Parse("session policy", []byte(document))
	if err != nil {
		return malformed("This policy contains invalid Json")
	}
	if len(doc.Problems) > 0 {
		return malformed("Syntax errors in policy. (" + doc.Problems[0].Message + ")")
	}
	for _, st := range doc.Statements {
		switch {
		case st.Broken != "":
			return malformed("Syntax errors in policy. (" + st.Broken + ")")
		case st.Principals != nil:
			return malformed("Policy document should not specify a principal.")
		case !st.HasResource:
			return malformed("Policy statement must contain resources.")
		}
	}
	return nil
}
