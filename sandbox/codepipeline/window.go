package codepipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window is when deployments may begin: a cron expression in the manner of
// Quartz, "seconds minutes hours day-of-month month day-of-week [year]", whose
// seconds are "*". The window is open in every minute that matches.
type window struct {
	minutes, hours, months, years []bool
	day                           dayOfMonth
	weekday                       dayOfWeek
	zone                          *time.Location
}

type dayOfMonth struct {
	any     bool
	days    []bool
	last    bool // L
	nearest int  // 15W: the weekday nearest the day; LW with last
	working bool
}

type dayOfWeek struct {
	any  bool
	days []bool // 1 = Sunday
	last int    // 6L: the last Friday of the month
	nth  int    // 6#3: the third Friday
}

var monthNames = words("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
var dayNames = words("SUN MON TUE WED THU FRI SAT")

const (
	firstYear = 1970
	lastYear  = 2199
)

func parseWindow(cron, zone string) (*window, error) {
	f := strings.Fields(strings.ToUpper(cron))
	if len(f) == 6 {
		f = append(f, "*")
	}
	if len(f) != 7 {
		return nil, fmt.Errorf("the cron expression %q has not 6 or 7 fields", cron)
	}
	if f[0] != "*" {
		return nil, fmt.Errorf("the seconds of the cron expression %q must be *", cron)
	}
	if (f[3] == "?") == (f[5] == "?") {
		return nil, fmt.Errorf("exactly one of day-of-month and day-of-week of the cron expression %q must be ?", cron)
	}
	w := &window{zone: time.UTC}
	if zone != "" {
		z, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return nil, fmt.Errorf("the time zone %q is not known", zone)
		}
		w.zone = z
	}
	for _, p := range []struct {
		to       *[]bool
		text     string
		min, max int
		names    []string
	}{{&w.minutes, f[1], 0, 59, nil}, {&w.hours, f[2], 0, 23, nil}, {&w.months, f[4], 1, 12, monthNames}, {&w.years, f[6], firstYear, lastYear, nil}} {
		var err error
		if *p.to, err = cronField(p.text, p.min, p.max, p.names); err != nil {
			return nil, err
		}
	}
	if err := w.day.parse(f[3]); err != nil {
		return nil, err
	}
	return w, w.weekday.parse(f[5])
}

// cronField reads "*", "5", "1-5", "1,2", "*/15", "10/5" into a set.
func cronField(text string, min, max int, names []string) ([]bool, error) {
	set := make([]bool, max+1)
	for _, part := range strings.Split(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 || n > max {
				return nil, fmt.Errorf("the cron field %q has a bad step", text)
			}
			step = n
		}
		from, to := min, max
		if span != "*" {
			lo, hi, ranged := strings.Cut(span, "-")
			var err error
			if from, err = cronValue(lo, min, names); err != nil {
				return nil, err
			}
			if to = from; ranged {
				if to, err = cronValue(hi, min, names); err != nil {
					return nil, err
				}
			} else if stepped {
				to = max
			}
		}
		if from < min || from > max || to < min || to > max {
			return nil, fmt.Errorf("the cron field %q is not within %d and %d", text, min, max)
		}
		// A range may run over the end: FRI-MON.
		for i := from; ; i += step {
			if from <= to && i > to {
				break
			}
			v := i
			if v > max {
				v = min + (v - max - 1)
				if v > to {
					break
				}
			}
			set[v] = true
		}
	}
	return set, nil
}

func cronValue(s string, min int, names []string) (int, error) {
	if i := slices.Index(names, s); i >= 0 {
		return i + min, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no value of a cron field", s)
	}
	return n, nil
}

func (d *dayOfMonth) parse(text string) error {
	var err error
	switch {
	case text == "?" || text == "*":
		d.any = true
	case text == "L":
		d.last = true
	case text == "LW":
		d.last, d.working = true, true
	case strings.HasSuffix(text, "W"):
		d.working = true
		d.nearest, err = strconv.Atoi(strings.TrimSuffix(text, "W"))
		if err != nil || d.nearest < 1 || d.nearest > 31 {
			return fmt.Errorf("%q is no day of the month", text)
		}
	default:
		d.days, err = cronField(text, 1, 31, nil)
	}
	return err
}

func (d *dayOfWeek) parse(text string) error {
	var err error
	switch {
	case text == "?" || text == "*":
		d.any = true
	case text == "L":
		d.days = make([]bool, 8)
		d.days[7] = true
	case strings.HasSuffix(text, "L"):
		d.last, err = cronValue(strings.TrimSuffix(text, "L"), 1, dayNames)
		if err == nil && (d.last < 1 || d.last > 7) {
			err = fmt.Errorf("%q is no day of the week", text)
		}
	case strings.Contains(text, "#"):
		day, nth, _ := strings.Cut(text, "#")
		d.last, err = cronValue(day, 1, dayNames)
		if err != nil {
			return err
		}
		d.nth, err = strconv.Atoi(nth)
		if err != nil || d.nth < 1 || d.nth > 5 || d.last < 1 || d.last > 7 {
			return fmt.Errorf("%q is no day of the week", text)
		}
	default:
		d.days, err = cronField(text, 1, 7, dayNames)
	}
	return err
}

func monthEnd(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (d *dayOfMonth) matches(t time.Time) bool {
	end := monthEnd(t)
	switch {
	case d.any:
		return true
	case d.working:
		day := d.nearest
		if d.last {
			day = end
		}
		return day <= end && t.Day() == nearestWorkday(t, day, end)
	case d.last:
		return t.Day() == end
	}
	return d.days[t.Day()]
}

// nearestWorkday is the day from Monday to Friday nearest a day, within its month.
func nearestWorkday(t time.Time, day, end int) int {
	switch time.Date(t.Year(), t.Month(), day, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == end {
			return day - 2
		}
		return day + 1
	}
	return day
}

func (d *dayOfWeek) matches(t time.Time) bool {
	day := int(t.Weekday()) + 1
	switch {
	case d.any:
		return true
	case d.nth > 0:
		return day == d.last && (t.Day()-1)/7+1 == d.nth
	case d.last > 0:
		return day == d.last && t.Day()+7 > monthEnd(t)
	}
	return d.days[day]
}

// open reports whether the window is open at a time.
func (w *window) open(t time.Time) bool {
	t = t.In(w.zone)
	return w.minutes[t.Minute()] && w.hours[t.Hour()] && w.opensOn(t)
}

func (w *window) opensOn(t time.Time) bool {
	return t.Year() >= firstYear && t.Year() <= lastYear && w.years[t.Year()] && w.months[t.Month()] && w.day.matches(t) && w.weekday.matches(t)
}

// next is the first minute after a time in which the window is open, if there is
// one before the limit.
func (w *window) next(after, limit time.Time) (time.Time, bool) {
	for t := after.Truncate(time.Minute).Add(time.Minute); !t.After(limit); t = t.Add(time.Minute) {
		if w.open(t) {
			return t, true
		}
	}
	return time.Time{}, false
}
