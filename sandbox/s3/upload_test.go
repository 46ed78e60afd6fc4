package s3_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const partBytes = 5 << 20

func TestMultipart(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	bucket, key := aws.String("bucket-a"), aws.String("big")
	a, b := bytes.Repeat([]byte("a"), partBytes), bytes.Repeat([]byte("b"), 100)
	sealing := newKey(t, k, in{})
	for _, algorithm := range []types.ServerSideEncryption{types.ServerSideEncryptionAes256, types.ServerSideEncryptionAwsKms} {
		input := &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, Metadata: map[string]string{"m": "1"}, ServerSideEncryption: algorithm}
		if algorithm == types.ServerSideEncryptionAwsKms {
			input.SSEKMSKeyId = &sealing
		}
		upload := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, input))
		part := func(n int32, body []byte) types.CompletedPart {
			t.Helper()
			out := must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, PartNumber: &n, Body: bytes.NewReader(body)}))
			return types.CompletedPart{PartNumber: &n, ETag: out.ETag}
		}
		part(1, b) // replaced by the next
		parts := []types.CompletedPart{part(1, a), part(7, b)}
		unused := part(9, b)
		if list := must[*s3.ListPartsOutput](t)(c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, MaxParts: aws.Int32(2)})); len(list.Parts) != 2 || !aws.ToBool(list.IsTruncated) || aws.ToString(list.NextPartNumberMarker) != "7" {
			t.Errorf("%+v", list)
		}
		if list := must[*s3.ListMultipartUploadsOutput](t)(c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})); len(list.Uploads) != 1 || aws.ToString(list.Uploads[0].Key) != "big" {
			t.Errorf("%+v", list)
		}
		complete := func(parts ...types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
			return c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		}
		for name, x := range map[string]struct {
			parts []types.CompletedPart
			code  string
		}{
			"disorder":   {[]types.CompletedPart{parts[1], parts[0]}, "InvalidPartOrder"},
			"small part": {[]types.CompletedPart{parts[1], unused}, "EntityTooSmall"},
			"wrong ETag": {[]types.CompletedPart{{PartNumber: aws.Int32(1), ETag: aws.String("x")}}, "InvalidPart"},
			"no part 2":  {[]types.CompletedPart{{PartNumber: aws.Int32(2), ETag: parts[0].ETag}}, "InvalidPart"},
			"no parts":   {nil, "MalformedXML"},
		} {
			_, err := complete(x.parts...)
			t.Log(name)
			wantCode(t, err, x.code)
		}
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		wantCode(t, err, "NoSuchKey")
		done := must[*s3.CompleteMultipartUploadOutput](t)(complete(parts...))
		// "The MD5 of the concatenated MD5s of the parts, and the number of parts."
		sumA, sumB := md5.Sum(a), md5.Sum(b)
		all := md5.Sum(append(sumA[:], sumB[:]...))
		want := `"` + hex.EncodeToString(all[:]) + `-2"`
		if got := aws.ToString(done.ETag); (got == want) != (algorithm == types.ServerSideEncryptionAes256) || !strings.HasSuffix(got, `-2"`) {
			t.Errorf("%s: ETag %s, the MD5s make %s", algorithm, got, want)
		}
		body, out := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key})
		if body != string(a)+string(b) || out.Metadata["m"] != "1" || out.ServerSideEncryption != algorithm {
			t.Errorf("%s: %d bytes came back, %+v", algorithm, len(body), out)
		}
		if second, out := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key, PartNumber: aws.Int32(2)}); second != string(b) || aws.ToInt32(out.PartsCount) != 2 {
			t.Errorf("part 2 has %d bytes, %d parts", len(second), aws.ToInt32(out.PartsCount))
		}
		if over, _ := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String("bytes=5242878-5242881")}); over != "aabb" {
			t.Errorf("over the seam: %q", over)
		}
		_, err = complete(parts...)
		wantCode(t, err, "NoSuchUpload")
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}))
	}
}

func TestMultipartChecksums(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	bucket, key := aws.String("bucket-a"), aws.String("k")
	upload := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256}))
	if upload.ChecksumType != types.ChecksumTypeComposite {
		t.Errorf("checksum type %s", upload.ChecksumType)
	}
	part := must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("abc"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256}))
	// SHA-256 of "abc" (FIPS 180-4, example B.1), and of those 32 bytes.
	const abc, twice = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "T4tCwi3TcptRm6b2jS2nzFstYG0F2u1a1RKMwD5sY1g="
	if aws.ToString(part.ChecksumSHA256) != abc {
		t.Errorf("the part's checksum is %s", aws.ToString(part.ChecksumSHA256))
	}
	complete := func(p types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
		p.PartNumber, p.ETag = aws.Int32(1), part.ETag
		return c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{p}}})
	}
	_, err := complete(types.CompletedPart{})
	wantCode(t, err, "InvalidRequest")
	_, err = complete(types.CompletedPart{ChecksumSHA256: aws.String(twice)})
	wantCode(t, err, "InvalidPart")
	done := must[*s3.CompleteMultipartUploadOutput](t)(complete(types.CompletedPart{ChecksumSHA256: part.ChecksumSHA256}))
	if got := aws.ToString(done.ChecksumSHA256); got != twice+"-1" {
		t.Errorf("the composite checksum is %s, want %s-1", got, twice)
	}
	attributes := must[*s3.GetObjectAttributesOutput](t)(c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bucket, Key: key,
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag, types.ObjectAttributesChecksum, types.ObjectAttributesObjectParts, types.ObjectAttributesObjectSize, types.ObjectAttributesStorageClass}}))
	if aws.ToInt64(attributes.ObjectSize) != 3 || aws.ToInt32(attributes.ObjectParts.TotalPartsCount) != 1 || aws.ToString(attributes.ObjectParts.Parts[0].ChecksumSHA256) != abc ||
		attributes.Checksum.ChecksumType != types.ChecksumTypeComposite || attributes.StorageClass != types.StorageClassStandard || aws.ToString(attributes.ETag) != strings.Trim(aws.ToString(done.ETag), `"`) {
		t.Errorf("%+v", attributes)
	}
	_, err = c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumType: types.ChecksumTypeFullObject})
	wantCode(t, err, "InvalidRequest")
}

func TestCopyAndAbortParts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	bucket, key := aws.String("bucket-a"), aws.String("k")
	put(t, c, "bucket-a", "source", "0123456789")
	upload := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})).UploadId
	_, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: key, UploadId: upload, PartNumber: aws.Int32(1), CopySource: aws.String("bucket-a/source"), CopySourceRange: aws.String("bytes=3-")})
	wantCode(t, err, "InvalidArgument")
	part := must[*s3.UploadPartCopyOutput](t)(c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: key, UploadId: upload, PartNumber: aws.Int32(1), CopySource: aws.String("bucket-a/source"), CopySourceRange: aws.String("bytes=3-5")}))
	must[*s3.CompleteMultipartUploadOutput](t)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.CopyPartResult.ETag}}}}))
	if got, _ := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key}); got != "345" {
		t.Errorf("the copied part is %q", got)
	}
	upload = must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})).UploadId
	must[*s3.AbortMultipartUploadOutput](t)(c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload}))
	_, err = c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: upload, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
	wantCode(t, err, "NoSuchUpload")
	_, err = c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: upload})
	wantCode(t, err, "NoSuchUpload")
}
