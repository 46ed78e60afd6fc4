package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Ignore is a wish, written down by somebody, that a rule stay quiet somewhere.
type Ignore struct {
	// Kind is comment, metadata or config.
	Kind   string
	Rules  []string // rule ids ("CP-203") or names; never empty
	Reason string
	// Until is the last day (YYYY-MM-DD) on which the ignore counts; empty means
	// for ever.
	Until    string
	Location Location
	// A comment covers the lines FromLine to ToLine of its file: the value it
	// stands above or beside.
	FromLine, ToLine int
	// Metadata covers one resource, by stack and logical id.
	Stack, LogicalID string
}

// Rules about ignores themselves.
const (
	RuleIgnoreNoReason = "TK-001"
	RuleIgnoreUnused   = "TK-002"
	RuleIgnoreExpired  = "TK-003"
	RuleIgnoreBadDate  = "TK-004"
)

// Suppress marks the findings that an ignore covers and appends what is to be
// said of the ignores themselves: one without a reason or with an unreadable
// date does not count and is a finding; one that has expired, or that covers
// nothing, is noted. today decides what has expired. It never removes a finding.
func Suppress(fs []Finding, ignores []Ignore, today time.Time) []Finding {
	out := slices.Clone(fs)
	var notes []Finding
	for _, ig := range ignores {
		what := fmt.Sprintf("ignore of %s", strings.Join(ig.Rules, ", "))
		if strings.TrimSpace(ig.Reason) == "" {
			notes = append(notes, ignoreNote(ig, RuleIgnoreNoReason, "ignore-without-reason", Low, StatusFail,
				what+" gives no reason, so it does not count", "say why: reason=…"))
			continue
		}
		expired, err := ig.expired(today)
		if err != nil {
			notes = append(notes, ignoreNote(ig, RuleIgnoreBadDate, "ignore-date-unreadable", Low, StatusFail,
				fmt.Sprintf("%s has until=%q, which is not a day, so it does not count", what, ig.Until), "write the day as YYYY-MM-DD"))
			continue
		}
		used := false
		for i := range out {
			if !ig.covers(&out[i]) {
				continue
			}
			used = true
			if !expired && out[i].Suppressed == nil {
				out[i].Suppressed = &Suppression{Kind: ig.Kind, Reason: ig.Reason, Until: ig.Until, Location: ig.Location}
			}
		}
		switch {
		case expired && used:
			notes = append(notes, ignoreNote(ig, RuleIgnoreExpired, "ignore-expired", Info, StatusInfo,
				fmt.Sprintf("%s expired on %s: what it covered counts again", what, ig.Until), "mend the finding, or renew the date with a reason"))
		case !used:
			notes = append(notes, ignoreNote(ig, RuleIgnoreUnused, "ignore-unused", Info, StatusInfo,
				what+" covers nothing", "take it out"))
		}
	}
	return append(out, notes...)
}

func (ig *Ignore) expired(today time.Time) (bool, error) {
	if ig.Until == "" {
		return false, nil
	}
	last, err := time.Parse(time.DateOnly, ig.Until)
	if err != nil {
		return false, err
	}
	return !today.Before(last.AddDate(0, 0, 1)), nil
}

func (ig *Ignore) covers(f *Finding) bool {
	named := slices.ContainsFunc(ig.Rules, func(r string) bool {
		return strings.EqualFold(r, f.Rule) || strings.EqualFold(r, f.Name)
	})
	if !named {
		return false
	}
	switch ig.Kind {
	case "comment":
		if ig.spans(f.Location) {
			return true
		}
		return slices.ContainsFunc(f.Related, func(s Span) bool { return ig.spans(s.Location) })
	case "metadata":
		return f.Subject.Stack == ig.Stack && f.Subject.ID == ig.LogicalID
	}
	return true
}

func (ig *Ignore) spans(l Location) bool {
	return l.File == ig.Location.File && l.Line >= ig.FromLine && l.Line <= ig.ToLine
}

func ignoreNote(ig Ignore, rule, name string, sev Severity, st Status, message, mend string) Finding {
	return Finding{
		Rule: rule, Name: name, Severity: sev, Confidence: "high", Status: st,
		Subject:  Subject{Type: "ignore", ID: strings.Join(ig.Rules, ",")},
		Location: ig.Location, Related: []Span{}, Message: message, Remediation: mend, Controls: []string{},
		Fingerprint: Fingerprint(rule, Subject{Type: "ignore", ID: strings.Join(ig.Rules, ",")}, ig.Location.File, ig.Reason),
	}
}

// ParseIgnoreComment reads the directive in a comment,
//
//	twokey: ignore[CP-203,CP-204] reason=kept for a month until=2027-01-31
//
// where reason runs to until= or the end. ok is false where the comment holds no
// "twokey:" directive at all; err says what is wrong with one that does.
func ParseIgnoreComment(comment string) (ig Ignore, ok bool, err error) {
	_, rest, found := strings.Cut(comment, "twokey:")
	if !found {
		return Ignore{}, false, nil
	}
	rest = strings.TrimSpace(rest)
	list, found := strings.CutPrefix(rest, "ignore[")
	if !found {
		return Ignore{}, true, fmt.Errorf("unknown directive %q: want twokey: ignore[RULE] reason=…", firstWord(rest))
	}
	ids, tail, found := strings.Cut(list, "]")
	if !found {
		return Ignore{}, true, fmt.Errorf("the list of rules of twokey: ignore[ is not closed by ]")
	}
	ig.Kind = "comment"
	for id := range strings.SplitSeq(ids, ",") {
		if id = strings.TrimSpace(id); id != "" {
			ig.Rules = append(ig.Rules, id)
		}
	}
	if len(ig.Rules) == 0 {
		return Ignore{}, true, fmt.Errorf("twokey: ignore[] names no rule")
	}
	if _, reason, has := strings.Cut(tail, "reason="); has {
		if r, until, has := strings.Cut(reason, "until="); has {
			reason, ig.Until = r, firstWord(until)
		}
		ig.Reason = strings.TrimSpace(reason)
	}
	if ig.Until == "" {
		if _, until, has := strings.Cut(tail, "until="); has {
			ig.Until = firstWord(until)
		}
	}
	return ig, true, nil
}

func firstWord(s string) string {
	f := strings.Fields(s)
	if len(f) == 0 {
		return ""
	}
	return f[0]
}
