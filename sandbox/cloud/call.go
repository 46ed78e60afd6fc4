package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/twokey/twokey/iam"
)

// Call is one API call under way.
type Call struct {
	World     *World
	Context   context.Context
	Identity  Identity
	Account   string // of the caller, or of the resource for an anonymous caller
	Region    string
	Time      time.Time
	RequestID string
	EventID   string
	SourceIP  string // or the name of the service that calls
	UserAgent string
	// Via is the service that makes the call ("codepipeline.amazonaws.com"), empty
	// for a call over the wire. Unlike UserAgent no caller can choose it.
	Via       string
	Operation Operation
	// Vouched are condition keys that the calling service sets: aws:SourceArn,
	// aws:SourceAccount. Nobody can set them over the wire.
	Vouched *iam.Context
}

// Do checks and runs an operation: authorisation, the run itself, durability,
// the record in the trail. It is the one way by which anything happens in a
// world, over the wire or inside it.
func (c *Call) Do(in any) (any, error) {
	out, err := c.do(in)
	if err == nil {
		if err = c.World.Flush(); err != nil {
			out, err = nil, &Error{Code: "InternalFailure", Message: err.Error(), Fault: true}
		}
	}
	c.World.record(c, in, out, err)
	return out, err
}

func (c *Call) do(in any) (any, error) {
	checks, err := c.Operation.Checks(c, in)
	if err != nil {
		return nil, err
	}
	for _, check := range checks {
		if err := c.Authorize(check); err != nil {
			return nil, err
		}
	}
	return c.Operation.Run(c, in)
}

// Invoke has another service's operation run as a principal: in is converted by
// its JSON names to the operation's input, and the output to out (nil to drop
// it). The principal's own permissions decide, as they do over the wire.
func (c *Call) Invoke(as Identity, service, operation string, in, out any) error {
	return c.World.Invoke(c.Context, Caller{Identity: as, Region: c.Region, From: c.Operation.Service() + ".amazonaws.com"}, service, operation, in, out)
}

// Caller is who invokes an operation from inside the world.
type Caller struct {
	Identity Identity
	Account  string // where the call goes; the identity's account where empty
	Region   string
	Vouched  *iam.Context // see Call.Vouched
	From     string       // the service on whose behalf it is made: sourceIPAddress and userAgent of the record
}

// Invoke runs an operation from inside the world; see Call.Invoke.
func (w *World) Invoke(ctx context.Context, as Caller, service, operation string, in, out any) error {
	op, ok := w.operation(service, operation)
	if !ok {
		return NotImplemented(service + " " + operation)
	}
	input := op.NewInput()
	if err := convert(in, input); err != nil {
		return fmt.Errorf("%s %s: input: %w", service, operation, err)
	}
	account := as.Account
	if account == "" {
		account = as.Identity.Account
	}
	call := w.NewCall(ctx, as.Identity, account, as.Region, op)
	call.SourceIP, call.UserAgent, call.Via = as.From, as.From, as.From
	call.Vouched = as.Vouched
	result, err := call.Do(input)
	if err != nil {
		return err
	}
	if out == nil || result == nil {
		return nil
	}
	if err := convert(result, out); err != nil {
		return fmt.Errorf("%s %s: output: %w", service, operation, err)
	}
	return nil
}

// convert copies a value into the type behind dst by JSON names; a value that is
// of the type already is copied as it is.
func convert(src, dst any) error {
	to := reflect.ValueOf(dst).Elem()
	if from := reflect.Indirect(reflect.ValueOf(src)); from.IsValid() && from.Type() == to.Type() {
		to.Set(from)
		return nil
	}
	data, err := json.Marshal(src)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, dst)
}
