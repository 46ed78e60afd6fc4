package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/twokey/twokey/report"
)

// The exit codes of every verb. Scripts rely on them.
const (
	ExitOK         = 0 // it did its work, and nothing speaks against the answer
	ExitNegative   = 1 // it did its work, and the answer is no: findings, a refusal, a denial, a failed test
	ExitFailed     = 2 // it could not do its work
	ExitIncomplete = 3 // evidence is incomplete, under --strict
)

// Verdict is the error of a verb that did its work and whose printed result
// already says what is wrong: it sets the exit code and prints nothing.
type Verdict int

// The verdicts.
const (
	Negative   Verdict = ExitNegative
	Incomplete Verdict = ExitIncomplete
)

func (v Verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// Error is an error with a hint: what the person can do about it.
type Error struct {
	Err   error
	Hints []string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// failf makes an Error with one hint; an empty hint is left out.
func failf(hint, format string, args ...any) error {
	e := &Error{Err: fmt.Errorf(format, args...)}
	if hint != "" {
		e.Hints = []string{hint}
	}
	return e
}

// exitCode maps what a verb returned to the exit code of the process. It is the
// only place that does.
func exitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if v, ok := verdictOf(err); ok {
		return int(v)
	}
	return ExitFailed
}

// verdictOf finds the Verdict that err is or wraps. Errors joined with one are
// none: a verb that also failed did not do its work.
func verdictOf(err error) (Verdict, bool) {
	for err != nil {
		if v, ok := err.(Verdict); ok {
			return v, true
		}
		err = errors.Unwrap(err)
	}
	return 0, false
}

// printError writes err to w, joined errors one by one, each with its hints
// after it.
func printError(w io.Writer, p painter, err error) {
	if _, ok := verdictOf(err); ok {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			printError(w, p, one)
		}
		return
	}
	fmt.Fprintf(w, "%s %s\n", p.paint(red, "twokey: error:"), report.Line(err.Error()))
	var e *Error
	if errors.As(err, &e) {
		for _, h := range e.Hints {
			fmt.Fprintf(w, "%s %s\n", p.paint(yellow, "hint:"), report.Line(h))
		}
	}
}
