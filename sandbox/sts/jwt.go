package sts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// JSON Web Tokens as STS takes them from OpenID Connect providers: RS256 and
// ES256 (RFC 7515, 7517, 7518), nothing else, and never "none".

// token is a web identity token that was taken apart; nothing in it counts before
// its signature was checked.
type token struct {
	header struct {
		Algorithm string   `json:"alg"`
		KeyID     string   `json:"kid"`
		Critical  []string `json:"crit"`
	}
	claims    map[string]any
	signed    []byte
	signature []byte
}

var errToken = errors.New("the token is not a JSON Web Token")

func parseToken(text string) (*token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errToken
	}
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(p)
		if err != nil {
			return nil, errToken
		}
		raw[i] = b
	}
	t := &token{signed: []byte(parts[0] + "." + parts[1]), signature: raw[2]}
	if json.Unmarshal(raw[0], &t.header) != nil || json.Unmarshal(raw[1], &t.claims) != nil || t.claims == nil {
		return nil, errToken
	}
	if len(t.header.Critical) > 0 {
		return nil, fmt.Errorf("the token has critical headers that are not understood: %s", strings.Join(t.header.Critical, ", "))
	}
	return t, nil
}

// text is a claim that is a string.
func (t *token) text(claim string) string {
	s, _ := t.claims[claim].(string)
	return s
}

// list is a claim that is a string or a list of strings.
func (t *token) list(claim string) []string { return texts(t.claims[claim]) }

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// seconds is a claim that is a time.
func (t *token) seconds(claim string) (int64, bool) {
	f, ok := t.claims[claim].(float64)
	return int64(f), ok && f >= 0 && f < 1<<40
}

// verify checks the signature against the keys of a JWKS.
func (t *token) verify(keys []webKey) bool {
	digest := sha256.Sum256(t.signed)
	for _, k := range keys {
		if t.header.KeyID != "" && k.KeyID != "" && t.header.KeyID != k.KeyID || k.Algorithm != "" && k.Algorithm != t.header.Algorithm {
			continue
		}
		public, err := k.public()
		if err != nil {
			continue
		}
		switch key := public.(type) {
		case *rsa.PublicKey:
			if t.header.Algorithm == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) == nil {
				return true
			}
		case *ecdsa.PublicKey:
			if t.header.Algorithm != "ES256" || len(t.signature) != 64 {
				continue
			}
			r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
			if ecdsa.Verify(key, digest[:], r, s) {
				return true
			}
		}
	}
	return false
}

// webKey is one key of a JWKS.
type webKey struct {
	Type      string `json:"kty"`
	KeyID     string `json:"kid,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
}

func (k webKey) public() (crypto.PublicKey, error) {
	number := func(s string) (*big.Int, error) {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || len(b) == 0 {
			return nil, errors.New("a number of the key is not base64url")
		}
		return new(big.Int).SetBytes(b), nil
	}
	if k.Use != "" && k.Use != "sig" {
		return nil, fmt.Errorf("the key is for %q, not for signatures", k.Use)
	}
	switch k.Type {
	case "RSA":
		n, err := number(k.N)
		if err != nil {
			return nil, err
		}
		e, err := number(k.E)
		if err != nil {
			return nil, err
		}
		if n.BitLen() < 2048 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
			return nil, errors.New("the RSA key is too small or its exponent out of range")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "EC":
		x, err := number(k.X)
		if err != nil {
			return nil, err
		}
		y, err := number(k.Y)
		if err != nil {
			return nil, err
		}
		if k.Curve != "P-256" || x.BitLen() > 256 || y.BitLen() > 256 {
			return nil, fmt.Errorf("curve %q: only P-256 is supported", k.Curve)
		}
		point := append([]byte{4}, x.FillBytes(make([]byte, 32))...)
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(point, y.FillBytes(make([]byte, 32))...))
	}
	return nil, fmt.Errorf("key type %q: only RSA and EC are supported", k.Type)
}
