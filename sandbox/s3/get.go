package s3

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// current finds the version that a request is about. What is not there is told
// only to those who may list the bucket; others are denied.
func (s *service) current(c *cloud.Call, b bucket, key, id string) (*version, error) {
	v := s.index(b.Name).find(key, id)
	switch {
	case v != nil && !v.Deleted:
		return v, nil
	case v != nil && id != "":
		e := fault(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		e.Headers = map[string]string{"x-amz-delete-marker": "true", "x-amz-version-id": v.VersionID, "Allow": "DELETE", "Last-Modified": v.Modified.Format(http.TimeFormat)}
		return nil, e
	case id != "" && id != nullVersion && len(id) != 32:
		return nil, invalidArgument("Invalid version id specified")
	}
	list := cloud.Check{Action: "s3:ListBucket", Resource: bucketARN(b.Name), ResourceAccount: b.Account, Context: contextOf(b).Set("s3:prefix", key)}
	if err := c.Authorize(list); err != nil {
		return nil, err
	}
	if id != "" {
		e := fault(404, "NoSuchVersion", "The specified version does not exist.")
		e.Fields = map[string]any{"Key": key, "VersionId": id}
		return nil, e
	}
	e := fault(404, "NoSuchKey", "The specified key does not exist.")
	e.Fields = map[string]any{"Key": key}
	if v != nil {
		e.Headers = map[string]string{"x-amz-delete-marker": "true", "x-amz-version-id": v.VersionID}
	}
	return nil, e
}

// conditional are the conditions of a read.
type conditional struct {
	match, noneMatch string
	since, unchanged time.Time
}

// check holds a version to the conditions, in the order of RFC 9110, 13.2.2.
func (q conditional) check(v *version) error {
	any := func(list string) bool {
		for e := range strings.SplitSeq(list, ",") {
			if e = strings.TrimSpace(e); e == "*" || unquoted(e) == unquoted(v.ETag) {
				return true
			}
		}
		return false
	}
	switch {
	case q.match != "" && !any(q.match):
		return preconditionFailed("If-Match")
	case q.match == "" && !q.unchanged.IsZero() && v.Modified.After(q.unchanged):
		return preconditionFailed("If-Unmodified-Since")
	case q.noneMatch != "" && any(q.noneMatch),
		q.noneMatch == "" && !q.since.IsZero() && !v.Modified.After(q.since):
		e := fault(304, "NotModified", "Not Modified")
		e.Headers = map[string]string{"ETag": v.ETag, "Last-Modified": v.Modified.Format(http.TimeFormat)}
		return e
	}
	return nil
}

// span is a piece of a body, both ends included.
type span struct{ first, last int64 }

// parseRange reads a Range header as S3 does: one range in bytes, anything else is
// ignored.
func parseRange(header string, size int64) (*span, error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(to, ",") {
		return nil, nil
	}
	r := span{0, size - 1}
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	switch {
	case from == "" && err2 == nil && last >= 0: // the last n bytes
		r.first = max(size-last, 0)
		if last == 0 {
			r.first = size
		}
	case from == "" || err1 != nil || first < 0 || to != "" && (err2 != nil || last < first):
		return nil, nil
	default:
		r.first = first
		if to != "" {
			r.last = min(last, size-1)
		}
	}
	if r.first >= size {
		e := fault(416, "InvalidRange", "The requested range is not satisfiable")
		e.Fields = map[string]any{"RangeRequested": header, "ActualObjectSize": strconv.FormatInt(size, 10)}
		e.Headers = map[string]string{"Content-Range": "bytes */" + strconv.FormatInt(size, 10)}
		return nil, e
	}
	return &r, nil
}

// pick finds the piece of a version that a Range or a part number names; nil means
// all of it.
func pick(v *version, header string, number *int64) (*span, error) {
	if number == nil {
		if header == "" {
			return nil, nil
		}
		return parseRange(header, v.Size)
	}
	if header != "" {
		return nil, invalidRequest("Cannot specify both Range header and partNumber query parameter")
	}
	if *number < 1 || *number > maxParts {
		return nil, invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	var at int64
	for i, p := range v.Parts {
		if int64(i+1) == *number {
			return &span{at, at + p.Size - 1}, nil
		}
		at += p.Size
	}
	return nil, fault(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
}

func (s *service) getObject(c *cloud.Call, b bucket, in *GetObjectRequest) (*GetObjectOutput, error) {
	if in.SSECustomerAlgorithm != "" || in.SSECustomerKey != "" {
		return nil, cloud.NotImplemented("server-side encryption with customer keys (SSE-C)")
	}
	v, err := s.current(c, b, in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	if err := (conditional{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince.Time, in.IfUnmodifiedSince.Time}).check(v); err != nil {
		return nil, err
	}
	piece, err := pick(v, in.Range, in.PartNumber)
	if err != nil {
		return nil, err
	}
	body, err := s.body(c, b, v)
	if err != nil {
		// The object may have been replaced since it was found.
		if now := s.index(b.Name).find(in.Key, in.VersionId); now != nil && now.ID != v.ID {
			return s.getObject(c, b, in)
		}
		return nil, err
	}
	if err := overridable(c, in); err != nil {
		return nil, err
	}
	h := v.Headers
	out := &GetObjectOutput{Body: body, AcceptRanges: "bytes", LastModified: wire.At(v.Modified), ETag: v.ETag, VersionId: shownVersion(b, v),
		CacheControl: or(in.ResponseCacheControl, h.CacheControl), ContentDisposition: or(in.ResponseContentDisposition, h.ContentDisposition),
		ContentEncoding: or(in.ResponseContentEncoding, h.ContentEncoding), ContentLanguage: or(in.ResponseContentLanguage, h.ContentLanguage),
		ContentType: or(in.ResponseContentType, h.ContentType), Expires: h.Expires, WebsiteRedirectLocation: h.Redirect, StorageClass: shownClass(h.StorageClass), Metadata: v.Meta}
	if !in.ResponseExpires.IsZero() {
		out.Expires = in.ResponseExpires.UTC().Format(http.TimeFormat)
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	out.ObjectLockMode, out.ObjectLockRetainUntilDate, out.ObjectLockLegalHoldStatus = s.shownLock(c, b, v)
	if len(v.Tags) > 0 {
		out.TagCount = ptr(int64(len(v.Tags)))
	}
	if v.Multipart && in.PartNumber != nil {
		out.PartsCount = ptr(int64(len(v.Parts)))
	}
	if in.ChecksumMode == "ENABLED" && piece == nil {
		v.Checksum.show(out)
	}
	if piece != nil {
		out.Body = body[piece.first : piece.last+1]
		out.ContentRange = contentRange(piece, v.Size)
	}
	out.ContentLength = ptr(int64(len(out.Body)))
	return out, nil
}

func contentRange(p *span, size int64) string {
	return "bytes " + strconv.FormatInt(p.first, 10) + "-" + strconv.FormatInt(p.last, 10) + "/" + strconv.FormatInt(size, 10)
}

// overridable refuses the response-* parameters to anonymous callers, as S3 does.
func overridable(c *cloud.Call, in *GetObjectRequest) error {
	asked := in.ResponseCacheControl + in.ResponseContentDisposition + in.ResponseContentEncoding + in.ResponseContentLanguage + in.ResponseContentType
	if c.Identity.Kind == cloud.Anonymous && (asked != "" || !in.ResponseExpires.IsZero()) {
		return invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
	}
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// shownClass is a storage class in a header: STANDARD is left out.
func shownClass(class string) string {
	if class == "STANDARD" {
		return ""
	}
	return class
}

func (s *service) headObject(c *cloud.Call, b bucket, in *HeadObjectRequest) (*HeadObjectOutput, error) {
	v, err := s.current(c, b, in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	if err := (conditional{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince.Time, in.IfUnmodifiedSince.Time}).check(v); err != nil {
		return nil, err
	}
	piece, err := pick(v, in.Range, in.PartNumber)
	if err != nil {
		return nil, err
	}
	h := v.Headers
	out := &HeadObjectOutput{AcceptRanges: "bytes", LastModified: wire.At(v.Modified), ContentLength: &v.Size, ETag: v.ETag, VersionId: shownVersion(b, v),
		CacheControl: or(in.ResponseCacheControl, h.CacheControl), ContentDisposition: or(in.ResponseContentDisposition, h.ContentDisposition),
		ContentEncoding: or(in.ResponseContentEncoding, h.ContentEncoding), ContentLanguage: or(in.ResponseContentLanguage, h.ContentLanguage),
		ContentType: or(in.ResponseContentType, h.ContentType), Expires: h.Expires, WebsiteRedirectLocation: h.Redirect, StorageClass: shownClass(h.StorageClass), Metadata: v.Meta}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	out.ObjectLockMode, out.ObjectLockRetainUntilDate, out.ObjectLockLegalHoldStatus = s.shownLock(c, b, v)
	if len(v.Tags) > 0 {
		out.TagCount = ptr(int64(len(v.Tags)))
	}
	if v.Multipart && in.PartNumber != nil {
		out.PartsCount = ptr(int64(len(v.Parts)))
	}
	if in.ChecksumMode == "ENABLED" && piece == nil {
		v.Checksum.show(out)
	}
	if piece != nil {
		out.ContentLength = ptr(piece.last - piece.first + 1)
		out.ContentRange = contentRange(piece, v.Size)
	}
	return out, nil
}

func (s *service) getAttributes(c *cloud.Call, b bucket, in *GetObjectAttributesRequest) (*GetObjectAttributesOutput, error) {
	v, err := s.current(c, b, in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	out := &GetObjectAttributesOutput{LastModified: wire.At(v.Modified), VersionId: shownVersion(b, v)}
	for _, a := range in.ObjectAttributes {
		switch a {
		case "ETag":
			out.ETag = unquoted(v.ETag)
		case "ObjectSize":
			out.ObjectSize = &v.Size
		case "StorageClass":
			out.StorageClass = or(v.Headers.StorageClass, "STANDARD")
		case "Checksum":
			if v.Checksum.Algorithm != "" {
				out.Checksum = &Checksum{}
				v.Checksum.show(out.Checksum)
			}
		case "ObjectParts":
			if v.Multipart {
				out.ObjectParts, err = attributeParts(v, in.MaxParts, in.PartNumberMarker)
			}
		}
	}
	return out, err
}

func attributeParts(v *version, limit, marker *int64) (*GetObjectAttributesParts, error) {
	size, from := int64(1000), int64(0)
	if limit != nil {
		size = *limit
	}
	if marker != nil {
		from = *marker
	}
	if size < 0 || from < 0 {
		return nil, invalidArgument("x-amz-max-parts and x-amz-part-number-marker must not be negative")
	}
	out := &GetObjectAttributesParts{TotalPartsCount: ptr(int64(len(v.Parts))), PartNumberMarker: &from, MaxParts: &size, IsTruncated: ptr(false)}
	for i, p := range v.Parts {
		n := int64(i + 1)
		if n <= from {
			continue
		}
		if int64(len(out.Parts)) == min(size, 1000) {
			out.IsTruncated = ptr(true)
			break
		}
		shown := &ObjectPart{PartNumber: &n, Size: &p.Size}
		p.Checksum.show(shown)
		out.Parts = append(out.Parts, shown)
		out.NextPartNumberMarker = &n
	}
	return out, nil
}

func (s *service) objectOps() []wire.Operation {
	return []wire.Operation{
		data(s, "PutObject", func(c *cloud.Call, b bucket, in *PutObjectRequest) ([]cloud.Check, error) {
			acl := in.ACL
			if c.Identity.Kind == cloud.AWSService {
				// Services that deliver logs name an ACL and are granted s3:PutObject alone
				// ("Amazon S3 bucket policy for CloudTrail").
				acl = ""
			}
			return s.onNew(c, b, in, putActions(in.Tagging, in.ObjectLockMode, in.ObjectLockLegalHoldStatus, acl, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP))
		}, s.putObject),
		data(s, "GetObject", func(c *cloud.Call, b bucket, in *GetObjectRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "GetObject", "GetObjectVersion"))
		}, s.getObject),
		data(s, "HeadObject", func(c *cloud.Call, b bucket, in *HeadObjectRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "GetObject", "GetObjectVersion"))
		}, s.headObject),
		data(s, "GetObjectAttributes", func(c *cloud.Call, b bucket, in *GetObjectAttributesRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "GetObject", "GetObjectVersion"), versioned(in.VersionId, "GetObjectAttributes", "GetObjectVersionAttributes"))
		}, s.getAttributes),
		data(s, "DeleteObject", func(c *cloud.Call, b bucket, in *DeleteObjectRequest) ([]cloud.Check, error) {
			actions := []string{versioned(in.VersionId, "DeleteObject", "DeleteObjectVersion")}
			if isTrue(in.BypassGovernanceRetention) {
				actions = append(actions, "BypassGovernanceRetention")
			}
			return s.onObject(c, b, in, actions...)
		}, s.deleteObject),
		data(s, "DeleteObjects", noChecks[DeleteObjectsRequest], s.deleteObjects),
		data(s, "CopyObject", s.copyChecks, s.copyObject),
	}
}

// onNew are the checks of a new object. The tags of the object that it replaces
// are no condition keys of a write.
func (s *service) onNew(c *cloud.Call, b bucket, in any, actions []string) ([]cloud.Check, error) {
	ctx, err := conditions(contextOf(b), in, c.Time)
	if err != nil {
		return nil, err
	}
	checks := make([]cloud.Check, len(actions))
	for i, a := range actions {
		checks[i] = cloud.Check{Action: "s3:" + a, Resource: objectARN(b.Name, targetOf(in).key), ResourceAccount: b.Account, Context: ctx}
	}
	return checks, nil
}

// noChecks is for operations that authorise as they go along.
func noChecks[In any](*cloud.Call, bucket, *In) ([]cloud.Check, error) { return nil, nil }
