package s3_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// BenchmarkPutObject4K puts objects of 4 KiB as an IAM user, signed, authorised
// and in memory, through a real server on loopback: client and server share the
// machine. The wanted rate is 5,000 a second on 2 cores.
func BenchmarkPutObject4K(b *testing.B) {
	k := sandboxtest.Start(b)
	makeBucket(b, k, tools, "bench-bucket")
	keys := k.User(b, tools, "anna", sandboxtest.Allow("s3:PutObject", "arn:aws:s3:::bench-bucket/*"))
	credentials := aws.Credentials{AccessKeyID: keys.ID, SecretAccessKey: keys.Secret}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}
	b.Cleanup(client.CloseIdleConnections)
	body := bytes.Repeat([]byte("4096 bytes of it"), 256)
	var n atomic.Int64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPut, fmt.Sprintf("%s/bench-bucket/key-%d", k.URL, n.Add(1)%10_000), bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			sum := sha256.Sum256(body)
			hash := hex.EncodeToString(sum[:])
			r.Header.Set("X-Amz-Content-Sha256", hash)
			if err := signer.SignHTTP(b.Context(), credentials, r, hash, "s3", sandboxtest.Region, time.Now()); err != nil {
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
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "puts/s")
}
