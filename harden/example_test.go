package harden_test

import (
	"context"
	"fmt"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/internal/load/cloudformation"
)

// The critical findings of the storefront example that concern production's account.
func ExampleRun() {
	l, err := cloudformation.Load(context.Background(), "../examples/storefront", estate.LoadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range harden.Run(l.Estate, harden.Options{}).Findings {
		if f.Severity == finding.Critical && f.Subject.Account == "444444444444" {
			fmt.Println(f.Rule, f.Name, f.Subject.ID)
		}
	}
	// Output:
	// CP-108 passrole-wildcard DeployerRole
	// CP-601 cfn-role-admin CloudFormationRole
	// CP-606 action-role-wide DeployerRole
}

func ExampleRuleByID() {
	r, ok := harden.RuleByID("artifact-bucket-versioning-off")
	fmt.Println(r.ID, r.Severity, r.Doc(), ok)
	// Output:
	// CP-203 high docs/rules/CP-203.md true
}
