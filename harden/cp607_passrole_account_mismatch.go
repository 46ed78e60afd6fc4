package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp607 = rule{describe("CP-607", "passrole-account-mismatch", finding.High,
	"An action passes a role of another account",
	"NIST 800-53 CM-2"), checkPassRoleAccount}

func checkPassRoleAccount(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			passed := a.deployRole
			// Carrying out a change set passes no role; one that is named all the same
			// says which account the change set is in.
			carriesOut := a.cloudFormation() && a.mode() == "CHANGE_SET_EXECUTE"
			if carriesOut {
				passed = a.ConfigText("RoleArn")
			}
			to := estate.AccountOf(passed)
			if passed != "" && (to == "" || !estate.Known(to)) || !estate.Known(a.account) {
				s.miss("the CloudFormation role of "+a.where(), "its account, or that of the action, could not be resolved", a.Pos)
				continue
			}
			if passed == "" || a.account == "" || to == a.account {
				continue
			}
			message := a.where() + " runs in account " + a.account + " and passes a role of account " + to + ": AWS answers \"Cross-account pass role is not allowed\""
			if carriesOut {
				message = a.where() + " runs in account " + a.account + " and names a CloudFormation role of account " + to + ": the change set of one account cannot be carried out in another"
			}
			d := s.fail(a.subject(), keyPos(a.Config, a.Pos, "RoleArn"), message).keyed(a.account, to)
			if a.RoleARN == "" {
				d.mend("Give the action a roleArn of account "+to+" that trusts the pipeline's role: without one it runs in the pipeline's account.", "RoleArn: arn:aws:iam::"+to+":role/ROLE\n")
			} else {
				d.related(a.RolePos, "the action runs as a role of account "+a.account).
					mend("Use a CloudFormation role of account "+a.account+".", "")
			}
		}
	}
}
