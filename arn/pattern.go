package arn

import "strings"

type patternKind uint8

const (
	exactPattern patternKind = iota
	anyPattern
	prefixPattern
	suffixPattern
	globPattern
	holePattern
	literalHolePattern
)

// Pattern is a compiled glob (see Glob), which may have Holes (see GlobVerdict).
// The zero Pattern matches the empty string.
type Pattern struct {
	kind patternKind
	text string // without the star for prefix and suffix patterns, with stars for the Holes of a holePattern
}

// CompilePattern compiles a glob. It never fails.
func CompilePattern(text string) Pattern {
	wild := strings.IndexAny(text, "*?")
	switch {
	case strings.Contains(text, Hole):
		return Pattern{holePattern, strings.ReplaceAll(text, Hole, "*")}
	case wild < 0:
		return Pattern{exactPattern, text}
	case strings.Trim(text, "*") == "":
		return Pattern{anyPattern, text}
	case text[wild] == '*' && wild == len(text)-1:
		return Pattern{prefixPattern, text[:wild]}
	case wild == 0 && text[0] == '*' && !strings.ContainsAny(text[1:], "*?"):
		return Pattern{suffixPattern, text[1:]}
	}
	return Pattern{globPattern, text}
}

// LiteralPattern returns a Pattern that matches text alone, whose * and ? stand
// for themselves. It may have Holes.
func LiteralPattern(text string) Pattern {
	if strings.Contains(text, Hole) {
		return Pattern{literalHolePattern, text}
	}
	return Pattern{exactPattern, text}
}

// Any reports whether p matches everything.
func (p *Pattern) Any() bool { return p.kind == anyPattern }

// Exact returns the one string that p matches; ok is false where p has wildcards
// or Holes.
func (p *Pattern) Exact() (text string, ok bool) { return p.text, p.kind == exactPattern }

// Known reports whether p has no Holes.
func (p *Pattern) Known() bool { return p.kind != holePattern && p.kind != literalHolePattern }

// Text returns the text of a pattern made by LiteralPattern.
func (p *Pattern) Text() string { return p.text }

// Prefix returns text with which everything begins that p matches; "" where
// nothing is certain of it.
func (p *Pattern) Prefix() string {
	switch p.kind {
	case exactPattern, prefixPattern:
		return p.text
	case globPattern, holePattern:
		return p.text[:strings.IndexAny(p.text, "*?")]
	}
	return ""
}

// PrefixOnly reports whether p matches everything that begins with Prefix.
func (p *Pattern) PrefixOnly() bool { return p.kind == prefixPattern || p.kind == anyPattern }

// Glob returns p as the text of a glob; a Hole becomes a star.
func (p *Pattern) Glob() string {
	switch p.kind {
	case prefixPattern:
		return p.text + "*"
	case suffixPattern:
		return "*" + p.text
	case literalHolePattern:
		return strings.ReplaceAll(p.text, Hole, "*")
	}
	return p.text
}

// Match matches a string without Holes.
func (p *Pattern) Match(s string) Verdict {
	switch p.kind {
	case anyPattern:
		return Yes
	case exactPattern:
		return Known(p.text == s)
	case prefixPattern:
		return Known(strings.HasPrefix(s, p.text))
	case suffixPattern:
		return Known(strings.HasSuffix(s, p.text))
	case globPattern:
		return Known(Glob(p.text, s))
	case literalHolePattern:
		return fill(p.text, s)
	}
	if Glob(p.text, s) {
		return Maybe
	}
	return No
}

// MatchPartial matches a string that may have Holes.
func (p *Pattern) MatchPartial(s string) Verdict {
	if strings.IndexByte(s, Hole[0]) < 0 {
		return p.Match(s)
	}
	switch p.kind {
	case anyPattern:
		return Yes
	case exactPattern:
		return fill(s, p.text)
	case prefixPattern:
		return GlobVerdict(p.text+"*", s)
	case suffixPattern:
		return GlobVerdict("*"+p.text, s)
	case globPattern:
		return GlobVerdict(p.text, s)
	}
	// Both have Holes. A literal star read as a wildcard only adds to what may match.
	return min(GlobVerdict(p.text, s), Maybe)
}

// fill answers Maybe where the Holes of partial can be filled so that it is text.
func fill(partial, text string) Verdict {
	if glob(partial, text, Hole[0], noByte) {
		return Maybe
	}
	return No
}
