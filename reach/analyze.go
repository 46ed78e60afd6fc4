package reach

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

// Options narrow an analysis. The zero value looks at everything.
type Options struct {
	// Pipeline is a glob over names of pipelines; empty for all.
	Pipeline string
	// Person keeps only ways in which the person of that name takes part; the
	// number is that of everybody all the same.
	Person string
	// MaxWays is how many ways are worked out for one pipeline, the best first; 0
	// means 40, or 12 where there are more than 64 pipelines to look at.
	MaxWays int
}

const (
	defaultWays  = 40
	manyWays     = 12
	manyPipeline = 64
)

// Result is what Analyze finds.
type Result struct {
	Pipelines []finding.Pipeline
	// People is how many people count by name; those behind roles whose people
	// the estate does not name are not among them.
	People int
	// Principals is how many users and roles the estate has.
	Principals int
	// Assumptions are what the numbers take for granted, sentences without a full stop.
	Assumptions []string
	// BreakGlass are the principals left out of the count.
	BreakGlass []string
}

// Analyze works out for each pipeline of an estate how many people it takes to
// change production, and by which ways the smallest coalitions do. The estate
// must not change meanwhile. The same estate gives the same result.
func Analyze(est *estate.Estate, opts Options) Result {
	e := newEngine(est)
	p := e.people
	r := Result{Principals: len(est.Users) + len(est.Roles), BreakGlass: p.breakGlass}
	for i := range p.list {
		if len(p.list[i].entry) > 0 || p.list[i].listed {
			r.People++
		}
	}
	var wanted []int
	for i, l := range e.lines {
		if opts.Pipeline == "" || glob(opts.Pipeline, l.p.Name) || glob(opts.Pipeline, l.shown()) {
			wanted = append(wanted, i)
		}
	}
	if opts.MaxWays <= 0 {
		opts.MaxWays = defaultWays
		if len(wanted) > manyPipeline {
			opts.MaxWays = manyWays
		}
	}
	r.Pipelines = e.analyzeAll(wanted, opts)
	r.Assumptions = e.assumptions(r.Pipelines)
	return r
}

// fork returns an engine that shares with e what is read of the estate, and
// works out the rest by itself, so that both can be used at the same time.
func (e *engine) fork() *engine {
	f := &engine{
		est: e.est, lines: e.lines, carriers: maps.Clone(e.carriers), openings: e.openings, openedBy: e.openedBy, openedAt: e.openedAt,
		people: e.people, entered: e.entered,
		ids: map[fact]factID{}, cited: map[*step][]reason{}, mendings: map[ruleID]*mending{}, examples: map[string][]frame{},
	}
	w := *e.w
	w.own, w.altered, w.asked = map[string]*pool{}, map[string]*pool{}, map[string][]hit{}
	f.w = &w
	return f
}

// pipelinesPerWorker is how many pipelines are worth an engine of their own.
const pipelinesPerWorker = 64

// analyzeAll analyzes pipelines, many of them side by side.
func (e *engine) analyzeAll(wanted []int, opts Options) []finding.Pipeline {
	out := make([]finding.Pipeline, len(wanted))
	workers := max(1, min(runtime.GOMAXPROCS(0), len(wanted)/pipelinesPerWorker))
	each := (len(wanted) + workers - 1) / workers
	forks := make([]*engine, workers)
	for n := 1; n < workers; n++ {
		forks[n] = e.fork()
	}
	var wait sync.WaitGroup
	for n := range workers {
		from, to := n*each, min((n+1)*each, len(wanted))
		wait.Go(func() {
			mine := e
			if n > 0 {
				mine = forks[n]
			}
			for i := from; i < to; i++ {
				out[i] = mine.analyze(mine.lines[wanted[i]], opts)
			}
		})
	}
	wait.Wait()
	return out
}

// newEngine readies an estate for questions about any of its pipelines.
func newEngine(est *estate.Estate) *engine {
	e := &engine{w: newWorld(est), est: est, ids: map[fact]factID{}, entered: map[int]bool{}, cited: map[*step][]reason{}, mendings: map[ruleID]*mending{},
		examples: map[string][]frame{}, openedBy: map[int][]int{}, openedAt: map[place][]int{}}
	for _, p := range est.Pipelines {
		e.lines = append(e.lines, e.w.newLine(p, len(e.lines)))
	}
	for _, l := range e.lines {
		e.findReach(l)
	}
	e.findCarriers()
	e.people = e.findPeople()
	e.findUnshown()
	for n := range e.openings {
		o := &e.openings[n]
		if o.actor != nobody {
			e.openedBy[o.actor] = append(e.openedBy[o.actor], n)
		} else {
			e.openedAt[place{o.line, o.act}] = append(e.openedAt[place{o.line, o.act}], n)
		}
	}
	return e
}

func (e *engine) analyze(l *line, opts Options) finding.Pipeline {
	out := e.describe(l)
	if len(l.production) == 0 {
		out.Unknown = l.why
		return out
	}
	v := e.search(e.people, l)
	out.PeopleToProduction = v.number
	out.Unknown = e.unknowns(l, v)
	out.Ways = e.ways(l, v, opts)
	return out
}

// assumptions says what every number takes for granted.
func (e *engine) assumptions(pipelines []finding.Pipeline) []string {
	var out []string
	var templated []string
	for _, a := range e.est.Accounts {
		if a.FromTemplates {
			templated = append(templated, e.accountName(a.ID))
		}
	}
	if len(templated) > 0 {
		out = append(out, "the administrators of "+listed(templated)+" are left out of the count: templates do not show who they are")
	}
	if len(e.people.breakGlass) > 0 {
		out = append(out, "break-glass principals are left out of the count: "+strings.Join(e.people.breakGlass, ", "))
	}
	if slices.ContainsFunc(pipelines, func(p finding.Pipeline) bool { return p.Inferred && len(p.Production) > 0 }) {
		out = append(out, "no account is marked as production, so that it was taken to be where pipelines deploy after their last approval")
	}
	if len(pipelines) > 0 {
		out = append(out,
			"a run that nobody has tampered with is approved sooner or later by those who may",
			"checks and stage conditions that no person answers never stop a run",
			"a person can satisfy MFA and be on any network that a condition asks for; a way that needs it says so",
			"nothing but an IAM user, an Identity Center user or an entry under people keeps two identities apart")
	}
	return out
}

// listed joins names as a sentence does.
func listed(names []string) string {
	switch n := len(names); {
	case n == 0:
		return ""
	case n == 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// unknowns says why the number may be too high: principals within reach whose
// policies are not known, and techniques that are not followed.
func (e *engine) unknowns(l *line, v verdict) string {
	var why []string
	if l.p.Incomplete != "" {
		why = append(why, "the pipeline's structure could not be read in full: "+l.p.Incomplete)
	}
	if v.number > 1 {
		why = append(why, e.missing(l, v)...)
		why = append(why, e.watch(v)...)
	}
	if len(why) == 0 {
		return ""
	}
	if v.number == 1 {
		return strings.Join(why, "; ")
	}
	return "the number is an upper bound: " + strings.Join(why, "; ")
}

// missing lists the roles on the way to production that the estate does not define.
func (e *engine) missing(l *line, v verdict) []string {
	var names []string
	for _, id := range v.cone.facts {
		f := e.facts[id]
		if f.kind != factIs && f.kind != factThrough {
			continue
		}
		if r := e.w.actors[f.a].role; r != nil && (r.Missing || r.TrustUnknown != "") {
			names = add(names, r.ARN)
		}
	}
	for i := range l.acts {
		a := &l.acts[i]
		for _, actor := range []int{a.role, a.deploys} {
			if actor == nobody {
				continue
			}
			if r := e.w.actors[actor].role; r != nil && (r.Missing || r.TrustUnknown != "") {
				names = add(names, r.ARN)
			}
		}
		if a.project != nil && a.project.Missing {
			names = add(names, a.project.ARN)
		}
		if a.function != nil && a.function.Missing {
			names = add(names, a.function.ARN)
		}
	}
	for i := range l.p.Stores {
		names = e.undefined(names, l.p.Stores[i].Bucket)
	}
	for i := range l.acts {
		if a := &l.acts[i]; a.Category == "Source" && a.Provider == "S3" {
			names = e.undefined(names, a.ConfigText("S3Bucket"))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{"nothing in the estate defines " + listed(names)}
}

// undefined adds a bucket to names where nothing defines its policy.
func (e *engine) undefined(names []string, bucket string) []string {
	if b := e.est.Bucket(bucket); b == nil || b.Missing && (b.Policy == nil || b.Policy.Doc == nil) {
		return add(names, "arn:aws:s3:::"+estate.Show(bucket))
	}
	return names
}

// watch lists the techniques that are not followed and that somebody who counts
// holds the permissions of.
func (e *engine) watch(v verdict) []string {
	var ids []string
	accounts := map[string]bool{}
	for i := range v.cone.line.acts {
		accounts[v.cone.line.acts[i].account] = true
	}
	accounts[v.cone.line.p.Account] = true
	names := make([]string, 0, len(accounts))
	for a := range accounts {
		names = append(names, a)
	}
	slices.Sort(names)
	for i := range table {
		t := &table[i]
		if t.Followed || !t.Watched {
			continue
		}
		if who := e.holder(t, names, v.cone.line); who != "" {
			ids = append(ids, who+" may use "+t.ID+" ("+strings.ToLower(t.Title[:1])+t.Title[1:]+")")
		}
	}
	return ids
}

// holder returns somebody's actor that holds the permissions of a row in one of
// the accounts, or "".
func (e *engine) holder(t *Technique, accounts []string, l *line) string {
	for _, account := range accounts {
		f := l.frame()
		f["account"] = account
		delete(f, "region")
		for _, needs := range t.Needs {
			hits := e.w.who(needs, f)
			slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(e.w.actors[a.actor].arn, e.w.actors[b.actor].arn) })
			for _, h := range hits {
				if h.mods == (mods{}) && e.entered[h.actor] {
					return short(e.w.actors[h.actor].arn)
				}
			}
		}
	}
	return ""
}
