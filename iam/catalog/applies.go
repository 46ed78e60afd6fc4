package catalog

import (
	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// Applies reports whether an action can be authorised on a resource.
//
//   - No: no ARN pattern of the action's resource types can match the resource;
//     or the action has no resource types and the resource is not "*".
//   - Yes: a type of the action matches it, and no type of the service fits it
//     better.
//   - Maybe: the catalogue does not have the action; or the resource fits another
//     type better (s3:ListBucket on an object's ARN); or too much of it is not
//     known.
//
// Resource may be an ARN, "*", or what a policy's Resource may be, with
// wildcards, policy variables and arn.Hole: Yes then means that it matches some
// resource of the action, not that it matches all.
//
// The patterns are AWS's documentation, which is not complete: use the answer to
// point at a statement that looks wrong, never to leave out a Deny.
func Applies(action, resource string) arn.Verdict {
	t := load()
	i, ok := findAction(t, action)
	if !ok {
		return arn.Maybe
	}
	pattern, certain := resourcePattern(resource)
	a := &t.Actions[i]
	if a.Uses == a.EndUse {
		switch {
		case !intersect([]symbol{{char: '*'}}, pattern):
			return arn.No
		case !certain:
			return arn.Maybe
		}
		return arn.Yes
	}
	best, matched := -1, false
	for _, u := range t.Uses[a.Uses:a.EndUse] {
		n, ok := matchType(t, u.Resource, pattern)
		if !ok {
			continue
		}
		matched = true
		best = max(best, n)
		if certain && fitsTightly(t, u.Resource, pattern) {
			return arn.Yes
		}
	}
	if !matched {
		return arn.No
	}
	if !certain {
		return arn.Maybe
	}
	s := serviceOf(t, i)
	for r := s.Resources; r < s.EndResource; r++ {
		if n, ok := matchType(t, r, pattern); ok && n > best {
			return arn.Maybe
		}
	}
	return arn.Yes
}

// fitsTightly reports whether pattern can match an ARN of the resource type
// whose variables have neither slash nor colon.
func fitsTightly(t *table.Table, resource uint32, pattern []symbol) bool {
	for _, a := range t.Resources[resource].ARNs {
		if intersect(template(a, true, false), pattern) {
			return true
		}
	}
	return false
}
