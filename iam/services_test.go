package iam_test

import "testing"

// TestKMS holds §3.5.
func TestKMS(t *testing.T) {
	t.Parallel()
	const (
		alias     = `"action":"kms:UpdateAlias","resource":"arn:aws:kms:us-east-1:111122223333:alias/a"`
		toAdmin   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/admin"},"Action":"kms:*","Resource":"*"}`
		allKMS    = `"id":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]`
		idDecrypt = `"id":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:*:111122223333:key/*"}]`
	)
	grant := func(fields string) string { return `"grants":[{` + fields + `}],"rp":[` + toAdmin + `]` }
	const toDev = `"grantee":"arn:aws:iam::111122223333:role/dev","operations":["Decrypt","GenerateDataKey"]`
	decideAll(t, []decided{
		{"no key policy", decrypt + `,` + allKMS, "ImplicitDeny"},
		{"identity is inert without delegation", decrypt + `,` + allKMS + `,"rp":[` + toAdmin + `]`, "ImplicitDeny"},
		{"delegation with identity", decrypt + `,` + idDecrypt + `,"rp":[` + toAccount + `]`, "Allow"},
		{"delegation without identity", decrypt + `,"rp":[` + toAccount + `]`, "ImplicitDeny"},
		{"delegation of other actions", decrypt + `,` + idDecrypt + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Describe*","Resource":"*"}]`, "ImplicitDeny"},
		{"root user without delegation", rootUser + `,` + decrypt + `,"rp":[` + toAdmin + `]`, "ImplicitDeny"},
		{"root user with delegation", rootUser + `,` + decrypt + `,"rp":[` + toAccount + `]`, "Allow"},
		{"root user, star", rootUser + `,` + decrypt + `,"rp":[` + toAll + `]`, "Allow"},
		{"role named", decrypt + `,"rp":[` + toRole + `]`, "Allow"},
		{"role named, boundary lacks it", decrypt + `,"rp":[` + toRole + `],"pb":[` + ec2Only + `]`, "ImplicitDeny"},
		{"role named, session policy lacks it", decrypt + `,"rp":[` + toRole + `],"sess":[` + ec2Only + `]`, "ImplicitDeny"},
		{"user named", user + `,` + decrypt + `,"rp":[` + toUser + `],"pb":[` + ec2Only + `]`, "Allow"},
		{"session named", decrypt + `,"rp":[` + toSession + `],"sess":[` + ec2Only + `]`, "Allow"},
		{"delegation, boundary lacks it", decrypt + `,` + idDecrypt + `,"rp":[` + toAccount + `],"pb":[` + ec2Only + `]`, "ImplicitDeny"},
		{"identity denies", decrypt + `,"id":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}],"rp":[` + toRole + `]`, "ExplicitDeny"},
		{"key policy denies", decrypt + `,` + idDecrypt + `,"rp":[` + toAccount + `,{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]`, "ExplicitDeny"},
		{"key policy without Resource has no effect", decrypt + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"kms:*"}]`, "ImplicitDeny"},
		{"key policy Deny without Resource has no effect", decrypt + `,"rp":[` + toRole + `,{"Effect":"Deny","Principal":"*","Action":"kms:*"}]`, "Allow"},
		{"SCP denies", decrypt + `,"rp":[` + toRole + `],"scp":[[` + all + `,{"Effect":"Deny","Action":"kms:*","Resource":"*"}]]`, "ExplicitDeny"},
		{"cross-account both", outsider + `,` + decrypt + `,` + allKMS + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}]`, "Allow"},
		{"cross-account, key policy only", outsider + `,` + decrypt + `,"rp":[` + toExt + `]`, "ImplicitDeny"},
		{"cross-account, identity only", outsider + `,` + decrypt + `,` + allKMS + `,"rp":[` + toAccount + `]`, "ImplicitDeny"},
		{"via a service", decrypt + `,"ctx":{"kms:ViaService":"s3.us-east-1.amazonaws.com"},"rp":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"}}}]`, "ImplicitDeny"},
		{"via a service, caller account", decrypt + `,"ctx":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"},"rp":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"}}}]`, "Allow"},
		// Grants.
		{"grant to the role", decrypt + `,` + grant(toDev), "Allow"},
		{"grant, operation in another case", `"resource":"arn:aws:kms:us-east-1:111122223333:key/1","action":"kms:decrypt",` + grant(toDev), "Allow"},
		{"grant, other operation", `"resource":"arn:aws:kms:us-east-1:111122223333:key/1","action":"kms:Encrypt",` + grant(toDev), "ImplicitDeny"},
		{"grant to another role", decrypt + `,` + grant(`"grantee":"arn:aws:iam::111122223333:role/ops","operations":["Decrypt"]`), "ImplicitDeny"},
		{"grant to the session", decrypt + `,` + grant(`"grantee":"arn:aws:sts::111122223333:assumed-role/dev/alice","operations":["Decrypt"]`), "Allow"},
		{"grant to a user", user + `,` + decrypt + `,` + grant(`"grantee":"arn:aws:iam::111122223333:user/alice","operations":["Decrypt"]`), "Allow"},
		{"grant to the account", decrypt + `,` + grant(`"grantee":"arn:aws:iam::111122223333:root","operations":["Decrypt"]`), "Allow"},
		{"grant without key policy", decrypt + `,"grants":[{` + toDev + `}]`, "Allow"},
		{"grant loses to a boundary's Deny", decrypt + `,"pb":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}],` + grant(toDev), "ExplicitDeny"},
		{"grant loses to an SCP without Allow", decrypt + `,"scp":[[` + ec2Only + `]],` + grant(toDev), "ImplicitDeny"},
		{"grant cross-account needs the caller's account", outsider + `,` + decrypt + `,` + grant(`"grantee":"arn:aws:iam::444455556666:role/ext","operations":["Decrypt"]`), "ImplicitDeny"},
		{"grant cross-account with it", outsider + `,` + decrypt + `,` + allKMS + `,` + grant(`"grantee":"arn:aws:iam::444455556666:role/ext","operations":["Decrypt"]`), "Allow"},
		{"grant is for keys only", `"action":"s3:GetObject",` + grant(`"grantee":"arn:aws:iam::111122223333:role/dev","operations":["GetObject"]`), "ImplicitDeny"},
		{"encryption context subset holds", decrypt + `,"ctx":{"kms:EncryptionContext:app":"x","kms:EncryptionContext:more":"y"},` + grant(toDev+`,"encryptionContextSubset":{"app":"x"}`), "Allow"},
		{"encryption context subset fails", decrypt + `,"ctx":{"kms:EncryptionContext:app":"z"},` + grant(toDev+`,"encryptionContextSubset":{"app":"x"}`), "ImplicitDeny"},
		{"encryption context absent", decrypt + `,` + grant(toDev+`,"encryptionContextSubset":{"app":"x"}`), "ImplicitDeny"},
		{"encryption context equals", decrypt + `,"ctx":{"kms:EncryptionContext:app":"x"},` + grant(toDev+`,"encryptionContextEquals":{"app":"x"}`), "Allow"},
		{"encryption context has more", decrypt + `,"ctx":{"kms:EncryptionContext:app":"x","kms:EncryptionContext:more":"y"},` + grant(toDev+`,"encryptionContextEquals":{"app":"x"}`), "ImplicitDeny"},
		{"encryption context unknown", decrypt + `,"unknown":["kms:EncryptionContext:app"],` + grant(toDev+`,"encryptionContextEquals":{"app":"x"}`), "If"},
		// Aliases and keyless actions.
		{"alias needs identity only", alias + `,` + allKMS, "Allow"},
		{"alias is not granted by the key policy", alias + `,"rp":[` + toRole + `]`, "ImplicitDeny"},
		{"alias is not another's", outsider + `,` + alias + `,` + allKMS, "ImplicitDeny"},
		{"ListKeys has no key", `"action":"kms:ListKeys","resource":"*",` + allKMS, "Allow"},
		{"CreateKey has no key", `"action":"kms:CreateKey","resource":"*"`, "ImplicitDeny"},
	})
}

// TestAssumeRole holds §3.6.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	const (
		trustRole    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"sts:AssumeRole"}`
		trustUser    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"sts:AssumeRole"}`
		trustAccount = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}`
		trustExt     = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/ext"},"Action":"sts:AssumeRole"}`
		prod         = `"resource":"arn:aws:iam::111122223333:role/prod"`
	)
	decideAll(t, []decided{
		{"own role named", assume + `,"rp":[` + trustRole + `]`, "Allow"},
		{"own user named", user + `,` + assume + `,"rp":[` + trustUser + `]`, "Allow"},
		{"own user named, boundary lacks it", user + `,` + assume + `,"pb":[` + ec2Only + `],"rp":[` + trustUser + `]`, "Allow"},
		{"own role named, boundary lacks it", assume + `,"pb":[` + ec2Only + `],"rp":[` + trustRole + `]`, "ImplicitDeny"},
		{"account named, no identity", assume + `,"rp":[` + trustAccount + `]`, "ImplicitDeny"},
		{"account named, identity", assume + `,` + idAll + `,"rp":[` + trustAccount + `]`, "Allow"},
		{"account named, identity, boundary lacks it", assume + `,` + idAll + `,"pb":[` + ec2Only + `],"rp":[` + trustAccount + `]`, "ImplicitDeny"},
		{"admin is not trusted", assume + `,` + idAll + `,"rp":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]`, "ImplicitDeny"},
		{"admin, no trust policy", assume + `,` + idAll, "ImplicitDeny"},
		{"star trusts everyone", assume + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]`, "Allow"},
		{"identity denies", assume + `,"id":[{"Effect":"Deny","Action":"sts:*","Resource":"*"}],"rp":[` + trustRole + `]`, "ExplicitDeny"},
		{"trust denies", assume + `,` + idAll + `,"rp":[` + trustAccount + `,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"sts:AssumeRole"}]`, "ExplicitDeny"},
		{"cross-account both", outsider + `,` + assume + `,` + idAll + `,"rp":[` + trustExt + `]`, "Allow"},
		{"cross-account, trust only", outsider + `,` + assume + `,"rp":[` + trustExt + `]`, "ImplicitDeny"},
		{"cross-account, identity only", outsider + `,` + assume + `,` + idAll + `,"rp":[` + trustAccount + `]`, "ImplicitDeny"},
		{"cross-account star needs identity", outsider + `,` + assume + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]`, "ImplicitDeny"},
		{"service", service + `,` + assume + `,"rp":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"sts:AssumeRole"}]`, "Allow"},
		{"service not trusted", service + `,` + assume + `,"rp":[` + trustAccount + `]`, "ImplicitDeny"},
		{"root user cannot assume", rootUser + `,` + assume + `,"rp":[` + trustAccount + `]`, "ImplicitDeny"},
		{"caller's tag in the trust", assume + `,` + idAll + `,"ctx":{"aws:PrincipalTag/team":"red"},"rp":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}]`, "Allow"},
		{"MFA in the trust, access key", user + `,` + assume + `,` + idAll + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`, "ImplicitDeny"},
		{"external id", outsider + `,` + assume + `,` + idAll + `,"ctx":{"sts:ExternalId":"x1"},"rp":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x1"}}}]`, "Allow"},
		{"session name pinned to the user", user + `,` + assume + `,` + idAll + `,"ctx":{"aws:username":"alice","sts:RoleSessionName":"alice"},"rp":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]`, "Allow"},
		{"session name of another", user + `,` + assume + `,` + idAll + `,"ctx":{"aws:username":"alice","sts:RoleSessionName":"bob"},"rp":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}]`, "ImplicitDeny"},
		{"with tags, trust lacks TagSession", `"action":["sts:AssumeRole","sts:TagSession"],` + prod + `,` + idAll + `,"rp":[` + trustRole + `]`, "ImplicitDeny"},
		{"with tags, both sides", `"action":["sts:AssumeRole","sts:TagSession"],` + prod + `,` + idAll + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":["sts:AssumeRole","sts:TagSession"]}]`, "Allow"},
		{"with tags, identity lacks TagSession", `"action":["sts:AssumeRole","sts:TagSession"],` + prod + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":["sts:AssumeRole","sts:TagSession"]}]`, "ImplicitDeny"},
		{"source identity, both sides", `"action":["sts:AssumeRole","sts:SetSourceIdentity"],` + prod + `,"id":[{"Effect":"Allow","Action":"sts:SetSourceIdentity","Resource":"*"}],"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}]`, "Allow"},
		{"source identity, identity lacks it", `"action":["sts:AssumeRole","sts:SetSourceIdentity"],` + prod + `,"rp":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}]`, "ImplicitDeny"},
		{"web identity with tags needs the trust only", `"principal":"arn:aws:iam::111122223333:oidc-provider/gh","action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],` + prod + `,"rp":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gh"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]}]`, "Allow"},
		{"web identity subject", `"principal":"arn:aws:iam::111122223333:oidc-provider/gh","action":"sts:AssumeRoleWithWebIdentity",` + prod + `,"ctx":{"gh:sub":"repo:o/r:ref:refs/heads/dev"},"rp":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gh"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"gh:sub":"repo:o/r:ref:refs/heads/main"}}}]`, "ImplicitDeny"},
		{"GetCallerIdentity needs nothing", `"action":"sts:GetCallerIdentity","resource":"*"`, "Allow"},
		{"GetCallerIdentity obeys nothing", `"action":"STS:getcalleridentity","resource":"*","id":[{"Effect":"Deny","Action":"*","Resource":"*"}],"scp":[[{"Effect":"Deny","Action":"*","Resource":"*"}]]`, "Allow"},
		{"GetFederationToken is an ordinary action", user + `,"action":"sts:GetFederationToken","resource":"arn:aws:sts::111122223333:federated-user/x",` + idAll, "Allow"},
		{"AssumeRoot depends on the organization", `"action":"sts:AssumeRoot","resource":"arn:aws:iam::444455556666:root","resourceAccount":"444455556666",` + idAll, "If"},
		{"AssumeRoot without identity", `"action":"sts:AssumeRoot","resource":"arn:aws:iam::444455556666:root","resourceAccount":"444455556666"`, "ImplicitDeny"},
	})
}

// TestPassRole holds §3.7, and the roles of §3.6 that IAM does not let go.
func TestPassRole(t *testing.T) {
	t.Parallel()
	const (
		pass    = `"action":"iam:PassRole","resource":"arn:aws:iam::111122223333:role/prod"`
		idPass  = `"id":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/prod"}]`
		only    = `"id":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"codebuild.amazonaws.com"}}}]`
		linked  = `"resource":"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"`
		sso     = `"resource":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"`
		anyRole = `"resource":"arn:aws:iam::111122223333:role/prod"`
	)
	decideAll(t, []decided{
		{"identity", pass + `,` + idPass, "Allow"},
		{"no identity", pass, "ImplicitDeny"},
		{"trust policy does not grant it", pass + `,"rp":[` + toAll + `]`, "ImplicitDeny"},
		{"trust policy does not deny it", pass + `,` + idPass + `,"rp":[{"Effect":"Deny","Principal":"*","Action":"*"}]`, "Allow"},
		{"boundary lacks it", pass + `,` + idPass + `,"pb":[` + ec2Only + `]`, "ImplicitDeny"},
		{"session policy lacks it", pass + `,` + idPass + `,"sess":[` + ec2Only + `]`, "ImplicitDeny"},
		{"SCP denies", pass + `,` + idPass + `,"scp":[[` + all + `,{"Effect":"Deny","Action":"iam:PassRole","Resource":"*"}]]`, "ExplicitDeny"},
		{"never cross-account", outsider + `,` + pass + `,` + idAll + `,"rp":[` + toExt + `]`, "ImplicitDeny"},
		{"right service", pass + `,` + only + `,"ctx":{"iam:PassedToService":"codebuild.amazonaws.com"}`, "Allow"},
		{"wrong service", pass + `,` + only + `,"ctx":{"iam:PassedToService":"lambda.amazonaws.com"}`, "ImplicitDeny"},
		{"service not sent", pass + `,` + only, "ImplicitDeny"},
		{"service unknown", pass + `,` + only + `,"unknown":["iam:PassedToService"]`, "If"},
		{"other role", `"action":"iam:PassRole","resource":"arn:aws:iam::111122223333:role/other",` + idPass, "ImplicitDeny"},
		{"service-linked role to its service", `"action":"iam:PassRole",` + linked + `,` + idAll + `,"ctx":{"iam:PassedToService":"autoscaling.amazonaws.com"}`, "Allow"},
		{"service-linked role to another service", `"action":"iam:PassRole",` + linked + `,` + idAll + `,"ctx":{"iam:PassedToService":"lambda.amazonaws.com"}`, "ImplicitDeny"},
		{"service-linked role to an unknown service", `"action":"iam:PassRole",` + linked + `,` + idAll + `,"unknown":["iam:PassedToService"]`, "If"},
		{"service-linked role's trust", `"action":"iam:UpdateAssumeRolePolicy",` + linked + `,` + idAll, "ImplicitDeny"},
		{"Identity Center role cannot be passed", `"action":"iam:PassRole",` + sso + `,` + idAll, "ImplicitDeny"},
		{"Identity Center role's trust", `"action":"iam:UpdateAssumeRolePolicy",` + sso + `,` + idAll, "ImplicitDeny"},
		{"Identity Center role's policies", `"action":"iam:PutRolePolicy",` + sso + `,` + idAll, "ImplicitDeny"},
		{"Identity Center role can be read", `"action":"iam:GetRole",` + sso + `,` + idAll, "Allow"},
		{"AWS managed policy cannot be changed", `"action":"iam:CreatePolicyVersion","resource":"arn:aws:iam::aws:policy/ReadOnlyAccess",` + idAll, "ImplicitDeny"},
		{"AWS managed policy can be read", `"action":"iam:GetPolicyVersion","resource":"arn:aws:iam::aws:policy/ReadOnlyAccess",` + idAll, "Allow"},
		{"own managed policy can be changed", `"action":"iam:CreatePolicyVersion","resource":"arn:aws:iam::111122223333:policy/own",` + idAll, "Allow"},
		{"another role's trust", `"action":"iam:UpdateAssumeRolePolicy",` + anyRole + `,` + idAll, "Allow"},
	})
}
