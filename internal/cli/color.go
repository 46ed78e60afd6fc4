package cli

import "fmt"

// color is the number of an SGR foreground colour, or an attribute.
type color int

const (
	bold   color = 1
	dim    color = 2
	red    color = 31
	green  color = 32
	yellow color = 33
)

// painter colours text, or leaves it as it is where it is false.
type painter bool

func (p painter) paint(c color, text string) string {
	if !p || text == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, text)
}

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// colorFor decides about colour from --color and --no-color, then NO_COLOR
// (any value that is not empty, see no-color.org) and TERM=dumb, then whether
// somebody is looking.
func colorFor(env *Env, mode string, off bool) painter {
	switch {
	case off || mode == colorNever:
		return false
	case mode == colorAlways:
		return true
	case env.Getenv("NO_COLOR") != "" || env.Getenv("TERM") == "dumb":
		return false
	}
	return painter(env.StdoutIsTerminal())
}
