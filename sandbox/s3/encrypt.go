package s3

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"

	"github.com/twokey/twokey/sandbox/cloud"
)

// sealed is how an object is encrypted.
type sealed struct {
	Key       string // ARN of the KMS key
	DataKey   []byte // under it
	Context   map[string]string
	BucketKey bool
}

// encryptionRequest is what a request says of encryption.
type encryptionRequest struct {
	algorithm, key, context          string
	bucketKey                        *bool
	customer, customerKey, customer5 string // SSE-C
}

const kmsAlgorithm = "aws:kms"

// plan is the encryption of a new object: what the request asks for, else the
// bucket's default. A nil plan is SSE-S3, which the sandbox does not carry out.
func (s *service) plan(b bucket, key string, r encryptionRequest) (*sealed, error) {
	switch {
	case r.customer != "" || r.customerKey != "" || r.customer5 != "":
		return nil, cloud.NotImplemented("server-side encryption with customer keys (SSE-C)")
	case r.algorithm != "" && r.algorithm != "AES256" && r.algorithm != kmsAlgorithm:
		return nil, cloud.NotImplemented("server-side encryption with " + r.algorithm)
	case r.algorithm != kmsAlgorithm && (r.key != "" || r.context != ""):
		return nil, invalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	}
	var rule *ServerSideEncryptionRule
	if b.Encryption != nil {
		rule = b.Encryption.Rules[0]
	}
	if r.algorithm == "" {
		if rule == nil || rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm != kmsAlgorithm {
			return nil, nil
		}
		r.key = rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID
	} else if r.algorithm == "AES256" {
		return nil, nil
	}
	p := &sealed{Key: r.key, BucketKey: rule != nil && isTrue(rule.BucketKeyEnabled), Context: map[string]string{}}
	if r.bucketKey != nil {
		p.BucketKey = *r.bucketKey
	}
	if p.Key == "" {
		p.Key = "alias/aws/s3"
	}
	if r.context != "" {
		raw, err := base64.StdEncoding.DecodeString(r.context)
		if err != nil || json.Unmarshal(raw, &p.Context) != nil || p.Context == nil {
			return nil, invalidArgument("The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map")
		}
		if arn, ok := p.Context["aws:s3:arn"]; ok && arn != objectARN(b.Name, key) && arn != bucketARN(b.Name) {
			return nil, invalidArgument("The encryption context must not contain another aws:s3:arn")
		}
	}
	p.Context["aws:s3:arn"] = objectARN(b.Name, key)
	if p.BucketKey {
		p.Context["aws:s3:arn"] = bucketARN(b.Name)
	}
	return p, nil
}

// newKey asks for a data key as the caller, and returns it in the clear.
func (s *service) newKey(c *cloud.Call, b bucket, p *sealed) ([]byte, error) {
	var out struct {
		CiphertextBlob, Plaintext []byte
		KeyId                     string
	}
	in := map[string]any{"KeyId": p.Key, "KeySpec": "AES_256", "EncryptionContext": p.Context}
	if err := s.kms(c, b, "GenerateDataKey", in, &out); err != nil {
		return nil, err
	}
	p.Key, p.DataKey = out.KeyId, out.CiphertextBlob
	return out.Plaintext, nil
}

// openKey has the data key of an object decrypted as the caller.
func (s *service) openKey(c *cloud.Call, b bucket, p *sealed) ([]byte, error) {
	var out struct{ Plaintext []byte }
	in := map[string]any{"CiphertextBlob": p.DataKey, "EncryptionContext": p.Context, "KeyId": p.Key}
	if err := s.kms(c, b, "Decrypt", in, &out); err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// kms calls the key service for the caller, in the bucket's region.
func (s *service) kms(c *cloud.Call, b bucket, operation string, in, out any) error {
	as := c.Identity
	account := as.Account
	switch as.Kind {
	case cloud.AWSService:
		account = b.Account
	case cloud.Anonymous:
		return accessDenied("Access Denied: an anonymous request cannot use a KMS key")
	default:
		as.InvokedBy = "s3.amazonaws.com"
	}
	err := s.world.Invoke(c.Context, cloud.Caller{Identity: as, Account: account, Region: b.Region, Vouched: c.Vouched, From: "s3.amazonaws.com"}, "kms", operation, in, out)
	var e *cloud.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return err
	case e.Code == "AccessDeniedException", e.Code == "NotImplemented", e.Fault:
		return err
	}
	return fault(400, "KMS."+e.Code, e.Message)
}

// seal encrypts a piece of a body; its nonce stands in front.
func seal(ids *cloud.IDs, key, plain []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	nonce := ids.Bytes(gcm.NonceSize())
	return gcm.Seal(nonce[:len(nonce):len(nonce)], nonce, plain, nil), nil
}

func unseal(key, blob []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	if len(blob) < gcm.NonceSize() {
		return nil, errors.New("an encrypted body is too short")
	}
	return gcm.Open(nil, blob[:gcm.NonceSize()], blob[gcm.NonceSize():], nil)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// shown are the members of an answer that tell of the encryption.
func (p *sealed) shown() (algorithm, key string, bucketKey *bool) {
	if p == nil {
		return "AES256", "", nil
	}
	if p.BucketKey {
		bucketKey = ptr(true)
	}
	return kmsAlgorithm, p.Key, bucketKey
}

// shownContext is the encryption context as the caller gave it, in base64.
func (p *sealed) shownContext() string {
	if p == nil {
		return ""
	}
	own := maps.Clone(p.Context)
	delete(own, "aws:s3:arn")
	if len(own) == 0 {
		return ""
	}
	text, err := json.Marshal(own)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(text)
}
