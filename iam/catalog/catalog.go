package catalog

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

//go:embed actions.bin
var encoded string

// load decodes the catalogue, once. A failure means that the program was built
// from damaged files: its own tests cannot have passed.
var load = sync.OnceValue(func() *table.Table {
	t, err := table.Decode(encoded)
	if err != nil {
		panic("this program was built from damaged files: " + err.Error())
	}
	return t
})

// Version is the version of the package that actions, resource types and
// condition keys come from.
func Version() string { return sourceVersion }

// Released is the date, as 2006-01-02, at which the source of actions, resource
// types and condition keys was taken from AWS.
func Released() string { return sourceReleased }

// Services returns the prefixes of all services ("s3"), sorted.
func Services() []string {
	t := load()
	out := make([]string, len(t.Services))
	for i, s := range t.Services {
		out[i] = s.Prefix
	}
	return out
}

// ServiceName returns the name of the service with that prefix, in AWS's words:
// "Amazon S3" for "s3".
func ServiceName(service string) (string, bool) {
	t := load()
	s, ok := findService(t, service)
	if !ok {
		return "", false
	}
	return t.Services[s].Title, true
}

func findService(t *table.Table, prefix string) (int, bool) {
	return slices.BinarySearchFunc(t.Services, prefix, func(s table.Service, p string) int {
		return table.FoldCompare(s.Prefix, p)
	})
}

// findAction returns the index of an action, whatever its case.
func findAction(t *table.Table, action string) (int, bool) {
	prefix, name, ok := strings.Cut(action, ":")
	if !ok {
		return 0, false
	}
	s, ok := findService(t, prefix)
	if !ok {
		return 0, false
	}
	first := int(t.Services[s].Actions)
	i, ok := slices.BinarySearchFunc(t.Actions[first:t.Services[s].EndAction], name, func(a table.Action, n string) int {
		return table.FoldCompare(a.Name, n)
	})
	return first + i, ok
}

// serviceOf returns the service of the action with that index.
func serviceOf(t *table.Table, action int) *table.Service {
	i, _ := slices.BinarySearchFunc(t.Services, action, func(s table.Service, a int) int {
		switch {
		case int(s.EndAction) <= a:
			return -1
		case int(s.Actions) > a:
			return 1
		}
		return 0
	})
	return &t.Services[i]
}
