package condition

// instant is a point in time.
type instant struct {
	seconds int64 // since 1970-01-01T00:00:00Z
	nanos   int32
}

func (t instant) compare(u instant) int {
	switch {
	case t.seconds != u.seconds:
		if t.seconds < u.seconds {
			return -1
		}
		return 1
	case t.nanos < u.nanos:
		return -1
	case t.nanos > u.nanos:
		return 1
	}
	return 0
}

// parseInstant reads the W3C profile of ISO 8601 (YYYY, YYYY-MM, YYYY-MM-DD,
// YYYY-MM-DDThh:mmTZ, …:ssTZ, …:ss.sTZ, where TZ is Z or ±hh:mm) or seconds since
// the epoch. Four digits alone are a year. Digits beyond nanoseconds are dropped.
// It does not allocate.
func parseInstant(s string) (instant, bool) {
	if isYear := len(s) == 4; !isYear && onlyDigits(s) {
		return parseEpoch(s, 1)
	}
	if len(s) > 1 && s[0] == '-' && onlyDigits(s[1:]) {
		return parseEpoch(s[1:], -1)
	}
	r := dateReader{s: s}
	year, month, day := r.number(4), 1, 1
	if r.take('-') {
		month = r.number(2)
		if r.take('-') {
			day = r.number(2)
			if r.take('T') {
				return r.clock(year, month, day)
			}
		}
	}
	if r.bad || r.s != "" || !validDay(year, month, day) {
		return instant{}, false
	}
	return instant{seconds: daysFromCivil(year, month, day) * 86400}, true
}

func parseEpoch(digits string, sign int64) (instant, bool) {
	if len(digits) > 17 {
		return instant{}, false
	}
	var n int64
	for i := 0; i < len(digits); i++ {
		n = n*10 + int64(digits[i]-'0')
	}
	return instant{seconds: sign * n}, true
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

type dateReader struct {
	s   string
	bad bool
}

func (r *dateReader) number(digits int) int {
	if len(r.s) < digits || !onlyDigits(r.s[:digits]) {
		r.bad = true
		return 0
	}
	n := 0
	for i := 0; i < digits; i++ {
		n = n*10 + int(r.s[i]-'0')
	}
	r.s = r.s[digits:]
	return n
}

func (r *dateReader) take(c byte) bool {
	if r.bad || r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

// clock reads hh:mm[:ss[.s]]TZ.
func (r *dateReader) clock(year, month, day int) (instant, bool) {
	hour := r.number(2)
	if !r.take(':') {
		return instant{}, false
	}
	minute, second, nanos := r.number(2), 0, int32(0)
	if r.take(':') {
		second = r.number(2)
		if r.take('.') {
			nanos = r.fraction()
		}
	}
	offset := r.zone()
	if r.bad || r.s != "" || hour > 23 || minute > 59 || second > 59 || !validDay(year, month, day) {
		return instant{}, false
	}
	seconds := daysFromCivil(year, month, day)*86400 + int64(hour*3600+minute*60+second) - offset
	return instant{seconds: seconds, nanos: nanos}, true
}

func (r *dateReader) fraction() int32 {
	n, scale, i := int32(0), int32(100_000_000), 0
	for ; i < len(r.s) && r.s[i] >= '0' && r.s[i] <= '9'; i++ {
		n += int32(r.s[i]-'0') * scale
		scale /= 10
	}
	r.bad = r.bad || i == 0
	r.s = r.s[i:]
	return n
}

// zone reads Z or ±hh:mm and returns it in seconds east of UTC.
func (r *dateReader) zone() int64 {
	if r.take('Z') {
		return 0
	}
	sign := int64(1)
	if r.take('-') {
		sign = -1
	} else if !r.take('+') {
		r.bad = true
		return 0
	}
	hours := r.number(2)
	if !r.take(':') {
		r.bad = true
		return 0
	}
	minutes := r.number(2)
	if hours > 23 || minutes > 59 {
		r.bad = true
	}
	return sign * int64(hours*3600+minutes*60)
}

func validDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	length := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && (year%4 == 0 && year%100 != 0 || year%400 == 0) {
		length = 29
	}
	return day <= length
}

// daysFromCivil counts the days since 1970-01-01 in the proleptic Gregorian calendar.
func daysFromCivil(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	y := int64(year)
	// Floor division: year 0 in January and February counts as -1.
	century, leap := floorDiv(y, 100), floorDiv(y, 4)
	return 365*y + leap - century + floorDiv(y, 400) + int64(153*(month-3)+2)/5 + int64(day) - 1 - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
