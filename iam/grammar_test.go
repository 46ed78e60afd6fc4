package iam_test

import "testing"

// TestGrammar holds the rows of §1.1 and §1.2 of the fact sheet: documents,
// statements, wildcards and case.
func TestGrammar(t *testing.T) {
	t.Parallel()
	id := func(statement string) string { return `"id":[` + statement + `]` }
	act := func(action string) string {
		return id(`{"Effect":"Allow","Action":` + action + `,"Resource":"*"}`)
	}
	res := func(resource string) string {
		return id(`{"Effect":"Allow","Action":"*","Resource":` + resource + `}`)
	}
	denyAct := func(action string) string {
		return id(all + `,{"Effect":"Deny","Action":` + action + `,"Resource":"*"}`)
	}
	denyRes := func(resource string) string {
		return id(all + `,{"Effect":"Deny","Action":"*","Resource":` + resource + `}`)
	}
	sqs := `"action":"sqs:SendMessage","resource":"arn:aws:sqs:us-east-1:111122223333:q"`
	decideAll(t, []decided{
		// Version.
		{"2012 has variables", user + `,"ctx":{"aws:username":"alice"},"resource":"arn:aws:s3:::b/alice",` + res(`"arn:aws:s3:::b/${aws:username}"`), "Allow"},
		{"2008 has none", `"ver":"2008-10-17",` + user + `,"ctx":{"aws:username":"alice"},"resource":"arn:aws:s3:::b/alice",` + res(`"arn:aws:s3:::b/${aws:username}"`), "ImplicitDeny"},
		{"2008 takes the text literally", `"ver":"2008-10-17",` + user + `,"ctx":{"aws:username":"alice"},"resource":"arn:aws:s3:::b/${aws:username}",` + res(`"arn:aws:s3:::b/${aws:username}"`), "Allow"},
		{"2008 has wildcards", `"ver":"2008-10-17",` + res(`"arn:aws:s3:::b/*"`), "Allow"},
		{"a document brings its version", user + `,"ctx":{"aws:username":"alice"},"resource":"arn:aws:s3:::b/alice","id":{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}"}}`, "ImplicitDeny"},
		{"unknown version, Allow", `"id":{"Version":"2012-10-18","Statement":` + all + `}`, "ImplicitDeny"},
		{"unknown version, Deny", `"id":[{"Version":"2012-10-17","Statement":` + all + `},{"Version":"2012-10-18","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}]`, "ExplicitDeny"},
		// Statement and lists.
		{"statement as object", `"id":` + all, "Allow"},
		{"several documents OR together", `"id":[{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}},{"Statement":` + getAny + `}]`, "Allow"},
		{"Deny in another document", `"id":[{"Statement":` + all + `},{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}]`, "ExplicitDeny"},
		{"action list", act(`["ec2:*","s3:GetObject"]`), "Allow"},
		{"resource list", res(`["arn:aws:s3:::x","arn:aws:s3:::b/k"]`), "Allow"},
		{"no policies", `"n":1`, "ImplicitDeny"},
		{"empty policies", `"id":[]`, "ImplicitDeny"},
		// Effect.
		{"Effect is exact: allow", id(`{"Effect":"allow","Action":"*","Resource":"*"}`), "ImplicitDeny"},
		{"Effect is exact: deny still denies", id(all + `,{"Effect":"deny","Action":"*","Resource":"*"}`), "ExplicitDeny"},
		{"no Effect may be a Deny", id(all + `,{"Action":"*","Resource":"*"}`), "If"},
		// Elements that are forbidden or missing.
		{"Principal in an identity policy never allows", id(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`), "ImplicitDeny"},
		{"Principal in an identity policy still denies", id(all + `,{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"s3:*","Resource":"*"}`), "ExplicitDeny"},
		{"no Resource never allows", id(`{"Effect":"Allow","Action":"*"}`), "ImplicitDeny"},
		{"no Resource still denies", id(all + `,{"Effect":"Deny","Action":"s3:*"}`), "ExplicitDeny"},
		{"no Resource, other action", id(all + `,{"Effect":"Deny","Action":"ec2:*"}`), "Allow"},
		{"Action and NotAction never allow", id(`{"Effect":"Allow","Action":"s3:*","NotAction":"ec2:*","Resource":"*"}`), "ImplicitDeny"},
		{"Action and NotAction still deny", id(all + `,{"Effect":"Deny","Action":"ec2:*","NotAction":"s3:*","Resource":"*"}`), "ExplicitDeny"},
		{"misspelt Condition never allows", id(`{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}`), "ImplicitDeny"},
		{"misspelt Condition still denies", id(all + `,{"Effect":"Deny","Action":"*","Resource":"*","Conditions":{"Bool":{"x":"true"}}}`), "ExplicitDeny"},
		{"broken Deny elsewhere", id(all + `,{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::other","Conditions":{}}`), "Allow"},
		{"misspelt Action still denies", id(all + `,{"Effect":"Deny","Actions":"s3:*","Resource":"*"}`), "ExplicitDeny"},
		{"misspelt Resource still denies", id(all + `,{"Effect":"Deny","Action":"s3:*","Resources":"x"}`), "ExplicitDeny"},
		{"SCP with Principal denies all it names", idAll + `,"scp":[[` + all + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]]`, "ExplicitDeny"},
		{"RCP without Principal denies", idAll + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Action":"s3:*","Resource":"*"}]]`, "ExplicitDeny"},
		{"RCP with NotPrincipal denies", idAll + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}]]`, "ExplicitDeny"},
		// Action service prefix.
		{"star is every service", act(`"*"`), "Allow"},
		{"star colon star too", act(`"*:*"`), "Allow"},
		{"service star", act(`"s3:*"`), "Allow"},
		{"other service star", act(`"s3express:*"`), "ImplicitDeny"},
		{"service case", act(`"S3:*"`), "Allow"},
		{"wildcard service does not allow", act(`"*:GetObject"`), "ImplicitDeny"},
		{"partial wildcard service does not allow", act(`"s*:GetObject"`), "ImplicitDeny"},
		{"wildcard service still denies", denyAct(`"*:Get*"`), "ExplicitDeny"},
		{"no colon does not allow", act(`"s3"`), "ImplicitDeny"},
		{"no colon still denies", denyAct(`"s3"`), "ExplicitDeny"},
		{"empty service does not allow", act(`":GetObject"`), "ImplicitDeny"},
		// Action name.
		{"inner star", act(`"s3:Get*ect"`), "Allow"},
		{"many stars", act(`"s3:*et*Ob*"`), "Allow"},
		{"question mark", act(`"s3:GetObjec?"`), "Allow"},
		{"question mark is one character", act(`"s3:GetObject?"`), "ImplicitDeny"},
		{"case of the name", act(`"s3:GETOBJECT"`), "Allow"},
		{"case with wildcard", act(`"s3:gEt*"`), "Allow"},
		{"prefix is not enough", act(`"s3:Get"`), "ImplicitDeny"},
		{"case of the request", `"action":"S3:getobject",` + act(`"s3:GetObject"`), "Allow"},
		{"trailing space matches nothing", act(`"s3:GetObject "`), "ImplicitDeny"},
		{"leading space matches nothing", act(`" s3:GetObject"`), "ImplicitDeny"},
		{"inner space matches nothing", act(`"s3: GetObject"`), "ImplicitDeny"},
		{"tab matches nothing", act(`"s3:Get\tObject"`), "ImplicitDeny"},
		{"comma matches nothing", act(`"s3:GetObject,s3:PutObject"`), "ImplicitDeny"},
		{"comma and star match nothing", act(`"s3:*,ec2:*"`), "ImplicitDeny"},
		{"space in a Deny matches nothing", denyAct(`"s3:GetObject "`), "Allow"},
		{"comma in a Deny matches nothing", denyAct(`"s3:GetObject,s3:PutObject"`), "Allow"},
		{"good action beside one with a space", act(`["s3:GetObject ","s3:GetObject"]`), "Allow"},
		{"variable in an action is text", user + `,"ctx":{"aws:username":"GetObject"},` + act(`"s3:${aws:username}"`), "ImplicitDeny"},
		// NotAction.
		{"NotAction allows others", id(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), "Allow"},
		{"NotAction spares its own", id(`{"Effect":"Allow","NotAction":["iam:*","s3:get*"],"Resource":"*"}`), "ImplicitDeny"},
		{"NotAction Deny", id(all + `,{"Effect":"Deny","NotAction":"ec2:*","Resource":"*"}`), "ExplicitDeny"},
		{"NotAction Deny spares its own", id(all + `,{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}`), "Allow"},
		// Resource, early fields.
		{"partition star", res(`"arn:*:s3:::b/k"`), "Allow"},
		{"region and account stars", sqs + `,` + res(`"arn:aws:sqs:*:*:q"`), "Allow"},
		{"region with question mark", sqs + `,` + res(`"arn:aws:sqs:us-east-?:111122223333:q"`), "Allow"},
		{"account prefix", sqs + `,` + res(`"arn:aws:sqs:*:1111*:q"`), "Allow"},
		{"other account", sqs + `,` + res(`"arn:aws:sqs:*:444455556666:q"`), "ImplicitDeny"},
		{"star does not cross fields", sqs + `,` + res(`"arn:aws:sqs:us-east-1*:q"`), "ImplicitDeny"},
		{"early fields are case-sensitive", sqs + `,` + res(`"arn:aws:SQS:*:*:q"`), "ImplicitDeny"},
		{"no variables in early fields", sqs + `,"ctx":{"aws:PrincipalAccount":"111122223333"},` + res(`"arn:aws:sqs:*:${aws:PrincipalAccount}:q"`), "ImplicitDeny"},
		// Resource part.
		{"resource case", res(`"arn:aws:s3:::B/k"`), "ImplicitDeny"},
		{"star crosses slash", `"resource":"arn:aws:s3:::b/1/2/k",` + res(`"arn:aws:s3:::b/*k"`), "Allow"},
		{"star crosses colon", `"resource":"arn:aws:s3:::b/2020:01:01",` + res(`"arn:aws:s3:::b/*01"`), "Allow"},
		{"star may be empty", res(`"arn:aws:s3:::b/k*"`), "Allow"},
		{"exact text with colons", `"resource":"arn:aws:s3:::b/a:b",` + res(`"arn:aws:s3:::b/a:b"`), "Allow"},
		{"question mark in resource", res(`"arn:aws:s3:::b/?"`), "Allow"},
		{"question mark takes a whole character", `"resource":"arn:aws:s3:::b/é",` + res(`"arn:aws:s3:::b/?"`), "Allow"},
		{"question mark is not empty", `"resource":"arn:aws:s3:::b/",` + res(`"arn:aws:s3:::b/?"`), "ImplicitDeny"},
		{"log stream with colons", `"action":"logs:PutLogEvents","resource":"arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:s",` + res(`"arn:aws:logs:*:*:log-group:/a:*"`), "Allow"},
		{"bucket is not its objects", res(`"arn:aws:s3:::b"`), "ImplicitDeny"},
		{"no ARN does not allow", res(`"b/k"`), "ImplicitDeny"},
		{"no ARN still denies", denyRes(`"b/k"`), "ExplicitDeny"},
		// Stars at the end of a field.
		{"dynamodb to the right", `"action":"dynamodb:GetItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/t",` + res(`"arn:aws:dynamodb:us-east-1:*"`), "Allow"},
		{"s3 colons star", res(`"arn:aws:s3:::*"`), "Allow"},
		{"two stars", res(`"**"`), "Allow"},
		// Incomplete ARNs.
		{"identity completes", sqs + `,` + res(`"arn:aws:sqs"`), "Allow"},
		{"identity completes a Deny", sqs + `,` + denyRes(`"arn:aws:sqs"`), "ExplicitDeny"},
		{"identity completes with star", sqs + `,` + res(`"arn:aws:sqs:*"`), "Allow"},
		{"identity, other service", sqs + `,` + res(`"arn:aws:sns"`), "ImplicitDeny"},
		{"boundary completes", sqs + `,` + idAll + `,"pb":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs"}]`, "Allow"},
		{"session completes", sqs + `,` + idAll + `,"sess":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs"}]`, "Allow"},
		{"resource policy does not complete", sqs + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs"}]`, "ImplicitDeny"},
		{"resource policy completes with a star", sqs + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:*"}]`, "Allow"},
		{"resource policy completes with a star anywhere", sqs + `,"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:*:sqs"}]`, "Allow"},
		{"resource policy Deny does not complete", sqs + `,` + idAll + `,"rp":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:sqs"}]`, "Allow"},
		{"SCP does not complete", sqs + `,` + idAll + `,"scp":[[{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs"}]]`, "ImplicitDeny"},
		{"SCP completes a trailing star", sqs + `,` + idAll + `,"scp":[[{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*"}]]`, "Allow"},
		{"SCP does not complete another star", sqs + `,` + idAll + `,"scp":[[{"Effect":"Allow","Action":"*","Resource":"arn:*:sqs"}]]`, "ImplicitDeny"},
		{"RCP refuses, so the Deny is kept", sqs + `,` + idAll + `,"rcp":[[` + rcpAll + `,{"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:sqs"}]]`, "ExplicitDeny"},
		// Wildcard-only actions.
		{"star resource allows", `"action":"s3:ListAllMyBuckets","resource":"*",` + idAll, "Allow"},
		{"an ARN does not allow", `"action":"s3:ListAllMyBuckets","resource":"*",` + res(`"arn:aws:s3:::*"`), "ImplicitDeny"},
		{"arn colon star does not allow", `"action":"s3:ListAllMyBuckets","resource":"*",` + res(`"arn:*"`), "ImplicitDeny"},
		{"an ARN does not deny", `"action":"s3:ListAllMyBuckets","resource":"*",` + denyRes(`"arn:aws:s3:::*"`), "Allow"},
		{"star denies", `"action":"s3:ListAllMyBuckets","resource":"*",` + denyRes(`"*"`), "ExplicitDeny"},
		{"NotResource matches", `"action":"s3:ListAllMyBuckets","resource":"*",` + id(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b"}`), "Allow"},
		{"NotResource star does not match", `"action":"s3:ListAllMyBuckets","resource":"*",` + id(`{"Effect":"Allow","Action":"*","NotResource":"*"}`), "ImplicitDeny"},
		{"boundary with an ARN limits", `"action":"s3:ListAllMyBuckets","resource":"*",` + idAll + `,"pb":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}]`, "ImplicitDeny"},
		{"SCP with an ARN limits", `"action":"s3:ListAllMyBuckets","resource":"*",` + idAll + `,"scp":[[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*"}]]`, "ImplicitDeny"},
		// NotResource.
		{"NotResource allows others", id(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::x/*"}`), "Allow"},
		{"NotResource spares its own", id(`{"Effect":"Allow","Action":"*","NotResource":["arn:aws:s3:::b/*"]}`), "ImplicitDeny"},
		{"NotResource with unresolved variable denies", id(all + `,{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/${aws:username}"}`), "ExplicitDeny"},
		{"NotResource with unresolved variable does not allow", id(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::x/${aws:username}"}`), "ImplicitDeny"},
		// Several actions together.
		{"all actions allowed", `"action":["s3:GetObject","s3:PutObject"],` + act(`"s3:*"`), "Allow"},
		{"one action not allowed", `"action":["s3:GetObject","s3:PutObject"],` + act(`"s3:Get*"`), "ImplicitDeny"},
		{"one action denied", `"action":["s3:GetObject","s3:PutObject","s3:ListBucket"],` + id(getAny+`,{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}`), "ExplicitDeny"},
	})
}

const rcpAll = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`

// TestVariables holds §2.2: policy variables in resources.
func TestVariables(t *testing.T) {
	t.Parallel()
	res := func(resource string) string {
		return `"id":[{"Effect":"Allow","Action":"*","Resource":"` + resource + `"}]`
	}
	at := func(key string) string { return `"resource":"arn:aws:s3:::b/` + key + `",` }
	decideAll(t, []decided{
		{"tag with a space", at("red") + `"ctx":{"aws:PrincipalTag/Team Name":"red"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/team name}"), "Allow"},
		{"two variables", at("red-7") + `"ctx":{"aws:PrincipalTag/a":"red","aws:PrincipalTag/b":"7"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/a}-${aws:PrincipalTag/b}"), "Allow"},
		{"star in a value is literal", at("anything") + `"ctx":{"aws:PrincipalTag/a":"*"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/a}"), "ImplicitDeny"},
		{"star in a value matches itself", at("*") + `"ctx":{"aws:PrincipalTag/a":"*"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/a}"), "Allow"},
		{"default with a colon", at("x:y") + res("arn:aws:s3:::b/${aws:PrincipalTag/a, 'x:y'}"), "Allow"},
		{"default unused", at("v") + `"ctx":{"aws:PrincipalTag/a":"v"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/a, 'd'}"), "Allow"},
		{"default does not add to the value", at("d") + `"ctx":{"aws:PrincipalTag/a":"v"},` + res("arn:aws:s3:::b/${aws:PrincipalTag/a, 'd'}"), "ImplicitDeny"},
		{"multivalued key has no value", at("x") + `"ctx":{"aws:TagKeys":["x"]},` + res("arn:aws:s3:::b/${aws:TagKeys}"), "ImplicitDeny"},
		{"literal question mark", at("?") + res("arn:aws:s3:::b/${?}"), "Allow"},
		{"literal question mark is no wildcard", res("arn:aws:s3:::b/${?}"), "ImplicitDeny"},
		{"literal dollar", at("$") + res("arn:aws:s3:::b/${$}"), "Allow"},
		{"literal star", at("*") + res("arn:aws:s3:::b/${*}"), "Allow"},
		{"unresolved in a Deny does not deny", `"id":[` + all + `,{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}*"}]`, "Allow"},
		{"variable and wildcard", at("home/alice/x/y") + user + `,"ctx":{"aws:username":"alice"},` + res("arn:aws:s3:::b/*/${aws:username}/*y"), "Allow"},
		{"in a resource policy", at("alice") + user + `,"ctx":{"aws:username":"alice"},"rp":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}"}]`, "Allow"},
		{"in an SCP Deny", idAll + `,"ctx":{"aws:PrincipalTag/a":"k"},"scp":[[` + all + `,{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/a}"}]]`, "ExplicitDeny"},
	})
}
