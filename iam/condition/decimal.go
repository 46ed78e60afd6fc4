package condition

// decimal is a number kept as its digits, so that comparing is exact.
type decimal struct {
	negative bool
	digits   string // with at most one point, which has no meaning of its own
	top      int    // the power of ten of the first digit that is not zero
	zero     bool
	first    int // index in digits of that digit
}

// Limits on what is read as a number; beyond them a value is unparsable.
const (
	maxDigits   = 400
	maxExponent = 1000
)

// parseDecimal reads [+-]digits[.digits][e[+-]digits]. It does not allocate.
func parseDecimal(s string) (d decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	exponent := 0
	for i := 0; i < len(s); i++ {
		if s[i] == 'e' || s[i] == 'E' {
			if exponent, ok = parseExponent(s[i+1:]); !ok {
				return d, false
			}
			s = s[:i]
			break
		}
	}
	if len(s) == 0 || len(s) > maxDigits {
		return d, false
	}
	point, digits, first := -1, 0, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9':
			return d, false
		default:
			digits++
			if c != '0' && first < 0 {
				first = i
			}
		}
	}
	if digits == 0 || point == len(s)-1 || point == 0 {
		return d, false
	}
	d.digits = s
	if first < 0 {
		return decimal{digits: s, zero: true}, true
	}
	if point < 0 {
		point = len(s)
	}
	d.first = first
	if first < point {
		d.top = point - first - 1 + exponent
	} else {
		d.top = point - first + exponent
	}
	return d, true
}

func parseExponent(s string) (int, bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if n = n*10 + int(s[i]-'0'); n > maxExponent {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, true
}

func (d decimal) compare(e decimal) int {
	switch {
	case d.zero && e.zero:
		return 0
	case d.zero:
		return -e.sign()
	case e.zero || d.negative != e.negative:
		return d.sign()
	case d.top != e.top:
		if d.top > e.top {
			return d.sign()
		}
		return -d.sign()
	}
	i, j := d.first, e.first
	for i < len(d.digits) || j < len(e.digits) {
		var a, b byte
		a, i = d.next(i)
		b, j = e.next(j)
		switch {
		case a > b:
			return d.sign()
		case a < b:
			return -d.sign()
		}
	}
	return 0
}

// next returns the digit at i and the place of the one after it; zeros follow
// the last digit.
func (d decimal) next(i int) (byte, int) {
	if i < len(d.digits) && d.digits[i] == '.' {
		i++
	}
	if i >= len(d.digits) {
		return '0', i
	}
	return d.digits[i], i + 1
}

func (d decimal) sign() int {
	if d.negative {
		return -1
	}
	return 1
}
