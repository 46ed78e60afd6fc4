package synthetic

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Options say how large the estate is. The zero value of a field means its default.
type Options struct {
	Accounts   int    // 10
	Principals int    // users and roles for each account: 500; at least 80
	Pipelines  int    // for each account: 10
	Seed       uint64 // 1
}

const (
	firstAccount     = 100_000_000_001
	usersPerAccount  = 20
	rolesPerPipeline = 5 // pipeline, build, two action roles, execution
	region           = "us-east-1"
)

// object keeps templates short to write; encoding/json sorts its keys, so the
// output is stable.
type object = map[string]any

// Write writes an estate into dir, which must not exist or be empty.
func Write(dir string, o Options) error {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range o.Accounts {
		if err := writeAccount(dir, o, i); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "twokey.yaml"), []byte(estateFile(o)), 0o644)
}

func (o Options) withDefaults() Options {
	if o.Accounts == 0 {
		o.Accounts = 10
	}
	if o.Principals == 0 {
		o.Principals = 500
	}
	if o.Pipelines == 0 {
		o.Pipelines = 10
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return o
}

func (o Options) check() error {
	switch least := usersPerAccount + o.Pipelines*rolesPerPipeline; {
	case o.Accounts < 2 || o.Accounts > 10_000:
		return fmt.Errorf("accounts: %d is not between 2 and 10000", o.Accounts)
	case o.Pipelines < 1 || o.Pipelines > 100:
		return fmt.Errorf("pipelines: %d is not between 1 and 100", o.Pipelines)
	case o.Principals < least || o.Principals > 10_000:
		return fmt.Errorf("principals: %d is not between %d (what %d pipelines need) and 10000", o.Principals, least, o.Pipelines)
	}
	return nil
}

func accountID(o Options, i int) string {
	return fmt.Sprintf("%012d", firstAccount+i%o.Accounts)
}

func accountName(o Options, i int) string { return fmt.Sprintf("account-%04d", i%o.Accounts) }

func writeAccount(dir string, o Options, i int) error {
	folder := filepath.Join(dir, accountName(o, i))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
	faults := make([]fault, o.Pipelines)
	for p := range faults {
		faults[p] = fault(rng.IntN(10))
	}
	for name, resources := range map[string]object{
		"people.json":    people(o, i, faults),
		"pipelines.json": pipelines(o, i, faults),
		"workloads.json": workloads(o, i, rng),
	} {
		data, err := json.MarshalIndent(object{"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func estateFile(o Options) string {
	var b strings.Builder
	b.WriteString("version: 1\naccounts:\n")
	for i := range o.Accounts {
		fmt.Fprintf(&b, "  - {name: %s, id: %q}\n", accountName(o, i), accountID(o, i))
	}
	b.WriteString("stacks:\n")
	for i := range o.Accounts {
		for _, t := range []string{"people", "pipelines", "workloads"} {
			fmt.Fprintf(&b, "  - {name: %s, account: %s, region: %s, template: %s/%s.json}\n", t, accountName(o, i), region, accountName(o, i), t)
		}
	}
	return b.String()
}
