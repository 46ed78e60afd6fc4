package report

// Line returns text from an input fit for one line of a terminal, as Text does
// it: terminal escapes and bidirectional marks become visible, and what is too
// long is cut with a note.
func Line(s string) string { return prose(s) }

// Pad is Line, filled with blanks to n columns of a terminal.
func Pad(s string, n int) string { return pad(prose(s), n) }

// Width is how many columns Line(s) takes.
func Width(s string) int { return columns(prose(s)) }

// Wrap is Line, broken between words into lines of at most n columns. A path or
// ARN that is longer stays whole, so that it can be copied, up to twice n.
func Wrap(s string, n int) []string { return wrap(prose(s), n) }
