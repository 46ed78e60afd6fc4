package harden

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/internal/load/cloudformation"
)

func TestTry(t *testing.T) {
	dir := os.Getenv("TRY")
	if dir == "" {
		t.Skip()
	}
	l, err := cloudformation.Load(context.Background(), dir, estate.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Estate.Problems {
		fmt.Println("problem", p)
	}
	for _, f := range Run(l.Estate, Options{}) {
		fmt.Printf("%-8s %-7s %s %-32s %s/%s/%s %s | %s:%d\n    %s\n", f.Severity, f.Status, f.Rule, f.Name, f.Subject.Account, f.Subject.Stack, f.Subject.ID, f.Subject.Part, f.Location.File, f.Location.Line, f.Message)
	}
	for _, u := range Coverage(l.Estate, Options{}) {
		fmt.Println("unknown", u.What, "|", u.Why)
	}
}
