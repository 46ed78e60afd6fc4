package sts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const (
	tools = "arn:aws:iam::" + sandboxtest.Tools
	prod  = "arn:aws:iam::" + sandboxtest.Prod
)

type in = sandboxtest.In

func wants(t *testing.T, err error, code, message string) {
	t.Helper()
	if sandboxtest.Code(err) != code || !strings.Contains(sandboxtest.Message(err), message) {
		t.Fatalf("want %s with %q, got %v", code, message, err)
	}
}

// stage is a kit with user anna, who may do everything with sts, and role deploy in
// Prod, which trusts her.
func stage(t *testing.T) (*sandboxtest.Kit, sandboxtest.Keys) {
	t.Helper()
	k := sandboxtest.Start(t)
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:*", "*"))
	k.Role(t, sandboxtest.Prod, "deploy", sandboxtest.Trust(tools+":user/anna"), sandboxtest.Allow("*", "*"))
	return k, anna
}

func assume(t *testing.T, k *sandboxtest.Kit, keys sandboxtest.Keys, in *sts.AssumeRoleInput) (sandboxtest.Keys, *sts.AssumeRoleOutput, error) {
	t.Helper()
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String("session")
	}
	if in.RoleArn == nil {
		in.RoleArn = aws.String(prod + ":role/deploy")
	}
	out, err := sts.NewFromConfig(k.Config(keys)).AssumeRole(t.Context(), in)
	if err != nil {
		return sandboxtest.Keys{}, nil, err
	}
	return keysOf(out.Credentials), out, nil
}

func keysOf(c *types.Credentials) sandboxtest.Keys {
	return sandboxtest.Keys{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Token: *c.SessionToken}
}

func whoami(t *testing.T, k *sandboxtest.Kit, keys sandboxtest.Keys) (string, error) {
	t.Helper()
	out, err := sts.NewFromConfig(k.Config(keys)).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		return "", err
	}
	return *out.Arn, nil
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	session, out, err := assume(t, k, anna, &sts.AssumeRoleInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(session.ID, "ASIA") || len(session.ID) != 20 || !strings.HasPrefix(*out.AssumedRoleUser.AssumedRoleId, "AROA") || !strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":session") {
		t.Fatalf("%s %s", session.ID, *out.AssumedRoleUser.AssumedRoleId)
	}
	if got, err := whoami(t, k, session); err != nil || got != "arn:aws:sts::222222222222:assumed-role/deploy/session" {
		t.Fatal(got, err)
	}
	_, err = whoami(t, k, sandboxtest.Keys{ID: session.ID, Secret: session.Secret})
	wants(t, err, "InvalidClientTokenId", "")
	_, err = whoami(t, k, sandboxtest.Keys{ID: session.ID, Secret: session.Secret, Token: session.Token[:len(session.Token)-2] + "xx"})
	wants(t, err, "InvalidClientTokenId", "")
	k.Sandbox.World.Clock.Advance(14 * time.Minute)
	if _, err := whoami(t, k, session); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.World.Clock.Advance(time.Minute)
	_, err = whoami(t, k, session)
	wants(t, err, "ExpiredToken", "The security token included in the request is expired")
}

func TestAssumeRoleErrors(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	chained, _, err := assume(t, k, anna, &sts.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	k.Role(t, sandboxtest.Prod, "next", sandboxtest.Trust(prod+":role/deploy"))
	k.Invoke(t, sandboxtest.Prod, "iam", "UpdateRole", in{"RoleName": "next", "MaxSessionDuration": 43200}, nil)
	next := aws.String(prod + ":role/next")
	long := strings.Repeat("a", 2049)
	for name, c := range map[string]struct {
		keys          sandboxtest.Keys
		in            sts.AssumeRoleInput
		code, message string
	}{
		"root":                {sandboxtest.Root(sandboxtest.Tools), sts.AssumeRoleInput{}, "AccessDenied", "Roles may not be assumed by root accounts."},
		"no such role":        {anna, sts.AssumeRoleInput{RoleArn: aws.String(prod + ":role/none")}, "AccessDenied", "User: " + tools + ":user/anna is not authorized to perform: sts:AssumeRole on resource: " + prod + ":role/none"},
		"no such account":     {anna, sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::999999999999:role/none")}, "AccessDenied", "is not authorized to perform: sts:AssumeRole"},
		"not a role":          {anna, sts.AssumeRoleInput{RoleArn: aws.String(tools + ":user/anna")}, "ValidationError", tools + ":user/anna is invalid"},
		"too short":           {anna, sts.AssumeRoleInput{DurationSeconds: aws.Int32(899)}, "ValidationError", "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		"longer than role":    {anna, sts.AssumeRoleInput{DurationSeconds: aws.Int32(3601)}, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"chained over 1 h":    {chained, sts.AssumeRoleInput{RoleArn: next, DurationSeconds: aws.Int32(3601)}, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"},
		"session name":        {anna, sts.AssumeRoleInput{RoleSessionName: aws.String("a b")}, "ValidationError", "at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
		"policy not JSON":     {anna, sts.AssumeRoleInput{Policy: aws.String("{")}, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"policy with who":     {anna, sts.AssumeRoleInput{Policy: aws.String(sandboxtest.Trust(prod))}, "MalformedPolicyDocument", "Policy document should not specify a principal."},
		"policy too large":    {anna, sts.AssumeRoleInput{Policy: aws.String(sandboxtest.Document(sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::"+long)))}, "PackedPolicyTooLarge", "Packed policy consumes"},
		"no such policy":      {anna, sts.AssumeRoleInput{PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String(prod + ":policy/none")}}}, "MalformedPolicyDocument", "does not exist or is not attachable"},
		"code without device": {anna, sts.AssumeRoleInput{TokenCode: aws.String("123456")}, "AccessDenied", "must provide both MFA serial number and one time pass code"},
		"device not there":    {anna, sts.AssumeRoleInput{SerialNumber: aws.String(tools + ":mfa/none"), TokenCode: aws.String("123456")}, "AccessDenied", "unable to validate MFA code"},
		"transitive not sent": {anna, sts.AssumeRoleInput{TransitiveTagKeys: []string{"a"}}, "InvalidParameterValue", "transitive tag key"},
		"tags twice":          {anna, sts.AssumeRoleInput{Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("A"), Value: aws.String("2")}}}, "InvalidParameterValue", "Duplicate tag keys"},
		"provided contexts":   {anna, sts.AssumeRoleInput{ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String(tools + ":user/x"), ContextAssertion: aws.String("xxxx")}}}, "NotImplemented", "ProvidedContexts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := assume(t, k, c.keys, &c.in)
			wants(t, err, c.code, c.message)
		})
	}
}

// TestTrustConditions: the keys of the request that trust policies look at.
func TestTrustConditions(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:*", "*"))
	k.Invoke(t, sandboxtest.Prod, "iam", "CreateRole", in{"RoleName": "deploy", "AssumeRolePolicyDocument": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + tools + `:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"secret","sts:RoleSessionName":"${aws:username}"}}},
		{"Effect":"Allow","Principal":{"AWS":"` + tools + `:root"},"Action":"sts:TagSession","Condition":{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"],"sts:TransitiveTagKeys":["team"]}}},
		{"Effect":"Allow","Principal":{"AWS":"` + tools + `:root"},"Action":"sts:SetSourceIdentity","Condition":{"StringEquals":{"sts:SourceIdentity":"anna@example.com"}}}]}`}, nil)
	secret, name := aws.String("secret"), aws.String("anna")
	tag := func(key, value string) []types.Tag {
		return []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}
	}
	for label, c := range map[string]struct {
		in     sts.AssumeRoleInput
		denied string // the action; empty: works
	}{
		"no external id":    {sts.AssumeRoleInput{RoleSessionName: name}, "sts:AssumeRole"},
		"wrong external id": {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: aws.String("other")}, "sts:AssumeRole"},
		"another's name":    {sts.AssumeRoleInput{RoleSessionName: aws.String("berta"), ExternalId: secret}, "sts:AssumeRole"},
		"right":             {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret}, ""},
		"right tag":         {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret, Tags: tag("team", "blue"), TransitiveTagKeys: []string{"team"}}, ""},
		"wrong tag":         {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret, Tags: tag("team", "red")}, "sts:TagSession"},
		"another tag":       {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret, Tags: append(tag("team", "blue"), tag("x", "y")...)}, "sts:TagSession"},
		"right source":      {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret, SourceIdentity: aws.String("anna@example.com")}, ""},
		"wrong source":      {sts.AssumeRoleInput{RoleSessionName: name, ExternalId: secret, SourceIdentity: aws.String("boss@example.com")}, "sts:SetSourceIdentity"},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			_, _, err := assume(t, k, anna, &c.in)
			if c.denied == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wants(t, err, "AccessDenied", "is not authorized to perform: "+c.denied+" on resource: "+prod+":role/deploy")
		})
	}
}

func TestSessionPolicy(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	list := func(keys sandboxtest.Keys) error {
		_, err := iam.NewFromConfig(k.Config(keys)).ListUsers(t.Context(), nil)
		return err
	}
	for policy, ok := range map[string]bool{sandboxtest.Document(sandboxtest.Allow("iam:ListUsers", "*")): true, sandboxtest.Document(sandboxtest.Allow("iam:ListRoles", "*")): false} {
		keys, _, err := assume(t, k, anna, &sts.AssumeRoleInput{Policy: &policy})
		if err != nil {
			t.Fatal(err)
		}
		if err := list(keys); ok != (err == nil) {
			t.Errorf("%s: %v", policy, err)
		} else if !ok {
			wants(t, err, "AccessDenied", "because no session policy allows the iam:ListUsers action")
		}
	}
	keys, _, err := assume(t, k, anna, &sts.AssumeRoleInput{PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/IAMReadOnlyAccess")}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := list(keys); err != nil {
		t.Fatal(err)
	}
	_, err = iam.NewFromConfig(k.Config(keys)).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("x")})
	wants(t, err, "AccessDenied", "because no session policy allows")
}

// TestChaining: transitive tags and the source identity go along and cannot be
// changed; other tags stay behind.
func TestChaining(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	first, _, err := assume(t, k, anna, &sts.AssumeRoleInput{SourceIdentity: aws.String("anna@example.com"), TransitiveTagKeys: []string{"team"},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}, {Key: aws.String("job"), Value: aws.String("7")}}})
	if err != nil {
		t.Fatal(err)
	}
	next := aws.String(k.Role(t, sandboxtest.Prod, "next", sandboxtest.Trust(prod+":role/deploy")))
	k.Invoke(t, sandboxtest.Prod, "iam", "PutRolePolicy", in{"RoleName": "next", "PolicyName": "p", "PolicyDocument": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue","aws:SourceIdentity":"anna@example.com"},"Null":{"aws:PrincipalTag/job":"true"}}}]}`}, nil)
	second, out, err := assume(t, k, first, &sts.AssumeRoleInput{RoleArn: next})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(out.SourceIdentity) != "anna@example.com" {
		t.Error(out.SourceIdentity)
	}
	if _, err := iam.NewFromConfig(k.Config(second)).ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, _, err = assume(t, k, first, &sts.AssumeRoleInput{RoleArn: next, Tags: []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("red")}}})
	wants(t, err, "InvalidParameterValue", "TEAM")
	_, _, err = assume(t, k, first, &sts.AssumeRoleInput{RoleArn: next, SourceIdentity: aws.String("boss@example.com")})
	wants(t, err, "AccessDenied", "source identity")
	// Who inherits tags needs sts:TagSession of the next role as well.
	k.Invoke(t, sandboxtest.Prod, "iam", "UpdateAssumeRolePolicy", in{"RoleName": "next", "PolicyDocument": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + prod + `:role/deploy"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}]}`}, nil)
	_, _, err = assume(t, k, first, &sts.AssumeRoleInput{RoleArn: next})
	wants(t, err, "AccessDenied", "sts:TagSession")
}

func TestDeletedRoleEndsItsSessions(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	session, _, err := assume(t, k, anna, &sts.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	k.Invoke(t, sandboxtest.Prod, "iam", "DeleteRolePolicy", in{"RoleName": "deploy", "PolicyName": "test"}, nil)
	k.Invoke(t, sandboxtest.Prod, "iam", "DeleteRole", in{"RoleName": "deploy"}, nil)
	k.Role(t, sandboxtest.Prod, "deploy", sandboxtest.Trust(tools+":user/anna"), sandboxtest.Allow("*", "*"))
	_, err = whoami(t, k, session)
	wants(t, err, "InvalidClientTokenId", "")
}

func TestFederationToken(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:GetFederationToken", "arn:aws:sts::111111111111:federated-user/guest"), sandboxtest.Allow("sts:GetAccessKeyInfo", "*"))
	c := sts.NewFromConfig(k.Config(anna))
	get := func(name, policy string) (*sts.GetFederationTokenOutput, error) {
		in := &sts.GetFederationTokenInput{Name: &name}
		if policy != "" {
			in.Policy = &policy
		}
		return c.GetFederationToken(t.Context(), in)
	}
	_, err := get("other", "")
	wants(t, err, "AccessDenied", "arn:aws:sts::111111111111:federated-user/other")
	all := sandboxtest.Document(sandboxtest.Allow("*", "*"))
	for policy, message := range map[string]string{"": "because no session policy allows", all: ""} {
		out, err := get("guest", policy)
		if err != nil {
			t.Fatal(err)
		}
		keys := keysOf(out.Credentials)
		if got, err := whoami(t, k, keys); err != nil || got != "arn:aws:sts::111111111111:federated-user/guest" {
			t.Fatal(got, err)
		}
		_, err = sts.NewFromConfig(k.Config(keys)).GetSessionToken(t.Context(), nil)
		wants(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
		_, err = iam.NewFromConfig(k.Config(keys)).ListUsers(t.Context(), nil)
		wants(t, err, "InvalidClientTokenId", "")
		// What the user may do, the token may do only where its policy says so.
		_, err = sandboxtest.Operate(t.Context(), sts.NewFromConfig(k.Config(keys)), "GetAccessKeyInfo", in{"AccessKeyId": keys.ID})
		if message == "" && err == nil {
			continue
		}
		wants(t, err, "AccessDenied", message)
	}
}

func TestSessionTokenDenied(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	anna := k.User(t, sandboxtest.Tools, "anna")
	c := sts.NewFromConfig(k.Config(anna))
	if _, err := c.GetSessionToken(t.Context(), nil); err != nil {
		t.Fatal("GetSessionToken needs no permission:", err)
	}
	k.Permit(t, sandboxtest.Tools, "anna", sandboxtest.Statement{Effect: "Deny", Action: []string{"sts:*"}, Resource: []string{"*"}})
	_, err := c.GetSessionToken(t.Context(), nil)
	wants(t, err, "AccessDenied", "with an explicit deny in an identity-based policy")
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal("GetCallerIdentity obeys no Deny:", err)
	}
	root := sts.NewFromConfig(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	out, err := root.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(43200)})
	if err != nil || time.Until(*out.Credentials.Expiration) > time.Hour {
		t.Fatal("a root user's token lives an hour at most:", err)
	}
}

func TestTrailHoldsNoSecret(t *testing.T) {
	t.Parallel()
	k, anna := stage(t)
	session, _, err := assume(t, k, anna, &sts.AssumeRoleInput{})
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, r := range k.Sandbox.World.Trail("") {
		if strings.Contains(string(r.ResponseElements), session.Secret) || strings.Contains(string(r.ResponseElements), session.Token) {
			t.Fatalf("%s left credentials in the trail", r.EventName)
		}
		seen = seen || r.EventName == "AssumeRole" && strings.Contains(string(r.RequestParameters), "deploy")
	}
	if !seen {
		t.Fatal("AssumeRole left no record")
	}
}
