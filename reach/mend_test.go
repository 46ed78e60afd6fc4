package reach_test

import (
	"slices"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

// mended returns the estate with the statements at some places taken out.
func mended(e *estate.Estate, gone []reach.Place) *estate.Estate {
	out := fresh(e)
	strip := func(d *policy.Document) *policy.Document {
		if d == nil {
			return nil
		}
		c := *d
		c.Statements = slices.DeleteFunc(slices.Clone(d.Statements), func(s policy.Statement) bool {
			return slices.Contains(gone, reach.Place{File: s.Pos.File, Line: s.Pos.Line})
		})
		return &c
	}
	list := func(in []estate.Policy) []estate.Policy {
		c := slices.Clone(in)
		for i := range c {
			c[i].Doc = strip(c[i].Doc)
		}
		return c
	}
	one := func(p *estate.Policy) *estate.Policy {
		if p == nil {
			return nil
		}
		c := *p
		c.Doc = strip(p.Doc)
		return &c
	}
	out.Users, out.Groups, out.Roles, out.Buckets, out.Keys = nil, nil, nil, nil, nil
	for _, u := range e.Users {
		c := *u
		c.Policies = list(u.Policies)
		out.Users = append(out.Users, &c)
	}
	for _, g := range e.Groups {
		c := *g
		c.Policies = list(g.Policies)
		out.Groups = append(out.Groups, &c)
	}
	for _, r := range e.Roles {
		c := *r
		c.Policies, c.Trust = list(r.Policies), strip(r.Trust)
		out.Roles = append(out.Roles, &c)
	}
	for _, b := range e.Buckets {
		c := *b
		c.Policy = one(b.Policy)
		out.Buckets = append(out.Buckets, &c)
	}
	for _, k := range e.Keys {
		c := *k
		c.Policy = one(k.Policy)
		out.Keys = append(out.Keys, &c)
	}
	return out
}

// Every mend removes the way it is given for, and never lowers the number.
func TestMends(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) *estate.Estate{
		"storefront":             func(t *testing.T) *estate.Estate { return load(t, "../examples/storefront") },
		"reference architecture": func(t *testing.T) *estate.Estate { return refarch(t, true) },
		"two gates": func(*testing.T) *estate.Estate {
			return people(gated(2), user(tools, "a", pushes()), user(tools, "b", approves(1), approves(2)), user(tools, "c", approves(2)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := make(t)
			before := only(t, reach.Analyze(e, reach.Options{}))
			ways, cuts := reach.Cuts(e, 0)
			if len(ways) == 0 {
				t.Fatal("no ways")
			}
			tried := 0
			for i, way := range ways {
				if len(cuts[i]) == 0 {
					continue
				}
				tried++
				after := only(t, reach.Analyze(mended(e, cuts[i]), reach.Options{MaxWays: 500}))
				if after.PeopleToProduction < before.PeopleToProduction {
					t.Errorf("mending at %v lowers the number to %d", cuts[i], after.PeopleToProduction)
				}
				if after.PeopleToProduction == before.PeopleToProduction && slices.ContainsFunc(after.Ways, func(w finding.Way) bool { return w.Fingerprint == way }) {
					t.Errorf("mending at %v leaves the way %s", cuts[i], way)
				}
			}
			if tried == 0 {
				t.Error("no mend names a statement")
			}
		})
	}
}

// Mended one after the other, the ways of one person end.
func TestMendingAll(t *testing.T) {
	t.Parallel()
	e := people(gated(1),
		user(tools, "a", pushes(), approves(1)),
		user(tools, "b", allow("codepipeline:UpdatePipeline", "*")),
		user(tools, "c", allow("s3:PutObject", objects)),
		user(tools, "d", approves(1)))
	for round := 0; ; round++ {
		p := only(t, reach.Analyze(e, reach.Options{}))
		if p.PeopleToProduction > 1 {
			return
		}
		_, cuts := reach.Cuts(e, 0)
		if round > 10 || len(cuts) == 0 || len(cuts[0]) == 0 {
			t.Fatalf("round %d: still %d", round, p.PeopleToProduction)
		}
		e = mended(e, cuts[0])
	}
}
