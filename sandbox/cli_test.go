package sandbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// awsCLI runs the real AWS CLI against a kit.
type awsCLI struct {
	t    *testing.T
	path string
	env  []string
}

func newCLI(t *testing.T, k *sandboxtest.Kit, keys sandboxtest.Keys) awsCLI {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	// PATH and HOME as they are: the CLI may be a wrapper that needs them.
	env := append(k.Env(keys), "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	return awsCLI{t, path, env}
}

// run runs a command and returns its JSON output.
func (c awsCLI) run(args ...string) map[string]any {
	c.t.Helper()
	stdout, stderr, err := c.exec(args...)
	if err != nil {
		c.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	var out map[string]any
	if strings.TrimSpace(stdout) != "" {
		if err := json.Unmarshal([]byte(stdout), &out); err != nil {
			c.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, stdout)
		}
	}
	return out
}

// fails runs a command that must fail and returns what it says.
func (c awsCLI) fails(args ...string) string {
	c.t.Helper()
	stdout, stderr, err := c.exec(args...)
	if err == nil {
		c.t.Fatalf("aws %s: must fail, but answered\n%s", strings.Join(args, " "), stdout)
	}
	return strings.TrimSpace(stderr)
}

func (c awsCLI) exec(args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(c.t.Context(), c.path, append(args, "--output", "json")...)
	cmd.Env = c.env
	var o, e strings.Builder
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

func text(t *testing.T, v map[string]any, path ...string) string {
	t.Helper()
	for _, p := range path[:len(path)-1] {
		v, _ = v[p].(map[string]any)
	}
	s, ok := v[path[len(path)-1]].(string)
	if !ok {
		t.Fatalf("%s is not a text in %v", strings.Join(path, "."), v)
	}
	return s
}

func TestCLIIdentity(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	root := newCLI(t, k, sandboxtest.Root(sandboxtest.Tools))
	if got := text(t, root.run("sts", "get-caller-identity"), "Arn"); got != "arn:aws:iam::111111111111:root" {
		t.Fatal(got)
	}
	user := root.run("iam", "create-user", "--user-name", "anna", "--path", "/team/", "--tags", "Key=team,Value=blue")
	if got := text(t, user, "User", "Arn"); got != "arn:aws:iam::111111111111:user/team/anna" {
		t.Fatal(got)
	}
	key := root.run("iam", "create-access-key", "--user-name", "anna")
	anna := newCLI(t, k, sandboxtest.Keys{ID: text(t, key, "AccessKey", "AccessKeyId"), Secret: text(t, key, "AccessKey", "SecretAccessKey")})
	id := anna.run("sts", "get-caller-identity")
	if text(t, id, "UserId") != text(t, user, "User", "UserId") {
		t.Fatal(id)
	}
	const refused = "User: arn:aws:iam::111111111111:user/team/anna is not authorized to perform: iam:GetUser on resource: user anna because no identity-based policy allows the iam:GetUser action"
	want := strings.ReplaceAll(refused, "user anna", "arn:aws:iam::111111111111:user/team/anna")
	if got := anna.fails("iam", "get-user"); !strings.Contains(got, "(AccessDenied)") || !strings.Contains(got, want) {
		t.Fatal(got)
	}

	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	trust := file("trust.json", sandboxtest.Trust("arn:aws:iam::111111111111:user/team/anna"))
	prod := newCLI(t, k, sandboxtest.Root(sandboxtest.Prod))
	role := prod.run("iam", "create-role", "--role-name", "deploy", "--assume-role-policy-document", trust)
	arn := text(t, role, "Role", "Arn")
	if arn != "arn:aws:iam::222222222222:role/deploy" {
		t.Fatal(arn)
	}
	if got := anna.fails("sts", "assume-role", "--role-arn", arn, "--role-session-name", "s1"); !strings.Contains(got, "(AccessDenied)") || !strings.Contains(got, "because no identity-based policy allows the sts:AssumeRole action") {
		t.Fatal(got)
	}
	root.run("iam", "put-user-policy", "--user-name", "anna", "--policy-name", "assume", "--policy-document", file("p.json", sandboxtest.Document(sandboxtest.Allow("sts:AssumeRole", arn))))
	session := anna.run("sts", "assume-role", "--role-arn", arn, "--role-session-name", "s1", "--duration-seconds", "900")
	inProd := newCLI(t, k, sandboxtest.Keys{ID: text(t, session, "Credentials", "AccessKeyId"), Secret: text(t, session, "Credentials", "SecretAccessKey"), Token: text(t, session, "Credentials", "SessionToken")})
	if got := text(t, inProd.run("sts", "get-caller-identity"), "Arn"); got != "arn:aws:sts::222222222222:assumed-role/deploy/s1" {
		t.Fatal(got)
	}
	if got := root.fails("iam", "create-role", "--role-name", "x", "--assume-role-policy-document", file("bad.json", sandboxtest.Trust("arn:aws:iam::111111111111:user/nobody"))); !strings.Contains(got, `(MalformedPolicyDocument)`) || !strings.Contains(got, `Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:user/nobody"`) {
		t.Fatal(got)
	}
}
