package s3

import (
	"encoding/base64"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxList is the longest page of any listing.
const maxList = 1000

// page is one listing under way: what is under the prefix, folded at the
// delimiter, after a marker, up to a limit.
type page struct {
	prefix, delimiter, after string
	limit                    int
	prefixes                 []*CommonPrefix
	n                        int
	truncated                bool
	last                     string // key or common prefix listed last
	folded                   string // the common prefix that the keys before belong to
	encode                   func(string) string
}

func newPage(prefix, delimiter, encoding string, limit *int64) (*page, error) {
	p := &page{prefix: prefix, delimiter: delimiter, limit: maxList, encode: func(s string) string { return s }}
	if encoding == "url" {
		p.encode = urlEncode
	}
	if limit != nil {
		if *limit < 0 || *limit > 1<<31-1 {
			return nil, invalidArgument("Argument maxKeys must be an integer between 0 and 2147483647")
		}
		p.limit = int(min(*limit, maxList))
	}
	return p, nil
}

// urlEncode is what encoding-type=url does to keys.
func urlEncode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._~/*", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// start is the first key that a walk need look at.
func (p *page) start() string { return max(p.prefix, p.after) }

// full reports, before another entry is listed, whether the page has no room.
func (p *page) full() bool {
	p.truncated = p.n >= p.limit
	return p.truncated
}

// take looks at one key: list says whether it is to be listed itself, more
// whether the walk goes on.
func (p *page) take(key string) (list, more bool) {
	if !strings.HasPrefix(key, p.prefix) {
		return false, false
	}
	if p.delimiter != "" {
		if i := strings.Index(key[len(p.prefix):], p.delimiter); i >= 0 {
			common := key[:len(p.prefix)+i+len(p.delimiter)]
			if common == p.folded || common == p.after {
				return false, true
			}
			if p.full() {
				return false, false
			}
			p.prefixes = append(p.prefixes, &CommonPrefix{Prefix: p.encode(common)})
			p.n, p.folded, p.last = p.n+1, common, common
			return false, true
		}
	}
	return true, true
}

// listed counts an entry.
func (p *page) listed(key string) { p.n, p.last = p.n+1, key }

func makeToken(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func token(text string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", invalidArgument("The continuation token provided is incorrect")
	}
	return string(raw), nil
}

// objects lists the latest versions.
func (s *service) objects(b bucket, p *page, withOwner bool) []*Object {
	out := []*Object{}
	if p.limit == 0 {
		return out
	}
	s.index(b.Name).walk(p.start(), func(key string, versions []*version) bool {
		v := versions[0]
		if p.after != "" && key <= p.after || v.Deleted {
			return true
		}
		list, more := p.take(key)
		if !list {
			return more
		}
		if p.full() {
			return false
		}
		o := &Object{Key: p.encode(key), LastModified: wire.At(v.Modified), ETag: v.ETag, Size: &v.Size, StorageClass: or(v.Headers.StorageClass, "STANDARD")}
		if v.Checksum.Algorithm != "" {
			o.ChecksumAlgorithm, o.ChecksumType = []string{v.Checksum.Algorithm}, v.Checksum.Type
		}
		if withOwner {
			o.Owner = owner(b.Account)
		}
		out = append(out, o)
		p.listed(key)
		return true
	})
	return out
}

func (s *service) listObjects(_ *cloud.Call, b bucket, in *ListObjectsRequest) (*ListObjectsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	p.after = in.Marker
	out := &ListObjectsOutput{Name: b.Name, Prefix: p.encode(in.Prefix), Marker: p.encode(in.Marker), Delimiter: p.encode(in.Delimiter), MaxKeys: ptr(int64(p.limit)), EncodingType: in.EncodingType}
	out.Contents = s.objects(b, p, true)
	out.CommonPrefixes, out.IsTruncated = p.prefixes, &p.truncated
	if p.truncated && in.Delimiter != "" {
		out.NextMarker = p.encode(p.last)
	}
	return out, nil
}

func (s *service) listObjectsV2(_ *cloud.Call, b bucket, in *ListObjectsV2Request) (*ListObjectsV2Output, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	p.after = in.StartAfter
	if in.ContinuationToken != "" {
		if p.after, err = token(in.ContinuationToken); err != nil {
			return nil, err
		}
	}
	out := &ListObjectsV2Output{Name: b.Name, Prefix: p.encode(in.Prefix), Delimiter: p.encode(in.Delimiter), MaxKeys: ptr(int64(p.limit)), EncodingType: in.EncodingType,
		ContinuationToken: in.ContinuationToken, StartAfter: p.encode(in.StartAfter)}
	out.Contents = s.objects(b, p, isTrue(in.FetchOwner))
	out.CommonPrefixes, out.IsTruncated, out.KeyCount = p.prefixes, &p.truncated, ptr(int64(p.n))
	if p.truncated {
		out.NextContinuationToken = makeToken(p.last)
	}
	return out, nil
}

func (s *service) listVersions(_ *cloud.Call, b bucket, in *ListObjectVersionsRequest) (*ListObjectVersionsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	if in.VersionIdMarker != "" && in.KeyMarker == "" {
		return nil, invalidArgument("A version-id marker cannot be specified without a key marker.")
	}
	p.after = in.KeyMarker
	out := &ListObjectVersionsOutput{Name: b.Name, Prefix: p.encode(in.Prefix), Delimiter: p.encode(in.Delimiter), KeyMarker: p.encode(in.KeyMarker), VersionIdMarker: in.VersionIdMarker,
		MaxKeys: ptr(int64(p.limit)), EncodingType: in.EncodingType}
	lastVersion := ""
	list := func(key string, versions []*version, from int) bool {
		for i := from; i < len(versions); i++ {
			if p.full() {
				return false
			}
			v := versions[i]
			latest := i == 0
			if v.Deleted {
				out.DeleteMarkers = append(out.DeleteMarkers, &DeleteMarkerEntry{Key: p.encode(key), VersionId: v.VersionID, IsLatest: &latest, LastModified: wire.At(v.Modified), Owner: owner(b.Account)})
			} else {
				o := &ObjectVersion{Key: p.encode(key), VersionId: v.VersionID, IsLatest: &latest, LastModified: wire.At(v.Modified), ETag: v.ETag, Size: &v.Size,
					StorageClass: or(v.Headers.StorageClass, "STANDARD"), Owner: owner(b.Account)}
				if v.Checksum.Algorithm != "" {
					o.ChecksumAlgorithm, o.ChecksumType = []string{v.Checksum.Algorithm}, v.Checksum.Type
				}
				out.Versions = append(out.Versions, o)
			}
			p.listed(key)
			lastVersion = v.VersionID
		}
		return true
	}
	if p.limit > 0 {
		s.index(b.Name).walk(p.start(), func(key string, versions []*version) bool {
			from := 0
			if key == in.KeyMarker && in.VersionIdMarker != "" {
				for from < len(versions) && versions[from].VersionID != in.VersionIdMarker {
					from++
				}
				from++
			} else if p.after != "" && key <= p.after {
				return true
			}
			one, more := p.take(key)
			if !one {
				return more
			}
			return list(key, versions, from)
		})
	}
	out.CommonPrefixes, out.IsTruncated = p.prefixes, &p.truncated
	if p.truncated {
		out.NextKeyMarker = p.encode(p.last)
		if p.last != p.folded {
			out.NextVersionIdMarker = lastVersion
		}
	}
	return out, nil
}

func (s *service) listOps() []wire.Operation {
	return []wire.Operation{
		data(s, "ListObjects", func(c *cloud.Call, _ bucket, in *ListObjectsRequest) ([]cloud.Check, error) {
			return s.onBucket(c, in, "ListBucket")
		}, s.listObjects),
		data(s, "ListObjectsV2", func(c *cloud.Call, _ bucket, in *ListObjectsV2Request) ([]cloud.Check, error) {
			return s.onBucket(c, in, "ListBucket")
		}, s.listObjectsV2),
		data(s, "ListObjectVersions", func(c *cloud.Call, _ bucket, in *ListObjectVersionsRequest) ([]cloud.Check, error) {
			return s.onBucket(c, in, "ListBucketVersions")
		}, s.listVersions),
	}
}
