package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// locate turns a position into a location of a report.
func locate(p policy.Pos) finding.Location {
	if strings.HasPrefix(p.File, "arn:") {
		return finding.Location{ARN: p.File}
	}
	return finding.Location{File: p.File, Line: p.Line, Column: p.Column}
}

// describe returns what a report shows of a pipeline, before its number.
func (e *engine) describe(l *line) finding.Pipeline {
	p := l.p
	out := finding.Pipeline{
		Name: l.shown(), ARN: estate.Show(p.ARN), Account: p.Account, Region: p.Region, Location: locate(p.Pos),
		Want: e.est.WantPeople, Inferred: l.inferred, BreakGlass: e.people.breakGlass,
		Production: []string{}, Stages: []finding.Stage{}, Ways: []finding.Way{},
	}
	if out.Want == 0 {
		out.Want = 2
	}
	if a := e.est.Account(p.Account); a != nil {
		out.AccountName = a.Name
	}
	for _, i := range l.production {
		out.Production = append(out.Production, l.acts[i].name())
	}
	n := 0
	for s := range p.Stages {
		stage := finding.Stage{Name: estate.Show(p.Stages[s].Name), Actions: []finding.Action{}}
		for range p.Stages[s].Actions {
			stage.Actions = append(stage.Actions, e.picture(l, n))
			n++
		}
		out.Stages = append(out.Stages, stage)
	}
	e.stores(l, &out)
	out.People = e.touching(l)
	return out
}

func (e *engine) picture(l *line, i int) finding.Action {
	a := &l.acts[i]
	out := finding.Action{
		Name: estate.Show(a.Name), Category: a.Category, Provider: a.Provider, RunOrder: a.RunOrder,
		Role: estate.Show(l.p.ActionRole(a.Action)), Account: estate.Show(a.account), Production: slices.Contains(l.production, i),
		Location: locate(a.Pos),
	}
	if a.deploys != nobody && a.deploys != a.role {
		out.DeployRole = e.w.actors[a.deploys].arn
	}
	if a.gate {
		out.Gate, out.GovernedBy = 1, "native"
		if a.rule != nil {
			out.Gate, out.GovernedBy = asksFor(a.rule), "twokey"
		}
	}
	return out
}

// asksFor is how many people a rule asks for.
func asksFor(r *estate.GateRule) int {
	slots := 0
	for _, s := range r.Slots {
		slots += max(s.Count, 1)
	}
	return max(r.Approvals, slots, 1)
}

// stores adds the artifact buckets and keys of a pipeline.
func (e *engine) stores(l *line, out *finding.Pipeline) {
	for _, s := range l.p.Stores {
		region := firstNonEmpty(s.Region, l.p.Region)
		b := finding.Bucket{
			Name: estate.Show(s.Bucket), ARN: estate.Show("arn:" + partitionOf(l.p.ARN) + ":s3:::" + s.Bucket),
			Account: l.p.Account, Region: region, Location: locate(s.Pos),
		}
		if have := e.est.Bucket(s.Bucket); have != nil {
			b.Name = shownName(s.Bucket, have.LogicalID)
			b.ARN, b.Account = estate.Show(have.ARN), firstNonEmpty(have.Account, l.p.Account)
			if !have.Missing {
				b.Location = locate(have.Pos)
			}
		}
		if s.KeyID != "" {
			if key, arn := e.est.ResolveKey(s.KeyID, l.p.Account, region); arn != "" {
				b.Key = arn
				k := finding.Key{Name: short(arn), ARN: arn, Account: estate.AccountOf(arn), Location: locate(s.KeyPos)}
				if key != nil {
					k.Location = locate(key.Pos)
					if key.LogicalID != "" {
						k.Name = key.LogicalID
					}
					if len(key.Aliases) > 0 {
						k.Name = strings.TrimPrefix(key.Aliases[0], "alias/")
					}
				}
				if !slices.ContainsFunc(out.Keys, func(have finding.Key) bool { return have.ARN == k.ARN }) {
					out.Keys = append(out.Keys, k)
				}
			}
		}
		out.Buckets = append(out.Buckets, b)
	}
}

// touching lists who has a hand in a pipeline as they are: who pushes and who
// answers gates.
func (e *engine) touching(l *line) []finding.Person {
	var out []finding.Person
	at := map[string]int{}
	touch := func(name string, named bool, where, does string) {
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, finding.Person{Name: name, Named: named})
		}
		t := finding.Touch{At: where, Does: does}
		if !slices.Contains(out[i].Touches, t) {
			out[i].Touches = append(out[i].Touches, t)
		}
	}
	for i := range l.acts {
		a := &l.acts[i]
		var rows []string
		var f frame
		does := ""
		switch {
		case a.gate:
			rows, f, does = []string{"G1"}, l.at(i), "answers the gate"
		case a.Category == "Source":
			rows, f = []string{"S1", "S2", "S4", "S4-image"}, e.sourceFrame(l, i)
			does = "writes " + estate.Show(f["source"])
		default:
			continue
		}
		for _, id := range rows {
			for _, needs := range row(id).Needs {
				for _, h := range e.w.who(needs, f) {
					if h.mods != (mods{}) {
						continue
					}
					for _, x := range e.people.of[h.actor] {
						touch(e.people.list[x].name, true, a.name(), does)
					}
					for _, o := range e.openedBy[h.actor] {
						touch(e.openings[o].who, false, a.name(), does)
					}
				}
			}
		}
		for _, o := range e.openedAt[place{l, i}] {
			touch(e.openings[o].who, false, a.name(), does)
		}
	}
	return out
}
