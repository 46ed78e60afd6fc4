package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

// virtualHost is the bucket that a Host names, empty for path style: what stands
// before a label "s3" or "s3-REGION" (bucket.s3.eu-central-1.amazonaws.com,
// bucket.s3.localhost), or before a last label "localhost".
func virtualHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	labels := strings.Split(host, ".")
	for i, l := range labels {
		if l == "s3" || strings.HasPrefix(l, "s3-") && strings.HasSuffix(host, ".amazonaws.com") {
			return strings.Join(labels[:i], ".")
		}
	}
	if n := len(labels) - 1; labels[n] == "localhost" {
		return strings.Join(labels[:n], ".")
	}
	return ""
}

// checkPayloadHash compares the body with the hash that was signed for it; sum is
// that of the body as it came.
func (r *request) checkPayloadHash(sum [sha256.Size]byte) error {
	switch hash := r.sig.payloadHash; {
	case hash == "":
		return cloud.Errorf("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	case hash == unsignedPayload, strings.HasPrefix(hash, "STREAMING-"):
	case len(hash) != 2*sha256.Size:
		return cloud.Errorf("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
	case hash != hex.EncodeToString(sum[:]):
		return cloud.Errorf("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return nil
}

// s3Context are the condition keys that S3 takes from how a request was signed
// ("Amazon S3 Signature Version 4 authentication specific policy keys").
func (r *request) s3Context() *iam.Context {
	ctx := iam.NewContext()
	if r.sig == nil {
		return ctx
	}
	kind := "REST-HEADER"
	if r.sig.presigned {
		kind = "REST-QUERY-STRING"
	}
	return ctx.Set("s3:authType", kind).Set("s3:signatureversion", algorithm).Set("s3:x-amz-content-sha256", r.sig.payloadHash)
}
