package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

// built is a build project with the actions that run it.
type built struct {
	*estate.Project
	acts []*act
	role *estate.Role // nil where it could not be resolved or is nowhere defined
}

func (b *built) subject() finding.Subject { return subject(&b.Meta, b.Name) }

func (b *built) title() string { return "build project " + estate.Show(b.Name) }

// builds returns the build projects that the estate defines, with the actions of
// pipelines that run them.
func (s *scan) builds() []*built {
	var out []*built
	for _, pr := range s.est.Projects {
		if pr.Missing {
			s.miss("build project "+estate.Show(pr.Name), "nothing in the estate defines it", pr.Pos)
			continue
		}
		b := &built{Project: pr}
		if r := s.est.Role(pr.ServiceRole); r != nil && !r.Missing {
			b.role = r
		}
		for _, p := range s.pipelines {
			for _, a := range p.acts {
				if a.project == pr {
					b.acts = append(b.acts, a)
				}
			}
		}
		out = append(out, b)
	}
	return out
}

// reach is one thing that a build's role may do and a build has no need for.
type reach struct {
	what   string
	answer answer
}

// reaches returns what a build's role may do beyond building: change production,
// make itself an administrator, rewrite the artifact key's policy. With
// artifacts, also overwrite artifacts that the build does not make.
func (s *scan) reaches(b *built, artifacts bool) []reach {
	if b.role == nil {
		return nil
	}
	k := reachKey{b.Project, artifacts}
	if _, ok := s.reachCache[k]; !ok {
		s.reachCache[k] = s.workOutReach(b, artifacts)
	}
	return s.reachCache[k]
}

type reachKey struct {
	project   *estate.Project
	artifacts bool
}

func (s *scan) workOutReach(b *built, artifacts bool) []reach {
	r := b.role
	if power, _ := s.administrator(r); power.granted() {
		return []reach{{"do anything in account " + r.Account, power}}
	}
	var out []reach
	add := func(what string, a answer) {
		if a.granted() && !slices.ContainsFunc(out, func(x reach) bool { return x.what == what }) {
			out = append(out, reach{what, a})
		}
	}
	if a, how := s.escalates(r); how != "" {
		add(strings.TrimPrefix(how, "may "), a)
	}
	if a := s.identityMay(r.ARN, "iam:PassRole", anyARN(partitionOf(r.ARN), "iam", "", r.Account, "role/twokey-probe"), nil); a.granted() {
		add("pass any role", a)
	}
	for _, to := range s.production().within(r) {
		if to.Missing {
			// The other side is not in the estate; this one is enough to say so.
			add("become "+estate.Show(to.Name)+" in account "+to.Account+", which deploys production", s.identityMay(r.ARN, "sts:AssumeRole", to.ARN, nil))
			continue
		}
		add("become "+estate.Show(to.Name)+" in account "+to.Account+", which deploys production", s.may(r.ARN, "sts:AssumeRole", to.ARN, nil))
	}
	for _, stack := range s.production().stacks[r.Account] {
		_, name, _ := strings.Cut(stack, ":stack/")
		add("update stack "+name, s.may(r.ARN, "cloudformation:UpdateStack", stack+"/twokey-probe", nil))
	}
	for _, x := range b.acts {
		st := x.pipe.storeFor(x)
		if st == nil {
			continue
		}
		if st.keyARN != "" && st.key != nil && !st.key.Missing {
			add("rewrite the policy of the artifact key", s.may(r.ARN, "kms:PutKeyPolicy", st.keyARN, nil))
		}
		if !artifacts || !estate.Known(st.Bucket) || st.Bucket == "" {
			continue
		}
		for _, artifact := range x.pipe.foreignArtifacts(func(a *act) bool { return a.project == b.Project }) {
			add("overwrite artifact "+estate.Show(artifact)+" of "+x.pipe.title(), s.may(r.ARN, "s3:PutObject", x.pipe.placeARN(st, artifact), nil))
		}
	}
	return out
}

// foreignArtifacts returns the artifacts of a pipeline that are made by actions
// for which own is false.
func (p *pipe) foreignArtifacts(own func(*act) bool) []estate.Text {
	var mine, out []estate.Text
	for _, a := range p.acts {
		if own(a) {
			mine = append(mine, a.Outputs...)
		}
	}
	for _, a := range p.acts {
		for _, o := range a.Outputs {
			// CodePipeline cuts names to ten characters: such artifacts share a place.
			if !slices.ContainsFunc(mine, func(m estate.Text) bool { return cut(m, 10) == cut(o, 10) }) {
				out = append(out, o)
			}
		}
	}
	return out
}

// what lists reaches for a message.
func whatReached(list []reach) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.what)
	}
	return out
}
