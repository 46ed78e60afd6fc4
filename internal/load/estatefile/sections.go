package estatefile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

const outputTag = "!output"

func configOf(name string) estate.Config { return estate.Config{File: name} }

func (r *reader) top(n *policy.Node) {
	if n.Kind != policy.Map {
		r.wrongKind(n, "the estate file", "a map")
		return
	}
	f := r.file
	r.fields(n, "the estate file",
		field{"version", true, func(v *policy.Node, _ policy.Pos) {
			if t := r.text(v, "version"); t != "" && t != "1" {
				r.fail(v.Pos, "this program reads version 1", "version %s is not known", t)
			}
		}},
		r.into("region", false, "region", &f.Region),
		field{"accounts", false, func(v *policy.Node, _ policy.Pos) { r.items(v, "accounts", r.account) }},
		// Stacks name accounts, so they are read after them, wherever they stand.
		ignoring("stacks"),
		field{"people", false, func(v *policy.Node, _ policy.Pos) { r.items(v, "people", r.person) }},
		field{"break_glass", false, func(v *policy.Node, _ policy.Pos) { f.BreakGlass = r.texts(v, "break_glass") }},
		field{"gates", false, func(v *policy.Node, _ policy.Pos) { r.items(v, "gates", r.gate) }},
		field{"scan", false, func(v *policy.Node, _ policy.Pos) { r.scan(v) }},
		field{"notify", false, func(v *policy.Node, _ policy.Pos) {
			r.items(v, "notify", func(item *policy.Node) {
				if item.Kind != policy.Map {
					r.wrongKind(item, "an entry of notify", "a map")
					return
				}
				f.Config.Notify = append(f.Config.Notify, item)
			})
		}},
	)
	for _, e := range n.Entries {
		if e.Key == "stacks" {
			f.HasStacks = true
			r.items(e.Value, "stacks", r.stack)
			break
		}
	}
	if f.Region != "" && !region.MatchString(f.Region) {
		r.fail(n.Get("region").Pos, "us-east-1, eu-central-1, …", "%q is not the name of a region", f.Region)
	}
}

var (
	accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	region      = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	stackName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)
	ruleID      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
)

func (r *reader) account(n *policy.Node) {
	a := estate.Account{Pos: n.Pos}
	ok := r.fields(n, "an entry of accounts",
		field{"name", true, func(v *policy.Node, _ policy.Pos) {
			a.Name = r.text(v, "the name of an account")
			if a.Name == "" {
				return
			}
			if !accountName.MatchString(a.Name) {
				r.fail(v.Pos, "letters, digits, dot, dash and underscore", "%q cannot be the name of an account", a.Name)
			}
			if have := r.file.Account(a.Name); have != nil {
				r.fail(v.Pos, "", "account %s stands twice; it stood in line %d before", a.Name, have.Pos.Line)
			}
		}},
		field{"id", true, func(v *policy.Node, _ policy.Pos) { a.ID = r.accountID(v) }},
		field{"production", false, func(v *policy.Node, _ policy.Pos) { a.Production = r.boolean(v, "production") }},
		field{"management", false, func(v *policy.Node, _ policy.Pos) { a.Management = r.boolean(v, "management") }},
	)
	if !ok {
		return
	}
	for _, have := range r.file.Accounts {
		if have.ID == a.ID && a.ID != "" {
			r.fail(n.Pos, "", "account id %s stands twice; it stood in line %d before", a.ID, have.Pos.Line)
		}
	}
	r.file.Accounts = append(r.file.Accounts, a)
}

// accountID reads twelve digits. Unquoted, an id with a leading zero is a number
// to other readers of YAML, and another one.
func (r *reader) accountID(n *policy.Node) string {
	id := r.text(n, "the id of an account")
	digits := strings.Trim(id, "0123456789") == ""
	switch {
	case id == "":
	case !digits:
		r.fail(n.Pos, "", "account id %q has to be 12 digits", id)
	case len(id) != 12:
		hint := "count the digits"
		if !r.tree.quoted[n] && len(id) < 12 {
			hint = "was it copied from something that drops leading zeros? write it in quotes"
		}
		r.fail(n.Pos, hint, "account id %s has %d digits, and an account id has 12", id, len(id))
	case id[0] == '0' && !r.tree.quoted[n]:
		r.fail(n.Pos, fmt.Sprintf("write %q", id), "account id %s begins with a zero and has to stand in quotes", id)
	default:
		return id
	}
	return ""
}

func (r *reader) stack(n *policy.Node) {
	s := Stack{Pos: n.Pos, Region: r.file.Region}
	ok := r.fields(n, "an entry of stacks",
		field{"name", true, func(v *policy.Node, _ policy.Pos) {
			if s.Name = r.text(v, "the name of a stack"); s.Name != "" && !stackName.MatchString(s.Name) {
				r.fail(v.Pos, "a letter, then letters, digits and dashes", "%q cannot be the name of a stack", s.Name)
			}
		}},
		field{"account", true, func(v *policy.Node, _ policy.Pos) {
			for _, name := range r.texts(v, "account") {
				switch {
				case name == "":
				case r.file.Account(name) == nil:
					r.fail(v.Pos, r.accountNames(), "no account is called %q", name)
				case slices.Contains(s.Accounts, name):
					r.fail(v.Pos, "", "account %s stands twice", name)
				default:
					s.Accounts = append(s.Accounts, name)
				}
			}
		}},
		field{"region", false, func(v *policy.Node, _ policy.Pos) {
			if s.Region = r.text(v, "region"); s.Region != "" && !region.MatchString(s.Region) {
				r.fail(v.Pos, "us-east-1, eu-central-1, …", "%q is not the name of a region", s.Region)
			}
		}},
		field{"template", true, func(v *policy.Node, _ policy.Pos) {
			s.Template, s.TemplatePos = r.text(v, "template"), v.Pos
		}},
		field{"parameters", false, func(v *policy.Node, _ policy.Pos) { s.Parameters = r.parameters(v) }},
	)
	if !ok {
		return
	}
	for _, have := range r.file.Stacks {
		for _, a := range s.Accounts {
			if have.Name == s.Name && slices.Contains(have.Accounts, a) {
				r.fail(n.Pos, "give one of them another name", "account %s has two stacks called %s; the other is in line %d", a, s.Name, have.Pos.Line)
			}
		}
	}
	r.file.Stacks = append(r.file.Stacks, s)
}

func (r *reader) accountNames() string {
	var names []string
	for _, a := range r.file.Accounts {
		names = append(names, a.Name)
	}
	if len(names) == 0 {
		return "list it under accounts"
	}
	return "there are " + strings.Join(names, ", ")
}

func (r *reader) parameters(n *policy.Node) []Parameter {
	if n.Kind == policy.Null {
		return nil
	}
	if n.Kind != policy.Map {
		r.wrongKind(n, "parameters", "a map")
		return nil
	}
	var out []Parameter
	for _, e := range n.Entries {
		if i := slices.IndexFunc(out, func(p Parameter) bool { return p.Name == e.Key }); i >= 0 {
			r.fail(e.KeyPos, "", "key %q stands twice in parameters; it stood in line %d before", e.Key, out[i].Pos.Line)
			continue
		}
		p := Parameter{Name: e.Key, Pos: e.KeyPos}
		switch text, ok := e.Value.Scalar(); {
		case ok && strings.HasPrefix(text, outputTag):
			p.Output = r.output(e.Value, text)
		case ok:
			p.Value = &policy.Node{Kind: policy.String, Text: text, Pos: e.Value.Pos}
		case e.Value.Kind == policy.List:
			p.Value = &policy.Node{Kind: policy.String, Text: strings.Join(r.texts(e.Value, "parameter "+e.Key), ","), Pos: e.Value.Pos}
		default:
			r.wrongKind(e.Value, "parameter "+e.Key, "a text")
			continue
		}
		out = append(out, p)
	}
	return out
}

func (r *reader) output(n *policy.Node, text string) *Output {
	parts := strings.Split(strings.TrimSpace(strings.TrimPrefix(text, outputTag)), "/")
	if len(parts) != 3 || slices.Contains(parts, "") {
		r.fail(n.Pos, "write "+outputTag+" account/stack/Output", "%q does not name an output", text)
		return &Output{}
	}
	if r.file.Account(parts[0]) == nil {
		r.fail(n.Pos, r.accountNames(), "no account is called %q", parts[0])
	}
	return &Output{Account: parts[0], Stack: parts[1], Name: parts[2]}
}

func (r *reader) person(n *policy.Node) {
	p := estate.Person{Pos: n.Pos}
	ok := r.fields(n, "an entry of people",
		r.into("name", true, "the name of a person", &p.Name),
		field{"groups", false, func(v *policy.Node, _ policy.Pos) { p.Groups = r.texts(v, "groups") }},
		field{"identities", false, func(v *policy.Node, _ policy.Pos) {
			r.items(v, "identities", func(item *policy.Node) {
				if id := r.identity(item); id != "" {
					p.Identities = append(p.Identities, id)
				}
			})
		}},
	)
	if !ok {
		return
	}
	for _, have := range r.file.People {
		if have.Name == p.Name && p.Name != "" {
			r.fail(n.Pos, "", "person %s stands twice; it stood in line %d before", p.Name, have.Pos.Line)
		}
		for _, id := range p.Identities {
			if slices.Contains(have.Identities, id) {
				r.fail(n.Pos, "one identity is one person's", "%s belongs to %s and to %s", id, have.Name, p.Name)
			}
		}
	}
	r.file.People = append(r.file.People, p)
}

// identity reads an ARN or another proof of who somebody is, as "kind:value".
func (r *reader) identity(n *policy.Node) string {
	id := r.text(n, "an identity")
	kind, rest, ok := strings.Cut(id, ":")
	switch {
	case id == "":
	case !ok || rest == "":
		r.fail(n.Pos, `"arn:aws:iam::…:user/NAME" or "oidc:NAME"`, "%q is not an identity", id)
	case kind == "arn" && strings.Count(id, ":") < 5:
		r.fail(n.Pos, `"arn:aws:iam::111111111111:user/NAME"`, "%q is not an ARN", id)
	case kind == "arn":
		account := strings.SplitN(id, ":", 6)[4]
		if account != "*" && !arn.IsAccountID(account) {
			r.fail(n.Pos, "", "the account %q in %s has to be 12 digits", account, id)
			return ""
		}
		return id
	default:
		return id
	}
	return ""
}

func (r *reader) scan(n *policy.Node) {
	r.fields(n, "scan",
		field{"want_people", false, func(v *policy.Node, _ policy.Pos) { r.file.WantPeople = r.count(v, "want_people", 1, 99) }},
		field{"ignore", false, func(v *policy.Node, _ policy.Pos) { r.items(v, "ignore", r.ignore) }},
	)
}

func (r *reader) ignore(n *policy.Node) {
	ig := finding.Ignore{Kind: "config", Location: finding.Location{File: n.Pos.File, Line: n.Pos.Line, Column: n.Pos.Column}}
	ok := r.fields(n, "an entry of ignore",
		field{"rule", true, func(v *policy.Node, _ policy.Pos) {
			for _, rule := range r.texts(v, "rule") {
				if rule != "" && !ruleID.MatchString(rule) {
					r.fail(v.Pos, "CP-203, or artifact-bucket-versioning-off", "%q is not the id or name of a rule", rule)
				}
				ig.Rules = append(ig.Rules, rule)
			}
		}},
		r.into("reason", false, "reason", &ig.Reason),
		r.into("until", false, "until", &ig.Until),
	)
	if ok && len(ig.Rules) > 0 {
		r.file.Config.Ignores = append(r.file.Config.Ignores, ig)
	}
}
