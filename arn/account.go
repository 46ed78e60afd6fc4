package arn

// IsAccountID reports whether s is an AWS account id: twelve digits, leading zeros
// included.
func IsAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
