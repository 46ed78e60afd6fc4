package harden

import (
	"regexp"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp405 = rule{describe("CP-405", "build-image-untrusted", finding.Medium,
	"Builds run in an image that others may change, or nobody mends",
	"OWASP CICD-SEC-3", "cdk-nag AwsSolutions-CB5"), checkBuildImage}

var (
	ownDigest    = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^@]+@sha256:[0-9a-f]{64}$`)
	ownImage     = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.`)
	retiredImage = regexp.MustCompile(`^aws/codebuild/(standard:[1-4]\.0|amazonlinux2-x86_64-standard:[1-3]\.0|amazonlinux2-aarch64-standard:1\.0|windows-base:[12]\.0|(eb-|android|docker|dot-net|golang|java|nodejs|php|python|ruby|ubuntu-base)\S*)`)
	curatedImage = regexp.MustCompile(`^(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/)?aws/codebuild/`)
)

func checkBuildImage(s *scan) {
	for _, b := range s.builds() {
		n := b.Props.Path("Environment", "Image")
		image := textOf(n)
		var why string
		switch {
		case image == "" || n.IsUnknown() || !estate.Known(image):
			if n.IsUnknown() || !estate.Known(image) {
				s.unknown(b.subject(), posOf(n, b.Pos), "which image "+b.title()+" runs in could not be resolved: whoever sets it chooses what runs with the role").mend("Name the image in the template.", imagePatch)
			}
			continue
		case retiredImage.MatchString(image):
			why = "which AWS no longer mends"
		case curatedImage.MatchString(image), ownDigest.MatchString(image):
			continue
		case ownImage.MatchString(image):
			why = "which is named by a tag: whoever may push to the repository chooses what runs"
		default:
			why = "which others publish"
		}
		s.fail(b.subject(), posOf(n, b.Pos), b.title()+" runs in "+image+", "+why).keyed(image).
			mend("Use an image that AWS curates, or one of your own by its digest.", imagePatch)
	}
}

const imagePatch = `
Image: aws/codebuild/amazonlinux-x86_64-standard:5.0
`
