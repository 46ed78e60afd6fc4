package reach

import "slices"

// alteredPool holds the actors of an account in every state that somebody could
// bring them into: with permissions added, Denies or the boundary taken off, put
// into a group; and the administrator that somebody could make. It is nil where
// nobody in the account can change any of them.
func (w *world) alteredPool(account string) *pool {
	p, done := w.altered[account]
	if done {
		return p
	}
	w.altered[account] = nil
	powers := w.powersIn(account)
	if powers == (powers0) {
		return nil
	}
	p = w.newPool(w.alterations(account, powers))
	w.altered[account] = p
	return p
}

// powers say which kinds of change somebody in an account may be able to make.
type powers struct{ add, undeny, unbound, join, create bool }

var powers0 powers

// powersIn finds the kinds of change by asking, for each row that makes one,
// whether anybody may do it to anything. A change may bring the permission to
// make another, so it asks again until nothing is new.
func (w *world) powersIn(account string) powers {
	var have powers
	for {
		pools := []*pool{w.ownPool(account)}
		if have != powers0 {
			pools = append(pools, w.newPool(w.alterations(account, have)))
		}
		next := have
		for i := range table {
			t := &table[i]
			flag := next.flag(t.Gains)
			if !t.Followed || flag == nil || *flag {
				continue
			}
			*flag = w.anybody(pools, t, account)
		}
		if next == have {
			return have
		}
		have = next
	}
}

func (p *powers) flag(g Gain) *bool {
	switch g {
	case GainAdd:
		return &p.add
	case GainUndeny:
		return &p.undeny
	case GainUnbound:
		return &p.unbound
	case GainJoin:
		return &p.join
	case GainAdmin:
		return &p.create
	}
	return nil
}

// anybody reports whether some entry of pools may do what a row needs to some
// subject of the account.
func (w *world) anybody(pools []*pool, t *Technique, account string) bool {
	iam := "arn:{partition}:iam::{account}:"
	f := frame{"account": account, "partition": w.partition(account)}
	for name, on := range map[string]string{"role": "role/", "user": "user/", "group": "group/", "policy": "policy/"} {
		f[name], _ = f.expand(iam + on + "{new}")
	}
	for _, needs := range t.Needs {
		q, ok := w.question(needs, f)
		if !ok {
			continue
		}
		for _, p := range pools {
			if found, err := p.index.WhoCanAll(q.targets...); err != nil || len(found) > 0 {
				return true
			}
		}
	}
	return false
}

func (w *world) partition(account string) string {
	for _, i := range w.members[account] {
		return partitionOf(w.actors[i].arn)
	}
	return "aws"
}

func (w *world) alterations(account string, can powers) []poolEntry {
	var out []poolEntry
	put := func(i int, m mods) {
		out = append(out, poolEntry{actor: i, mods: m, ip: w.changed(&w.actors[i], m)})
	}
	for _, i := range w.members[account] {
		a := &w.actors[i]
		if !a.editable() {
			continue
		}
		list := []mods{{}}
		if can.undeny {
			for _, d := range subsets(a.deniers()) {
				list = append(list, mods{drop: d})
			}
		}
		if can.unbound && a.boundary() != nil {
			for _, m := range slices.Clone(list) {
				m.unbound = true
				list = append(list, m)
			}
		}
		if can.add {
			for _, m := range slices.Clone(list) {
				m.add = true
				list = append(list, m)
			}
		}
		for _, m := range list[1:] {
			put(i, m)
		}
		if can.join && a.user != nil {
			for g, group := range w.est.Groups {
				if group.Account == account && !slices.Contains(a.user.Groups, group.ARN) {
					put(i, mods{join: int32(g + 1)})
				}
			}
		}
	}
	if i, ok := w.admins[account]; ok && (can.add || can.create) {
		put(i, mods{})
	}
	return out
}

// subsets returns the non-empty subsets of a mask: all of them where it has up to
// three bits, otherwise each bit and the whole.
func subsets(mask uint32) []uint32 {
	var bits []uint32
	for m := mask; m != 0; m &= m - 1 {
		bits = append(bits, m&-m)
	}
	if len(bits) > 3 {
		return append(bits, mask)
	}
	var out []uint32
	for s := uint32(1); s < 1<<len(bits); s++ {
		var sub uint32
		for i, b := range bits {
			if s&(1<<i) != 0 {
				sub |= b
			}
		}
		out = append(out, sub)
	}
	return out
}
