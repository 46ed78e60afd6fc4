package sts

import (
	"testing"
)

// The RSA key of RFC 7517, appendix A.1.
const rfcModulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

func TestWebKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key webKey
		ok  bool
	}{
		"RFC 7517":        {webKey{Type: "RSA", N: rfcModulus, E: "AQAB"}, true},
		"for encryption":  {webKey{Type: "RSA", N: rfcModulus, E: "AQAB", Use: "enc"}, false},
		"exponent 1":      {webKey{Type: "RSA", N: rfcModulus, E: "AQ"}, false},
		"short":           {webKey{Type: "RSA", N: "AQAB", E: "AQAB"}, false},
		"RFC 7517, curve": {webKey{Type: "EC", Curve: "P-256", X: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", Y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}, true},
		"another curve":   {webKey{Type: "EC", Curve: "P-384", X: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", Y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}, false},
		"off the curve":   {webKey{Type: "EC", Curve: "P-256", X: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", Y: "AQ"}, false},
		"no numbers":      {webKey{Type: "EC", Curve: "P-256"}, false},
		"symmetric":       {webKey{Type: "oct"}, false},
	} {
		if _, err := c.key.public(); c.ok != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLCJleHAiOjEzMDA4MTkzODAsImF1ZCI6WyJhIl19.AA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	keys := []webKey{{Type: "RSA", N: rfcModulus, E: "AQAB"}, {Type: "EC", Curve: "P-256", X: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", Y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := parseToken(text)
		if err != nil {
			return
		}
		token.text("iss")
		token.list("aud")
		token.seconds("exp")
		if token.verify(keys) {
			t.Fatal("a signature was guessed")
		}
	})
}
