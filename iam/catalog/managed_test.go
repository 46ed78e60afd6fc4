package catalog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/iam/catalog"
)

func TestAdministratorAccess(t *testing.T) {
	t.Parallel()
	var want any
	// As AWS publishes it.
	if err := json.Unmarshal([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), &want); err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{
		"arn:aws:iam::aws:policy/AdministratorAccess",
		"arn:aws-cn:iam::aws:policy/AdministratorAccess",
		"arn:aws-us-gov:iam::aws:policy/AdministratorAccess",
	} {
		doc, version, updated, ok := catalog.ManagedPolicy(arn)
		if !ok || version != "v1" || updated != "2015-02-06" {
			t.Errorf("%s: version %q of %q, %v; want v1 of 2015-02-06", arn, version, updated, ok)
			continue
		}
		var got any
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arn, diff)
		}
	}
}

func TestUnknownManagedPolicies(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{
		"", "AdministratorAccess", "arn:aws:iam::aws:policy/", "arn:aws:iam::aws:policy/NoSuchPolicy",
		"arn:aws:iam::aws:policy/administratoraccess",
		"arn:aws:iam::111122223333:policy/AdministratorAccess",
		"arn:aws-iso:iam::aws:policy/AdministratorAccess",
		// Its path is service-role/.
		"arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
	} {
		if doc, _, _, ok := catalog.ManagedPolicy(arn); ok || doc != nil {
			t.Errorf("ManagedPolicy(%q) is %s", arn, doc)
		}
	}
}

func TestManagedPolicyByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"AdministratorAccess":         "arn:aws:iam::aws:policy/AdministratorAccess",
		"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
		"Billing":                     "arn:aws:iam::aws:policy/job-function/Billing",
		"NoSuchPolicy":                "",
		"":                            "",
	} {
		if got, ok := catalog.ManagedPolicyByName(name); got != want || ok != (want != "") {
			t.Errorf("ManagedPolicyByName(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	all := catalog.ManagedPolicies()
	// AWS had 1,485 in May 2026 and adds some each month.
	if len(all) < 1_485 {
		t.Errorf("%d policies, want 1,485 or more", len(all))
	}
	if !slices.IsSorted(all) {
		t.Error("not sorted")
	}
	newest := ""
	for _, arn := range all {
		doc, version, updated, ok := catalog.ManagedPolicy(arn)
		if !ok || !strings.HasPrefix(version, "v") {
			t.Errorf("%s: version %q, %v", arn, version, ok)
		}
		if _, err := time.Parse(time.DateOnly, updated); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
		newest = max(newest, updated)
		var policy struct {
			Version   string
			Statement any
		}
		if err := json.Unmarshal(doc, &policy); err != nil || policy.Version == "" || policy.Statement == nil {
			t.Errorf("%s is not a policy: %v", arn, err)
		}
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		if back, _ := catalog.ManagedPolicyByName(name); back != arn {
			t.Errorf("ManagedPolicyByName(%q) = %q, want %q", name, back, arn)
		}
	}
	if newest != catalog.Updated() {
		t.Errorf("Updated() = %s, but the newest is of %s", catalog.Updated(), newest)
	}
}
