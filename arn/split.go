package arn

import "strings"

// Completion says what becomes of an ARN pattern with fewer than six fields.
type Completion uint8

// The completions that the kinds of policy are known to use.
const (
	// CompleteAlways fills the missing fields with *: identity, session and
	// boundary policies.
	CompleteAlways Completion = iota
	// CompleteWithStar fills them only where there is a * in the pattern:
	// resource policies.
	CompleteWithStar
	// CompleteTrailingStar fills them only where the pattern ends with *: service
	// control policies, and the values of ARN conditions.
	CompleteTrailingStar
	// CompleteNever leaves the pattern without a match: resource control policies.
	CompleteNever
)

// SplitPattern cuts an ARN pattern on its first five colons, leaving policy
// variables ("${…}") whole, and completes it. The pattern "*" (or several stars)
// is complete whatever the rule. ok is false where the rule leaves the pattern
// incomplete: it then matches nothing.
func SplitPattern(text string, rule Completion) (fields [6]string, ok bool) {
	n, start, depth := 0, 0, 0
	for i := 0; i < len(text) && n < 5; i++ {
		switch {
		case text[i] == '$' && strings.HasPrefix(text[i:], "${") && strings.Contains(text[i:], "}"):
			depth++
		case text[i] == '}' && depth > 0:
			depth--
		case text[i] == ':' && depth == 0:
			fields[n] = text[start:i]
			n++
			start = i + 1
		}
	}
	fields[n] = text[start:]
	if n == 5 {
		return fields, true
	}
	complete := strings.Trim(text, "*") == "" && text != "" || strings.Contains(text, Hole)
	switch rule {
	case CompleteAlways:
		complete = true
	case CompleteWithStar:
		complete = complete || strings.Contains(text, "*")
	case CompleteTrailingStar:
		complete = complete || strings.HasSuffix(text, "*")
	}
	for i := n + 1; i < 6; i++ {
		fields[i] = "*"
	}
	return fields, complete
}
