package harden

import (
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp204 = rule{describe("CP-204", "artifact-bucket-lifecycle", finding.Low,
	"Old artifact versions are kept for ever, or artifacts not long enough",
	"NIST 800-53 AU-11", "Security Hub S3.13"), checkLifecycle}

// longestGateDays is how long a manual approval waits unless it says otherwise.
const longestGateDays = 7

func checkLifecycle(s *scan) {
	for _, b := range s.definedBuckets() {
		config := b.Props.Get("LifecycleConfiguration")
		if config.IsUnknown() {
			s.unknown(b.subject(), b.Pos, "the lifecycle of "+b.title()+" could not be resolved").mend("Set it in the template.", "")
			continue
		}
		old, soon := false, 0
		for _, r := range config.Get("Rules").Elements() {
			if !strings.EqualFold(textOf(r.Get("Status")), "Enabled") {
				continue
			}
			deleted := number(r.Path("NoncurrentVersionExpiration", "NoncurrentDays"))
			if deleted == 0 {
				deleted = number(r.Get("NoncurrentVersionExpirationInDays"))
			}
			old = old || deleted > 0 && deleted <= s.opts.NoncurrentDays && (deleted <= 30 || archived(r))
			if days := number(r.Get("ExpirationInDays")); days > 0 && days < longestGateDays {
				soon = days
			}
		}
		switch {
		case soon > 0:
			s.fail(b.subject(), keyPos(b.Props, b.Pos, "LifecycleConfiguration"), b.title()+" deletes artifacts after "+plural(soon, "day", "days")+", while an approval may wait "+itoa(longestGateDays)).
				keyed("soon").mend("Keep current objects for longer than the longest gate.", "")
		case !old:
			s.fail(b.subject(), keyPos(b.Props, b.Pos, "LifecycleConfiguration"), b.title()+" has no rule that archives old versions within 30 days and deletes them within "+itoa(s.opts.NoncurrentDays)).
				keyed("old").mend("Add a lifecycle rule for versions that are no longer current.", `
LifecycleConfiguration:
  Rules:
    - Id: old-versions
      Status: Enabled
      NoncurrentVersionTransitions:
        - StorageClass: GLACIER
          TransitionInDays: 30
      NoncurrentVersionExpiration:
        NoncurrentDays: 90
`)
		}
	}
}

// archived reports whether a lifecycle rule moves old versions to an archive
// within 30 days.
func archived(r *policy.Node) bool {
	moves := append(r.Get("NoncurrentVersionTransitions").Elements(), r.Get("NoncurrentVersionTransition").Elements()...)
	for _, m := range moves {
		class := textOf(m.Get("StorageClass"))
		if days := number(m.Get("TransitionInDays")); days <= 30 && (strings.HasPrefix(class, "GLACIER") || class == "DEEP_ARCHIVE") {
			return true
		}
	}
	return false
}

// number reads a whole number, or 0.
func number(n *policy.Node) int {
	i, _ := strconv.Atoi(textOf(n))
	return i
}
