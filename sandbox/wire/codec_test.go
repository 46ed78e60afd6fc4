package wire

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twokey/twokey/sandbox/cloud"
)

// order is shaped as the generator shapes inputs.
type order struct {
	Name    string            `json:"Name,omitzero" required:"true" max:"5" min:"2" pattern:"[a-z]+"`
	Kind    string            `json:"Kind,omitzero" enum:"BIG|SMALL"`
	Count   *int64            `json:"Count,omitzero" max:"10" min:"1"`
	On      *bool             `json:"On,omitzero"`
	Share   *float64          `json:"Share,omitzero"`
	Blob    []byte            `json:"Blob,omitzero"`
	At      Time              `json:"At,omitzero"`
	Words   []string          `json:"Words,omitzero" max:"3" membermax:"4"`
	Items   []*item           `json:"Items,omitzero"`
	Labels  map[string]string `json:"Labels,omitzero" keymax:"3" valuemin:"1"`
	Nested  *item             `json:"Nested,omitzero"`
	Flat    []string          `json:"Flat,omitzero" wire:";Flat;flattened"`
	Renamed string            `json:"Renamed,omitzero" wire:";Other"`
}

type item struct {
	Key   string `json:"Key,omitzero" required:"true"`
	Inner *item  `json:"Inner,omitzero"`
}

func ptr[T any](v T) *T { return &v }

// The form is what the AWS query protocol writes: lists as NAME.member.N, maps as
// NAME.entry.N.key and .value, flattened lists as NAME.N.
func TestDecodeQuery(t *testing.T) {
	t.Parallel()
	form := url.Values{}
	for k, v := range map[string]string{
		"Action": "Do", "Version": "1", "Name": "abc", "Count": "3", "On": "true", "Share": "0.5", "Blob": "aGk=", "At": "2026-01-02T03:04:05Z",
		"Words.member.1": "a", "Words.member.2": "", "Items.member.1.Key": "k", "Items.member.1.Inner.Key": "i", "Nested.Key": "n",
		"Labels.entry.1.key": "x", "Labels.entry.1.value": "1", "Flat.1": "f", "Flat.2": "g", "Other": "o",
	} {
		form.Set(k, v)
	}
	var got order
	present, err := decodeQuery(form, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := order{Name: "abc", Count: ptr(int64(3)), On: ptr(true), Share: ptr(0.5), Blob: []byte("hi"), At: At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		Words: []string{"a", ""}, Items: []*item{{Key: "k", Inner: &item{Key: "i"}}}, Nested: &item{Key: "n"}, Labels: map[string]string{"x": "1"}, Flat: []string{"f", "g"}, Renamed: "o"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !present["name"] || !present["nested"] || !present["nested.key"] || present["kind"] {
		t.Error(present)
	}
	for name, code := range map[string]string{
		"Nam=abc":                    "NotImplemented",
		"Nested.Kez=x":               "NotImplemented",
		"Words.member.x=a":           "NotImplemented",
		"Words.member.2=a":           "NotImplemented", // a gap: the list ends before it
		"Count=three":                "MalformedInput",
		"On=maybe":                   "MalformedInput",
		"Blob=%21":                   "MalformedInput",
		"At=yesterday":               "MalformedInput",
		"Count=99999999999999999999": "MalformedInput",
	} {
		form, err := url.ParseQuery(name)
		if err != nil {
			t.Fatal(err)
		}
		var v order
		_, err = decodeQuery(form, &v)
		if e, ok := err.(*cloud.Error); !ok || e.Code != code {
			t.Errorf("%s: want %s, got %v", name, code, err)
		}
	}
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	var got order
	present, err := decodeJSON([]byte(`{"Name":"abc","Count":3,"Items":[{"Key":""}],"At":1767323045.25,"Labels":{},"Nested":null}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.UnixMilli(1767323045250).UTC(); !got.At.Equal(want) {
		t.Errorf("%v, want %v", got.At, want)
	}
	if !present["items.1.member.key"] || !present["labels"] || present["nested"] {
		t.Error(present)
	}
	for body, code := range map[string]string{
		`{"Nam":"abc"}`: "NotImplemented", `{"Items":[{"Kez":1}]}`: "NotImplemented",
		`{"Count":"3"}`: "SerializationException", `{`: "SerializationException", `{} {}`: "SerializationException", `[]`: "SerializationException",
	} {
		var v order
		_, err := decodeJSON([]byte(body), &v)
		if e, ok := err.(*cloud.Error); !ok || e.Code != code {
			t.Errorf("%s: want %s, got %v", body, code, err)
		}
	}
}

func TestDecodeXML(t *testing.T) {
	t.Parallel()
	root, err := parseXML([]byte(`<?xml version="1.0"?><Order xmlns="http://x/"><Name>abc</Name><Count>3</Count><Words><member>a</member><member>b</member></Words><Items><member><Key>k</Key></member></Items><Flat>f</Flat><Flat>g</Flat><Other>o &amp; p</Other></Order>`))
	if err != nil {
		t.Fatal(err)
	}
	var got order
	present := map[string]bool{}
	if err := decodeXML(root, reflect.ValueOf(&got).Elem(), "", present); err != nil {
		t.Fatal(err)
	}
	want := order{Name: "abc", Count: ptr(int64(3)), Words: []string{"a", "b"}, Items: []*item{{Key: "k"}}, Flat: []string{"f", "g"}, Renamed: "o & p"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "<a>", "<a></b>", "text", strings.Repeat("<a>", maxXMLDepth+2) + strings.Repeat("</a>", maxXMLDepth+2)} {
		if _, err := parseXML([]byte(bad)); err == nil {
			t.Errorf("%.40q is read", bad)
		}
	}
	root, err = parseXML([]byte(`<Order><Unknown/></Order>`))
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := decodeXML(root, reflect.ValueOf(new(order)).Elem(), "", map[string]bool{}).(*cloud.Error); !ok || e.Code != "NotImplemented" {
		t.Error("an element that the model does not have is dropped in silence")
	}
}

// TestXMLRoundTrip: what the encoder writes, Go's own decoder reads back.
func TestXMLRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~äöü<>&"'\n]{0,20}`)
		words := rapid.SliceOfN(text, 0, 4).Draw(t, "words")
		v := order{Name: text.Draw(t, "name"), Count: ptr(rapid.Int64().Draw(t, "count")), Words: words}
		var e xmlEncoder
		e.open("Order", "")
		e.members(reflect.ValueOf(v))
		e.shut("Order")
		var back struct {
			Name  string
			Count int64
			Words struct {
				Member []string `xml:"member"`
			}
		}
		if err := xml.Unmarshal(e.b.Bytes(), &back); err != nil {
			t.Fatalf("%v in %s", err, e.b.String())
		}
		if back.Name != v.Name || back.Count != *v.Count || strings.Join(back.Words.Member, "\x00") != strings.Join(words, "\x00") {
			t.Fatalf("%+v from %s", back, e.b.String())
		}
	})
}

// The messages are AWS's: constraints as its services word them, one sentence for
// all, lists numbered from 1.
func TestValidate(t *testing.T) {
	t.Parallel()
	good := order{Name: "abc"}
	for name, c := range map[string]struct {
		in      order
		present map[string]bool
		want    string
	}{
		"fine":      {good, nil, ""},
		"null":      {order{}, nil, "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"empty":     {order{}, map[string]bool{"name": true}, "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2; Value '' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		"too long":  {order{Name: "abcdef"}, nil, "1 validation error detected: Value 'abcdef' at 'name' failed to satisfy constraint: Member must have length less than or equal to 5"},
		"pattern":   {order{Name: "ABC"}, nil, "1 validation error detected: Value 'ABC' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		"anchored":  {order{Name: "ab1"}, nil, "1 validation error detected: Value 'ab1' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		"enum":      {order{Name: "abc", Kind: "HUGE"}, nil, "1 validation error detected: Value 'HUGE' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [BIG, SMALL]"},
		"too many":  {order{Name: "abc", Words: []string{"a", "b", "c", "d"}}, nil, "1 validation error detected: Value at 'words' failed to satisfy constraint: Member must have length less than or equal to 3"},
		"low":       {order{Name: "abc", Count: ptr(int64(0))}, nil, "1 validation error detected: Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"high":      {order{Name: "abc", Count: ptr(int64(11))}, nil, "1 validation error detected: Value '11' at 'count' failed to satisfy constraint: Member must have value less than or equal to 10"},
		"in a list": {order{Name: "abc", Items: []*item{{Key: "k"}, {}}}, nil, "1 validation error detected: Value null at 'items.2.member.key' failed to satisfy constraint: Member must not be null"},
		"member":    {order{Name: "abc", Words: []string{"abcde"}}, nil, "1 validation error detected: Value 'abcde' at 'words.1.member' failed to satisfy constraint: Member must have length less than or equal to 4"},
		"map key":   {order{Name: "abc", Labels: map[string]string{"long": "x"}}, nil, "1 validation error detected: Value at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 3]"},
		"map value": {order{Name: "abc", Labels: map[string]string{"k": ""}}, nil, "1 validation error detected: Value at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length greater than or equal to 1]"},
	} {
		got := ""
		if e := validate(&c.in, c.present, "ValidationException"); e != nil {
			got = e.Message
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := At(time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC))
	data, err := json.Marshal(at)
	if err != nil || string(data) != "1767323045.678" {
		t.Error(string(data), err)
	}
	for format, want := range map[string]string{"": "2026-01-02T03:04:05.678Z", "rfc822": "Fri, 02 Jan 2026 03:04:05 GMT", "unixTimestamp": "1767323045"} {
		if got := at.text(format); got != want {
			t.Errorf("%s: %s", format, got)
		}
		var back Time
		if err := back.parse(at.text(format), format); err != nil || back.Unix() != at.Unix() {
			t.Errorf("%s: %v, %v", format, back, err)
		}
	}
}

func FuzzDecodeQuery(f *testing.F) {
	f.Add("Action=Do&Name=abc&Words.member.1=a&Items.member.1.Inner.Inner.Key=x&Labels.entry.1.key=k&Labels.entry.1.value=v&Flat.1=f")
	f.Add("Words=&Items.member.1=&Nested=")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		var v order
		present, err := decodeQuery(form, &v)
		if err == nil {
			validate(&v, present, "ValidationError")
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"Name":"abc","Items":[{"Key":"k","Inner":null}],"Labels":{"a":"b"},"At":1.5}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var v order
		present, err := decodeJSON(body, &v)
		if err != nil {
			return
		}
		validate(&v, present, "ValidationException")
		if _, err := encodeJSON(&v); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

func FuzzDecodeXML(f *testing.F) {
	f.Add([]byte(`<Order><Name>abc</Name><Items><member><Key>k</Key></member></Items><Flat>a</Flat></Order>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		root, err := parseXML(body)
		if err != nil {
			return
		}
		var v order
		present := map[string]bool{}
		if decodeXML(root, reflect.ValueOf(&v).Elem(), "", present) == nil {
			validate(&v, present, "InvalidArgument")
		}
	})
}
