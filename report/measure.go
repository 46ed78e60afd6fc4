package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Advance widths of printable ASCII in thousandths of the font size, regular and
// bold: of each character the wider of DejaVu Sans, which is the widest of the
// fonts that browsers fall back to, and Liberation Sans, which has the widths of
// Arial and Helvetica. Text that fits by these tables fits in every usual font.
var regularWidths = [...]int{
	318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337,
	637, 637, 637, 637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 557,
	1016, 685, 687, 723, 771, 667, 611, 778, 752, 295, 500, 667, 558, 863, 749, 788,
	667, 788, 723, 667, 611, 732, 685, 989, 686, 667, 686, 391, 337, 391, 838, 557,
	500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612,
	635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
}

var boldWidths = [...]int{
	349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366,
	696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611,
	1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 557, 775, 638, 996, 837, 851,
	733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838, 557,
	500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688,
	716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
}

// font is how a text is set.
type font struct {
	size int // in pixels
	bold bool
}

var (
	nameFont  = font{12, true}
	smallFont = font{11, false}
)

// measure is how wide s is at most, in pixels.
func measure(s string, f font) int {
	n := 0
	for _, r := range s {
		n += charWidth(r, f)
	}
	return (n*f.size + 999) / 1000
}

func charWidth(r rune, f font) int {
	switch {
	case r >= ' ' && int(r-' ') < len(regularWidths):
		if f.bold {
			return boldWidths[r-' ']
		}
		return regularWidths[r-' ']
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x250: // Latin letters with marks
		return 900
	}
	return 1100
}

// fit cuts s to a width in pixels, with an ellipsis where it is cut.
func fit(s string, width int, f font) string {
	if measure(s, f) <= width {
		return s
	}
	room := (width*1000 - 1000*f.size) / f.size // what is left beside the ellipsis
	for i, r := range s {
		if room -= charWidth(r, f); room < 0 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// fitLines breaks s into at most n lines of a width in pixels, between words or
// the parts of a name where it can, and cuts the last.
func fitLines(s string, width int, f font, n int) []string {
	var lines []string
	for len(lines) < n-1 && measure(s, f) > width {
		end := breakAt(s, width, f)
		lines = append(lines, strings.TrimRight(s[:end], " "))
		s = strings.TrimLeft(s[end:], " ")
	}
	return append(lines, fit(s, width, f))
}

// breakAt is where to break s so that its head fits: behind the last blank, or
// else behind a separator or before a capital, or else wherever it has to be.
func breakAt(s string, width int, f font) int {
	room := width * 1000 / f.size
	blank, joint, prev := 0, 0, rune(0)
	for i, r := range s {
		if i > 0 {
			if unicode.IsUpper(r) && unicode.IsLower(prev) {
				joint = i
			}
			if strings.ContainsRune("-_/.:", prev) {
				joint = i
			}
			if prev == ' ' {
				blank = i
			}
		}
		if room -= charWidth(r, f); room < 0 {
			switch {
			case blank > 0:
				return blank
			case joint > 0:
				return joint
			}
			return max(i, utf8.RuneLen(r))
		}
		prev = r
	}
	return len(s)
}
