package kms_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

type in = sandboxtest.In

const (
	tools = sandboxtest.Tools
	prod  = sandboxtest.Prod
)

func client(cfg aws.Config) *kms.Client { return kms.NewFromConfig(cfg) }

// root is a client of an account's root user.
func root(k *sandboxtest.Kit, account string) *kms.Client {
	return client(k.Config(sandboxtest.Root(account)))
}

// newKey makes a key of Tools.
func newKey(t testing.TB, k *sandboxtest.Kit, members in) string {
	t.Helper()
	var out struct{ KeyMetadata struct{ Arn string } }
	k.Invoke(t, tools, "kms", "CreateKey", members, &out)
	return out.KeyMetadata.Arn
}

// keyPolicy is a key policy: the account decides, and the statements.
func keyPolicy(t testing.TB, statements ...map[string]any) string {
	t.Helper()
	all := []any{map[string]any{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + tools + ":root"}, "Action": "kms:*", "Resource": "*"}}
	for _, s := range statements {
		all = append(all, s)
	}
	return document(t, all...)
}

func document(t testing.TB, statements ...any) string {
	t.Helper()
	data, err := json.Marshal(in{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := sandboxtest.Code(err); got != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
