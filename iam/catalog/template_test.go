package catalog

import "testing"

// accepts reports whether symbols match text, by trying every way.
func accepts(symbols []symbol, text string) bool {
	if len(symbols) == 0 {
		return text == ""
	}
	s := symbols[0]
	has := func(c byte) bool {
		switch s.class {
		case literal:
			return c == s.char
		case field:
			return c != ':'
		case segment:
			return c != ':' && c != '/'
		}
		return true
	}
	if !s.many {
		return text != "" && has(text[0]) && accepts(symbols[1:], text[1:])
	}
	return accepts(symbols[1:], text) || text != "" && has(text[0]) && accepts(symbols, text[1:])
}

// intersect is held against trying all texts up to a length that suffices for
// so few symbols.
func TestIntersectAgainstTrying(t *testing.T) {
	t.Parallel()
	symbols := []symbol{
		{char: 'a'}, {char: ':'}, {char: '/'},
		{class: anything}, {class: anything, many: true},
		{class: field, many: true},
		{class: segment}, {class: segment, many: true},
	}
	texts := []string{""}
	for start := 0; len(texts[start]) < 5; start++ {
		for _, c := range "a:/" {
			texts = append(texts, texts[start]+string(c))
		}
	}
	var lists [][]symbol
	for _, x := range symbols {
		lists = append(lists, []symbol{x})
		for _, y := range symbols {
			lists = append(lists, []symbol{x, y})
			lists = append(lists, []symbol{x, {char: 'a'}, y})
		}
	}
	lists = append(lists, nil)
	matched := make([][]bool, len(lists))
	for i, l := range lists {
		matched[i] = make([]bool, len(texts))
		for j, text := range texts {
			matched[i][j] = accepts(l, text)
		}
	}
	for i, a := range lists {
		for j, b := range lists {
			want := false
			for k := range texts {
				want = want || matched[i][k] && matched[j][k]
			}
			if got := intersect(a, b); got != want {
				t.Fatalf("intersect(%v, %v) = %v, want %v", a, b, got, want)
			}
		}
	}
}

func TestIntersectOfLongTexts(t *testing.T) {
	t.Parallel()
	var long []symbol
	for range 2_000 {
		long = append(long, symbol{class: anything, many: true}, symbol{char: 'a'})
	}
	if !intersect(long, long) {
		t.Error("a text does not meet itself")
	}
	if intersect(long, append(long[:3_999:3_999], symbol{char: 'b'})) {
		t.Error("texts that end differently meet")
	}
}
