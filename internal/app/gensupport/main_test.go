package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const committed = "../../../docs/sandbox/"

// TestSupportIsUpToDate writes the page anew, beside pages of the same names, and
// compares.
func TestSupportIsUpToDate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pages, err := filepath.Glob(committed + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(p)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{filepath.Join(dir, "support.md")}); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "support.md"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(committed + "support.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/sandbox/support.md is out of date: run make generate (-generated +committed):\n%s", diff)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	got := page(map[string][]string{"sts": {"AssumeRole", "GetCallerIdentity"}},
		map[string][]string{"sts": {"AssumeRoot"}, "logs": nil}, func(s string) bool { return s == "sts" })
	want := `| [logs](#logs) | 0 | 0 |  |
| [sts](#sts) | 2 | 1 | [sts.md](sts.md) |

## logs

None.

## sts

` + "`AssumeRole`, `GetCallerIdentity`" + `

<details><summary>1 not here</summary>

` + "`AssumeRoot`" + `

</details>
`
	if !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant at its end\n%s", got, want)
	}
}
