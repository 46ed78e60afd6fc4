package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func answer(t *testing.T, client *http.Client, r *http.Request) (int, string, http.Header) {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c := root(k, tools)
	put(t, c, "bucket-a", "a b/ü", "secret")
	presign := s3.NewPresignClient(c)
	get := must[*v4.PresignedHTTPRequest](t)(presign.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("a b/ü"), ResponseContentType: aws.String("x/y")}, s3.WithPresignExpires(time.Minute)))
	if status, body, h := answer(t, k.Server.Client(), request(t, get.Method, get.URL, "")); status != 200 || body != "secret" || h.Get("Content-Type") != "x/y" {
		t.Errorf("%d %s", status, body)
	}
	for name, url := range map[string]string{
		"other key":       strings.Replace(get.URL, "/a%20b/", "/a%20c/", 1),
		"longer":          strings.Replace(get.URL, "X-Amz-Expires=60", "X-Amz-Expires=61", 1),
		"other parameter": strings.Replace(get.URL, "x%2Fy", "x%2Fz", 1),
	} {
		if status, body, _ := answer(t, k.Server.Client(), request(t, get.Method, url, "")); url == get.URL || status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	stored := must[*v4.PresignedHTTPRequest](t)(presign.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("new")}))
	if status, body, _ := answer(t, k.Server.Client(), request(t, stored.Method, stored.URL, "put so")); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, body, _ := answer(t, k.Server.Client(), request(t, http.MethodDelete, stored.URL, "")); status != 403 {
		t.Errorf("with another method: %d %s", status, body)
	}
	// An expired one: signed in the past.
	r := request(t, http.MethodGet, k.URL+"/bucket-a/new?X-Amz-Expires=60", "")
	url, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: tools, SecretAccessKey: "sandbox"}, r, "UNSIGNED-PAYLOAD", "s3", sandboxtest.Region, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if status, body, _ := answer(t, k.Server.Client(), request(t, http.MethodGet, url, "")); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Errorf("expired: %d %s", status, body)
	}
}

// TestVirtualHosts: the bucket may stand in the host, whatever the address is.
func TestVirtualHosts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket.with-dots")
	put(t, root(k, tools), "bucket.with-dots", "a//b", "x")
	address := k.Server.Listener.Addr().String()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	for _, host := range []string{"s3.eu-central-1.amazonaws.com", "s3.amazonaws.com", "s3-eu-central-1.amazonaws.com", "s3.localhost:4566", "localhost:4566", "s3.localhost.localstack.cloud:4566"} {
		cfg := k.Config(sandboxtest.Root(tools))
		cfg.BaseEndpoint, cfg.HTTPClient = aws.String("http://bucket.with-dots."+host), &http.Client{Transport: transport}
		r := request(t, http.MethodGet, *cfg.BaseEndpoint+"/a//b", "")
		empty := sha256.Sum256(nil)
		hash := hex.EncodeToString(empty[:])
		r.Header.Set("X-Amz-Content-Sha256", hash)
		if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(t.Context(), aws.Credentials{AccessKeyID: tools, SecretAccessKey: "sandbox"}, r, hash, "s3", sandboxtest.Region, time.Now()); err != nil {
			t.Fatal(err)
		}
		if status, body, _ := answer(t, &http.Client{Transport: transport}, r); status != 200 || body != "x" {
			t.Errorf("%s: %d %s", host, status, body)
		}
	}
}

func TestPayloadHash(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	send := func(hash, body string) (int, string) {
		t.Helper()
		r := request(t, http.MethodPut, k.URL+"/bucket-a/k", body)
		if hash != "" {
			r.Header.Set("X-Amz-Content-Sha256", hash)
		}
		if err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(t.Context(), aws.Credentials{AccessKeyID: tools, SecretAccessKey: "sandbox"}, r, hash, "s3", sandboxtest.Region, time.Now()); err != nil {
			t.Fatal(err)
		}
		status, text, _ := answer(t, k.Server.Client(), r)
		return status, text
	}
	right, other := sha256.Sum256([]byte("body")), sha256.Sum256([]byte("other"))
	for name, x := range map[string]struct{ hash, code string }{
		"right":    {hex.EncodeToString(right[:]), ""},
		"unsigned": {"UNSIGNED-PAYLOAD", ""},
		"other":    {hex.EncodeToString(other[:]), "XAmzContentSHA256Mismatch"},
		"no hash":  {"abc", "InvalidArgument"},
	} {
		status, body := send(x.hash, "body")
		if x.code == "" && status != 200 || x.code != "" && (status != 400 || !strings.Contains(body, "<Code>"+x.code+"</Code>")) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// TestShapes holds what clients do not look at to the S3 API reference.
func TestShapes(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	unblock(t, k, "bucket-a")
	k.Invoke(t, tools, "s3", "PutBucketPolicy", in{"Bucket": "bucket-a", "Policy": document(t, allow("*", []string{"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketVersions"}, []string{aBucket, aObjects}))}, nil)
	must[*s3.PutObjectOutput](t)(root(k, tools).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Body: bytes.NewReader(nil), Metadata: map[string]string{"My-Key": "v"}}))
	const ns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	for path, want := range map[string]string{
		"/bucket-a":             "<ListBucketResult" + ns,
		"/bucket-a?list-type=2": "<ListBucketResult" + ns,
		"/bucket-a?versions":    "<ListVersionsResult" + ns,
		"/bucket-a?location":    "<LocationConstraint" + ns + "eu-central-1</LocationConstraint>",
		"/bucket-a/none":        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>none</Key><Resource>/bucket-a/none</Resource><RequestId>",
		"/none":                 "<Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>none</BucketName>",
		"/bucket-a?cors":        "<Code>NotImplemented</Code>",
		"/bucket-a/k?torrent":   "<Code>NotImplemented</Code>",
	} {
		if _, body := anonymous(t, k, path); !strings.HasPrefix(body, `<?xml version="1.0" encoding="UTF-8"?>`) || !strings.Contains(body, want) {
			t.Errorf("%s: %s\nwant %s", path, body, want)
		}
	}
	_, _, h := answer(t, k.Server.Client(), request(t, http.MethodHead, k.URL+"/bucket-a/k", ""))
	if h.Get("X-Amz-Request-Id") == "" || h.Get("Accept-Ranges") != "bytes" || h.Get("ETag") != `"d41d8cd98f00b204e9800998ecf8427e"` || h.Get("x-amz-meta-my-key") != "v" {
		t.Errorf("%v", h)
	}
	if status, body, _ := answer(t, k.Server.Client(), request(t, http.MethodPost, k.URL+"/bucket-a", "")); status != 405 || !strings.Contains(body, "<Code>MethodNotAllowed</Code>") {
		t.Errorf("POST on a bucket: %d %s", status, body)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	var mu sync.Mutex
	var got []cloud.Event
	k.Sandbox.World.OnEvent(func(e cloud.Event) {
		if mu.Lock(); e.Source == "aws.s3" {
			got = append(got, e)
		}
		mu.Unlock()
	})
	makeBucket(t, k, tools, "bucket-a")
	c, ctx, bucket := root(k, tools), t.Context(), aws.String("bucket-a")
	put(t, c, "bucket-a", "before", "x")
	must[*s3.PutBucketNotificationConfigurationOutput](t)(c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: bucket, NotificationConfiguration: &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}}}))
	if on := must[*s3.GetBucketNotificationConfigurationOutput](t)(c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})); on.EventBridgeConfiguration == nil {
		t.Error("EventBridge is off after it was switched on")
	}
	put(t, c, "bucket-a", "k", "four")
	must[*s3.CopyObjectOutput](t)(c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("bucket-a/k")}))
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("copy")}))
	versioned(t, k, "bucket-a", "Enabled")
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")}))
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("never"), VersionId: aws.String("null")}))
	want := []string{"Object Created PutObject  k", "Object Created CopyObject  copy", "Object Deleted DeleteObject Permanently Deleted copy", "Object Deleted DeleteObject Delete Marker Created k"}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d: %+v", len(got), len(want), got)
	}
	for i, e := range got {
		var d struct {
			Version string
			Bucket  struct{ Name string }
			Object  struct {
				Key, Etag, Sequencer string
				Size                 int64
			}
			Requester    string
			Reason       string
			DeletionType string `json:"deletion-type"`
		}
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			t.Fatal(err)
		}
		if line := e.DetailType + " " + d.Reason + " " + d.DeletionType + " " + d.Object.Key; line != want[i] {
			t.Errorf("event %d is %q, want %q", i, line, want[i])
		}
		if e.Account != tools || e.Region != sandboxtest.Region || len(e.Resources) != 1 || e.Resources[0] != aBucket || d.Bucket.Name != "bucket-a" || d.Requester != tools || d.Version != "0" || d.Object.Sequencer == "" {
			t.Errorf("%+v %s", e, e.Detail)
		}
		if i == 0 && (d.Object.Size != 4 || d.Object.Etag != "8cbad96aced40b3838dd9f07f6ef5772") { // md5 of "four"
			t.Errorf("%s", e.Detail)
		}
	}
}
