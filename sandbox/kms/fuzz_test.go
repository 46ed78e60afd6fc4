package kms

import (
	"bytes"
	"testing"
)

// FuzzOpen: no ciphertext that the key did not make opens, and none brings it down.
func FuzzOpen(f *testing.F) {
	k := key{ARN: "arn:aws:kms:eu-central-1:111111111111:key/k", Material: bytes.Repeat([]byte{7}, 32)}
	f.Add([]byte{}, "a", "b")
	f.Add([]byte{1, 0, 0}, "", "")
	f.Add([]byte{1, 255, 255, 0}, "a", "")
	f.Fuzz(func(t *testing.T, blob []byte, name, value string) {
		_, rest, ok := split(blob)
		if !ok {
			return
		}
		if plain, err := k.open(rest, map[string]string{name: value}); err == nil {
			t.Errorf("opened to %q", plain)
		}
	})
}

// FuzzCanonical: two encryption contexts are the same bytes only where they are the
// same.
func FuzzCanonical(f *testing.F) {
	f.Add("a", "b", "ab", "")
	f.Add("a", "", "", "a")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		one, two := canonical(map[string]string{a: b}), canonical(map[string]string{c: d})
		if bytes.Equal(one, two) != (a == c && b == d) {
			t.Errorf("{%q: %q} and {%q: %q}", a, b, c, d)
		}
	})
}
