package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp709 = rule{fromLive(describe("CP-709", "pipeline-definition-drift", finding.High,
	"The pipeline that runs is not the one that was reviewed",
	"NIST 800-53 CM-3")), checkDefinitionDrift}

func checkDefinitionDrift(s *scan) {
	for _, p := range s.pipelines {
		if !p.live() {
			continue
		}
		for _, w := range s.pipelines {
			if w.live() || w.Name != p.Name || w.Account != p.Account || w.Region != p.Region {
				continue
			}
			differs := differences(w, p)
			if len(differs) == 0 {
				continue
			}
			s.fail(p.subject(), p.Pos, p.title()+" differs from its template: "+listed(differs)).keyed(differs...).related(w.Pos, "the template").
				mend("Find out from the trail who changed it, and deploy the template again.", "")
		}
	}
}

// differences lists how a pipeline that runs differs from its template in what
// guards production: its role, the order of its stages and actions, their roles,
// and its gates.
func differences(written, running *pipe) []string {
	var out []string
	if written.RoleARN != running.RoleARN && estate.Known(written.RoleARN) {
		out = append(out, "its role is "+roleName(running.RoleARN))
	}
	order := func(p *pipe) []string {
		var list []string
		for _, a := range p.acts {
			list = append(list, a.where())
		}
		return list
	}
	had, has := order(written), order(running)
	for _, w := range had {
		if !slices.Contains(has, w) {
			out = append(out, w+" is gone")
		}
	}
	for _, w := range has {
		if !slices.Contains(had, w) {
			out = append(out, w+" was added")
		}
	}
	if len(out) == 0 && !slices.Equal(had, has) {
		out = append(out, "its actions run in another order")
	}
	for _, a := range written.acts {
		for _, b := range running.acts {
			if a.where() == b.where() && a.RoleARN != b.RoleARN && estate.Known(a.RoleARN) {
				out = append(out, a.where()+" runs as "+roleName(b.RoleARN))
			}
		}
	}
	return out
}
