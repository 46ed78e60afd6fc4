package wire

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// route is the path of a REST operation.
type route struct {
	op       *OperationModel
	segments []segment
	query    map[string]string // fixed parameters; "" where only the name counts
}

type segment struct {
	literal string
	label   string
	greedy  bool
}

func newRoute(op *OperationModel) route {
	path, query, _ := strings.Cut(op.URI, "?")
	rt := route{op: op, query: map[string]string{}}
	for p := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if p == "" {
			continue
		}
		label, isLabel := strings.CutPrefix(p, "{")
		if !isLabel {
			rt.segments = append(rt.segments, segment{literal: p})
			continue
		}
		label = strings.TrimSuffix(label, "}")
		name, greedy := strings.CutSuffix(label, "+")
		rt.segments = append(rt.segments, segment{label: name, greedy: greedy})
	}
	for part := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(part, "="); k != "" {
			rt.query[k] = v
		}
	}
	return rt
}

// sortRoutes puts the more particular first: more fixed parameters, more
// segments, fewer labels.
func sortRoutes(rs []route) {
	weight := func(r route) int {
		literals := 0
		for _, s := range r.segments {
			if s.label == "" {
				literals++
			}
		}
		return (len(r.query)+len(r.op.Query)+len(r.op.Headers))*1000 + literals*50 + len(r.segments)
	}
	slices.SortStableFunc(rs, func(a, b route) int { return weight(b) - weight(a) })
}

// matchRoute finds the operation of a request with that path.
func matchRoute(rs []route, r *http.Request, path string) (*OperationModel, map[string]string) {
	query := r.URL.Query()
	for i := range rs {
		rt := &rs[i]
		if rt.op.Method != r.Method || !rt.hasQuery(query) || !rt.hasHeaders(r.Header) {
			continue
		}
		if labels, ok := rt.match(path); ok {
			return rt.op, labels
		}
	}
	return nil, nil
}

func (rt *route) hasQuery(q url.Values) bool {
	for k, v := range rt.query {
		if !q.Has(k) || v != "" && q.Get(k) != v {
			return false
		}
	}
	for _, k := range rt.op.Query {
		if !q.Has(k) {
			return false
		}
	}
	return true
}

func (rt *route) hasHeaders(h http.Header) bool {
	for _, k := range rt.op.Headers {
		if h.Get(k) == "" {
			return false
		}
	}
	return true
}

func (rt *route) match(path string) (map[string]string, bool) {
	rest := strings.TrimPrefix(path, "/")
	labels := map[string]string{}
	for _, s := range rt.segments {
		if s.greedy {
			v, err := url.PathUnescape(rest)
			labels[s.label] = v
			return labels, err == nil && rest != ""
		}
		part, tail, _ := strings.Cut(rest, "/")
		rest = tail
		v, err := url.PathUnescape(part)
		if err != nil || part == "" || s.label == "" && v != s.literal {
			return nil, false
		}
		if s.label != "" {
			labels[s.label] = v
		}
	}
	return labels, strings.Trim(rest, "/") == ""
}

// decodeRest reads labels, parameters, headers and body of a REST request.
func (r *request) decodeRest(in any) (map[string]bool, error) {
	v := reflect.ValueOf(in).Elem()
	op := r.op.model()
	query := r.URL.Query()
	present := map[string]bool{}
	for _, f := range fieldsOf(v.Type()) {
		target := v.Field(f.index)
		mark := func() { present[lowerFirst(f.json)] = true }
		switch f.location {
		case "uri":
			mark()
			if err := setText(target, r.uri[f.name], f.time, f.name); err != nil {
				return nil, err
			}
		case "querystring":
			if err := setQuery(target, f, query, mark); err != nil {
				return nil, err
			}
		case "header":
			if s, ok := r.header(f.name); ok {
				mark()
				if f.time == "" && target.Type() == reflect.TypeFor[Time]() {
					f.time = "rfc822"
				}
				if err := setHeader(target, s, f); err != nil {
					return nil, err
				}
			}
		case "headers":
			target.Set(reflect.MakeMap(target.Type()))
			for k, values := range r.Header {
				if name, ok := cutPrefixFold(k, f.name); ok {
					target.SetMapIndex(reflect.ValueOf(strings.ToLower(name)), reflect.ValueOf(strings.Join(values, ",")))
				}
			}
		}
	}
	return r.decodeBody(v, op, present)
}

// header returns a header, or the trailer of a chunked body under its name.
func (r *request) header(name string) (string, bool) {
	if values := r.Header.Values(name); len(values) > 0 {
		return strings.Join(values, ","), true
	}
	s, ok := r.trailer[strings.ToLower(name)]
	return s, ok
}

func setHeader(v reflect.Value, s string, f field) error {
	v = deref(v)
	if v.Kind() == reflect.Slice && v.Type() == reflect.TypeFor[[]string]() {
		for part := range strings.SplitSeq(s, ",") {
			v.Set(reflect.Append(v, reflect.ValueOf(strings.TrimSpace(part))))
		}
		return nil
	}
	return setText(v, s, f.time, f.name)
}

func setQuery(v reflect.Value, f field, q url.Values, mark func()) error {
	if v.Kind() == reflect.Map {
		return nil // a free map of parameters: no supported operation has one
	}
	if !q.Has(f.name) {
		return nil
	}
	mark()
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(q[f.name]))
		return nil
	}
	return setText(v, q.Get(f.name), f.time, f.name)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func (r *request) decodeBody(v reflect.Value, op *OperationModel, present map[string]bool) (map[string]bool, error) {
	target := v
	if op.InputPayload != "" {
		target = v.FieldByName(op.InputPayload)
		switch {
		case target.Type() == reflect.TypeFor[[]byte]():
			target.SetBytes(r.body)
			return present, nil
		case target.Kind() == reflect.String:
			target.SetString(string(r.body))
			return present, nil
		}
		if len(r.body) == 0 {
			return present, nil
		}
		target = deref(target)
	}
	if len(r.body) == 0 {
		return present, nil
	}
	if r.service.model.isXML() {
		root, err := parseXML(r.body)
		if err != nil {
			return nil, malformedXML()
		}
		path := ""
		if op.InputPayload != "" {
			path = lowerFirst(op.InputPayload)
			present[path] = true
		}
		return present, decodeXML(root, target, path, present)
	}
	sent, err := decodeJSON(r.body, target.Addr().Interface())
	for k := range sent {
		present[k] = true
	}
	return present, err
}

func malformedXML() *cloud.Error {
	return cloud.Errorf("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

func valueOf(out any) reflect.Value {
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v
}

// encodeRest writes status, headers and body of a REST answer.
func (r *request) encodeRest(out any, status int) error {
	v := valueOf(out)
	op, h := r.op.model(), r.writer.Header()
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		switch f.location {
		case "statusCode":
			if s, ok := text(value, ""); ok {
				if n, err := strconv.Atoi(s); err == nil {
					status = n
				}
			}
		case "header":
			if f.time == "" {
				f.time = "rfc822"
			}
			if s, ok := text(value, f.time); ok {
				h.Set(f.name, s)
			}
		case "headers":
			for _, k := range sortedKeys(value) {
				// In lower case, as S3 sends them: clients take the rest of the name for the
				// key of the metadata.
				h[f.name+k.String()] = []string{value.MapIndex(k).String()}
			}
		}
	}
	body, kind, err := r.restBody(v, op)
	if err != nil {
		return err
	}
	if len(body) > 0 && h.Get("Content-Type") == "" {
		h.Set("Content-Type", kind)
	}
	if h.Get("Content-Length") == "" && r.Method != http.MethodHead {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	r.writer.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, err = r.writer.Write(body)
	}
	return ignoreWrite(err)
}

func (r *request) restBody(v reflect.Value, op *OperationModel) (body []byte, kind string, err error) {
	m := r.service.model
	if op.OutputPayload != "" {
		p := v.FieldByName(op.OutputPayload)
		switch {
		case p.Type() == reflect.TypeFor[[]byte]():
			return p.Bytes(), "application/octet-stream", nil
		case p.Kind() == reflect.String:
			return []byte(p.String()), "text/plain", nil
		case p.IsZero():
			return nil, "", nil
		}
		if m.isXML() {
			f := payloadField(v.Type(), op.OutputPayload)
			var e xmlEncoder
			e.value(f.name, p, f)
			return append([]byte(xmlHeader), e.b.Bytes()...), "application/xml", nil
		}
		body, err = encodeJSON(p.Interface())
		return body, "application/json", err
	}
	if !op.HasOutput {
		return nil, "", nil
	}
	if m.isXML() {
		var e xmlEncoder
		if op.Bare {
			text, _ := text(v.Field(0), "")
			e.leaf(op.OutputRoot, text)
			doc := strings.Replace(e.b.String(), ">", ` xmlns="`+m.Namespace+`">`, 1)
			return []byte(xmlHeader + doc), "application/xml", nil
		}
		e.members(v)
		if e.b.Len() == 0 && !hasBody(v.Type()) {
			return nil, "", nil
		}
		root := op.OutputRoot
		doc := xmlHeader + "<" + root + ` xmlns="` + m.Namespace + `">` + e.b.String() + "</" + root + ">"
		return []byte(doc), "application/xml", nil
	}
	body, err = encodeJSON(bodyOnly(v))
	return body, "application/json", err
}

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func payloadField(t reflect.Type, name string) field {
	for _, f := range fieldsOf(t) {
		if t.Field(f.index).Name == name {
			return f
		}
	}
	return field{name: name}
}

// hasBody reports whether any member of the output belongs into the body.
func hasBody(t reflect.Type) bool {
	return slices.ContainsFunc(fieldsOf(t), func(f field) bool { return f.location == "" })
}

// bodyOnly is a REST output without the members that went elsewhere.
func bodyOnly(v reflect.Value) any {
	out := map[string]any{}
	for _, f := range fieldsOf(v.Type()) {
		if value := v.Field(f.index); f.location == "" && !value.IsZero() {
			out[f.json] = value.Interface()
		}
	}
	return out
}

// Base64 is how S3 writes checksums.
func Base64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
