package arn

import "testing"

func TestIsAccountID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"000000000001": true, "123456789012": true,
		"": false, "12345678901": false, "1234567890123": false, "12345678901a": false, "-12345678901": false, "１２３４": false,
	} {
		if got := IsAccountID(s); got != want {
			t.Errorf("%q: got %v", s, got)
		}
	}
}
