package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The SDK's signer is the independent implementation that the checking side is
// held to.

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var (
	signedAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	creds    = aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: "token"}
)

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// arrives is a request as the server gets it.
func arrives(t testing.TB, out *http.Request, body string) *http.Request {
	t.Helper()
	in := httptest.NewRequest(out.Method, out.URL.RequestURI(), strings.NewReader(body))
	in.Host = out.URL.Host
	in.Header = out.Header.Clone()
	in.ContentLength = int64(len(body))
	return in
}

func outgoing(t testing.TB, method, target, body string, headers map[string]string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	return r
}

// s3Path keeps S3's signer from escaping the path twice.
func s3Path(service string) func(*v4.SignerOptions) {
	return func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }
}

var requests = map[string]struct {
	service, method, url, body string
	headers                    map[string]string
}{
	"query":          {"sts", "POST", "http://127.0.0.1:4566/", "Action=GetCallerIdentity&Version=2011-06-15", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
	"json":           {"kms", "POST", "http://localhost/", `{"KeyId":"ä"}`, map[string]string{"X-Amz-Target": "TrentService.Encrypt", "Content-Type": "application/x-amz-json-1.1"}},
	"empty":          {"sts", "GET", "http://localhost/", "", nil},
	"query string":   {"lambda", "GET", "http://localhost/2015-03-31/functions/?b=2&a=1&a=0&c", "", nil},
	"prefix of keys": {"lambda", "GET", "http://localhost/x?a-b=1&a=2&a.b=3&a0=4", "", nil},
	"odd values":     {"lambda", "GET", "http://localhost/x?q=" + url.QueryEscape("a b+c/d=e&f~*'()é"), "", nil},
	"path escapes":   {"lambda", "GET", "http://localhost/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/policy", "", nil},
	"space in path":  {"lambda", "GET", "http://localhost/a%20b/c", "", nil},
	"s3 object":      {"s3", "PUT", "http://localhost/bucket/a%20b/%C3%A4%2B~x", "data", nil},
	"s3 slashes":     {"s3", "GET", "http://localhost/bucket//a/../b", "", nil},
	"header spaces":  {"s3", "PUT", "http://localhost/b/k", "data", map[string]string{"X-Amz-Meta-A": "  two   words ", "X-Amz-Meta-B": "a,b"}},
}

func TestSignatureMatchesTheSDKs(t *testing.T) {
	t.Parallel()
	for name, c := range requests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := outgoing(t, c.method, c.url, c.body, c.headers)
			hash := hashOf(c.body)
			if c.service == "s3" {
				out.Header.Set("X-Amz-Content-Sha256", hash)
			}
			if err := v4.NewSigner().SignHTTP(t.Context(), creds, out, hash, c.service, "eu-west-1", signedAt, s3Path(c.service)); err != nil {
				t.Fatal(err)
			}
			in := arrives(t, out, c.body)
			sig, err := readSignature(in)
			if err != nil {
				t.Fatal(err)
			}
			if sig.accessKeyID != keyID || sig.region != "eu-west-1" || sig.service != c.service || sig.token != "token" || !sig.at.Equal(signedAt) {
				t.Errorf("%+v", sig)
			}
			if !sig.matches(in, secret, hash) {
				t.Fatal("the SDK's signature is refused")
			}
			if left, ok := sig.covers(in); !ok {
				t.Errorf("%s is said not to be signed", left)
			}
			for what, change := range alterations {
				in := arrives(t, out, c.body)
				bodyHash := change(in, hash)
				sig, err := readSignature(in)
				if err != nil {
					continue
				}
				_, covered := sig.covers(in)
				if covered && sig.matches(in, secret, bodyHash) {
					t.Errorf("with %s the signature still matches", what)
				}
			}
			if sig.matches(in, secret+"x", hash) {
				t.Error("another secret matches")
			}
		})
	}
}

// alterations are what somebody might do to a request on its way; each returns the
// hash of the body.
var alterations = map[string]func(r *http.Request, hash string) string{
	"another body":    func(_ *http.Request, _ string) string { return hashOf("other") },
	"another method":  func(r *http.Request, h string) string { r.Method = "DELETE"; return h },
	"another path":    func(r *http.Request, h string) string { r.URL.Path += "x"; r.URL.RawPath = ""; return h },
	"another query":   func(r *http.Request, h string) string { r.URL.RawQuery += "&x=1"; return h },
	"another host":    func(r *http.Request, h string) string { r.Host = "elsewhere"; return h },
	"another token":   func(r *http.Request, h string) string { r.Header.Set("X-Amz-Security-Token", "y"); return h },
	"another date":    func(r *http.Request, h string) string { r.Header.Set("X-Amz-Date", "20260304T050608Z"); return h },
	"another region":  swap("eu-west-1", "us-east-1"),
	"fewer headers":   swap("SignedHeaders=", "SignedHeaders=accept;"),
	"one more header": func(r *http.Request, h string) string { r.Header.Set("X-Amz-Copy-Source", "b/k"); return h },
	"no signature":    func(r *http.Request, h string) string { r.Header.Set("Authorization", algorithm); return h },
	"unsigned payload": func(r *http.Request, h string) string {
		r.Header.Set("X-Amz-Content-Sha256", unsignedPayload)
		return h
	},
	"streaming payload": func(r *http.Request, h string) string {
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		return h
	},
}

func swap(from, to string) func(*http.Request, string) string {
	return func(r *http.Request, h string) string {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		return h
	}
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	for service, payload := range map[string]string{"s3": unsignedPayload, "sts": emptySHA256} {
		out := outgoing(t, "GET", "http://localhost/bucket/key?X-Amz-Expires=60&list=1", "", nil)
		signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), creds, out, payload, service, "eu-west-1", signedAt, s3Path(service))
		if err != nil {
			t.Fatal(err)
		}
		in := httptest.NewRequest("GET", signed, nil)
		in.Host = "localhost"
		sig, err := readSignature(in)
		if err != nil {
			t.Fatal(err)
		}
		if !sig.presigned || !sig.matches(in, secret, emptySHA256) {
			t.Errorf("%s: the SDK's presigned URL is refused", service)
		}
		for d, want := range map[time.Duration]bool{0: true, 59 * time.Second: true, 60 * time.Second: false, -14 * time.Minute: true, -16 * time.Minute: false} {
			if got := sig.fresh(signedAt.Add(d)); got != want {
				t.Errorf("%v after signing: %v", d, got)
			}
		}
		in.URL.RawQuery = strings.Replace(in.URL.RawQuery, "X-Amz-Expires=60", "X-Amz-Expires=600", 1)
		if sig, err := readSignature(in); err != nil || sig.matches(in, secret, emptySHA256) {
			t.Errorf("%s: a longer life is accepted: %v", service, err)
		}
	}
	for _, expires := range []string{"0", "604801", "x", "-1"} {
		if _, err := readSignature(httptest.NewRequest("GET", "/?X-Amz-Algorithm="+algorithm+"&X-Amz-Credential=k/20260304/r/s3/aws4_request&X-Amz-Date=20260304T050607Z&X-Amz-SignedHeaders=host&X-Amz-Signature=a&X-Amz-Expires="+expires, nil)); err == nil {
			t.Errorf("X-Amz-Expires=%s is accepted", expires)
		}
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	s := &signature{at: signedAt}
	for d, want := range map[time.Duration]bool{0: true, 15 * time.Minute: true, -15 * time.Minute: true, 15*time.Minute + time.Second: false, -15*time.Minute - time.Second: false} {
		if got := s.fresh(signedAt.Add(d)); got != want {
			t.Errorf("%v after signing: %v", d, got)
		}
	}
}

// The two examples of chunked uploads in the Amazon S3 API reference ("Signature
// calculations for the Authorization header: transferring payload in multiple
// chunks", and "… including trailing headers").
func TestChunksOfTheReference(t *testing.T) {
	t.Parallel()
	first, second := strings.Repeat("a", 65536), strings.Repeat("a", 1024)
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		hash, seed string
		chunks     [3]string
		trailer    string
	}{
		"plain": {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", [3]string{
			"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
			"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}, "\r\n"},
		"trailer": {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", [3]string{
			"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
			"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
			"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"},
	} {
		s := &signature{accessKeyID: keyID, date: "20130524", region: "us-east-1", service: "s3", value: c.seed, at: at, payloadHash: c.hash}
		var body bytes.Buffer
		for i, chunk := range []string{first, second, ""} {
			body.WriteString([]string{"10000", "400", "0"}[i] + ";chunk-signature=" + c.chunks[i] + "\r\n" + chunk)
			if chunk != "" {
				body.WriteString("\r\n")
			}
		}
		body.WriteString(c.trailer)
		data, trailer, err := s.unchunk(body.Bytes(), secret)
		if err != nil || string(data) != first+second {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
			continue
		}
		if name == "trailer" && trailer["x-amz-checksum-crc32c"] != "sOO8/Q==" {
			t.Errorf("trailer %v", trailer)
		}
		for what, change := range map[string]func(string) string{
			"another byte":  func(b string) string { return strings.Replace(b, "aaa", "aab", 1) },
			"a chunk less":  func(b string) string { return b[strings.Index(b, "400;"):] },
			"cut off":       func(b string) string { return b[:len(b)/2] },
			"another size":  func(b string) string { return "ffff" + b[5:] },
			"no signatures": func(b string) string { return strings.ReplaceAll(b, ";chunk-signature=", ";x=") },
		} {
			if _, _, err := s.unchunk([]byte(change(body.String())), secret); err == nil {
				t.Errorf("%s: with %s the body is accepted", name, what)
			}
		}
		if name == "trailer" {
			if _, _, err := s.unchunk([]byte(strings.Replace(body.String(), "sOO8", "tOO8", 1)), secret); err == nil {
				t.Error("a changed trailer is accepted")
			}
		}
	}
}

func TestUnsignedChunks(t *testing.T) {
	t.Parallel()
	s := &signature{payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
	data, trailer, err := s.unchunk([]byte("5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"), secret)
	if err != nil || string(data) != "hello world" || trailer["x-amz-checksum-crc32"] != "DUoRhQ==" {
		t.Fatal(string(data), trailer, err)
	}
	for _, body := range []string{"", "5\r\nhel", "zz\r\nhello\r\n0\r\n", "5\r\nhelloX\r\n0\r\n", "ffffffffff\r\nx\r\n0\r\n", "-1\r\n\r\n"} {
		if _, _, err := s.unchunk([]byte(body), secret); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

func FuzzReadSignature(f *testing.F) {
	f.Add(algorithm+" Credential="+keyID+"/20260304/r/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "20260304T050607Z", "/a?b=c")
	f.Add("", "", "/?X-Amz-Algorithm="+algorithm+"&X-Amz-Credential=k/20260304/r/s3/aws4_request&X-Amz-Date=20260304T050607Z&X-Amz-SignedHeaders=host&X-Amz-Signature=a&X-Amz-Expires=5")
	f.Fuzz(func(t *testing.T, authorization, date, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Host: "h", Header: http.Header{}}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", date)
		sig, err := readSignature(r)
		if err != nil || sig == nil {
			return
		}
		if sig.matches(r, secret, emptySHA256) {
			t.Fatal("a signature was guessed")
		}
	})
}

func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n"), true)
	f.Add([]byte("5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n"), false)
	f.Fuzz(func(t *testing.T, body []byte, unsigned bool) {
		s := &signature{payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}
		if unsigned {
			s.payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
		}
		data, _, err := s.unchunk(body, secret)
		if err == nil && (!unsigned || len(data) > len(body)) {
			t.Fatalf("%d bytes of %d, unsigned %v", len(data), len(body), unsigned)
		}
	})
}
