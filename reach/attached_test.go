package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

const approverAccess = "arn:aws:iam::aws:policy/AWSCodePipelineApproverAccess"

// keptAt is an AWS-managed policy as it is attached at a line of app.yaml.
func keptAt(t *testing.T, arn string, line int) estate.Policy {
	t.Helper()
	text, _, _, ok := catalog.ManagedPolicy(arn)
	if !ok {
		t.Fatalf("%s is not in the catalogue", arn)
	}
	d, err := policy.Parse(arn, text)
	if err != nil {
		t.Fatal(err)
	}
	return estate.Policy{Name: arn[strings.LastIndexByte(arn, '/')+1:], ARN: arn, Doc: d, Pos: policy.Pos{File: "app.yaml", Line: line, Column: 9}}
}

// A policy that AWS keeps cannot be edited: it is taken from whoever holds it.
func TestMendOfAWSManagedPolicy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		estate func() *estate.Estate
		want   string
		at     finding.Location
	}{
		"of a group": {func() *estate.Estate {
			e := gated(1)
			e.Groups = []*estate.Group{group(tools, "approvers")}
			e.Groups[0].Policies = []estate.Policy{keptAt(t, approverAccess, 10)}
			cyd := user(tools, "cyd", pushes())
			cyd.Groups = []string{e.Groups[0].ARN}
			return people(e, cyd)
		}, "take AWSCodePipelineApproverAccess from group approvers (app.yaml:10), or let Twokey govern the gate", finding.Location{File: "app.yaml", Line: 10, Column: 9}},
		"of a user and a group": {func() *estate.Estate {
			e := gated(1)
			e.Groups = []*estate.Group{group(tools, "approvers")}
			e.Groups[0].Policies = []estate.Policy{keptAt(t, approverAccess, 10)}
			cyd := user(tools, "cyd", pushes())
			cyd.Groups = []string{e.Groups[0].ARN}
			cyd.Policies = append(cyd.Policies, keptAt(t, approverAccess, 20))
			return people(e, cyd)
		}, "take AWSCodePipelineApproverAccess from cyd (app.yaml:20); and take AWSCodePipelineApproverAccess from group approvers (app.yaml:10), or let Twokey govern the gate", finding.Location{File: "app.yaml", Line: 20, Column: 9}},
		"beside a policy of one's own": {func() *estate.Estate {
			cyd := user(tools, "cyd", pushes(), approves(1))
			cyd.Policies = append(cyd.Policies, keptAt(t, approverAccess, 20))
			return people(gated(1), cyd)
		}, "; and take AWSCodePipelineApproverAccess from cyd (app.yaml:20)", finding.Location{}},
		"none but one's own": {func() *estate.Estate {
			return people(gated(1), user(tools, "cyd", pushes(), approves(1)))
		}, "remove codepipeline:PutApprovalResult on ", finding.Location{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := only(t, reach.Analyze(c.estate(), reach.Options{}))
			if p.PeopleToProduction != 1 || len(p.Ways) == 0 {
				t.Fatalf("takes %d people by %d ways, want 1: cyd pushes and approves", p.PeopleToProduction, len(p.Ways))
			}
			w := p.Ways[0]
			if !strings.Contains(w.Mend, c.want) || strings.Contains(w.Mend, "arn:aws:iam::aws:") {
				t.Errorf("mend %q\nwant %q in it", w.Mend, c.want)
			}
			if strings.Contains(w.Mend, "take ") != strings.Contains(c.want, "take ") {
				t.Errorf("mend %q", w.Mend)
			}
			if c.at != (finding.Location{}) && w.MendLocation != c.at {
				t.Errorf("the mend is at %+v, want %+v", w.MendLocation, c.at)
			}
			if c.at == (finding.Location{}) {
				return
			}
			i := slices.IndexFunc(w.Steps, func(s finding.Step) bool { return s.Technique == "G1" })
			if i < 0 || len(w.Steps[i].Because) == 0 || w.Steps[i].Because[0].Location != c.at {
				t.Errorf("the step of the gate is not at the attachment: %+v", w.Steps)
			}
		})
	}
}
