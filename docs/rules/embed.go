// Package rules holds the documentation of the hardening rules, one page each,
// so that the program can print it.
package rules

import (
	"embed"
	"fmt"
)

//go:embed *.md
var pages embed.FS

// Page returns the Markdown page of a rule, by its id.
func Page(id string) ([]byte, error) {
	data, err := pages.ReadFile(id + ".md")
	if err != nil {
		return nil, fmt.Errorf("rule %s has no page", id)
	}
	return data, nil
}
