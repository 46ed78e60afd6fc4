package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestPutGetObject(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	bucket, key := aws.String("bucket-a"), aws.String("a/b.txt")
	stored := must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("hello world"), ContentType: aws.String("text/plain"), CacheControl: aws.String("no-cache"),
		ContentDisposition: aws.String("inline"), ContentEncoding: aws.String("identity"), ContentLanguage: aws.String("de"), Metadata: map[string]string{"team": "a", "x-y": "z"}, Tagging: aws.String("k=v&l=m%20n")}))
	// md5 of "hello world", RFC 1321's reference program.
	const etag = `"5eb63bbbe01eeed093cb22bb8f5acdc3"`
	if aws.ToString(stored.ETag) != etag || stored.VersionId != nil || stored.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("PutObject answered %s, version %v, encryption %s", aws.ToString(stored.ETag), stored.VersionId, stored.ServerSideEncryption)
	}
	body, out := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key})
	if body != "hello world" || aws.ToString(out.ETag) != etag || aws.ToString(out.ContentType) != "text/plain" || aws.ToString(out.CacheControl) != "no-cache" || aws.ToString(out.ContentDisposition) != "inline" ||
		aws.ToString(out.ContentEncoding) != "identity" || aws.ToString(out.ContentLanguage) != "de" || aws.ToInt32(out.TagCount) != 2 || aws.ToInt64(out.ContentLength) != 11 {
		t.Errorf("GetObject answered %q, %+v", body, out)
	}
	if diff := cmp.Diff(map[string]string{"team": "a", "x-y": "z"}, out.Metadata); diff != "" {
		t.Error(diff)
	}
	head := must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key}))
	if aws.ToInt64(head.ContentLength) != 11 || aws.ToString(head.ETag) != etag || !head.LastModified.Equal(*out.LastModified) {
		t.Errorf("HeadObject answered %+v", head)
	}
	_, other := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key, ResponseContentType: aws.String("x/y"), ResponseContentDisposition: aws.String("attachment"), ResponseCacheControl: aws.String("private"),
		ResponseContentEncoding: aws.String("br"), ResponseContentLanguage: aws.String("fr"), ResponseExpires: aws.Time(time.Unix(0, 0))})
	if aws.ToString(other.ContentType) != "x/y" || aws.ToString(other.ContentDisposition) != "attachment" || aws.ToString(other.CacheControl) != "private" || aws.ToString(other.ContentEncoding) != "br" || aws.ToString(other.ContentLanguage) != "fr" ||
		aws.ToString(other.ExpiresString) != "Thu, 01 Jan 1970 00:00:00 GMT" {
		t.Errorf("with overrides: %+v", other)
	}
	empty := put(t, c, "bucket-a", "empty", "")
	if got, _ := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("empty")}); got != "" || aws.ToString(empty.ETag) != `"d41d8cd98f00b204e9800998ecf8427e"` {
		t.Errorf("an empty object is %q, %s", got, aws.ToString(empty.ETag))
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c := root(k, tools)
	put(t, c, "bucket-a", "k", "0123456789")
	for spec, want := range map[string]struct{ body, shown string }{
		"bytes=0-3":     {"0123", "bytes 0-3/10"},
		"bytes=4-":      {"456789", "bytes 4-9/10"},
		"bytes=-3":      {"789", "bytes 7-9/10"},
		"bytes=8-100":   {"89", "bytes 8-9/10"},
		"bytes=-100":    {"0123456789", "bytes 0-9/10"},
		"bytes=9-9":     {"9", "bytes 9-9/10"},
		"bytes=5-2":     {"0123456789", ""},
		"lines=0-3":     {"0123456789", ""},
		"bytes=0-1,3-4": {"0123456789", ""},
	} {
		body, out := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Range: &spec})
		if body != want.body || aws.ToString(out.ContentRange) != want.shown || aws.ToInt64(out.ContentLength) != int64(len(want.body)) {
			t.Errorf("%s: %q, %q, length %d", spec, body, aws.ToString(out.ContentRange), aws.ToInt64(out.ContentLength))
		}
	}
	for _, spec := range []string{"bytes=10-", "bytes=10-20", "bytes=-0"} {
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Range: &spec})
		wantCode(t, err, "InvalidRange")
	}
}

func TestConditionalReads(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c := root(k, tools)
	stored := put(t, c, "bucket-a", "k", "x")
	_, out := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
	before, after := out.LastModified.Add(-time.Hour), out.LastModified.Add(time.Hour)
	other := aws.String(`"00000000000000000000000000000000"`)
	for name, x := range map[string]struct {
		in   s3.GetObjectInput
		code string // "" is fine
	}{
		"If-Match":                                {s3.GetObjectInput{IfMatch: stored.ETag}, ""},
		"If-Match, other":                         {s3.GetObjectInput{IfMatch: other}, "PreconditionFailed"},
		"If-None-Match":                           {s3.GetObjectInput{IfNoneMatch: stored.ETag}, "NotModified"},
		"If-None-Match, other":                    {s3.GetObjectInput{IfNoneMatch: other}, ""},
		"If-Modified-Since, before":               {s3.GetObjectInput{IfModifiedSince: &before}, ""},
		"If-Modified-Since, same":                 {s3.GetObjectInput{IfModifiedSince: out.LastModified}, "NotModified"},
		"If-Unmodified-Since, after":              {s3.GetObjectInput{IfUnmodifiedSince: &after}, ""},
		"If-Unmodified-Since, before":             {s3.GetObjectInput{IfUnmodifiedSince: &before}, "PreconditionFailed"},
		"If-Match true, If-Unmodified-Since not":  {s3.GetObjectInput{IfMatch: stored.ETag, IfUnmodifiedSince: &before}, ""},
		"If-None-Match not, If-Modified-Since is": {s3.GetObjectInput{IfNoneMatch: stored.ETag, IfModifiedSince: &before}, "NotModified"},
	} {
		x.in.Bucket, x.in.Key = aws.String("bucket-a"), aws.String("k")
		_, err := c.GetObject(t.Context(), &x.in)
		got := sandboxtest.Code(err)
		if got == "UnknownError" && strings.Contains(err.Error(), "304") {
			got = "NotModified"
		}
		if got != x.code {
			t.Errorf("%s: want %q, got %v", name, x.code, err)
		}
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	try := func(in s3.PutObjectInput) error {
		in.Bucket, in.Body = aws.String("bucket-a"), strings.NewReader("x")
		_, err := c.PutObject(ctx, &in)
		return err
	}
	star := aws.String("*")
	if err := try(s3.PutObjectInput{Key: aws.String("k"), IfNoneMatch: star}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, try(s3.PutObjectInput{Key: aws.String("k"), IfNoneMatch: star}), "PreconditionFailed")
	wantCode(t, try(s3.PutObjectInput{Key: aws.String("k"), IfMatch: aws.String(`"0"`)}), "PreconditionFailed")
	wantCode(t, try(s3.PutObjectInput{Key: aws.String("none"), IfMatch: aws.String(`"0"`)}), "NoSuchKey")
	_, out := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
	if err := try(s3.PutObjectInput{Key: aws.String("k"), IfMatch: out.ETag}); err != nil {
		t.Error(err)
	}
}

func TestIntegrity(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	// The check values of the string "123456789", from the catalogue of CRC
	// algorithms (reveng) and the SHA test vectors, in base64.
	const text = "123456789"
	wire := func(hexText string) *string {
		raw, err := hex.DecodeString(hexText)
		if err != nil {
			t.Fatal(err)
		}
		return aws.String(base64.StdEncoding.EncodeToString(raw))
	}
	crc32, crc32c, crc64 := wire("cbf43926"), wire("e3069283"), wire("ae8b14860a799888")
	sha1, sha256 := wire("f7c3bc1d808e04732adf679965ccc34ca7ae3441"), wire("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")
	for name, x := range map[string]struct {
		in   s3.PutObjectInput
		want func(*s3.GetObjectOutput) *string
		sum  *string
	}{
		"CRC32":     {s3.PutObjectInput{ChecksumCRC32: crc32}, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC32 }, crc32},
		"CRC32C":    {s3.PutObjectInput{ChecksumCRC32C: crc32c}, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC32C }, crc32c},
		"CRC64NVME": {s3.PutObjectInput{ChecksumCRC64NVME: crc64}, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC64NVME }, crc64},
		"SHA1":      {s3.PutObjectInput{ChecksumSHA1: sha1}, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA1 }, sha1},
		"SHA256":    {s3.PutObjectInput{ChecksumSHA256: sha256}, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA256 }, sha256},
		// The SDK computes these itself, the first as a trailer.
		"announced SHA256": {s3.PutObjectInput{ChecksumAlgorithm: types.ChecksumAlgorithmSha256}, func(o *s3.GetObjectOutput) *string { return o.ChecksumSHA256 }, sha256},
		// S3 adds this one where the client sends none.
		"nothing": {s3.PutObjectInput{}, func(o *s3.GetObjectOutput) *string { return o.ChecksumCRC64NVME }, crc64},
	} {
		x.in.Bucket, x.in.Key, x.in.Body = aws.String("bucket-a"), &name, strings.NewReader(text)
		if _, err := c.PutObject(ctx, &x.in); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, out := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: &name, ChecksumMode: types.ChecksumModeEnabled})
		if got := aws.ToString(x.want(out)); got != *x.sum || out.ChecksumType != types.ChecksumTypeFullObject {
			t.Errorf("%s: the checksum is %q (%s), want %q", name, got, out.ChecksumType, *x.sum)
		}
	}
	sum := md5.Sum([]byte("other"))
	for name, x := range map[string]struct {
		in   s3.PutObjectInput
		code string
	}{
		"another CRC32":     {s3.PutObjectInput{ChecksumCRC32: wire("00000000")}, "BadDigest"},
		"another SHA256":    {s3.PutObjectInput{ChecksumSHA256: wire(strings.Repeat("00", 32))}, "BadDigest"},
		"a short SHA256":    {s3.PutObjectInput{ChecksumSHA256: crc32}, "InvalidRequest"},
		"two checksums":     {s3.PutObjectInput{ChecksumSHA256: sha256, ChecksumCRC32: crc32}, "InvalidRequest"},
		"another MD5":       {s3.PutObjectInput{ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum[:]))}, "BadDigest"},
		"no MD5":            {s3.PutObjectInput{ContentMD5: aws.String("x")}, "InvalidDigest"},
		"customer's key":    {s3.PutObjectInput{SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: aws.String("k"), SSECustomerKeyMD5: aws.String("m")}, "NotImplemented"},
		"public ACL":        {s3.PutObjectInput{ACL: types.ObjectCannedACLPublicRead}, "AccessControlListNotSupported"},
		"eleven tags":       {s3.PutObjectInput{Tagging: aws.String("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=")}, "BadRequest"},
		"one tag twice":     {s3.PutObjectInput{Tagging: aws.String("a=1&a=2")}, "InvalidArgument"},
		"lock without lock": {s3.PutObjectInput{ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn}, "InvalidRequest"},
		"key without kms":   {s3.PutObjectInput{SSEKMSKeyId: aws.String("k")}, "InvalidArgument"},
		"long key":          {s3.PutObjectInput{Key: aws.String(strings.Repeat("k", 1025))}, "KeyTooLongError"},
		"much metadata":     {s3.PutObjectInput{Metadata: map[string]string{"a": strings.Repeat("x", 2049)}}, "MetadataTooLarge"},
	} {
		x.in.Bucket, x.in.Body = aws.String("bucket-a"), strings.NewReader(text)
		if x.in.Key == nil {
			x.in.Key = aws.String("bad")
		}
		_, err := c.PutObject(ctx, &x.in)
		t.Log(name)
		wantCode(t, err, x.code)
	}
	_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("bad")})
	wantCode(t, err, "NotFound") // nothing of all that was stored
}

func TestVersions(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	bucket, key := aws.String("bucket-a"), aws.String("k")
	put(t, c, "bucket-a", "k", "zero")
	versioned(t, k, "bucket-a", "Enabled")
	one, two := put(t, c, "bucket-a", "k", "one"), put(t, c, "bucket-a", "k", "two")
	for version, want := range map[string]string{"null": "zero", aws.ToString(one.VersionId): "one", aws.ToString(two.VersionId): "two"} {
		if got, _ := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: &version}); got != want {
			t.Errorf("version %s is %q, want %q", version, got, want)
		}
	}
	marker := must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}))
	if !aws.ToBool(marker.DeleteMarker) || marker.VersionId == nil {
		t.Errorf("a deletion answered %+v", marker)
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	wantCode(t, err, "NoSuchKey")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: marker.VersionId})
	wantCode(t, err, "MethodNotAllowed")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: aws.String("x")})
	wantCode(t, err, "InvalidArgument")
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: aws.String(strings.Repeat("x", 32))})
	wantCode(t, err, "NoSuchVersion")
	list := must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket}))
	var got []string
	for _, v := range list.Versions {
		got = append(got, aws.ToString(v.VersionId))
	}
	if diff := cmp.Diff([]string{aws.ToString(two.VersionId), aws.ToString(one.VersionId), "null"}, got); diff != "" || len(list.DeleteMarkers) != 1 || !aws.ToBool(list.DeleteMarkers[0].IsLatest) || aws.ToBool(list.Versions[0].IsLatest) {
		t.Errorf("%s\n%+v", diff, list)
	}
	if n := len(must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})).Contents); n != 0 {
		t.Errorf("%d deleted objects are listed", n)
	}
	// Without the marker the object is back; without its latest version, an older one.
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key, VersionId: marker.VersionId}))
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key, VersionId: two.VersionId}))
	if got, _ := get(t, c, &s3.GetObjectInput{Bucket: bucket, Key: key}); got != "one" {
		t.Errorf("the latest version is %q", got)
	}
	// While versioning is suspended the null version is replaced.
	versioned(t, k, "bucket-a", "Suspended")
	put(t, c, "bucket-a", "k", "three")
	put(t, c, "bucket-a", "k", "four")
	list = must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket}))
	if len(list.Versions) != 2 || aws.ToString(list.Versions[0].VersionId) != "null" || aws.ToString(list.Versions[1].VersionId) != aws.ToString(one.VersionId) {
		t.Errorf("versions %+v", list.Versions)
	}
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	wantCode(t, err, "BucketNotEmpty")
	removed := must[*s3.DeleteObjectsOutput](t)(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: key, VersionId: aws.String("null")}, {Key: key, VersionId: one.VersionId}, {Key: aws.String(" not there ")}}}}))
	if len(removed.Deleted) != 3 || len(removed.Errors) != 0 || aws.ToString(removed.Deleted[2].Key) != " not there " || !aws.ToBool(removed.Deleted[2].DeleteMarker) {
		t.Errorf("%+v", removed)
	}
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String(" not there "), VersionId: aws.String("null")}))
	must[*s3.DeleteBucketOutput](t)(c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
	_, err = c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})
	wantCode(t, err, "NotFound")
}

func TestOddKeys(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c := root(k, tools)
	want := []string{}
	for _, key := range []string{"/lead", "a//b", "a/../b", "a/./b", "./x", "trail/", "sp ace", "plus+sign", "per%cent", "%2F", "q?x=y", "hash#tag", "ümlaut/日本", "a&b=c;d", "tilde~'()*!", "quote\"<>", "new\nline", "tab\t", " edges "} {
		want = append(want, key)
		put(t, c, "bucket-a", key, "body of "+key)
		if got, _ := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: &key}); got != "body of "+key {
			t.Errorf("%q holds %q", key, got)
		}
		copied := "copy of " + key
		if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket-a"), Key: &copied, CopySource: aws.String("bucket-a/" + escape(key))}); err != nil {
			t.Errorf("%q cannot be copied: %v", key, err)
		}
		want = append(want, copied)
	}
	got := map[string]bool{}
	for _, o := range must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a")})).Contents {
		got[aws.ToString(o.Key)] = true
	}
	for _, key := range want {
		if !got[key] {
			t.Errorf("%q is not listed", key)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d objects are listed, want %d", len(got), len(want))
	}
}

// escape percent-encodes everything but letters, digits and slashes.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

func TestCopy(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	makeBucket(t, k, tools, "bucket-b")
	versioned(t, k, "bucket-a", "Enabled")
	c, ctx := root(k, tools), t.Context()
	first := must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Body: bytes.NewReader([]byte("one")), Metadata: map[string]string{"m": "1"}, ContentType: aws.String("a/b"), Tagging: aws.String("t=1")}))
	put(t, c, "bucket-a", "k", "two")
	copyTo := func(in s3.CopyObjectInput) error {
		if in.CopySource == nil {
			in.CopySource = aws.String("bucket-a/k?versionId=" + aws.ToString(first.VersionId))
		}
		in.Bucket, in.Key = aws.String("bucket-b"), aws.String("k")
		_, err := c.CopyObject(ctx, &in)
		return err
	}
	tags := func() string {
		t.Helper()
		out := must[*s3.GetObjectTaggingOutput](t)(c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: aws.String("bucket-b"), Key: aws.String("k")}))
		var all []string
		for _, tag := range out.TagSet {
			all = append(all, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
		}
		return strings.Join(all, "&")
	}
	if err := copyTo(s3.CopyObjectInput{}); err != nil {
		t.Fatal(err)
	}
	body, out := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-b"), Key: aws.String("k")})
	if body != "one" || out.Metadata["m"] != "1" || aws.ToString(out.ContentType) != "a/b" || tags() != "t=1" || aws.ToString(out.ETag) != aws.ToString(first.ETag) {
		t.Errorf("the copy is %q, %+v, tags %s", body, out, tags())
	}
	if err := copyTo(s3.CopyObjectInput{MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"n": "2"}, TaggingDirective: types.TaggingDirectiveReplace, Tagging: aws.String("u=2&v=")}); err != nil {
		t.Fatal(err)
	}
	if _, out = get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-b"), Key: aws.String("k")}); out.Metadata["n"] != "2" || out.Metadata["m"] != "" || tags() != "u=2&v=" {
		t.Errorf("with replacements: %+v, tags %s", out, tags())
	}
	for name, x := range map[string]struct {
		in   s3.CopyObjectInput
		code string
	}{
		"no key":           {s3.CopyObjectInput{CopySource: aws.String("bucket-a/none")}, "NoSuchKey"},
		"no bucket":        {s3.CopyObjectInput{CopySource: aws.String("bucket-z/k")}, "NoSuchBucket"},
		"a bucket alone":   {s3.CopyObjectInput{CopySource: aws.String("bucket-a//")}, "NoSuchKey"},
		"another ETag":     {s3.CopyObjectInput{CopySourceIfMatch: aws.String(`"0"`)}, "PreconditionFailed"},
		"not that ETag":    {s3.CopyObjectInput{CopySourceIfNoneMatch: first.ETag}, "PreconditionFailed"},
		"on to itself":     {s3.CopyObjectInput{CopySource: aws.String("bucket-b/k")}, "InvalidRequest"},
		"an access point":  {s3.CopyObjectInput{CopySource: aws.String("arn:aws:s3:eu-central-1:111111111111:accesspoint/a/object/k")}, "NotImplemented"},
		"another's bucket": {s3.CopyObjectInput{ExpectedSourceBucketOwner: aws.String(prod)}, "AccessDenied"},
	} {
		t.Log(name)
		wantCode(t, copyTo(x.in), x.code)
	}
	if err := copyTo(s3.CopyObjectInput{CopySource: aws.String("bucket-b/k"), MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"o": "3"}}); err != nil {
		t.Errorf("on to itself with other metadata: %v", err)
	}
}

func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c := root(k, tools)
	put(t, c, "bucket-a", "k", "x")
	done := make(chan error)
	for i := range 8 {
		go func() {
			var err error
			for range 20 {
				if i%2 == 0 {
					_, err = c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Body: strings.NewReader("y")})
				} else if _, err = c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")}); err == nil {
					_, err = c.ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a")})
				}
				if err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
