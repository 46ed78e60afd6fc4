package condition

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
)

// State says what a request knows of a condition key.
type State uint8

// The states of a key.
const (
	// Absent: the key is not in the request.
	Absent State = iota
	// Empty: the key is in the request without a value, "" or an empty list.
	Empty
	// Present: the key has one or more values.
	Present
	// Unknown: whether the key is in the request, and with which value, is not known.
	Unknown
)

// Context holds the condition keys of a request. Keys are case-insensitive. Fill
// it before use; once a request was made with it, it must not change, and may
// then be shared between goroutines.
type Context struct {
	entries []entry
	table   []int16 // open addressing: index into entries + 1
	open    bool
}

type entry struct {
	hash   uint64
	key    string // lower case
	state  State
	multi  bool
	hole   bool // a value has a Hole
	values []string
}

// NewContext returns a Context without keys: each key is Absent.
func NewContext() *Context { return &Context{} }

// Set gives key a value. Without values, or with the one value "", the key is
// present but Empty; with several values it is multivalued, as by SetList. A value
// may contain policy.Hole for what is not known of it.
func (c *Context) Set(key string, values ...string) *Context {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return c.put(key, entry{state: Empty, values: []string{""}})
	}
	return c.put(key, entry{state: Present, multi: len(values) > 1, values: values})
}

// SetList gives key a list of values, possibly none or one, and marks it as
// multivalued: without ForAllValues or ForAnyValue no condition on it matches.
func (c *Context) SetList(key string, values ...string) *Context {
	if len(values) == 0 {
		return c.put(key, entry{state: Empty, multi: true})
	}
	return c.put(key, entry{state: Present, multi: true, values: values})
}

// Empty makes key present but without a value.
func (c *Context) Empty(key string) *Context { return c.Set(key) }

// Absent says that the keys are certainly not in the request, which matters
// where UnknownUnlessSet is on or another layer of context has them.
func (c *Context) Absent(keys ...string) *Context {
	for _, k := range keys {
		c.put(k, entry{state: Absent})
	}
	return c
}

// MarkUnknown says that nothing is known of the keys.
func (c *Context) MarkUnknown(keys ...string) *Context {
	for _, k := range keys {
		c.put(k, entry{state: Unknown})
	}
	return c
}

// UnknownUnlessSet decides what a key that was never mentioned is: Unknown
// (true) or Absent (false, which is what NewContext begins with).
func (c *Context) UnknownUnlessSet(on bool) *Context {
	c.open = on
	return c
}

// Clone returns a copy that can be changed without changing c.
func (c *Context) Clone() *Context {
	if c == nil {
		return NewContext()
	}
	d := &Context{open: c.open}
	d.entries = append([]entry(nil), c.entries...)
	d.table = append([]int16(nil), c.table...)
	return d
}

// Merge sets every key that other mentions, overriding c's.
func (c *Context) Merge(other *Context) *Context {
	if other == nil {
		return c
	}
	for _, e := range other.entries {
		c.put(e.key, e)
	}
	c.open = c.open || other.open
	return c
}

// Lookup returns what c says of key.
func (c *Context) Lookup(key string) (State, []string) {
	k := strings.ToLower(key)
	if c == nil {
		return Absent, nil
	}
	if e := c.find(Hash(k), k); e != nil {
		return e.state, e.values
	}
	if c.open {
		return Unknown, nil
	}
	return Absent, nil
}

// Keys returns the keys that were mentioned, in lower case, in the order in
// which they were first mentioned.
func (c *Context) Keys() []string {
	if c == nil {
		return nil
	}
	out := make([]string, len(c.entries))
	for i := range c.entries {
		out[i] = c.entries[i].key
	}
	return out
}

func (c *Context) put(key string, e entry) *Context {
	e.key = strings.ToLower(key)
	e.hash = Hash(e.key)
	e.hole = slices.ContainsFunc(e.values, func(v string) bool { return strings.Contains(v, arn.Hole) })
	if old := c.find(e.hash, e.key); old != nil {
		*old = e
		return c
	}
	c.entries = append(c.entries, e)
	if 2*len(c.entries) > len(c.table) {
		c.grow()
	} else {
		c.slot(len(c.entries) - 1)
	}
	return c
}

func (c *Context) grow() {
	size := max(16, 2*len(c.table))
	for size < 2*len(c.entries) {
		size *= 2
	}
	c.table = make([]int16, size)
	for i := range c.entries {
		c.slot(i)
	}
}

func (c *Context) slot(i int) {
	mask := uint64(len(c.table) - 1)
	at := c.entries[i].hash & mask
	for c.table[at] != 0 {
		at = (at + 1) & mask
	}
	c.table[at] = int16(i + 1)
}

func (c *Context) find(hash uint64, key string) *entry {
	if c == nil || len(c.table) == 0 {
		return nil
	}
	mask := uint64(len(c.table) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		i := c.table[at]
		if i == 0 {
			return nil
		}
		if e := &c.entries[i-1]; e.hash == hash && e.key == key {
			return e
		}
	}
}

// Hash is the hash under which a lower-case key is interned.
func Hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h ^= uint64(s[i])
		h *= 1099511628211
	}
	return h ^ h>>29
}
