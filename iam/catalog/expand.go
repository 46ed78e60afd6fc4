package catalog

import (
	"iter"
	"strings"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// Expand returns the actions of the catalogue that an action pattern of a policy
// matches, in AWS's spelling, sorted by service and then by name, case ignored.
// See Match for what a pattern is. That nothing is returned does not mean that
// the pattern matches nothing at AWS.
func Expand(pattern string) []string {
	t := load()
	// One string backs all results.
	var text strings.Builder
	var ends []int
	var service *table.Service
	for i := range Match(pattern) {
		if service == nil || i >= int(service.EndAction) {
			service = serviceOf(t, i)
		}
		text.WriteString(service.Prefix)
		text.WriteByte(':')
		text.WriteString(t.Actions[i].Name)
		ends = append(ends, text.Len())
	}
	out := make([]string, len(ends))
	all, start := text.String(), 0
	for n, end := range ends {
		out[n], start = all[start:end], end
	}
	return out
}

// Match yields the numbers (see Index) of the actions that an action pattern
// matches, in order. A pattern is "*", or a service, a colon and a name in which
// * stands for any run of characters and ? for one. Case does not matter. A
// service with a wildcard, which IAM refuses, matches nothing, with one
// exception: "*:*" is read as "*".
func Match(pattern string) iter.Seq[int] {
	return func(yield func(int) bool) {
		t := load()
		prefix, name, ok := strings.Cut(pattern, ":")
		first, end := 0, len(t.Actions)
		switch {
		case pattern == "*" || pattern == "*:*":
			name = "*"
		case !ok:
			return
		default:
			s, ok := findService(t, prefix)
			if !ok {
				return
			}
			first, end = int(t.Services[s].Actions), int(t.Services[s].EndAction)
		}
		for i := first; i < end; i++ {
			if globFold(name, t.Actions[i].Name) && !yield(i) {
				return
			}
		}
	}
}

// globFold is arn.Glob for the names of actions, which are ASCII and whose case
// does not matter.
func globFold(pattern, s string) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, from = p, i
		case p < len(pattern) && (pattern[p] == '?' || table.Lower(pattern[p]) == table.Lower(s[i])):
			p++
			i++
		case star >= 0:
			from++
			p, i = star, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
