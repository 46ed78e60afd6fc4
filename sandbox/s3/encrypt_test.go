package s3_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func newKey(t testing.TB, k *sandboxtest.Kit, members in) string {
	t.Helper()
	var out struct{ KeyMetadata struct{ Arn string } }
	k.Invoke(t, tools, "kms", "CreateKey", members, &out)
	return out.KeyMetadata.Arn
}

func encryptBucket(t testing.TB, k *sandboxtest.Kit, bucket, key string, bucketKey bool) {
	t.Helper()
	rule := in{"ApplyServerSideEncryptionByDefault": in{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": bucketKey}
	k.Invoke(t, tools, "s3", "PutBucketEncryption", in{"Bucket": bucket, "ServerSideEncryptionConfiguration": in{"Rules": []any{rule}}}, nil)
}

// TestEncryptedAtRest: what lies in the store of an object under SSE-KMS is not the
// object, and cannot be read once the key cannot be used.
func TestEncryptedAtRest(t *testing.T) {
	t.Parallel()
	store := &sandboxtest.Store{}
	accounts := []cloud.Account{{Name: "tools", ID: tools}, {Name: "prod", ID: prod}}
	k := sandboxtest.Start(t, sandbox.Options{Store: store, Accounts: accounts})
	makeBucket(t, k, tools, "bucket-a")
	key, c := newKey(t, k, in{}), root(k, tools)
	secret := strings.Repeat("the secret text ", 10)
	put(t, c, "bucket-a", "plain", "something else")
	must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("sealed"), Body: strings.NewReader(secret), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &key}))
	blobs := 0
	if err := store.Load("s3.blobs", func(_ string, value []byte) error {
		if blobs++; bytes.Contains(value, []byte("secret")) {
			t.Error("the store holds the object in the clear")
		}
		return nil
	}); err != nil || blobs != 2 {
		t.Fatalf("%d bodies in the store, %v", blobs, err)
	}
	// Another sandbox over the same store has it all.
	k2 := sandboxtest.Start(t, sandbox.Options{Store: store, Accounts: accounts})
	c2 := root(k2, tools)
	if got, out := get(t, c2, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("sealed")}); got != secret || aws.ToString(out.SSEKMSKeyId) != key || out.ServerSideEncryption != types.ServerSideEncryptionAwsKms {
		t.Errorf("after a restart: %q, %+v", got, out)
	}
	if got, _ := get(t, c2, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("plain")}); got != "something else" {
		t.Errorf("after a restart: %q", got)
	}
	k2.Invoke(t, tools, "kms", "DisableKey", in{"KeyId": key}, nil)
	_, err := c2.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("sealed")})
	wantCode(t, err, "KMS.DisabledException")
}

// TestKMSPermissions: the caller needs the key as well as the object.
func TestKMSPermissions(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	key, ctx := newKey(t, k, in{}), t.Context()
	encryptBucket(t, k, "bucket-a", key, false)
	objects := sandboxtest.Statement{Effect: "Allow", Action: []string{"s3:PutObject", "s3:GetObject"}, Resource: []string{"arn:aws:s3:::bucket-a/*"}}
	c := client(k.Config(k.User(t, tools, "anna", objects)))
	write := func() error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Body: strings.NewReader("x")})
		return err
	}
	read := func() error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
		return err
	}
	refused := func(err error, action string) {
		t.Helper()
		wantCode(t, err, "AccessDenied")
		if err != nil && !strings.Contains(err.Error(), "is not authorized to perform: "+action+" on resource: "+key) {
			t.Error(err)
		}
	}
	refused(write(), "kms:GenerateDataKey")
	through := func(action, arn string) sandboxtest.Statement {
		s := sandboxtest.Allow(action, key)
		s.Condition = map[string]map[string]any{"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": arn}}
		return s
	}
	k.Permit(t, tools, "anna", objects, through("kms:GenerateDataKey", "arn:aws:s3:::bucket-a/other"))
	refused(write(), "kms:GenerateDataKey")
	k.Permit(t, tools, "anna", objects, through("kms:GenerateDataKey", "arn:aws:s3:::bucket-a/k"))
	if err := write(); err != nil {
		t.Fatal(err)
	}
	refused(read(), "kms:Decrypt")
	k.Permit(t, tools, "anna", objects, through("kms:Decrypt", "arn:aws:s3:::bucket-a/k"))
	if err := read(); err != nil {
		t.Error(err)
	}
	must[*s3.HeadObjectOutput](t)(client(k.Config(k.User(t, tools, "head", objects))).HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")}))
	// With a bucket key the encryption context is the bucket.
	encryptBucket(t, k, "bucket-a", key, true)
	k.Permit(t, tools, "anna", objects, through("kms:*", "arn:aws:s3:::bucket-a"))
	if err := write(); err != nil {
		t.Error(err)
	}
	if err := read(); err != nil {
		t.Error(err)
	}
	// A multipart upload needs kms:Decrypt for its parts as well.
	k.Permit(t, tools, "anna", objects, through("kms:GenerateDataKey", "arn:aws:s3:::bucket-a"))
	upload := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")}))
	_, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
	refused(err, "kms:Decrypt")
}

func TestKMSAcrossAccounts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	ctx := t.Context()
	policy := document(t, in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + prod + ":root"}, "Action": "s3:*", "Resource": []string{"arn:aws:s3:::bucket-a", "arn:aws:s3:::bucket-a/*"}})
	k.Invoke(t, tools, "s3", "PutBucketPolicy", in{"Bucket": "bucket-a", "Policy": policy}, nil)
	shared := newKey(t, k, in{"Policy": document(t,
		in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + tools + ":root"}, "Action": "kms:*", "Resource": "*"},
		in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + prod + ":root"}, "Action": []string{"kms:Decrypt", "kms:GenerateDataKey"}, "Resource": "*"})})
	closed := newKey(t, k, in{})
	c := client(k.Config(k.User(t, prod, "pia", sandboxtest.Allow("s3:*", "*"), sandboxtest.Allow("kms:*", "*"))))
	for name, x := range map[string]struct{ key, code string }{"shared": {shared, ""}, "closed": {closed, "AccessDenied"}, "managed": {"", "AccessDenied"}} {
		in := &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: &name, Body: strings.NewReader("x"), ServerSideEncryption: types.ServerSideEncryptionAwsKms}
		if x.key != "" {
			in.SSEKMSKeyId = &x.key
		}
		if _, err := root(k, tools).PutObject(ctx, in); err != nil {
			t.Fatal(err)
		}
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: &name})
		if got := sandboxtest.Code(err); got != x.code {
			t.Errorf("%s: want %q, got %v", name, x.code, err)
		}
	}
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), Body: strings.NewReader("x"), ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("arn:aws:kms:eu-central-1:" + tools + ":key/none")})
	wantCode(t, err, "KMS.NotFoundException")
}

func TestDefaultEncryption(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx, key := root(k, tools), t.Context(), newKey(t, k, in{})
	where := func(in s3.PutObjectInput) *s3.PutObjectOutput {
		t.Helper()
		in.Bucket, in.Key, in.Body = aws.String("bucket-a"), aws.String("k"), strings.NewReader("x")
		return must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &in))
	}
	if out := where(s3.PutObjectInput{}); out.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("without a default: %s", out.ServerSideEncryption)
	}
	encryptBucket(t, k, "bucket-a", key, true)
	if out := where(s3.PutObjectInput{}); aws.ToString(out.SSEKMSKeyId) != key || !aws.ToBool(out.BucketKeyEnabled) {
		t.Errorf("with a default: %+v", out)
	}
	if out := where(s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAes256}); out.ServerSideEncryption != types.ServerSideEncryptionAes256 || out.SSEKMSKeyId != nil {
		t.Errorf("asked for SSE-S3: %+v", out)
	}
	// aws:kms without a key is the managed key, whatever the bucket's default.
	if out := where(s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms}); out.SSEKMSKeyId == nil || aws.ToString(out.SSEKMSKeyId) == key {
		t.Errorf("asked for aws:kms: %+v", out)
	}
	got := must[*s3.GetBucketEncryptionOutput](t)(c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String("bucket-a")})).ServerSideEncryptionConfiguration.Rules[0]
	if aws.ToString(got.ApplyServerSideEncryptionByDefault.KMSMasterKeyID) != key || !aws.ToBool(got.BucketKeyEnabled) {
		t.Errorf("%+v", got)
	}
	must[*s3.DeleteBucketEncryptionOutput](t)(c.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: aws.String("bucket-a")}))
	if out := where(s3.PutObjectInput{}); out.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("after the default was deleted: %s", out.ServerSideEncryption)
	}
}
