package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/twokey/twokey/estate/synthetic"
	"github.com/twokey/twokey/internal/app"
)

const corpus = "../../../shared/corpus"

// BenchmarkVerb measures whole verbs, from the files to the report: time and
// allocations inside this process, and the most memory that the program held when
// it ran by itself (peak-MB, where the system tells). The estates of 10, 32 and
// 100 accounts with 500 principals each are the curve of growth.
func BenchmarkVerb(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "twokey")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	examples := filepath.Join(root, "examples")
	b.Run("scan/storefront", func(b *testing.B) { measure(b, binary, "scan", filepath.Join(examples, "storefront")) })
	b.Run("estate/storefront", func(b *testing.B) { measure(b, binary, "estate", filepath.Join(examples, "storefront")) })
	templates, err := os.ReadDir(corpus)
	if err == nil {
		for _, t := range templates {
			if t.IsDir() {
				b.Run("scan/"+t.Name(), func(b *testing.B) { measure(b, binary, "scan", filepath.Join(corpus, t.Name())) })
			}
		}
	}
	for _, accounts := range []int{10, 32, 100} {
		dir := filepath.Join(b.TempDir(), "made")
		if err := synthetic.Write(dir, synthetic.Options{Accounts: accounts}); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("scan/accounts=%d", accounts), func(b *testing.B) { measure(b, binary, "scan", dir) })
		b.Run(fmt.Sprintf("estate/accounts=%d", accounts), func(b *testing.B) { measure(b, binary, "estate", dir) })
	}
}

// measure runs a verb over a folder, with its report as JSON.
func measure(b *testing.B, binary, verb, dir string) {
	args := []string{verb, "--format", "json", dir}
	cmd := exec.Command(binary, args...)
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
			b.Fatalf("%s: %v", args, err)
		}
	}
	stdout, stderr := os.Stdout, os.Stderr
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	os.Stdout, os.Stderr = null, null // the whole program writes there
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	b.ReportAllocs()
	for b.Loop() {
		if code := app.Run(b.Context(), args); code > 1 {
			b.Fatalf("%s: exit code %d", args, code)
		}
	}
	if bytes := peakBytes(cmd.ProcessState); bytes > 0 {
		b.ReportMetric(float64(bytes)/1e6, "peak-MB")
	}
}
