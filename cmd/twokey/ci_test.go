package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// runs runs a command and returns its exit code and what it printed.
func runs(t *testing.T, cmd *exec.Cmd) (int, string) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestAction holds the GitHub action to the script that it runs, and runs the
// script as the action does: every input arrives and does what it says.
func TestAction(t *testing.T) {
	t.Parallel()
	// The keys are those of GitHub's metadata syntax for composite actions.
	var action struct {
		Name, Description, Author string
		Branding                  struct{ Icon, Color string }
		Inputs                    map[string]struct{ Description, Default string }
		Runs                      struct {
			Using string
			Steps []struct {
				Shell, Run string
				Env        map[string]string
			}
		}
	}
	readYAML(t, "ci/github/action.yml", &action)
	if action.Runs.Using != "composite" || len(action.Runs.Steps) != 1 {
		t.Fatalf("want a composite action of one step, got %+v", action.Runs)
	}
	step := action.Runs.Steps[0]
	if want := `bash "$GITHUB_ACTION_PATH/../scan.sh"`; step.Run != want || step.Shell != "bash" {
		t.Errorf("the step runs %q in %s, want %q in bash", step.Run, step.Shell, want)
	}
	script, err := os.ReadFile(filepath.Join(root, "ci/scan.sh"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for variable, value := range step.Env {
		input, ok := strings.CutPrefix(value, "${{ inputs.")
		input, closed := strings.CutSuffix(input, " }}")
		if _, known := action.Inputs[input]; !ok || !closed || !known {
			t.Errorf("%s is %q, which is no input", variable, value)
		}
		given[input] = true
		if !strings.Contains(string(script), "${"+variable) {
			t.Errorf("the script does not read %s", variable)
		}
	}
	for input := range action.Inputs {
		if !given[input] {
			t.Errorf("input %s goes nowhere", input)
		}
	}
	for _, m := range regexp.MustCompile(`TWOKEY_\w+`).FindAllString(string(script), -1) {
		if _, ok := step.Env[m]; !ok {
			t.Errorf("the script reads %s, which the action does not give it", m)
		}
	}
}

func TestActionScript(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash not found: the script of the CI action was not run")
	}
	twokey, err := exec.LookPath("twokey") // of testscript
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sarif, summary, baseline := filepath.Join(dir, "a.sarif"), filepath.Join(dir, "summary.md"), filepath.Join(dir, "baseline.json")
	write := exec.Command(twokey, "scan", "--write-baseline", baseline, "examples/storefront")
	write.Dir = root
	if code, out := runs(t, write); code != 1 {
		t.Fatalf("the baseline was not written: exit code %d\n%s", code, out)
	}
	for _, tt := range []struct {
		name string
		env  []string
		code int
	}{
		{"faults", []string{"TWOKEY_PATH=examples/storefront", "TWOKEY_SARIF=" + sarif, "GITHUB_STEP_SUMMARY=" + summary}, 1},
		{"no faults", []string{"TWOKEY_PATH=examples/storefront-safe"}, 0},
		{"never", []string{"TWOKEY_PATH=examples/storefront", "TWOKEY_FAIL_ON=never"}, 0},
		{"a severity that is none", []string{"TWOKEY_PATH=examples/storefront", "TWOKEY_FAIL_ON=huge"}, 2},
		{"a baseline", []string{"TWOKEY_PATH=examples/storefront", "TWOKEY_BASELINE=" + baseline}, 0},
		{"strict", []string{"TWOKEY_PATH=examples/storefront", "TWOKEY_FAIL_ON=never", "TWOKEY_STRICT=true", "TWOKEY_SARIF=" + filepath.Join(dir, "b.sarif")}, 3},
		{"a path that is no shell", []string{"TWOKEY_PATH=$(touch " + filepath.Join(dir, "owned") + ")"}, 2},
	} {
		cmd := exec.Command(bash, "ci/scan.sh")
		cmd.Dir = root
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GITHUB_") }),
			append(tt.env, "TWOKEY_BINARY="+twokey)...)
		if code, out := runs(t, cmd); code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.name, code, tt.code, out)
		}
	}
	for name, want := range map[string]string{sarif: `"2.1.0"`, summary: "storefront", filepath.Join(dir, "b.sarif"): `"2.1.0"`} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s was not written: %v", filepath.Base(name), err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
		t.Error("a setting was run as shell")
	}
}

// TestPreCommitHook runs the hook's entry as pre-commit does.
func TestPreCommitHook(t *testing.T) {
	t.Parallel()
	var hooks []struct {
		ID, Name, Description, Entry, Language, Files string
		Args                                          []string
		PassFilenames                                 bool `yaml:"pass_filenames"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	for _, h := range hooks {
		if h.ID == "" || h.Name == "" || h.Language != "golang" || h.PassFilenames {
			t.Errorf("hook %+v", h)
		}
		files, err := regexp.Compile(h.Files)
		if err != nil || !files.MatchString("infra/pipeline.yaml") || files.MatchString("main.go") {
			t.Errorf("%s: files %q: %v", h.ID, h.Files, err)
		}
		words := append(strings.Fields(h.Entry), h.Args...)
		for folder, want := range map[string]int{"examples/storefront": 1, "examples/storefront-safe": 0} {
			cmd := exec.Command(words[0], words[1:]...)
			cmd.Dir = filepath.Join(root, folder)
			if code, out := runs(t, cmd); code != want {
				t.Errorf("%s in %s: exit code %d, want %d\n%s", h.ID, folder, code, want, out)
			}
		}
	}
	if len(hooks) != 1 {
		t.Errorf("%d hooks", len(hooks))
	}
}
