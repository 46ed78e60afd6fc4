package iam

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// actionMatcher is a compiled Action or NotAction list.
type actionMatcher struct {
	any      bool
	not      bool
	exact    []exactAction // sorted by hash
	patterns []actionPattern
}

type exactAction struct {
	hash uint64
	text string // "s3:getobject"
}

// actionPattern is one action with wildcards. Where service is empty, pattern
// covers the whole action.
type actionPattern struct {
	service string
	hash    uint64 // of service
	prefix  string // of everything that pattern matches
	pattern arn.Pattern
	reason  string // why it has holes
	pos     policy.Pos
}

// compileActions compiles the actions of a statement. lenient is true where a
// string that is no action at all must count as a match, so that a Deny is not
// lost by it.
func compileActions(s *policy.Statement, deny bool) actionMatcher {
	m := actionMatcher{not: s.NotAction}
	for _, t := range s.Actions {
		m.add(t, deny != s.NotAction)
	}
	slices.SortFunc(m.exact, func(a, b exactAction) int {
		switch {
		case a.hash < b.hash:
			return -1
		case a.hash > b.hash:
			return 1
		}
		return 0
	})
	return m
}

func (m *actionMatcher) add(t policy.Text, lenient bool) {
	text := strings.ToLower(t.Value)
	service, name, colon := strings.Cut(text, ":")
	switch {
	case strings.ContainsAny(text, " \t\r\n,"):
		// IAM stores such a string, and it matches nothing.
	case strings.Contains(text, policy.Hole):
		p := actionPattern{pattern: arn.CompilePattern(text), reason: t.Reason, pos: t.Pos}
		if colon && !strings.ContainsAny(service, "*?"+policy.Hole) {
			p.service, p.pattern = service, arn.CompilePattern(name)
		}
		m.addPattern(p)
	case onlyStars(text), colon && onlyStars(service) && onlyStars(name):
		m.any = true
	case !colon || service == "" || name == "" || strings.ContainsAny(service, "*?"):
		m.any = m.any || lenient
	case strings.ContainsAny(name, "*?"):
		m.addPattern(actionPattern{service: service, pattern: arn.CompilePattern(name), pos: t.Pos})
	default:
		m.exact = append(m.exact, exactAction{condition.Hash(text), text})
	}
}

func (m *actionMatcher) addPattern(p actionPattern) {
	p.hash, p.prefix = condition.Hash(p.service), p.pattern.Prefix()
	m.patterns = append(m.patterns, p)
}

func onlyStars(s string) bool { return s != "" && strings.Trim(s, "*") == "" }

// services returns the services whose actions m may match; all is true where
// that is not a finite list.
func (m *actionMatcher) services() (list []string, all bool) {
	if m.any || m.not {
		return nil, true
	}
	for _, a := range m.exact {
		service, _, _ := strings.Cut(a.text, ":")
		list = append(list, service)
	}
	for i := range m.patterns {
		if m.patterns[i].service == "" {
			return nil, true
		}
		list = append(list, m.patterns[i].service)
	}
	return list, false
}

func (m *actionMatcher) match(r *compiledRequest) arn.Verdict {
	v := arn.No
	if m.any || len(m.exact) > 0 && m.matchExact(r) {
		v = arn.Yes
	} else {
		for i := range m.patterns {
			p := &m.patterns[i]
			if p.service != "" && (p.hash != r.serviceHash || !strings.HasPrefix(r.name, p.prefix)) {
				continue
			}
			if v = max(v, p.match(r)); v == arn.Yes {
				break
			}
		}
	}
	if m.not {
		return v.Not()
	}
	return v
}

func (m *actionMatcher) matchExact(r *compiledRequest) bool {
	list := m.exact
	if len(list) > 8 {
		lo, hi := 0, len(list)
		for lo < hi {
			if mid := (lo + hi) / 2; list[mid].hash < r.actionHash {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		list = list[lo:]
	}
	for i := range list {
		if list[i].hash == r.actionHash && list[i].text == r.action {
			return true
		}
		if list[i].hash > r.actionHash {
			return false
		}
	}
	return false
}

func (p *actionPattern) match(r *compiledRequest) arn.Verdict {
	if p.service == "" {
		return p.pattern.Match(r.action)
	}
	if p.service != r.service {
		return arn.No
	}
	return p.pattern.Match(r.name)
}
