package cfn

import (
	"bytes"
	"sort"
	"strings"
)

// Comment is a comment that speaks to Twokey, such as
//
//	# twokey: ignore[CP-203] reason="moved to the log account" until=2027-01-31
//
// The package finds it and says what it is about; what it asks for is for
// others to read.
type Comment struct {
	Text string // from "twokey:" on, without the space around it
	Line int    // the line it is on
	// AppliesTo is the line it is about: its own where it stands behind a value,
	// otherwise the next line below that holds a value; 0 where none does.
	AppliesTo int
}

// readComments finds the comments that begin with "twokey:". A # inside a quoted
// or block scalar (a script, a buildspec) is text and not a comment.
func readComments(t *tree) []Comment {
	if t.json || !bytes.Contains(t.text, []byte("twokey:")) {
		return nil
	}
	quoted := append([]region(nil), t.quoted...)
	sort.Slice(quoted, func(i, j int) bool { return quoted[i].start < quoted[j].start })
	var out []Comment
	waiting := 0 // how many comments at the end of out wait for their line
	starts := yamlLineStarts(t.text)
	for i, start := range starts {
		end := len(t.text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		at := commentStart(t.text, start, end, quoted)
		content := bytes.TrimSpace(t.text[start:at])
		hasValue := len(content) > 0 && string(content) != "---"
		if hasValue {
			for j := len(out) - waiting; j < len(out); j++ {
				out[j].AppliesTo = i + 1
			}
			waiting = 0
		}
		if at == end {
			continue
		}
		text := strings.TrimSpace(strings.TrimLeft(string(t.text[at:end]), "#"))
		if !strings.HasPrefix(text, "twokey:") {
			continue
		}
		c := Comment{Text: text, Line: i + 1}
		if hasValue {
			c.AppliesTo = i + 1
			out = append(out, c)
			continue
		}
		out = append(out, c)
		waiting++
	}
	return out
}

// commentStart returns where the comment of a line begins, or end.
func commentStart(text []byte, start, end int, quoted []region) int {
	for i := start; i < end; i++ {
		if text[i] != '#' || i > start && text[i-1] != ' ' && text[i-1] != '\t' {
			continue
		}
		k := sort.Search(len(quoted), func(k int) bool { return quoted[k].end > i })
		if k < len(quoted) && quoted[k].start <= i {
			i = min(end, quoted[k].end) - 1
			continue
		}
		return i
	}
	return end
}
