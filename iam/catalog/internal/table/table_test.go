package table

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a table with each thing at least once, two services, and empty lists.
func small() *Table {
	return &Table{
		Keys: []Key{
			{Name: "aws:TagKeys", Type: ArrayOfString, Global: true},
			{Name: "s3:prefix"},
			{Name: "s3:VersionId", Type: Date},
		},
		Lists: [][]uint32{{}, {0, 2}, {1}},
		Services: []Service{
			{Prefix: "iam", Title: "Identity", EndAction: 1},
			{Prefix: "s3", Title: "Storage", Actions: 1, EndAction: 3, EndResource: 2, Keys: 1},
		},
		Resources: []Resource{
			{Service: 1, Name: "bucket", ARNs: []string{"arn:a", "arn:b"}, Keys: 2},
			{Service: 1, Name: "object", ARNs: []string{}},
		},
		Actions: []Action{
			{Name: "ListRoles", Level: List},
			{Name: "GetObject", Level: Read, EndUse: 2, Keys: 1},
			{Name: "PutObject", Level: Tagging, Uses: 2, EndUse: 3},
		},
		Uses: []Use{{Resource: 0, Required: true}, {Resource: 1, Keys: 2}, {Resource: 1, Required: true}},
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := small()
	got, err := Decode(string(want.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTruncatedTable(t *testing.T) {
	t.Parallel()
	whole := string(small().Encode())
	for n := range len(whole) {
		if _, err := Decode(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are accepted", n, len(whole))
		}
	}
	if _, err := Decode(whole + "x"); err == nil {
		t.Error("a byte too many is accepted")
	}
}

func TestInconsistentTable(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Table){
		"key of a list":          func(t *Table) { t.Lists[2][0] = 3 },
		"second key of a list":   func(t *Table) { t.Lists[1][1] = 3 },
		"list of an action":      func(t *Table) { t.Actions[0].Keys = 3 },
		"list of a resource":     func(t *Table) { t.Resources[0].Keys = 3 },
		"list of a service":      func(t *Table) { t.Services[0].Keys = 3 },
		"list of a use":          func(t *Table) { t.Uses[1].Keys = 3 },
		"resource of a use":      func(t *Table) { t.Uses[1].Resource = 2 },
		"access level":           func(t *Table) { t.Actions[0].Level = levels },
		"type of a key":          func(t *Table) { t.Keys[0].Type = types },
		"an action too few":      func(t *Table) { t.Services[1].EndAction = 2 },
		"an action without uses": func(t *Table) { t.Actions[2].EndUse = 2 },
	} {
		bad := small()
		spoil(bad)
		if _, err := Decode(string(bad.Encode())); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestFoldCompare(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"", "a", "A", "ab", "Ab", "aB", "b", "B", "a-", "a_", "z", "[", "@"} {
		for _, b := range []string{"", "a", "A", "ab", "AB", "b", "a-", "A_", "Z", "[", "`"} {
			want := strings.Compare(strings.ToLower(a), strings.ToLower(b))
			got := FoldCompare(a, b)
			if got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Errorf("FoldCompare(%q, %q) = %d, want the sign of %d", a, b, got, want)
			}
		}
	}
}

func documents() []Document {
	return []Document{
		{Path: "service-role/B", Version: "v2", Updated: "2026-01-02", JSON: []byte(`{"Version":"2012-10-17","Statement":[{"Action":"s3:GetObject"}]}`)},
		{Path: "A", Version: "v1", Updated: "2015-02-06", JSON: []byte(`{"Version":"2012-10-17","Statement":[]}`)},
		{Path: "C", Version: "v10", Updated: "2020-12-31", JSON: []byte(`{"Version":"2012-10-17","Statement":{"Action":"` + strings.Repeat("x", 70_000) + `"}}`)},
		{Path: "D", Version: "v1", Updated: "2020-12-31"},
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	whole, err := EncodeArchive(documents())
	if err != nil {
		t.Fatal(err)
	}
	a, err := DecodeArchive(string(whole))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Entries) != len(documents()) {
		t.Fatalf("%d entries", len(a.Entries))
	}
	for _, d := range documents() {
		i, ok := a.Find(d.Path)
		if !ok {
			t.Errorf("%s is not found", d.Path)
			continue
		}
		got, err := a.JSON(i)
		e := a.Entries[i]
		if err != nil || string(got) != string(d.JSON) || e.Version != d.Version || e.Updated != d.Updated {
			t.Errorf("%s: got %.80q, %s, %s, %v", d.Path, got, e.Version, e.Updated, err)
		}
	}
	if _, ok := a.Find("B"); ok {
		t.Error("B is found without its path")
	}
}

func TestArchiveDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	a, err := EncodeArchive(documents())
	if err != nil {
		t.Fatal(err)
	}
	turned := documents()
	turned[0], turned[2] = turned[2], turned[0]
	b, err := EncodeArchive(turned)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("the same documents in another order yield other bytes")
	}
}

func TestArchiveRefuses(t *testing.T) {
	t.Parallel()
	if _, err := EncodeArchive(append(documents(), Document{Path: "A"})); err == nil {
		t.Error("a path that occurs twice is accepted")
	}
	if _, err := EncodeArchive([]Document{{Path: "A", JSON: make([]byte, maxDocumentBytes+1)}}); err == nil {
		t.Error("a document that is too large is accepted")
	}
}

func TestTruncatedArchive(t *testing.T) {
	t.Parallel()
	b, err := EncodeArchive(documents()[:2])
	if err != nil {
		t.Fatal(err)
	}
	whole := string(b)
	for n := range len(whole) {
		if _, err := DecodeArchive(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are accepted", n, len(whole))
		}
	}
	// The last byte belongs to the last document: damage shows when it is read.
	a, err := DecodeArchive(whole[:len(whole)-3] + "\xff\xff\xff")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.JSON(len(a.Entries) - 1); err == nil {
		t.Error("a damaged document is accepted")
	}
}

func FuzzDecode(f *testing.F) {
	whole := string(small().Encode())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(magic)
	f.Add(magic + strings.Repeat("\xff", 20))
	f.Fuzz(func(t *testing.T, s string) {
		table, err := Decode(s)
		if err != nil {
			return
		}
		// What is accepted can be followed without leaving a slice.
		for _, s := range table.Services {
			_ = table.Lists[s.Keys]
			for _, r := range table.Resources[s.Resources:s.EndResource] {
				_ = table.Lists[r.Keys]
			}
			for _, a := range table.Actions[s.Actions:s.EndAction] {
				_ = table.Lists[a.Keys]
				for _, u := range table.Uses[a.Uses:a.EndUse] {
					_, _ = table.Resources[u.Resource], table.Lists[u.Keys]
				}
			}
		}
		for _, l := range table.Lists {
			for _, k := range l {
				_ = table.Keys[k]
			}
		}
	})
}

func FuzzDecodeArchive(f *testing.F) {
	whole, err := EncodeArchive(documents()[:2])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	f.Add(string(whole[:len(whole)/2]))
	f.Add(archiveMagic + strings.Repeat("\xff", 20))
	f.Fuzz(func(t *testing.T, s string) {
		a, err := DecodeArchive(s)
		if err != nil {
			return
		}
		for i, e := range a.Entries {
			doc, err := a.JSON(i)
			if err == nil && len(doc) != e.size {
				t.Fatalf("%q has %d bytes, the index says %d", e.Path, len(doc), e.size)
			}
		}
	})
}
