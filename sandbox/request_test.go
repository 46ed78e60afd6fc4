package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const whoami = "Action=GetCallerIdentity&Version=2011-06-15"

// signed is a call signed at a time; change alters it after that.
func signed(t *testing.T, k *sandboxtest.Kit, service, body string, at time.Time, change func(r *http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.URL+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	keys := aws.Credentials{AccessKeyID: sandboxtest.Tools, SecretAccessKey: "sandbox"}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, sha256Hex(body), service, sandboxtest.Region, at); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return send(t, k, r)
}

func send(t *testing.T, k *sandboxtest.Kit, r *http.Request) (int, string) {
	t.Helper()
	res, err := k.Server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("X-Amzn-Requestid") == "" {
		t.Error("an answer without a request id")
	}
	return res.StatusCode, string(data)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	// Time stands still: on a slow machine the cases may run minutes from now.
	k := sandboxtest.Start(t, sandbox.Options{Now: func() time.Time { return now }})
	for name, c := range map[string]struct {
		service, body string
		at            time.Time
		change        func(r *http.Request)
		status        int
		code          string
	}{
		"works":        {"sts", whoami, now, nil, 200, "arn:aws:iam::111111111111:root"},
		"stale":        {"sts", whoami, now.Add(-16 * time.Minute), nil, 403, "<Code>SignatureDoesNotMatch</Code>"},
		"early":        {"sts", whoami, now.Add(16 * time.Minute), nil, 403, "<Code>SignatureDoesNotMatch</Code>"},
		"a quarter":    {"sts", whoami, now.Add(-14 * time.Minute), nil, 200, "root"},
		"another body": {"sts", whoami, now, func(r *http.Request) { setBody(r, "Action=GetSessionToken&Version=2011-06-15") }, 403, "<Code>SignatureDoesNotMatch</Code>"},
		"a body whose hash is claimed": {"sts", whoami, now, func(r *http.Request) {
			setBody(r, whoami+"&x=1")
			r.Header.Set("X-Amz-Content-Sha256", sha256Hex(whoami))
		}, 403, "<Code>SignatureDoesNotMatch</Code>"},
		"one more header":   {"sts", whoami, now, func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "x") }, 403, "SignedHeader"},
		"no signature":      {"sts", whoami, now, func(r *http.Request) { r.Header.Del("Authorization") }, 403, "<Code>MissingAuthenticationToken</Code>"},
		"broken signature":  {"sts", whoami, now, func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x") }, 400, "<Code>IncompleteSignature</Code>"},
		"no such service":   {"ec2", "Action=RunInstances&Version=2016-11-15", now, nil, 501, "the sandbox does not support the service ec2"},
		"no such operation": {"sts", "Action=Nothing&Version=2011-06-15", now, nil, 400, "<Code>InvalidAction</Code>"},
		"not supported":     {"sts", "Action=AssumeRoot&Version=2011-06-15", now, nil, 501, "the sandbox does not support sts AssumeRoot"},
		"unknown parameter": {"iam", "Action=ListUsers&Version=2010-05-08&Colour=red", now, nil, 501, "the parameter Colour"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := signed(t, k, c.service, c.body, c.at, c.change)
			if status != c.status || !strings.Contains(body, c.code) {
				t.Errorf("want %d with %s, got %d %s", c.status, c.code, status, body)
			}
		})
	}
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// TestPresignedIdentity: a presigned GetCallerIdentity URL is how callers prove to
// others who they are.
func TestPresignedIdentity(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	anna := k.User(t, sandboxtest.Tools, "anna")
	p, err := sts.NewPresignClient(sts.NewFromConfig(k.Config(anna))).PresignGetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), p.Method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return send(t, k, r)
	}
	if status, body := get(p.URL); status != 200 || !strings.Contains(body, "arn:aws:iam::111111111111:user/anna") {
		t.Fatal(status, body)
	}
	if status, body := get(strings.Replace(p.URL, "GetCallerIdentity", "GetSessionToken", 1)); status != 403 {
		t.Fatal(status, body)
	}
}

// TestClockDoesNotOutdateSignatures: clients do not know of the world's clock.
func TestClockDoesNotOutdateSignatures(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	res, err := k.Server.Client().Post(k.URL+"/_sandbox/clock", "application/json", strings.NewReader(`{"advance":"168h"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var health struct{ Time time.Time }
	if err := json.NewDecoder(res.Body).Decode(&health); err != nil || time.Until(health.Time) < 167*time.Hour {
		t.Fatal(health, err)
	}
	if status, body := signed(t, k, "sts", whoami, time.Now(), nil); status != 200 {
		t.Fatal(status, body)
	}
}

// TestEmptyTagValue: an empty text is not an absent one.
func TestEmptyTagValue(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c := iam.NewFromConfig(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("anna"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("")}}}); err != nil {
		t.Fatal(err)
	}
	out, err := c.ListUserTags(t.Context(), &iam.ListUserTagsInput{UserName: aws.String("anna")})
	if err != nil || len(out.Tags) != 1 || out.Tags[0].Value == nil || *out.Tags[0].Value != "" {
		t.Fatal(out, err)
	}
}

// TestGarbage: whatever comes, the answer is an error and not a crash.
func TestGarbage(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	for _, target := range []string{"/", "/%zz", "/?X-Amz-Algorithm=x", "/?Action=%00", "/bucket/../../x", "/_sandbox/nothing", "/?X-Amz-Signature=" + strings.Repeat("a", 5000)} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			r := &http.Request{Method: method, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("\x00\xff<")), RemoteAddr: "x"}
			u, err := r.URL.Parse("http://h")
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			r.URL.Opaque, r.RequestURI = "", target
			if path, query, ok := strings.Cut(target, "?"); ok {
				r.URL.Path, r.URL.RawQuery = path, query
			} else {
				r.URL.Path = target
			}
			w := httptest.NewRecorder()
			k.Sandbox.ServeHTTP(w, r)
			if w.Code < 300 {
				t.Errorf("%s %s: %d", method, target, w.Code)
			}
		}
	}
}
