package s3_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestCLI drives S3 and KMS with the real AWS CLI, whose high-level commands make
// requests that no SDK test makes: parallel ranges, multipart copies, encoded
// listings, region look-ups.
func TestCLI(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	k := sandboxtest.Start(t)
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = dir
		cmd.Env = append(k.Env(sandboxtest.Root(tools)), "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	aws := func(want string, args ...string) string {
		t.Helper()
		out, err := run(args...)
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("aws %s: %v\n%s\nwant %q in it", strings.Join(args, " "), err, out, want)
		}
		return out
	}
	fails := func(want string, args ...string) {
		t.Helper()
		if out, err := run(args...); err == nil || !strings.Contains(out, want) {
			t.Errorf("aws %s: %v\n%s\nwant a failure with %q", strings.Join(args, " "), err, out, want)
		}
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 12<<20/16)
	for name, data := range map[string][]byte{"big": big, "one file": []byte("one"), "sub/zwei ü+&.txt": []byte("two")} {
		path := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aws("make_bucket: bucket-a", "s3", "mb", "s3://bucket-a")
	key := aws("-", "kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text")
	aws("", "kms", "create-alias", "--alias-name", "alias/app", "--target-key-id", key)
	aws("", "s3api", "put-bucket-encryption", "--bucket", "bucket-a", "--server-side-encryption-configuration",
		`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"alias/app"},"BucketKeyEnabled":true}]}`)
	aws("upload", "s3", "sync", "--no-progress", "tree", "s3://bucket-a/tree")
	aws("sub/zwei ü+&.txt", "s3", "ls", "--recursive", "s3://bucket-a/tree/")
	aws("copy", "s3", "cp", "--no-progress", "--recursive", "s3://bucket-a/tree", "s3://bucket-a/copy")
	aws("download", "s3", "sync", "--no-progress", "s3://bucket-a/copy", "back")
	for _, name := range []string{"big", "one file", "sub/zwei ü+&.txt"} {
		want, err := os.ReadFile(filepath.Join(dir, "tree", name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "back", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s came back with %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
	aws(key, "s3api", "head-object", "--bucket", "bucket-a", "--key", "copy/big")
	fails("NotImplemented", "s3api", "get-bucket-website", "--bucket", "bucket-a")
	fails("BucketNotEmpty", "s3", "rb", "s3://bucket-a")
	url := aws("X-Amz-Signature=", "s3", "presign", "s3://bucket-a/tree/one file")
	if status, body, _ := answer(t, k.Server.Client(), request(t, "GET", url, "")); status != 200 || body != "one" {
		t.Errorf("the presigned URL answered %d %s", status, body)
	}
	aws("", "kms", "disable-key", "--key-id", key)
	fails("KMS.DisabledException", "s3api", "get-object", "--bucket", "bucket-a", "--key", "copy/big", "out")
	aws("", "kms", "enable-key", "--key-id", key)
	aws("remove_bucket: bucket-a", "s3", "rb", "--force", "s3://bucket-a")
}
