package catalog

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

//go:embed managed.bin
var encodedPolicies string

// archive indexes the managed policies, once; see load on the panic.
var archive = sync.OnceValue(func() *table.Archive {
	a, err := table.DecodeArchive(encodedPolicies)
	if err != nil {
		panic("this program was built from damaged files: " + err.Error())
	}
	return a
})

// managedPrefix begins the ARN of every AWS-managed policy of partition aws.
const managedPrefix = "arn:aws:iam::aws:policy/"

// managedPrefixes are those of the partitions whose policies are looked up.
var managedPrefixes = [...]string{
	managedPrefix,
	"arn:aws-cn:iam::aws:policy/",
	"arn:aws-us-gov:iam::aws:policy/",
}

// ManagedPolicy returns the document of an AWS-managed policy as JSON, its
// default version ("v3") and the date of that version (2006-01-02). Case counts,
// as it does at AWS. False means that the catalogue does not have the policy: it
// may be newer than Updated, or have been withdrawn.
//
// An ARN of partition aws-cn or aws-us-gov yields the document of partition aws,
// which may differ in detail: ARNs in it name partition aws, and actions that
// the other partition lacks are in it.
func ManagedPolicy(arn string) (doc []byte, version, updated string, ok bool) {
	for _, prefix := range managedPrefixes {
		path, ours := strings.CutPrefix(arn, prefix)
		if !ours {
			continue
		}
		a := archive()
		i, found := a.Find(path)
		if !found {
			break
		}
		doc, err := a.JSON(i)
		if err != nil {
			panic("this program was built from damaged files: " + err.Error())
		}
		return doc, a.Entries[i].Version, a.Entries[i].Updated, true
	}
	return nil, "", "", false
}

// ManagedPolicies returns the ARNs, in partition aws, of all AWS-managed
// policies that the catalogue has, sorted.
func ManagedPolicies() []string {
	a := archive()
	out := make([]string, len(a.Entries))
	for i, e := range a.Entries {
		out[i] = managedPrefix + e.Path
	}
	return out
}

// managedNames maps the names of the managed policies, without their paths, to
// indexes of the archive.
var managedNames = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for i, e := range archive().Entries {
		out[e.Path[strings.LastIndexByte(e.Path, '/')+1:]] = i
	}
	return out
})

// ManagedPolicyByName returns the ARN, in partition aws, of the AWS-managed
// policy with that name, which has no path: "AWSLambdaBasicExecutionRole" for
// arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole. AWS SAM lets
// templates name policies so. Names are unique; case counts.
func ManagedPolicyByName(name string) (arn string, ok bool) {
	i, ok := managedNames()[name]
	if !ok {
		return "", false
	}
	return managedPrefix + archive().Entries[i].Path, true
}

// Updated is the date (2006-01-02) of the newest version among the managed
// policies: the catalogue has nothing that AWS published later.
func Updated() string { return managedUpdated }
