package catalog

import (
	"slices"
	"strings"
	"sync"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// ResourceType is a type of resource of a service. One ARN may be of several
// types, of one service or of more.
type ResourceType struct {
	Service string // the service that lists it: "s3"
	Name    string // "object"
	// ARNs are the patterns of the type's ARNs, usually one:
	// arn:${Partition}:s3:::${BucketName}/${ObjectName}. Their third field is not
	// always Service.
	ARNs          []string
	ConditionKeys []string
}

// ResourceTypes returns the resource types of a service, sorted by name; none
// where the catalogue does not have the service, or the service has no types.
func ResourceTypes(service string) []ResourceType {
	t := load()
	s, ok := findService(t, service)
	if !ok {
		return nil
	}
	var out []ResourceType
	for i := t.Services[s].Resources; i < t.Services[s].EndResource; i++ {
		out = append(out, resourceAt(t, i))
	}
	return out
}

func resourceAt(t *table.Table, i uint32) ResourceType {
	r := &t.Resources[i]
	return ResourceType{
		Service:       t.Services[r.Service].Prefix,
		Name:          r.Name,
		ARNs:          slices.Clone(r.ARNs),
		ConditionKeys: keyNames(t, t.Lists[r.Keys]),
	}
}

// TypesOf returns the resource types, of every service, that have an ARN pattern
// which resource can match, the best first: those whose pattern says most in
// plain characters, before types of other services those of the ARN's own.
// Variables of a pattern stand for any text, slashes and colons included, so the
// later types are often wrong: arn:aws:s3:::bucket/key is an object first, and
// then a bucket.
//
// Resource may be an ARN or, as in a policy, have wildcards, policy variables
// and arn.Hole.
func TypesOf(resource string) []ResourceType {
	t := load()
	found := typesOf(t, resource)
	out := make([]ResourceType, len(found))
	for i, m := range found {
		out[i] = resourceAt(t, m.resource)
	}
	return out
}

// ResourceTypeOf returns the first of TypesOf that belongs to the ARN's own
// service. False means that there is none, that resource names no service, or
// that another type of the service matches as well.
func ResourceTypeOf(resource string) (ResourceType, bool) {
	t := load()
	fields, _ := arn.Split(resource)
	s, ok := findService(t, fields[2])
	if !ok {
		return ResourceType{}, false
	}
	found := slices.DeleteFunc(typesOf(t, resource), func(m typeMatch) bool {
		return int(t.Resources[m.resource].Service) != s
	})
	if len(found) == 0 || len(found) > 1 && found[0].literals == found[1].literals {
		return ResourceType{}, false
	}
	return resourceAt(t, found[0].resource), true
}

// typeMatch is a resource type that an ARN matches.
type typeMatch struct {
	resource uint32 // index of Resources
	literals int    // of the pattern that matched
}

// byField holds the resource types under the third field of their ARN patterns,
// those with a variable there under "".
var byField = sync.OnceValue(func() map[string][]uint32 {
	out := map[string][]uint32{}
	for i, r := range load().Resources {
		for _, a := range r.ARNs {
			fields, _ := arn.Split(a)
			f := fields[2]
			if strings.ContainsAny(f, "*$") {
				f = ""
			}
			if n := len(out[f]); n == 0 || out[f][n-1] != uint32(i) {
				out[f] = append(out[f], uint32(i))
			}
		}
	}
	return out
})

func typesOf(t *table.Table, resource string) []typeMatch {
	pattern, _ := resourcePattern(resource)
	var found []typeMatch
	try := func(i uint32) {
		if n, ok := matchType(t, i, pattern); ok {
			found = append(found, typeMatch{i, n})
		}
	}
	fields, n := arn.Split(resource)
	if n == 6 && !strings.ContainsAny(resource[:len(resource)-len(fields[5])], "*?$"+arn.Hole) {
		for _, i := range byField()[fields[2]] {
			try(i)
		}
		for _, i := range byField()[""] {
			if !slices.ContainsFunc(found, func(m typeMatch) bool { return m.resource == i }) {
				try(i)
			}
		}
	} else {
		for i := range t.Resources {
			try(uint32(i))
		}
	}
	own, _ := findService(t, fields[2])
	slices.SortStableFunc(found, func(a, b typeMatch) int {
		if a.literals != b.literals {
			return b.literals - a.literals
		}
		if x, y := int(t.Resources[a.resource].Service) == own, int(t.Resources[b.resource].Service) == own; x != y {
			if x {
				return -1
			}
			return 1
		}
		return int(a.resource) - int(b.resource)
	})
	return found
}

// matchType reports whether pattern can match an ARN of the resource type, and
// how much the ARN pattern by which it does says in plain characters.
func matchType(t *table.Table, resource uint32, pattern []symbol) (literal int, ok bool) {
	for _, a := range t.Resources[resource].ARNs {
		if intersect(template(a, true, true), pattern) {
			literal, ok = max(literal, literals(a)), true
		}
	}
	return literal, ok
}
