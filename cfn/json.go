package cfn

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"unicode/utf8"

	"github.com/twokey/twokey/iam/policy"
)

// readJSON reads a JSON document with encoding/json's tokens, whose offsets
// give the positions and which, unlike a decoded map, keep repeated keys.
func (b *builder) readJSON(data []byte) error {
	r := &jsonReader{builder: b, data: data, lines: lineStarts(data), dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return err
	}
	if pos := r.next(); int(r.offset()) < len(data) {
		return b.fail(pos, "there is more after the end of the JSON document")
	}
	b.tree.root = root
	return nil
}

type jsonReader struct {
	*builder
	data  []byte
	lines []int // offset of the start of each line
	dec   *json.Decoder
	// The last offset asked for and its place: in a document on one line, counting
	// characters from its start each time would take the square of its length.
	last    int
	lastPos policy.Pos
}

// offset is where the next token starts.
func (r *jsonReader) offset() int64 {
	at := r.dec.InputOffset()
	for at < int64(len(r.data)) {
		switch r.data[at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			at++
			continue
		}
		break
	}
	return at
}

func (r *jsonReader) next() policy.Pos { return r.at(int(r.offset())) }

// at turns an offset into a line and a column, the latter in characters.
func (r *jsonReader) at(offset int) policy.Pos {
	offset = min(offset, len(r.data))
	line := sort.SearchInts(r.lines, offset+1)
	from, column := r.lines[line-1], 1
	if line == r.lastPos.Line && offset >= r.last {
		from, column = r.last, r.lastPos.Column
	}
	r.last, r.lastPos = offset, r.pos(line, column+utf8.RuneCount(r.data[from:offset]))
	return r.lastPos
}

func (r *jsonReader) token(pos policy.Pos) (json.Token, error) {
	tok, err := r.dec.Token()
	if err == nil {
		return tok, nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		// The offset is behind the offending character, or in front of the token.
		pos = r.at(max(int(r.offset()), int(syntax.Offset)-1))
		return nil, r.fail(pos, "is not valid JSON: %s", syntax.Error())
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, r.fail(r.at(len(r.data)), "is not valid JSON: it ends in the middle of a value")
	}
	return nil, r.fail(pos, "is not valid JSON: %v", err)
}

func (r *jsonReader) value(depth int) (*policy.Node, error) {
	pos := r.next()
	if err := r.depth(depth, pos); err != nil {
		return nil, err
	}
	if err := r.count(1, pos); err != nil {
		return nil, err
	}
	tok, err := r.token(pos)
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case nil:
		return &policy.Node{Kind: policy.Null, Pos: pos}, nil
	case bool:
		if tok {
			return &policy.Node{Kind: policy.Bool, Text: "true", Pos: pos}, nil
		}
		return &policy.Node{Kind: policy.Bool, Text: "false", Pos: pos}, nil
	case json.Number:
		return &policy.Node{Kind: policy.Number, Text: tok.String(), Pos: pos}, nil
	case string:
		return r.text(tok, pos), nil
	case json.Delim:
		if tok == '[' {
			return r.list(pos, depth)
		}
		return r.object(pos, depth)
	}
	return nil, r.fail(pos, "is not valid JSON")
}

func (r *jsonReader) list(pos policy.Pos, depth int) (*policy.Node, error) {
	n := &policy.Node{Kind: policy.List, Pos: pos}
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	_, err := r.token(pos)
	return n, err
}

func (r *jsonReader) object(pos policy.Pos, depth int) (*policy.Node, error) {
	n := &policy.Node{Kind: policy.Map, Pos: pos}
	for r.dec.More() {
		keyPos := r.next()
		tok, err := r.token(keyPos)
		if err != nil {
			return nil, err
		}
		key, ok := tok.(string)
		if !ok {
			return nil, r.fail(keyPos, "a key is not a string")
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Entries = append(n.Entries, policy.Entry{Key: key, KeyPos: keyPos, Value: value})
	}
	if _, err := r.token(pos); err != nil {
		return nil, err
	}
	r.finishMap(n)
	return n, nil
}

// lineStarts returns the offset of the first byte of each line.
func lineStarts(data []byte) []int {
	starts := make([]int, 1, 1+bytes.Count(data, []byte("\n")))
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
