package cloud

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// hidden is what CloudTrail writes for members that its service marks as secret.
const hidden = `"HIDDEN_DUE_TO_SECURITY_REASONS"`

// trailJSON writes an input or output as CloudTrail does: the names of members
// begin in lower case, keys of maps stay as they are, secrets are hidden, and
// nothing at all is null.
func trailJSON(v any) json.RawMessage {
	if r, ok := v.(Redacted); ok {
		v = r.Redacted()
	}
	value := reflect.ValueOf(v)
	for value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if !value.IsValid() || value.Kind() == reflect.Struct && value.NumField() == 0 {
		return json.RawMessage("null")
	}
	var b bytes.Buffer
	if err := writeTrail(&b, value); err != nil || b.String() == "{}" {
		return json.RawMessage("null")
	}
	return b.Bytes()
}

// trailMember is a member of an input or output in the trail.
type trailMember struct {
	index  int
	name   string
	secret bool
}

var trailMembers sync.Map // reflect.Type → []trailMember

func membersOf(t reflect.Type) []trailMember {
	if c, ok := trailMembers.Load(t); ok {
		return c.([]trailMember)
	}
	var out []trailMember
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		out = append(out, trailMember{i, strings.ToLower(name[:1]) + name[1:], f.Tag.Get("sensitive") == "true"})
	}
	c, _ := trailMembers.LoadOrStore(t, out)
	return c.([]trailMember)
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func writeTrail(b *bytes.Buffer, v reflect.Value) error {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		v = v.Elem()
	}
	switch {
	case v.Type().Implements(marshaler):
	case v.Kind() == reflect.Struct:
		return writeTrailStruct(b, v)
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return writeTrailMap(b, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeTrail(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	data, err := json.Marshal(v.Interface())
	b.Write(data)
	return err
}

func writeTrailStruct(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('{')
	first := true
	for _, m := range membersOf(v.Type()) {
		f := v.Field(m.index)
		if f.IsZero() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString(`"` + m.name + `":`)
		if m.secret {
			b.WriteString(hidden)
			continue
		}
		if err := writeTrail(b, f); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeTrailMap(b *bytes.Buffer, v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(k.String())
		if err != nil {
			return err
		}
		b.Write(name)
		b.WriteByte(':')
		if err := writeTrail(b, v.MapIndex(k)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}
