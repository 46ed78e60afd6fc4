package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
)

// hold says what a coalition can do about a condition key that the estate
// leaves open.
type hold uint8

const (
	// chosen: the caller puts into the request what it likes.
	chosen hold = iota
	// conditional: the condition may be met; the step names it.
	conditional
	// fixed: the same in every request that a person or their code makes; says
	// is the value, and where it is empty the key is absent.
	fixed
)

// keyRow is one row of the table of condition keys; a pattern ends in * where it
// stands for all keys that begin so. The first row that matches counts.
type keyRow struct {
	pattern string
	hold    hold
	// says is the condition in words; where it is empty it is read off the policy.
	says string
}

// keyTable says which condition keys a coalition controls. Keys that the estate
// knows (the principal's ARN, account and tags, its organization) are put into
// every request and never come here.
var keyTable = []keyRow{
	{"sts:rolesessionname", chosen, ""},
	{"aws:requesttag/*", chosen, ""},
	{"aws:tagkeys", chosen, ""},
	{"aws:useragent", chosen, ""},
	{"aws:referer", chosen, ""},
	{"aws:requestedregion", chosen, ""},
	{"s3:x-amz-*", chosen, ""},
	{"s3:tlsversion", chosen, ""},
	{"s3:authtype", chosen, ""},
	{"s3:signatureversion", chosen, ""},
	{"s3:signatureage", chosen, ""},
	{"codecommit:references", chosen, ""},
	{"cloudformation:changesetname", chosen, ""},
	{"cloudformation:templateurl", chosen, ""},
	{"cloudformation:resourcetypes", chosen, ""},
	{"cloudformation:importresourcetypes", chosen, ""},
	{"cloudformation:stackpolicyurl", chosen, ""},
	{"cloudformation:rolearn", chosen, ""},
	{"kms:encryptioncontext*", chosen, ""},
	{"kms:grantoperations", chosen, ""},
	{"kms:grantconstrainttype", chosen, ""},
	{"kms:granteeprincipal", chosen, ""},
	{"kms:retiringprincipal", chosen, ""},
	{"kms:grantisforawsresource", conditional, "if the grant may be made directly and not only by an AWS service"},
	{"kms:requestalias", chosen, ""},
	{"lambda:*", chosen, ""},
	{"codebuild:*", chosen, ""},
	{"events:*", chosen, ""},
	{"iam:policyarn", conditional, "if a policy that the condition on iam:PolicyARN admits allows what comes next"},
	{"iam:associatedresourcearn", chosen, ""},
	{"aws:multifactorauthpresent", conditional, "if they sign in with an MFA device"},
	{"aws:multifactorauthage", conditional, "if they sign in with an MFA device"},
	{"aws:sourceip", conditional, "if they are on that network"},
	{"aws:vpcsourceip", conditional, "if they are on that network"},
	{"aws:sourcevpc", conditional, "if they are on that network"},
	{"aws:sourcevpce", conditional, "if they are on that network"},
	{"aws:currenttime", conditional, "if it is within the times that the condition admits"},
	{"aws:epochtime", conditional, "if it is within the times that the condition admits"},
	{"aws:tokenissuetime", conditional, "if they signed in when the condition admits"},
	{"sts:externalid", conditional, "if they know the external id"},
	{"aws:sourcearn", fixed, ""},
	{"aws:sourceaccount", fixed, ""},
	{"aws:sourceorgid", fixed, ""},
	{"aws:sourceorgpaths", fixed, ""},
	{"aws:calledvia", fixed, ""},
	{"aws:calledviafirst", fixed, ""},
	{"aws:calledvialast", fixed, ""},
	{"aws:principalservicename", fixed, ""},
	{"aws:principalservicenameslist", fixed, ""},
	{"aws:viaawsservice", fixed, "false"},
	{"aws:principalisawsservice", fixed, "false"},
	{"aws:securetransport", fixed, "true"},
	{"*", conditional, ""},
}

// keyHold returns the row of the table for a key, in lower case.
func keyHold(key string) *keyRow {
	for i := range keyTable {
		r := &keyTable[i]
		if r.pattern == key || strings.HasSuffix(r.pattern, "*") && strings.HasPrefix(key, r.pattern[:len(r.pattern)-1]) {
			return r
		}
	}
	return &keyTable[len(keyTable)-1]
}

// direct is the part of a request's context that is the same for every call a
// person or their code makes: no service stands between.
func direct() *iam.Context { return directContext.Clone() }

var directContext = func() *iam.Context {
	c := iam.NewContext().UnknownUnlessSet(true)
	for _, r := range keyTable {
		switch {
		case r.hold != fixed:
		case r.says == "":
			c.Absent(r.pattern)
		default:
			c.Set(r.pattern, r.says)
		}
	}
	return c
}()

// unknownResource is what the evaluator says of a resource that the request
// leaves open.
const unknownResource = "the resource of the request is not known in full"

// conditions puts the residual conditions of a decision into words. ownNames is
// true for a request whose resource the caller names, so that what is open in it
// is theirs to choose.
func conditions(residual []iam.Residual, ownNames bool) (ifs []string) {
	for _, r := range residual {
		if r.Key == "" {
			switch {
			case r.Why == unknownResource && ownNames:
			case r.Why == unknownResource:
				ifs = add(ifs, "if the policy's resource covers it, of whose name a part is not known")
			case r.Why == "":
				ifs = add(ifs, "if what of the policy is unknown allows it")
			default:
				ifs = add(ifs, "if what is unknown allows it: "+estate.Show(r.Why))
			}
			continue
		}
		switch row := keyHold(r.Key); {
		case row.hold == chosen:
		case row.hold == conditional && row.says != "":
			ifs = add(ifs, row.says)
		default:
			ifs = add(ifs, describe(r))
		}
	}
	return ifs
}

// describe words a condition that the table has no words for.
func describe(r iam.Residual) string {
	verb := "if"
	if !r.Wanted {
		verb = "unless"
	}
	return verb + " " + r.Key + " meets " + r.Operator + " " + estate.Show(strings.Join(r.Values, ", "))
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
