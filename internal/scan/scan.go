// Package scan puts a scan together: it loads an estate, has the domain rooms
// look at it under every assignment of the template conditions that nobody
// decided, and makes one result of what they say.
package scan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

// Schema is the schema of a scan's JSON.
const Schema = "twokey.scan/v1"

// Loader reads an estate; see cli.Env.
type Loader func(ctx context.Context, path string, o estate.LoadOptions) (*estate.Loaded, error)

// Options say what to look for. The zero value looks for everything.
type Options struct {
	// Rules are the ids or names of the hardening rules to apply; empty means all.
	Rules []string
	// WaysOnly leaves the hardening rules out.
	WaysOnly bool
	// Pipeline, where set, is the name of the only pipeline to look at, and Person
	// the only person whose ways are told.
	Pipeline, Person string
	// Today decides which ignores have expired.
	Today time.Time
	// Baseline, where set, holds what is accepted.
	Baseline *finding.Baseline
	// Progress is told what is being done; nil means nobody asks.
	Progress func(step string)
}

// Result is what a scan came to.
type Result struct {
	Scan *finding.Scan
	// Baselined is how many findings and ways the baseline covered.
	Baselined int
	// Problems are what is wrong with the input.
	Problems []estate.Problem
}

// Run loads the estate at path and scans it.
func Run(ctx context.Context, load Loader, path string, o Options) (*Result, error) {
	tell := o.Progress
	if tell == nil {
		tell = func(string) {}
	}
	tell("reading " + path)
	base, err := load(ctx, path, estate.LoadOptions{})
	if err != nil {
		return nil, err
	}
	states, err := variants(ctx, load, path, base, o, tell)
	if err != nil {
		return nil, err
	}
	s := merge(states)
	if !base.Complete && len(base.Assignments) > 0 {
		s.Coverage.Unknown = append(s.Coverage.Unknown, finding.Unknown{
			What: "template conditions", Why: fmt.Sprintf("they have more than %d assignments together; give the parameters in twokey.yaml", len(base.Assignments)),
		})
	}
	if !o.WaysOnly {
		s.Findings = finding.Suppress(s.Findings, relevant(base.Config.Ignores, o.Rules), o.Today)
	}
	finding.Sort(s.Findings)
	r := &Result{Scan: s, Problems: base.Estate.Problems}
	if o.Baseline != nil {
		r.Baselined = o.Baseline.Apply(s)
	}
	return r, nil
}

// relevant leaves out the ignores of rules that did not run: that they cover
// nothing says nothing.
func relevant(ignores []finding.Ignore, rules []string) []finding.Ignore {
	if len(rules) == 0 {
		return ignores
	}
	return slices.DeleteFunc(slices.Clone(ignores), func(ig finding.Ignore) bool {
		return !slices.ContainsFunc(ig.Rules, func(id string) bool { return wanted(id, rules) })
	})
}

func wanted(id string, rules []string) bool {
	r, known := harden.RuleByID(id)
	return slices.ContainsFunc(rules, func(w string) bool {
		return strings.EqualFold(w, id) || known && (strings.EqualFold(w, r.ID) || strings.EqualFold(w, r.Name))
	})
}

// state is the analysis of the estate under one assignment of its open conditions.
type state struct {
	conditions map[string]map[string]bool // stack → condition → value
	scan       *finding.Scan
}

// variants analyses the estate under every assignment of its open conditions. An
// estate without open conditions has one. Where some assignments are left out
// the estate with the conditions left open is analysed too, so that what they
// hide is at least unknown.
func variants(ctx context.Context, load Loader, path string, base *estate.Loaded, o Options, tell func(string)) ([]state, error) {
	if len(base.Assignments) == 0 || !base.Complete {
		states := []state{{scan: analyse(base.Estate, o, tell)}}
		if len(base.Assignments) == 0 {
			return states, nil
		}
		more, err := forced(ctx, load, path, base, o, tell)
		return append(states, more...), err
	}
	return forced(ctx, load, path, base, o, tell)
}

func forced(ctx context.Context, load Loader, path string, base *estate.Loaded, o Options, tell func(string)) ([]state, error) {
	var states []state
	for i, conditions := range base.Assignments {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tell(fmt.Sprintf("template conditions, assignment %d of %d", i+1, len(base.Assignments)))
		loaded, err := load(ctx, path, estate.LoadOptions{Conditions: conditions})
		if err != nil {
			return nil, err
		}
		states = append(states, state{conditions, analyse(loaded.Estate, o, tell)})
	}
	return states, nil
}

// analyse has the domain rooms look at one estate.
func analyse(e *estate.Estate, o Options, tell func(string)) *finding.Scan {
	tell("looking for ways to production")
	ways := reach.Analyze(e, reach.Options{Pipeline: o.Pipeline, Person: o.Person})
	s := &finding.Scan{
		Schema: Schema,
		Estate: finding.Counts{
			Accounts: len(e.Accounts), Principals: ways.Principals, Pipelines: len(e.Pipelines), People: ways.People,
		},
		Pipelines: ways.Pipelines, Findings: []finding.Finding{}, Accounts: accounts(e),
		Assumptions: append(slices.Clone(e.Assumptions), ways.Assumptions...),
		Coverage:    coverage(e),
	}
	if o.WaysOnly {
		return s
	}
	tell("applying rules")
	rules := harden.Run(e, harden.Options{Rules: o.Rules})
	s.Findings = append(s.Findings, rules.Findings...)
	s.Coverage.Unknown = append(s.Coverage.Unknown, rules.Unseen...)
	if len(rules.NotApplied) > 0 {
		s.Assumptions = append(s.Assumptions, "nothing is said of "+strings.Join(rules.NotApplied, ", ")+": these rules need a live account or a snapshot, and this estate comes from templates")
	}
	return s
}

func accounts(e *estate.Estate) []finding.Account {
	out := make([]finding.Account, len(e.Accounts))
	for i, a := range e.Accounts {
		out[i] = finding.Account{ID: a.ID, Name: a.Name, Production: a.Production}
	}
	return out
}

// coverage says what was read and what was not understood.
func coverage(e *estate.Estate) finding.Coverage {
	c := finding.Coverage{Read: []string{}, Unknown: []finding.Unknown{}, Denied: []finding.Unknown{}, Unmodelled: map[string]int{}}
	seen := map[string]bool{}
	for _, s := range e.Read {
		if !seen[s.Name] {
			seen[s.Name] = true
			c.Read = append(c.Read, s.Name)
		}
	}
	for _, u := range e.Unknowns {
		c.Unknown = append(c.Unknown, finding.Unknown{What: estate.Show(u.What), Why: estate.Show(u.Why), Location: location(u.Pos)})
	}
	for _, m := range e.Unmodelled {
		c.Unmodelled[m.Type]++
	}
	return c
}

func location(p policy.Pos) finding.Location {
	if p.Line == 0 && strings.HasPrefix(p.File, "arn:") {
		return finding.Location{ARN: p.File}
	}
	return finding.Location{File: p.File, Line: p.Line, Column: p.Column}
}

// assignment writes an assignment for people: "UseVPC=true, …". A condition whose
// name several stacks have is written with its stack: "net: UseVPC=true".
func assignment(conditions map[string]map[string]bool, several map[string][]string) string {
	var parts []string
	for _, stack := range slices.Sorted(maps.Keys(conditions)) {
		for _, name := range slices.Sorted(maps.Keys(conditions[stack])) {
			text := fmt.Sprintf("%s=%t", name, conditions[stack][name])
			if in := several[name]; len(in) > 1 {
				text = called(stack, in) + ": " + text
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// called is what tells a stack, "ACCOUNT/NAME", from others: its name, or the
// whole where another of them has the same name.
func called(stack string, all []string) string {
	name := stack[strings.IndexByte(stack, '/')+1:]
	for _, other := range all {
		if other != stack && strings.HasSuffix(other, "/"+name) {
			return stack
		}
	}
	return name
}

// stacksOf returns the stacks that have a condition of each name.
func stacksOf(states []state) map[string][]string {
	out := map[string][]string{}
	for _, s := range states {
		for stack, conditions := range s.conditions {
			for name := range conditions {
				if !slices.Contains(out[name], stack) {
					out[name] = append(out[name], stack)
				}
			}
		}
	}
	return out
}
