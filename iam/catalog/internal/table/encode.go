package table

import "encoding/binary"

// magic opens the encoded catalogue; its last byte is the version of the format.
const magic = "twokey iam catalog\x00\x01"

type writer struct{ b []byte }

func (w *writer) uint(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *writer) string(s string) {
	w.uint(len(s))
	w.b = append(w.b, s...)
}

// Encode returns the bytes of t. The same Table yields the same bytes.
func (t *Table) Encode() []byte {
	w := &writer{b: []byte(magic)}
	w.uint(len(t.Keys))
	for _, k := range t.Keys {
		w.string(k.Name)
		flags := int(k.Type) << 1
		if k.Global {
			flags |= 1
		}
		w.uint(flags)
	}
	elements := 0
	for _, l := range t.Lists {
		elements += len(l)
	}
	w.uint(len(t.Lists))
	w.uint(elements)
	for _, l := range t.Lists {
		w.uint(len(l))
		last := 0
		for _, k := range l {
			w.uint(int(k) - last)
			last = int(k)
		}
	}
	w.uint(len(t.Services))
	w.uint(len(t.Resources))
	w.uint(len(t.Actions))
	w.uint(len(t.Uses))
	for _, s := range t.Services {
		w.string(s.Prefix)
		w.string(s.Title)
		w.uint(int(s.Keys))
		w.uint(int(s.EndResource - s.Resources))
		for _, r := range t.Resources[s.Resources:s.EndResource] {
			w.string(r.Name)
			w.uint(len(r.ARNs))
			for _, a := range r.ARNs {
				w.string(a)
			}
			w.uint(int(r.Keys))
		}
		w.uint(int(s.EndAction - s.Actions))
		for _, a := range t.Actions[s.Actions:s.EndAction] {
			w.string(a.Name)
			w.uint(int(a.Level))
			w.uint(int(a.Keys))
			w.uint(int(a.EndUse - a.Uses))
			for _, u := range t.Uses[a.Uses:a.EndUse] {
				ref := int(u.Resource-s.Resources) << 1
				if u.Required {
					ref |= 1
				}
				w.uint(ref)
				w.uint(int(u.Keys))
			}
		}
	}
	return w.b
}
