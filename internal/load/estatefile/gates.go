package estatefile

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a time zone is known on a machine without the database

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// gate reads an entry of gates. The first entry whose match fits governs a gate.
func (r *reader) gate(n *policy.Node) {
	g := estate.GateRule{Pipeline: "*", Stage: "*", Action: "*", Rejections: 1, Pos: n.Pos}
	slots := 0
	given := false
	ok := r.fields(n, "an entry of gates",
		field{"match", true, func(v *policy.Node, _ policy.Pos) {
			r.fields(v, "match",
				r.into("pipeline", true, "pipeline", &g.Pipeline),
				r.into("stage", false, "stage", &g.Stage),
				r.into("action", false, "action", &g.Action),
			)
		}},
		field{"approvals", false, func(v *policy.Node, _ policy.Pos) {
			given = true
			g.Approvals = r.count(v, "approvals", 1, 99)
		}},
		field{"slots", false, func(v *policy.Node, _ policy.Pos) {
			r.items(v, "slots", func(item *policy.Node) {
				s := estate.GateSlot{Count: 1}
				r.fields(item, "an entry of slots",
					r.into("group", true, "group", &s.Group),
					field{"count", false, func(c *policy.Node, _ policy.Pos) { s.Count = r.count(c, "count", 1, 99) }},
				)
				slots += s.Count
				g.Slots = append(g.Slots, s)
			})
		}},
		field{"exclude", false, func(v *policy.Node, _ policy.Pos) {
			g.Exclude = r.oneOf(v, "exclude", "author", "committer", "starter", "pipeline-editor")
		}},
		field{"require", false, func(v *policy.Node, _ policy.Pos) { g.Require = r.oneOf(v, "require", "comment", "passkey") }},
		field{"open", false, func(v *policy.Node, _ policy.Pos) {
			if g.Open = r.text(v, "open"); g.Open != "" {
				r.window(v, g.Open)
			}
		}},
		field{"expires", false, func(v *policy.Node, _ policy.Pos) { g.Expires = r.duration(v, "expires") }},
		field{"rejections", false, func(v *policy.Node, _ policy.Pos) { g.Rejections = r.count(v, "rejections", 1, 99) }},
		field{"break_glass", false, func(v *policy.Node, _ policy.Pos) { g.BreakGlass = r.boolean(v, "break_glass") }},
	)
	if !ok {
		return
	}
	switch {
	case !given && slots == 0:
		r.fail(n.Pos, "approvals: 2", "an entry of gates says neither how many approvals it takes nor which slots it has")
	case !given:
		g.Approvals = slots
	case slots > g.Approvals:
		r.fail(n.Pos, "", "the slots take %d people, and approvals says %d", slots, g.Approvals)
	}
	r.file.Gates = append(r.file.Gates, g)
}

var window = regexp.MustCompile(`^(\S+) (\d{2}):(\d{2})-(\d{2}):(\d{2}) (\S+)$`)

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// window checks "Mon-Fri 09:00-17:00 Europe/Berlin": days (one, a range, or
// several with commas), hours, and a time zone of the IANA database.
func (r *reader) window(n *policy.Node, text string) {
	const hint = `"Mon-Fri 09:00-17:00 Europe/Berlin"`
	m := window.FindStringSubmatch(text)
	if m == nil {
		r.fail(n.Pos, hint, "open: %q is not days, hours and a time zone", text)
		return
	}
	for part := range strings.SplitSeq(m[1], ",") {
		first, last, _ := strings.Cut(part, "-")
		for _, day := range []string{first, last} {
			if day != "" && !isDay(day) || first == "" {
				r.fail(n.Pos, hint, "open: %q is not a day of the week", day)
				return
			}
		}
	}
	for _, at := range [][2]string{{m[2], m[3]}, {m[4], m[5]}} {
		hour, _ := strconv.Atoi(at[0])
		minute, _ := strconv.Atoi(at[1])
		if minute > 59 || hour > 24 || hour == 24 && minute > 0 {
			r.fail(n.Pos, hint, "open: %s:%s is not a time of day", at[0], at[1])
			return
		}
	}
	if _, err := time.LoadLocation(m[6]); err != nil || m[6] == "Local" {
		r.fail(n.Pos, "a name such as Europe/Berlin or UTC", "open: time zone %q is not known", m[6])
	}
}

func isDay(s string) bool {
	for _, d := range weekdays {
		if s == d {
			return true
		}
	}
	return false
}

// duration reads a positive duration: "72h", "90m", "3d".
func (r *reader) duration(n *policy.Node, what string) time.Duration {
	text := r.text(n, what)
	if text == "" {
		return 0
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if v, err := strconv.Atoi(days); err == nil && v > 0 && v <= 365 {
			return time.Duration(v) * 24 * time.Hour
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > 365*24*time.Hour {
		r.fail(n.Pos, `"72h"`, "%s: %q is not a duration of at most 365 days", what, text)
		return 0
	}
	return d
}
