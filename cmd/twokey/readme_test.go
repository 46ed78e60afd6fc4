package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

const root = "../.."

// TestPagesAreTrue runs every command of the console blocks of the pages that
// newcomers read, and compares what it prints with what the page says.
//
// A block is fenced with ```console. "$ " begins a command, what follows is its
// whole output, standard error included but for progress; a line "…" stands for any lines.
// Commands that are not twokey's own must be targets of the Makefile.
func TestPagesAreTrue(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "twokey")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"README.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		commands := consoleCommands(string(text))
		if len(commands) == 0 {
			t.Errorf("%s shows no command", page)
		}
		for _, c := range commands {
			t.Run(c.line, func(t *testing.T) {
				t.Parallel()
				if target, ok := strings.CutPrefix(c.line, "make "); ok {
					if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile) {
						t.Errorf("%s: the Makefile has no target %s", page, target)
					}
					return
				}
				args, ok := strings.CutPrefix(c.line, "go run ./cmd/twokey ")
				if !ok {
					t.Fatalf("%s: %q is neither twokey nor make", page, c.line)
				}
				cmd := exec.Command(binary, strings.Fields(args)...)
				cmd.Dir = root
				out, err := cmd.CombinedOutput()
				out = progress.ReplaceAll(out, nil)
				if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				if got := string(bytes.TrimRight(out, "\n")); !matches(c.output, strings.Split(got, "\n")) {
					t.Errorf("%s says\n%s\nbut it prints\n%s", page, strings.Join(c.output, "\n"), got)
				}
			})
		}
	}
}

// progress is what a run of more than a second says on stderr, on a slow machine.
var progress = regexp.MustCompile(`(?m)^twokey: .* …\n`)

type consoleCommand struct {
	line   string
	output []string
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// consoleCommands finds the commands of a page with their output. A line that
// ends with a backslash goes on in the next.
func consoleCommands(page string) []consoleCommand {
	var found []consoleCommand
	for _, m := range consoleBlock.FindAllStringSubmatch(page, -1) {
		text := strings.ReplaceAll(strings.TrimRight(m[1], "\n"), "\\\n", " ")
		for _, line := range strings.Split(text, "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				found = append(found, consoleCommand{line: strings.Join(strings.Fields(command), " ")})
			} else if len(found) > 0 {
				last := &found[len(found)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return found
}

// matches reports whether got is what want says, where "…" in want stands for
// any number of lines. Blank lines at the end of want do not count.
func matches(want, got []string) bool {
	for len(want) > 0 && want[len(want)-1] == "" {
		want = want[:len(want)-1]
	}
	if len(want) == 0 {
		return len(got) == 0 || len(got) == 1 && got[0] == ""
	}
	if want[0] == "…" {
		if len(want) == 1 {
			return true
		}
		for i := range got {
			if matches(want[1:], got[i:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && got[0] == want[0] && (len(want) == 1 && len(got) == 1 || matches(want[1:], got[1:]))
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// TestLinksLeadSomewhere follows the relative links of every page.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, d fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".md") {
				pages = append(pages, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	followed := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			followed++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), string(m[1]))); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if followed == 0 {
		t.Error("no page has a link: the check looked in the wrong place")
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want, got string
		ok              bool
	}{
		{"equal", "a\nb", "a\nb", true},
		{"other text", "a\nb", "a\nc", false},
		{"too short", "a\nb", "a", false},
		{"too long", "a", "a\nb", false},
		{"a gap", "a\n…\nd", "a\nb\nc\nd", true},
		{"an empty gap", "a\n…\nd", "a\nd", true},
		{"a gap at the end", "a\n…", "a\nb", true},
		{"a gap hides no end", "a\n…\nd", "a\nb\nd\ne", false},
	} {
		if got := matches(strings.Split(tt.want, "\n"), strings.Split(tt.got, "\n")); got != tt.ok {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
