package cloud

import (
	"testing"
)

type sample struct {
	RoleArn  string            `json:"RoleArn,omitzero"`
	Password string            `json:"Password,omitzero" sensitive:"true"`
	Tags     []*sampleTag      `json:"Tags,omitzero"`
	Counts   map[string]int64  `json:"counts,omitzero"`
	Absent   *sampleTag        `json:"Absent,omitzero"`
	Labels   map[string]string `json:"Labels,omitzero"`
}

type sampleTag struct {
	Key string `json:"Key"`
}

type secretive struct{ Secret string }

func (secretive) Redacted() any { return map[string]any{"safe": []any{1, nil, true}} }

func TestTrailJSON(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"null": &struct{}{},
		`{"roleArn":"a\"b","password":"HIDDEN_DUE_TO_SECURITY_REASONS","tags":[{"key":"K"},null],"counts":{"A":1,"b":2},"labels":{"X-Y":"z"}}`: &sample{
			RoleArn: `a"b`, Password: "hunter2", Tags: []*sampleTag{{"K"}, nil}, Counts: map[string]int64{"b": 2, "A": 1}, Labels: map[string]string{"X-Y": "z"}},
		`{"safe":[1,null,true]}`: secretive{"x"},
	} {
		if got := string(trailJSON(v)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := string(trailJSON((*sample)(nil))); got != "null" {
		t.Error(got)
	}
	if got := string(trailJSON(nil)); got != "null" {
		t.Error(got)
	}
}

type nothing struct{}

func (nothing) Service() string                    { return "x" }
func (nothing) Name() string                       { return "Do" }
func (nothing) ReadOnly() bool                     { return false }
func (nothing) Data() bool                         { return false }
func (nothing) NewInput() any                      { return &struct{}{} }
func (nothing) Checks(*Call, any) ([]Check, error) { return nil, nil }
func (nothing) Run(*Call, any) (any, error)        { return &struct{}{}, nil }

// TestTrailIsBounded: the newest records stay.
func TestTrailIsBounded(t *testing.T) {
	t.Parallel()
	w, err := New(Options{Accounts: []Account{{ID: "111111111111"}}})
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for range maxTrail + 2*trailSlack {
		c := w.NewCall(t.Context(), RootIdentity("111111111111"), "111111111111", "us-east-1", nothing{})
		if _, err := c.Do(&struct{}{}); err != nil {
			t.Fatal(err)
		}
		last = c.EventID
	}
	rows := w.Trail("111111111111")
	if len(rows) < maxTrail || len(rows) > maxTrail+trailSlack || rows[len(rows)-1].EventID != last {
		t.Fatalf("%d records", len(rows))
	}
}
