package sandboxtest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
)

// Two accounts that every kit has unless its options say otherwise.
const (
	Tools = "111111111111"
	Prod  = "222222222222"
)

// Region is the region of every Config.
const Region = "eu-central-1"

// Kit is a running sandbox for one test.
type Kit struct {
	Sandbox *sandbox.Sandbox
	Server  *httptest.Server
	URL     string
}

// Start starts a sandbox that ends with the test. Without accounts in the options
// it has Tools and Prod.
func Start(t testing.TB, options ...sandbox.Options) *Kit {
	t.Helper()
	var o sandbox.Options
	if len(options) > 0 {
		o = options[0]
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []cloud.Account{{Name: "tools", ID: Tools}, {Name: "prod", ID: Prod}}
	}
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Kit{Sandbox: s, Server: server, URL: server.URL}
}

// Keys are credentials: those of a root user, of a user, or of a session.
type Keys struct{ ID, Secret, Token string }

// Root are the keys of an account's root user.
func Root(account string) Keys { return Keys{ID: account, Secret: "sandbox"} }

// Config is an SDK configuration with which clients call the sandbox.
func (k *Kit) Config(keys Keys) aws.Config {
	endpoint := k.URL
	return aws.Config{
		Region: Region, BaseEndpoint: &endpoint, HTTPClient: k.Server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(keys.ID, keys.Secret, keys.Token),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// Env is an environment for the AWS CLI.
func (k *Kit) Env(keys Keys) []string {
	env := []string{
		"AWS_ENDPOINT_URL=" + k.URL, "AWS_REGION=" + Region, "AWS_DEFAULT_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + keys.ID, "AWS_SECRET_ACCESS_KEY=" + keys.Secret,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1",
	}
	if keys.Token != "" {
		env = append(env, "AWS_SESSION_TOKEN="+keys.Token)
	}
	return env
}

// Invoke calls an operation from inside the world as the root user of an account;
// it is how tests put things in place without a client for every service.
func (k *Kit) Invoke(t testing.TB, account, service, operation string, in map[string]any, out any) {
	t.Helper()
	if err := k.invoke(account, service, operation, in, out); err != nil {
		t.Fatalf("%s %s: %v", service, operation, err)
	}
}

func (k *Kit) invoke(account, service, operation string, in map[string]any, out any) error {
	as := cloud.Caller{Identity: cloud.RootIdentity(account), Region: Region, From: "127.0.0.1"}
	return k.Sandbox.World.Invoke(context.Background(), as, service, operation, in, out)
}

// Idle returns once nothing is being delivered to subscribers, targets and buckets.
func (k *Kit) Idle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := k.Sandbox.World.Idle(ctx); err != nil {
		t.Fatal(err)
	}
}

// Statement is one statement of an identity policy.
type Statement struct {
	Effect    string                    `json:"Effect"`
	Action    []string                  `json:"Action"`
	Resource  []string                  `json:"Resource"`
	Condition map[string]map[string]any `json:"Condition,omitempty"`
}

// Allow is a statement that allows an action on resources.
func Allow(action string, resources ...string) Statement {
	return Statement{Effect: "Allow", Action: []string{action}, Resource: resources}
}

// Document is a policy document of the statements.
func Document(statements ...Statement) string {
	data, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err) // strings only: cannot fail
	}
	return string(data)
}

// User makes a user with an inline policy of the statements, if any, and a key.
func (k *Kit) User(t testing.TB, account, name string, statements ...Statement) Keys {
	t.Helper()
	k.Invoke(t, account, "iam", "CreateUser", map[string]any{"UserName": name}, nil)
	k.Permit(t, account, name, statements...)
	return k.Key(t, account, name)
}

// Key makes another access key for a user.
func (k *Kit) Key(t testing.TB, account, user string) Keys {
	t.Helper()
	var out struct {
		AccessKey struct{ AccessKeyId, SecretAccessKey string }
	}
	k.Invoke(t, account, "iam", "CreateAccessKey", map[string]any{"UserName": user}, &out)
	return Keys{ID: out.AccessKey.AccessKeyId, Secret: out.AccessKey.SecretAccessKey}
}

// Permit replaces a user's inline policy by one of the statements; without any it
// takes the policy away.
func (k *Kit) Permit(t testing.TB, account, user string, statements ...Statement) {
	t.Helper()
	if len(statements) == 0 {
		err := k.invoke(account, "iam", "DeleteUserPolicy", map[string]any{"UserName": user, "PolicyName": "test"}, nil)
		if err != nil && Code(err) != "NoSuchEntityException" {
			t.Fatal(err)
		}
		return
	}
	k.Invoke(t, account, "iam", "PutUserPolicy", map[string]any{"UserName": user, "PolicyName": "test", "PolicyDocument": Document(statements...)}, nil)
}

// Role makes a role with a trust policy and an inline policy of the statements, if
// any, and returns its ARN.
func (k *Kit) Role(t testing.TB, account, name, trust string, statements ...Statement) string {
	t.Helper()
	k.Invoke(t, account, "iam", "CreateRole", map[string]any{"RoleName": name, "AssumeRolePolicyDocument": trust}, nil)
	if len(statements) > 0 {
		k.Invoke(t, account, "iam", "PutRolePolicy", map[string]any{"RoleName": name, "PolicyName": "test", "PolicyDocument": Document(statements...)}, nil)
	}
	return "arn:aws:iam::" + account + ":role/" + name
}

// Trust is a trust policy that lets AWS principals assume a role, or with an
// "…amazonaws.com" name a service.
func Trust(principals ...string) string {
	by := map[string][]string{}
	for _, p := range principals {
		kind := "AWS"
		if strings.HasSuffix(p, ".amazonaws.com") {
			kind = "Service"
		}
		by[kind] = append(by[kind], p)
	}
	data, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Principal": by, "Action": []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}},
	}})
	if err != nil {
		panic(err) // strings only: cannot fail
	}
	return string(data)
}

// Code is the code of an AWS error, from the SDK or from inside the world; empty
// for any other error.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	var inside *cloud.Error
	if errors.As(err, &inside) {
		return inside.Code
	}
	return ""
}

// Message is the message of an AWS error.
func Message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	var inside *cloud.Error
	if errors.As(err, &inside) {
		return inside.Message
	}
	return ""
}
