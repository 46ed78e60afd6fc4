package estatefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/twokey/twokey/iam/policy"
)

// The bounds of what Parse reads.
const (
	MaxBytes = 4 << 20
	maxDepth = 32
	maxNodes = 200_000
)

// quoted tells, of the strings of a tree, which stood in quotes.
type tree struct {
	root   *policy.Node
	quoted map[*policy.Node]bool
}

// yamlReader turns a YAML document into a tree.
type yamlReader struct {
	file  string
	nodes int
	tree  *tree
	// open are the aliased nodes being read, so that one inside itself is seen.
	open map[*yaml.Node]bool
}

var errorLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

var unknownAnchor = regexp.MustCompile(`unknown anchor '([^']+)' referenced`)

func readYAML(file string, data []byte) (t *tree, err error) {
	fail := func(line int, format string, args ...any) error {
		return &Error{Pos: policy.Pos{File: file, Line: line}, Message: fmt.Sprintf(format, args...)}
	}
	if len(data) > MaxBytes {
		return nil, fail(0, "has %d bytes, and an estate file may have %d", len(data), MaxBytes)
	}
	defer func() {
		// The library panics on inputs that its authors did not think of; that is
		// an unreadable file, not the end of the program.
		if p := recover(); p != nil {
			t, err = nil, fail(0, "is not YAML that can be read: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fail(0, "is empty")
		}
		return nil, yamlError(file, data, err)
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		return nil, fail(more.Line, "holds a second document; an estate file is one document")
	case !errors.Is(err, io.EOF):
		return nil, yamlError(file, data, err)
	}
	r := &yamlReader{file: file, tree: &tree{quoted: map[*policy.Node]bool{}}, open: map[*yaml.Node]bool{}}
	if r.tree.root, err = r.value(doc.Content[0], 0); err != nil {
		return nil, err
	}
	return r.tree, nil
}

func yamlError(file string, data []byte, err error) error {
	text := err.Error()
	m := errorLine.FindStringSubmatch(text)
	line, _ := strconv.Atoi(m[1])
	if strings.Contains(text, "did not find expected") {
		// Of what its parser, not its scanner, comes upon the library counts lines
		// from 0.
		line = min(line+1, bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n"))+1)
	}
	if anchor := unknownAnchor.FindStringSubmatch(text); anchor != nil {
		if before, _, found := bytes.Cut(data, []byte("*"+anchor[1])); found {
			line = bytes.Count(before, []byte("\n")) + 1
		}
	}
	return &Error{Pos: policy.Pos{File: file, Line: line}, Message: "is not valid YAML: " + strings.TrimPrefix(text, m[0])}
}

func (r *yamlReader) value(n *yaml.Node, depth int) (*policy.Node, error) {
	pos := policy.Pos{File: r.file, Line: n.Line, Column: n.Column}
	if r.nodes++; r.nodes > maxNodes {
		return nil, &Error{Pos: pos, Message: fmt.Sprintf("holds more than %d values, aliases expanded", maxNodes)}
	}
	if depth > maxDepth {
		return nil, &Error{Pos: pos, Message: fmt.Sprintf("is nested more than %d deep", maxDepth)}
	}
	switch n.Kind {
	case yaml.AliasNode:
		if r.open[n.Alias] {
			return nil, &Error{Pos: pos, Message: "alias *" + n.Value + " stands inside what it names"}
		}
		r.open[n.Alias] = true
		defer delete(r.open, n.Alias)
		return r.value(n.Alias, depth+1)
	case yaml.MappingNode:
		out := &policy.Node{Kind: policy.Map, Pos: pos}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			at := policy.Pos{File: r.file, Line: key.Line, Column: key.Column}
			if key.Kind != yaml.ScalarNode {
				return nil, &Error{Pos: at, Message: "a key has to be a plain word"}
			}
			v, err := r.value(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			out.Entries = append(out.Entries, policy.Entry{Key: key.Value, KeyPos: at, Value: v})
		}
		return out, nil
	case yaml.SequenceNode:
		out := &policy.Node{Kind: policy.List, Pos: pos}
		for _, item := range n.Content {
			v, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, v)
		}
		return out, nil
	}
	return r.scalar(n, pos)
}

func (r *yamlReader) scalar(n *yaml.Node, pos policy.Pos) (*policy.Node, error) {
	out := &policy.Node{Kind: policy.String, Text: n.Value, Pos: pos}
	if strings.ContainsRune(n.Value, 0) {
		return nil, &Error{Pos: pos, Message: "holds a NUL character"}
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		r.tree.quoted[out] = true
	}
	switch n.ShortTag() {
	case "!!null":
		out.Kind, out.Text = policy.Null, ""
	case "!!bool":
		out.Kind = policy.Bool
	case "!!int", "!!float":
		out.Kind = policy.Number
	case outputTag:
		out.Text = outputTag + " " + n.Value
	case "!!str", "!!timestamp":
	default:
		return nil, &Error{Pos: pos, Message: "tag " + n.Tag + " is not known", Hint: "the only tag is " + outputTag + " account/stack/Output"}
	}
	return out, nil
}
