package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of one text is shown, in characters. Names are cut early, so that a
// hostile one cannot bury the report; prose may be a paragraph.
const (
	maxName  = 256
	maxProse = 4096
	maxBlock = 16384
)

// hostile reports whether r changes how its neighbours are shown, or is not
// shown at all: control characters (and with them terminal escapes), format
// characters (bidirectional marks, zero-width characters, tags), line and
// paragraph separators, private use and unassigned code points.
func hostile(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

// name returns s fit for one line: see clean.
func name(s string) string { return clean(s, maxName, false) }

// prose returns a sentence or a paragraph fit for one line: see clean.
func prose(s string) string { return clean(s, maxProse, false) }

// condition returns a condition of a step, without the "if" with which it may
// begin: whoever prints it says that.
func condition(s string) string { return strings.TrimPrefix(prose(s), "if ") }

// block returns text that may have several lines: see clean.
func block(s string) string { return clean(s, maxBlock, true) }

// clean makes s harmless to show: hostile characters become visible escapes
// (\x1b, \u202e), bytes that are no UTF-8 become U+FFFD, tabs and line ends
// become one space unless lines are kept, and what is longer than limit
// characters is cut with a note of how much is missing.
func clean(s string, limit int, lines bool) string {
	if plain(s) && len(s) <= limit {
		return s
	}
	var b strings.Builder
	shown := 0
	for i, r := range s {
		if shown == limit {
			fmt.Fprintf(&b, "… (%d bytes more)", len(s)-i)
			break
		}
		shown++
		switch {
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\r' && lines && strings.HasPrefix(s[i+1:], "\n"):
			// The line end is written when its \n comes.
		case r == '\t' && lines:
			b.WriteString("    ")
		case r == '\n', r == '\r', r == '\t':
			b.WriteByte(' ')
		case !hostile(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which needs no cleaning.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// columns is how many terminal columns s takes: two for each wide East Asian
// character or emoji, none for combining marks, one for everything else.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// pad appends blanks to s until it takes n columns.
func pad(s string, n int) string {
	if d := n - columns(s); d > 0 {
		return s + strings.Repeat(" ", d)
	}
	return s
}

// wrap breaks s into lines of at most n columns, between words where it can; a
// word that is longer than a line is broken only if it is longer than 2n, so
// that paths and ARNs stay whole and can be copied.
func wrap(s string, n int) []string { return wrapAfter(s, n, n) }

// wrapAfter is wrap with another width for the first line.
func wrapAfter(s string, first, n int) []string {
	var out []string
	line, used, room := "", 0, first
	flush := func() {
		out = append(out, line)
		line, used, room = "", 0, n
	}
	for _, word := range strings.Fields(s) {
		w := columns(word)
		if used > 0 && used+1+w > room || used == 0 && w > room && room < n {
			flush()
		}
		for w > 2*n {
			line = cutColumns(word, room)
			word = word[len(line):]
			w = columns(word)
			flush()
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if line != "" || len(out) == 0 {
		flush()
	}
	return out
}

// cutColumns returns the longest head of s that takes at most n columns, and
// at least one character.
func cutColumns(s string, n int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > n && i > 0 {
			return s[:i]
		}
	}
	return s
}
