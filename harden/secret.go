package harden

import (
	"regexp"
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// secretWords are the words that, at the end of a name, say that the value is a
// secret; twoWords are pairs that do.
var (
	secretWords = []string{"password", "passwd", "pwd", "pass", "passphrase", "secret", "secrets", "token", "apikey", "credential", "credentials", "pat"}
	twoWords    = []string{"api key", "access key", "secret key", "private key", "signing key", "encryption key", "auth key", "deploy key", "license key", "account key", "shared key", "ssh key", "client secret"}
)

// namesSecret reports whether a name is that of a secret, and not of something
// about one: DB_PASSWORD is, PASSWORD_LENGTH and SECRET_ARN are not.
func namesSecret(name string) bool {
	w := words(name)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	if slices.Contains(secretWords, last) {
		return true
	}
	for _, s := range []string{"password", "passwd", "apikey", "secretkey", "accesstoken"} {
		if strings.HasSuffix(last, s) {
			return true
		}
	}
	return len(w) > 1 && slices.Contains(twoWords, w[len(w)-2]+" "+last)
}

// secretShapes are the shapes of tokens that providers hand out.
var secretShapes = []*regexp.Regexp{
	regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`),
	regexp.MustCompile(`\b(ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,}`),
	regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{22,}`),
	regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20,}`),
	regexp.MustCompile(`\bxox[abprs]-[A-Za-z0-9-]{10,}`),
	regexp.MustCompile(`\bsk_live_[A-Za-z0-9]{16,}`),
	regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`),
	regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	regexp.MustCompile(`://[^/\s:@]+:[^/\s:@$]{3,}@`),
	regexp.MustCompile(`hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{16,}`),
}

// shapedSecret reports whether a value has the shape of a known kind of token.
func shapedSecret(value string) bool {
	return slices.ContainsFunc(secretShapes, func(re *regexp.Regexp) bool { return re.MatchString(value) })
}

var (
	reference   = regexp.MustCompile(`^(arn:|/|\$|#\{|\{\{resolve:|https?://[^@]*$|s3://|ssm:|alias/)`)
	identifier  = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	onlyDigits  = regexp.MustCompile(`^[0-9]{1,5}$`)
	dottedName  = regexp.MustCompile(`^[a-z][a-z0-9]*([-./_][a-z0-9]+){1,}$`)
	placeholder = regexp.MustCompile(`(?i)^(true|false|yes|no|none|null|enabled|disabled|changeme|todo|\*+|<.*>|aws:.*)$`)
)

// secretValue reports whether the value of something that is named like a secret
// is one: text, and not a reference to where the secret is kept, a flag or a
// number.
func secretValue(value estate.Text) bool {
	if value == "" || reference.MatchString(value) || identifier.MatchString(value) || onlyDigits.MatchString(value) {
		return false
	}
	if !estate.Known(value) {
		return true // a parameter: its text ends up in plain sight whatever it is
	}
	return !placeholder.MatchString(value)
}

// fetched reports whether a value is read from Secrets Manager or Parameter Store
// when the template is deployed.
func fetched(n *policy.Node) bool {
	return n != nil && strings.Contains(n.Reason, "dynamic reference")
}

// secretIn reports whether a plain name and value give away a secret.
func secretIn(name, value estate.Text) bool {
	if estate.Known(value) && shapedSecret(value) {
		return true
	}
	if !namesSecret(name) || !secretValue(value) {
		return false
	}
	// "prod/storefront/db" and "github-token" are names under which a secret is kept.
	return !(dottedName.MatchString(value) && strings.Contains(value, "/")) && !strings.Contains(plain(value), plain(name))
}

// plain keeps the letters and digits of a name, in lower case.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}
