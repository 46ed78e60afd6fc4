package cloud

import "fmt"

// Error is an AWS error: what a caller sees, whatever the protocol.
type Error struct {
	Code    string // "AccessDeniedException"
	Message string
	Status  int // HTTP status; 400 where zero
	// Sender is false for a fault of the service.
	Fault bool
	// Fields are further members of a modelled error shape.
	Fields map[string]any
	// Headers go with the answer over HTTP.
	Headers map[string]string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// HTTPStatus is the status that goes with the error.
func (e *Error) HTTPStatus() int {
	switch {
	case e.Status != 0:
		return e.Status
	case e.Fault:
		return 500
	}
	return 400
}

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithStatus returns a copy of e with another HTTP status.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// NotImplemented is the answer to an operation, member or combination that the
// sandbox does not have. It names what is missing, so that nobody takes the
// silence of a parameter for its effect.
func NotImplemented(what string) *Error {
	return &Error{Code: "NotImplemented", Message: "the sandbox does not support " + what, Status: 501}
}
