package kms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// signing is one request to sign or verify, checked.
type signing struct {
	private crypto.Signer
	message []byte
	// digest is what the algorithms but Ed25519 sign.
	digest []byte
	opts   crypto.SignerOpts
}

func (k *key) signing(algorithm, messageType string, message []byte) (*signing, error) {
	if err := k.usable(); err != nil {
		return nil, err
	}
	if k.Usage != "SIGN_VERIFY" {
		return nil, cloud.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for this operation.", k.ARN, k.Usage)
	}
	if !slices.Contains(signingAlgorithms[k.Spec], algorithm) {
		return nil, cloud.Errorf("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", algorithm, k.Spec)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(k.Material)
	if err != nil {
		return nil, err
	}
	s := &signing{private: parsed.(crypto.Signer), message: message}
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[algorithm[len(algorithm)-3:]]
	s.opts = hash
	if strings.HasPrefix(algorithm, "RSASSA_PSS") {
		s.opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	digest := messageType == "DIGEST"
	switch {
	case messageType == "EXTERNAL_MU":
		return nil, cloud.NotImplemented("MessageType EXTERNAL_MU")
	case algorithm == "ED25519_SHA_512":
		if digest {
			return nil, cloud.Errorf("ValidationException", "ED25519_SHA_512 requires MessageType RAW.")
		}
		s.opts = crypto.Hash(0)
		s.digest = message
	case algorithm == "ED25519_PH_SHA_512":
		if !digest {
			return nil, cloud.Errorf("ValidationException", "ED25519_PH_SHA_512 requires MessageType DIGEST.")
		}
		s.digest = message
	case digest:
		s.digest = message
	default:
		h := hash.New()
		h.Write(message)
		s.digest = h.Sum(nil)
	}
	if algorithm != "ED25519_SHA_512" && len(s.digest) != hash.Size() {
		return nil, cloud.Errorf("ValidationException", "Digest is invalid length for algorithm %s.", algorithm)
	}
	return s, nil
}

func (s *signing) verify(signature []byte) bool {
	switch public := s.private.Public().(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, s.digest, signature)
	case ed25519.PublicKey:
		opts := &ed25519.Options{Hash: s.opts.HashFunc()}
		return ed25519.VerifyWithOptions(public, s.digest, signature, opts) == nil
	case *rsa.PublicKey:
		if pss, ok := s.opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(public, pss.Hash, s.digest, signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(public, s.opts.HashFunc(), s.digest, signature) == nil
	}
	return false
}

func (s *service) signChecks(c *cloud.Call, action, id, algorithm, messageType string) ([]cloud.Check, error) {
	return s.on(c, action, id, func(ctx *iam.Context) {
		if messageType == "" {
			messageType = "RAW"
		}
		ctx.Set("kms:SigningAlgorithm", algorithm).Set("kms:MessageType", messageType)
	})
}

func (s *service) signOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[SignRequest, SignResponse]{Name: "Sign", ReadOnly: true, Auth: func(c *cloud.Call, in *SignRequest) ([]cloud.Check, error) {
			return s.signChecks(c, "Sign", in.KeyId, in.SigningAlgorithm, in.MessageType)
		}, Do: func(c *cloud.Call, in *SignRequest) (*SignResponse, error) {
			k, err := s.find(c, in.KeyId)
			if err != nil {
				return nil, err
			}
			sg, err := k.signing(in.SigningAlgorithm, in.MessageType, in.Message)
			if err != nil {
				return nil, err
			}
			if err := refuse(in.DryRun, nil); err != nil {
				return nil, err
			}
			signature, err := sg.private.Sign(rand.Reader, sg.digest, sg.opts)
			return &SignResponse{KeyId: k.ARN, Signature: signature, SigningAlgorithm: in.SigningAlgorithm}, err
		}}.Operation(),
		wire.Op[VerifyRequest, VerifyResponse]{Name: "Verify", ReadOnly: true, Auth: func(c *cloud.Call, in *VerifyRequest) ([]cloud.Check, error) {
			return s.signChecks(c, "Verify", in.KeyId, in.SigningAlgorithm, in.MessageType)
		}, Do: func(c *cloud.Call, in *VerifyRequest) (*VerifyResponse, error) {
			k, err := s.find(c, in.KeyId)
			if err != nil {
				return nil, err
			}
			sg, err := k.signing(in.SigningAlgorithm, in.MessageType, in.Message)
			if err != nil {
				return nil, err
			}
			if err := refuse(in.DryRun, nil); err != nil {
				return nil, err
			}
			if !sg.verify(in.Signature) {
				return nil, cloud.Errorf("KMSInvalidSignatureException", "")
			}
			valid := true
			return &VerifyResponse{KeyId: k.ARN, SignatureValid: &valid, SigningAlgorithm: in.SigningAlgorithm}, nil
		}}.Operation(),
		bind(s, "GetPublicKey", func(in *GetPublicKeyRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *GetPublicKeyRequest) (*GetPublicKeyResponse, error) {
			if k.Usage != "SIGN_VERIFY" {
				return nil, cloud.Errorf("UnsupportedOperationException", "%s is not an asymmetric key.", k.ARN)
			}
			parsed, err := x509.ParsePKCS8PrivateKey(k.Material)
			if err != nil {
				return nil, err
			}
			der, err := x509.MarshalPKIXPublicKey(parsed.(crypto.Signer).Public())
			return &GetPublicKeyResponse{KeyId: k.ARN, PublicKey: der, CustomerMasterKeySpec: k.Spec, KeySpec: k.Spec, KeyUsage: k.Usage, SigningAlgorithms: signingAlgorithms[k.Spec]}, err
		}),
	}
}
