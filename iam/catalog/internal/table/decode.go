package table

import (
	"errors"
	"fmt"
	"strings"
)

// errTruncated is the error of data that end too early.
var errTruncated = errors.New("data end too early")

// reader reads the encoded form. After the first error it yields zeros, so
// that a caller may check once at the end of a loop whose length is bounded.
type reader struct {
	s   string
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.s = ""
}

func (r *reader) uint() uint32 {
	var n uint64
	for i := 0; i < len(r.s) && i < 5; i++ {
		c := r.s[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.s = r.s[i+1:]
			if n > 1<<31 {
				r.fail(errors.New("a number is too large"))
				return 0
			}
			return uint32(n)
		}
	}
	r.fail(errTruncated)
	return 0
}

// count reads the length of a sequence whose elements take at least size
// bytes each, which bounds what a decoder allocates by the length of the data.
func (r *reader) count(size int) int {
	n := int(r.uint())
	if n > len(r.s)/size {
		r.fail(errTruncated)
		return 0
	}
	return n
}

// index reads a number below limit.
func (r *reader) index(limit int) uint32 {
	n := r.uint()
	if r.err == nil && int(n) >= limit {
		r.fail(fmt.Errorf("a reference to number %d of %d", n, limit))
	}
	return n
}

func (r *reader) string() string {
	n := int(r.uint())
	if n > len(r.s) {
		r.fail(errTruncated)
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

// Decode reads what Encode wrote. Its strings are parts of s. It never panics:
// data that are cut off or inconsistent yield an error. It does not check that
// names are sorted; unsorted names would not be found.
func Decode(s string) (*Table, error) {
	rest, ok := strings.CutPrefix(s, magic)
	if !ok {
		return nil, errors.New("catalogue: not the encoded form, or another version of it")
	}
	t, r := &Table{}, &reader{s: rest}
	t.decodeKeys(r)
	t.decodeServices(r)
	if r.err == nil && r.s != "" {
		r.fail(fmt.Errorf("%d bytes too many", len(r.s)))
	}
	if r.err != nil {
		return nil, fmt.Errorf("catalogue: %w", r.err)
	}
	return t, nil
}

func (t *Table) decodeKeys(r *reader) {
	t.Keys = make([]Key, r.count(2))
	for i := range t.Keys {
		k := &t.Keys[i]
		k.Name = r.string()
		flags := r.index(int(types) << 1)
		k.Type, k.Global = Type(flags>>1), flags&1 != 0
	}
	t.Lists = make([][]uint32, r.count(1))
	elements := make([]uint32, r.count(1))
	for i := range t.Lists {
		n := int(r.uint())
		if n > len(elements) {
			r.fail(errTruncated)
			return
		}
		list := elements[:n:n]
		elements = elements[n:]
		last := uint32(0)
		for j := range list {
			last += r.index(len(t.Keys))
			if int(last) >= len(t.Keys) {
				r.fail(errors.New("a reference to a key that does not exist"))
				return
			}
			list[j] = last
		}
		t.Lists[i] = list
	}
}

func (t *Table) decodeServices(r *reader) {
	t.Services = make([]Service, r.count(5))
	t.Resources = make([]Resource, r.count(3))
	t.Actions = make([]Action, r.count(4))
	t.Uses = make([]Use, r.count(2))
	resources, actions, uses := 0, 0, 0
	for i := range t.Services {
		s := &t.Services[i]
		s.Prefix, s.Title = r.string(), r.string()
		s.Keys = r.index(len(t.Lists))
		n := int(r.uint())
		if n > len(t.Resources)-resources {
			r.fail(errTruncated)
			return
		}
		s.Resources, s.EndResource = uint32(resources), uint32(resources+n)
		for j := range n {
			res := &t.Resources[resources+j]
			res.Service, res.Name = uint32(i), r.string()
			res.ARNs = make([]string, r.count(1))
			for k := range res.ARNs {
				res.ARNs[k] = r.string()
			}
			res.Keys = r.index(len(t.Lists))
		}
		resources += n
		m := int(r.uint())
		if m > len(t.Actions)-actions {
			r.fail(errTruncated)
			return
		}
		s.Actions, s.EndAction = uint32(actions), uint32(actions+m)
		for j := range m {
			a := &t.Actions[actions+j]
			a.Name = r.string()
			a.Level = Level(r.index(int(levels)))
			a.Keys = r.index(len(t.Lists))
			k := int(r.uint())
			if k > len(t.Uses)-uses {
				r.fail(errTruncated)
				return
			}
			a.Uses, a.EndUse = uint32(uses), uint32(uses+k)
			for l := range k {
				ref := r.index(n << 1)
				t.Uses[uses+l] = Use{Resource: s.Resources + ref>>1, Required: ref&1 != 0, Keys: r.index(len(t.Lists))}
			}
			uses += k
		}
		actions += m
	}
	if r.err == nil && (resources != len(t.Resources) || actions != len(t.Actions) || uses != len(t.Uses)) {
		r.fail(errors.New("the counts do not add up"))
	}
}
