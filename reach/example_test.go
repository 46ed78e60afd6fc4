package reach_test

import (
	"fmt"

	"github.com/twokey/twokey/reach"
)

func ExampleAnalyze() {
	est := people(gated(1), user(tools, "ada", pushes(), approves(1)))
	for _, p := range reach.Analyze(est, reach.Options{}).Pipelines {
		fmt.Println(p.Name, "takes", p.PeopleToProduction)
		for _, w := range p.Ways {
			fmt.Println(w.People[0])
			for _, s := range w.Steps {
				fmt.Println("-", s.Gains)
			}
			fmt.Println("mend:", w.Mend)
		}
	}
	// Output:
	// shop takes 1
	// ada
	// - ada pushes to shop@main
	// - Build/Build works on what Source/App hands on
	// - ada may approve Approve1/Gate
	// - Deploy/Deploy deploys it to production
	// mend: remove codepipeline:PutApprovalResult on shop/Approve1/Gate from ada, or let Twokey govern the gate (user-111111111111-ada.json:3)
}

func ExampleWhoCan() {
	est := people(gated(1), user(tools, "ada", approves(1)), user(tools, "bob", pushes()))
	for _, a := range reach.WhoCan(est, "codepipeline:PutApprovalResult", gateARN(1)) {
		fmt.Println(a.Principal, a.Outcome, a.People)
	}
	// Output:
	// arn:aws:iam::111111111111:user/ada allow [ada]
}

func ExampleTechniques() {
	for _, t := range reach.Techniques() {
		if t.ID == "G10" {
			fmt.Println(t.Title, "- followed:", t.Followed)
			fmt.Println(t.Why)
		}
	}
	// Output:
	// Override a stage condition - followed: false
	// a condition is never counted as a person: the number is worked out as if every condition held
}
