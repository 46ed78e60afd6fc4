package iamsvc

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
)

// trustActions are what a trust policy may speak of.
var trustActions = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com)$`)

// checkTrust checks a trust policy as IAM does on saving it, and returns the
// unique ids of the users and roles that it names.
func (s *service) checkTrust(document string) (map[string]string, error) {
	if err := malformed(document, iam.SideTrust); err != nil {
		return nil, err
	}
	if size(document) > maxTrust {
		return nil, cloud.Errorf("LimitExceededException", "Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	doc, err := policy.Parse("document", []byte(document))
	if err != nil {
		return nil, cloud.Errorf("MalformedPolicyDocumentException", "Syntax errors in policy.")
	}
	trusted := map[string]string{}
	for i := range doc.Statements {
		st := &doc.Statements[i]
		if st.NotAction || !allTrustActions(st.Actions) {
			return nil, cloud.Errorf("MalformedPolicyDocumentException", "AssumeRole policy may only specify STS AssumeRole actions.")
		}
		for _, p := range st.Principals.List {
			if err := s.checkPrincipal(p, trusted); err != nil {
				return nil, err
			}
		}
	}
	return trusted, nil
}

func allTrustActions(actions []policy.Text) bool {
	for _, a := range actions {
		known := false
		for _, t := range trustActions {
			known = known || arn.Glob(strings.ToLower(a.Value), t)
		}
		if !known || !strings.HasPrefix(strings.ToLower(a.Value), "sts:") {
			return false
		}
	}
	return true
}

// checkPrincipal refuses a principal that cannot be. Accounts outside the world
// cannot be looked into: what a policy names there is believed.
func (s *service) checkPrincipal(p policy.Principal, trusted map[string]string) error {
	invalid := func(kind string) error {
		return cloud.Errorf("MalformedPolicyDocumentException", `Invalid principal in policy: "%s":"%s"`, kind, p.Value)
	}
	switch p.Type {
	case policy.TypeService:
		if !serviceName.MatchString(p.Value) {
			return invalid("SERVICE")
		}
		return nil
	case policy.TypeAWS:
	default:
		return nil
	}
	if p.Value == "*" {
		return nil
	}
	parsed, err := iam.ParsePrincipal(p.Value)
	if err != nil || strings.ContainsAny(p.Value, "*?") {
		return invalid("AWS")
	}
	if parsed.Kind != iam.UserPrincipal && parsed.Kind != iam.RolePrincipal || !s.world.HasAccount(parsed.Account) {
		return nil
	}
	h, ok := s.byARN(p.Value)
	if !ok {
		return invalid("AWS")
	}
	trusted[p.Value] = h.ID
	return nil
}

// byARN finds a user, group or role by its ARN, path included.
func (s *service) byARN(text string) (holder, bool) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" {
		return holder{}, false
	}
	k, rest, _ := strings.Cut(a.Resource, "/")
	h, ok := s.holders.Get(key(a.Account, kind(k), rest[strings.LastIndexByte(rest, '/')+1:]))
	return h, ok && h.ARN == text
}

// trust is the trust policy of a role as it stands today: IAM keeps unique ids,
// so what was renamed has its new ARN, and what was deleted only its id, which
// names nobody even when the name is taken again.
func (s *service) trust(h holder) string {
	stale := map[string]string{}
	for was, id := range h.Trusted {
		now := id
		if p, ok := s.find(id); ok {
			now = p.ARN
		}
		if now != was {
			stale[was] = now
		}
	}
	if len(stale) == 0 {
		return h.Trust
	}
	doc, err := policy.Parse("document", []byte(h.Trust))
	if err != nil {
		return h.Trust
	}
	var places []policy.Principal
	for _, st := range doc.Statements {
		if st.Principals != nil {
			places = append(places, st.Principals.List...)
		}
	}
	out := h.Trust
	// From the end, so that earlier places stay where they are.
	slices.SortFunc(places, func(a, b policy.Principal) int { return offset(h.Trust, b.Pos) - offset(h.Trust, a.Pos) })
	for _, p := range places {
		if now, ok := stale[p.Value]; ok && p.Type == policy.TypeAWS {
			if out, ok = replaceString(out, p.Pos, now); !ok {
				return "" // no document at all trusts nobody
			}
		}
	}
	return out
}

// replaceString puts text in the place of the JSON string that begins at pos.
func replaceString(document string, pos policy.Pos, text string) (string, bool) {
	start := offset(document, pos)
	if start >= len(document) || document[start] != '"' {
		return "", false
	}
	end := start + 1
	for end < len(document) && document[end] != '"' {
		if document[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(document) {
		return "", false
	}
	return document[:start+1] + text + document[end:], true
}

// offset is where in the text a position is; columns count characters.
func offset(text string, pos policy.Pos) int {
	at := 0
	for line := 1; line < pos.Line; line++ {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	for column := 1; column < pos.Column && at < len(text); column++ {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}
