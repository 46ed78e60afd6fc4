package estatefile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

const whole = `version: 1
accounts:
  - {name: tools, id: "011111111111"}
  - {name: prod,  id: "444444444444", production: true}
stacks:
  - {name: pre-reqs, account: tools, region: eu-central-1, template: a.yaml,
     parameters: {DevAccount: 012345678901, Condition: true, Names: [a, b], Count: 1.50}}
  - {name: deployer, account: [tools, prod], template: b.yaml,
     parameters: {CMKARN: "!output tools/pre-reqs/CMK", Bucket: !output tools/pre-reqs/Bucket}}
people:
  - {name: alice, groups: [release], identities: ["arn:aws:iam::111111111111:user/alice", "oidc:alice@example.com"]}
break_glass: ["arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"]
gates:
  - match: {pipeline: "storefront*"}
    approvals: 2
    slots: [{group: security, count: 1}, {group: release}]
    exclude: [author, committer, starter, pipeline-editor]
    require: [comment, passkey]
    open: "Mon-Fri 09:00-17:00 Europe/Berlin"
    expires: 72h
    rejections: 1
scan: {want_people: 3, ignore: [{rule: CP-708, reason: "…", until: 2027-01-31}]}
notify:
  - {channel: slack, events: [opened]}
`

func TestParse(t *testing.T) {
	t.Parallel()
	f, err := Parse("twokey.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s} }
	want := &File{
		Name:      "twokey.yaml",
		Accounts:  []estate.Account{{Name: "tools", ID: "011111111111"}, {Name: "prod", ID: "444444444444", Production: true}},
		HasStacks: true,
		Stacks: []Stack{
			{Name: "pre-reqs", Accounts: []string{"tools"}, Region: "eu-central-1", Template: "a.yaml", Parameters: []Parameter{
				{Name: "DevAccount", Value: text("012345678901")}, {Name: "Condition", Value: text("true")},
				{Name: "Names", Value: text("a,b")}, {Name: "Count", Value: text("1.50")},
			}},
			{Name: "deployer", Accounts: []string{"tools", "prod"}, Template: "b.yaml", Parameters: []Parameter{
				{Name: "CMKARN", Output: &Output{"tools", "pre-reqs", "CMK"}}, {Name: "Bucket", Output: &Output{"tools", "pre-reqs", "Bucket"}},
			}},
		},
		People: []estate.Person{{
			Name: "alice", Groups: []string{"release"}, Identities: []string{"arn:aws:iam::111111111111:user/alice", "oidc:alice@example.com"},
		}},
		BreakGlass: []string{"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"},
		Gates: []estate.GateRule{{
			Pipeline: "storefront*", Stage: "*", Action: "*", Approvals: 2,
			Slots:   []estate.GateSlot{{Group: "security", Count: 1}, {Group: "release", Count: 1}},
			Exclude: []string{"author", "committer", "starter", "pipeline-editor"}, Require: []string{"comment", "passkey"},
			Open: "Mon-Fri 09:00-17:00 Europe/Berlin", Expires: 72 * time.Hour, Rejections: 1,
		}},
		WantPeople: 3,
		Config: estate.Config{
			File:    "twokey.yaml",
			Ignores: []finding.Ignore{{Kind: "config", Rules: []string{"CP-708"}, Reason: "…", Until: "2027-01-31"}},
		},
	}
	ignore := cmp.Options{
		cmpopts.IgnoreTypes(policy.Pos{}, finding.Location{}), cmpopts.IgnoreFields(estate.Config{}, "Notify"),
	}
	if diff := cmp.Diff(want, f, ignore); diff != "" {
		t.Error(diff)
	}
	if got := f.Stacks[1].Parameters[1].Pos.Line; got != 9 {
		t.Errorf("parameter Bucket stands in line %d, want 9", got)
	}
	if len(f.Config.Notify) != 1 {
		t.Errorf("notify has %d entries, want 1", len(f.Config.Notify))
	}
}

// accounts begins a file; what is tested begins in line 5.
const accounts = `version: 1
accounts:
  - {name: tools, id: "111111111111"}
  - {name: prod, id: "444444444444"}
`

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"empty", "", "twokey.yaml: is empty"},
		{"not a map", "- a\n", "twokey.yaml:1:1: the estate file has to be a map and is a list"},
		{"broken YAML", "version: 1\naccounts: [\n", "twokey.yaml:2: is not valid YAML: "},
		{"broken map", "version: 1\nscan:\n  x: {a: b\naccounts: []\n", "twokey.yaml:3: is not valid YAML: "},
		{"broken list", "version: 1\npeople:\n  - name: a\n  b: c\n", "twokey.yaml:3: is not valid YAML: "},
		{"tab", "version: 1\nscan:\n\tx: 1\n", "twokey.yaml:3: is not valid YAML: "},
		{"unknown anchor", "version: 1\nnotify:\n  - *nobody\n", "twokey.yaml:3: is not valid YAML: "},
		{"two documents", "version: 1\n---\nversion: 1\n", "twokey.yaml:2: holds a second document; an estate file is one document"},
		{"no version", "accounts: []\n", `twokey.yaml:1:1: the estate file lacks "version"`},
		{"future version", "version: 2\n", "twokey.yaml:1:10: version 2 is not known (this program reads version 1)"},
		{"unknown key", "version: 1\nacounts: []\n", `twokey.yaml:2:1: the estate file has no key "acounts" (did you mean "accounts"?)`},
		{"far key", "version: 1\nregulator: []\n", `twokey.yaml:2:1: the estate file has no key "regulator" (it may have version, region, accounts, stacks, people, break_glass, gates, scan, notify)`},
		{"duplicate key", accounts + "people: []\npeople: []\n", `twokey.yaml:6:1: key "people" stands twice in the estate file; it stood in line 5 before`},
		{"eleven digits", "version: 1\naccounts:\n  - name: tools\n    id: \"11111111111\"\n",
			"twokey.yaml:4:9: account id 11111111111 has 11 digits, and an account id has 12 (count the digits)"},
		{"eleven digits unquoted", "version: 1\naccounts: [{name: tools, id: 11111111111}]\n",
			"twokey.yaml:2:30: account id 11111111111 has 11 digits, and an account id has 12 (was it copied from something that drops leading zeros? write it in quotes)"},
		{"unquoted leading zero", "version: 1\naccounts: [{name: tools, id: 012345678901}]\n",
			`twokey.yaml:2:30: account id 012345678901 begins with a zero and has to stand in quotes (write "012345678901")`},
		{"octal leading zero", "version: 1\naccounts: [{name: tools, id: 011111111111}]\n",
			`twokey.yaml:2:30: account id 011111111111 begins with a zero and has to stand in quotes (write "011111111111")`},
		{"id of letters", "version: 1\naccounts: [{name: tools, id: tools}]\n", `twokey.yaml:2:30: account id "tools" has to be 12 digits`},
		{"id of wrong kind", "version: 1\naccounts: [{name: tools, id: [1]}]\n", "twokey.yaml:2:30: the id of an account has to be a text and is a list"},
		{"account without id", "version: 1\naccounts:\n  - name: tools\n", `twokey.yaml:3:5: an entry of accounts lacks "id"`},
		{"account twice", accounts + "  - {name: tools, id: \"555555555555\"}\n", "twokey.yaml:5:12: account tools stands twice; it stood in line 3 before"},
		{"id twice", accounts + "  - {name: other, id: \"111111111111\"}\n", "twokey.yaml:5:5: account id 111111111111 stands twice; it stood in line 3 before"},
		{"production of wrong kind", "version: 1\naccounts: [{name: a, id: \"111111111111\", production: \"yes\"}]\n",
			"twokey.yaml:2:54: production has to be true or false and is a text"},
		{"unknown account", accounts + "stacks:\n  - {name: s, account: dev, template: a.yaml}\n",
			`twokey.yaml:6:24: no account is called "dev" (there are tools, prod)`},
		{"stack name", accounts + "stacks:\n  - {name: a_b, account: prod, template: a.yaml}\n",
			`twokey.yaml:6:12: "a_b" cannot be the name of a stack (a letter, then letters, digits and dashes)`},
		{"stack twice", accounts + "stacks:\n  - {name: s, account: prod, template: a.yaml}\n  - {name: s, account: [tools, prod], template: b.yaml}\n",
			"twokey.yaml:7:5: account prod has two stacks called s; the other is in line 6 (give one of them another name)"},
		{"no template", accounts + "stacks:\n  - {name: s, account: prod}\n", `twokey.yaml:6:5: an entry of stacks lacks "template"`},
		{"region", accounts + "stacks:\n  - {name: s, account: prod, template: a, region: Frankfurt}\n",
			`twokey.yaml:6:51: "Frankfurt" is not the name of a region (us-east-1, eu-central-1, …)`},
		{"parameter twice", accounts + "stacks:\n  - name: s\n    account: prod\n    template: a\n    parameters:\n      P: a\n      P: b\n",
			`twokey.yaml:11:7: key "P" stands twice in parameters; it stood in line 10 before`},
		{"parameter of wrong kind", accounts + "stacks:\n  - {name: s, account: prod, template: a, parameters: {P: {a: b}}}\n",
			"twokey.yaml:6:59: parameter P has to be a text and is a map"},
		{"output without a stack", accounts + "stacks:\n  - {name: s, account: prod, template: a, parameters: {P: \"!output CMK\"}}\n",
			`twokey.yaml:6:59: "!output CMK" does not name an output (write !output account/stack/Output)`},
		{"output of no account", accounts + "stacks:\n  - {name: s, account: prod, template: a, parameters: {P: !output dev/s/O}}\n",
			`twokey.yaml:6:59: no account is called "dev" (there are tools, prod)`},
		{"unknown tag", accounts + "stacks:\n  - {name: s, account: prod, template: !Ref a}\n",
			"twokey.yaml:6:40: tag !Ref is not known (the only tag is !output account/stack/Output)"},
		{"person twice", "version: 1\npeople: [{name: a}, {name: a}]\n", "twokey.yaml:2:21: person a stands twice; it stood in line 2 before"},
		{"identity shared", "version: 1\npeople:\n  - {name: a, identities: [\"oidc:x\"]}\n  - {name: b, identities: [\"oidc:x\"]}\n",
			"twokey.yaml:4:5: oidc:x belongs to a and to b (one identity is one person's)"},
		{"identity", "version: 1\npeople: [{name: a, identities: [alice]}]\n",
			`twokey.yaml:2:33: "alice" is not an identity ("arn:aws:iam::…:user/NAME" or "oidc:NAME")`},
		{"identity of eleven digits", "version: 1\npeople: [{name: a, identities: [\"arn:aws:iam::11111111111:user/a\"]}]\n",
			`twokey.yaml:2:33: the account "11111111111" in arn:aws:iam::11111111111:user/a has to be 12 digits`},
		{"gate without number", "version: 1\ngates: [{match: {pipeline: p}}]\n",
			"twokey.yaml:2:9: an entry of gates says neither how many approvals it takes nor which slots it has (approvals: 2)"},
		{"gate of zero", "version: 1\ngates: [{match: {pipeline: p}, approvals: 0}]\n",
			"twokey.yaml:2:43: approvals has to be a whole number from 1 to 99 and is 0"},
		{"misspelt rule key", "version: 1\ngates: [{match: {pipeline: p}, aprovals: 2, approvals: 1}]\n",
			`twokey.yaml:2:32: an entry of gates has no key "aprovals" (did you mean "approvals"?)`},
		{"more slots than approvals", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, slots: [{group: a}, {group: b}]}]\n",
			"twokey.yaml:2:9: the slots take 2 people, and approvals says 1"},
		{"exclude", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, exclude: [pusher]}]\n",
			`twokey.yaml:2:56: exclude has no "pusher" (it may be author, committer, starter, pipeline-editor)`},
		{"hours", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, open: \"office hours\"}]\n",
			`twokey.yaml:2:52: open: "office hours" is not days, hours and a time zone ("Mon-Fri 09:00-17:00 Europe/Berlin")`},
		{"time zone", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, open: \"Mon-Fri 09:00-17:00 Europe/Atlantis\"}]\n",
			`twokey.yaml:2:52: open: time zone "Europe/Atlantis" is not known (a name such as Europe/Berlin or UTC)`},
		{"weekday", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, open: \"Mo-Fr 09:00-17:00 UTC\"}]\n",
			`twokey.yaml:2:52: open: "Mo" is not a day of the week ("Mon-Fri 09:00-17:00 Europe/Berlin")`},
		{"duration", "version: 1\ngates: [{match: {pipeline: p}, approvals: 1, expires: 72}]\n",
			`twokey.yaml:2:55: expires: "72" is not a duration of at most 365 days ("72h")`},
		{"want people", "version: 1\nscan: {want_people: two}\n", "twokey.yaml:2:21: want_people has to be a number and is a text"},
		{"ignore without rule", "version: 1\nscan: {ignore: [{reason: x}]}\n", `twokey.yaml:2:17: an entry of ignore lacks "rule"`},
		{"NUL", "version: 1\nregion: \"a\\0b\"\n", "twokey.yaml:2:9: holds a NUL character"},
		{"alias in itself", "version: 1\nnotify: &a [*a]\n", "twokey.yaml:2:13: alias *a stands inside what it names"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse("twokey.yaml", []byte(tt.file))
			if f != nil || err == nil {
				t.Fatalf("Parse succeeded, want error %q", tt.want)
			}
			lines := strings.Split(err.Error(), "\n")
			if lines[0] != tt.want && !(strings.HasSuffix(tt.want, " ") && strings.HasPrefix(lines[0], tt.want)) {
				t.Errorf("error\n got %s\nwant %s", lines[0], tt.want)
			}
			if len(lines) > 1 {
				t.Errorf("more than one error:\n%v", err)
			}
		})
	}
}

func TestErrorsAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := Parse("twokey.yaml", []byte(`version: 1
stacks:
  - {name: s, account: dev, template: a.yaml, regoin: x}
accounts:
  - {name: tools, id: "1111"}
people: alice
`))
	want := `twokey.yaml:3:24: no account is called "dev" (there are tools)
twokey.yaml:3:47: an entry of stacks has no key "regoin" (did you mean "region"?)
twokey.yaml:5:23: account id 1111 has 4 digits, and an account id has 12 (count the digits)
twokey.yaml:6:9: people has to be a list and is a text`
	if err == nil || err.Error() != want {
		t.Errorf("errors\n got %v\nwant %s", err, want)
	}
	var several Errors
	if !errors.As(err, &several) || len(several) != 4 {
		t.Errorf("error is a %T, want 4 Errors", err)
	}
	var one *Error
	if !errors.As(err, &one) || one.Pos.Line != 3 {
		t.Errorf("the first error is %v, want one in line 3", one)
	}
}

// A YAML bomb is refused by what it would come to, with its line.
func TestYAMLBomb(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("version: 1\nnotify:\n  - a: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		b.WriteString("  - a: &a")
		b.WriteByte(byte('0' + i))
		b.WriteString(" [")
		for range 9 {
			b.WriteString("*a")
			b.WriteByte(byte('0' + i - 1))
			b.WriteString(", ")
		}
		b.WriteString("]\n")
	}
	start := time.Now()
	_, err := Parse("twokey.yaml", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "holds more than 200000 values, aliases expanded") {
		t.Errorf("error %v, want one about the number of values", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to refuse the file", took)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("version: 1\nnotify: &a [*a]\n"))
	f.Add([]byte("version: 1\nstacks: [{name: s, account: [a], parameters: {P: !output a/b/c}}]\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("twokey.yaml", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("Parse returned %v and %v", file, err)
		}
		if err != nil {
			var es Errors
			if !errors.As(err, &es) || len(es) == 0 {
				t.Fatalf("error %v is a %T", err, err)
			}
			for _, e := range es {
				if e.Pos.File != "twokey.yaml" || e.Message == "" {
					t.Fatalf("error without a file or message: %#v", e)
				}
			}
			return
		}
		for _, a := range file.Accounts {
			if len(a.ID) != 12 || strings.Trim(a.ID, "0123456789") != "" {
				t.Fatalf("account id %q was accepted", a.ID)
			}
		}
	})
}
