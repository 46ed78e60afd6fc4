package report_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

func ExampleText() {
	scan := &finding.Scan{
		Estate: finding.Counts{Accounts: 2, Principals: 3, Pipelines: 1},
		Pipelines: []finding.Pipeline{{
			Name: "storefront", AccountName: "tools", Region: "us-east-1", PeopleToProduction: 1, Want: 2,
			Ways: []finding.Way{{
				Title: "anyone who can push to storefront",
				Steps: []finding.Step{{
					Gains: "push to storefront@main", Action: "codecommit:GitPush",
					Because: []finding.Because{{Policy: "developer", Location: finding.Location{File: "roles.yaml", Line: 41}}},
				}},
				Mend: "add a gate before production",
			}},
		}},
		Coverage: finding.Coverage{Read: []string{"roles.yaml"}},
	}
	if err := report.Text(os.Stdout, scan, report.Options{Width: 80}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// storefront (tools/us-east-1)               production takes 1 person   ✗ wants 2
	//   alone: anyone who can push to storefront
	//     1. push to storefront@main  codecommit:GitPush  roles.yaml:41
	//     mend: add a gate before production
	//
	// read      roles.yaml
	//
	// 1 pipeline, 2 accounts, 3 principals · no findings
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "report.html")
	err = report.WriteFile(file, func(w io.Writer) error { return report.HTML(w, &finding.Scan{}, report.Options{}) })
	info, statErr := os.Stat(file)
	fmt.Println(err, statErr, info.Size() > 0)
	// Output: <nil> <nil> true
}
