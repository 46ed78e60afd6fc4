package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
	"github.com/twokey/twokey/sandbox/sqlite"
)

// childData, in the environment, makes the test program a sandbox over that file
// until it is killed.
const childData = "SANDBOX_TEST_DATA"

func TestMain(m *testing.M) {
	if path := os.Getenv(childData); path != "" {
		serveUntilKilled(path)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(path string) {
	s, err := durable(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(httptest.NewServer(s).URL)
	select {}
}

// durable is a sandbox over a SQLite file.
func durable(path string) (*sandbox.Sandbox, error) {
	store, err := sqlite.Open(path)
	if err != nil {
		return nil, err
	}
	return sandbox.New(sandbox.Options{Store: store, Accounts: []cloud.Account{{Name: "tools", ID: sandboxtest.Tools}}})
}

// TestKill kills a sandbox while clients put objects, over and over: every object
// that was acknowledged is there with its whole body, encrypted ones too.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.db")
	acknowledged := map[string]string{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childData+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		c := objects(strings.TrimSpace(line))
		for key, body := range acknowledged {
			if got := objectBody(t, c, key); got != body {
				t.Fatalf("round %d: %s has %d bytes, want %d", round, key, len(got), len(body))
			}
		}
		if round == 0 {
			if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: sandboxtest.Region}}); err != nil {
				t.Fatal(err)
			}
		}
		putUntilKilled(t, c, cmd, round, acknowledged)
		_ = cmd.Wait()
	}
	if len(acknowledged) < 50 {
		t.Errorf("only %d objects were acknowledged", len(acknowledged))
	}
}

func objects(url string) *s3.Client {
	return s3.NewFromConfig(aws.Config{Region: sandboxtest.Region, BaseEndpoint: &url, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: &http.Client{Transport: &http.Transport{}}, Credentials: credentials.NewStaticCredentialsProvider(sandboxtest.Tools, "sandbox", "")},
		func(o *s3.Options) { o.UsePathStyle = true })
}

func objectBody(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
	if err != nil {
		t.Fatalf("%s was acknowledged: %v", key, err)
	}
	defer out.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(out.Body).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// putUntilKilled has several clients put objects, kills the sandbox after some of
// them, and notes those that were acknowledged.
func putUntilKilled(t *testing.T, c *s3.Client, cmd *exec.Cmd, round int, acknowledged map[string]string) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	limit := len(acknowledged) + 12 + 5*round
	for client := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%d/%d/%d", round, client, n)
				body := strings.Repeat(key+"\n", 1+n*97%3000)
				in := &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader(body)}
				if n%2 == 1 {
					in.ServerSideEncryption = types.ServerSideEncryptionAwsKms
				}
				_, err := c.PutObject(context.Background(), in)
				mu.Lock()
				if err == nil {
					acknowledged[key] = body
				}
				if len(acknowledged) >= limit {
					if kerr := cmd.Process.Kill(); kerr != nil && !errors.Is(kerr, os.ErrProcessDone) {
						t.Error(kerr)
					}
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	_ = cmd.Process.Kill() // where every client failed for another reason
}
