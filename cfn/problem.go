package cfn

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

func newProblem(pos policy.Pos, hint, format string, args ...any) Problem {
	return Problem{Message: fmt.Sprintf(format, args...), Hint: hint, Pos: pos}
}

// maxProblems is how many problems are listed of reading a template, and again of
// resolving it: a broken template has few, and one made to be a burden may have
// hundreds of thousands.
const maxProblems = 1000

// addProblem adds to a list, as long as it is not too long.
func addProblem(list []Problem, p Problem) []Problem {
	switch {
	case len(list) < maxProblems:
		return append(list, p)
	case len(list) == maxProblems:
		return append(list, newProblem(policy.Pos{File: p.Pos.File}, "", "there are more than %d problems; the others are not listed", maxProblems))
	}
	return list
}

// nearest returns a hint that names the candidate most like name, or nothing
// where none is like it.
func nearest(name string, candidates []string) string {
	best, distance := "", len(name)/3+2
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(name), strings.ToLower(c), distance); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// nearest is nearest as long as problems are listed.
func (r *resolver) nearest(name string, candidates []string) string {
	if r.quiet > 0 || len(r.problems) > maxProblems {
		return ""
	}
	return nearest(name, candidates)
}

// editDistance is the number of insertions, deletions and substitutions between
// a and b, or limit where it is that or more.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 255 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal, row[j] = row[j], min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit)
}
