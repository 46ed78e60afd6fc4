package reach

import (
	"slices"

	"github.com/twokey/twokey/estate"
)

// excludes says which parts in a change keep a person from voting at a gate.
func excludes(r *estate.GateRule) (parts uint8) {
	for _, x := range r.Exclude {
		switch x {
		case "author", "committer":
			parts |= asAuthor
		case "starter":
			parts |= asStarter
		}
	}
	return parts
}

// satisfy reports whether the members of a coalition can give the approvals that
// a rule asks for. acting marks members who wrote the change or started the run.
func (p *people) satisfy(r *estate.GateRule, who coalition, acting []bool) bool {
	shut := excludes(r) != 0
	var voters []*person
	for i, m := range who {
		if m == stranger {
			// Somebody without a name cannot be told from somebody else, so that
			// Twokey counts them once at most, and not where it knows people by name.
			if !p.listed {
				voters = append(voters, &person{})
			}
			continue
		}
		if p.listed && !p.list[m].listed || shut && acting != nil && acting[i] {
			continue
		}
		voters = append(voters, &p.list[m])
	}
	need := max(r.Approvals, 1)
	var slots []string
	for _, s := range r.Slots {
		for range max(s.Count, 1) {
			slots = append(slots, s.Group)
		}
	}
	if len(voters) < max(need, len(slots)) {
		return false
	}
	return fill(slots, voters, make([]bool, len(voters)))
}

// fill reports whether each slot can have a voter of its own.
func fill(slots []string, voters []*person, used []bool) bool {
	if len(slots) == 0 {
		return true
	}
	for i, v := range voters {
		if used[i] || !slices.Contains(v.groups, slots[0]) {
			continue
		}
		used[i] = true
		if fill(slots[1:], voters, used) {
			return true
		}
		used[i] = false
	}
	return false
}
