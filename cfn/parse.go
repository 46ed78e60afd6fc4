package cfn

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/twokey/twokey/iam/policy"
)

// The bounds of what Parse reads. CloudFormation itself takes 1 MB (from S3;
// 51,200 bytes in a request), so a template that is over one of them is not one
// that could be deployed.
const (
	// MaxTemplateBytes is the largest input that is read.
	MaxTemplateBytes = 8 << 20
	// MaxDepth is how deeply values may be nested.
	MaxDepth = 256
	// MaxNodes is how many values a template may hold, aliases expanded.
	MaxNodes = 500_000
	// MaxMembers is how many members a section may have; CloudFormation's own
	// quotas are 500 resources and 200 parameters, mappings and outputs.
	MaxMembers = 5000
)

// Error is why a template could not be read at all.
type Error struct {
	Pos     policy.Pos // Line is 0 where the error is about the file as a whole
	Message string
	Hint    string // what to do about it; may be empty
}

// Error returns "file:line: message".
func (e *Error) Error() string {
	switch {
	case e.Pos.Line == 0:
		return fmt.Sprintf("%s: %s", e.Pos.File, e.Message)
	case e.Pos.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.Pos.File, e.Pos.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.File, e.Pos.Line, e.Pos.Column, e.Message)
}

// Parse reads a template in YAML or JSON. The file name is used for positions
// only. What is wrong with a template but does not stop the reading of it is in
// its Problems; an error is an *Error and means that there is no template.
func Parse(file string, data []byte) (*Template, error) {
	tree, err := parseTree(file, data)
	if err != nil {
		return nil, err
	}
	t := newTemplate(file, tree)
	t.Comments = readComments(tree)
	return t, nil
}

// tree is a document as it was written, short tags spelt out.
type tree struct {
	root *policy.Node
	// text is the source without a byte order mark, quoted the regions of it that
	// belong to scalars and so cannot hold a comment. JSON has no comments.
	text   []byte
	quoted []region
	json   bool
	// repeated are the maps with a key that stands twice.
	repeated map[*policy.Node]bool
	problems []Problem
}

func parseTree(file string, data []byte) (*tree, error) {
	if err := checkText(file, data); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	b := &builder{file: file, tree: &tree{text: data, repeated: map[*policy.Node]bool{}}}
	var err error
	if looksLikeJSON(data) {
		b.tree.json = true
		if err = b.readJSON(data); err != nil && !b.outOfBounds {
			// A flow mapping starts as JSON does. What YAML cannot read either is
			// taken to be JSON, and the first error is the one to show.
			y := &builder{file: file, tree: &tree{text: data, repeated: map[*policy.Node]bool{}}}
			if y.readYAML(data) == nil {
				b, err = y, nil
			}
		}
	} else {
		err = b.readYAML(data)
	}
	if err != nil {
		return nil, err
	}
	if b.tree.root.Kind != policy.Map {
		return nil, &Error{Pos: b.tree.root.Pos, Message: fmt.Sprintf("a template is a map of sections, and this is %s", kindWord(b.tree.root.Kind))}
	}
	return b.tree, nil
}

// checkText refuses what is not text of a size that a template may have.
func checkText(file string, data []byte) error {
	fail := func(line int, message, hint string) error {
		return &Error{Pos: policy.Pos{File: file, Line: line}, Message: message, Hint: hint}
	}
	switch {
	case len(data) > MaxTemplateBytes:
		return fail(0, fmt.Sprintf("is %d bytes long, more than the %d that are read", len(data), MaxTemplateBytes), "CloudFormation takes templates of up to 1 MB")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fail(1, "is UTF-16 text", "save it as UTF-8")
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))) == 0:
		return fail(0, "is empty", "")
	}
	if !utf8.Valid(data) {
		line := 1
		for rest := data; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size == 1 {
				break
			}
			if r == '\n' {
				line++
			}
			rest = rest[size:]
		}
		return fail(line, "is not UTF-8 text", "save it as UTF-8")
	}
	return nil
}

// looksLikeJSON tells {"a": from the flow mapping {a:.
func looksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' {
		return len(data) > 0 && data[0] == '['
	}
	data = bytes.TrimLeft(data[1:], " \t\r\n")
	return len(data) == 0 || data[0] == '"' || data[0] == '}'
}

// builder makes a tree, within the bounds.
type builder struct {
	file  string
	tree  *tree
	nodes int
	// outOfBounds: the reading was given up because of MaxDepth or MaxNodes.
	outOfBounds bool
}

func (b *builder) pos(line, column int) policy.Pos {
	return policy.Pos{File: b.file, Line: line, Column: column}
}

func (b *builder) fail(pos policy.Pos, format string, args ...any) error {
	return &Error{Pos: pos, Message: fmt.Sprintf(format, args...)}
}

func (b *builder) problem(pos policy.Pos, hint, format string, args ...any) {
	b.tree.problems = addProblem(b.tree.problems, newProblem(pos, hint, format, args...))
}

// count takes n more values into account.
func (b *builder) count(n int, pos policy.Pos) error {
	if b.nodes += n; b.nodes > MaxNodes {
		b.outOfBounds = true
		return b.fail(pos, "the template holds more than %d values", MaxNodes)
	}
	return nil
}

func (b *builder) depth(depth int, pos policy.Pos) error {
	if depth > MaxDepth {
		b.outOfBounds = true
		return b.fail(pos, "values are nested more than %d deep", MaxDepth)
	}
	return nil
}

// finishMap reports what stands twice in a map, or is null.
func (b *builder) finishMap(n *policy.Node) {
	for i := range n.Entries {
		e := &n.Entries[i]
		if e.Value.Kind == policy.Null {
			b.problem(e.KeyPos, "give it a value or remove it", "%s is null, which CloudFormation refuses", e.Key)
		}
	}
	report := func(first, again *policy.Entry) {
		b.tree.repeated[n] = true
		b.problem(again.KeyPos, "remove one of them", "key %s stands twice, on lines %d and %d; the last one counts", again.Key, first.KeyPos.Line, again.KeyPos.Line)
	}
	if len(n.Entries) <= 16 {
		for i := range n.Entries {
			for j := i - 1; j >= 0; j-- {
				if n.Entries[i].Key == n.Entries[j].Key {
					report(&n.Entries[j], &n.Entries[i])
					break
				}
			}
		}
		return
	}
	last := make(map[string]int, len(n.Entries))
	for i := range n.Entries {
		if j, ok := last[n.Entries[i].Key]; ok {
			report(&n.Entries[j], &n.Entries[i])
		}
		last[n.Entries[i].Key] = i
	}
}

// text makes a String. A NUL that was written would read as a Hole, so it is
// given a reason: such a value is no more to be relied on than an unknown one.
func (b *builder) text(s string, pos policy.Pos) *policy.Node {
	n := &policy.Node{Kind: policy.String, Text: s, Pos: pos}
	if n.HasHole() {
		n.Reason = "it was written with a NUL character"
		b.problem(pos, "remove it", "the value holds a NUL character, which no AWS API accepts")
	}
	return n
}

func kindWord(k policy.Kind) string {
	switch k {
	case policy.Null:
		return "null"
	case policy.Bool:
		return "a boolean"
	case policy.Number:
		return "a number"
	case policy.String:
		return "a string"
	case policy.List:
		return "a list"
	case policy.Map:
		return "a map"
	}
	return "an unknown value"
}
