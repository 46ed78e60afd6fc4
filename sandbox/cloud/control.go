package cloud

// Control is a call of the sandbox's own: POST /_sandbox/NAME. It takes a JSON
// body and answers with what will be JSON.
type Control func(body []byte) (any, error)

// HandleControl adds a call of the sandbox's own; it is called like Register.
func (w *World) HandleControl(name string, f Control) { w.controls[name] = f }

// Control finds a call of the sandbox's own.
func (w *World) Control(name string) (Control, bool) {
	f, ok := w.controls[name]
	return f, ok
}
