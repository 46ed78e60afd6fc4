package arn

import (
	"strings"
	"unicode/utf8"
)

// Glob reports whether s matches pattern, in which * stands for any run of
// characters, / and : included, and ? for exactly one character (a whole one in
// UTF-8, and never a Hole, of which nobody knows the length). Everything else,
// backslashes included, stands for itself, and case counts. It takes at most len(pattern) × len(s) steps and does not allocate.
func Glob(pattern, s string) bool { return glob(pattern, s, '*', '?') }

// noByte is a byte that no UTF-8 text contains.
const noByte = 0xFF

func glob(pattern, s string, anyRun, anyOne byte) bool {
	// star is the place after the last * and from the place in s at which the
	// rest of the pattern was last tried.
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == anyRun:
				p++
				star, from = p, i
				continue
			case c == anyOne && s[i] != Hole[0]:
				p++
				i += runeLen(s[i:])
				continue
			case c == s[i]:
				p++
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from += runeLen(s[from:])
		p, i = star, from
	}
	for p < len(pattern) && pattern[p] == anyRun {
		p++
	}
	return p == len(pattern)
}

// runeLen is the length of the first character of s, which is not empty; a byte
// that is not UTF-8 counts as a character.
func runeLen(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// GlobVerdict matches like Glob where pattern or s may have Holes: Yes where every
// way to fill them matches, No where none does. It may answer Maybe where it
// cannot tell; it is never wrong in saying Yes or No.
func GlobVerdict(pattern, s string) Verdict {
	holeP, holeS := strings.Contains(pattern, Hole), strings.Contains(s, Hole)
	switch {
	case !holeP && !holeS:
		return Known(Glob(pattern, s))
	case !holeP && Glob(pattern, s):
		// Only a * can have matched a Hole of s, and it does whatever fills it.
		return Yes
	case overlap(pattern, s):
		return Maybe
	}
	return No
}

// overlap reports whether some string matches both pattern, in which Holes count
// as *, and s, in which they do too.
func overlap(pattern, s string) bool {
	// reach[j]: the pattern read so far can meet s[:j]. One row for each
	// character of the pattern; a row fits the stack for usual lengths.
	var buf [2][260]bool
	cur, next := buf[0][:], buf[1][:]
	if len(s)+1 > len(cur) {
		cur, next = make([]bool, len(s)+1), make([]bool, len(s)+1)
	}
	cur, next = cur[:len(s)+1], next[:len(s)+1]
	cur[0] = true
	spread(cur, s)
	for p := 0; p < len(pattern); {
		n := runeLen(pattern[p:])
		c := pattern[p : p+n]
		clear(next)
		if c == "*" || c == Hole {
			// The star takes any run of s; the state can only move right.
			seen := false
			for j := range cur {
				seen = seen || cur[j]
				next[j] = seen
			}
		} else {
			for j := range cur {
				if !cur[j] || j == len(s) {
					continue
				}
				if s[j] == Hole[0] {
					next[j] = true // the hole supplies the character and may supply more
					continue
				}
				m := runeLen(s[j:])
				if c == "?" || c == s[j:j+m] {
					next[j+m] = true
				}
			}
		}
		spread(next, s)
		cur, next = next, cur
		p += n
	}
	return cur[len(s)]
}

// spread passes over Holes of s, which may be empty.
func spread(row []bool, s string) {
	for j := 0; j < len(s); j++ {
		if row[j] && s[j] == Hole[0] {
			row[j+1] = true
		}
	}
}
