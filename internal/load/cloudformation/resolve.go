package cloudformation

import (
	"errors"
	"slices"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/internal/load/estatefile"
)

const (
	// window is how many stacks are read ahead. A template is let go as soon as
	// its last stack has been handed to the Builder, so that a large estate never
	// lies in memory twice.
	window = 64
	// rounds bounds how often stacks are resolved anew because an exported value
	// became known.
	rounds = 5
)

// resolve resolves every stack, those first whose outputs others take, and hands
// them to the Builder. Stacks that import what none before them exports wait for
// the end.
func (l *loader) resolve() error {
	exports := map[string]export{}
	var errs estatefile.Errors
	var waiting []*unit
	order := l.order()
	for ahead := range slices.Chunk(order, window) {
		l.preload(ahead)
		for _, u := range ahead {
			if err := l.ctx.Err(); err != nil {
				return err
			}
			if err := l.read(u); err != nil {
				if u.named == nil {
					return err
				}
				errs = append(errs, namedError(u, err))
				u.stack = &cfn.Stack{}
				continue
			}
			l.resolveUnit(u, exports)
			l.export(u, exports)
			if u.waiting = l.waits(u); u.waiting {
				waiting = append(waiting, u)
				continue
			}
			l.settle(u, exports)
		}
	}
	if len(errs) > 0 {
		return errs
	}
	for range rounds {
		changed := false
		for _, u := range l.order() {
			if u.waiting {
				l.resolveUnit(u, exports)
				changed = l.export(u, exports) || changed
			}
		}
		if !changed {
			break
		}
	}
	l.reportImports(l.order())
	for _, u := range waiting {
		l.settle(u, exports)
	}
	return nil
}

// waits reports whether something that a stack takes from others may still come
// to another value.
func (l *loader) waits(u *unit) bool {
	for _, use := range u.imports {
		if use.found == nil || use.found.waiting {
			return true
		}
	}
	for _, p := range u.given {
		if p.Output == nil {
			continue
		}
		if from := l.byID[p.Output.Account+"/"+p.Output.Stack]; from != nil && from.waiting {
			return true
		}
	}
	return false
}

// read makes sure that the stack has its template.
func (l *loader) read(u *unit) error {
	if u.template != nil {
		return nil
	}
	t, err := l.template(u.path)
	u.template = t
	return err
}

// namedError says what is wrong with a template at its own line, or where there
// is none at the line that names it.
func namedError(u *unit, err error) *estatefile.Error {
	e := &estatefile.Error{Pos: *u.named, Message: err.Error()}
	var ce *cfn.Error
	switch {
	case !errors.As(err, &ce):
	case ce.Pos.Line == 0:
		e.Message, e.Hint = "template "+err.Error(), ce.Hint
	default:
		e.Pos, e.Message, e.Hint = ce.Pos, ce.Message, ce.Hint
	}
	return e
}

// settle hands a stack to the Builder and lets go of all but its outputs.
func (l *loader) settle(u *unit, exports map[string]export) {
	l.openConditions(u, exports)
	l.missingOutputs(u)
	l.declareUnit(u)
	u.stack = &cfn.Stack{Outputs: u.stack.Outputs}
	u.template, u.children = nil, nil
	real := realPath(u.path)
	if l.uses[real]--; l.uses[real] == 0 {
		delete(l.templates, real)
	}
}
