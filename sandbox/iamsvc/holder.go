package iamsvc

import (
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// kind is what sort of holder of policies something is.
type kind string

const (
	user  kind = "user"
	group kind = "group"
	role  kind = "role"
)

// holder is a user, group or role: what policies hang on.
type holder struct {
	Kind     kind
	Account  string
	Name     string
	Path     string
	ID       string
	ARN      string
	Created  time.Time
	Inline   []inline // in the order of their names
	Attached []string // ARNs of managed policies, in the order of attaching
	Boundary string   // ARN of a managed policy
	Tags     []tag

	Groups []string // of a user: their unique ids, in the order of joining
	Login  *login   // of a user
	Trust  string   // of a role: the document
	// Trusted are, of a role, the unique ids of the users and roles that the trust
	// policy named when it was saved, by the ARN it named them with.
	Trusted map[string]string
	Text    string // of a role: its description
	Seconds int64  // of a role: the longest session
}

type inline struct{ Name, Document string }
type tag struct{ Key, Value string }
type login struct {
	Created time.Time
	Reset   bool
}

// limits of IAM ("IAM and AWS STS quotas").
const (
	maxInlineUser      = 2048
	maxInlineGroup     = 5120
	maxInlineRole      = 10240
	maxManaged         = 6144
	maxAttached        = 10
	maxVersions        = 5
	maxAccessKeys      = 2
	maxGroupsForUser   = 10
	maxTags            = 50
	maxTrust           = 2048
	maxRolesForProfile = 1
	defaultSessionSecs = 3600
)

func (h *holder) tagMap() map[string]string {
	m := make(map[string]string, len(h.Tags))
	for _, t := range h.Tags {
		m[t.Key] = t.Value
	}
	return m
}

func (h *holder) inlineIndex(name string) int {
	return slices.IndexFunc(h.Inline, func(i inline) bool { return i.Name == name })
}

// clone returns a copy whose slices can be changed.
func (h holder) clone() holder {
	h.Inline = slices.Clone(h.Inline)
	h.Attached = slices.Clone(h.Attached)
	h.Tags = slices.Clone(h.Tags)
	h.Groups = slices.Clone(h.Groups)
	return h
}

// key is unique ignoring case, as names of users, groups and roles are.
func key(account string, k kind, name string) string {
	return account + "/" + string(k) + "/" + strings.ToLower(name)
}

func holderARN(account string, k kind, path, name string) string {
	return "arn:aws:iam::" + account + ":" + string(k) + path + name
}

var idPrefix = map[kind]string{user: "AIDA", group: "AGPA", role: "AROA"}

func noSuch(k kind, name string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "The %s with name %s cannot be found.", k, name)
}

// get returns a holder of the caller's account.
func (s *service) get(c *cloud.Call, k kind, name string) (holder, error) {
	h, ok := s.holders.Get(key(c.Account, k, name))
	if !ok {
		return holder{}, noSuch(k, name)
	}
	return h, nil
}

// change replaces a holder by what f makes of a copy of it.
func (s *service) change(c *cloud.Call, k kind, name string, f func(h *holder) error) error {
	_, err := s.holders.Update(key(c.Account, k, name), func(h holder, ok bool) (holder, error) {
		if !ok {
			return h, noSuch(k, name)
		}
		h = h.clone()
		return h, f(&h)
	})
	return err
}

// create makes a holder; init sets what is particular to its kind.
func (s *service) create(c *cloud.Call, k kind, name, path string, tags []*Tag, boundary string, init func(h *holder)) (holder, error) {
	if path == "" {
		path = "/"
	}
	if boundary != "" {
		if _, err := s.policy(c.Account, boundary); err != nil {
			return holder{}, err
		}
	}
	set, err := mergeTags(nil, tags)
	if err != nil {
		return holder{}, err
	}
	h, err := s.holders.Update(key(c.Account, k, name), func(h holder, exists bool) (holder, error) {
		if exists {
			return h, cloud.Errorf("EntityAlreadyExistsException", "%s with name %s already exists.", title(k), name)
		}
		h = holder{Kind: k, Account: c.Account, Name: name, Path: path, ID: s.world.IDs.Unique(idPrefix[k]),
			ARN: holderARN(c.Account, k, path, name), Created: c.Time, Tags: set, Boundary: boundary}
		if init != nil {
			init(&h)
		}
		return h, nil
	})
	if err == nil {
		s.ids.Store(h.ID, key(c.Account, k, name))
	}
	return h, err
}

// find returns the holder with a unique id.
func (s *service) find(id string) (holder, bool) {
	at, ok := s.ids.Load(id)
	if !ok {
		return holder{}, false
	}
	h, ok := s.holders.Get(at.(string))
	return h, ok && h.ID == id
}

func title(k kind) string { return strings.ToUpper(string(k)[:1]) + string(k)[1:] }

// list returns a page of the holders of an account whose path has the prefix.
func (s *service) list(c *cloud.Call, k kind, prefix string) []holder {
	return s.holders.Select(func(_ string, h holder) bool {
		return h.Account == c.Account && h.Kind == k && strings.HasPrefix(h.Path, prefix)
	})
}

// remove deletes a holder that nothing hangs on any more.
func (s *service) remove(c *cloud.Call, k kind, name string) error {
	h, err := s.get(c, k, name)
	if err != nil {
		return err
	}
	conflict := func(what string) error {
		return cloud.Errorf("DeleteConflictException", "Cannot delete entity, must %s first.", what)
	}
	switch {
	case len(h.Attached) > 0:
		return conflict("detach all policies")
	case len(h.Inline) > 0:
		return conflict("delete policies")
	case len(h.Groups) > 0:
		return conflict("remove users from group")
	case k == user && len(s.keysOf(h)) > 0:
		return conflict("delete access keys")
	case k == user && len(s.devicesOf(h)) > 0:
		return conflict("deactivate MFA devices")
	case h.Login != nil:
		return conflict("delete login profile")
	case k == group && len(s.members(h)) > 0:
		return conflict("remove users from group")
	case k == role && len(s.profilesOf(h)) > 0:
		return conflict("remove roles from instance profile")
	}
	if err := s.holders.Delete(key(c.Account, k, name)); err != nil {
		return err
	}
	s.ids.Delete(h.ID)
	return nil
}

// rename gives a user or group another name or path.
func (s *service) rename(c *cloud.Call, k kind, name, newName, newPath string) error {
	if newName == "" {
		newName = name
	}
	h, err := s.holders.Move(key(c.Account, k, name), key(c.Account, k, newName), func(h holder, ok, taken bool) (holder, error) {
		switch {
		case !ok:
			return h, noSuch(k, name)
		case taken:
			return h, cloud.Errorf("EntityAlreadyExistsException", "%s with name %s already exists.", title(k), newName)
		}
		h.Name = newName
		if newPath != "" {
			h.Path = newPath
		}
		h.ARN = holderARN(h.Account, k, h.Path, h.Name)
		return h, nil
	})
	if err == nil {
		s.ids.Store(h.ID, key(c.Account, k, newName))
	}
	return err
}

// page cuts one page out of a list; the marker is the index of the next item.
func page[T any](items []T, marker string, maxItems *int64) (part []T, truncated *bool, next string, err error) {
	start, size := 0, 100
	if marker != "" {
		n, ok := parseIndex(marker)
		if !ok || n > len(items) {
			return nil, nil, "", cloud.Errorf("ValidationError", "Invalid Marker: %s", marker)
		}
		start = n
	}
	if maxItems != nil {
		size = int(*maxItems)
	}
	end := min(start+size, len(items))
	more := end < len(items)
	if more {
		next = formatIndex(end)
	}
	if part = items[start:end]; part == nil {
		part = []T{}
	}
	return part, &more, next, nil
}

func mergeTags(have []tag, add []*Tag) ([]tag, error) {
	out := slices.Clone(have)
	seen := map[string]bool{}
	for _, t := range add {
		folded := strings.ToLower(t.Key)
		if seen[folded] {
			return nil, cloud.Errorf("InvalidInputException", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[folded] = true
		if i := slices.IndexFunc(out, func(o tag) bool { return strings.EqualFold(o.Key, t.Key) }); i >= 0 {
			out[i] = tag{t.Key, t.Value}
			continue
		}
		out = append(out, tag{t.Key, t.Value})
	}
	if len(out) > maxTags {
		return nil, cloud.Errorf("LimitExceededException", "The number of tags has reached the maximum limit.")
	}
	return out, nil
}

func dropTags(have []tag, keys []string) []tag {
	return slices.DeleteFunc(slices.Clone(have), func(t tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}

func wireTags(tags []tag) []*Tag {
	out := make([]*Tag, 0, len(tags))
	for _, t := range tags {
		out = append(out, &Tag{Key: t.Key, Value: t.Value})
	}
	return out
}

func at(t time.Time) wire.Time { return wire.At(t) }
