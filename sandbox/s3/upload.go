package s3

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

const (
	maxParts     = 10_000
	minPartBytes = 5 << 20
)

// upload is a multipart upload under way.
type upload struct {
	ID, Bucket, Key string
	Initiated       time.Time
	Initiator       string // ARN
	// Object is the object to be, without its body.
	Object    *version
	Algorithm string // of the checksum; "" where the caller named none
	Type      string
	Pieces    []uploadPart // sorted by number
}

type uploadPart struct {
	part
	ETag     string
	MD5      [md5.Size]byte
	Modified time.Time
}

func noSuchUpload(id string) *cloud.Error {
	e := fault(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	e.Fields = map[string]any{"UploadId": id}
	return e
}

func (s *service) upload(b bucket, key, id string) (*upload, error) {
	u, ok := s.uploads.Get(id)
	if !ok || u.Bucket != b.Name || u.Key != key {
		return nil, noSuchUpload(id)
	}
	return u, nil
}

func (s *service) createUpload(c *cloud.Call, b bucket, in *CreateMultipartUploadRequest) (*CreateMultipartUploadOutput, error) {
	tags, err := parseTags(in.Tagging)
	if err != nil {
		return nil, err
	}
	kind, err := checksumType(in.ChecksumAlgorithm, in.ChecksumType)
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
	if v.Sealed != nil {
		if _, err := s.newKey(c, b, v.Sealed); err != nil {
			return nil, err
		}
	}
	u := &upload{ID: s.world.IDs.From(versionAlphabet, 128), Bucket: in.Bucket, Key: in.Key, Initiated: c.Time, Initiator: c.Identity.ARN, Object: v, Algorithm: in.ChecksumAlgorithm, Type: kind}
	if err := s.uploads.Put(u.ID, u); err != nil {
		return nil, err
	}
	out := &CreateMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key, UploadId: u.ID, ChecksumAlgorithm: u.Algorithm, SSEKMSEncryptionContext: v.Sealed.shownContext()}
	if u.Algorithm != "" {
		out.ChecksumType = u.Type
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	return out, nil
}

// checksumType is that of a multipart upload ("Checking object integrity", Amazon
// S3 user guide).
func checksumType(algorithm, kind string) (string, error) {
	if algorithm == "" {
		if kind == composite {
			return "", invalidRequest("The COMPOSITE checksum type needs a checksum algorithm.")
		}
		return fullObject, nil
	}
	if _, err := newHash(algorithm); err != nil {
		return "", err
	}
	crc := strings.HasPrefix(algorithm, "CRC")
	switch {
	case kind == fullObject && !crc, kind == composite && algorithm == crc64nvme:
		return "", invalidRequest("The " + kind + " checksum type cannot be used with the " + strings.ToLower(algorithm) + " checksum algorithm.")
	case kind != "":
		return kind, nil
	case algorithm == crc64nvme:
		return fullObject, nil
	}
	return composite, nil
}

// putPart keeps one part of an upload, in the place of the one with its number.
func (s *service) putPart(c *cloud.Call, b bucket, u *upload, number int64, body []byte, sum [md5.Size]byte, check checksum) (uploadPart, error) {
	if number < 1 || number > maxParts {
		return uploadPart{}, invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	var key []byte
	if u.Object.Sealed != nil {
		var err error
		if key, err = s.openKey(c, b, u.Object.Sealed); err != nil {
			return uploadPart{}, err
		}
	}
	kept, sealedSum, err := s.keep(key, body)
	if err != nil {
		return uploadPart{}, err
	}
	if key != nil {
		sum = sealedSum
	}
	kept.Number, kept.Checksum = number, check
	p := uploadPart{part: kept, ETag: quoted(sum), MD5: sum, Modified: c.Time}
	var old string
	_, err = s.uploads.Update(u.ID, func(u *upload, ok bool) (*upload, error) {
		if !ok {
			return u, noSuchUpload(p.Blob)
		}
		changed := *u
		i, found := slices.BinarySearchFunc(u.Pieces, number, func(p uploadPart, n int64) int { return int(p.Number - n) })
		changed.Pieces = slices.Clone(u.Pieces)
		if found {
			old = u.Pieces[i].Blob
			changed.Pieces[i] = p
		} else {
			changed.Pieces = slices.Insert(changed.Pieces, i, p)
		}
		return &changed, nil
	})
	if err != nil {
		old = p.Blob
	}
	if old != "" {
		if derr := s.blobs.Delete(old); err == nil {
			err = derr
		}
	}
	return p, err
}

func (s *service) uploadPart(c *cloud.Call, b bucket, in *UploadPartRequest) (*UploadPartOutput, error) {
	u, err := s.upload(b, in.Key, in.UploadId)
	if err != nil {
		return nil, err
	}
	check, sum, err := verify(in.Body, in, in.ChecksumAlgorithm, in.ContentMD5, or(u.Algorithm, crc64nvme))
	if err != nil {
		return nil, err
	}
	if u.Algorithm != "" && check.Algorithm != u.Algorithm {
		return nil, invalidRequest("Checksum Type mismatch occurred, expected checksum Type: " + strings.ToLower(u.Algorithm) + ", actual checksum Type: " + strings.ToLower(check.Algorithm))
	}
	p, err := s.putPart(c, b, u, in.PartNumber, in.Body, sum, check)
	if err != nil {
		return nil, err
	}
	out := &UploadPartOutput{ETag: p.ETag}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = u.Object.Sealed.shown()
	check.show(out)
	return out, nil
}

func (s *service) uploadPartCopy(c *cloud.Call, b bucket, in *UploadPartCopyRequest) (*UploadPartCopyOutput, error) {
	u, err := s.upload(b, in.Key, in.UploadId)
	if err != nil {
		return nil, err
	}
	if in.CopySourceSSECustomerAlgorithm != "" {
		return nil, cloud.NotImplemented("server-side encryption with customer keys (SSE-C)")
	}
	from, body, err := s.fetch(c, in.CopySource, conditional{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince.Time, in.CopySourceIfUnmodifiedSince.Time})
	if err != nil {
		return nil, err
	}
	if in.CopySourceRange != "" {
		piece, err := parseRange(in.CopySourceRange, from.Size)
		if err != nil || piece == nil || strings.HasSuffix(in.CopySourceRange, "-") {
			return nil, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
		}
		body = body[piece.first : piece.last+1]
	}
	check := checksum{Algorithm: or(u.Algorithm, crc64nvme), Type: fullObject}
	if check.Value, err = digest(check.Algorithm, body); err != nil {
		return nil, err
	}
	p, err := s.putPart(c, b, u, in.PartNumber, body, md5.Sum(body), check)
	if err != nil {
		return nil, err
	}
	result := &CopyPartResult{ETag: p.ETag, LastModified: wire.At(p.Modified)}
	check.show(result)
	out := &UploadPartCopyOutput{CopyPartResult: result}
	if from.VersionID != nullVersion {
		out.CopySourceVersionId = from.VersionID
	}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = u.Object.Sealed.shown()
	return out, nil
}

// chosen are the parts that a completion names, in its order.
func (u *upload) chosen(list *CompletedMultipartUpload) ([]uploadPart, error) {
	if list == nil || len(list.Parts) == 0 {
		return nil, fault(400, "MalformedXML", "You must specify at least one part")
	}
	for i, want := range list.Parts {
		if want.PartNumber == nil {
			return nil, badXML()
		}
		if i > 0 && *want.PartNumber <= *list.Parts[i-1].PartNumber {
			return nil, fault(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
	}
	out := make([]uploadPart, 0, len(list.Parts))
	for _, want := range list.Parts {
		at, found := slices.BinarySearchFunc(u.Pieces, *want.PartNumber, func(p uploadPart, n int64) int { return int(p.Number - n) })
		if !found || unquoted(u.Pieces[at].ETag) != unquoted(want.ETag) {
			return nil, invalidPart(u, want)
		}
		p := u.Pieces[at]
		sum, err := given(want)
		if err != nil {
			return nil, err
		}
		if sum.Algorithm != "" && (sum.Algorithm != p.Checksum.Algorithm || sum.Value != p.Checksum.Value) {
			return nil, invalidPart(u, want)
		}
		if sum.Algorithm == "" && u.Algorithm != "" && u.Type == composite {
			return nil, invalidRequest("The upload was created using a " + strings.ToLower(u.Algorithm) + " checksum. The complete request must include the checksum for each part. It was missing for part " + strconv.FormatInt(*want.PartNumber, 10) + " in the request.")
		}
		out = append(out, p)
	}
	for _, p := range out[:len(out)-1] {
		if p.Size < minPartBytes {
			e := fault(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
			e.Fields = map[string]any{"ProposedSize": strconv.FormatInt(p.Size, 10), "MinSizeAllowed": strconv.Itoa(minPartBytes), "PartNumber": strconv.FormatInt(p.Number, 10), "ETag": unquoted(p.ETag)}
			return nil, e
		}
	}
	return out, nil
}

func invalidPart(u *upload, p *CompletedPart) *cloud.Error {
	e := fault(400, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	e.Fields = map[string]any{"UploadId": u.ID, "PartNumber": strconv.FormatInt(*p.PartNumber, 10), "ETag": unquoted(p.ETag)}
	return e
}

func (s *service) completeUpload(c *cloud.Call, b bucket, in *CompleteMultipartUploadRequest) (*CompleteMultipartUploadOutput, error) {
	u, err := s.upload(b, in.Key, in.UploadId)
	if err != nil {
		return nil, err
	}
	parts, err := u.chosen(in.MultipartUpload)
	if err != nil {
		return nil, err
	}
	v := *u.Object
	v.Multipart = true
	all := md5.New()
	for _, p := range parts {
		all.Write(p.MD5[:])
		v.Parts = append(v.Parts, p.part)
		v.Size += p.Size
	}
	v.ETag = `"` + hex.EncodeToString(all.Sum(nil)) + "-" + strconv.Itoa(len(parts)) + `"`
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.Size {
		return nil, invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.")
	}
	if v.Checksum, err = s.wholeChecksum(c, b, u, &v, in); err != nil {
		return nil, err
	}
	if err := s.insert(c, &v, guard{in.IfMatch, in.IfNoneMatch}); err != nil {
		return nil, err
	}
	if err := s.uploads.Delete(u.ID); err != nil {
		return nil, err
	}
	for _, p := range u.Pieces {
		if !slices.ContainsFunc(v.Parts, func(k part) bool { return k.Blob == p.Blob }) {
			if err := s.blobs.Delete(p.Blob); err != nil {
				return nil, err
			}
		}
	}
	s.created(c, b, &v, "CompleteMultipartUpload")
	out := &CompleteMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key, ETag: v.ETag, VersionId: shownVersion(b, &v),
		Location: "https://" + in.Bucket + ".s3." + b.Region + ".amazonaws.com/" + urlEncode(in.Key)}
	out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = v.Sealed.shown()
	v.Checksum.show(out)
	return out, nil
}

// wholeChecksum is that of the completed object, held to what the request says.
func (s *service) wholeChecksum(c *cloud.Call, b bucket, u *upload, v *version, in *CompleteMultipartUploadRequest) (checksum, error) {
	want, err := given(in)
	if err != nil {
		return want, err
	}
	out := checksum{Algorithm: or(u.Algorithm, or(want.Algorithm, crc64nvme)), Type: u.Type}
	if in.ChecksumType != "" && in.ChecksumType != u.Type {
		return out, invalidRequest("The upload was created with the " + u.Type + " checksum type, the request has " + in.ChecksumType + ".")
	}
	if u.Type == composite {
		out.Value, err = compose(out.Algorithm, v.Parts)
	} else {
		var body []byte
		if body, err = s.body(c, b, v); err == nil {
			out.Value, err = digest(out.Algorithm, body)
		}
	}
	if err != nil {
		return out, err
	}
	if want.Algorithm != "" && (want.Algorithm != out.Algorithm || want.Value != out.Value) {
		return out, fault(400, "BadDigest", "The "+want.Algorithm+" you specified did not match the calculated checksum.")
	}
	return out, nil
}

// dropUpload removes an upload with its parts.
func (s *service) dropUpload(u *upload) error {
	if err := s.uploads.Delete(u.ID); err != nil {
		return err
	}
	for _, p := range u.Pieces {
		if err := s.blobs.Delete(p.Blob); err != nil {
			return err
		}
	}
	return nil
}
