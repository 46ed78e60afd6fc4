package condition

import (
	"strings"
	"unicode/utf8"

	"github.com/twokey/twokey/arn"
)

// Syntax says what is special in the text of a Template.
type Syntax struct {
	Wildcards bool // * and ?
	Variables bool // ${key}, ${key, 'default'}, ${*}, ${?}, ${$}
	FoldCase  bool // compare without regard to case; not together with Wildcards
}

// Template is a compiled string of a policy: a resource part or a condition
// value, possibly with policy variables. It is immutable; matching replaces
// variables on the fly and never stores what they stood for.
type Template struct {
	static  bool // without variables: pattern is all there is
	fold    bool
	pattern arn.Pattern
	parts   []part
}

type partKind uint8

const (
	literalPart partKind = iota
	starPart
	onePart
	variablePart
	holePart
)

type part struct {
	kind       partKind
	text       string // of a literal; the default value of a variable
	key        string // of a variable, lower case
	hash       uint64
	hasDefault bool
}

// CompileTemplate compiles text. It never fails: "${" without its end, or with
// nothing that could be a key in it, stands for itself.
func CompileTemplate(text string, syntax Syntax) Template {
	if syntax.Variables {
		text = widenHoles(text)
	}
	if !syntax.Variables || !strings.Contains(text, "${") {
		t := Template{static: true, fold: syntax.FoldCase}
		if syntax.Wildcards {
			t.pattern = arn.CompilePattern(text)
		} else {
			t.pattern = arn.LiteralPattern(text)
		}
		return t
	}
	t := Template{fold: syntax.FoldCase}
	t.parse(text, syntax.Wildcards)
	if len(t.parts) == 0 {
		t.parts = []part{{kind: literalPart}}
	}
	return t
}

// widenHoles stretches each Hole of text over what could be one variable together
// with what the Hole stands for: the "$" or the open "${…" before it, and what
// follows it up to a "}" that no "${" opened.
func widenHoles(text string) string {
	if !strings.Contains(text, arn.Hole) {
		return text
	}
	parts := strings.Split(text, arn.Hole)
	for i, p := range parts {
		if i > 0 {
			if end := strings.IndexByte(p, '}'); end >= 0 && !strings.Contains(p[:end], "${") {
				p = p[end+1:]
			}
		}
		if i < len(parts)-1 {
			if open := strings.LastIndex(p, "${"); open >= 0 && !strings.Contains(p[open:], "}") {
				p = p[:open]
			}
			p = strings.TrimRight(p, "$")
		}
		parts[i] = p
	}
	return strings.Join(parts, arn.Hole)
}

// forgetVariables puts a Hole in the place of every variable of text.
func forgetVariables(text string) string {
	for at := 0; ; {
		start := strings.Index(text[at:], "${")
		if start < 0 {
			return text
		}
		start += at
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return text
		}
		text = text[:start] + arn.Hole + text[start+end+1:]
		at = start + len(arn.Hole)
	}
}

func (t *Template) parse(text string, wild bool) {
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t.parts = append(t.parts, part{kind: literalPart, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], "${") {
			if end := strings.IndexByte(text[i:], '}'); end > 0 {
				inner := text[i+2 : i+end]
				i += end + 1
				if inner == "*" || inner == "?" || inner == "$" {
					lit.WriteString(inner)
				} else {
					flush()
					t.parts = append(t.parts, variable(inner))
				}
				continue
			}
		}
		switch c := text[i]; {
		case wild && c == '*':
			flush()
			t.parts = append(t.parts, part{kind: starPart})
		case wild && c == '?':
			flush()
			t.parts = append(t.parts, part{kind: onePart})
		case c == arn.Hole[0]:
			flush()
			t.parts = append(t.parts, part{kind: holePart})
		default:
			lit.WriteByte(c)
		}
		i++
	}
	flush()
}

// variable reads what stands between "${" and "}". A hole in it leaves the whole
// variable unknown.
func variable(inner string) part {
	if strings.Contains(inner, arn.Hole) {
		return part{kind: holePart}
	}
	key, def, hasDefault := strings.Cut(inner, ",")
	p := part{kind: variablePart, key: strings.ToLower(strings.TrimSpace(key))}
	p.hash = Hash(p.key)
	if hasDefault {
		def = strings.TrimSpace(def)
		if len(def) >= 2 && def[0] == '\'' && def[len(def)-1] == '\'' {
			p.hasDefault, p.text = true, def[1:len(def)-1]
		}
	}
	return p
}

// Any reports whether t matches every string.
func (t *Template) Any() bool { return t.static && t.pattern.Any() }

// exact returns the one string that t matches, where it is one.
func (t *Template) exact() (string, bool) {
	if !t.static || t.fold {
		return "", false
	}
	return t.pattern.Exact()
}

// prefix returns text with which everything begins that t matches.
func (t *Template) prefix() string {
	if t.static {
		return t.pattern.Prefix()
	}
	if first := t.parts[0]; first.kind == literalPart {
		return first.text
	}
	return ""
}

// glob returns a glob that matches at least what t may match.
func (t *Template) glob() string {
	if t.static {
		return t.pattern.Glob()
	}
	return "*"
}

// VariableKeys returns the keys of t's variables, in lower case.
func (t *Template) VariableKeys() []string {
	var out []string
	for i := range t.parts {
		if t.parts[i].kind == variablePart {
			out = append(out, t.parts[i].key)
		}
	}
	return out
}

// Match matches s, which may have Holes. resolved is false where a variable of t
// has neither a value nor a default, which makes the verdict No.
func (t *Template) Match(env *Env, s string) (v arn.Verdict, resolved bool) {
	return t.match(env, s, strings.IndexByte(s, arn.Hole[0]) >= 0)
}

// match is Match where it is known whether s may have Holes.
func (t *Template) match(env *Env, s string, hole bool) (v arn.Verdict, resolved bool) {
	switch {
	case t.static && t.fold:
		return foldVerdict(&t.pattern, s), true
	case t.static && hole:
		return t.pattern.MatchPartial(s), true
	case t.static:
		return t.pattern.Match(s), true
	}
	var buf [12]part
	parts, resolved, unknown := t.resolve(env, buf[:0])
	if !resolved {
		return arn.No, false
	}
	if unknown || hole {
		return matchUnknown(parts, s, t.fold), true
	}
	if t.fold {
		return arn.Known(equalFold(parts, s)), true
	}
	return arn.Known(globParts(parts, s)), true
}

// resolve replaces variables by literals. unknown is true where a part of the
// result is not known.
func (t *Template) resolve(env *Env, parts []part) (_ []part, resolved, unknown bool) {
	for i := range t.parts {
		p := t.parts[i]
		switch p.kind {
		case holePart:
			unknown = true
		case variablePart:
			state, e := env.find(p.hash, p.key)
			switch {
			case state == Unknown:
				p.kind, unknown = holePart, true
			case (state == Present || state == Empty) && !e.multi:
				p.kind, p.text = literalPart, e.values[0]
				unknown = unknown || strings.IndexByte(p.text, arn.Hole[0]) >= 0
			case p.hasDefault:
				p.kind = literalPart
			default:
				return nil, false, false
			}
		}
		parts = append(parts, p)
	}
	return parts, true, unknown
}

// globParts is arn.Glob over parts.
func globParts(parts []part, s string) bool {
	// at is the place in the parts, i the place in s; star and from are where to
	// go on after the last star.
	at, i, star, from := 0, 0, -1, 0
	for {
		if at == len(parts) {
			if i == len(s) {
				return true
			}
		} else {
			switch p := &parts[at]; p.kind {
			case starPart:
				at++
				star, from = at, i
				continue
			case onePart:
				if i < len(s) {
					_, n := utf8.DecodeRuneInString(s[i:])
					i += n
					at++
					continue
				}
			default:
				if strings.HasPrefix(s[i:], p.text) {
					i += len(p.text)
					at++
					continue
				}
			}
		}
		if star < 0 || from >= len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[from:])
		from += n
		at, i = star, from
	}
}

func equalFold(parts []part, s string) bool {
	for i := range parts {
		// Folding may change the length in bytes, never the number of characters.
		for text := parts[i].text; text != ""; {
			if s == "" {
				return false
			}
			_, n := utf8.DecodeRuneInString(text)
			_, m := utf8.DecodeRuneInString(s)
			if !strings.EqualFold(text[:n], s[:m]) {
				return false
			}
			text, s = text[n:], s[m:]
		}
	}
	return s == ""
}

// matchUnknown matches where the parts or s are unknown in places.
func matchUnknown(parts []part, s string, fold bool) arn.Verdict {
	var b strings.Builder
	literalWild := false
	for i := range parts {
		switch p := &parts[i]; p.kind {
		case starPart:
			b.WriteByte('*')
		case onePart:
			b.WriteByte('?')
		case holePart:
			b.WriteString(arn.Hole)
		default:
			// A star in a value stands for itself. Reading it as a wildcard only
			// widens what may match, so the verdict is capped below.
			literalWild = literalWild || strings.ContainsAny(p.text, "*?")
			b.WriteString(p.text)
		}
	}
	pattern := b.String()
	if fold {
		pattern, s = strings.ToLower(pattern), strings.ToLower(s)
	}
	v := arn.GlobVerdict(pattern, s)
	if literalWild {
		v = min(v, arn.Maybe)
	}
	return v
}

// foldVerdict compares without regard to case.
func foldVerdict(p *arn.Pattern, s string) arn.Verdict {
	if p.Known() && strings.IndexByte(s, arn.Hole[0]) < 0 {
		return arn.Known(strings.EqualFold(p.Text(), s))
	}
	lower := arn.LiteralPattern(strings.ToLower(p.Text()))
	return lower.MatchPartial(strings.ToLower(s))
}
