package policy

// Principal types, as a policy spells them.
const (
	TypeAny       = "*" // the bare star
	TypeAWS       = "AWS"
	TypeService   = "Service"
	TypeFederated = "Federated"
	TypeCanonical = "CanonicalUser"
	// TypeUnknown is the type of a principal element that could not be resolved.
	TypeUnknown = ""
)

func (s *statementReader) principals(name string, v *Node) {
	if s.s.Principals == nil {
		s.s.Principals = &Principals{Pos: v.Pos}
	}
	p := s.s.Principals
	p.Not = name == "NotPrincipal"
	switch {
	case v.Kind == Unknown:
		p.List = append(p.List, Principal{Type: TypeUnknown, Text: Text{Value: Hole, Reason: unknownReason(v), Pos: v.Pos}})
	case v.HasHole():
		p.List = append(p.List, Principal{Type: TypeUnknown, Text: Text{Value: v.Text, Reason: v.Reason, Pos: v.Pos}})
	case v.Kind == String && v.Text == "*":
		p.List = append(p.List, Principal{Type: TypeAny, Text: Text{Value: "*", Pos: v.Pos}})
	case v.Kind == Map:
		s.distinct(v, name)
		if len(v.Entries) == 0 {
			s.broken(v.Pos, "%s must not be empty", name)
		}
		for _, e := range members(v) {
			s.principalsOfType(name, e)
		}
	default:
		s.broken(v.Pos, `%s must be "*" or an object, not %s`, name, v.describe())
	}
}

func (s *statementReader) principalsOfType(name string, e Entry) {
	typ := canonicalName(e.Key, TypeAWS, TypeService, TypeFederated, TypeCanonical)
	if typ == "" {
		s.broken(e.KeyPos, "unknown type %q in %s", e.Key, name)
		return
	}
	s.r.checkName(e, typ, "principal")
	items := elements(e.Value)
	if len(items) == 0 {
		s.broken(e.Value.Pos, "%s %s must not be empty", name, typ)
	}
	p := s.s.Principals
	for _, item := range items {
		switch {
		case item.Kind == Unknown:
			p.List = append(p.List, Principal{Type: typ, Text: Text{Value: Hole, Reason: unknownReason(item), Pos: item.Pos}})
		case item.Kind == String, item.Kind == Number && typ == TypeAWS:
			// A YAML account id that was not quoted arrives as a number.
			p.List = append(p.List, Principal{Type: typ, Text: Text{Value: item.Text, Reason: item.Reason, Pos: item.Pos}})
		default:
			s.broken(item.Pos, "%s %s must be strings, not %s", name, typ, item.describe())
		}
	}
}
