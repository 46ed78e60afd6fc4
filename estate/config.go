package estate

import (
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// Loaded is what a loader returns: the estate, what the estate file says beside
// it, and the template conditions left open.
type Loaded struct {
	Estate *Estate
	// Config is never nil; without an estate file it holds the defaults.
	Config *Config
	// Open are the template conditions that another load could decide otherwise.
	Open []OpenCondition
	// Assignments are the combinations of values that the open conditions can
	// have together, each for LoadOptions.Conditions: at most 16, and Complete is
	// false where there are more. Empty where no condition is open.
	Assignments []map[string]map[string]bool
	Complete    bool
	// Root is the directory that positions are relative to.
	Root string
}

// LoadOptions are the choices of a load.
type LoadOptions struct {
	// Conditions forces template conditions: stack ("account/name", as in
	// OpenCondition) → condition → value.
	Conditions map[string]map[string]bool
}

// OpenCondition is a template condition whose value nobody gave.
type OpenCondition struct {
	Stack string // "account/name"
	Name  string
	// ByDefault: the condition was decided, as Value, only by the default of a
	// parameter. It is listed where no estate file says that the default is meant.
	ByDefault bool
	Value     bool
}

// Config is the part of the estate file that is not the estate itself.
type Config struct {
	File string // as given; empty without an estate file
	// Ignores are the entries of scan.ignore, those of comments in templates and
	// those of a resource's metadata.
	Ignores []finding.Ignore
	// Notify holds the entries of notify, each a Map, as written.
	Notify []*policy.Node
}
