package estate

import "github.com/twokey/twokey/iam/policy"

// Declaration is one resource as a loader found it: a CloudFormation type with
// its properties in CloudFormation's shape, whatever it was loaded from.
type Declaration struct {
	Type      string
	LogicalID string
	Stack     string
	Account   string
	Region    string
	// ARN where the loader knows it; the Builder makes one up from the name
	// otherwise.
	ARN string
	// Ref is what Ref comes to: the name for most types, the ARN, URL or key id
	// for others.
	Ref       Text
	Props     *policy.Node
	Attrs     *policy.Node
	Generated bool
	// Maybe is true where it is not known whether the resource exists; Condition
	// names the template condition that says so.
	Maybe     bool
	Condition string
	Pos       policy.Pos
}

// meta returns what every resource of the declaration carries; arn is used
// where the loader gave none.
func (d *Declaration) meta(arn Text) Meta {
	if d.ARN != "" {
		arn = d.ARN
	}
	return Meta{
		ARN: arn, Type: d.Type, LogicalID: d.LogicalID, Stack: d.Stack, Account: d.Account, Region: d.Region,
		Generated: d.Generated, Maybe: d.Maybe, Condition: d.Condition, Pos: d.Pos, Props: d.Props, Attrs: d.Attrs,
	}
}

// get returns the value of a property, by the keys that lead to it; see at.
func (d *Declaration) get(keys ...string) *policy.Node { return at(d.Props, keys...) }

// text returns the text of a property; see textOf.
func (d *Declaration) text(keys ...string) Text { return textOf(d.get(keys...)) }

// pos returns where a property was written, or else where the resource was.
func (d *Declaration) pos(keys ...string) policy.Pos { return posOf(d.get(keys...), d.Pos) }

// posOf returns the place of n, or otherwise where n has none.
func posOf(n *policy.Node, otherwise policy.Pos) policy.Pos {
	if n == nil || n.Pos == (policy.Pos{}) {
		return otherwise
	}
	return n.Pos
}

// title names the declaration in a message.
func (d *Declaration) title() string {
	switch {
	case d.LogicalID != "" && d.Stack != "":
		return d.Stack + "/" + d.LogicalID
	case d.LogicalID != "":
		return d.LogicalID
	case d.ARN != "":
		return d.ARN
	}
	return d.Type
}

// arn makes an ARN in the account of the declaration. Services without regions
// take an empty region.
func (d *Declaration) arn(service, region, resource string) string {
	return "arn:" + d.partition() + ":" + service + ":" + region + ":" + d.Account + ":" + resource
}

// partition returns the partition of the declaration's ARN, or that of its
// region.
func (d *Declaration) partition() string {
	if f, ok := splitARN(d.ARN); ok && f[1] != "" {
		return f[1]
	}
	return PartitionOf(d.Region)
}

// PartitionOf returns the partition that a region belongs to; "aws" for a
// region that is empty or not known.
func PartitionOf(region string) string {
	switch {
	case len(region) > 3 && region[:3] == "cn-":
		return "aws-cn"
	case len(region) > 7 && region[:7] == "us-gov-":
		return "aws-us-gov"
	}
	return "aws"
}
