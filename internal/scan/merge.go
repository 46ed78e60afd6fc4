package scan

import (
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
)

// merge makes one scan of the analyses of several states: a finding that holds
// in some of them only says which condition it needs; a pipeline is told in the
// state in which fewest people change production.
func merge(states []state) *finding.Scan {
	out := states[0].scan
	if len(states) == 1 {
		return out
	}
	out.Findings = mergeFindings(states)
	for i := range out.Pipelines {
		out.Pipelines[i] = worst(states, out.Pipelines[i].ARN)
	}
	for _, s := range states[1:] {
		for _, p := range s.scan.Pipelines {
			if !slices.ContainsFunc(out.Pipelines, func(q finding.Pipeline) bool { return q.ARN == p.ARN }) {
				out.Pipelines = append(out.Pipelines, worst(states, p.ARN))
			}
		}
		for _, a := range s.scan.Assumptions {
			if !slices.Contains(out.Assumptions, a) {
				out.Assumptions = append(out.Assumptions, a)
			}
		}
		for _, u := range s.scan.Coverage.Unknown {
			if !slices.Contains(out.Coverage.Unknown, u) {
				out.Coverage.Unknown = append(out.Coverage.Unknown, u)
			}
		}
		out.Estate.Principals = max(out.Estate.Principals, s.scan.Estate.Principals)
		out.Estate.Accounts = max(out.Estate.Accounts, s.scan.Estate.Accounts)
	}
	out.Estate.Pipelines = max(out.Estate.Pipelines, len(out.Pipelines))
	return out
}

// subjectKey is what a finding is about: what a rule says of a subject in one
// state is the same as what it says of it in another, whatever the evidence. Where
// it says several things of one, they are told apart by their order.
type subjectKey struct {
	rule    string
	subject finding.Subject
	nth     int
}

func mergeFindings(states []state) []finding.Finding {
	type group struct {
		finding finding.Finding
		in      []int
	}
	groups := map[subjectKey]*group{}
	var order []subjectKey
	for i, s := range states {
		said := map[subjectKey]int{}
		for _, f := range s.scan.Findings {
			key := subjectKey{rule: f.Rule, subject: f.Subject}
			key.nth = said[key]
			said[subjectKey{rule: f.Rule, subject: f.Subject}]++
			g := groups[key]
			if g == nil {
				g = &group{finding: f}
				groups[key] = g
				order = append(order, key)
			}
			switch {
			case weight(f) > weight(g.finding):
				g.finding, g.in = f, []int{i}
			case weight(f) == weight(g.finding) && !slices.Contains(g.in, i):
				g.in = append(g.in, i)
			}
		}
	}
	out := make([]finding.Finding, 0, len(order))
	for _, key := range order {
		g := groups[key]
		if len(g.in) < len(states) {
			g.finding.Needs = needs(states, g.in)
		}
		out = append(out, g.finding)
	}
	return out
}

// weight orders what one rule says of one subject in several states: what fails
// over what is unknown, and the worse over the less bad.
func weight(f finding.Finding) int {
	w := len(finding.Severities()) - slices.Index(finding.Severities(), f.Severity)
	switch f.Status {
	case finding.StatusFail:
		return 200 + w
	case finding.StatusUnknown:
		return 100 + w
	}
	return w
}

// needs says under which conditions something holds that holds in the given
// states: the one condition that sets them apart where there is one, else the
// assignments themselves.
func needs(states []state, in []int) string {
	first, several := states[in[0]].conditions, stacksOf(states)
	for _, stack := range slices.Sorted(maps.Keys(first)) {
		for _, name := range slices.Sorted(maps.Keys(first[stack])) {
			if apart(states, in, stack, name) {
				return assignment(map[string]map[string]bool{stack: {name: first[stack][name]}}, several)
			}
		}
	}
	var parts []string
	for _, i := range in {
		if text := assignment(states[i].conditions, several); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; or ")
}

// apart reports whether one condition has one value in the states of in, and the
// other in all others.
func apart(states []state, in []int, stack, name string) bool {
	value, ok := states[in[0]].conditions[stack][name]
	if !ok {
		return false
	}
	for i, s := range states {
		v, ok := s.conditions[stack][name]
		if !ok || (v == value) != slices.Contains(in, i) {
			return false
		}
	}
	return true
}

// worst returns what is said of a pipeline in the state in which the fewest
// people change production; an unknown number is worse than two or more, for it
// may hide a one.
func worst(states []state, arn string) finding.Pipeline {
	rank := func(p finding.Pipeline) int {
		if p.PeopleToProduction == 0 {
			return 15
		}
		return p.PeopleToProduction * 10
	}
	var best *finding.Pipeline
	var in []int
	for i, s := range states {
		for j := range s.scan.Pipelines {
			p := &s.scan.Pipelines[j]
			if p.ARN != arn {
				continue
			}
			switch {
			case best == nil || rank(*p) < rank(*best):
				best, in = p, []int{i}
			case rank(*p) == rank(*best):
				in = append(in, i)
			}
		}
	}
	out := *best
	if len(in) < len(states) {
		if text := needs(states, in); text != "" {
			out.Ways = slices.Clone(out.Ways)
			for i := range out.Ways {
				out.Ways[i].Assumes = append(slices.Clone(out.Ways[i].Assumes), "where "+text)
			}
		}
	}
	return out
}
