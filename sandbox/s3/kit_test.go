package s3_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

type in = sandboxtest.In

const (
	tools = sandboxtest.Tools
	prod  = sandboxtest.Prod
)

// client is path-style: a test server has an address and no name.
func client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func root(k *sandboxtest.Kit, account string) *s3.Client {
	return client(k.Config(sandboxtest.Root(account)))
}

func makeBucket(t testing.TB, k *sandboxtest.Kit, account, name string) {
	t.Helper()
	k.Invoke(t, account, "s3", "CreateBucket", in{"Bucket": name, "CreateBucketConfiguration": in{"LocationConstraint": sandboxtest.Region}}, nil)
}

func versioned(t testing.TB, k *sandboxtest.Kit, name, status string) {
	t.Helper()
	k.Invoke(t, tools, "s3", "PutBucketVersioning", in{"Bucket": name, "VersioningConfiguration": in{"Status": status}}, nil)
}

func put(t testing.TB, c *s3.Client, bucket, key, body string) *s3.PutObjectOutput {
	t.Helper()
	return must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(body))}))
}

func get(t testing.TB, c *s3.Client, input *s3.GetObjectInput) (string, *s3.GetObjectOutput) {
	t.Helper()
	out := must[*s3.GetObjectOutput](t)(c.GetObject(t.Context(), input))
	return read(t, out.Body), out
}

func read(t testing.TB, body io.ReadCloser) string {
	t.Helper()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func document(t testing.TB, statements ...any) string {
	t.Helper()
	data, err := json.Marshal(in{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := sandboxtest.Code(err); got != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkDeleted holds an answer of DeleteObjects to one object gone, one refused.
func checkDeleted(t testing.TB, answer any) {
	t.Helper()
	out := answer.(*s3.DeleteObjectsOutput)
	if len(out.Deleted) != 1 || aws.ToString(out.Deleted[0].Key) != "mine" || len(out.Errors) != 1 || aws.ToString(out.Errors[0].Key) != "other" || aws.ToString(out.Errors[0].Code) != "AccessDenied" {
		t.Errorf("deleted %+v, refused %+v", out.Deleted, out.Errors)
	}
}
