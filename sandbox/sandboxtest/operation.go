package sandboxtest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Operate calls an operation of an SDK client by its name, with input members by
// theirs: Operate(ctx, iam.NewFromConfig(cfg), "CreateUser", In{"UserName": "anna"}).
// It is for tables of operations; the answer is the SDK's output.
func Operate(ctx context.Context, client any, operation string, in In) (any, error) {
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("%T has no operation %s", client, operation)
	}
	input := reflect.New(method.Type().In(1).Elem())
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, input.Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	for name := range in {
		if !input.Elem().FieldByName(name).IsValid() {
			return nil, fmt.Errorf("%s has no member %s", operation, name)
		}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	err, _ = results[1].Interface().(error)
	return results[0].Interface(), err
}

// In are the members of an operation's input.
type In map[string]any

// Calling is a Case's Call of one operation of a service's client.
func Calling[C any](client func(aws.Config) C, operation string, in In) func(context.Context, aws.Config) error {
	return func(ctx context.Context, cfg aws.Config) error {
		_, err := Operate(ctx, client(cfg), operation, in)
		return err
	}
}
