package estate

import (
	"iter"
	"slices"
)

// Resource is any resource of the estate.
type Resource interface {
	// Base returns what every resource carries.
	Base() *Meta
}

// Base returns m itself, so that whatever embeds a Meta is a Resource.
func (m *Meta) Base() *Meta { return m }

// All yields every modelled resource, by kind and within a kind in the order of
// reading.
func (e *Estate) All() iter.Seq[Resource] {
	return func(yield func(Resource) bool) {
		_ = each(e.Users, yield) && each(e.Groups, yield) && each(e.Roles, yield) && each(e.ManagedPolicies, yield) &&
			each(e.InstanceProfiles, yield) && each(e.Pipelines, yield) && each(e.Buckets, yield) && each(e.Keys, yield) &&
			each(e.Aliases, yield) && each(e.Repositories, yield) && each(e.Projects, yield) && each(e.Functions, yield) &&
			each(e.Stacks, yield) && each(e.Topics, yield) && each(e.Queues, yield) && each(e.Rules, yield) &&
			each(e.Connections, yield) && each(e.PermissionSets, yield) && each(e.Assignments, yield) && e.eachOther(yield)
	}
}

func each[R Resource](list []R, yield func(Resource) bool) bool {
	for _, r := range list {
		if !yield(r) {
			return false
		}
	}
	return true
}

func (e *Estate) eachOther(yield func(Resource) bool) bool {
	types := make([]string, 0, len(e.Others))
	for t := range e.Others {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		if !each(e.Others[t], yield) {
			return false
		}
	}
	return true
}
