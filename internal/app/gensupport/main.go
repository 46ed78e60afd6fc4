// Command gensupport writes docs/sandbox/support.md: which operations of AWS the
// sandbox has and which it has not, as the sandbox itself answers.
//
//	go run ./internal/app/gensupport docs/sandbox/support.md
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gensupport:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one argument, the file to write, got %d", len(args))
	}
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return err
	}
	text := page(box.Support(), box.Unsupported(), func(service string) bool {
		_, err := os.Stat(filepath.Join(filepath.Dir(args[0]), service+".md"))
		return err == nil
	})
	if err := box.Close(); err != nil {
		return err
	}
	return os.WriteFile(args[0], []byte(text), 0o644)
}

const head = `# What the sandbox has

<!-- Written by internal/app/gensupport; make generate renews it. -->

Every operation of AWS's service models, by what the sandbox does with it. One that it does not have is refused as
` + "`NotImplemented`" + ` (HTTP 501), and so is every operation of a service that is not listed. What an operation that it has does
otherwise than AWS is on the page of its service. A running sandbox says the same at ` + "`GET /_sandbox/support`" + `.

| service | here | not here | what differs |
| --- | ---: | ---: | --- |
`

// page is the text for the operations of each service. hasPage tells which
// services have a page about what differs.
func page(supported, unsupported map[string][]string, hasPage func(service string) bool) string {
	var services []string
	for name := range unsupported {
		services = append(services, name)
	}
	slices.Sort(services)
	var b strings.Builder
	b.WriteString(head)
	for _, name := range services {
		differs := ""
		if hasPage(name) {
			differs = fmt.Sprintf("[%s.md](%s.md)", name, name)
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %s |\n", name, name, len(supported[name]), len(unsupported[name]), differs)
	}
	for _, name := range services {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", name, operations(supported[name]))
		if len(unsupported[name]) > 0 {
			fmt.Fprintf(&b, "\n<details><summary>%d not here</summary>\n\n%s\n\n</details>\n", len(unsupported[name]), operations(unsupported[name]))
		}
	}
	return b.String()
}

// operations are the names as a paragraph.
func operations(names []string) string {
	if len(names) == 0 {
		return "None."
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
