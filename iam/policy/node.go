package policy

import "strings"

// Pos is a place in a source: a file (relative to the scanned root) with a
// 1-based line and column, or, for something read from a live account, the ARN
// in File and no line.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Kind says what a Node is.
type Kind uint8

// The kinds of a Node.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
	// Unknown is a value that could not be resolved; Reason says why.
	Unknown
)

// Hole stands in the Text of a String for a run of characters (possibly empty)
// that could not be resolved: "arn:aws:s3:::" + Hole + "/*". No AWS identifier
// may contain a NUL, so a hole never collides with text that was written.
const Hole = "\x00"

// Node is a JSON-shaped value that knows where it was written and what of it is
// unknown. Policy documents and resource properties are both read from it, so
// every loader (templates, snapshots, live accounts) produces the same tree.
// A Node is immutable once built.
type Node struct {
	Kind Kind
	// Text is the value of a Bool ("true", "false"), a Number (as written) or a
	// String. The Text of a String may contain Holes.
	Text string
	// Reason says why a Node is Unknown, or why its Text has Holes.
	Reason string
	// Items are the elements of a List.
	Items []*Node
	// Entries are the members of a Map in source order. A duplicate key is kept:
	// the last one counts (see Get), and readers report the others.
	Entries []Entry
	Pos     Pos
}

// Entry is one member of a Map.
type Entry struct {
	Key    string
	KeyPos Pos
	Value  *Node
}

// Get returns the value of key in a Map, the last one where the key stands
// twice, or nil. It is nil-safe, so paths can be chained.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i := len(n.Entries) - 1; i >= 0; i-- {
		if n.Entries[i].Key == key {
			return n.Entries[i].Value
		}
	}
	return nil
}

// Path follows keys down nested Maps; nil where one is missing.
func (n *Node) Path(keys ...string) *Node {
	for _, k := range keys {
		n = n.Get(k)
	}
	return n
}

// IsUnknown reports whether n is present but could not be resolved at all.
func (n *Node) IsUnknown() bool { return n != nil && n.Kind == Unknown }

// HasHole reports whether n is a String with an unresolved part.
func (n *Node) HasHole() bool {
	return n != nil && n.Kind == String && strings.Contains(n.Text, Hole)
}

// Scalar returns the text of a Bool, Number or String; ok is false for
// anything else, nil included. The text may contain Holes.
func (n *Node) Scalar() (text string, ok bool) {
	if n == nil {
		return "", false
	}
	switch n.Kind {
	case Bool, Number, String:
		return n.Text, true
	}
	return "", false
}

// Elements returns the items of a List, or n itself as a list of one where n is
// a scalar, Map or Unknown ("every list-typed element accepts a bare scalar"),
// or nothing for nil and Null.
func (n *Node) Elements() []*Node {
	switch {
	case n == nil || n.Kind == Null:
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}
