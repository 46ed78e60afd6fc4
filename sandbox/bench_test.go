package sandbox_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// BenchmarkGetCallerIdentity is a signed and authenticated call by an IAM user
// through a real server on loopback: client and server share the machine. The wanted
// rate is 10,000 calls a second on 2 cores.
func BenchmarkGetCallerIdentity(b *testing.B) {
	k := sandboxtest.Start(b)
	keys := k.User(b, sandboxtest.Tools, "anna", sandboxtest.Allow("iam:GetUser", "*"))
	benchmark(b, k, keys, "sts", "Action=GetCallerIdentity&Version=2011-06-15")
}

// BenchmarkGetUser is a call that the evaluator decides on.
func BenchmarkGetUser(b *testing.B) {
	k := sandboxtest.Start(b)
	keys := k.User(b, sandboxtest.Tools, "anna", sandboxtest.Allow("iam:GetUser", "*"))
	benchmark(b, k, keys, "iam", "Action=GetUser&Version=2010-05-08")
}

func benchmark(b *testing.B, k *sandboxtest.Kit, keys sandboxtest.Keys, service, body string) {
	// SHA-256 of the body, computed once, as an SDK would for each.
	hash := sha256Hex(body)
	credentials := aws.Credentials{AccessKeyID: keys.ID, SecretAccessKey: keys.Secret}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}
	b.Cleanup(client.CloseIdleConnections)
	b.SetParallelism(8)
	b.ReportAllocs()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		signer := v4.NewSigner()
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, k.URL+"/", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			if err := signer.SignHTTP(b.Context(), credentials, r, hash, service, sandboxtest.Region, time.Now()); err != nil {
				b.Error(err)
				return
			}
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, err = io.Copy(io.Discard, res.Body)
			if cerr := res.Body.Close(); err != nil || cerr != nil || res.StatusCode != http.StatusOK {
				b.Errorf("status %d, %v, %v", res.StatusCode, err, cerr)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
