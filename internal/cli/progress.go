package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/twokey/twokey/report"
)

// progressAfter is how long a verb may take before it says what it is doing.
const progressAfter = time.Second

// progress tells on stderr what is being done, once that takes over a second:
// the step under way, and every later one as it begins.
type progress struct {
	mu      sync.Mutex
	write   func(string)
	current string
	told    bool
	timer   *time.Timer
}

func (a *app) progress() *progress {
	p := &progress{write: func(s string) { fmt.Fprintf(a.Stderr, "twokey: %s …\n", report.Line(s)) }}
	p.timer = time.AfterFunc(progressAfter, p.late)
	return p
}

func (p *progress) step(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current = s; p.told {
		p.write(s)
	}
}

func (p *progress) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return
	}
	p.told = true
	if p.current != "" {
		p.write(p.current)
	}
}

func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
