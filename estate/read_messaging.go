package estate

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

func (b *Builder) readTopic(d *Declaration) {
	arn := d.ARN
	if arn == "" && strings.HasPrefix(d.Ref, "arn:") {
		arn = d.Ref
	}
	t := &Topic{Name: firstText(d.text("TopicName"), afterColon(arn), d.Ref, d.LogicalID)}
	t.Meta = d.meta(firstText(arn, d.arn("sns", d.Region, t.Name)))
	for _, n := range d.get("Subscription").Elements() {
		t.Subscriptions = append(t.Subscriptions, Subscription{
			Protocol: textOf(at(n, "Protocol")), Endpoint: textOf(at(n, "Endpoint")), Pos: posOf(n, d.Pos),
		})
	}
	b.topics[t.ARN] = t
	b.e.Topics = append(b.e.Topics, t)
}

// afterColon returns what stands after the last colon.
func afterColon(s string) string { return s[strings.LastIndexByte(s, ':')+1:] }

// joinSubscriptions gives subscriptions declared apart to their topics.
func (b *Builder) joinSubscriptions() {
	for _, d := range b.subscriptions {
		arn := d.text("TopicArn")
		t := b.topics[arn]
		if t == nil {
			b.Unknown(Unknown{What: "topic " + Show(arn) + ", to which " + d.title() + " subscribes", Why: "nothing in the estate defines it", Pos: d.pos("TopicArn")})
			continue
		}
		t.Subscriptions = append(t.Subscriptions, Subscription{Protocol: d.text("Protocol"), Endpoint: d.text("Endpoint"), Pos: d.Pos})
	}
}

func (b *Builder) readTopicPolicy(d *Declaration) {
	b.targetPolicy(d, "topic", firstNode(d.get("Topics"), d.get("TopicArn")), func(t Text) Text { return t })
}

func (b *Builder) readQueue(d *Declaration) {
	q := &Queue{Name: firstText(d.text("QueueName"), queueName(d.Ref), d.LogicalID)}
	q.Meta = d.meta(d.arn("sqs", d.Region, q.Name))
	b.queues[q.ARN] = q
	b.e.Queues = append(b.e.Queues, q)
}

// queueName returns the name of a queue given by URL, ARN or name.
func queueName(t Text) Text { return afterColon(lastSegment(t)) }

func (b *Builder) readQueuePolicy(d *Declaration) {
	b.targetPolicy(d, "queue", firstNode(d.get("Queues"), d.get("Queue")), queueName)
}

func (b *Builder) targetPolicy(d *Declaration, kind string, targets *policy.Node, name func(Text) Text) {
	for _, n := range targets.Elements() {
		t := name(textOf(n))
		b.targeted = append(b.targeted, targetedPolicy{
			d: d, kind: kind, name: t, policy: b.policyOf(d, kind+" policy of "+Show(afterColon(t)), d.get("PolicyDocument")),
			pos: posOf(n, d.Pos),
		})
	}
}

func (b *Builder) readRule(d *Declaration) {
	name := firstText(d.text("Name"), lastSegment(d.Ref), d.LogicalID)
	r := &Rule{Name: name, Schedule: d.text("ScheduleExpression"), Pattern: d.get("EventPattern")}
	path := "rule/"
	if bus := d.text("EventBusName"); bus != "" && bus != "default" {
		path += lastSegment(bus) + "/"
	}
	r.Meta = d.meta(d.arn("events", d.Region, path+name))
	r.Enabled = !strings.EqualFold(d.text("State"), "DISABLED")
	for _, n := range d.get("Targets").Elements() {
		r.Targets = append(r.Targets, Target{
			ID: textOf(at(n, "Id")), ARN: textOf(at(n, "Arn")), RoleARN: textOf(at(n, "RoleArn")), Node: n, Pos: posOf(n, d.Pos),
		})
	}
	b.e.Rules = append(b.e.Rules, r)
}
