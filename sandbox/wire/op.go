package wire

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// Op binds a function to an operation of a model.
type Op[In, Out any] struct {
	Name string
	// ReadOnly and Data are as in cloud.Operation. Where ReadOnly is not set,
	// names that begin with Get, List, Describe, Head, Lookup or BatchGet are taken
	// as reading.
	ReadOnly, Data bool
	// Unsigned operations may be called without a signature; the caller is then
	// anonymous, and Auth finds out who it is.
	Unsigned bool
	// Auth lists what the caller needs; nil means SERVICE:Name on "*".
	Auth func(c *cloud.Call, in *In) ([]cloud.Check, error)
	Do   func(c *cloud.Call, in *In) (*Out, error)
}

// Operation is an Op whatever its types.
type Operation interface {
	cloud.Operation
	bind(m *Model) error
	model() *OperationModel
}

type bound[In, Out any] struct {
	Op[In, Out]
	service *Model
	wire    *OperationModel
}

// Operation makes the Op ready to be added to a Server.
func (o Op[In, Out]) Operation() Operation { return &bound[In, Out]{Op: o} }

func (b *bound[In, Out]) bind(m *Model) error {
	b.service, b.wire = m, m.operation(b.Op.Name)
	if b.wire == nil {
		return fmt.Errorf("%s has no operation %s", m.Name, b.Op.Name)
	}
	return nil
}

func (b *bound[In, Out]) model() *OperationModel { return b.wire }
func (b *bound[In, Out]) Service() string        { return b.service.Name }
func (b *bound[In, Out]) Name() string           { return b.Op.Name }
func (b *bound[In, Out]) Anonymous() bool        { return b.Op.Unsigned }
func (b *bound[In, Out]) NewInput() any          { return new(In) }
func (b *bound[In, Out]) Data() bool             { return b.Op.Data }

func (b *bound[In, Out]) ReadOnly() bool {
	if b.Op.ReadOnly {
		return true
	}
	for _, prefix := range []string{"Get", "List", "Describe", "Head", "Lookup", "BatchGet"} {
		if strings.HasPrefix(b.Op.Name, prefix) {
			return true
		}
	}
	return false
}

func (b *bound[In, Out]) Checks(c *cloud.Call, in any) ([]cloud.Check, error) {
	if b.Auth == nil {
		return []cloud.Check{{Action: b.service.Name + ":" + b.Op.Name, Resource: "*"}}, nil
	}
	return b.Auth(c, in.(*In))
}

func (b *bound[In, Out]) Run(c *cloud.Call, in any) (any, error) {
	out, err := b.Do(c, in.(*In))
	if err != nil {
		return nil, err
	}
	if out == nil {
		out = new(Out)
	}
	return out, nil
}

// Empty is the output of an operation that has none.
type Empty struct{}
