package wire

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Signature Version 4, the checking side. Source: "Signature Version 4 signing
// process" in the IAM user guide, and "Authenticating requests" in the S3 API
// reference for chunked bodies and presigned URLs.

const (
	algorithm       = "AWS4-HMAC-SHA256"
	timeFormat      = "20060102T150405Z"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptySHA256     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	// maxSkew is how far a signature's date may be from the server's clock.
	maxSkew = 15 * time.Minute
	// maxPresign is the longest life of a presigned URL.
	maxPresign = 7 * 24 * time.Hour
)

// signature is what a request says of its signature.
type signature struct {
	accessKeyID   string
	date          string // of the scope
	region        string
	service       string
	signedHeaders []string
	value         string
	at            time.Time
	expires       time.Duration // of a presigned URL
	presigned     bool
	token         string
	payloadHash   string
}

// readSignature reads the signature of a request; nil, nil where it is not signed.
func readSignature(r *http.Request) (*signature, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		return headerSignature(r, h)
	}
	q := r.URL.Query()
	if q.Get("X-Amz-Algorithm") == "" && q.Get("X-Amz-Signature") == "" {
		return nil, nil
	}
	return presignedSignature(r, q)
}

func headerSignature(r *http.Request, h string) (*signature, error) {
	rest, ok := strings.CutPrefix(h, algorithm)
	if !ok {
		return nil, incomplete("Authorization header requires 'AWS4-HMAC-SHA256'")
	}
	s := &signature{token: r.Header.Get("X-Amz-Security-Token"), payloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch k {
		case "Credential":
			if err := s.credential(v); err != nil {
				return nil, err
			}
		case "SignedHeaders":
			s.signedHeaders = strings.Split(v, ";")
		case "Signature":
			s.value = v
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		if t, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			date = t.UTC().Format(timeFormat)
		}
	}
	return s.complete(date)
}

func presignedSignature(r *http.Request, q url.Values) (*signature, error) {
	if q.Get("X-Amz-Algorithm") != algorithm {
		return nil, incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256")
	}
	s := &signature{presigned: true, token: q.Get("X-Amz-Security-Token"), value: q.Get("X-Amz-Signature"), payloadHash: unsignedPayload}
	if h := r.Header.Get("X-Amz-Content-Sha256"); h != "" {
		s.payloadHash = h
	}
	if err := s.credential(q.Get("X-Amz-Credential")); err != nil {
		return nil, err
	}
	if s.service != "s3" && s.payloadHash == unsignedPayload {
		s.payloadHash = "" // only S3 presigns without the payload
	}
	s.signedHeaders = strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if q.Has("X-Amz-Expires") && (err != nil || seconds < 1 || time.Duration(seconds)*time.Second > maxPresign) {
		return nil, incomplete("X-Amz-Expires must be between 1 and 604800 seconds")
	}
	s.expires = time.Duration(seconds) * time.Second
	if s.expires == 0 {
		s.expires = maxSkew
	}
	return s.complete(q.Get("X-Amz-Date"))
}

func (s *signature) credential(v string) error {
	parts := strings.Split(v, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return incomplete("Credential should be scoped with a valid terminator: 'aws4_request'")
	}
	s.accessKeyID, s.date, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
	return nil
}

func (s *signature) complete(date string) (*signature, error) {
	at, err := time.Parse(timeFormat, date)
	switch {
	case s.accessKeyID == "":
		return nil, incomplete("Authorization header requires 'Credential' parameter")
	case s.value == "":
		return nil, incomplete("Authorization header requires 'Signature' parameter")
	case len(s.signedHeaders) == 0 || !slices.Contains(s.signedHeaders, "host"):
		return nil, incomplete("'Host' must be a signed header")
	case err != nil:
		return nil, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header")
	case at.Format("20060102") != s.date:
		return nil, incomplete("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
	}
	s.at = at
	return s, nil
}

// covers returns a header of AWS's that the signature leaves out: whoever caught a
// request could change it.
func (s *signature) covers(r *http.Request) (left string, ok bool) {
	for name := range r.Header {
		lower := strings.ToLower(name)
		// The payload's hash is part of what is signed, header or not.
		if strings.HasPrefix(lower, "x-amz-") && lower != "x-amz-content-sha256" && !slices.Contains(s.signedHeaders, lower) {
			return name, false
		}
	}
	return "", true
}

// fresh reports whether the signature's date still counts at now.
func (s *signature) fresh(now time.Time) bool {
	if s.presigned {
		return !s.at.After(now.Add(maxSkew)) && now.Before(s.at.Add(s.expires))
	}
	d := now.Sub(s.at)
	return d <= maxSkew && d >= -maxSkew
}

func (s *signature) scope() string {
	return s.date + "/" + s.region + "/" + s.service + "/aws4_request"
}

// key derives the signing key, which stays the same for a day.
func (s *signature) key(secret string) []byte {
	scope := signingScope{secret, s.date, s.region, s.service}
	signingKeys.mu.Lock()
	k, ok := signingKeys.keys[scope]
	signingKeys.mu.Unlock()
	if ok {
		return k
	}
	k = sum([]byte("AWS4"+secret), s.date)
	k = sum(k, s.region)
	k = sum(k, s.service)
	k = sum(k, "aws4_request")
	signingKeys.mu.Lock()
	defer signingKeys.mu.Unlock()
	if signingKeys.keys == nil || len(signingKeys.keys) >= maxSigningKeys {
		signingKeys.keys = map[signingScope][]byte{}
	}
	signingKeys.keys[scope] = k
	return k
}

// maxSigningKeys bounds the keys that are remembered; a full store begins anew.
const maxSigningKeys = 1024

type signingScope struct{ secret, date, region, service string }

var signingKeys struct {
	mu   sync.Mutex
	keys map[signingScope][]byte
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// matches checks the signature of a request whose body hashes to bodyHash.
func (s *signature) matches(r *http.Request, secret, bodyHash string) bool {
	hash := s.payloadHash
	if hash == "" {
		hash = bodyHash
	}
	unsigned := s.service == "s3" && (strings.HasPrefix(hash, "STREAMING-") || hash == unsignedPayload)
	if !unsigned && subtle.ConstantTimeCompare([]byte(hash), []byte(bodyHash)) != 1 {
		return false
	}
	canonical := s.canonicalRequest(r, hash)
	digest := sha256.Sum256([]byte(canonical))
	toSign := algorithm + "\n" + s.at.Format(timeFormat) + "\n" + s.scope() + "\n" + hex.EncodeToString(digest[:])
	want := hex.EncodeToString(sum(s.key(secret), toSign))
	return subtle.ConstantTimeCompare([]byte(want), []byte(s.value)) == 1
}

func (s *signature) canonicalRequest(r *http.Request, payloadHash string) string {
	var b strings.Builder
	b.Grow(1024)
	b.WriteString(r.Method)
	b.WriteByte('\n')
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if s.service == "s3" {
		b.WriteString(escapePath(r.URL.Path))
	} else {
		b.WriteString(escapePath(path))
	}
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(r.URL.RawQuery, s.presigned))
	b.WriteByte('\n')
	for _, h := range s.signedHeaders {
		b.WriteString(h)
		b.WriteByte(':')
		b.WriteString(headerValue(r, h))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(s.signedHeaders, ";"))
	b.WriteByte('\n')
	b.WriteString(payloadHash)
	return b.String()
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		if r.ContentLength >= 0 {
			return strconv.FormatInt(r.ContentLength, 10)
		}
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := r.Header.Values(name)
	if len(values) == 1 && !strings.Contains(values[0], "  ") && !strings.ContainsAny(values[0], "\t\r\n") {
		return strings.Trim(values[0], " ")
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(trimmed, ",")
}

// canonicalQuery sorts and escapes a query as the signer did.
func canonicalQuery(raw string, presigned bool) string {
	if raw == "" {
		return ""
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(k)
		if err != nil {
			key = k
		}
		value, err := url.QueryUnescape(v)
		if err != nil {
			value = v
		}
		if presigned && key == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{escape(key, true), escape(value, true)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p[0])
		b.WriteByte('=')
		b.WriteString(p[1])
	}
	return b.String()
}

func escapePath(p string) string { return escape(p, false) }

const upperHex = "0123456789ABCDEF"

// escape is AWS's URI encoding: all but the unreserved characters, and the slash
// in a path.
func escape(s string, slash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~', c == '/' && !slash:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}
