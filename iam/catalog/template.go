package catalog

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// class is a set of characters that a symbol stands for.
type class uint8

const (
	literal  class = iota // one character
	anything              // every character
	field                 // every character but :
	segment               // every character but : and /
)

// symbol is a part of a text with wildcards: one character of its class, or any
// number of them.
type symbol struct {
	class class
	many  bool
	char  byte // of a literal
}

// meets reports whether some character belongs to both symbols.
func (a symbol) meets(b symbol) bool {
	if a.class != literal {
		a, b = b, a
	}
	if a.class != literal {
		return true
	}
	switch b.class {
	case literal:
		return a.char == b.char
	case field:
		return a.char != ':'
	case segment:
		return a.char != ':' && a.char != '/'
	}
	return true
}

// template reads an ARN pattern or a condition key of the reference, where
// ${Name} stands for text that the reader puts in. In the first five fields of
// an ARN that text may be empty and has no colon, for AWS's own resources leave
// account or region out. In the resource it has at least one character, of any
// kind where loose is true (names with paths), else none of : and /.
func template(text string, isARN, loose bool) []symbol {
	out := make([]symbol, 0, len(text))
	colons := 0
	if !isARN {
		colons = 5
	}
	inside := segment
	if loose {
		inside = anything
	}
	for i := 0; i < len(text); i++ {
		if n := variable(text[i:]); n > 0 {
			if colons < 5 {
				out = append(out, symbol{class: field, many: true})
			} else {
				out = append(out, symbol{class: inside}, symbol{class: inside, many: true})
			}
			i += n - 1
			continue
		}
		c := text[i]
		switch {
		case c == '*' && colons < 5:
			out = append(out, symbol{class: field, many: true})
		case c == '*':
			out = append(out, symbol{class: anything, many: true})
		default:
			out = append(out, symbol{char: c})
		}
		if c == ':' {
			colons++
		}
	}
	return out
}

// variable returns the length of the variable that text begins with, or 0.
func variable(text string) int {
	if !strings.HasPrefix(text, "${") {
		return 0
	}
	return strings.IndexByte(text, '}') + 1
}

// literals is the number of characters of a template's resource that are not
// variables or wildcards: how much it says of what it matches.
func literals(text string) int {
	fields, _ := arn.Split(text)
	n := 0
	for i := 0; i < len(fields[5]); i++ {
		if skip := variable(fields[5][i:]); skip > 0 {
			i += skip - 1
		} else if fields[5][i] != '*' {
			n++
		}
	}
	return n
}

// resourcePattern reads the Resource of a policy or of a request: * and ? are
// wildcards, a Hole and a policy variable stand for any text, and fields that
// are left out at the end for anything. Certain is false where part of the text
// is not known.
func resourcePattern(text string) (symbols []symbol, certain bool) {
	out := make([]symbol, 0, len(text)+1)
	certain = true
	for i := 0; i < len(text); i++ {
		if n := variable(text[i:]); n > 0 {
			i += n - 1
			certain = false
			out = append(out, symbol{class: anything, many: true})
			continue
		}
		switch c := text[i]; c {
		case '*':
			out = append(out, symbol{class: anything, many: true})
		case '?':
			out = append(out, symbol{class: anything})
		case arn.Hole[0]:
			certain = false
			out = append(out, symbol{class: anything, many: true})
		default:
			out = append(out, symbol{char: c})
		}
	}
	if _, n := arn.Split(text); n < 6 {
		out = append(out, symbol{class: anything, many: true})
	}
	return out, certain
}

// fold puts the letters of a template or text into lower case.
func fold(symbols []symbol) []symbol {
	for i := range symbols {
		symbols[i].char = table.Lower(symbols[i].char)
	}
	return symbols
}

// intersect reports whether some text matches both a and b. It takes at most
// len(a) × len(b) steps.
func intersect(a, b []symbol) bool {
	// here[j] says that a[:i] and b[:j] have a text in common; low and high
	// bound the places where it may be true, so that two texts that differ early
	// cost little.
	var rows [2][256]bool
	here, next := rows[0][:], rows[1][:]
	if len(b) >= len(here) {
		here, next = make([]bool, len(b)+1), make([]bool, len(b)+1)
	}
	here[0] = true
	low, high := 0, 0
	for i := 0; ; i++ {
		for j := low; j <= high && j < len(b); j++ {
			if here[j] && (b[j].many || i < len(a) && a[i].many && a[i].meets(b[j])) {
				here[j+1] = true
				high = max(high, j+1)
			}
		}
		if i == len(a) {
			return here[len(b)]
		}
		nextLow, nextHigh := len(b)+1, -1
		for j := low; j <= high; j++ {
			if !here[j] {
				continue
			}
			here[j] = false
			to := -1
			switch {
			case a[i].many:
				to = j
			case j < len(b) && a[i].meets(b[j]) && b[j].many:
				to = j
			case j < len(b) && a[i].meets(b[j]):
				to = j + 1
			}
			if to >= 0 {
				next[to] = true
				nextLow, nextHigh = min(nextLow, to), max(nextHigh, to)
			}
		}
		if nextHigh < 0 {
			return false
		}
		here, next = next, here
		low, high = nextLow, nextHigh
	}
}
