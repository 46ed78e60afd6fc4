package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// linkedVersion is set by the linker for a release:
//
//	go build -ldflags "-X github.com/twokey/twokey/internal/cli.linkedVersion=v1.2.3"
var linkedVersion string

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Print the version of this binary, the Go release it was built with, and the
system it runs on. A binary that was not built as a release names the commit it
was built from, with "+dirty" where the tree had changes.`,
		Example: "  twokey version",
		GroupID: groupOther,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.Stdout, "twokey %s %s %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// buildVersion is the linked version, else what the Go tool recorded, else
// "unknown" (go run and test binaries carry no version).
func buildVersion() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unknown"
}
