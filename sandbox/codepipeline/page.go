package codepipeline

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// paged cuts a page out of a list. The token says where the next one begins, and
// of what list: a token of another is refused.
func paged[T any](what string, all []T, limit *int64, most int, token string) ([]T, string, error) {
	sum := sha256.Sum256([]byte(what))
	mark := hex.EncodeToString(sum[:6])
	from := 0
	if token != "" {
		data, err := base64.RawURLEncoding.DecodeString(token)
		of, at, ok := strings.Cut(string(data), " ")
		n, nerr := strconv.Atoi(at)
		if err != nil || !ok || of != mark || nerr != nil || n < 0 {
			return nil, "", cloud.Errorf("InvalidNextTokenException", "The next token is not valid.")
		}
		from = min(n, len(all))
	}
	size := most
	if limit != nil {
		size = min(int(*limit), most)
	}
	to := min(from+size, len(all))
	next := ""
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(mark + " " + strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}
