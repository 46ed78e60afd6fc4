package catalog

import (
	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// AccessLevel is what AWS says that an action does.
type AccessLevel string

// The access levels, in AWS's words.
const (
	List                  AccessLevel = "List"
	Read                  AccessLevel = "Read"
	Write                 AccessLevel = "Write"
	PermissionsManagement AccessLevel = "Permissions management"
	Tagging               AccessLevel = "Tagging"
)

var accessLevels = [...]AccessLevel{
	table.List:                  List,
	table.Read:                  Read,
	table.Write:                 Write,
	table.PermissionsManagement: PermissionsManagement,
	table.Tagging:               Tagging,
}

// Action is what the service authorization reference says of an action.
type Action struct {
	Service     string // the prefix: "s3"
	Name        string // AWS's spelling, without the prefix: "GetObject"
	AccessLevel AccessLevel
	// ResourceTypes are the types of resource that the action can be authorised
	// on; none means that only Resource "*" matches it.
	ResourceTypes []ActionResource
	// ConditionKeys are the keys that apply to the action whatever its resource.
	// Global keys, which may apply to any action, are left out except for those
	// that the reference lists (the aws: keys of tags).
	ConditionKeys []string
}

// ActionResource is a resource type of an action.
type ActionResource struct {
	// ResourceType is the type. Its ConditionKeys are those of the type and those
	// that the reference lists for this action on it.
	ResourceType
	// Required says that every call of the action is authorised on a resource of
	// this type. Without it, whether it is depends on the call; where an action
	// has no required type, one of them must match.
	Required bool
}

// String returns the action as policies write it: "s3:GetObject".
func (a Action) String() string { return a.Service + ":" + a.Name }

// Lookup returns the action with that name ("s3:GetObject"; case does not
// matter). False means that the catalogue does not know it, which an action of
// AWS may be.
func Lookup(action string) (Action, bool) {
	t := load()
	i, ok := findAction(t, action)
	if !ok {
		return Action{}, false
	}
	return actionAt(t, i), true
}

func actionAt(t *table.Table, i int) Action {
	a := &t.Actions[i]
	out := Action{
		Service:       serviceOf(t, i).Prefix,
		Name:          a.Name,
		AccessLevel:   accessLevels[a.Level],
		ConditionKeys: keyNames(t, t.Lists[a.Keys]),
	}
	for _, u := range t.Uses[a.Uses:a.EndUse] {
		r := ActionResource{ResourceType: resourceAt(t, u.Resource), Required: u.Required}
		r.ConditionKeys = keyNames(t, union(t.Lists[t.Resources[u.Resource].Keys], t.Lists[u.Keys]))
		out.ResourceTypes = append(out.ResourceTypes, r)
	}
	return out
}

// WildcardOnly reports whether an action has no resource types, so that its
// requests name the resource "*" and no ARN in a policy matches them: neither
// arn:aws:s3:::* nor any other. Known is false where the catalogue does not have
// the action. It does not allocate.
func WildcardOnly(action string) (only, known bool) {
	t := load()
	i, ok := findAction(t, action)
	if !ok {
		return false, false
	}
	return t.Actions[i].Uses == t.Actions[i].EndUse, true
}

// Actions returns the actions of a service, in AWS's spelling and with its
// prefix, sorted; none where the catalogue does not have the service.
func Actions(service string) []string { return Expand(service + ":*") }

// Count is the number of actions in the catalogue.
func Count() int { return len(load().Actions) }

// Index returns the number of an action, from 0 to Count()-1, so that sets of
// actions may be kept as bits. Numbers hold for one Version only; the actions of
// a service are adjacent, and their order is that of Expand("*"). It does not
// allocate.
func Index(action string) (int, bool) { return findAction(load(), action) }

// union merges two sorted lists without repetition.
func union(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
