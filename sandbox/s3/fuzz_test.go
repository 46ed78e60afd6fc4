package s3

import (
	"strings"
	"testing"
)

// FuzzRange holds ranges to lie inside the body.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-3", "bytes=-5", "bytes=5-", "bytes=9-1", "bytes=", "bytes=0-18446744073709551616", "lines=1-2"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		r, err := parseRange(header, size)
		if err == nil && r != nil && (r.first < 0 || r.first > r.last || r.last >= size) {
			t.Errorf("parseRange(%q, %d) = %+v", header, size, *r)
		}
	})
}

// FuzzSource holds a copy source to name a bucket and a key, or to be refused.
func FuzzSource(f *testing.F) {
	for _, s := range []string{"b/k", "/b/k", "b/k?versionId=v", "b%2Fk%3F", "arn:aws:s3:::b/k", "b", "?", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		s, err := parseSource(header)
		if err == nil && (s.bucket == "" || s.key == "" || strings.Contains(s.bucket, "/")) {
			t.Errorf("parseSource(%q) = %+v", header, s)
		}
	})
}

// FuzzTags holds the header x-amz-tagging to tags that S3 takes.
func FuzzTags(f *testing.F) {
	for _, s := range []string{"a=b", "a=b&c=d", "a", "=", "%zz=1", "a=1&a=2", "aws:x=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		tags, err := parseTags(header)
		if err == nil && len(tags) > 10 {
			t.Errorf("%d tags of %q", len(tags), header)
		}
	})
}

// FuzzPolicy: no policy brings the check down, and what is public without
// conditions stays so whatever else is in it.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, `{}`, `[]`, `{"Statement":1}`, `{"Statement":[{"Principal":{"AWS":[]}}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := checkPolicy("b", text)
		if err == nil {
			isPublic(doc)
		}
	})
}
