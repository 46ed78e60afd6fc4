// Command twokey makes the two-person rule real for AWS CodePipeline.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/twokey/twokey/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first Ctrl-C cancels, a second one kills
	os.Exit(app.Run(ctx, os.Args[1:]))
}
