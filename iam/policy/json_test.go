package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNodePositions(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf{\n  \"é\": [1, \"x\\n\"],\n\t\"b\": {\"c\": null} }\n"
	n, err := ParseNode("p.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) Pos { return Pos{File: "p.json", Line: line, Column: column} }
	want := &Node{Kind: Map, Pos: at(1, 1), Entries: []Entry{
		{Key: "é", KeyPos: at(2, 3), Value: &Node{Kind: List, Pos: at(2, 8), Items: []*Node{
			{Kind: Number, Text: "1", Pos: at(2, 9)}, {Kind: String, Text: "x\n", Pos: at(2, 12)},
		}}},
		{Key: "b", KeyPos: at(3, 2), Value: &Node{Kind: Map, Pos: at(3, 7), Entries: []Entry{
			{Key: "c", KeyPos: at(3, 8), Value: &Node{Kind: Null, Pos: at(3, 13)}},
		}}},
	}}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseNodeValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Node{
		`true`:                 {Kind: Bool, Text: "true"},
		`false`:                {Kind: Bool, Text: "false"},
		` -0.5e+10 `:           {Kind: Number, Text: "-0.5e+10"},
		`0`:                    {Kind: Number, Text: "0"},
		`"\u00e9\ud83d\ude00"`: {Kind: String, Text: "é😀"},
		`"\"\\\/\b\f\n\r\t"`:   {Kind: String, Text: "\"\\/\b\f\n\r\t"},
		`[]`:                   {Kind: List},
		`{}`:                   {Kind: Map},
	} {
		n, err := ParseNode("", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		n.Pos = Pos{}
		if diff := cmp.Diff(want, *n); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseNodeErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"empty", ``, "f:1:1: expected a value, found end of input"},
		{"trailing garbage", "{}\n x", "f:2:2: unexpected 'x' after the value"},
		{"second value", `{}{}`, "f:1:3: unexpected '{' after the value"},
		{"trailing comma in object", `{"a":1,}`, "f:1:8: expected a key in quotation marks, found '}'"},
		{"trailing comma in list", `[1,]`, "f:1:4: expected a value, found ']'"},
		{"single quotes", `{'a':1}`, `f:1:2: expected a key in quotation marks, found '\''`},
		{"no colon", `{"a" 1}`, `f:1:6: expected ':' after key "a", found '1'`},
		{"unclosed object", `{"a":1`, "f:1:7: expected ',' or '}', found end of input"},
		{"unclosed list", `[1`, "f:1:3: expected ',' or ']', found end of input"},
		{"unclosed string", `"abc`, "f:1:5: string without end"},
		{"unclosed escaped string", `"a\n`, "f:1:5: string without end"},
		{"newline in string", "\"a\nb\"", `f:1:3: control character '\n' in a string`},
		{"newline after escape", "\"a\\t\nb\"", `f:1:5: control character '\n' in a string`},
		{"comment", `{} // x`, "f:1:4: unexpected '/' after the value"},
		{"leading zero", `01`, "f:1:2: unexpected '1' after the value"},
		{"plus sign", `+1`, "f:1:1: expected a value, found '+'"},
		{"bare minus", `-`, "f:1:2: expected a digit, found end of input"},
		{"no fraction", `1.`, "f:1:3: expected a digit after '.', found end of input"},
		{"no exponent", `1e+`, "f:1:4: expected a digit in the exponent, found end of input"},
		{"word", `nul`, "f:1:1: expected a value, found 'n'"},
		{"bad escape", `"\x"`, `f:1:3: unknown escape \x`},
		{"short hex", `"\u12"`, "f:1:4: expected four hexadecimal digits"},
		{"bad hex", `"\u12g4"`, "f:1:4: expected four hexadecimal digits"},
		{"signed hex", `"\u+123"`, "f:1:4: expected four hexadecimal digits"},
		{"NUL", `"\u0000"`, "f:1:8: a NUL character is not allowed"},
		{"raw NUL", "\"\x00\"", `f:1:2: control character '\x00' in a string`},
		{"lone surrogate", `"\ud800"`, "f:1:8: unpaired surrogate"},
		{"low surrogate first", `"\udc00\ud800"`, "unpaired surrogate"},
		{"two high surrogates", `"\ud800\ud800"`, "unpaired surrogate"},
		{"invalid UTF-8", "\"a\xff\"", "f:1:3: invalid UTF-8"},
		{"invalid UTF-8 after escape", "\"\\n\xff\"", "f:1:4: invalid UTF-8"},
		{"too deep", strings.Repeat("[", MaxDepth+2), "nested deeper than 100 levels"},
		{"too long", strings.Repeat(" ", MaxBytes+1), "longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseNode("f", []byte(test.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want a SyntaxError with %q", err, test.want)
			}
			if _, err := Parse("f", []byte(test.text)); err == nil {
				t.Error("Parse takes it")
			}
		})
	}
}

func TestParseNodeKeepsDuplicates(t *testing.T) {
	t.Parallel()
	n, err := ParseNode("", []byte(`{"a":1,"a":2}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Entries) != 2 || n.Get("a").Text != "2" {
		t.Errorf("got %+v", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["1","*"]},"NotAction":[],"Condition":{"Bool":{"a":true}}}]}`,
		"\xef\xbb\xbf{\"Statement\":null}", `[{"\ud83d\ude00":-1.5e3}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse("f", data)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos.Line < 1 || syntax.Pos.Column < 1 {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		for i, s := range d.Statements {
			if s.Index != i {
				t.Errorf("statement %d has index %d", i, s.Index)
			}
			if s.Effect == EffectUnknown && s.Broken == "" && s.Unknown == "" {
				t.Error("a statement without an effect passes as sound")
			}
		}
	})
}
