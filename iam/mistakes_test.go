package iam_test

import (
	"sync"
	"testing"

	"github.com/twokey/twokey/iam"
)

// TestMistakes has one named test for each way in which another evaluator is
// known to go wrong (§5 of the fact sheet).
func TestMistakes(t *testing.T) {
	t.Parallel()
	role := func(statement string) string { return `"rp":[` + statement + `]` }
	slr := `"principal":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s","ctx":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"},`
	decideAll(t, []decided{
		{"ForAnyValue is singular, its Deny fires", idAll[:len(idAll)-1] + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"x"}}}],"ctx":{"aws:TagKeys":["x"]}`, "ExplicitDeny"},
		{"ForAnyValues is no operator, its Deny stays", idAll[:len(idAll)-1] + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValues:StringEquals":{"aws:TagKeys":"x"}}}]`, "ExplicitDeny"},
		{"variables in Resource are replaced", `"ctx":{"aws:PrincipalTag/t":"k"},"id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}"}]`, "Allow"},
		{"role grant: boundary's implicit deny counts", role(toRole) + `,"pb":[` + ec2Only + `]`, "ImplicitDeny"},
		{"role grant: boundary's explicit deny counts", role(toRole) + `,"pb":[` + all + `,` + denyGet + `]`, "ExplicitDeny"},
		{"direct grant must match the resource", `"resource":"arn:aws:s3:::b/secret",` + role(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"},"Action":"*","Resource":"arn:aws:s3:::b/public/*"}`), "ImplicitDeny"},
		{"direct grant must match the action", role(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"},"Action":"s3:PutObject","Resource":"*"}`), "ImplicitDeny"},
		{"direct grant must meet its condition", role(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"},"Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`), "ImplicitDeny"},
		{"ArnLike has wildcards in every field", `"ctx":{"aws:SourceArn":"arn:aws-cn:sns:cn-north-1:999900001111:topic"},"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:*:s?s:cn-*:9999*:t*"}}}]`, "Allow"},
		{"a missing key is not an empty string", `"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:SourceIdentity":"*"}}}]`, "ImplicitDeny"},
		{"a bare address is a host", `"ctx":{"aws:SourceIp":"203.0.113.7"},"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}}]`, "Allow"},
		{"numbers have decimals", `"ctx":{"x:y":"1.25"},"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"x:y":"1.3"}}}]`, "Allow"},
		{"object keys may have colons", `"resource":"arn:aws:s3:::b/a:b:c","id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/a:*"}]`, "Allow"},
		{"log streams have colons", `"action":"logs:PutLogEvents","resource":"arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:s","id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:?"}]`, "Allow"},
		{"many stars of StringLike cross colons", `"ctx":{"x:y":"a:b:c:d"},"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:y":"a*c*"}}}]`, "Allow"},
		{"version 2008 has no variables", `"ver":"2008-10-17","ctx":{"aws:PrincipalTag/t":"k"},"id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}"}]`, "ImplicitDeny"},
		{"variables have defaults", `"id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t, 'k'}"}]`, "Allow"},
		{"escapes for wildcards", `"resource":"arn:aws:s3:::b/*","id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${*}"}]`, "Allow"},
		{"an SCP does not bind a service-linked role", slr + idAll + `,"scp":[[` + all + `,` + denyGet + `]]`, "Allow"},
		{"a bucket of another account is not one's own on Create", outsider + `,"action":"s3:PutObject",` + idAll, "ImplicitDeny"},
		{"the management account is exempt from SCPs", idAll + `,"managementAccount":true,"scp":[[` + ec2Only + `]]`, "Allow"},
		{"session policies count", idAll + `,"sess":[` + ec2Only + `]`, "ImplicitDeny"},
		{"session ARNs are principals", role(toSession), "Allow"},
		{"RCPs reach secretsmanager", `"action":"secretsmanager:GetSecretValue","resource":"arn:aws:secretsmanager:us-east-1:111122223333:secret:x",` + idAll + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]]`, "ExplicitDeny"},
		{"services are callers", service + `,` + role(`{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"*","Resource":"*"}`), "Allow"},
		{"KMS grants count", decrypt + `,"grants":[{"grantee":"arn:aws:iam::111122223333:role/dev","operations":["Decrypt"]}]`, "Allow"},
		{"Denies are taken off across policies", `"id":[{"Statement":` + all + `},{"Statement":` + denyGet + `}]`, "ExplicitDeny"},
		{"NotAction Deny is modelled", `"id":[` + all + `,{"Effect":"Deny","NotAction":"ec2:*","Resource":"*"}]`, "ExplicitDeny"},
		{"conditional statements are not skipped", `"ctx":{"aws:SecureTransport":"false"},"id":[` + all + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]`, "ExplicitDeny"},
		{"resources are case-sensitive", `"id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::B/K"}]`, "ImplicitDeny"},
		{"regex characters are text", `"resource":"arn:aws:s3:::b/a+(b)[c].d","id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/a+(b)[c].?"}]`, "Allow"},
		{"regex characters match nothing else", `"resource":"arn:aws:s3:::b/aab","id":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/a+b"}]`, "ImplicitDeny"},
		{"AWS star is everyone, not the root", role(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"}`), "Allow"},
		{"admins are not above Denies", idAll + `,"rp":[{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		{"session-ARN grant beats the session policy", role(toSession) + `,"sess":[` + ec2Only + `]`, "Allow"},
		{"IfExists counts with ForAnyValue", `"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"x"}}}]`, "Allow"},
		{"IfExists counts with ForAllValues", `"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEqualsIfExists":{"aws:TagKeys":"x"}}}]`, "Allow"},
		{"epoch seconds compare with dates", `"ctx":{"aws:CurrentTime":"1577836801"},"id":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}]`, "Allow"},
	})
}

// TestSharedPolicyIsNotWrittenTo is the worst of those mistakes: the first
// caller's variables kept in the compiled policy, for the next one to be judged by.
// Run it with -race.
func TestSharedPolicyIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	p := &iam.Policies{Identity: iam.Compile("home", iam.SideIdentity, mustDoc(t,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*",
		"Condition":{"StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"}}}}`))}
	ask := func(name, key string) iam.Outcome {
		return iam.Decide(mustRequest(t, iam.Request{
			Principal: mustPrincipal(t, "arn:aws:iam::111122223333:user/"+name), Action: "s3:GetObject",
			Resource: "arn:aws:s3:::b/" + key + "/k", ResourceAccount: "111122223333",
			Context: iam.NewContext().Set("aws:username", name).Set("aws:PrincipalTag/team", name).Set("aws:RequestTag/team", name),
		}), p)
	}
	var wg sync.WaitGroup
	for _, name := range []string{"alice", "bob", "carol", "alice"} {
		wg.Go(func() {
			for range 200 {
				if got := ask(name, name); got != iam.Allow {
					t.Errorf("%s in their own folder: %s", name, got)
					return
				}
				if got := ask(name, "dave"); got != iam.ImplicitDeny {
					t.Errorf("%s in another's folder: %s", name, got)
					return
				}
			}
		})
	}
	wg.Wait()
}
