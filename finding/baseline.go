package finding

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Baseline is a list of findings and ways that were there before, and are not to
// fail a scan again. It is compared by fingerprint, so it survives moved lines.
type Baseline struct {
	Schema  string          `json:"schema"` // twokey.baseline/v1
	Entries []BaselineEntry `json:"entries"`
}

// BaselineEntry is one accepted finding; rule and subject are for readers.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Subject     string `json:"subject"`
}

// BaselineSchema is the schema of the baseline files that this version writes.
const BaselineSchema = "twokey.baseline/v1"

// maxBaselineBytes bounds a baseline file: about 100,000 entries.
const maxBaselineBytes = 32 << 20

// NewBaseline lists what counts in a scan now: every finding that fails and is
// not suppressed, and every way to production.
func NewBaseline(s *Scan) Baseline {
	b := Baseline{Schema: BaselineSchema, Entries: []BaselineEntry{}}
	for _, p := range s.Pipelines {
		for _, w := range p.Ways {
			b.Entries = append(b.Entries, BaselineEntry{w.Fingerprint, "way", p.Name + ": " + w.Title})
		}
	}
	for _, f := range s.Findings {
		if f.Suppressed == nil && f.Status == StatusFail {
			b.Entries = append(b.Entries, BaselineEntry{f.Fingerprint, f.Rule, f.Subject.ID})
		}
	}
	slices.SortFunc(b.Entries, func(x, y BaselineEntry) int {
		return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Fingerprint, y.Fingerprint))
	})
	return b
}

// ReadBaseline reads a baseline file strictly: an unknown member or schema is an error.
func ReadBaseline(r io.Reader) (Baseline, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBaselineBytes+1))
	if err != nil {
		return Baseline{}, err
	}
	if len(data) > maxBaselineBytes {
		return Baseline{}, fmt.Errorf("baseline is over %d bytes", maxBaselineBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var b Baseline
	if err := dec.Decode(&b); err != nil {
		return Baseline{}, fmt.Errorf("not a baseline: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Baseline{}, fmt.Errorf("not a baseline: text after its end")
	}
	if b.Schema != BaselineSchema {
		return Baseline{}, fmt.Errorf("baseline has schema %q, this version reads %q", b.Schema, BaselineSchema)
	}
	return b, nil
}

// Write writes the baseline as JSON.
func (b Baseline) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(b)
}

// Apply marks what the baseline holds as suppressed in s and returns how many
// findings and ways it matched.
func (b Baseline) Apply(s *Scan) (matched int) {
	known := make(map[string]bool, len(b.Entries))
	for _, e := range b.Entries {
		known[e.Fingerprint] = true
	}
	mark := &Suppression{Kind: "baseline", Reason: "in the baseline"}
	for i := range s.Pipelines {
		ways := s.Pipelines[i].Ways
		for j := range ways {
			if known[ways[j].Fingerprint] && ways[j].Suppressed == nil {
				ways[j].Suppressed = mark
				matched++
			}
		}
	}
	for i := range s.Findings {
		if f := &s.Findings[i]; known[f.Fingerprint] && f.Suppressed == nil {
			f.Suppressed = mark
			matched++
		}
	}
	return matched
}
