package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
)

// Fingerprint identifies a finding between runs: by its rule, by what it is
// about (type, account, stack, logical id or name, and the part of a pipeline)
// and by the given evidence, but never by a line number, so that it stays the
// same when text moves.
func Fingerprint(rule string, s Subject, evidence ...string) string {
	h := sha256.New()
	parts := append([]string{rule, s.Type, s.Account, s.Stack, s.ID, s.Part}, evidence...)
	for _, p := range parts {
		// The length keeps ("ab","c") apart from ("a","bc").
		_, _ = io.WriteString(h, strconv.Itoa(len(p))+":"+p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
