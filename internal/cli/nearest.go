package cli

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// nearest returns at most n of the names that somebody who wrote s may have
// meant, the likeliest first: few edits away, whatever the case, or holding s.
func nearest(s string, names []string, n int) []string {
	type candidate struct {
		name  string
		edits int
	}
	s = strings.ToLower(s)
	limit := max(2, utf8.RuneCountInString(s)/4)
	var found []candidate
	for _, name := range names {
		lower := strings.ToLower(name)
		edits := distance(s, lower)
		if edits > limit {
			if len(s) < 3 || !strings.Contains(lower, s) {
				continue
			}
			edits = limit + 1
		}
		found = append(found, candidate{name, edits})
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(a.edits-b.edits, strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range found[:min(n, len(found))] {
		out = append(out, c.name)
	}
	return out
}

// distance is the number of characters to insert, delete or replace to turn a
// into b (Levenshtein).
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, ca := range ra {
		above := row[0]
		row[0] = i + 1
		for j, cb := range rb {
			d := above
			if ca != cb {
				d = 1 + min(above, row[j], row[j+1])
			}
			above, row[j+1] = row[j+1], d
		}
	}
	return row[len(rb)]
}
