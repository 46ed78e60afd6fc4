package s3

import (
	"crypto/md5"
	"net/url"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// source is what a copy is made of.
type source struct{ bucket, key, version string }

// parseSource reads the header x-amz-copy-source: "bucket/key?versionId=…",
// URL-encoded, with or without a slash in front.
func parseSource(header string) (source, error) {
	path, query, hasQuery := strings.Cut(header, "?")
	var out source
	if hasQuery {
		v, ok := strings.CutPrefix(query, "versionId=")
		if !ok || v == "" {
			return out, invalidArgument("Unsupported copy source parameter.")
		}
		out.version = v
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return out, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	if strings.HasPrefix(decoded, "arn:") {
		return out, cloud.NotImplemented("access points")
	}
	out.bucket, out.key, _ = strings.Cut(strings.TrimPrefix(decoded, "/"), "/")
	if out.bucket == "" || out.key == "" {
		return out, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	return out, nil
}

// sourceChecks are what a copy needs on its source.
func (s *service) sourceChecks(c *cloud.Call, header, expectedOwner string, tags bool) ([]cloud.Check, error) {
	from, err := parseSource(header)
	if err != nil {
		return nil, err
	}
	b, ok := s.buckets.Get(from.bucket)
	if !ok {
		return nil, noSuchBucket(from.bucket)
	}
	if expectedOwner != "" && expectedOwner != b.Account {
		return nil, accessDenied("Access Denied")
	}
	if err := s.reachable(c, b); err != nil {
		return nil, err
	}
	actions := []string{versioned(from.version, "GetObject", "GetObjectVersion")}
	if v := s.index(b.Name).find(from.key, from.version); tags && v != nil && len(v.Tags) > 0 {
		actions = append(actions, versioned(from.version, "GetObjectTagging", "GetObjectVersionTagging"))
	}
	read := &GetObjectRequest{Bucket: from.bucket, Key: from.key, VersionId: from.version}
	return s.onObject(c, b, read, actions...)
}

func (s *service) copyChecks(c *cloud.Call, b bucket, in *CopyObjectRequest) ([]cloud.Check, error) {
	copied := in.TaggingDirective != "REPLACE"
	checks, err := s.sourceChecks(c, in.CopySource, in.ExpectedSourceBucketOwner, copied)
	if err != nil {
		return nil, err
	}
	tagging := in.Tagging
	if copied {
		tagging = ""
		if from, err := parseSource(in.CopySource); err == nil {
			if v := s.index(from.bucket).find(from.key, from.version); v != nil && len(v.Tags) > 0 {
				tagging = "copied"
			}
		}
	}
	to, err := s.onNew(c, b, in, putActions(tagging, in.ObjectLockMode, in.ObjectLockLegalHoldStatus, in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP))
	return append(checks, to...), err
}

// fetch finds the source of a copy and reads it as the caller.
func (s *service) fetch(c *cloud.Call, header string, q conditional) (*version, []byte, error) {
	from, err := parseSource(header)
	if err != nil {
		return nil, nil, err
	}
	b, ok := s.buckets.Get(from.bucket)
	if !ok {
		return nil, nil, noSuchBucket(from.bucket)
	}
	v, err := s.current(c, b, from.key, from.version)
	if err != nil {
		return nil, nil, err
	}
	if err := q.check(v); err != nil {
		// A copy that is not made because nothing changed fails all the same.
		return nil, nil, preconditionFailed("x-amz-copy-source-If")
	}
	body, err := s.body(c, b, v)
	return v, body, err
}

func (s *service) copyObject(c *cloud.Call, b bucket, in *CopyObjectRequest) (*CopyObjectOutput, error) {
	if in.CopySourceSSECustomerAlgorithm != "" {
		return nil, cloud.NotImplemented("server-side encryption with customer keys (SSE-C)")
	}
	from, body, err := s.fetch(c, in.CopySource, conditional{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince.Time, in.CopySourceIfUnmodifiedSince.Time})
	if err != nil {
		return nil, err
	}
	n := creation{bucket: in.Bucket, key: in.Key, headers: from.Headers, meta: from.Meta, tags: from.Tags,
		encryption: encryptionRequest{in.ServerSideEncryption, in.SSEKMSKeyId, in.SSEKMSEncryptionContext, in.BucketKeyEnabled, in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5},
		mode:       in.ObjectLockMode, until: in.ObjectLockRetainUntilDate.Time, hold: in.ObjectLockLegalHoldStatus, storageClass: in.StorageClass,
		acl: in.ACL, grants: []string{in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP}}
	replace := in.MetadataDirective == "REPLACE"
	if replace {
		n.meta = in.Metadata
		n.headers = headers{CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding, ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Expires: in.Expires}
	}
	n.headers.Redirect = in.WebsiteRedirectLocation
	if in.TaggingDirective == "REPLACE" {
		if n.tags, err = parseTags(in.Tagging); err != nil {
			return nil, err
		}
	}
	itself := from.Bucket == in.Bucket && from.Key == in.Key
	if src, _ := parseSource(in.CopySource); itself && src.version == "" && !replace && in.StorageClass == "" && in.WebsiteRedirectLocation == "" && in.ServerSideEncryption == "" {
		return nil, invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	v, err := s.prepare(c, b, n)
	if err != nil {
		return nil, err
	}
	algorithm := or(in.ChecksumAlgorithm, or(from.Checksum.Algorithm, crc64nvme))
	v.Checksum = checksum{Algorithm: algorithm, Type: fullObject}
	if v.Checksum.Value, err = digest(algorithm, body); err != nil {
		return nil, err
	}
	var key []byte
	if v.Sealed != nil {
		if key, err = s.newKey(c, b, v.Sealed); err != nil {
			return nil, err
		}
	}
	p, sum, err := s.keep(key, body)
	if err != nil {
		return nil, err
	}
	if key == nil {
		sum = md5.Sum(body)
	}
	v.Size, v.ETag, v.Parts = p.Size, quoted(sum), []part{p}
	if err := s.insert(c, v, guard{in.IfMatch, in.IfNoneMatch}); err != nil {
		_ = s.blobs.Delete(p.Blob)
		return nil, err
	}
	s.created(c, b, v, "CopyObject")
	result := &CopyObjectResult{ETag: v.ETag, LastModified: wire.At(v.Modified)}
	v.Checksum.show(result)
	out := &CopyObjectOutput{CopyObjectResult: result, VersionId: shownVersion(b, v), SSEKMSEncryptionContext: v.Sealed.shownContext()}
	if from.VersionID != nullVersion {
		out.CopySourceVersionId = from.VersionID
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	return out, nil
}
