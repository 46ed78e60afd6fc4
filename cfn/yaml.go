package cfn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/twokey/twokey/iam/policy"
)

// shortTags are the short forms of the intrinsic functions and what they stand for.
var shortTags = map[string]string{
	"!Ref":          "Ref",
	"!Condition":    "Condition",
	"!And":          "Fn::And",
	"!Base64":       "Fn::Base64",
	"!Cidr":         "Fn::Cidr",
	"!Equals":       "Fn::Equals",
	"!FindInMap":    "Fn::FindInMap",
	"!ForEach":      "Fn::ForEach",
	"!GetAtt":       "Fn::GetAtt",
	"!GetAZs":       "Fn::GetAZs",
	"!If":           "Fn::If",
	"!ImportValue":  "Fn::ImportValue",
	"!Join":         "Fn::Join",
	"!Length":       "Fn::Length",
	"!Not":          "Fn::Not",
	"!Or":           "Fn::Or",
	"!Select":       "Fn::Select",
	"!Split":        "Fn::Split",
	"!Sub":          "Fn::Sub",
	"!ToJsonString": "Fn::ToJsonString",
	"!Transform":    "Fn::Transform",
	// Those of the Rules section, which is listed but not evaluated.
	"!Contains":         "Fn::Contains",
	"!EachMemberEquals": "Fn::EachMemberEquals",
	"!EachMemberIn":     "Fn::EachMemberIn",
	"!RefAll":           "Fn::RefAll",
	"!ValueOf":          "Fn::ValueOf",
	"!ValueOfAll":       "Fn::ValueOfAll",
}

var yamlErrorLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

func (b *builder) readYAML(data []byte) (err error) {
	// What follows holds the whole document as the YAML library's nodes, which are
	// several times the size of ours; every value needs one of these characters.
	marks := 0
	for _, c := range data {
		switch c {
		case '\n', ',', '[', '{', ':', '-', '?':
			marks++
		}
	}
	if marks > 2*MaxNodes {
		return b.fail(b.pos(0, 0), "the template holds more than %d values", MaxNodes)
	}
	defer func() {
		// The library panics on inputs that its authors did not think of; that is
		// an unreadable template, not the end of the program.
		if p := recover(); p != nil {
			err = b.fail(b.pos(0, 0), "is not YAML that can be read: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return b.fail(b.pos(0, 0), "holds no values, only comments")
		}
		return b.yamlError(data, err)
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		return b.fail(b.pos(more.Line, more.Column), "holds a second document; a template is one document")
	case !errors.Is(err, io.EOF):
		return b.yamlError(data, err)
	}
	r := &yamlReader{builder: b, data: data, converted: map[*yaml.Node]expansion{}}
	if bytes.Contains(data, []byte("twokey:")) {
		r.lines = yamlLineStarts(data)
	}
	root, err := r.value(doc.Content[0], 0)
	if err != nil {
		return err
	}
	if r.aliases.Line != 0 {
		b.problem(r.aliases, "run it through aws cloudformation package first, which expands them", "YAML aliases and merge keys are not accepted by CloudFormation itself")
	}
	b.tree.root = root
	return nil
}

// yamlError puts the library's message into the shape of this package's errors.
func (b *builder) yamlError(data []byte, err error) error {
	text := err.Error()
	m := yamlErrorLine.FindStringSubmatch(text)
	line, _ := strconv.Atoi(m[1])
	if strings.Contains(text, "did not find expected") {
		// Of what its parser, not its scanner, comes upon the library counts lines
		// from 0.
		line = min(line+1, bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n"))+1)
	}
	e := &Error{Pos: b.pos(line, 0), Message: "is not valid YAML: " + strings.TrimPrefix(text, m[0])}
	if line > 0 {
		lines := bytes.SplitN(data, []byte("\n"), line+2)
		for _, i := range []int{line - 1, line} {
			if i < len(lines) && bytes.ContainsRune(lines[i][:len(lines[i])-len(bytes.TrimLeft(lines[i], " \t"))], '\t') {
				e.Pos.Line, e.Hint = i+1, "indent with spaces: YAML does not allow tabs"
				break
			}
		}
	}
	return e
}

type yamlReader struct {
	*builder
	data  []byte
	lines []int // nil where no comment of ours is in the text
	// converted are the anchored nodes already read, and how many values they
	// come to. One that is still being read has a nil node.
	converted map[*yaml.Node]expansion
	aliases   policy.Pos // the first alias or merge key
}

type expansion struct {
	node *policy.Node
	size int
}

func (r *yamlReader) value(n *yaml.Node, depth int) (*policy.Node, error) {
	pos := r.pos(n.Line, n.Column)
	if err := r.depth(depth, pos); err != nil {
		return nil, err
	}
	if n.Kind == yaml.AliasNode {
		return r.alias(n, pos, depth)
	}
	before := r.nodes
	if err := r.count(1, pos); err != nil {
		return nil, err
	}
	if n.Anchor != "" {
		r.converted[n] = expansion{}
	}
	v, err := r.tagged(n, pos, depth)
	if err != nil {
		return nil, err
	}
	if n.Anchor != "" {
		r.converted[n] = expansion{v, r.nodes - before}
	}
	return v, nil
}

// alias shares the node of the anchor, but counts what it stands for: whoever
// walks the tree afterwards walks that much.
func (r *yamlReader) alias(n *yaml.Node, pos policy.Pos, depth int) (*policy.Node, error) {
	if r.aliases.Line == 0 {
		r.aliases = pos
	}
	e, ok := r.converted[n.Alias]
	if !ok || e.node == nil {
		return nil, r.fail(pos, "anchor %s contains itself", n.Value)
	}
	if err := r.depth(depth+height(e.node), pos); err != nil {
		return nil, err
	}
	return e.node, r.count(e.size, pos)
}

// height is how deeply values are nested under n.
func height(n *policy.Node) int {
	h := 0
	for _, item := range n.Items {
		h = max(h, 1+height(item))
	}
	for i := range n.Entries {
		h = max(h, 1+height(n.Entries[i].Value))
	}
	return h
}

// tagged reads a node with its tag: a short form becomes a map with one key.
func (r *yamlReader) tagged(n *yaml.Node, pos policy.Pos, depth int) (*policy.Node, error) {
	if n.Style&yaml.TaggedStyle == 0 {
		return r.content(n, pos, depth)
	}
	if name, ok := shortTags[n.Tag]; ok {
		arg, err := r.argument(n, pos, depth+1)
		if err != nil {
			return nil, err
		}
		return &policy.Node{Kind: policy.Map, Pos: pos, Entries: []policy.Entry{{Key: name, KeyPos: pos, Value: arg}}}, nil
	}
	switch n.Tag {
	case "!!str", "!!map", "!!seq", "!!int", "!!float", "!!bool", "!!null":
		return r.content(n, pos, depth)
	}
	r.problem(pos, "", "tag %s is not one that CloudFormation knows", n.Tag)
	return &policy.Node{Kind: policy.Unknown, Reason: fmt.Sprintf("tag %s is not one that CloudFormation knows", n.Tag), Pos: pos}, nil
}

// argument reads what stands behind a short tag; a scalar there is a string.
func (r *yamlReader) argument(n *yaml.Node, pos policy.Pos, depth int) (*policy.Node, error) {
	if n.Kind == yaml.ScalarNode {
		r.markQuoted(n, pos)
		return r.text(n.Value, pos), nil
	}
	return r.content(n, pos, depth)
}

func (r *yamlReader) content(n *yaml.Node, pos policy.Pos, depth int) (*policy.Node, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return r.scalar(n, pos), nil
	case yaml.SequenceNode:
		v := &policy.Node{Kind: policy.List, Pos: pos, Items: make([]*policy.Node, 0, len(n.Content))}
		for _, c := range n.Content {
			item, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			v.Items = append(v.Items, item)
		}
		return v, nil
	case yaml.MappingNode:
		return r.mapping(n, pos, depth)
	}
	return nil, r.fail(pos, "holds something that is no value")
}

func (r *yamlReader) mapping(n *yaml.Node, pos policy.Pos, depth int) (*policy.Node, error) {
	v := &policy.Node{Kind: policy.Map, Pos: pos, Entries: make([]policy.Entry, 0, len(n.Content)/2)}
	var merged []*policy.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		keyPos := r.pos(k.Line, k.Column)
		if k.Kind == yaml.AliasNode && k.Alias.Kind == yaml.ScalarNode {
			if r.aliases.Line == 0 {
				r.aliases = keyPos
			}
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return nil, r.fail(keyPos, "a key is not a string")
		}
		r.markQuoted(k, keyPos)
		value, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if k.Tag == "!!merge" {
			if r.aliases.Line == 0 {
				r.aliases = keyPos
			}
			sources, err := r.mergeSources(value)
			if err != nil {
				return nil, err
			}
			merged = append(merged, sources...)
			continue
		}
		if strings.Contains(k.Value, policy.Hole) {
			return nil, r.fail(keyPos, "a key holds a NUL character")
		}
		v.Entries = append(v.Entries, policy.Entry{Key: k.Value, KeyPos: keyPos, Value: value})
	}
	r.finishMap(v)
	return v, r.merge(v, merged)
}

// merge adds the members of the sources of merge keys. What the map says itself
// counts more than what is merged, and an earlier source more than a later one.
func (r *yamlReader) merge(v *policy.Node, sources []*policy.Node) error {
	if len(sources) == 0 {
		return nil
	}
	have := make(map[string]bool, len(v.Entries))
	for i := range v.Entries {
		have[v.Entries[i].Key] = true
	}
	for _, m := range sources {
		// From the end, as the last of repeated keys counts.
		from := len(v.Entries)
		for i := len(m.Entries) - 1; i >= 0; i-- {
			e := m.Entries[i]
			if have[e.Key] {
				continue
			}
			have[e.Key] = true
			if err := r.count(1, e.KeyPos); err != nil {
				return err
			}
			v.Entries = append(v.Entries, e)
		}
		slices.Reverse(v.Entries[from:])
	}
	return nil
}

func (r *yamlReader) mergeSources(v *policy.Node) ([]*policy.Node, error) {
	sources := v.Elements()
	for _, s := range sources {
		if s.Kind != policy.Map {
			return nil, r.fail(s.Pos, "a merge key needs a map or a list of maps, and this is %s", kindWord(s.Kind))
		}
	}
	return sources, nil
}

// scalar keeps the text as it was written. Only true and false are booleans and
// only JSON's numbers are numbers: 012345678901, 2012-10-17, 1_000 and yes are
// text, so that nothing is lost of an account id or a policy version.
func (r *yamlReader) scalar(n *yaml.Node, pos policy.Pos) *policy.Node {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&quoted != 0 || n.Tag == "!!str" && n.Style&yaml.TaggedStyle != 0 {
		r.markQuoted(n, pos)
		return r.text(n.Value, pos)
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return &policy.Node{Kind: policy.Null, Pos: pos}
	case "true", "True", "TRUE":
		return &policy.Node{Kind: policy.Bool, Text: "true", Pos: pos}
	case "false", "False", "FALSE":
		return &policy.Node{Kind: policy.Bool, Text: "false", Pos: pos}
	}
	if isNumber(n.Value) {
		return &policy.Node{Kind: policy.Number, Text: n.Value, Pos: pos}
	}
	return r.text(n.Value, pos)
}

// isNumber reports whether s is a number as JSON writes it.
func isNumber(s string) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	whole := i
	if !digits() || s[whole] == '0' && i > whole+1 {
		return false
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(s)
}

// region is a run of bytes of the source, end excluded.
type region struct{ start, end int }

// markQuoted notes the bytes of a scalar that may hold a # which is no comment:
// a quoted or a block scalar. Plain scalars end where a comment begins.
func (r *yamlReader) markQuoted(n *yaml.Node, pos policy.Pos) {
	if r.lines == nil || pos.Line < 1 || pos.Line > len(r.lines) {
		return
	}
	at := r.lines[pos.Line-1]
	for i := 1; i < pos.Column && at < len(r.data); i++ {
		_, size := utf8.DecodeRune(r.data[at:])
		at += size
	}
	end := at
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		at, end = r.quotedEnd(at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		at, end = r.quotedEnd(at, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && strings.TrimSpace(n.Value) != "":
		at, end = r.blockEnd(pos.Line)
	default:
		return
	}
	r.tree.quoted = append(r.tree.quoted, region{at, end})
}

// quotedEnd finds the quotes of a scalar whose node (a tag included) is at.
func (r *yamlReader) quotedEnd(at int, quote byte) (start, end int) {
	open := bytes.IndexByte(r.data[at:], quote)
	if open < 0 {
		return at, at
	}
	start = at + open
	for end = start + 1; end < len(r.data); end++ {
		switch c := r.data[end]; {
		case c == '\\' && quote == '"':
			end++
		case c == quote && quote == '\'' && end+1 < len(r.data) && r.data[end+1] == quote:
			end++
		case c == quote:
			return start, end + 1
		}
	}
	return start, len(r.data)
}

// blockEnd finds the lines of a block scalar whose indicator is on the given
// line: those that are blank or at least as indented as the first that is not.
func (r *yamlReader) blockEnd(line int) (start, end int) {
	if line >= len(r.lines) {
		return len(r.data), len(r.data)
	}
	start = r.lines[line]
	indent := -1
	for ; line < len(r.lines); line++ {
		from, to := r.lines[line], len(r.data)
		if line+1 < len(r.lines) {
			to = r.lines[line+1]
		}
		text := r.data[from:to]
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		spaces := len(text) - len(bytes.TrimLeft(text, " "))
		if indent < 0 {
			indent = spaces
		}
		if spaces < indent {
			return start, from
		}
	}
	return start, len(r.data)
}

// yamlLineStarts returns the offset of the first byte of each line as YAML 1.1
// counts lines: a carriage return alone ends one, and so do three characters of
// Unicode.
func yamlLineStarts(data []byte) []int {
	starts := make([]int, 1, 1+bytes.Count(data, []byte("\n")))
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		i += size
		switch c {
		case '\r':
			if i < len(data) && data[i] == '\n' {
				i++
			}
		case '\n', '\u0085', '\u2028', '\u2029':
		default:
			continue
		}
		starts = append(starts, i)
	}
	return starts
}
