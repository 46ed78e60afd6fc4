package depcheck

import (
	"fmt"
	"strings"
)

// Floor says how high up a room is. A room imports what lies beneath it.
type Floor uint8

// The floors.
const (
	FloorFacts   Floor = iota // 0: names and decisions; the standard library only
	FloorModel                // 1: templates and the estate
	FloorDomain               // 2: what Twokey works out, decides and records
	FloorSandbox              // S: the local AWS, which shares no code with what it is tested by
	FloorAdapter              // 3: one foreign technology each
	FloorEdge                 // 4: where people and programs come in
	FloorApp                  // 5: the composition root
	FloorTools                // what builds and checks the program and is no part of it
)

// Room is a folder with everything beneath it, except folders that are rooms of
// their own.
type Room struct {
	Path    string // relative to the module
	Floor   Floor
	Rooms   []string // further rooms that it may import
	Foreign []string // modules, or parts of them, that it may import
}

const (
	sdk   = "github.com/aws"
	yaml  = "go.yaml.in/yaml/v3"
	cobra = "github.com/spf13"
	xmod  = "golang.org/x/mod"
)

// testLibraries may be imported by any test.
var testLibraries = []string{
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"github.com/santhosh-tekuri/jsonschema/v6",
	"github.com/chromedp",
	"github.com/anishathalye/porcupine",
	"go.uber.org/goleak",
	"pgregory.net/rapid",
}

// Rooms are all the rooms there may be. A folder that lies in none of them
// fails the check, so that nobody adds a room without saying where it stands.
var Rooms = []Room{
	{Path: "arn", Floor: FloorFacts},
	{Path: "iam", Floor: FloorFacts},
	{Path: "finding", Floor: FloorFacts},

	{Path: "cfn", Floor: FloorModel, Foreign: []string{yaml}},
	{Path: "estate", Floor: FloorModel},

	{Path: "calls", Floor: FloorDomain},
	{Path: "reach", Floor: FloorDomain, Rooms: []string{"calls"}},
	{Path: "harden", Floor: FloorDomain, Rooms: []string{"calls"}},
	{Path: "rehearse", Floor: FloorDomain, Rooms: []string{"calls"}},
	{Path: "drift", Floor: FloorDomain},
	{Path: "gate", Floor: FloorDomain},
	{Path: "identity", Floor: FloorDomain},
	{Path: "ledger", Floor: FloorDomain, Foreign: []string{xmod}},
	{Path: "notify", Floor: FloorDomain},
	{Path: "blueprint", Floor: FloorDomain, Rooms: []string{"calls"}},
	// The pages of the rules, embedded.
	{Path: "docs/rules", Floor: FloorDomain},
	{Path: "report", Floor: FloorDomain, Rooms: []string{"rehearse", "drift"}},

	// The root of the sandbox and its test kit put the services together.
	{Path: "sandbox", Floor: FloorSandbox, Rooms: []string{"sandbox"}},
	{Path: "sandbox/sandboxtest", Floor: FloorSandbox, Rooms: []string{"sandbox"}, Foreign: []string{sdk}},
	{Path: "sandbox/wire", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/cloud", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/sqlite", Floor: FloorSandbox, Rooms: []string{"sandbox/cloud"}, Foreign: []string{"modernc.org/sqlite"}},
	{Path: "sandbox/codepipeline", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/sts", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/iamsvc", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/s3", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/kms", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/cloudformation", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/codebuild", Floor: FloorSandbox, Rooms: shared, Foreign: []string{yaml}},
	{Path: "sandbox/codecommit", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/lambda", Floor: FloorSandbox, Rooms: shared, Foreign: []string{sdk + "/aws-lambda-go"}},
	{Path: "sandbox/sns", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/sqs", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/events", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/cloudtrail", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/organizations", Floor: FloorSandbox, Rooms: shared},
	{Path: "sandbox/logs", Floor: FloorSandbox, Rooms: shared},

	// The estate file belongs to every loader that somebody points at a folder.
	{Path: "internal/load/estatefile", Floor: FloorAdapter, Foreign: []string{yaml}},
	{Path: "internal/load/cloudformation", Floor: FloorAdapter, Rooms: []string{"internal/load/estatefile"}, Foreign: []string{yaml}},
	{Path: "internal/load/terraform", Floor: FloorAdapter, Foreign: []string{"github.com/hashicorp/terraform-json"}},
	{Path: "internal/load/snapshot", Floor: FloorAdapter},
	{Path: "internal/load/live", Floor: FloorAdapter, Foreign: []string{sdk}},
	{Path: "internal/store/sqlite", Floor: FloorAdapter, Foreign: []string{"modernc.org/sqlite"}},
	{Path: "internal/store/postgres", Floor: FloorAdapter, Foreign: []string{"github.com/jackc/pgx/v5"}},
	{Path: "internal/tilelog", Floor: FloorAdapter, Foreign: []string{"github.com/transparency-dev/tessera"}},
	{Path: "internal/channel/slack", Floor: FloorAdapter, Foreign: []string{"github.com/slack-go/slack"}},
	{Path: "internal/channel/mail", Floor: FloorAdapter, Foreign: []string{"github.com/wneessen/go-mail"}},
	{Path: "internal/channel/sns", Floor: FloorAdapter, Foreign: []string{sdk}},
	{Path: "internal/channel/webhook", Floor: FloorAdapter},
	{Path: "internal/channel/teams", Floor: FloorAdapter},

	// What a scan is: the domain rooms one after another over one estate.
	{Path: "internal/scan", Floor: FloorEdge},
	{Path: "internal/cli", Floor: FloorEdge, Rooms: []string{"internal/scan", "docs/rules"}, Foreign: []string{cobra}},
	{Path: "internal/httpd", Floor: FloorEdge, Foreign: []string{
		"github.com/coreos/go-oidc/v3", "github.com/go-webauthn/webauthn", "github.com/prometheus/client_golang"}},
	{Path: "internal/web", Floor: FloorEdge},

	{Path: "internal/app", Floor: FloorApp},
	{Path: "cmd/twokey", Floor: FloorApp},

	{Path: "internal/depcheck", Floor: FloorTools},
	{Path: "internal/testrun", Floor: FloorTools},
}

// shared are the rooms that every part of the sandbox may use.
var shared = []string{"sandbox/wire", "sandbox/cloud"}

// roomOf finds the room of a package: the longest path that holds it. A folder
// under sandbox is never taken for a part of sandbox's root: each is a service
// and must be in the table.
func roomOf(pkg string) (Room, bool) {
	var best Room
	for _, r := range Rooms {
		if under(pkg, []string{r.Path}) && len(r.Path) > len(best.Path) {
			best = r
		}
	}
	if best.Path == "sandbox" && pkg != "sandbox" {
		return Room{}, false
	}
	return best, best.Path != ""
}

// mayImportRoom reports whether r may import a room of the module.
func (r Room) mayImportRoom(to Room) bool {
	if r.Path == to.Path || under(to.Path, r.Rooms) {
		return true
	}
	switch r.Floor {
	case FloorFacts:
		return to.Floor == FloorFacts
	case FloorModel:
		return to.Floor <= FloorModel
	case FloorDomain:
		return to.Floor <= FloorModel
	case FloorSandbox:
		return to.Path == "arn" || to.Path == "iam" || to.Path == "cfn"
	case FloorAdapter, FloorEdge:
		return to.Floor <= FloorDomain
	case FloorApp:
		return to.Floor != FloorTools
	}
	return false
}

// noStd are the packages of the standard library that a floor may not use.
func (f Floor) noStd() []string {
	switch f {
	case FloorFacts, FloorModel, FloorDomain:
		return []string{"database/sql", "net/http", "net/rpc", "os/exec", "plugin"}
	case FloorEdge:
		return []string{"database/sql"}
	}
	return nil
}

// rule says in words what a room may import.
func (r Room) rule() string {
	var text string
	switch r.Floor {
	case FloorFacts:
		text = "floor 0 may import floor 0 and the standard library, without SQL, HTTP and processes"
	case FloorModel:
		text = "floor 1 may import floors 0 and 1, without SQL, HTTP and processes"
	case FloorDomain:
		text = "floor 2 may import floors 0 and 1, without SDK, SQL, HTTP and processes"
	case FloorSandbox:
		text = "the sandbox may import arn, iam and cfn; its services reach each other through sandbox/cloud, as a principal"
	case FloorAdapter:
		text = "floor 3 may import floors 0 to 2 and one foreign technology, and no other room of floor 3"
	case FloorEdge:
		text = "floor 4 may import floors 0 to 2, without SDK and SQL"
	case FloorApp:
		text = "floor 5 may import everything but the tools"
	case FloorTools:
		text = "tools may import the standard library only"
	}
	if also := append(append([]string(nil), r.Rooms...), r.Foreign...); len(also) > 0 {
		text += fmt.Sprintf(" (%s also %s)", r.Path, strings.Join(also, ", "))
	}
	return text
}
