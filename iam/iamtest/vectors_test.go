package iamtest

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/twokey/twokey/iam"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../../shared/reference/iam-vectors.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the reference vectors are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, err := ReadCases(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Run()
			if err != nil {
				t.Fatal(err)
			}
			if got != c.Want {
				d, _ := c.Explain(Options{})
				t.Errorf("case %d: got %s, want %s (%s)\n%+v", c.N, got, c.Want, c.Why, d)
			}
			qs, err := c.Questions(Options{})
			if err != nil {
				t.Fatal(err)
			}
			if o := iam.DecideAll(qs...); Word(o) != got {
				t.Errorf("case %d: Decide says %s, Explain %s", c.N, Word(o), got)
			}
		})
	}
}
