package kms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// digestFor hashes a message with the hash that an algorithm names.
func digestFor(algorithm types.SigningAlgorithmSpec, message []byte) (crypto.Hash, []byte) {
	switch {
	case strings.HasSuffix(string(algorithm), "256"):
		sum := sha256.Sum256(message)
		return crypto.SHA256, sum[:]
	case strings.HasSuffix(string(algorithm), "384"):
		sum := sha512.Sum384(message)
		return crypto.SHA384, sum[:]
	}
	sum := sha512.Sum512(message)
	return crypto.SHA512, sum[:]
}

// verified checks a signature with Go's own cryptography and the public key as KMS
// hands it out.
func verified(t *testing.T, der []byte, algorithm types.SigningAlgorithmSpec, message, signature []byte) bool {
	t.Helper()
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	hash, digest := digestFor(algorithm, message)
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(p, digest, signature)
	case ed25519.PublicKey:
		if algorithm == types.SigningAlgorithmSpecEd25519PhSha512 {
			return ed25519.VerifyWithOptions(p, digest, signature, &ed25519.Options{Hash: crypto.SHA512}) == nil
		}
		return ed25519.Verify(p, message, signature)
	case *rsa.PublicKey:
		if strings.HasPrefix(string(algorithm), "RSASSA_PSS") {
			return rsa.VerifyPSS(p, hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(p, hash, digest, signature) == nil
	}
	t.Fatalf("a public key of type %T", public)
	return false
}

func TestSignVerify(t *testing.T) {
	t.Parallel()
	message := []byte("what was approved")
	// Source: "Key spec reference", KMS developer guide.
	for spec, algorithms := range map[types.KeySpec][]types.SigningAlgorithmSpec{
		types.KeySpecEccNistP256:         {types.SigningAlgorithmSpecEcdsaSha256},
		types.KeySpecEccNistP384:         {types.SigningAlgorithmSpecEcdsaSha384},
		types.KeySpecEccNistP521:         {types.SigningAlgorithmSpecEcdsaSha512},
		types.KeySpecEccNistEdwards25519: {types.SigningAlgorithmSpecEd25519Sha512, types.SigningAlgorithmSpecEd25519PhSha512},
		types.KeySpecRsa2048: {types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, types.SigningAlgorithmSpecRsassaPkcs1V15Sha384, types.SigningAlgorithmSpecRsassaPkcs1V15Sha512,
			types.SigningAlgorithmSpecRsassaPssSha256, types.SigningAlgorithmSpecRsassaPssSha384, types.SigningAlgorithmSpecRsassaPssSha512},
	} {
		t.Run(string(spec), func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			c, ctx := root(k, tools), t.Context()
			key := newKey(t, k, in{"KeyUsage": "SIGN_VERIFY", "KeySpec": string(spec)})
			public := must[*kms.GetPublicKeyOutput](t)(c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &key}))
			if len(public.SigningAlgorithms) != len(algorithms) {
				t.Errorf("algorithms %v, want %v", public.SigningAlgorithms, algorithms)
			}
			for _, a := range algorithms {
				_, digest := digestFor(a, message)
				sent := map[types.MessageType][]byte{types.MessageTypeRaw: message, types.MessageTypeDigest: digest}
				switch a {
				case types.SigningAlgorithmSpecEd25519Sha512:
					delete(sent, types.MessageTypeDigest)
				case types.SigningAlgorithmSpecEd25519PhSha512:
					delete(sent, types.MessageTypeRaw)
				}
				for kind, body := range sent {
					out := must[*kms.SignOutput](t)(c.Sign(ctx, &kms.SignInput{KeyId: &key, Message: body, MessageType: kind, SigningAlgorithm: a}))
					if !verified(t, public.PublicKey, a, message, out.Signature) {
						t.Errorf("%s, %s: the signature does not verify", a, kind)
					}
					if v := must[*kms.VerifyOutput](t)(c.Verify(ctx, &kms.VerifyInput{KeyId: &key, Message: body, MessageType: kind, Signature: out.Signature, SigningAlgorithm: a})); !v.SignatureValid {
						t.Errorf("%s, %s: KMS does not verify its own signature", a, kind)
					}
					other := append([]byte(nil), body...)
					other[0] ^= 1
					_, err := c.Verify(ctx, &kms.VerifyInput{KeyId: &key, Message: other, MessageType: kind, Signature: out.Signature, SigningAlgorithm: a})
					wantCode(t, err, "KMSInvalidSignatureException")
				}
			}
			_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			wantCode(t, err, "InvalidKeyUsageException")
		})
	}
}

func TestSignErrors(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	ecc := newKey(t, k, in{"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"})
	edwards := newKey(t, k, in{"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_EDWARDS25519"})
	plain := newKey(t, k, in{})
	for name, x := range map[string]struct {
		in   kms.SignInput
		code string
	}{
		"a key for encryption": {kms.SignInput{KeyId: &plain, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}, "InvalidKeyUsageException"},
		"another algorithm":    {kms.SignInput{KeyId: &ecc, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha384}, "InvalidKeyUsageException"},
		"a short digest":       {kms.SignInput{KeyId: &ecc, Message: []byte("m"), MessageType: types.MessageTypeDigest, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}, "ValidationException"},
		"a digest for Ed25519": {kms.SignInput{KeyId: &edwards, Message: make([]byte, 64), MessageType: types.MessageTypeDigest, SigningAlgorithm: types.SigningAlgorithmSpecEd25519Sha512}, "ValidationException"},
		"no message":           {kms.SignInput{KeyId: &ecc, Message: []byte{}, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}, "ValidationException"},
		"a long message":       {kms.SignInput{KeyId: &ecc, Message: make([]byte, 4097), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}, "ValidationException"},
	} {
		_, err := c.Sign(ctx, &x.in)
		t.Log(name)
		wantCode(t, err, x.code)
	}
	_, err := c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &plain})
	wantCode(t, err, "UnsupportedOperationException")
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{KeyUsage: types.KeyUsageTypeGenerateVerifyMac, KeySpec: types.KeySpecHmac256})
	wantCode(t, err, "NotImplemented")
}
