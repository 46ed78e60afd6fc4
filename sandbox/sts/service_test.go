package sts_test

import (
	"context"
	"testing"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestServiceAssumesRole: a service gets a role's session through the same check as
// everybody, and what it vouches for counts in the trust policy.
func TestServiceAssumesRole(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	const service, pipeline = "codepipeline.amazonaws.com", "arn:aws:codepipeline:eu-central-1:111111111111:release"
	role := k.Role(t, sandboxtest.Tools, "pipeline", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"`+service+`"},"Action":"sts:AssumeRole",
		"Condition":{"ArnEquals":{"aws:SourceArn":"`+pipeline+`"},"StringEquals":{"aws:SourceAccount":"111111111111"}}}]}`, sandboxtest.Allow("iam:ListUsers", "*"))
	assume := func(service, source string) (sandboxtest.Keys, error) {
		as := cloud.Caller{Identity: cloud.ServiceIdentity(service), Region: sandboxtest.Region, From: service}
		if source != "" {
			as.Vouched = iam.NewContext().Set("aws:SourceArn", source).Set("aws:SourceAccount", sandboxtest.Tools)
		}
		var out struct {
			Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }
		}
		err := k.Sandbox.World.Invoke(context.Background(), as, "sts", "AssumeRole", in{"RoleArn": role, "RoleSessionName": "1"}, &out)
		return sandboxtest.Keys{ID: out.Credentials.AccessKeyId, Secret: out.Credentials.SecretAccessKey, Token: out.Credentials.SessionToken}, err
	}
	for name, c := range map[string]struct {
		service, source string
		ok              bool
	}{
		"its pipeline":    {service, pipeline, true},
		"another":         {service, pipeline + "2", false},
		"no source":       {service, "", false},
		"another service": {"codebuild.amazonaws.com", pipeline, false},
	} {
		keys, err := assume(c.service, c.source)
		if c.ok != (err == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !c.ok {
			wants(t, err, "AccessDeniedException", "because no role trust policy allows the sts:AssumeRole action")
			continue
		}
		if got, err := whoami(t, k, keys); err != nil || got != "arn:aws:sts::111111111111:assumed-role/pipeline/1" {
			t.Error(got, err)
		}
	}
	recorded := false
	for _, r := range k.Sandbox.World.Trail(sandboxtest.Tools) {
		recorded = recorded || r.EventName == "AssumeRole" && r.UserIdentity["invokedBy"] == service && r.SourceIPAddress == service
	}
	if !recorded {
		t.Error("the role's account has no record of the service's call")
	}
}
