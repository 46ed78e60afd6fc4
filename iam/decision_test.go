package iam_test

import (
	"fmt"
	"testing"
)

const (
	ec2Only = `{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`
	denyGet = `{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}`

	toUser    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"*","Resource":"*"}`
	toRole    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"*","Resource":"*"}`
	toSession = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"},"Action":"*","Resource":"*"}`
	toFed     = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:federated-user/alice"},"Action":"*","Resource":"*"}`
	toAll     = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	toAccount = `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}`
	toExt     = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/ext"},"Action":"*","Resource":"*"}`
)

// TestGrantTable is the table of §3.3, every cell of it: what a resource policy's
// Allow spares the caller in its own account, by how it names the caller.
func TestGrantTable(t *testing.T) {
	t.Parallel()
	var cases []decided
	for _, row := range []struct {
		name, caller, grant         string
		identity, boundary, session bool // spared
		hasSession                  bool
		neededSession               bool // the caller has nothing without a session policy
	}{
		{"user ARN to user", user, toUser, true, true, true, false, false},
		{"role ARN to session", dev, toRole, true, false, false, true, false},
		{"session ARN to session", dev, toSession, true, true, true, true, false},
		{"federated-user ARN to federated user", federated, toFed, true, true, true, true, false},
		{"user ARN to its federated user", federated, toUser, true, false, false, true, true},
		{"star to session", dev, toAll, true, true, true, true, false},
		{"star to user", user, toAll, true, true, true, false, false},
		{"star to federated user", federated, toAll, true, true, true, true, false},
		{"account to session", dev, toAccount, false, false, false, true, false},
		{"account to user", user, toAccount, false, false, false, false, false},
	} {
		want := func(ok bool) string {
			if ok {
				return "Allow"
			}
			return "ImplicitDeny"
		}
		base := row.caller + `,"rp":[` + row.grant + `]`
		if row.neededSession {
			cases = append(cases, decided{row.name + ": without session policy", base, "ImplicitDeny"})
			base += `,"sess":[` + all + `]`
		}
		cases = append(cases,
			decided{row.name + ": no identity", base, want(row.identity)},
			decided{row.name + ": boundary lacks it", base + `,"pb":[` + ec2Only + `]`, want(row.boundary)},
			decided{row.name + ": boundary has it", base + `,"pb":[` + getAny + `]`, want(row.identity)},
			decided{row.name + ": empty boundary", base + `,"pb":[]`, want(row.boundary)},
			decided{row.name + ": boundary denies", base + `,"pb":[` + all + `,` + denyGet + `]`, "ExplicitDeny"},
			decided{row.name + ": identity denies", base + `,"id":[` + denyGet + `]`, "ExplicitDeny"},
			decided{row.name + ": SCP denies", base + `,"scp":[[` + all + `,` + denyGet + `]]`, "ExplicitDeny"},
			decided{row.name + ": SCP does not allow", base + `,` + idAll + `,"scp":[[` + ec2Only + `]]`, "ImplicitDeny"},
			decided{row.name + ": RCP denies", base + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]]`, "ExplicitDeny"},
		)
		if row.hasSession {
			cases = append(cases,
				decided{row.name + ": session policy lacks it", row.caller + `,"rp":[` + row.grant + `],"sess":[` + ec2Only + `]`, want(row.session)},
				decided{row.name + ": session policy has it", row.caller + `,"rp":[` + row.grant + `],"sess":[` + getAny + `]`, want(row.identity)},
				decided{row.name + ": session policy denies", row.caller + `,"rp":[` + row.grant + `],"sess":[` + all + `,` + denyGet + `]`, "ExplicitDeny"},
			)
		}
	}
	decideAll(t, cases)
}

// TestSameAccount holds step 4 of §3.2 for services without a rule of their own.
func TestSameAccount(t *testing.T) {
	t.Parallel()
	var cases []decided
	// The truth table of identity, boundary and session, without a resource policy.
	state := map[string]string{"allows": all, "lacks": ec2Only, "denies": all + `,` + denyGet}
	for i, is := range []string{"allows", "lacks", "denies"} {
		for b, bs := range []string{"allows", "lacks", "denies"} {
			for s, ss := range []string{"allows", "lacks", "denies"} {
				want := "Allow"
				if max(i, b, s) == 1 {
					want = "ImplicitDeny"
				}
				if max(i, b, s) == 2 {
					want = "ExplicitDeny"
				}
				cases = append(cases, decided{
					fmt.Sprintf("identity %s, boundary %s, session %s", is, bs, ss),
					fmt.Sprintf(`"id":[%s],"pb":[%s],"sess":[%s]`, state[is], state[bs], state[ss]), want,
				})
			}
		}
	}
	cases = append(cases,
		decided{"identity alone", idAll, "Allow"},
		decided{"resource policy denies", idAll + `,"rp":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		decided{"resource policy does not mention it", idAll + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}]`, "Allow"},
		decided{"absent Resource is the resource itself", `"rp":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]`, "Allow"},
		decided{"two ways at once", `"id":[` + getAny + `],"rp":[` + toAll + `]`, "Allow"},
		decided{"deny beats every allow", idAll + `,"rp":[` + toSession + `,` + toAll + `,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"s3:Get*","Resource":"*"}]`, "ExplicitDeny"},
		decided{"two session policies OR", idAll + `,"sess":[{"Statement":` + ec2Only + `},{"Statement":` + getAny + `}]`, "Allow"},
		decided{"star with condition is not a role grant", `"pb":[` + ec2Only + `],"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/dev"}}}]`, "Allow"},
		decided{"role and account in one statement", `"id":[` + getAny + `],"pb":[` + getAny + `],"rp":[{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/dev"]},"Action":"*","Resource":"*"}]`, "Allow"},
		// Federated users.
		decided{"federated user, no session policy", federated + `,` + idAll, "ImplicitDeny"},
		decided{"federated user, session policy", federated + `,` + idAll + `,"sess":[` + getAny + `]`, "Allow"},
		decided{"federated user, session policy without identity", federated + `,"sess":[` + all + `]`, "ImplicitDeny"},
		decided{"federated user, identity denies without session policy", federated + `,"id":[` + denyGet + `],"rp":[` + toFed + `]`, "ExplicitDeny"},
		decided{"federated user, direct grant without session policy", federated + `,"rp":[` + toFed + `]`, "Allow"},
		// Root user.
		decided{"root user is allowed", rootUser, "Allow"},
		decided{"root user, SCP does not allow", rootUser + `,"scp":[[` + ec2Only + `]]`, "ImplicitDeny"},
		decided{"root user, SCP denies", rootUser + `,"scp":[[` + all + `,` + denyGet + `]]`, "ExplicitDeny"},
		decided{"root user of the management account", rootUser + `,"managementAccount":true,"scp":[[` + denyGet + `]]`, "Allow"},
		decided{"root user, RCP denies", rootUser + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]]`, "ExplicitDeny"},
		decided{"root user, resource policy denies", rootUser + `,"rp":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		decided{"root user elsewhere", `"principal":"arn:aws:iam::444455556666:root"`, "ImplicitDeny"},
		decided{"root user elsewhere, named", `"principal":"arn:aws:iam::444455556666:root","rp":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}]`, "Allow"},
	)
	decideAll(t, cases)
}

// TestCrossAccount holds step 5 of §3.2: both sides, and no bypass of any kind.
func TestCrossAccount(t *testing.T) {
	t.Parallel()
	var cases []decided
	grants := map[string]string{
		"role":    toExt,
		"session": `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::444455556666:assumed-role/ext/bob"},"Action":"*","Resource":"*"}`,
		"account": `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}`,
		"star":    toAll,
	}
	for name, grant := range grants {
		rp := outsider + `,"rp":[` + grant + `]`
		cases = append(cases,
			decided{name + ": both sides", rp + `,` + idAll, "Allow"},
			decided{name + ": no identity", rp, "ImplicitDeny"},
			decided{name + ": boundary lacks it", rp + `,` + idAll + `,"pb":[` + ec2Only + `]`, "ImplicitDeny"},
			decided{name + ": session policy lacks it", rp + `,` + idAll + `,"sess":[` + ec2Only + `]`, "ImplicitDeny"},
			decided{name + ": SCP lacks it", rp + `,` + idAll + `,"scp":[[` + ec2Only + `]]`, "ImplicitDeny"},
			decided{name + ": RCP denies", rp + `,` + idAll + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]]`, "ExplicitDeny"},
			decided{name + ": SCP of the resource's account", rp + `,` + idAll + `,"resourceAccountScp":[[` + denyGet + `]]`, "Allow"},
		)
	}
	cases = append(cases,
		decided{"no resource policy", outsider + `,` + idAll, "ImplicitDeny"},
		decided{"resource policy for others", outsider + `,` + idAll + `,"rp":[` + toRole + `]`, "ImplicitDeny"},
		decided{"user elsewhere", `"principal":"arn:aws:iam::444455556666:user/u",` + idAll + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/u"},"Action":"*","Resource":"*"}]`, "Allow"},
		decided{"user elsewhere, boundary", `"principal":"arn:aws:iam::444455556666:user/u",` + idAll + `,"pb":[` + ec2Only + `],"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/u"},"Action":"*","Resource":"*"}]`, "ImplicitDeny"},
		decided{"resource policy denies", outsider + `,` + idAll + `,"rp":[` + toExt + `,{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"*","Resource":"*"}]`, "ExplicitDeny"},
		decided{"identity denies", outsider + `,"id":[` + all + `,` + denyGet + `],"rp":[` + toExt + `]`, "ExplicitDeny"},
		decided{"resource in the management account lifts RCPs", outsider + `,` + idAll + `,"resourceInManagementAccount":true,"rp":[` + toExt + `],"rcp":[[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]]`, "Allow"},
		decided{"account of an ARN decides where none is given", outsider + `,"resourceAccount":"","action":"sqs:SendMessage","resource":"arn:aws:sqs:us-east-1:111122223333:q",` + idAll, "ImplicitDeny"},
		decided{"account not known", `"resourceAccount":"",` + idAll, "If"},
		decided{"account not known, allowed either way", `"resourceAccount":"",` + idAll + `,"rp":[` + toRole + `]`, "Allow"},
		decided{"account not known, not allowed either way", `"resourceAccount":"","rp":[` + toAccount + `]`, "ImplicitDeny"},
		decided{"AWS's own resource is everyone's", `"resourceAccount":"","action":"iam:GetPolicy","resource":"arn:aws:iam::aws:policy/ReadOnlyAccess",` + idAll, "Allow"},
	)
	decideAll(t, cases)
}

// TestOrganization holds steps 2 and 3 of §3.2: levels, and who is exempt.
func TestOrganization(t *testing.T) {
	t.Parallel()
	const denyAll = `{"Effect":"Deny","Action":"*","Resource":"*"}`
	rcp := `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]]`
	slr := `"principal":"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",` + idAll
	kms := `"action":"kms:Decrypt","resource":"arn:aws:kms:us-east-1:111122223333:key/1",` + idAll + `,"rp":[` + toAccount + `]`
	decideAll(t, []decided{
		{"SCP every level allows", idAll + `,"scp":[[` + all + `],[` + getAny + `],[` + all + `]]`, "Allow"},
		{"SCP one level lacks it", idAll + `,"scp":[[` + all + `],[` + ec2Only + `],[` + all + `]]`, "ImplicitDeny"},
		{"SCP allows OR inside a level", idAll + `,"scp":[[` + ec2Only + `,` + getAny + `]]`, "Allow"},
		{"SCP empty level denies", idAll + `,"scp":[[` + all + `],[]]`, "ImplicitDeny"},
		{"SCPs not enabled", idAll + `,"scp":[]`, "Allow"},
		{"SCP grants nothing", `"scp":[[` + all + `]]`, "ImplicitDeny"},
		{"SCP Deny at the root", idAll + `,"scp":[[` + all + `,` + denyGet + `],[` + all + `]]`, "ExplicitDeny"},
		{"SCP Deny with condition", idAll + `,"ctx":{"aws:RequestedRegion":"us-east-1"},"scp":[[` + all + `,{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}]]`, "ExplicitDeny"},
		{"SCP Allow with condition", idAll + `,"ctx":{"aws:RequestedRegion":"us-east-1"},"scp":[[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]]`, "ImplicitDeny"},
		{"SCP Allow with resource", idAll + `,"scp":[[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*"}]]`, "Allow"},
		{"SCP NotResource", idAll + `,"scp":[[` + all + `,{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/*"}]]`, "Allow"},
		{"SCP star inside an action", idAll + `,"scp":[[` + all + `,{"Effect":"Deny","Action":"s3:*Obj*","Resource":"*"}]]`, "ExplicitDeny"},
		{"SCP spares the management account", idAll + `,"managementAccount":true,"scp":[[` + denyAll + `]]`, "Allow"},
		{"SCP spares service-linked roles", slr + `,"scp":[[` + denyAll + `]]`, "Allow"},
		{"SCP spares services", service + `,"rp":[` + toAll + `],"scp":[[` + denyAll + `]]`, "Allow"},
		{"SCP spares anonymous", anonymous + `,"rp":[` + toAll + `],"scp":[[` + denyAll + `]]`, "Allow"},
		{"SCP does not spare a direct grant", `"rp":[` + toSession + `],"scp":[[` + ec2Only + `]]`, "ImplicitDeny"},
		{"SCP binds a service role", `"principal":"arn:aws:sts::111122223333:assumed-role/service-role-x/s",` + idAll + `,"scp":[[` + denyAll + `]]`, "ExplicitDeny"},
		{"RCP denies", idAll + rcp, "ExplicitDeny"},
		{"RCP one level lacks an Allow", idAll + `,"rcp":[[` + rcpAll + `],[{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}]]`, "ImplicitDeny"},
		{"RCP spares service-linked roles", slr + rcp, "Allow"},
		{"RCP spares the management account's resources", idAll + `,"resourceInManagementAccount":true` + rcp, "Allow"},
		{"RCP does not spare the management account's principals", idAll + `,"managementAccount":true` + rcp, "ExplicitDeny"},
		{"RCP binds services", service + `,"rp":[` + toAll + `]` + rcp, "ExplicitDeny"},
		{"RCP binds anonymous", anonymous + `,"rp":[` + toAll + `]` + rcp, "ExplicitDeny"},
		{"RCP confused deputy", service + `,"ctx":{"aws:PrincipalIsAWSService":"true","aws:SourceAccount":"999999999999"},"rp":[` + toAll + `],"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:SourceAccount":"111122223333"},"Bool":{"aws:PrincipalIsAWSService":"true"}}}]]`, "ExplicitDeny"},
		{"RCP on a key", kms + rcp, "ExplicitDeny"},
		{"RCP spares AWS managed keys", kms + `,"awsManagedKey":true` + rcp, "Allow"},
		{"RCP spares kms:RetireGrant", `"resource":"arn:aws:kms:us-east-1:111122223333:key/1",` + idAll + `,"rp":[` + toAccount + `],"action":"kms:RetireGrant"` + rcp, "Allow"},
		{"RCP binds AssumeRole", assume + `,` + idAll + `,"rp":[` + toRole + `]` + rcp, "ExplicitDeny"},
		{"RCP binds web identities", `"principal":"arn:aws:iam::111122223333:oidc-provider/gh","action":"sts:AssumeRoleWithWebIdentity","resource":"arn:aws:iam::111122223333:role/prod","rp":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gh"},"Action":"sts:AssumeRoleWithWebIdentity"}]` + rcp, "ExplicitDeny"},
	})
	// The services that RCPs reach, and some that they do not.
	var cases []decided
	for _, action := range []string{
		"s3:GetObject", "sqs:SendMessage", "secretsmanager:GetSecretValue", "cognito-identity:GetId", "cognito-idp:ListUsers",
		"logs:PutLogEvents", "dynamodb:GetItem", "ecr:PutImage", "aoss:APIAccessAll",
	} {
		cases = append(cases, decided{"RCP reaches " + action, `"action":"` + action + `","resource":"arn:aws:x:us-east-1:111122223333:y",` + idAll + rcp, "ExplicitDeny"})
	}
	for _, action := range []string{
		"codepipeline:PutApprovalResult", "codebuild:StartBuild", "cloudformation:UpdateStack", "lambda:UpdateFunctionCode",
		"iam:PutRolePolicy", "sns:Publish", "ec2:RunInstances",
	} {
		cases = append(cases, decided{"RCP does not reach " + action, `"action":"` + action + `","resource":"arn:aws:x:us-east-1:111122223333:y",` + idAll + rcp, "Allow"})
	}
	decideAll(t, cases)
}

// TestServicesAndAnonymous holds steps 6 and 7 of §3.2.
func TestServicesAndAnonymous(t *testing.T) {
	t.Parallel()
	const grant = `"rp":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]`
	decideAll(t, []decided{
		{"service, condition holds", service + `,"ctx":{"aws:SourceAccount":"111122223333"},` + grant, "Allow"},
		{"service, condition fails", service + `,"ctx":{"aws:SourceAccount":"444455556666"},` + grant, "ImplicitDeny"},
		{"service, source absent", service + `,` + grant, "ImplicitDeny"},
		{"service has no identity policies", service + `,` + idAll, "ImplicitDeny"},
		{"identity policies do not deny a service", service + `,"id":[` + denyGet + `],"rp":[` + toAll + `]`, "Allow"},
		{"boundaries do not limit a service", service + `,"pb":[],"sess":[],"rp":[` + toAll + `]`, "Allow"},
		{"resource policy denies a service", service + `,"rp":[` + toAll + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]`, "ExplicitDeny"},
		{"anonymous, star", anonymous + `,"rp":[` + toAll + `]`, "Allow"},
		{"anonymous, named", anonymous + `,"rp":[` + toRole + `]`, "ImplicitDeny"},
		{"anonymous, no policy", anonymous + `,` + idAll, "ImplicitDeny"},
		{"anonymous, condition on the network", anonymous + `,"ctx":{"aws:SourceIp":"198.51.100.1"},"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]`, "ImplicitDeny"},
		{"anonymous, condition on the organization", anonymous + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]`, "ImplicitDeny"},
	})
}
