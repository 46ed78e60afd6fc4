package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of ParseNode and Parse. IAM itself takes at most 20 kB a policy.
const (
	MaxBytes = 16 << 20
	MaxDepth = 100
)

// SyntaxError is invalid JSON.
type SyntaxError struct {
	Pos     Pos
	Message string
}

// Error returns file:line:column and what is wrong there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.File, e.Pos.Line, e.Pos.Column, e.Message)
}

// ParseNode reads one JSON value into a tree in which every value has its line
// and column (in characters). name becomes Pos.File.
//
// It is strict (RFC 8259): nothing may follow the value, strings must be valid
// UTF-8 without unpaired surrogates. Beyond the RFC it refuses a NUL character in
// a string, more than MaxBytes and nesting deeper than MaxDepth. A byte order
// mark at the beginning is skipped. Duplicate keys are kept, for the reader of
// the tree to report. Every error is a *SyntaxError.
func ParseNode(name string, data []byte) (*Node, error) {
	p := &jsonParser{file: name, data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), line: 1, column: 1}
	if len(data) > MaxBytes {
		return nil, p.fail("longer than %d bytes", MaxBytes)
	}
	p.space()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.data) {
		return nil, p.fail("unexpected %s after the value", p.seen())
	}
	return n, nil
}

type jsonParser struct {
	file string
	data []byte
	at   int
	// line and column are those of the byte at counted.
	counted, line, column int
}

func (p *jsonParser) pos() Pos {
	for p.counted < p.at {
		c := p.data[p.counted]
		p.counted++
		switch {
		case c == '\n':
			p.line++
			p.column = 1
		case c&0xC0 != 0x80: // not the continuation of a character
			p.column++
		}
	}
	return Pos{File: p.file, Line: p.line, Column: p.column}
}

func (p *jsonParser) fail(format string, args ...any) error {
	return &SyntaxError{Pos: p.pos(), Message: fmt.Sprintf(format, args...)}
}

// seen names the character at the parser's place for an error message.
func (p *jsonParser) seen() string {
	if p.at >= len(p.data) {
		return "end of input"
	}
	r, _ := utf8.DecodeRune(p.data[p.at:])
	return strconv.QuoteRune(r)
}

func (p *jsonParser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

func (p *jsonParser) value(depth int) (*Node, error) {
	if depth > MaxDepth {
		return nil, p.fail("nested deeper than %d levels", MaxDepth)
	}
	pos := p.pos()
	switch c := p.peek(); {
	case c == '{':
		return p.object(pos, depth)
	case c == '[':
		return p.array(pos, depth)
	case c == '"':
		s, err := p.str()
		if err != nil {
			return nil, err
		}
		return &Node{Kind: String, Text: s, Pos: pos}, nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number(pos)
	}
	for _, w := range []struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if bytes.HasPrefix(p.data[p.at:], []byte(w.text)) {
			p.at += len(w.text)
			n := &Node{Kind: w.kind, Pos: pos}
			if w.kind == Bool {
				n.Text = w.text
			}
			return n, nil
		}
	}
	return nil, p.fail("expected a value, found %s", p.seen())
}

func (p *jsonParser) object(pos Pos, depth int) (*Node, error) {
	n := &Node{Kind: Map, Pos: pos}
	p.at++
	p.space()
	if p.peek() == '}' {
		p.at++
		return n, nil
	}
	for {
		p.space()
		if p.peek() != '"' {
			return nil, p.fail("expected a key in quotation marks, found %s", p.seen())
		}
		keyPos := p.pos()
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.fail("expected ':' after key %q, found %s", key, p.seen())
		}
		p.at++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Entries = append(n.Entries, Entry{Key: key, KeyPos: keyPos, Value: v})
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.at++
			return n, nil
		default:
			return nil, p.fail("expected ',' or '}', found %s", p.seen())
		}
	}
}

func (p *jsonParser) array(pos Pos, depth int) (*Node, error) {
	n := &Node{Kind: List, Pos: pos}
	p.at++
	p.space()
	if p.peek() == ']' {
		p.at++
		return n, nil
	}
	for {
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, v)
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.at++
			return n, nil
		default:
			return nil, p.fail("expected ',' or ']', found %s", p.seen())
		}
	}
}

func (p *jsonParser) number(pos Pos) (*Node, error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	if p.peek() == '0' {
		p.at++
	} else if !p.digits() {
		return nil, p.fail("expected a digit, found %s", p.seen())
	}
	if p.peek() == '.' {
		p.at++
		if !p.digits() {
			return nil, p.fail("expected a digit after '.', found %s", p.seen())
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if !p.digits() {
			return nil, p.fail("expected a digit in the exponent, found %s", p.seen())
		}
	}
	return &Node{Kind: Number, Text: string(p.data[start:p.at]), Pos: pos}, nil
}

func (p *jsonParser) digits() bool {
	start := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at > start
}

func (p *jsonParser) str() (string, error) {
	p.at++
	start := p.at
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			s := string(p.data[start:p.at])
			p.at++
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.fail("control character %s in a string", p.seen())
		case c < utf8.RuneSelf:
			p.at++
		default:
			if err := p.multibyte(); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail("string without end")
}

func (p *jsonParser) multibyte() error {
	r, n := utf8.DecodeRune(p.data[p.at:])
	if r == utf8.RuneError && n == 1 {
		return p.fail("invalid UTF-8")
	}
	p.at += n
	return nil
}

// escaped reads the rest of a string that has at least one escape.
func (p *jsonParser) escaped(start int) (string, error) {
	var b strings.Builder
	b.Write(p.data[start:p.at])
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		case c < 0x20:
			return "", p.fail("control character %s in a string", p.seen())
		case c < utf8.RuneSelf:
			b.WriteByte(c)
			p.at++
		default:
			from := p.at
			if err := p.multibyte(); err != nil {
				return "", err
			}
			b.Write(p.data[from:p.at])
		}
	}
	return "", p.fail("string without end")
}

func (p *jsonParser) escape() (rune, error) {
	p.at++
	c := p.peek()
	if i := strings.IndexByte(`"\/bfnrt`, c); c != 0 && i >= 0 {
		p.at++
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, p.fail(`unknown escape \%s`, strings.Trim(p.seen(), "'"))
	}
	p.at++
	r, err := p.hex4()
	switch {
	case err != nil:
		return 0, err
	case r == 0:
		return 0, p.fail("a NUL character is not allowed")
	case !utf16.IsSurrogate(r):
		return r, nil
	}
	if !bytes.HasPrefix(p.data[p.at:], []byte(`\u`)) {
		return 0, p.fail("unpaired surrogate")
	}
	p.at += 2
	low, err := p.hex4()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, p.fail("unpaired surrogate")
	}
	return r, nil
}

func (p *jsonParser) hex4() (rune, error) {
	if p.at+4 > len(p.data) {
		return 0, p.fail("expected four hexadecimal digits")
	}
	v, err := strconv.ParseUint(string(p.data[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, p.fail("expected four hexadecimal digits")
	}
	p.at += 4
	return rune(v), nil
}
