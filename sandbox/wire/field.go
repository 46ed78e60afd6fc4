package wire

import (
	"net/textproto"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is what the tags of a generated member say.
type field struct {
	index    int
	json     string // its name in JSON
	name     string // its name elsewhere
	location string // "", header, headers, uri, querystring, statusCode
	flat     bool
	attr     bool
	required bool
	member   string // element name of a list's members
	key      string // of a map's keys and values
	value    string
	time     string
	xmlns    string // "prefix=uri"
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf reads the tags of a generated struct, once.
func fieldsOf(t reflect.Type) []field {
	if c, ok := fieldCache.Load(t); ok {
		return c.([]field)
	}
	out := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		out = append(out, readField(i, t.Field(i)))
	}
	c, _ := fieldCache.LoadOrStore(t, out)
	return c.([]field)
}

func readField(i int, sf reflect.StructField) field {
	f := field{index: i, json: memberName(sf), member: "member", key: "key", value: "value", required: sf.Tag.Get("required") == "true"}
	f.name = f.json
	parts := strings.Split(sf.Tag.Get("wire"), ";")
	if len(parts) < 2 {
		return f
	}
	f.location, f.name = parts[0], parts[1]
	if f.location == "header" {
		f.name = textproto.CanonicalMIMEHeaderKey(f.name)
	}
	for _, flag := range parts[2:] {
		k, v, _ := strings.Cut(flag, "=")
		switch {
		case k == "flattened":
			f.flat = true
		case k == "attribute":
			f.attr = true
		case k == "member":
			f.member = v
		case k == "key":
			f.key = v
		case k == "value":
			f.value = v
		case k == "time":
			f.time = v
		case strings.HasPrefix(k, "xmlns:"):
			f.xmlns = strings.TrimPrefix(flag, "xmlns:")
		}
	}
	return f
}

// memberName is the name of a member in JSON.
func memberName(sf reflect.StructField) string {
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if name == "" {
		return sf.Name
	}
	return name
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// deref follows pointers, making what is nil, so that a decoder can set it.
func deref(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}
