package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"

	"github.com/twokey/twokey/finding"
)

// Schema is the schema of the JSON that this version writes.
const Schema = "twokey.scan/v1"

// JSON writes a scan in the schema twokey.scan/v1, indented, with a line end.
// Keys have a fixed order, pipelines and findings are sorted, and a list is
// never null. Text is written as it was found, whole, with every character that
// could act on a terminal as a \u escape. It returns an error of w, or one for
// a scan that JSON cannot hold.
func JSON(w io.Writer, s *finding.Scan, _ Options) error {
	t := tallyOf(s)
	c := *s
	if c.Schema == "" {
		c.Schema = Schema
	}
	c.Pipelines = make([]finding.Pipeline, 0, len(t.pipelines))
	for _, p := range t.pipelines {
		c.Pipelines = append(c.Pipelines, *p)
	}
	c.Findings = append([]finding.Finding{}, s.Findings...)
	finding.Sort(c.Findings)
	return writeJSON(w, c)
}

// writeJSON writes v as JSON that is safe to show on a terminal.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(filled(reflect.ValueOf(v)).Interface()); err != nil {
		return err
	}
	_, err := w.Write(escapeHostile(b.Bytes()))
	return err
}

// filled returns a deep copy of v in which no slice is nil.
func filled(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(filled(v.Field(i)))
			}
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		if isScalar(v.Type().Elem().Kind()) {
			reflect.Copy(s, v)
		} else {
			for i := range v.Len() {
				s.Index(i).Set(filled(v.Index(i)))
			}
		}
		out.Set(s)
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(filled(v.Elem()))
			out.Set(p)
		}
	}
	return out
}

func isScalar(k reflect.Kind) bool {
	return k == reflect.String || (k >= reflect.Bool && k <= reflect.Complex128)
}

// escapeHostile writes the hostile characters of JSON text as \u escapes. They
// can only be inside of strings: JSON's own line ends and blanks are kept.
func escapeHostile(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		if c := b[0]; c == '\n' || (c >= ' ' && c < 0x7f) {
			out, b = append(out, c), b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case !hostile(r):
			out = append(out, b[:n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		b = b[n:]
	}
	return out
}
