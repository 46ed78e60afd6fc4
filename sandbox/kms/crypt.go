package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// A ciphertext is the length and ARN of its key, a nonce, and the AES-256-GCM
// sealing of the plaintext with the canonical encryption context as additional
// data: whoever holds it can tell the key, and nothing else.
const ciphertextVersion = 1

func (k *key) seal(ids *cloud.IDs, plaintext []byte, ec map[string]string) ([]byte, error) {
	gcm, err := k.gcm()
	if err != nil {
		return nil, err
	}
	nonce := ids.Bytes(gcm.NonceSize())
	out := []byte{ciphertextVersion}
	out = binary.BigEndian.AppendUint16(out, uint16(len(k.ARN)))
	out = append(out, k.ARN...)
	out = append(out, nonce...)
	return gcm.Seal(out, nonce, plaintext, canonical(ec)), nil
}

func (k *key) gcm() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.Material)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// split takes a ciphertext apart.
func split(blob []byte) (arn string, rest []byte, ok bool) {
	if len(blob) < 3 || blob[0] != ciphertextVersion {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(blob[1:]))
	if len(blob) < 3+n {
		return "", nil, false
	}
	return string(blob[3 : 3+n]), blob[3+n:], true
}

func invalidCiphertext() error { return cloud.Errorf("InvalidCiphertextException", "") }

func (k *key) open(rest []byte, ec map[string]string) ([]byte, error) {
	gcm, err := k.gcm()
	if err != nil {
		return nil, err
	}
	if len(rest) < gcm.NonceSize() {
		return nil, invalidCiphertext()
	}
	plain, err := gcm.Open(nil, rest[:gcm.NonceSize()], rest[gcm.NonceSize():], canonical(ec))
	if err != nil {
		return nil, invalidCiphertext()
	}
	return plain, nil
}

// canonical writes an encryption context so that equal ones are equal bytes.
func canonical(ec map[string]string) []byte {
	names := make([]string, 0, len(ec))
	for n := range ec {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []byte
	for _, n := range names {
		for _, part := range []string{n, ec[n]} {
			out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
			out = append(out, part...)
		}
	}
	return out
}

// forUse refuses a key that cannot encrypt, or not with the algorithms.
func (k *key) forUse(algorithms ...string) error {
	if err := k.usable(); err != nil {
		return err
	}
	if k.Usage != "ENCRYPT_DECRYPT" {
		return cloud.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for this operation.", k.ARN, k.Usage)
	}
	for _, a := range algorithms {
		if a != "" && a != symmetric {
			return cloud.Errorf("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", a, k.Spec)
		}
	}
	return nil
}

// crypt is the check of an operation that uses a key with an encryption context.
func (s *service) crypt(c *cloud.Call, action, id string, ec map[string]string) ([]cloud.Check, error) {
	return s.on(c, action, id, func(ctx *iam.Context) {
		withEncryptionContext(ctx, ec)
		ctx.Set("kms:EncryptionAlgorithm", symmetric)
	})
}

// sourceKey finds the key of a ciphertext. A KeyId that names another one is
// refused, as AWS refuses it.
func (s *service) sourceKey(c *cloud.Call, blob []byte, id string) (key, []byte, error) {
	a, rest, ok := split(blob)
	if !ok {
		return key{}, nil, invalidCiphertext()
	}
	k, ok := s.key(a, c.Time)
	if !ok || k.Region != c.Region {
		return key{}, nil, invalidCiphertext()
	}
	if id != "" {
		named, err := s.find(c, id)
		if err != nil {
			return key{}, nil, err
		}
		if named.ARN != k.ARN {
			return key{}, nil, cloud.Errorf("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		}
	}
	return k, rest, nil
}

// dataKeyBytes is the length of a data key.
func dataKeyBytes(spec string, n *int64) (int, error) {
	switch {
	case spec != "" && n != nil:
		return 0, cloud.Errorf("ValidationException", "Please specify either number of bytes or key spec.")
	case spec == "AES_256":
		return 32, nil
	case spec == "AES_128":
		return 16, nil
	case n != nil:
		return int(*n), nil
	}
	return 0, cloud.Errorf("ValidationException", "Please specify either number of bytes or key spec.")
}

func (s *service) dataKey(c *cloud.Call, id, spec string, n *int64, ec map[string]string) (k key, plain, sealed []byte, err error) {
	if k, err = s.find(c, id); err != nil {
		return k, nil, nil, err
	}
	if err = k.forUse(); err != nil {
		return k, nil, nil, err
	}
	size, err := dataKeyBytes(spec, n)
	if err != nil {
		return k, nil, nil, err
	}
	plain = s.world.IDs.Bytes(size)
	sealed, err = k.seal(s.world.IDs, plain, ec)
	return k, plain, sealed, err
}

func refuse(dry *bool, recipient *RecipientInfo) error {
	switch {
	case recipient != nil:
		return cloud.NotImplemented("Recipient: attestation of Nitro enclaves")
	case isTrue(dry):
		return dryRun()
	}
	return nil
}

func (s *service) cryptOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[EncryptRequest, EncryptResponse]{Name: "Encrypt", ReadOnly: true, Auth: func(c *cloud.Call, in *EncryptRequest) ([]cloud.Check, error) {
			return s.crypt(c, "Encrypt", in.KeyId, in.EncryptionContext)
		}, Do: func(c *cloud.Call, in *EncryptRequest) (*EncryptResponse, error) {
			k, err := s.find(c, in.KeyId)
			if err != nil {
				return nil, err
			}
			if err := k.forUse(in.EncryptionAlgorithm); err != nil {
				return nil, err
			}
			if err := refuse(in.DryRun, nil); err != nil {
				return nil, err
			}
			blob, err := k.seal(s.world.IDs, in.Plaintext, in.EncryptionContext)
			return &EncryptResponse{CiphertextBlob: blob, KeyId: k.ARN, EncryptionAlgorithm: symmetric}, err
		}}.Operation(),
		wire.Op[DecryptRequest, DecryptResponse]{Name: "Decrypt", ReadOnly: true, Auth: func(c *cloud.Call, in *DecryptRequest) ([]cloud.Check, error) {
			k, _, err := s.sourceKey(c, in.CiphertextBlob, in.KeyId)
			if err != nil {
				return nil, err
			}
			return s.crypt(c, "Decrypt", k.ARN, in.EncryptionContext)
		}, Do: func(c *cloud.Call, in *DecryptRequest) (*DecryptResponse, error) {
			k, rest, err := s.sourceKey(c, in.CiphertextBlob, in.KeyId)
			if err != nil {
				return nil, err
			}
			if err := k.forUse(in.EncryptionAlgorithm); err != nil {
				return nil, err
			}
			plain, err := k.open(rest, in.EncryptionContext)
			if err != nil {
				return nil, err
			}
			if err := refuse(in.DryRun, in.Recipient); err != nil {
				return nil, err
			}
			return &DecryptResponse{KeyId: k.ARN, Plaintext: plain, EncryptionAlgorithm: symmetric}, err
		}}.Operation(),
		wire.Op[ReEncryptRequest, ReEncryptResponse]{Name: "ReEncrypt", ReadOnly: true, Auth: s.reEncryptChecks, Do: s.reEncrypt}.Operation(),
		wire.Op[GenerateDataKeyRequest, GenerateDataKeyResponse]{Name: "GenerateDataKey", ReadOnly: true, Auth: func(c *cloud.Call, in *GenerateDataKeyRequest) ([]cloud.Check, error) {
			return s.crypt(c, "GenerateDataKey", in.KeyId, in.EncryptionContext)
		}, Do: func(c *cloud.Call, in *GenerateDataKeyRequest) (*GenerateDataKeyResponse, error) {
			k, plain, sealed, err := s.dataKey(c, in.KeyId, in.KeySpec, in.NumberOfBytes, in.EncryptionContext)
			if err != nil {
				return nil, err
			}
			if err := refuse(in.DryRun, in.Recipient); err != nil {
				return nil, err
			}
			return &GenerateDataKeyResponse{CiphertextBlob: sealed, Plaintext: plain, KeyId: k.ARN}, err
		}}.Operation(),
		wire.Op[GenerateDataKeyWithoutPlaintextRequest, GenerateDataKeyWithoutPlaintextResponse]{Name: "GenerateDataKeyWithoutPlaintext", ReadOnly: true,
			Auth: func(c *cloud.Call, in *GenerateDataKeyWithoutPlaintextRequest) ([]cloud.Check, error) {
				return s.crypt(c, "GenerateDataKeyWithoutPlaintext", in.KeyId, in.EncryptionContext)
			}, Do: func(c *cloud.Call, in *GenerateDataKeyWithoutPlaintextRequest) (*GenerateDataKeyWithoutPlaintextResponse, error) {
				k, _, sealed, err := s.dataKey(c, in.KeyId, in.KeySpec, in.NumberOfBytes, in.EncryptionContext)
				if err != nil {
					return nil, err
				}
				if err := refuse(in.DryRun, nil); err != nil {
					return nil, err
				}
				return &GenerateDataKeyWithoutPlaintextResponse{CiphertextBlob: sealed, KeyId: k.ARN}, err
			}}.Operation(),
		wire.Op[GenerateRandomRequest, GenerateRandomResponse]{Name: "GenerateRandom", ReadOnly: true, Do: func(_ *cloud.Call, in *GenerateRandomRequest) (*GenerateRandomResponse, error) {
			if in.CustomKeyStoreId != "" || in.Recipient != nil {
				return nil, cloud.NotImplemented("custom key stores and Nitro enclaves")
			}
			if in.NumberOfBytes == nil {
				return nil, cloud.Errorf("ValidationException", "NumberOfBytes is required.")
			}
			return &GenerateRandomResponse{Plaintext: s.world.IDs.Bytes(int(*in.NumberOfBytes))}, nil
		}}.Operation(),
	}
}

// reEncryptChecks: ReEncryptFrom on the one key, ReEncryptTo on the other.
func (s *service) reEncryptChecks(c *cloud.Call, in *ReEncryptRequest) ([]cloud.Check, error) {
	source, _, err := s.sourceKey(c, in.CiphertextBlob, in.SourceKeyId)
	if err != nil {
		return nil, err
	}
	to, err := s.find(c, in.DestinationKeyId)
	if err != nil {
		return nil, err
	}
	same := "false"
	if source.ARN == to.ARN {
		same = "true"
	}
	from, err := s.crypt(c, "ReEncryptFrom", source.ARN, in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	dest, err := s.crypt(c, "ReEncryptTo", in.DestinationKeyId, in.DestinationEncryptionContext)
	checks := slices.Concat(from, dest)
	for i := range checks {
		checks[i].Context.Set("kms:ReEncryptOnSameKey", same)
	}
	return checks, err
}

func (s *service) reEncrypt(c *cloud.Call, in *ReEncryptRequest) (*ReEncryptResponse, error) {
	source, rest, err := s.sourceKey(c, in.CiphertextBlob, in.SourceKeyId)
	if err != nil {
		return nil, err
	}
	to, err := s.find(c, in.DestinationKeyId)
	if err != nil {
		return nil, err
	}
	for _, k := range []key{source, to} {
		if err := k.forUse(in.SourceEncryptionAlgorithm, in.DestinationEncryptionAlgorithm); err != nil {
			return nil, err
		}
	}
	plain, err := source.open(rest, in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	if err := refuse(in.DryRun, nil); err != nil {
		return nil, err
	}
	blob, err := to.seal(s.world.IDs, plain, in.DestinationEncryptionContext)
	return &ReEncryptResponse{CiphertextBlob: blob, SourceKeyId: source.ARN, KeyId: to.ARN, SourceEncryptionAlgorithm: symmetric, DestinationEncryptionAlgorithm: symmetric}, err
}

// viaService is the service on whose behalf a call is made, as in kms:ViaService.
func viaService(c *cloud.Call) string {
	service, ok := strings.CutSuffix(c.Via, ".amazonaws.com")
	if !ok {
		return ""
	}
	return service + "." + c.Region + ".amazonaws.com"
}
