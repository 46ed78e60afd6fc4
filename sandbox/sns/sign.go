package sns

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// certificatePage is where the certificate lies, under /_sandbox/.
const certificatePage = "sns/SimpleNotificationService.pem"

// signer signs the messages of a world. Its certificate is self-made: whoever
// checks signatures must be told to trust it.
type signer struct {
	key         *rsa.PrivateKey
	certificate []byte // PEM
}

// signing returns the world's signer, made on its first use and kept.
func (s *service) signing() (*signer, error) {
	s.signerMu.Lock()
	defer s.signerMu.Unlock()
	if s.signer != nil {
		return s.signer, nil
	}
	kept, ok := s.signers.Get("signer")
	if !ok {
		made, err := s.makeSigner()
		if err != nil {
			return nil, err
		}
		if err := s.signers.Put("signer", made); err != nil {
			return nil, err
		}
		kept = made
	}
	keyBlock, rest := pem.Decode(kept)
	if keyBlock == nil {
		return nil, errors.New("the kept key of SNS cannot be read")
	}
	key, err := x509.ParsePKCS1PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	s.signer = &signer{key, rest}
	return s.signer, nil
}

// makeSigner makes a key and its certificate, in PEM.
func (s *service) makeSigner() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	now := s.world.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(s.world.IDs.Bytes(16)), Subject: pkix.Name{CommonName: "sns.amazonaws.com", Organization: []string{"Twokey sandbox"}},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(10, 0, 0), DNSNames: []string{"sns.amazonaws.com"}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}

func (s *service) certificatePage(url.Values) (cloud.Page, error) {
	g, err := s.signing()
	if err != nil {
		return cloud.Page{}, err
	}
	return cloud.Page{ContentType: "application/x-pem-file", Body: g.certificate}, nil
}

// sign signs an envelope in the topic's version: SHA1 in version 1, SHA256 in
// version 2 ("Verifying the signatures of Amazon SNS messages").
func (g *signer) sign(e *envelope) error {
	text := []byte(e.canonical())
	var digest []byte
	hash := crypto.SHA1
	if e.SignatureVersion == "2" {
		hash = crypto.SHA256
		sum := sha256.Sum256(text)
		digest = sum[:]
	} else {
		sum := sha1.Sum(text)
		digest = sum[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, g.key, hash, digest)
	e.Signature = base64.StdEncoding.EncodeToString(signature)
	return err
}

// canonical is the text that is signed: names and values in the order of the names.
func (e *envelope) canonical() string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			b.WriteString(name + "\n" + value + "\n")
		}
	}
	add("Message", e.Message)
	add("MessageId", e.MessageID)
	if e.Type == "Notification" {
		add("Subject", e.Subject)
	}
	add("SubscribeURL", e.SubscribeURL)
	add("Timestamp", e.Timestamp)
	add("Token", e.Token)
	add("TopicArn", e.TopicARN)
	add("Type", e.Type)
	return b.String()
}
