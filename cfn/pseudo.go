package cfn

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

var pseudoParameters = []string{
	"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region",
	"AWS::StackId", "AWS::StackName", "AWS::URLSuffix",
}

// pseudo is Ref of a pseudo parameter.
func (r *resolver) pseudo(name string, pos policy.Pos) *policy.Node {
	text := func(value, why string) *policy.Node {
		if value == "" {
			return r.unknown(pos, name, why)
		}
		return &policy.Node{Kind: policy.String, Text: value, Pos: pos}
	}
	switch name {
	case "AWS::AccountId":
		return text(r.env.AccountID, noAccount)
	case "AWS::Region":
		return text(r.env.Region, noRegion)
	case "AWS::Partition":
		return text(r.env.Partition, "the partition of the stack is not given")
	case "AWS::URLSuffix":
		return text(r.env.URLSuffix, "the URL suffix of the stack is not given")
	case "AWS::StackName":
		return text(r.env.StackName, noStackName)
	case "AWS::StackId":
		return text(r.env.StackID, "the stack's id is made up when it is created")
	case "AWS::NoValue":
		return noValue
	case "AWS::NotificationARNs":
		if r.env.NotificationARNs == nil {
			return r.vaguely(r.unknown(pos, name, "the stack's notification topics are not given"))
		}
		n := &policy.Node{Kind: policy.List, Pos: pos}
		for _, arn := range r.env.NotificationARNs {
			n.Items = append(n.Items, &policy.Node{Kind: policy.String, Text: arn, Pos: pos})
		}
		return n
	}
	r.problem(pos, r.nearest(name, pseudoParameters), "%s is not a pseudo parameter", name)
	return r.wrong(pos, name+" is not a pseudo parameter")
}

const (
	noAccount   = "the account of the stack is not given"
	noRegion    = "the region of the stack is not given"
	noStackName = "the name of the stack is not given"
)

// partitionOf returns the partition of a region and the suffix of its hosts.
func partitionOf(region string) (partition, suffix string) {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn", "amazonaws.com.cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov", "amazonaws.com"
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso", "c2s.ic.gov"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b", "sc2s.sgov.gov"
	case strings.HasPrefix(region, "eu-isoe-"):
		return "aws-iso-e", "cloud.adc-e.uk"
	case strings.HasPrefix(region, "us-isof-"):
		return "aws-iso-f", "csp.hci.ic.gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc", "amazonaws.eu"
	}
	return "aws", "amazonaws.com"
}
