package arn

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"**", "", true}, {"?", "", false},
		{"a*c", "abbbc", true}, {"a*c", "abbbd", false}, {"*/test/*", "1/2/test/3/o", true},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"?", "é", true}, {"??", "é", false}, {"?", "ab", false},
		{"*?", "", false}, {"*?", "é", true}, {"?*", "x", true}, {"*a*b*c*", "xxaxxbxxcxx", true},
		{"*a*b", "ab ab a", false}, {"a\\*", "a*", false}, {"a\\*", "a\\x", true}, {"[ab]", "a", false},
		{"a.c", "abc", false}, {"A", "a", false}, {"*ab", "aab", true}, {"*aab", "aaab", true},
		{"arn:aws:s3:::*", "arn:aws:s3:::b/k:v", true},
		{"?", "\x00", false}, {"*", "\x00", true},
	} {
		if got := Glob(test.pattern, test.s); got != test.want {
			t.Errorf("Glob(%q, %q) = %t", test.pattern, test.s, got)
		}
	}
}

// naiveGlob is the definition of a glob, read literally.
func naiveGlob(pattern, s []rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	switch {
	case pattern[0] == '*':
		for i := 0; i <= len(s); i++ {
			if naiveGlob(pattern[1:], s[i:]) {
				return true
			}
		}
		return false
	case len(s) == 0:
		return false
	case pattern[0] == '?' && s[0] != 0, pattern[0] == s[0]:
		return naiveGlob(pattern[1:], s[1:])
	}
	return false
}

func TestGlobAgainstDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab*?é:")), 0, 8, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.SampledFrom([]rune("abé:*")), 0, 8, -1).Draw(t, "s")
		want := naiveGlob([]rune(pattern), []rune(s))
		if got := Glob(pattern, s); got != want {
			t.Fatalf("Glob(%q, %q) = %t", pattern, s, got)
		}
		p := CompilePattern(pattern)
		if got := p.Match(s); got != Known(want) {
			t.Fatalf("Pattern %q matches %q: %s", pattern, s, got)
		}
		if want && !strings.HasPrefix(s, p.Prefix()) {
			t.Fatalf("Pattern %q matches %q, which has not its prefix %q", pattern, s, p.Prefix())
		}
	})
}

// TestVerdictAgainstFillings fills Holes in every way from a few texts: Yes and No
// must hold for all of them.
func TestVerdictAgainstFillings(t *testing.T) {
	t.Parallel()
	fillings := []string{"", "a", "b", "ab", ":", "é", "aba"}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab*?\x00")), 0, 6, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00")), 0, 6, -1).Draw(t, "s")
		compiled, literal := CompilePattern(pattern), LiteralPattern(pattern)
		verdicts := map[string]Verdict{
			"glob": GlobVerdict(pattern, s), "pattern": compiled.MatchPartial(s), "literal": literal.MatchPartial(s),
		}
		for _, p := range fill2(pattern, fillings) {
			for _, f := range fill2(s, fillings) {
				for name, v := range verdicts {
					matches := naiveGlob([]rune(p), []rune(f))
					if name == "literal" {
						matches = p == f
					}
					if matches && v == No || !matches && v == Yes {
						t.Fatalf("%s(%q, %q) = %s, but %q against %q is %t", name, pattern, s, v, p, f, matches)
					}
				}
			}
		}
	})
}

func fill2(s string, fillings []string) []string {
	i := strings.IndexByte(s, Hole[0])
	if i < 0 {
		return []string{s}
	}
	var out []string
	rest := fill2(s[i+1:], []string{"", "a", "ab"})
	for _, f := range fillings {
		for _, r := range rest {
			out = append(out, s[:i]+f+r)
		}
	}
	return out
}

func TestGlobVerdictKnows(t *testing.T) {
	t.Parallel()
	// Cases in which Maybe would be a loss.
	for _, test := range []struct {
		pattern, s string
		want       Verdict
	}{
		{"arn:aws:s3:::*", "arn:aws:s3:::\x00", Yes},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/\x00/k", Yes},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::\x00/k", Maybe},
		{"arn:aws:sqs:*", "arn:aws:s3:::\x00", No},
		{"\x00/*", "arn:aws:s3:::b/k", Maybe},
		{"\x00/x", "arn:aws:s3:::b/k", No},
		{"a?\x00", "a", No},
		{"?", "\x00", Maybe},
	} {
		if got := GlobVerdict(test.pattern, test.s); got != test.want {
			t.Errorf("GlobVerdict(%q, %q) = %s, want %s", test.pattern, test.s, got, test.want)
		}
	}
}

func TestGlobIsNotExponential(t *testing.T) {
	t.Parallel()
	s := strings.Repeat("a", 5000)
	if Glob(strings.Repeat("*a", 40)+"b", s) {
		t.Error("matched")
	}
	if GlobVerdict(strings.Repeat("*a", 40)+"b", s+Hole+"c") != No {
		t.Error("matched")
	}
}

func TestGlobDoesNotAllocate(t *testing.T) {
	p := CompilePattern("*a?b*é*")
	if n := testing.AllocsPerRun(100, func() { p.Match("xxaybzzéq") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*?b", "axxb")
	f.Add("é?*", "éé")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 12 || len(s) > 24 || strings.Count(pattern, "*") > 4 {
			return
		}
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) {
			Glob(pattern, s)
			return
		}
		if got, want := Glob(pattern, s), naiveGlob([]rune(pattern), []rune(s)); got != want {
			t.Errorf("Glob(%q, %q) = %t", pattern, s, got)
		}
	})
}
