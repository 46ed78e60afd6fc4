package codepipeline

import (
	"strings"
	"testing"
	"time"
)

// TestWindow: days and times worked out on a calendar. 2 January 2026 is a Friday.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cron, zone, at string
		open           bool
	}{
		{"* * 9-16 ? * MON-FRI *", "", "2026-01-02T09:00:00Z", true},
		{"* * 9-16 ? * MON-FRI *", "", "2026-01-02T16:59:59Z", true},
		{"* * 9-16 ? * MON-FRI *", "", "2026-01-02T17:00:00Z", false},
		{"* * 9-16 ? * MON-FRI *", "", "2026-01-03T10:00:00Z", false},
		{"* * 9 ? * * *", "America/New_York", "2026-01-02T14:30:00Z", true},
		{"* * 9 ? * * *", "America/New_York", "2026-07-02T13:30:00Z", true}, // summer time
		{"* * 9 ? * * *", "America/New_York", "2026-07-02T14:30:00Z", false},
		{"* 0/15 * ? * *", "", "2026-01-02T03:45:10Z", true},
		{"* 0/15 * ? * *", "", "2026-01-02T03:46:00Z", false},
		{"* * * L * ?", "", "2026-02-28T12:00:00Z", true},
		{"* * * L * ?", "", "2024-02-28T12:00:00Z", false}, // a leap year
		{"* * * LW * ?", "", "2026-02-27T12:00:00Z", true}, // 28 February is a Saturday
		{"* * * 1W * ?", "", "2026-08-03T12:00:00Z", true}, // 1 August is a Saturday
		{"* * * 1W * ?", "", "2026-08-01T12:00:00Z", false},
		{"* * * 15W * ?", "", "2026-11-16T12:00:00Z", true}, // 15 November is a Sunday
		{"* * * ? * 6L", "", "2026-01-30T12:00:00Z", true},  // the last Friday
		{"* * * ? * FRIL", "", "2026-01-23T12:00:00Z", false},
		{"* * * ? * 6#3", "", "2026-01-16T12:00:00Z", true}, // the third Friday
		{"* * * ? * 6#3", "", "2026-01-09T12:00:00Z", false},
		{"* * * ? * FRI-MON", "", "2026-01-04T12:00:00Z", true}, // Sunday, over the week's end
		{"* * * ? * FRI-MON", "", "2026-01-06T12:00:00Z", false},
		{"* * * ? JAN,MAR * 2026-2027", "", "2026-03-05T12:00:00Z", true},
		{"* * * ? JAN,MAR * 2026-2027", "", "2028-03-05T12:00:00Z", false},
	} {
		w, err := parseWindow(c.cron, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.cron, err)
			continue
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.open(at); got != c.open {
			t.Errorf("%s %s at %s: open %v", c.cron, c.zone, c.at, got)
		}
	}
}

func TestWindowErrors(t *testing.T) {
	t.Parallel()
	for cron, want := range map[string]string{
		"* * *":            "6 or 7 fields",
		"0 * * ? * *":      "seconds",
		"* * * * * *":      "exactly one",
		"* * * ? * ?":      "exactly one",
		"* 60 * ? * *":     "not within 0 and 59",
		"* * * ? * 8":      "not within 1 and 7",
		"* * * 32 * ?":     "not within 1 and 31",
		"* * * ? * 6#6":    "day of the week",
		"* * * 40W * ?":    "day of the month",
		"* */0 * ? * *":    "bad step",
		"* x * ? * *":      "no value",
		"* * * ? * * 1969": "not within 1970 and 2199",
	} {
		if _, err := parseWindow(cron, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", cron, err, want)
		}
	}
	if _, err := parseWindow("* * 9 ? * *", "Mars/Base"); err == nil {
		t.Error("a time zone on Mars")
	}
}

func FuzzWindow(f *testing.F) {
	for _, s := range []string{"* * 9-16 ? * MON-FRI *", "* 0/15 * LW * ?", "* * * ? * 6#3 2026", "* 5-2 * ? * SAT-TUE"} {
		f.Add(s)
	}
	at := time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, cron string) {
		w, err := parseWindow(cron, "")
		if err != nil {
			return
		}
		next, ok := w.next(at, at.Add(48*time.Hour))
		if ok && (!w.open(next) || !next.After(at)) {
			t.Fatalf("%q: next is %s, when it is not open", cron, next)
		}
	})
}
