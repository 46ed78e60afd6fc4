package iam_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// TestPrincipalForms holds §1.3: each form of principal in a resource policy
// against callers that it names and callers that it does not. Nothing else allows,
// so the form's own grant is seen; forms that only delegate are in
// TestDelegation.
func TestPrincipalForms(t *testing.T) {
	t.Parallel()
	rp := func(principal string) string {
		return `"rp":[{"Effect":"Allow","Principal":` + principal + `,"Action":"*","Resource":"*"}]`
	}
	web := `"principal":"cognito-identity.amazonaws.com","action":"sts:AssumeRoleWithWebIdentity","resource":"arn:aws:iam::111122223333:role/prod",`
	saml := `"principal":"arn:aws:iam::111122223333:saml-provider/X","action":"sts:AssumeRoleWithSAML","resource":"arn:aws:iam::111122223333:role/prod",`
	decideAll(t, []decided{
		{"star: session", rp(`"*"`), "Allow"},
		{"star: anonymous", anonymous + `,` + rp(`"*"`), "Allow"},
		{"star: service", service + `,` + rp(`"*"`), "Allow"},
		{"AWS star: anonymous", anonymous + `,` + rp(`{"AWS":"*"}`), "Allow"},
		{"AWS star: user", user + `,` + rp(`{"AWS":["444455556666","*"]}`), "Allow"},
		{"role: its session", rp(`{"AWS":"arn:aws:iam::111122223333:role/dev"}`), "Allow"},
		{"role: same name elsewhere", rp(`{"AWS":"arn:aws:iam::444455556666:role/dev"}`), "ImplicitDeny"},
		{"role: other role", rp(`{"AWS":"arn:aws:iam::111122223333:role/ops"}`), "ImplicitDeny"},
		{"role: name is case-sensitive", rp(`{"AWS":"arn:aws:iam::111122223333:role/Dev"}`), "ImplicitDeny"},
		{"role: user of that name", `"principal":"arn:aws:iam::111122223333:user/dev",` + rp(`{"AWS":"arn:aws:iam::111122223333:role/dev"}`), "ImplicitDeny"},
		{"role: the role itself", role + `,` + rp(`{"AWS":"arn:aws:iam::111122223333:role/dev"}`), "Allow"},
		{"role with path: pathless session", rp(`{"AWS":"arn:aws:iam::111122223333:role/a/b/dev"}`), "Allow"},
		{"role with path: wrong path", `"ctx":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a/dev"},` + rp(`{"AWS":"arn:aws:iam::111122223333:role/b/dev"}`), "ImplicitDeny"},
		{"session: that session", rp(`{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"}`), "Allow"},
		{"session: another session", rp(`{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/bob"}`), "ImplicitDeny"},
		{"session: star is no wildcard", rp(`{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/*"}`), "ImplicitDeny"},
		{"session: the role, whatever its session", role + `,` + rp(`{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"}`), "If"},
		{"session: another role", role + `,` + rp(`{"AWS":"arn:aws:sts::111122223333:assumed-role/ops/alice"}`), "ImplicitDeny"},
		{"user: itself", user + `,` + rp(`{"AWS":"arn:aws:iam::111122223333:user/alice"}`), "Allow"},
		{"user: path counts", user + `,` + rp(`{"AWS":"arn:aws:iam::111122223333:user/x/alice"}`), "ImplicitDeny"},
		{"user: other case", user + `,` + rp(`{"AWS":"arn:aws:iam::111122223333:user/Alice"}`), "ImplicitDeny"},
		{"user: role session of that name", `"principal":"arn:aws:sts::111122223333:assumed-role/alice/x",` + rp(`{"AWS":"arn:aws:iam::111122223333:user/alice"}`), "ImplicitDeny"},
		{"federated user: itself", federated + `,` + rp(`{"AWS":"arn:aws:sts::111122223333:federated-user/alice"}`), "Allow"},
		{"federated user: another", federated + `,` + rp(`{"AWS":"arn:aws:sts::111122223333:federated-user/bob"}`), "ImplicitDeny"},
		{"federated user: user of that name", user + `,` + rp(`{"AWS":"arn:aws:sts::111122223333:federated-user/alice"}`), "ImplicitDeny"},
		{"service: itself", service + `,` + rp(`{"Service":"codepipeline.amazonaws.com"}`), "Allow"},
		{"service: another", service + `,` + rp(`{"Service":"codebuild.amazonaws.com"}`), "ImplicitDeny"},
		{"service: in a list", service + `,` + rp(`{"Service":["codebuild.amazonaws.com","codepipeline.amazonaws.com"]}`), "Allow"},
		{"service: partial wildcard", service + `,` + rp(`{"Service":"*.amazonaws.com"}`), "ImplicitDeny"},
		{"service: a role is not it", rp(`{"Service":"codepipeline.amazonaws.com"}`), "ImplicitDeny"},
		{"service: account does not name it", service + `,` + rp(`{"AWS":"111122223333"}`), "ImplicitDeny"},
		{"anonymous: account does not name it", anonymous + `,` + rp(`{"AWS":"111122223333"}`), "ImplicitDeny"},
		{"partial wildcard: role", rp(`{"AWS":"arn:aws:iam::111122223333:role/*"}`), "ImplicitDeny"},
		{"partial wildcard: account", rp(`{"AWS":"arn:aws:iam::*:role/dev"}`), "ImplicitDeny"},
		{"partial wildcard: deny neither", idAll + `,"rp":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"*","Resource":"*"}]`, "Allow"},
		{"dead role", rp(`{"AWS":"AROAEXAMPLEEXAMPLE"}`), "ImplicitDeny"},
		{"dead user", user + `,` + rp(`{"AWS":"AIDAEXAMPLEEXAMPLE"}`), "ImplicitDeny"},
		{"group is no principal", user + `,` + rp(`{"AWS":"arn:aws:iam::111122223333:group/alice"}`), "ImplicitDeny"},
		{"SAML provider", saml + rp(`{"Federated":"arn:aws:iam::111122223333:saml-provider/X"}`), "Allow"},
		{"another SAML provider", saml + rp(`{"Federated":"arn:aws:iam::111122223333:saml-provider/Y"}`), "ImplicitDeny"},
		{"web identity", web + rp(`{"Federated":"cognito-identity.amazonaws.com"}`), "Allow"},
		{"web identity, other provider", web + rp(`{"Federated":"accounts.google.com"}`), "ImplicitDeny"},
		{"web identity is no service", web + rp(`{"Service":"cognito-identity.amazonaws.com"}`), "ImplicitDeny"},
		{"OIDC provider", `"principal":"arn:aws:iam::111122223333:oidc-provider/gh","action":"sts:AssumeRoleWithWebIdentity","resource":"arn:aws:iam::111122223333:role/prod",` + rp(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/gh"}`), "Allow"},
		{"provider is not its account", saml + rp(`{"AWS":"111122223333"}`), "ImplicitDeny"},
		{"provider matches AWS star", saml + rp(`{"AWS":"*"}`), "Allow"},
		{"canonical user of someone", rp(`{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`), "ImplicitDeny"},
		{"no Principal at all", `"rp":[{"Effect":"Allow","Action":"*","Resource":"*"}]`, "ImplicitDeny"},
		{"Deny without Principal matches nobody", idAll + `,"rp":[{"Effect":"Deny","Action":"*","Resource":"*"}]`, "Allow"},
		{"Deny names the role", idAll + `,"rp":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		{"Deny names the account", idAll + `,"rp":[{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		{"Deny names one session of the role", role + `,` + idAll + `,"rp":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/bob"},"Action":"*","Resource":"*"}]`, "If"},
		{"principal of the wrong shape allows nobody", `"rp":[{"Effect":"Allow","Principal":"111122223333","Action":"*","Resource":"*"}]`, "ImplicitDeny"},
		{"principal of the wrong shape denies everybody", idAll + `,"rp":[{"Effect":"Deny","Principal":"444455556666","Action":"*","Resource":"*"}]`, "ExplicitDeny"},
	})
}

// TestDelegation: naming the account, as id or as root, adds nothing of its own.
func TestDelegation(t *testing.T) {
	t.Parallel()
	rp := func(principal string) string {
		return `"rp":[{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":"*","Resource":"*"}]`
	}
	decideAll(t, []decided{
		{"root alone", rp(`"arn:aws:iam::111122223333:root"`), "ImplicitDeny"},
		{"id alone", rp(`"111122223333"`), "ImplicitDeny"},
		{"number alone", rp(`111122223333`), "ImplicitDeny"},
		{"root with identity", idAll + `,` + rp(`"arn:aws:iam::111122223333:root"`), "Allow"},
		{"root user needs nothing", rootUser + `,` + rp(`"arn:aws:iam::111122223333:root"`), "Allow"},
		{"cross-account id", outsider + `,` + idAll + `,` + rp(`"444455556666"`), "Allow"},
		{"cross-account number", outsider + `,` + idAll + `,` + rp(`444455556666`), "Allow"},
		{"cross-account root", outsider + `,` + idAll + `,` + rp(`"arn:aws:iam::444455556666:root"`), "Allow"},
		{"cross-account, wrong account", outsider + `,` + idAll + `,` + rp(`"111122223333"`), "ImplicitDeny"},
	})
}

// TestNotPrincipal holds §3.4.
func TestNotPrincipal(t *testing.T) {
	t.Parallel()
	const (
		session = `"arn:aws:sts::111122223333:assumed-role/dev/alice"`
		roleARN = `"arn:aws:iam::111122223333:role/dev"`
		account = `"arn:aws:iam::111122223333:root"`
		userARN = `"arn:aws:iam::111122223333:user/alice"`
	)
	deny := func(list string) string {
		return idAll + `,"rp":[{"Effect":"Deny","NotPrincipal":{"AWS":[` + list + `]},"Action":"*","Resource":"*"}]`
	}
	allow := func(list string) string {
		return `"rp":[{"Effect":"Allow","NotPrincipal":{"AWS":[` + list + `]},"Action":"*","Resource":"*"}]`
	}
	decideAll(t, []decided{
		{"session at every level", deny(session + `,` + roleARN + `,` + account), "Allow"},
		{"session without role", deny(session + `,` + account), "ExplicitDeny"},
		{"session without account", deny(session + `,` + roleARN), "ExplicitDeny"},
		{"role and account without session", deny(roleARN + `,` + account), "ExplicitDeny"},
		{"not listed", deny(`"444455556666"`), "ExplicitDeny"},
		{"account by id", deny(session + `,` + roleARN + `,"111122223333"`), "Allow"},
		{"user at every level", user + `,` + deny(userARN+`,`+account), "Allow"},
		{"user without account", user + `,` + deny(userARN), "ExplicitDeny"},
		{"any boundary, session", `"pb":[` + all + `],` + deny(session+`,`+roleARN+`,`+account), "ExplicitDeny"},
		{"any boundary, user", user + `,"pb":[` + all + `],` + deny(userARN+`,`+account), "ExplicitDeny"},
		{"everyone exempt", deny(`"*"`), "Allow"},
		{"root user by its account", rootUser + `,` + deny(account), "Allow"},
		{"service exempt", service + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"Service":"codepipeline.amazonaws.com"},"Action":"*","Resource":"*"}]`, "Allow"},
		{"service not exempt", service + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"Service":"codebuild.amazonaws.com"},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		{"anonymous not exempt", anonymous + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"AWS":` + account + `},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		{"role, one session exempt", role + `,` + deny(session+`,`+roleARN+`,`+account), "If"},
		{"dead id exempts nobody", user + `,` + deny(`"AIDAEXAMPLEEXAMPLE",`+account), "ExplicitDeny"},
		{"other action", idAll + `,"rp":[{"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},"Action":"s3:PutObject","Resource":"*"}]`, "Allow"},
		{"Allow grants the rest", allow(`"arn:aws:iam::111122223333:role/ops"`), "Allow"},
		{"Allow grants anonymous", anonymous + `,` + allow(`"arn:aws:iam::111122223333:role/ops"`), "Allow"},
		{"Allow leaves out the listed role", allow(roleARN), "ImplicitDeny"},
		{"Allow leaves out the listed account", allow(account), "ImplicitDeny"},
		{"Allow leaves out the listed session", allow(session), "ImplicitDeny"},
	})
}

func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]iam.Principal{
		"*":                              {Kind: iam.AnonymousPrincipal, ARN: "*"},
		"111122223333":                   {Kind: iam.RootPrincipal, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333", Name: "root"},
		"arn:aws:iam::111122223333:root": {Kind: iam.RootPrincipal, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333", Name: "root"},
		"arn:aws:iam::111122223333:user/a/b/alice":               {Kind: iam.UserPrincipal, ARN: "arn:aws:iam::111122223333:user/a/b/alice", Account: "111122223333", Name: "alice"},
		"arn:aws:iam::111122223333:role/ci/dev":                  {Kind: iam.RolePrincipal, ARN: "arn:aws:iam::111122223333:role/ci/dev", Account: "111122223333", Name: "dev", RoleARN: "arn:aws:iam::111122223333:role/ci/dev"},
		"arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/R": {Kind: iam.RolePrincipal, ARN: "arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/R", Account: "1", Name: "R", RoleARN: "arn:aws:iam::1:role/aws-service-role/x.amazonaws.com/R", ServiceLinkedRole: true},
		"arn:aws:sts::111122223333:assumed-role/dev/alice@corp":  {Kind: iam.SessionPrincipal, ARN: "arn:aws:sts::111122223333:assumed-role/dev/alice@corp", Account: "111122223333", Name: "dev", Session: "alice@corp"},
		"arn:aws:sts::111122223333:federated-user/alice":         {Kind: iam.FederatedUser, ARN: "arn:aws:sts::111122223333:federated-user/alice", Account: "111122223333", Name: "alice"},
		"codepipeline.amazonaws.com":                             {Kind: iam.ServicePrincipal, ARN: "codepipeline.amazonaws.com"},
		"arn:aws:iam::111122223333:saml-provider/X":              {Kind: iam.FederatedPrincipal, ARN: "arn:aws:iam::111122223333:saml-provider/X", Account: "111122223333", Name: "X"},
		"arn:aws:iam::111122223333:oidc-provider/host/path":      {Kind: iam.FederatedPrincipal, ARN: "arn:aws:iam::111122223333:oidc-provider/host/path", Account: "111122223333", Name: "host/path"},
	} {
		got, err := iam.ParsePrincipal(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{
		"", "alice", "11112222333", "arn:aws:iam::1", "arn:aws:iam::111122223333:group/g", "arn:aws:iam::111122223333:user/",
		"arn:aws:sts::111122223333:assumed-role/dev", "arn:aws:sts::111122223333:assumed-role/dev/", "arn:aws:s3:::b", "example.com",
	} {
		if p, err := iam.ParsePrincipal(text); err == nil {
			t.Errorf("%q is taken for %+v", text, p)
		}
	}
}

// TestPrincipalContext holds the table of §2.2: the keys that AWS fills by caller.
func TestPrincipalContext(t *testing.T) {
	t.Parallel()
	const absent = "absent"
	for _, test := range []struct {
		principal                  string
		username, userid, typ, arn string
		service                    string
	}{
		{"arn:aws:iam::111122223333:root", absent, "111122223333", "Account", "arn:aws:iam::111122223333:root", absent},
		{"arn:aws:iam::111122223333:user/p/alice", "alice", policy.Hole, "User", "arn:aws:iam::111122223333:user/p/alice", absent},
		{"arn:aws:sts::111122223333:federated-user/alice", absent, "111122223333:alice", "FederatedUser", "arn:aws:sts::111122223333:federated-user/alice", absent},
		{"arn:aws:sts::111122223333:assumed-role/dev/alice", absent, policy.Hole + ":alice", "AssumedRole", "arn:aws:iam::111122223333:role/" + policy.Hole + "dev", absent},
		{"arn:aws:iam::111122223333:role/ci/dev", absent, policy.Hole + ":" + policy.Hole, "AssumedRole", "arn:aws:iam::111122223333:role/ci/dev", absent},
		{"codepipeline.amazonaws.com", absent, "", absent, absent, "codepipeline.amazonaws.com"},
		{"*", absent, "anonymous", "Anonymous", absent, absent},
	} {
		c := iam.PrincipalContext(mustPrincipal(t, test.principal)).UnknownUnlessSet(true)
		for key, want := range map[string]string{
			"aws:username": test.username, "aws:userid": test.userid, "aws:PrincipalType": test.typ,
			"aws:PrincipalArn": test.arn, "aws:PrincipalServiceName": test.service,
		} {
			state, values := c.Lookup(key)
			switch {
			case want == "": // the fact sheet only says that it is there
			case want == absent:
				if state != condition.Absent {
					t.Errorf("%s: %s is %d %q, want it absent", test.principal, key, state, values)
				}
			case state != condition.Present || values[0] != want:
				t.Errorf("%s: %s is %q, want %q", test.principal, key, values, want)
			}
		}
		isService := strings.HasSuffix(test.principal, ".amazonaws.com")
		if _, v := c.Lookup("aws:PrincipalIsAWSService"); v[0] != map[bool]string{true: "true", false: "false"}[isService] {
			t.Errorf("%s: aws:PrincipalIsAWSService is %q", test.principal, v)
		}
	}
}
