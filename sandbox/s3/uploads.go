package s3

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) listParts(_ *cloud.Call, b bucket, in *ListPartsRequest) (*ListPartsOutput, error) {
	u, err := s.upload(b, in.Key, in.UploadId)
	if err != nil {
		return nil, err
	}
	limit, from := int64(maxList), int64(0)
	if in.MaxParts != nil {
		limit = min(*in.MaxParts, maxList)
	}
	if in.PartNumberMarker != nil {
		from = *in.PartNumberMarker
	}
	if limit < 0 || from < 0 {
		return nil, invalidArgument("max-parts and part-number-marker must not be negative")
	}
	out := &ListPartsOutput{Bucket: b.Name, Key: in.Key, UploadId: u.ID, PartNumberMarker: &from, MaxParts: &limit, IsTruncated: ptr(false), Parts: []*Part{},
		Owner: owner(b.Account), Initiator: &Initiator{ID: u.Initiator, DisplayName: lastPart(u.Initiator)}, StorageClass: or(u.Object.Headers.StorageClass, "STANDARD"), ChecksumAlgorithm: u.Algorithm}
	if u.Algorithm != "" {
		out.ChecksumType = u.Type
	}
	for _, p := range u.Pieces {
		if p.Number <= from {
			continue
		}
		if int64(len(out.Parts)) == limit {
			out.IsTruncated = ptr(true)
			break
		}
		shown := &Part{PartNumber: &p.Number, ETag: p.ETag, Size: &p.Size, LastModified: wire.At(p.Modified)}
		p.Checksum.show(shown)
		out.Parts = append(out.Parts, shown)
		out.NextPartNumberMarker = &p.Number
	}
	return out, nil
}

func (s *service) listUploads(_ *cloud.Call, b bucket, in *ListMultipartUploadsRequest) (*ListMultipartUploadsOutput, error) {
	p, err := newPage(in.Prefix, in.Delimiter, in.EncodingType, in.MaxUploads)
	if err != nil {
		return nil, err
	}
	p.after = in.KeyMarker
	out := &ListMultipartUploadsOutput{Bucket: b.Name, Prefix: p.encode(in.Prefix), Delimiter: p.encode(in.Delimiter), KeyMarker: p.encode(in.KeyMarker), UploadIdMarker: in.UploadIdMarker,
		MaxUploads: ptr(int64(p.limit)), EncodingType: in.EncodingType}
	all := s.uploads.Select(func(_ string, u *upload) bool { return u.Bucket == b.Name && u.Key >= p.start() })
	slices.SortFunc(all, func(a, b *upload) int {
		if a.Key != b.Key {
			return strings.Compare(a.Key, b.Key)
		}
		if !a.Initiated.Equal(b.Initiated) {
			return a.Initiated.Compare(b.Initiated)
		}
		return strings.Compare(a.ID, b.ID)
	})
	// The uploads of the marker's key follow the one that the other marker names.
	seen := false
	for _, u := range all {
		if u.Key == in.KeyMarker && in.KeyMarker != "" {
			if in.UploadIdMarker == "" || !seen {
				seen = seen || u.ID == in.UploadIdMarker
				continue
			}
		}
		list, more := p.take(u.Key)
		if !more || list && p.full() {
			break
		}
		if !list {
			continue
		}
		shown := &MultipartUpload{UploadId: u.ID, Key: p.encode(u.Key), Initiated: wire.At(u.Initiated), StorageClass: or(u.Object.Headers.StorageClass, "STANDARD"),
			Owner: owner(b.Account), Initiator: &Initiator{ID: u.Initiator, DisplayName: lastPart(u.Initiator)}, ChecksumAlgorithm: u.Algorithm}
		if u.Algorithm != "" {
			shown.ChecksumType = u.Type
		}
		out.Uploads = append(out.Uploads, shown)
		p.listed(u.Key)
		out.NextUploadIdMarker = u.ID
	}
	out.CommonPrefixes, out.IsTruncated = p.prefixes, &p.truncated
	out.NextKeyMarker = p.encode(p.last)
	if !p.truncated {
		out.NextKeyMarker, out.NextUploadIdMarker = "", ""
	}
	return out, nil
}

func (s *service) uploadOps() []wire.Operation {
	return []wire.Operation{
		data(s, "CreateMultipartUpload", func(c *cloud.Call, b bucket, in *CreateMultipartUploadRequest) ([]cloud.Check, error) {
			return s.onNew(c, b, in, putActions(in.Tagging, in.ObjectLockMode, in.ObjectLockLegalHoldStatus, in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP))
		}, s.createUpload),
		data(s, "UploadPart", func(c *cloud.Call, b bucket, in *UploadPartRequest) ([]cloud.Check, error) {
			return s.onNew(c, b, in, []string{"PutObject"})
		}, s.uploadPart),
		data(s, "UploadPartCopy", func(c *cloud.Call, b bucket, in *UploadPartCopyRequest) ([]cloud.Check, error) {
			checks, err := s.sourceChecks(c, in.CopySource, in.ExpectedSourceBucketOwner, false)
			if err != nil {
				return nil, err
			}
			to, err := s.onNew(c, b, in, []string{"PutObject"})
			return append(checks, to...), err
		}, s.uploadPartCopy),
		data(s, "CompleteMultipartUpload", func(c *cloud.Call, b bucket, in *CompleteMultipartUploadRequest) ([]cloud.Check, error) {
			return s.onNew(c, b, in, []string{"PutObject"})
		}, s.completeUpload),
		data(s, "AbortMultipartUpload", func(c *cloud.Call, b bucket, in *AbortMultipartUploadRequest) ([]cloud.Check, error) {
			return s.onNew(c, b, in, []string{"AbortMultipartUpload"})
		}, func(_ *cloud.Call, b bucket, in *AbortMultipartUploadRequest) (*AbortMultipartUploadOutput, error) {
			u, err := s.upload(b, in.Key, in.UploadId)
			if err != nil {
				return nil, err
			}
			return nil, s.dropUpload(u)
		}),
		data(s, "ListParts", func(c *cloud.Call, b bucket, in *ListPartsRequest) ([]cloud.Check, error) {
			return s.onNew(c, b, in, []string{"ListMultipartUploadParts"})
		}, s.listParts),
		data(s, "ListMultipartUploads", func(c *cloud.Call, _ bucket, in *ListMultipartUploadsRequest) ([]cloud.Check, error) {
			return s.onBucket(c, in, "ListBucketMultipartUploads")
		}, s.listUploads),
	}
}
