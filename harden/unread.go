package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// unread reports whether nobody can tell who a principal of a resource's policy
// is: part of it could not be resolved, and no role of the estate is written so.
// Services are not asked after: what they may be is what the policy calls them.
func (s *scan) unread(p policy.Principal) bool {
	return p.Type != policy.TypeService && (p.Type == policy.TypeUnknown || !estate.Known(p.Value)) && s.est.Role(p.Value) == nil
}

// mayBeAccount reports whether a principal that could not be resolved may turn
// out to be an account as a whole: what is known of it names no role or user.
func mayBeAccount(p policy.Principal) bool {
	if p.Type != policy.TypeUnknown && (p.Type != policy.TypeAWS || estate.Known(p.Value)) {
		return false
	}
	for _, part := range []string{":root", ":role/", ":user/", ":assumed-role/"} {
		if strings.Contains(p.Value, part) {
			return false
		}
	}
	return true
}

// whoeverIs ends "whoever …" for a principal that could not be resolved, with
// why where that is known.
func whoeverIs(p policy.Principal) string {
	text := "is meant by " + estate.Show(p.Value)
	if p.Value == policy.Hole {
		text = "this names"
	}
	if p.Reason != "" {
		return text + " (" + estate.Show(p.Reason) + ")"
	}
	return text + ", which could not be resolved"
}
