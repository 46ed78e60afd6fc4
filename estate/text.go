package estate

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// Known reports whether t was resolved in full.
func Known(t Text) bool { return !strings.Contains(t, policy.Hole) }

// Show returns t for people to read: what could not be resolved stands as "?".
func Show(t Text) string { return strings.ReplaceAll(t, policy.Hole, "?") }

// at follows keys down nested Maps. What stands in a place that could not be
// resolved is as unknown as the place: at returns the unknown node then, and nil
// only for what is certainly not there.
func at(n *policy.Node, keys ...string) *policy.Node {
	for _, k := range keys {
		if n.IsUnknown() {
			return n
		}
		n = n.Get(k)
	}
	return n
}

// textOf returns the text of a scalar; a value that could not be resolved, or
// that has another shape where text belongs, is a single hole.
func textOf(n *policy.Node) Text {
	if n == nil || n.Kind == policy.Null {
		return ""
	}
	if t, ok := n.Scalar(); ok {
		return t
	}
	return policy.Hole
}

// textsOf returns the texts of a list, or of a scalar as a list of one.
func textsOf(n *policy.Node) []Text {
	var out []Text
	for _, item := range n.Elements() {
		out = append(out, textOf(item))
	}
	return out
}

// firstText returns the first of texts that is not empty.
func firstText(texts ...Text) Text {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// isTrue reports whether n is the boolean true, as CloudFormation accepts it.
func isTrue(n *policy.Node) bool {
	t, ok := n.Scalar()
	return ok && strings.EqualFold(t, "true")
}

// reasonOf says why n could not be resolved.
func reasonOf(n *policy.Node) string {
	if n != nil && n.Reason != "" {
		return n.Reason
	}
	return "it could not be resolved"
}

// mayEqual reports whether a and b are, or for all that is known may be, the
// same text. It compares what stands before the first and after the last hole,
// so it may say true of two texts that no filling makes equal, never the
// reverse.
func mayEqual(a, b Text) bool {
	if Known(a) && Known(b) {
		return a == b
	}
	beforeA, afterA := literalEnds(a)
	beforeB, afterB := literalEnds(b)
	return (strings.HasPrefix(beforeA, beforeB) || strings.HasPrefix(beforeB, beforeA)) &&
		(strings.HasSuffix(afterA, afterB) || strings.HasSuffix(afterB, afterA))
}

// literalEnds returns what stands before the first and after the last hole; for
// a text without holes, both are the whole text.
func literalEnds(t Text) (before, after string) {
	first := strings.Index(t, policy.Hole)
	if first < 0 {
		return t, t
	}
	return t[:first], t[strings.LastIndex(t, policy.Hole)+len(policy.Hole):]
}

// splitARN returns the six fields of an ARN; ok is false for anything else.
func splitARN(s string) (fields [6]string, ok bool) {
	fields, n := arn.Split(s)
	return fields, n == 6 && fields[0] == "arn"
}

// AccountOf returns the account field of an ARN, or "" where it has none or is
// no ARN; it may have holes.
func AccountOf(resource Text) Text {
	f, ok := splitARN(resource)
	if !ok {
		return ""
	}
	return f[4]
}

// lastSegment returns what stands after the last slash.
func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
