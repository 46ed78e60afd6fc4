package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// world is a random request with its policies, kept as statements so that a test
// can change and compile them again.
type world struct {
	principal string
	action    string
	resource  string
	account   string
	ctx       *iam.Context
	sets      map[iam.Side][]string // nil: no such policy
	scp, rcp  [][]string
	grants    []iam.Grant
	marks     map[string]bool // flags of the principal and the request
}

var allSides = []iam.Side{iam.SideIdentity, iam.SideBoundary, iam.SideSession, iam.SideResource}

var (
	drawAction   = rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole", "iam:PassRole", "codepipeline:PutApprovalResult", "sts:TagSession"})
	drawResource = rapid.SampledFrom([]string{
		"arn:aws:s3:::b/alice", "arn:aws:s3:::b/bob", "arn:aws:kms:us-east-1:111122223333:key/1", "arn:aws:iam::111122223333:role/prod", "*",
		"arn:aws:codepipeline:us-east-1:111122223333:p/Gate/A",
	})
	drawCaller = rapid.SampledFrom([]string{
		"arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/dev/alice", "arn:aws:sts::111122223333:federated-user/alice",
		"arn:aws:iam::111122223333:root", "arn:aws:sts::444455556666:assumed-role/ext/bob", "codepipeline.amazonaws.com", "*", "arn:aws:iam::111122223333:role/dev",
	})
	drawPrincipal = rapid.SampledFrom([]string{
		`"*"`, `{"AWS":"111122223333"}`, `{"AWS":["444455556666","arn:aws:iam::111122223333:role/dev"]}`, `{"AWS":"arn:aws:iam::111122223333:user/alice"}`,
		`{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/alice"}`, `{"Service":"codepipeline.amazonaws.com"}`, `{"AWS":"arn:aws:iam::444455556666:role/ext"}`,
		`{"AWS":["arn:aws:sts::111122223333:assumed-role/dev/alice","arn:aws:iam::111122223333:role/dev","111122223333"]}`, `{"AWS":"arn:aws:sts::111122223333:federated-user/alice"}`,
	})
	drawCondition = rapid.SampledFrom([]string{
		"", "", "", `"Condition":{"StringEquals":{"k1":"v"}}`, `"Condition":{"StringNotEquals":{"k1":"v"}}`, `"Condition":{"Bool":{"k2":"true"}}`,
		`"Condition":{"BoolIfExists":{"k2":"false"}}`, `"Condition":{"Null":{"k1":"true"}}`, `"Condition":{"StringLike":{"k1":"${k2}*"}}`,
		`"Condition":{"ForAnyValue:StringEquals":{"k3":["v","w"]}}`, `"Condition":{"ForAllValues:StringEquals":{"k3":"v"}}`, `"Condition":{"StringEqualz":{"k1":"v"}}`,
		`"Condition":{"NumericLessThan":{"k1":"x"}}`,
	})
)

// drawStatement draws a statement; effect "" draws that too.
func drawStatement(t *rapid.T, effect string, principals bool, label string) string {
	if effect == "" {
		effect = rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, label+" effect")
	}
	parts := []string{fmt.Sprintf(`"Effect":%q`, effect)}
	parts = append(parts, rapid.SampledFrom([]string{
		`"Action":"*"`, `"Action":"*"`, `"Action":["s3:Get*","kms:*"]`, `"Action":"sts:*"`, `"NotAction":"s3:*"`, `"Action":"iam:PassRole"`, `"Action":"codepipeline:Put?pprovalResult"`, `"Action":"s3:GetObject "`,
	}).Draw(t, label+" action"))
	parts = append(parts, rapid.SampledFrom([]string{
		`"Resource":"*"`, `"Resource":"*"`, `"Resource":["arn:aws:s3:::b/*","arn:aws:iam::*:role/prod"]`, `"Resource":"arn:aws:s3:::b/${k2}"`, `"NotResource":"arn:aws:s3:::b/alice"`,
		`"NotResource":"arn:aws:s3:::b/${k2}"`, `"Resource":"arn:aws:kms"`, `"Resource":"nonsense"`,
	}).Draw(t, label+" resource"))
	if principals {
		element := rapid.SampledFrom([]string{"Principal", "Principal", "Principal", "NotPrincipal"}).Draw(t, label+" element")
		parts = append(parts, fmt.Sprintf(`%q:%s`, element, drawPrincipal.Draw(t, label+" principal")))
	}
	if c := drawCondition.Draw(t, label+" condition"); c != "" {
		parts = append(parts, c)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func drawWorld(t *rapid.T) *world {
	w := &world{
		principal: drawCaller.Draw(t, "caller"), action: drawAction.Draw(t, "action"), resource: drawResource.Draw(t, "resource"),
		account: rapid.SampledFrom([]string{"111122223333", "444455556666"}).Draw(t, "account"),
		ctx:     drawContext(t), sets: map[iam.Side][]string{}, marks: map[string]bool{},
	}
	list := func(label string, principals bool) []string {
		out := []string{}
		for i := range rapid.IntRange(0, 3).Draw(t, label+" size") {
			out = append(out, drawStatement(t, "", principals, fmt.Sprint(label, i)))
		}
		return out
	}
	w.sets[iam.SideIdentity] = list("identity", false)
	for _, side := range []iam.Side{iam.SideBoundary, iam.SideSession, iam.SideResource} {
		if rapid.Bool().Draw(t, "has "+string(side)) {
			w.sets[side] = list(string(side), side == iam.SideResource)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "SCP levels") {
		w.scp = append(w.scp, append([]string{all}, list(fmt.Sprint("scp", i), false)...))
	}
	if rapid.Bool().Draw(t, "has RCP") {
		w.rcp = [][]string{{rcpAll, `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"k1":"w"}}}`}}
	}
	if rapid.Bool().Draw(t, "has grant") {
		w.grants = []iam.Grant{{Grantee: "arn:aws:iam::111122223333:role/dev", Operations: []string{"Decrypt"}}}
	}
	w.marks["management"] = rapid.IntRange(0, 5).Draw(t, "management") == 0
	return w
}

// drawContext draws a fully known context of the keys k1, k2 and k3.
func drawContext(t *rapid.T) *iam.Context {
	c := iam.NewContext()
	for _, k := range []string{"k1", "k2"} {
		if v := rapid.SampledFrom([]string{"-", "v", "w", "true", "false", "alice", "", "vv"}).Draw(t, k); v != "-" {
			c.Set(k, v)
		}
	}
	if rapid.Bool().Draw(t, "has k3") {
		c.SetList("k3", rapid.SliceOfN(rapid.SampledFrom([]string{"v", "w"}), 0, 2).Draw(t, "k3")...)
	}
	return c
}

func compileSet(t *rapid.T, side iam.Side, statements []string) *iam.Set {
	if statements == nil {
		return nil
	}
	d, err := policy.Parse("p", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return iam.Compile("p", side, d)
}

func (w *world) policies(t *rapid.T) *iam.Policies {
	p := &iam.Policies{
		Identity: compileSet(t, iam.SideIdentity, w.sets[iam.SideIdentity]), Boundary: compileSet(t, iam.SideBoundary, w.sets[iam.SideBoundary]),
		Session: compileSet(t, iam.SideSession, w.sets[iam.SideSession]), Resource: compileSet(t, iam.SideResource, w.sets[iam.SideResource]), Grants: w.grants,
	}
	for _, level := range w.scp {
		p.SCPs = append(p.SCPs, compileSet(t, iam.SideSCP, level))
	}
	for _, level := range w.rcp {
		p.RCPs = append(p.RCPs, compileSet(t, iam.SideRCP, level))
	}
	return p
}

func (w *world) request(t *rapid.T) *iam.Request {
	who, err := iam.ParsePrincipal(w.principal)
	if err != nil {
		t.Fatal(err)
	}
	who.ManagementAccount = w.marks["management"]
	who.CanonicalUser = "none"
	if who.Kind == iam.FederatedUser {
		who.UserARN = "arn:aws:iam::111122223333:user/alice"
	}
	r, err := iam.NewRequest(iam.Request{
		Principal: who, Action: w.action, Resource: w.resource, ResourceAccount: w.account, Context: w.ctx,
		PrincipalContext: iam.NewContext(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) decide(t *rapid.T) iam.Outcome { return iam.Decide(w.request(t), w.policies(t)) }

// add puts a statement into a drawn policy of the world.
func (w *world) add(t *rapid.T, effect string) {
	var sides []iam.Side
	for _, side := range allSides {
		if w.sets[side] != nil {
			sides = append(sides, side)
		}
	}
	at := rapid.IntRange(0, len(sides)+len(w.scp)-1).Draw(t, "where")
	if at < len(sides) {
		side := sides[at]
		w.sets[side] = append(slices.Clone(w.sets[side]), drawStatement(t, effect, side == iam.SideResource, "added"))
		return
	}
	w.scp[at-len(sides)] = append(slices.Clone(w.scp[at-len(sides)]), drawStatement(t, effect, false, "added"))
}

func denied(o iam.Outcome) bool { return o == iam.ExplicitDeny || o == iam.ImplicitDeny }

// Property i: adding any Deny never turns a denial into an Allow.
func TestAddingADenyNeverAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := w.decide(t)
		w.add(t, "Deny")
		if after := w.decide(t); denied(before) && !denied(after) || before == iam.If && after == iam.Allow {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

// Property ii: adding an Allow never turns an ExplicitDeny into anything else.
func TestAddingAnAllowNeverLiftsADeny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := w.decide(t)
		w.add(t, "Allow")
		if after := w.decide(t); before == iam.ExplicitDeny && after != before || before == iam.Allow && after != before {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

// Property iii: the order of statements, and their division into policies, is irrelevant.
func TestOrderIsIrrelevant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := w.decide(t)
		p := w.policies(t)
		for _, side := range allSides {
			list := w.sets[side]
			if list == nil {
				continue
			}
			list = rapid.Permutation(list).Draw(t, string(side)+" order")
			var docs []iam.NamedDoc
			for _, s := range list {
				d, err := policy.Parse("p", []byte(`{"Version":"2012-10-17","Statement":`+s+`}`))
				if err != nil {
					t.Fatal(err)
				}
				docs = append(docs, iam.NamedDoc{Doc: d})
			}
			set := iam.NewSet(side, docs...)
			switch side {
			case iam.SideIdentity:
				p.Identity = set
			case iam.SideBoundary:
				p.Boundary = set
			case iam.SideSession:
				p.Session = set
			case iam.SideResource:
				p.Resource = set
			}
		}
		slices.Reverse(p.SCPs)
		if after := iam.Decide(w.request(t), p); after != before {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

// Property iv: a scalar is a list of one.
func TestScalarIsListOfOne(t *testing.T) {
	t.Parallel()
	var listed func(n *policy.Node) *policy.Node
	listed = func(n *policy.Node) *policy.Node {
		out := *n
		out.Entries = nil
		for _, e := range n.Entries {
			v := e.Value
			switch e.Key {
			case "Effect", "Version":
			case "Principal", "NotPrincipal", "Condition":
				if v.Kind == policy.Map {
					inner := *v
					inner.Entries = nil
					for _, f := range v.Entries {
						if e.Key == "Condition" {
							f.Value = listed(f.Value)
						} else if f.Value.Kind != policy.List {
							f.Value = &policy.Node{Kind: policy.List, Items: []*policy.Node{f.Value}}
						}
						inner.Entries = append(inner.Entries, f)
					}
					v = &inner
				}
			default:
				if v.Kind != policy.List {
					v = &policy.Node{Kind: policy.List, Items: []*policy.Node{v}}
				}
			}
			out.Entries = append(out.Entries, policy.Entry{Key: e.Key, Value: v})
		}
		return &out
	}
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		before := w.decide(t)
		p := w.policies(t)
		for _, side := range allSides {
			list := w.sets[side]
			if list == nil {
				continue
			}
			var docs []iam.NamedDoc
			for _, s := range list {
				n, err := policy.ParseNode("p", []byte(s))
				if err != nil {
					t.Fatal(err)
				}
				docs = append(docs, iam.NamedDoc{Doc: policy.FromNode(&policy.Node{Kind: policy.Map, Entries: []policy.Entry{
					{Key: "Version", Value: &policy.Node{Kind: policy.String, Text: policy.Version2012}},
					{Key: "Statement", Value: &policy.Node{Kind: policy.List, Items: []*policy.Node{listed(n)}}},
				}})})
			}
			switch set := iam.NewSet(side, docs...); side {
			case iam.SideIdentity:
				p.Identity = set
			case iam.SideBoundary:
				p.Boundary = set
			case iam.SideSession:
				p.Session = set
			case iam.SideResource:
				p.Resource = set
			}
		}
		if after := iam.Decide(w.request(t), p); after != before {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

// Property v: two callers of one compiled policy, in either order, get the same
// answers as alone.
func TestCallersDoNotAffectEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		other := *w
		other.ctx = iam.NewContext().Set("k1", "alice").Set("k2", "bob")
		p := w.policies(t)
		first := []iam.Outcome{iam.Decide(w.request(t), p), iam.Decide(other.request(t), p)}
		second := []iam.Outcome{iam.Decide(other.request(t), p), iam.Decide(w.request(t), p)}
		alone := []iam.Outcome{w.decide(t), other.decide(t)}
		if first[0] != alone[0] || first[1] != alone[1] || second[1] != alone[0] || second[0] != alone[1] {
			t.Fatalf("%v, %v, alone %v", first, second, alone)
		}
	})
}

// Property vi: an outcome with unknown context covers the outcome of every
// completion, and a fully known request never gets If.
func TestUnknownCoversEveryCompletion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		full := w.decide(t)
		if full == iam.If && !strings.Contains(w.principal, ":role/") {
			t.Fatalf("if, with nothing unknown: %+v", iam.Explain(w.request(t), w.policies(t)))
		}
		partial := *w
		partial.ctx = w.ctx.Clone()
		for _, k := range []string{"k1", "k2", "k3"} {
			if rapid.Bool().Draw(t, k+" unknown") {
				partial.ctx.MarkUnknown(k)
			}
		}
		covers(t, "context", partial.decide(t), full)

		holed := *w
		if i := strings.LastIndexByte(w.resource, '/'); i > 0 {
			holed.resource = w.resource[:i+1] + policy.Hole
			covers(t, "resource", holed.decide(t), full)
		}
		open := *w
		open.account = ""
		if w.account == "111122223333" && strings.Contains(w.resource, ":s3:") {
			covers(t, "account", open.decide(t), full)
		}
	})
}

func covers(t *rapid.T, what string, partial, full iam.Outcome) {
	switch {
	case partial == iam.If, partial == full:
	case partial == iam.ImplicitDeny && full == iam.ExplicitDeny:
		// Denied either way; a Deny that may apply adds nothing to no Allow.
	default:
		t.Fatalf("%s unknown: %s, but %s in full", what, partial, full)
	}
}

// Statements with unresolved parts cover the same statements resolved.
func TestUnresolvedPolicyCoversTheResolved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		full := w.decide(t)
		p := w.policies(t)
		for _, side := range allSides {
			list := w.sets[side]
			if list == nil {
				continue
			}
			n, err := policy.ParseNode("p", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(list, ",")+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			d := policy.FromNode(blur(t, n))
			t.Logf("%s policy: %+v", side, d.Statements)
			switch set := iam.Compile("p", side, d); side {
			case iam.SideIdentity:
				p.Identity = set
			case iam.SideBoundary:
				p.Boundary = set
			case iam.SideSession:
				p.Session = set
			case iam.SideResource:
				p.Resource = set
			}
		}
		covers(t, "policy", iam.Decide(w.request(t), p), full)
	})
}

// blur makes random parts of a tree unknown.
func blur(t *rapid.T, n *policy.Node) *policy.Node {
	if rapid.IntRange(0, 15).Draw(t, "blur") == 0 {
		return &policy.Node{Kind: policy.Unknown, Reason: "blurred"}
	}
	out := *n
	// A hole is taken to be filled so that AWS accepts the text; "nonsense" is not.
	if n.Kind == policy.String && n.Text != "" && n.Text != "nonsense" && rapid.IntRange(0, 7).Draw(t, "hole") == 0 {
		from := rapid.IntRange(0, len(n.Text)).Draw(t, "from")
		to := rapid.IntRange(from, len(n.Text)).Draw(t, "to")
		out.Text = n.Text[:from] + policy.Hole + n.Text[to:]
	}
	out.Items, out.Entries = nil, nil
	for _, item := range n.Items {
		out.Items = append(out.Items, blur(t, item))
	}
	for _, e := range n.Entries {
		out.Entries = append(out.Entries, policy.Entry{Key: e.Key, Value: blur(t, e.Value)})
	}
	return &out
}

// Decide and Explain never disagree, and an explanation shows what it rests on.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		if rapid.Bool().Draw(t, "open") {
			w.ctx.UnknownUnlessSet(true)
		}
		r, p := w.request(t), w.policies(t)
		d := iam.Explain(r, p)
		if o := iam.Decide(r, p); o != d.Outcome {
			t.Fatalf("Decide %s, Explain %s", o, d.Outcome)
		}
		if (d.Outcome == iam.If) != (len(d.Residual) > 0) {
			t.Fatalf("%s with residuals %v", d.Outcome, d.Residual)
		}
		if (d.Outcome == iam.ImplicitDeny) != (len(d.Missing) > 0 && d.Outcome != iam.If) {
			t.Fatalf("%s, missing %v", d.Outcome, d.Missing)
		}
	})
}

// WhoCan finds exactly the principals that deciding one by one finds.
func TestWhoCanAgainstDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := drawWorld(t)
		var principals []iam.IndexedPrincipal
		var want []iam.Access
		target := iam.Target{Action: base.action, Resource: base.resource, ResourceAccount: base.account, Context: base.ctx, Grants: base.grants}
		shared := base.policies(t)
		target.Policy, target.RCPs = shared.Resource, shared.RCPs
		for i := range rapid.IntRange(0, 6).Draw(t, "principals") {
			w := drawWorld(t)
			w.action, w.resource, w.account, w.ctx = base.action, base.resource, base.account, base.ctx
			r, p := w.request(t), w.policies(t)
			p.Resource, p.RCPs, p.Grants = shared.Resource, shared.RCPs, base.grants
			if rapid.Bool().Draw(t, "shares") {
				p.Identity = shared.Identity
			}
			principals = append(principals, iam.IndexedPrincipal{
				Principal: r.Principal, Identity: p.Identity, Boundary: p.Boundary, Session: p.Session, SCPs: p.SCPs, Context: iam.NewContext(),
			})
			if o := iam.Decide(r, p); o == iam.Allow || o == iam.If {
				want = append(want, iam.Access{Principal: i, Outcome: o})
			}
		}
		ix := iam.NewIndex(principals)
		got, err := ix.WhoCan(target)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v %v, want %v", got, err, want)
		}
		both, err := ix.WhoCanAll(target, target)
		if err != nil || !slices.Equal(both, want) {
			t.Fatalf("twice: got %v %v, want %v", both, err, want)
		}
	})
}
