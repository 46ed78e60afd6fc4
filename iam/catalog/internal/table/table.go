// Package table is the compact form of the catalogue: the bytes that are
// embedded and the slices that they become. The generator encodes, package
// catalog decodes.
//
// Names are kept as parts of the encoded string, so that decoding copies no
// text. A Table is immutable once decoded.
package table

// Level is AWS's access level of an action.
type Level uint8

// The access levels of the service authorization reference.
const (
	List Level = iota
	Read
	Write
	PermissionsManagement
	Tagging
	levels // the number of levels
)

// Type is the type of the value of a condition key.
type Type uint8

// The value types of condition keys; the arrays follow the scalars.
const (
	String Type = iota
	ARN
	Bool
	Date
	IPAddress
	Numeric
	ArrayOfString
	ArrayOfARN
	ArrayOfBool
	types // the number of types
)

// Key is a condition key. Name is AWS's spelling, with variables such as
// ${TagKey}. Global keys exist for every service.
type Key struct {
	Name   string
	Type   Type
	Global bool
}

// Resource is a resource type of a service.
type Resource struct {
	Service uint32 // index of Services
	Name    string
	ARNs    []string
	Keys    uint32 // index of Lists
}

// Use says that an action is authorised on a resource type.
type Use struct {
	Resource uint32 // index of Resources
	Required bool
	Keys     uint32 // index of Lists
}

// Action is an action of a service, without the service's prefix.
type Action struct {
	Name         string
	Uses, EndUse uint32 // range of Uses
	Keys         uint32 // index of Lists
	Level        Level
}

// Service is a service: its prefix in actions, and its name in words.
type Service struct {
	Prefix, Title          string
	Actions, EndAction     uint32 // range of Actions, sorted by FoldCompare
	Resources, EndResource uint32 // range of Resources, sorted by name
	Keys                   uint32 // index of Lists
}

// Table is the catalogue. Services are sorted by prefix, Keys by FoldCompare,
// every list of keys by index.
type Table struct {
	Services  []Service
	Actions   []Action
	Resources []Resource
	Uses      []Use
	Keys      []Key
	Lists     [][]uint32 // of indexes of Keys; the first is the empty list
}

// Lower returns the lower case of an ASCII letter, and any other byte as it is.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// FoldCompare compares as strings.Compare does, ignoring the case of ASCII
// letters.
func FoldCompare(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := Lower(a[i]), Lower(b[i])
		if x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}
