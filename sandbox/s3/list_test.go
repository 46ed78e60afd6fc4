package s3_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// folded is what a listing shows, by its definition: the keys with the prefix, those
// with the delimiter behind it once for each beginning.
func folded(keys []string, prefix, delimiter string) []string {
	var out []string
	for _, k := range slices.Sorted(slices.Values(keys)) {
		rest, ok := strings.CutPrefix(k, prefix)
		if !ok {
			continue
		}
		if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
			k = prefix + rest[:i+len(delimiter)]
		}
		if len(out) == 0 || out[len(out)-1] != k {
			out = append(out, k)
		}
	}
	return out
}

func TestListings(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	keys := []string{"a", "a/", "a/1", "a/2/x", "a/2/y", "a//", "b/1", "b/2", "c", "d/e/f/g", "dd", "ä/1", "ä/2"}
	for _, key := range keys {
		put(t, c, "bucket-a", key, "x")
	}
	rapid.Check(t, func(r *rapid.T) {
		prefix := rapid.SampledFrom([]string{"", "a", "a/", "a/2", "b/", "d", "z", "ä"}).Draw(r, "prefix")
		delimiter := rapid.SampledFrom([]string{"", "/", "//", "e"}).Draw(r, "delimiter")
		size := rapid.Int32Range(1, 5).Draw(r, "size")
		want := folded(keys, prefix, delimiter)
		var two, one []string
		pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a"), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				r.Fatal(err)
			}
			if n := len(page.Contents) + len(page.CommonPrefixes); n > int(size) || n != int(aws.ToInt32(page.KeyCount)) {
				r.Fatalf("a page of %d entries, KeyCount %d, MaxKeys %d", n, aws.ToInt32(page.KeyCount), size)
			}
			for _, o := range page.Contents {
				two = append(two, aws.ToString(o.Key))
			}
			for _, p := range page.CommonPrefixes {
				two = append(two, aws.ToString(p.Prefix))
			}
		}
		slices.Sort(two)
		if diff := cmp.Diff(want, two); diff != "" {
			r.Fatalf("ListObjectsV2(%q, %q, %d): %s", prefix, delimiter, size, diff)
		}
		// Version listings have markers of two parts.
		var keyMarker, versionMarker *string
		for {
			page, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bucket-a"), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size, KeyMarker: keyMarker, VersionIdMarker: versionMarker})
			if err != nil {
				r.Fatal(err)
			}
			for _, o := range page.Versions {
				one = append(one, aws.ToString(o.Key))
			}
			for _, p := range page.CommonPrefixes {
				one = append(one, aws.ToString(p.Prefix))
			}
			if keyMarker, versionMarker = page.NextKeyMarker, page.NextVersionIdMarker; !aws.ToBool(page.IsTruncated) {
				break
			}
		}
		slices.Sort(one)
		if diff := cmp.Diff(want, one); diff != "" {
			r.Fatalf("ListObjectVersions(%q, %q, %d): %s", prefix, delimiter, size, diff)
		}
	})
	old := must[*s3.ListObjectsOutput](t)(c.ListObjects(ctx, &s3.ListObjectsInput{Bucket: aws.String("bucket-a"), Marker: aws.String("b/1"), MaxKeys: aws.Int32(2)}))
	if len(old.Contents) != 2 || aws.ToString(old.Contents[0].Key) != "b/2" || !aws.ToBool(old.IsTruncated) {
		t.Errorf("%+v", old)
	}
	if out := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a"), MaxKeys: aws.Int32(0)})); len(out.Contents) != 0 || aws.ToBool(out.IsTruncated) {
		t.Errorf("of nothing: %+v", out)
	}
	if out := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a"), StartAfter: aws.String("dd"), EncodingType: "url"})); len(out.Contents) != 2 || aws.ToString(out.Contents[0].Key) != "%C3%A4/1" {
		t.Errorf("encoded: %+v", out.Contents)
	}
	_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a"), ContinuationToken: aws.String("???")})
	wantCode(t, err, "InvalidArgument")
}
