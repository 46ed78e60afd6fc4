package sts_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func client(cfg aws.Config) *sts.Client { return sts.NewFromConfig(cfg) }

// trusting makes role deploy, whose trust policy leaves the decision to the
// caller's own policies.
func trusting(t testing.TB, k *sandboxtest.Kit) {
	k.Role(t, sandboxtest.Tools, "deploy", sandboxtest.Trust(tools+":root"))
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	role := tools + ":role/deploy"
	tags := []any{map[string]any{"Key": "k", "Value": "v"}}
	federated := "arn:aws:sts::111111111111:federated-user/guest"
	key := ""
	need := func(pairs ...string) (out []sandboxtest.Permission) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, sandboxtest.Permission{Action: pairs[i], Resource: pairs[i+1]})
		}
		return out
	}
	sandboxtest.Matrix(t, []sandboxtest.Case{
		{Operation: "sts:GetCallerIdentity", Free: true, Call: sandboxtest.Calling(client, "GetCallerIdentity", nil)},
		{Operation: "sts:GetAccessKeyInfo", Needs: need("sts:GetAccessKeyInfo", "*"), Prepare: func(t testing.TB, k *sandboxtest.Kit) { key = k.User(t, sandboxtest.Prod, "berta").ID }, Call: func(ctx context.Context, cfg aws.Config) error {
			out, err := client(cfg).GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &key})
			if err == nil && aws.ToString(out.Account) != sandboxtest.Prod {
				t.Errorf("the key is of %s", aws.ToString(out.Account))
			}
			return err
		}},
		{Operation: "sts:GetFederationToken", Needs: need("sts:GetFederationToken", federated), Call: sandboxtest.Calling(client, "GetFederationToken", in{"Name": "guest"})},
		{Operation: "sts:GetFederationToken with tags", Needs: need("sts:GetFederationToken", federated, "sts:TagSession", federated), Call: sandboxtest.Calling(client, "GetFederationToken", in{"Name": "guest", "Tags": tags})},
		{Operation: "sts:AssumeRole", Prepare: trusting, Needs: need("sts:AssumeRole", role), Call: sandboxtest.Calling(client, "AssumeRole", in{"RoleArn": role, "RoleSessionName": "session"})},
		{Operation: "sts:AssumeRole with all", Prepare: trusting, Needs: need("sts:AssumeRole", role, "sts:TagSession", role, "sts:SetSourceIdentity", role),
			Call: sandboxtest.Calling(client, "AssumeRole", in{"RoleArn": role, "RoleSessionName": "session", "Tags": tags, "SourceIdentity": "anna"})},
	})
}
