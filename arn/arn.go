package arn

import (
	"fmt"
	"strings"
)

// Hole stands for a run of characters, possibly empty, that could not be
// resolved. No AWS identifier may contain a NUL, so it never collides with text.
const Hole = "\x00"

// ARN is an Amazon Resource Name, arn:Partition:Service:Region:Account:Resource.
type ARN struct {
	Partition string // "aws", "aws-cn", "aws-us-gov", …
	Service   string // "s3"
	Region    string // empty for global resources
	Account   string // 12 digits; empty where the service leaves it out, "aws" for AWS's own
	Resource  string // everything after the fifth colon, further colons included
}

// Parse splits s on its first five colons. It fails where s does not begin with
// "arn:", has fewer than six fields, or has an empty partition, service or
// resource. It does not check that service, region and account exist.
func Parse(s string) (ARN, error) {
	f, n := Split(s)
	switch {
	case f[0] != "arn":
		return ARN{}, fmt.Errorf("arn %q: does not begin with %q", s, "arn:")
	case n < 6:
		return ARN{}, fmt.Errorf("arn %q: has %d of 6 fields", s, n)
	case f[1] == "" || f[2] == "" || f[5] == "":
		return ARN{}, fmt.Errorf("arn %q: partition, service and resource may not be empty", s)
	}
	return ARN{Partition: f[1], Service: f[2], Region: f[3], Account: f[4], Resource: f[5]}, nil
}

// String is the inverse of Parse.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Split cuts s on its first five colons; n is the number of fields found, 1 to
// 6, and the fields from n on are empty. The sixth keeps its colons.
func Split(s string) (fields [6]string, n int) {
	for n < 5 {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			break
		}
		fields[n] = s[:i]
		s = s[i+1:]
		n++
	}
	fields[n] = s
	return fields, n + 1
}
