package iam

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// NamedDoc is a policy document with the name under which reasons cite it.
type NamedDoc struct {
	Name string
	Doc  *policy.Document
	// Unknown says why the document could not be read; Doc is then nil, and the
	// policy counts as one that may allow and may deny anything.
	Unknown string
	Pos     policy.Pos // of the document where Unknown is set
}

// Set is a compiled set of policies of one side. It is immutable and safe for
// concurrent use.
type Set struct {
	side       Side
	statements []statement
	// buckets hold, for each service that a statement names, the statements that
	// may match its actions; every are those that may match any service.
	buckets []bucket
	every   []candidate
}

type bucket struct {
	hash       uint64
	service    string
	candidates []candidate
}

// candidate is a statement that may match the actions of one service, with what
// it takes to match most of them.
type candidate struct {
	*statement
	whole    bool     // every action of the service
	prefixes []string // every action whose name begins with one of them
	rest     bool     // others too: ask the statement's actions
}

// statement is a compiled statement.
type statement struct {
	// allow and deny are the most that the statement can do as either.
	allow, deny arn.Verdict
	// force: a Deny that cannot be understood in part applies wherever the rest
	// of it may.
	force bool
	// closed: what cannot be understood counts as a match, so that no Deny is lost.
	closed     bool
	actions    actionMatcher
	resources  resourceMatcher
	allThings  bool // no resource element to match
	principals *principalMatcher
	conditions condition.Program
	policy     string
	source     *policy.Statement
}

// Compile compiles one document.
func Compile(name string, side Side, doc *policy.Document) *Set {
	return NewSet(side, NamedDoc{Name: name, Doc: doc})
}

// NewSet compiles several documents of one side into one Set, in which their
// statements count as if they stood in one policy. It never fails: what cannot be
// understood denies where it may and allows nothing (see policy.Statement.Broken).
//
// The side decides what a statement must have: Resource and no Principal in
// identity, boundary, session and service control policies; Principal "*" in
// resource control policies; a Principal in the policies of resources, without
// which a statement never matches; a Resource in key policies, without which it
// has no effect.
//
// A Set without documents allows nothing, unlike a nil *Set in Policies.
func NewSet(side Side, docs ...NamedDoc) *Set {
	s := &Set{side: side}
	for i := range docs {
		d := &docs[i]
		switch {
		case d.Unknown != "":
			s.add(d.Name, policy.Version2012, &policy.Statement{Unknown: d.Unknown, Pos: d.Pos})
		case d.Doc != nil:
			for j := range d.Doc.Statements {
				s.add(d.Name, d.Doc.Version, &d.Doc.Statements[j])
			}
		}
	}
	s.index()
	return s
}

// NewRCPLevel compiles the resource control policies attached to one level of an
// organization, to which it adds RCPFullAWSAccess: AWS attaches it everywhere and
// lets nobody detach it.
func NewRCPLevel(docs ...NamedDoc) *Set {
	full := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect:     policy.EffectAllow,
		Principals: &policy.Principals{List: []policy.Principal{{Type: policy.TypeAny, Text: policy.Text{Value: "*"}}}},
		Actions:    []policy.Text{{Value: "*"}},
		Resources:  []policy.Text{{Value: "*"}}, HasResource: true,
	}}}
	return NewSet(SideRCP, append([]NamedDoc{{Name: "RCPFullAWSAccess", Doc: full}}, docs...)...)
}

// Side returns the side for which the set was compiled.
func (s *Set) Side() Side { return s.side }

// Len returns the number of statements.
func (s *Set) Len() int { return len(s.statements) }

func (s *Set) hasPrincipals() bool {
	switch s.side {
	case SideResource, SideTrust, SideKey, SideRCP:
		return true
	}
	return false
}

func (s *Set) add(name, version string, src *policy.Statement) {
	// Where the effect is not known, the reading by which more applies is taken.
	deny := src.Effect != policy.EffectAllow
	variables := version == policy.Version2012
	st := statement{policy: name, source: src, closed: deny}
	broken := src.Broken
	if broken == "" && src.Unknown == "" {
		broken = s.misplaced(src)
	}
	switch {
	case src.Effect == policy.EffectAllow && broken == "":
		st.allow = arn.Yes
	case src.Effect == policy.EffectDeny:
		st.deny = arn.Yes
		st.force = broken != ""
	case src.Effect == policy.EffectUnknown && broken != "":
		st.deny = arn.Maybe
	case src.Effect == policy.EffectUnknown:
		st.allow, st.deny = arn.Maybe, arn.Maybe
	}
	if src.Unknown != "" {
		st.allow, st.deny = min(st.allow, arn.Maybe), min(st.deny, arn.Maybe)
	}
	if st.allow == arn.No && st.deny == arn.No {
		return
	}
	loose := broken != "" || src.Unknown != ""
	st.actions = compileActions(src, deny)
	if loose && (len(src.Actions) == 0 || broken != "" && src.NotAction) {
		st.actions = actionMatcher{any: true}
	}
	st.resources = compileResources(src, s.side, variables, deny)
	switch {
	case loose && (!src.HasResource || len(src.Resources) == 0 || broken != "" && src.NotResource):
		st.allThings = true
	case !src.HasResource && s.side == SideKey:
		return // no effect, as AWS documents
	case !src.HasResource:
		st.allThings = true
	}
	if s.hasPrincipals() && s.side != SideRCP {
		switch {
		case loose && (src.Principals == nil || len(src.Principals.List) == 0 || broken != "" && src.Principals.Not):
		case src.Principals == nil:
			return // names nobody, matches nobody
		default:
			st.principals = compilePrincipals(src.Principals)
		}
	}
	if !st.force {
		st.conditions = condition.Compile(src.Conditions, condition.Options{Variables: variables, Deny: deny})
	}
	s.statements = append(s.statements, st)
}

// misplaced says what a statement has, or lacks, that its side forbids or demands.
// AWS refuses to store such a policy.
func (s *Set) misplaced(src *policy.Statement) string {
	switch s.side {
	case SideResource, SideTrust, SideKey:
		return ""
	case SideRCP:
		if p := src.Principals; p == nil || p.Not || len(p.List) != 1 || !everyone(p.List[0]) {
			return `a resource control policy needs Principal "*"`
		}
	default:
		if src.Principals != nil {
			return "the policy may not have a Principal"
		}
	}
	if !src.HasResource {
		return "the policy needs a Resource"
	}
	return ""
}

func everyone(p policy.Principal) bool {
	return p.Value == "*" && (p.Type == policy.TypeAny || p.Type == policy.TypeAWS)
}

func (s *Set) index() {
	var services []string
	all := make([]bool, len(s.statements))
	lists := make([][]string, len(s.statements))
	for i := range s.statements {
		lists[i], all[i] = s.statements[i].actions.services()
		services = append(services, lists[i]...)
		if all[i] {
			s.every = append(s.every, s.statements[i].candidate(""))
		}
	}
	slices.Sort(services)
	services = slices.Compact(services)
	for _, service := range services {
		b := bucket{hash: condition.Hash(service), service: service}
		for i := range s.statements {
			if all[i] || slices.Contains(lists[i], service) {
				b.candidates = append(b.candidates, s.statements[i].candidate(service))
			}
		}
		s.buckets = append(s.buckets, b)
	}
	slices.SortFunc(s.buckets, func(a, b bucket) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
}

// candidate readies the statement for the actions of service, or of services that
// no statement of the set names.
func (st *statement) candidate(service string) candidate {
	c := candidate{statement: st}
	if st.actions.not {
		c.rest = true
		return c
	}
	c.whole = st.actions.any
	c.rest = len(st.actions.exact) > 0
	for i := range st.actions.patterns {
		switch p := &st.actions.patterns[i]; {
		case p.service != "" && p.service != service:
		case p.service == "" || !p.pattern.PrefixOnly():
			c.rest = true
		case p.prefix == "":
			c.whole = true
		default:
			c.prefixes = append(c.prefixes, p.prefix)
		}
	}
	return c
}

// candidates returns the statements that may match an action of a service.
func (s *Set) candidates(hash uint64, service string) []candidate {
	list := s.buckets
	if len(list) > 8 {
		lo, hi := 0, len(list)
		for lo < hi {
			if mid := (lo + hi) / 2; list[mid].hash < hash {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		list = list[lo:]
	}
	for i := range list {
		if list[i].hash == hash && list[i].service == service {
			return list[i].candidates
		}
		if list[i].hash > hash {
			break
		}
	}
	return s.every
}

// broken says why the statement does not mean what it says, or nothing.
func (st *statement) broken() string {
	var parts []string
	if st.source.Broken != "" {
		parts = append(parts, st.source.Broken)
	}
	for i := range st.conditions {
		if b := st.conditions[i].Broken(); b != "" {
			parts = append(parts, b)
		}
	}
	return strings.Join(parts, "; ")
}
