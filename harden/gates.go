package harden

import "slices"

// approvers returns the principals that may answer a gate, whoever they are.
func (s *scan) approvers(g *act) []access {
	if have, ok := s.approverCache[g]; ok {
		return have
	}
	out := s.whoMay("codepipeline:PutApprovalResult", g.arn(), nil)
	s.approverCache[g] = out
	return out
}

// nativeGates returns the gates before an action that no rule of the estate file
// governs, and governed the number of people that the governed ones ask for.
func (s *scan) nativeGates(a *act) (native []*act, governed int) {
	for _, g := range a.pipe.gatesBefore(a) {
		if r := s.governed(g); r != nil {
			governed += r.Approvals
			continue
		}
		native = append(native, g)
	}
	return native, governed
}

// whole notes a pipeline of which part could not be read; what is seen of it is
// judged all the same.
func (s *scan) whole(p *pipe) {
	if p.Incomplete != "" {
		s.miss("part of "+p.title(), p.Incomplete, p.Pos)
	}
}

// soloApprovers returns the people who may answer every one of some gates.
func (s *scan) soloApprovers(gates []*act) []string {
	var out []string
	for i, g := range gates {
		people := s.people(humans(s.approvers(g)))
		if i == 0 {
			out = people
			continue
		}
		out = common(out, people)
	}
	return out
}

// soloMachines returns the roles of programs that may answer every one of some
// gates.
func (s *scan) soloMachines(gates []*act) []string {
	var out []string
	for i, g := range gates {
		programs := names(slices.DeleteFunc(slices.Clone(s.approvers(g)), func(x access) bool {
			return x.human || len(s.roleUses[x.role]) > 0
		}))
		if i == 0 {
			out = programs
			continue
		}
		out = common(out, programs)
	}
	return out
}

// names returns the names of the principals behind several accesses, sorted.
func names(list []access) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.name())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// gateSeries returns the native gates that stand before each action of
// production, where they are two or more; of a pipeline in which nothing is known
// to be production, all its gates.
func (s *scan) gateSeries(p *pipe) [][]*act {
	var out [][]*act
	for _, a := range p.prod {
		if native, governed := s.nativeGates(a); len(native) >= 2 && governed == 0 {
			out = append(out, native)
		}
	}
	if gates := p.gates(); len(p.prod) == 0 && len(gates) >= 2 {
		if !slices.ContainsFunc(gates, func(g *act) bool { return s.governed(g) != nil }) {
			out = append(out, gates)
		}
	}
	return out
}

// citeApprovers relates the statements by which some of the approvers of a gate
// may answer it.
func (d *draft) citeApprovers(list []access, g *act) *draft {
	for _, x := range list {
		d.cite(x.answer, "this statement lets "+x.name()+" answer "+g.where())
	}
	return d
}

// conditioned reports whether a stage begins only under conditions of its own.
func (a *act) conditioned() bool { return a.stage.BeforeEntry != nil }
