package iamsvc_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// codeAt computes a one-time code after RFC 6238 and RFC 4226 by big integers,
// apart from the code under test.
func codeAt(t *testing.T, seed string, at time.Time) string {
	t.Helper()
	secret, err := base32.StdEncoding.DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	counter := big.NewInt(at.Unix() / 30).FillBytes(make([]byte, 8))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter)
	sum := mac.Sum(nil)
	offset := int(sum[19] % 16)
	n := new(big.Int).SetBytes(sum[offset : offset+4])
	n.SetBit(n, 31, 0)
	return fmt.Sprintf("%06d", n.Mod(n, big.NewInt(1_000_000)))
}

// TestCodeAt holds the helper to RFC 6238's test vectors (appendix B), cut to six
// digits.
func TestCodeAt(t *testing.T) {
	t.Parallel()
	seed := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		if got := codeAt(t, seed, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestMFA(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	ctx := t.Context()
	clock := k.Sandbox.World.Clock
	strict := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`
	anna := k.User(t, sandboxtest.Tools, "anna")
	k.Invoke(t, sandboxtest.Tools, "iam", "PutUserPolicy", in{"UserName": "anna", "PolicyName": "mfa", "PolicyDocument": strict}, nil)
	device := must[*iam.CreateVirtualMFADeviceOutput](t)(c.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone")})).VirtualMFADevice
	seed, serial := string(device.Base32StringSeed), device.SerialNumber
	code := func(steps int) string {
		return codeAt(t, seed, clock.Now().Add(time.Duration(steps)*30*time.Second))
	}
	enable := func(first, second string) error {
		_, err := c.EnableMFADevice(ctx, &iam.EnableMFADeviceInput{UserName: aws.String("anna"), SerialNumber: serial, AuthenticationCode1: &first, AuthenticationCode2: &second})
		return err
	}
	wants(t, enable(code(0), code(0)), "InvalidAuthenticationCode", "Authentication code for device is not valid.")
	if err := enable(code(-2), code(-1)); err != nil {
		t.Fatal(err)
	}
	tokens := sts.NewFromConfig(k.Config(anna))
	get := func(code string) (*sts.GetSessionTokenOutput, error) {
		return tokens.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: serial, TokenCode: &code})
	}
	_, err := get("000000")
	if code(0) != "000000" && code(-1) != "000000" && code(1) != "000000" {
		wants(t, err, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
	}
	clock.Advance(time.Hour)
	now := code(0)
	out := must[*sts.GetSessionTokenOutput](t)(get(now))
	_, err = get(now)
	wants(t, err, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
	_, err = tokens.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String(account + ":mfa/other"), TokenCode: &now})
	wants(t, err, "AccessDenied", "Please verify your MFA serial number is valid and associated with this user.")

	_, err = client(k.Config(anna)).ListUsers(ctx, nil)
	wants(t, err, "AccessDenied", "iam:ListUsers")
	session := client(k.Config(sandboxtest.Keys{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}))
	if _, err := session.ListUsers(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = c.DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: serial})
	wants(t, err, "DeleteConflict", "")
	must[*iam.DeactivateMFADeviceOutput](t)(c.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: aws.String("anna"), SerialNumber: serial}))
	must[*iam.DeleteVirtualMFADeviceOutput](t)(c.DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: serial}))
	_, err = get(code(1))
	wants(t, err, "AccessDenied", "")
}
