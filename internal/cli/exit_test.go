package cli

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, 0},
		{"a negative answer", Negative, 1},
		{"incomplete evidence", Incomplete, 3},
		{"any error", errors.New("x"), 2},
		{"an error with a hint", failf("do y", "x"), 2},
		{"a wrapped answer", fmt.Errorf("gate: %w", Negative), 1},
		{"a negative answer and an error", errors.Join(Negative, errors.New("y")), 2},
		{"several errors", errors.Join(errors.New("x"), errors.New("y")), 2},
	} {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"a verdict says nothing", Negative, ""},
		{"an error", errors.New("x is missing"), "twokey: error: x is missing\n"},
		{"a hint", failf("add it", "x is missing"), "twokey: error: x is missing\nhint: add it\n"},
		{"a hint further in", fmt.Errorf("a.yaml: %w", failf("add it", "x is missing")), "twokey: error: a.yaml: x is missing\nhint: add it\n"},
		{
			"each with its hint", errors.Join(failf("add x", "no x"), Negative, errors.New("no y")),
			"twokey: error: no x\nhint: add x\ntwokey: error: no y\n",
		},
		{"one line, whatever is in it", errors.New("a\nb\x1b[0m"), "twokey: error: a b\\x1b[0m\n"},
	} {
		var buf bytes.Buffer
		printError(&buf, false, tt.err)
		if diff := cmp.Diff(tt.want, buf.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
