package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"same", "same", 0},
		{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"übung", "ubung", 1},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"storefront-build", "storefront-pipeline", "prod-deployer", "alice", "Alicia", "bob"}
	for _, tt := range []struct {
		given string
		want  []string
	}{
		{"storefront-biuld", []string{"storefront-build"}},
		{"ALICE", []string{"alice", "Alicia"}},
		{"deployer", []string{"prod-deployer"}},
		{"storefront", []string{"storefront-build", "storefront-pipeline"}},
		{"zz", nil},
		{"nothing-like-it", nil},
	} {
		if diff := cmp.Diff(tt.want, nearest(tt.given, names, 3)); diff != "" {
			t.Errorf("nearest(%q) (-want +got):\n%s", tt.given, diff)
		}
	}
}
