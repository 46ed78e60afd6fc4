package s3

import (
	"crypto/md5"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// creation is a new object before it has a body: what PutObject, CopyObject and
// CreateMultipartUpload have in common.
type creation struct {
	bucket, key  string
	headers      headers
	meta         map[string]string
	tags         []*Tag
	encryption   encryptionRequest
	mode         string
	until        time.Time
	hold         string
	storageClass string
	acl          string
	grants       []string
}

// maxKeyBytes is the longest key.
const maxKeyBytes = 1024

// prepare checks a creation and makes the version of it, without body and not yet
// in the bucket.
func (s *service) prepare(c *cloud.Call, b bucket, n creation) (*version, error) {
	if len(n.key) > maxKeyBytes {
		return nil, fault(400, "KeyTooLongError", "Your key is too long")
	}
	if err := checkACL(n.acl, n.grants...); err != nil {
		return nil, err
	}
	size := 0
	for k, v := range n.meta {
		size += len(k) + len(v)
	}
	if size > 2<<10 {
		return nil, fault(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	plan, err := s.plan(b, n.key, n.encryption)
	if err != nil {
		return nil, err
	}
	v := &version{Bucket: n.bucket, Key: n.key, Headers: n.headers, Meta: n.meta, Tags: n.tags, Sealed: plan, LegalHold: n.hold == "ON"}
	v.Headers.StorageClass = n.storageClass
	v.Headers.ContentEncoding = withoutChunked(v.Headers.ContentEncoding)
	if v.Headers.ContentType == "" {
		v.Headers.ContentType = "binary/octet-stream"
	}
	v.Retention, err = retention(c, b, n.mode, n.until, n.hold)
	return v, err
}

// withoutChunked takes the transfer's own encoding out of Content-Encoding.
func withoutChunked(encoding string) string {
	if !strings.Contains(encoding, "aws-chunked") {
		return encoding
	}
	var rest []string
	for e := range strings.SplitSeq(encoding, ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			rest = append(rest, e)
		}
	}
	return strings.Join(rest, ",")
}

// keep stores one piece of a body, sealed where key is not nil, and returns the
// piece and the MD5 of what lies in the store.
func (s *service) keep(key, body []byte) (part, [md5.Size]byte, error) {
	p := part{Blob: s.world.IDs.Hex(32), Size: int64(len(body))}
	var sum [md5.Size]byte
	if key != nil {
		blob, err := seal(s.world.IDs, key, body)
		if err != nil {
			return p, sum, err
		}
		// AWS's ETag of such an object is no MD5 of its contents either.
		body, sum = blob, md5.Sum(blob)
	}
	return p, sum, s.blobs.Put(p.Blob, body)
}

// body puts the pieces of a version together as the caller.
func (s *service) body(c *cloud.Call, b bucket, v *version) ([]byte, error) {
	var key []byte
	if v.Sealed != nil {
		var err error
		if key, err = s.openKey(c, b, v.Sealed); err != nil {
			return nil, err
		}
	}
	return s.join(key, v.Parts)
}

func (s *service) join(key []byte, parts []part) ([]byte, error) {
	var out []byte
	for _, p := range parts {
		blob, err := s.blobs.Get(p.Blob)
		if err != nil {
			return nil, err
		}
		if key != nil {
			if blob, err = unseal(key, blob); err != nil {
				return nil, err
			}
		}
		if len(parts) == 1 {
			return blob, nil
		}
		out = append(out, blob...)
	}
	return out, nil
}

// guard are the conditions under which a version may be put.
type guard struct{ match, noneMatch string }

func preconditionFailed(condition string) *cloud.Error {
	e := fault(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	e.Fields = map[string]any{"Condition": condition}
	return e
}

// check holds the latest version, or nil, to the conditions.
func (g guard) check(latest *version) error {
	there := latest != nil && !latest.Deleted
	switch {
	case g.noneMatch != "" && g.noneMatch != "*":
		return cloud.NotImplemented("If-None-Match with an ETag on a write: AWS takes * only")
	case g.noneMatch == "*" && there:
		return preconditionFailed("If-None-Match")
	case g.match != "" && !there:
		return fault(404, "NoSuchKey", "The specified key does not exist.")
	case g.match != "" && unquoted(g.match) != unquoted(latest.ETag):
		return preconditionFailed("If-Match")
	}
	return nil
}

func unquoted(etag string) string { return strings.Trim(etag, `"`) }

const versionAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"

// insert puts a version into its bucket as the latest of its key. Without
// versioning it takes the place of the null version. The bucket may have been
// deleted in between, which the lock on the index tells.
func (s *service) insert(c *cloud.Call, v *version, g guard) error {
	ix := s.index(v.Bucket)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	b, ok := s.buckets.Get(v.Bucket)
	if !ok {
		return noSuchBucket(v.Bucket)
	}
	if err := g.check(ix.findLocked(v.Key, "")); err != nil {
		return err
	}
	v.ID, v.Seq, v.Modified, v.VersionID = s.world.IDs.Hex(32), s.seq.Add(1), c.Time.UTC().Truncate(time.Second), nullVersion
	var replaced *version
	if b.Versioning == "Enabled" {
		v.VersionID = s.world.IDs.From(versionAlphabet, 32)
	} else {
		replaced = ix.findLocked(v.Key, nullVersion)
	}
	if err := s.rows.Put(v.ID, v); err != nil {
		return err
	}
	ix.addLocked(v)
	if replaced == nil {
		return nil
	}
	return s.drop(ix, replaced)
}

// drop removes a version with its body; the index is locked.
func (s *service) drop(ix *index, v *version) error {
	ix.removeLocked(v)
	if err := s.rows.Delete(v.ID); err != nil {
		return err
	}
	for _, p := range v.Parts {
		if err := s.blobs.Delete(p.Blob); err != nil {
			return err
		}
	}
	return nil
}

// shownVersion is the version id of an answer: none in a bucket that never had
// versions.
func shownVersion(b bucket, v *version) string {
	if b.Versioning == "" {
		return ""
	}
	return v.VersionID
}

// putActions are what a new object needs of its caller.
func putActions(tagging, mode, hold, acl string, grants ...string) []string {
	actions := []string{"PutObject"}
	if tagging != "" {
		actions = append(actions, "PutObjectTagging")
	}
	if mode != "" {
		actions = append(actions, "PutObjectRetention")
	}
	if hold != "" {
		actions = append(actions, "PutObjectLegalHold")
	}
	if acl != "" || strings.Join(grants, "") != "" {
		actions = append(actions, "PutObjectAcl")
	}
	return actions
}

func (s *service) putObject(c *cloud.Call, b bucket, in *PutObjectRequest) (*PutObjectOutput, error) {
	if in.WriteOffsetBytes != nil {
		return nil, cloud.NotImplemented("appending to objects")
	}
	tags, err := parseTags(in.Tagging)
	if err != nil {
		return nil, err
	}
	v, err := s.prepare(c, b, creation{bucket: in.Bucket, key: in.Key, meta: in.Metadata, tags: tags,
		headers:    headers{CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding, ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Expires: in.Expires, Redirect: in.WebsiteRedirectLocation},
		encryption: encryptionRequest{in.ServerSideEncryption, in.SSEKMSKeyId, in.SSEKMSEncryptionContext, in.BucketKeyEnabled, in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5},
		mode:       in.ObjectLockMode, until: in.ObjectLockRetainUntilDate.Time, hold: in.ObjectLockLegalHoldStatus, storageClass: in.StorageClass,
		acl: in.ACL, grants: []string{in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP}})
	if err != nil {
		return nil, err
	}
	var sum [md5.Size]byte
	if v.Checksum, sum, err = verify(in.Body, in, in.ChecksumAlgorithm, in.ContentMD5, crc64nvme); err != nil {
		return nil, err
	}
	if explicit, _ := given(in); (in.ObjectLockMode != "" || in.ObjectLockLegalHoldStatus != "") && in.ContentMD5 == "" && explicit.Algorithm == "" {
		return nil, invalidRequest("Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	}
	var key []byte
	if v.Sealed != nil {
		if key, err = s.newKey(c, b, v.Sealed); err != nil {
			return nil, err
		}
	}
	p, stored, err := s.keep(key, in.Body)
	if err != nil {
		return nil, err
	}
	if key != nil {
		sum = stored
	}
	v.Size, v.ETag, v.Parts = p.Size, quoted(sum), []part{p}
	if err := s.insert(c, v, guard{in.IfMatch, in.IfNoneMatch}); err != nil {
		_ = s.blobs.Delete(p.Blob)
		return nil, err
	}
	s.created(c, b, v, "PutObject")
	out := &PutObjectOutput{ETag: v.ETag, VersionId: shownVersion(b, v), SSEKMSEncryptionContext: v.Sealed.shownContext()}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	v.Checksum.show(out)
	return out, nil
}
