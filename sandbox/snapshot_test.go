package sandbox_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// snapshotModules are the SDK modules whose recorded requests must decode, with
// the services' signing names.
var snapshotModules = map[string]string{"iam": "iam", "sts": "sts", "organizations": "organizations"}

// undecoded are the answers to a request that could not be read, or not in full.
var undecoded = []string{"the parameter", "the member", "the element", "SerializationException", "MalformedInput", "MalformedQueryString", "MalformedXML", "InternalFailure"}

// refused are members that the sandbox refuses by name: those it does not support,
// and those that came to AWS's API after the models it was made from.
var refused = map[string][]string{
	"AssumeRole":                {"ProvidedContexts", "MinimumSessionTokenSize"},
	"AssumeRoleWithWebIdentity": {"ProviderId", "MinimumSessionTokenSize"},
	"GetFederationToken":        {"MinimumSessionTokenSize"},
	"GetSessionToken":           {"MinimumSessionTokenSize"},
	"SimulateCustomPolicy":      {"ResourceHandlingOption", "OrderedOrganizationPolicyInputList", "PolicyExclusionList"},
	"SimulatePrincipalPolicy":   {"ResourceHandlingOption", "OrderedOrganizationPolicyInputList", "PolicyExclusionList"},
}

// TestRecordedRequests sends every request that the SDK's modules carry as a
// record of what their clients write: each operation with all its members. What
// the sandbox supports it must read in full; the rest it must refuse by name.
func TestRecordedRequests(t *testing.T) {
	t.Parallel()
	for module, service := range snapshotModules {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
			if err != nil {
				t.Skipf("where the SDK's module %s lies cannot be found out: %v", module, err)
			}
			files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "request_snapshot", "*.request.snap"))
			if err != nil || len(files) == 0 {
				t.Fatalf("the module %s carries no recorded requests: %v", module, err)
			}
			k := sandboxtest.Start(t)
			supported := k.Sandbox.Support()[service]
			read, unsupported := 0, []string{}
			for _, file := range files {
				operation := strings.TrimSuffix(filepath.Base(file), ".request.snap")
				status, body := replay(t, k, service, file, nil)
				if !slices.Contains(supported, operation) {
					if status < 400 {
						t.Errorf("%s is not supported, but was answered %d", operation, status)
					}
					unsupported = append(unsupported, operation)
					continue
				}
				read++
				if members := refused[operation]; members != nil {
					if status != http.StatusNotImplemented {
						t.Errorf("%s with %v must be refused, but was answered %d %s", operation, members, status, body)
					}
					status, body = replay(t, k, service, file, members)
				}
				for _, sign := range undecoded {
					if strings.Contains(body, sign) {
						t.Errorf("%s was not read: %d %s", operation, status, body)
						break
					}
				}
			}
			if read != len(supported) {
				t.Errorf("%d operations are supported, %d have a recorded request", len(supported), read)
			}
			t.Logf("%d read; not supported: %s", read, strings.Join(unsupported, ", "))
		})
	}
}

// replay signs a recorded request, but for some parameters, and sends it.
func replay(t *testing.T, k *sandboxtest.Kit, service, file string, without []string) (int, string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line, rest, _ := strings.Cut(string(data), "\n")
	method, target, _ := strings.Cut(line, " ")
	head, body, _ := strings.Cut(strings.TrimPrefix(rest, "\n"), "\n\n")
	body = strings.TrimSuffix(body, "\n")
	if without != nil {
		body = strings.Join(slices.DeleteFunc(strings.Split(body, "&"), func(pair string) bool {
			return slices.ContainsFunc(without, func(name string) bool { return strings.HasPrefix(pair, name+"=") || strings.HasPrefix(pair, name+".") })
		}), "&")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, k.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(head, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	keys := aws.Credentials{AccessKeyID: sandboxtest.Tools, SecretAccessKey: "sandbox"}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, sha256Hex(body), service, sandboxtest.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return send(t, k, r)
}
