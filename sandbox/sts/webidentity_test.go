package sts_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const github = "https://token.actions.githubusercontent.com"

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signer signs tokens of one identity provider.
type signer struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

func newSigner(t *testing.T) signer {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{r, e}
}

func (s signer) jwks(t *testing.T) map[string]any {
	t.Helper()
	point, err := s.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"keys": []any{
		map[string]any{"kty": "RSA", "kid": "r", "alg": "RS256", "use": "sig", "n": b64(s.rsa.N.Bytes()), "e": "AQAB"},
		map[string]any{"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
	}}
}

func (s signer) token(t *testing.T, algorithm string, claims map[string]any) string {
	t.Helper()
	kid := map[string]string{"RS256": "r", "ES256": "e"}[algorithm]
	header, err := json.Marshal(map[string]any{"alg": algorithm, "kid": kid, "typ": "JWT"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := b64(header) + "." + b64(body)
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	switch algorithm {
	case "RS256":
		signature, err = rsa.SignPKCS1v15(rand.Reader, s.rsa, crypto.SHA256, digest[:])
	case "ES256":
		r, v, serr := ecdsa.Sign(rand.Reader, s.ec, digest[:])
		err = serr
		signature = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

func control(t *testing.T, k *sandboxtest.Kit, name string, body any) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := k.Server.Client().Post(k.URL+"/_sandbox/"+name, "application/json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return r.StatusCode
}

func TestWebIdentity(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	keys, other := newSigner(t), newSigner(t)
	k.Invoke(t, sandboxtest.Prod, "iam", "CreateOpenIDConnectProvider", in{"Url": github, "ClientIDList": []string{"sts.amazonaws.com"}}, nil)
	k.Invoke(t, sandboxtest.Prod, "iam", "CreateRole", in{"RoleName": "ci", "AssumeRolePolicyDocument": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Federated":"` + prod + `:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:octo/app:*"}}}]}`}, nil)
	k.Invoke(t, sandboxtest.Prod, "iam", "PutRolePolicy", in{"RoleName": "ci", "PolicyName": "p", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("iam:ListUsers", "*"))}, nil)

	cfg := k.Config(sandboxtest.Keys{})
	cfg.Credentials = aws.AnonymousCredentials{}
	c := sts.NewFromConfig(cfg)
	assume := func(token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return c.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(prod + ":role/ci"), RoleSessionName: aws.String("run-1"), WebIdentityToken: &token})
	}
	good := map[string]any{"iss": github, "aud": "sts.amazonaws.com", "sub": "repo:octo/app:ref:refs/heads/main", "exp": time.Now().Add(time.Hour).Unix()}
	with := func(claim string, v any) map[string]any {
		m := maps.Clone(good)
		if m[claim] = v; v == nil {
			delete(m, claim)
		}
		return m
	}
	_, err := assume(keys.token(t, "RS256", good))
	wants(t, err, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
	if got := control(t, k, "oidc", map[string]any{"issuer": github, "jwks": keys.jwks(t)}); got != http.StatusOK {
		t.Fatal(got)
	}
	for _, algorithm := range []string{"RS256", "ES256"} {
		out, err := assume(keys.token(t, algorithm, good))
		if err != nil {
			t.Fatal(algorithm, err)
		}
		if *out.SubjectFromWebIdentityToken != good["sub"] || *out.Audience != "sts.amazonaws.com" || *out.Provider != prod+":oidc-provider/token.actions.githubusercontent.com" {
			t.Errorf("%+v", out)
		}
		if _, err := iam.NewFromConfig(k.Config(keysOf(out.Credentials))).ListUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	none := b64([]byte(`{"alg":"none"}`)) + "." + strings.Split(keys.token(t, "RS256", good), ".")[1] + "."
	changed := strings.Split(keys.token(t, "RS256", good), ".")
	changed[1] = strings.Split(keys.token(t, "RS256", with("sub", "repo:octo/app:x")), ".")[1]
	for name, c := range map[string]struct{ token, code, message string }{
		"another repository":  {keys.token(t, "RS256", with("sub", "repo:evil/app:ref:refs/heads/main")), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another audience":    {keys.token(t, "RS256", with("aud", "other")), "InvalidIdentityToken", "Incorrect token audience"},
		"another's key":       {other.token(t, "RS256", good), "InvalidIdentityToken", "signature"},
		"another's EC key":    {other.token(t, "ES256", good), "InvalidIdentityToken", "signature"},
		"no signature":        {none, "InvalidIdentityToken", ""},
		"changed claims":      {strings.Join(changed, "."), "InvalidIdentityToken", "signature"},
		"no token":            {"abcd", "InvalidIdentityToken", "not a valid JWT"},
		"expired":             {keys.token(t, "RS256", with("exp", time.Now().Add(-time.Minute).Unix())), "ExpiredTokenException", "Token expired"},
		"no expiry":           {keys.token(t, "RS256", with("exp", nil)), "InvalidIdentityToken", "no expiration"},
		"not yet":             {keys.token(t, "RS256", with("nbf", time.Now().Add(30*time.Minute).Unix())), "InvalidIdentityToken", "not valid yet"},
		"another issuer":      {keys.token(t, "RS256", with("iss", "https://evil.example.com")), "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://evil.example.com"},
		"an issuer in plain":  {keys.token(t, "RS256", with("iss", "http://token.actions.githubusercontent.com")), "InvalidIdentityToken", "No OpenIDConnect provider"},
		"a party's own token": {keys.token(t, "RS256", with("azp", "other")), "InvalidIdentityToken", "Incorrect token audience"},
		"tags not allowed":    {keys.token(t, "RS256", with("https://aws.amazon.com/tags", map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}})), "AccessDenied", "Not authorized to perform sts:TagSession"},
	} {
		_, err := assume(c.token)
		if sandboxtest.Code(err) != c.code || !strings.Contains(sandboxtest.Message(err), c.message) {
			t.Errorf("%s: want %s with %q, got %v", name, c.code, c.message, err)
		}
	}
	found := false
	for _, r := range k.Sandbox.World.Trail(sandboxtest.Prod) {
		found = found || r.EventName == "AssumeRoleWithWebIdentity" && r.UserIdentity["type"] == "WebIdentityUser" && r.UserIdentity["userName"] == good["sub"]
	}
	if !found {
		t.Error("the trail does not say who assumed the role")
	}
	for name, body := range map[string]any{
		"plain http":   map[string]any{"issuer": "http://x", "jwks": keys.jwks(t)},
		"small key":    map[string]any{"issuer": github, "jwks": map[string]any{"keys": []any{map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}},
		"off curve":    map[string]any{"issuer": github, "jwks": map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}}}},
		"symmetric":    map[string]any{"issuer": github, "jwks": map[string]any{"keys": []any{map[string]any{"kty": "oct", "k": "AQAB"}}}},
		"not an https": map[string]any{},
	} {
		if got := control(t, k, "oidc", body); got != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, got)
		}
	}
	if got := control(t, k, "nothing", nil); got != http.StatusNotFound {
		t.Error(got)
	}
}
