package sandbox

import (
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/cloudtrail"
	"github.com/twokey/twokey/sandbox/codebuild"
	"github.com/twokey/twokey/sandbox/codecommit"
	"github.com/twokey/twokey/sandbox/codepipeline"
	"github.com/twokey/twokey/sandbox/events"
	"github.com/twokey/twokey/sandbox/iamsvc"
	"github.com/twokey/twokey/sandbox/kms"
	"github.com/twokey/twokey/sandbox/logs"
	"github.com/twokey/twokey/sandbox/organizations"
	"github.com/twokey/twokey/sandbox/s3"
	"github.com/twokey/twokey/sandbox/sns"
	"github.com/twokey/twokey/sandbox/sqs"
	"github.com/twokey/twokey/sandbox/sts"
	"github.com/twokey/twokey/sandbox/wire"
)

// services are put into every sandbox, in this order: what others ask for
// policies and credentials comes first. Each adds its operations and returns what
// stops it, if anything needs stopping.
var services = []func(*cloud.World, *wire.Server) (func() error, error){
	iamsvc.Add,
	sts.Add,
	organizations.Add,
	sqs.Add,
	sns.Add,
	events.Add,
	logs.Add,
	cloudtrail.Add,
	kms.Add,
	s3.Add,
	codebuild.Add,
	codecommit.Add,
	codepipeline.Add,
}
