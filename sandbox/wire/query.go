package wire

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// maxQueryList bounds the index of a list in a query: no operation takes more.
const maxQueryList = 10_000

// decodeQuery reads an awsQuery form into in, strictly.
func decodeQuery(form url.Values, in any) (present map[string]bool, err error) {
	d := &queryDecoder{form: form, used: map[string]bool{"Action": true, "Version": true}, present: map[string]bool{}}
	for name := range form {
		d.names = append(d.names, name)
	}
	sort.Strings(d.names)
	if err := d.structure("", "", reflect.ValueOf(in).Elem()); err != nil {
		return nil, err
	}
	for _, name := range d.names {
		if !d.used[name] && !strings.HasPrefix(name, "X-Amz-") {
			return nil, cloud.NotImplemented("the parameter " + name)
		}
	}
	return d.present, nil
}

type queryDecoder struct {
	form    url.Values
	names   []string
	used    map[string]bool
	present map[string]bool
}

// has reports whether any parameter begins with the prefix.
func (d *queryDecoder) has(prefix string) bool {
	i := sort.SearchStrings(d.names, prefix)
	return i < len(d.names) && (d.names[i] == prefix || strings.HasPrefix(d.names[i], prefix+".")) || d.hasBelow(prefix+".")
}

func (d *queryDecoder) hasBelow(prefix string) bool {
	i := sort.SearchStrings(d.names, prefix)
	return i < len(d.names) && strings.HasPrefix(d.names[i], prefix)
}

func (d *queryDecoder) structure(prefix, path string, v reflect.Value) error {
	for _, f := range fieldsOf(v.Type()) {
		name, at := join(prefix, f.name), join(path, lowerFirst(f.json))
		if !d.has(name) {
			continue
		}
		d.present[at] = true
		if err := d.value(name, at, v.Field(f.index), f); err != nil {
			return err
		}
	}
	return nil
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func (d *queryDecoder) value(name, path string, v reflect.Value, f field) error {
	v = deref(v)
	switch {
	case v.Type() == reflect.TypeFor[Time]() || v.Kind() != reflect.Struct && v.Kind() != reflect.Slice && v.Kind() != reflect.Map || v.Type() == reflect.TypeFor[[]byte]():
		d.used[name] = true
		return setText(v, d.form.Get(name), f.time, name)
	case v.Kind() == reflect.Struct:
		return d.structure(name, path, v)
	case v.Kind() == reflect.Slice:
		if d.form.Has(name) { // an empty list is sent as the bare name
			d.used[name] = true
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		base := name
		if !f.flat {
			base = join(name, f.member)
		}
		for i := 1; i <= maxQueryList && d.has(join(base, strconv.Itoa(i))); i++ {
			e := reflect.New(v.Type().Elem()).Elem()
			if err := d.value(join(base, strconv.Itoa(i)), path+"."+strconv.Itoa(i)+".member", e, field{member: "member", key: "key", value: "value"}); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e))
		}
	case v.Kind() == reflect.Map:
		base := name
		if !f.flat {
			base = join(name, "entry")
		}
		v.Set(reflect.MakeMap(v.Type()))
		for i := 1; i <= maxQueryList && d.has(join(base, strconv.Itoa(i))); i++ {
			entry := join(base, strconv.Itoa(i))
			key := d.form.Get(join(entry, f.key))
			d.used[join(entry, f.key)] = true
			e := reflect.New(v.Type().Elem()).Elem()
			if err := d.value(join(entry, f.value), path+"."+key+".member", e, field{member: "member", key: "key", value: "value"}); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	}
	return nil
}

// setText sets a scalar from its text on the wire.
func setText(v reflect.Value, text, timeFormat, name string) error {
	v = deref(v)
	malformed := func() error {
		return cloud.Errorf("MalformedInput", "%s: %q is not what the parameter takes", name, text)
	}
	switch {
	case v.Type() == reflect.TypeFor[Time]():
		var t Time
		if err := t.parse(text, timeFormat); err != nil {
			return malformed()
		}
		v.Set(reflect.ValueOf(t))
	case v.Type() == reflect.TypeFor[[]byte]():
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return malformed()
		}
		v.SetBytes(b)
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return malformed()
		}
		v.SetBool(b)
	case v.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return malformed()
		}
		v.SetInt(n)
	case v.Kind() == reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return malformed()
		}
		v.SetFloat(n)
	default:
		return malformed()
	}
	return nil
}

// text is the inverse of setText; ok is false for what has no value.
func text(v reflect.Value, timeFormat string) (s string, ok bool) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", false
		}
		v = v.Elem()
	}
	switch {
	case v.Type() == reflect.TypeFor[Time]():
		t := v.Interface().(Time)
		return t.text(timeFormat), !t.IsZero()
	case v.Type() == reflect.TypeFor[[]byte]():
		return base64.StdEncoding.EncodeToString(v.Bytes()), !v.IsNil()
	case v.Kind() == reflect.String:
		return v.String(), v.String() != ""
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.Kind() == reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case v.Kind() == reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), true
	}
	return "", false
}
