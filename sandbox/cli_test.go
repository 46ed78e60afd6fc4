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

func TestCLIOrganizationAndMore(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	root := newCLI(t, k, sandboxtest.Root(sandboxtest.Tools))
	member := newCLI(t, k, sandboxtest.Root(sandboxtest.Prod))
	if got := root.fails("organizations", "describe-organization"); !strings.Contains(got, "(AWSOrganizationsNotInUseException)") {
		t.Fatal(got)
	}
	id := text(t, root.run("organizations", "create-organization"), "Organization", "Id")
	if got := text(t, member.run("organizations", "describe-organization"), "Organization", "Id"); got != id {
		t.Fatal(got)
	}
	roots, ok := root.run("organizations", "list-roots")["Roots"].([]any)
	if !ok || len(roots) != 1 {
		t.Fatal(roots)
	}
	rootID := text(t, roots[0].(map[string]any), "Id")
	root.run("organizations", "enable-policy-type", "--root-id", rootID, "--policy-type", "SERVICE_CONTROL_POLICY")
	policy := root.run("organizations", "create-policy", "--type", "SERVICE_CONTROL_POLICY", "--name", "no-users", "--description", "none",
		"--content", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}`)
	root.run("organizations", "attach-policy", "--policy-id", text(t, policy, "Policy", "PolicySummary", "Id"), "--target-id", sandboxtest.Prod)
	if got := member.fails("iam", "create-user", "--user-name", "x"); !strings.Contains(got, "with an explicit deny in a service control policy") {
		t.Fatal(got)
	}

	root.run("iam", "create-user", "--user-name", "anna")
	root.run("iam", "attach-user-policy", "--user-name", "anna", "--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	results, ok := root.run("iam", "simulate-principal-policy", "--policy-source-arn", "arn:aws:iam::111111111111:user/anna", "--action-names", "s3:GetObject", "s3:PutObject")["EvaluationResults"].([]any)
	if !ok || len(results) != 2 {
		t.Fatal(results)
	}
	for i, want := range []string{"allowed", "implicitDeny"} {
		if got := text(t, results[i].(map[string]any), "EvalDecision"); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	seed := filepath.Join(t.TempDir(), "seed")
	device := root.run("iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", "phone", "--outfile", seed, "--bootstrap-method", "Base32StringSeed")
	if got := text(t, device, "VirtualMFADevice", "SerialNumber"); got != "arn:aws:iam::111111111111:mfa/phone" {
		t.Error(got)
	}
	if data, err := os.ReadFile(seed); err != nil || len(data) != 64 {
		t.Errorf("the seed has %d characters: %v", len(data), err)
	}
	details := root.run("iam", "get-account-authorization-details", "--filter", "User")
	if users, ok := details["UserDetailList"].([]any); !ok || len(users) != 1 {
		t.Error(details)
	}
	token := text(t, root.run("sts", "get-session-token"), "Credentials", "AccessKeyId")
	if got := text(t, root.run("sts", "get-access-key-info", "--access-key-id", token), "Account"); got != sandboxtest.Tools {
		t.Error(got)
	}
}
