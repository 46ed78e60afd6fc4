package logs

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// term is one word or phrase of a filter pattern.
type term struct {
	mark byte // 0, '?' or '-'
	text string
}

// parseFilter reads a filter pattern of terms ("Filter pattern syntax"): all of
// them must be in a message, of those marked with ? one, and none of those marked
// with -. Patterns for JSON and for columns, and regular expressions, are refused.
func parseFilter(text string) (func(message string) bool, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") || strings.Contains(text, "%") {
		return nil, cloud.NotImplemented("filter patterns for JSON and columns, and with regular expressions")
	}
	terms, err := splitTerms(text)
	if err != nil {
		return nil, err
	}
	optional := slices.ContainsFunc(terms, func(t term) bool { return t.mark == '?' })
	return func(message string) bool {
		found := !optional
		for _, t := range terms {
			in := strings.Contains(message, t.text)
			switch {
			case t.mark == '-' && in, t.mark == 0 && !in:
				return false
			case t.mark == '?' && in:
				found = true
			}
		}
		return found
	}, nil
}

func splitTerms(text string) (out []term, err error) {
	for text != "" {
		var t term
		if text[0] == '?' || text[0] == '-' {
			t.mark, text = text[0], text[1:]
		}
		if strings.HasPrefix(text, `"`) {
			phrase, rest, ok := strings.Cut(text[1:], `"`)
			if !ok {
				return nil, invalid("Invalid filter pattern")
			}
			t.text, text = phrase, rest
		} else {
			t.text, text, _ = strings.Cut(text, " ")
			// Words with other characters than these must stand in quotes.
			if t.text == "" || strings.ContainsFunc(t.text, func(r rune) bool {
				return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r < 0x80
			}) {
				return nil, invalid("Invalid filter pattern")
			}
		}
		out = append(out, t)
		text = strings.TrimLeft(text, " ")
	}
	return out, nil
}
