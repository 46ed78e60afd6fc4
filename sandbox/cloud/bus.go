package cloud

import (
	"encoding/json"
	"time"
)

// Event is one event on the default bus of an account, in EventBridge's envelope.
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Publish puts an event on the bus. Listeners are called in the order in which
// they came, in the caller's goroutine, so they must only queue it.
func (w *World) Publish(account, region, source, detailType string, resources []string, detail any) error {
	data, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	if resources == nil {
		resources = []string{}
	}
	e := Event{
		Version: "0", ID: w.IDs.UUID(), DetailType: detailType, Source: source, Account: account,
		Time: w.Clock.Now().UTC().Format(time.RFC3339), Region: region, Resources: resources, Detail: data,
	}
	w.busMu.Lock()
	listeners := w.onBus
	w.busMu.Unlock()
	for _, f := range listeners {
		f(e)
	}
	return nil
}

// OnEvent has f called for every event.
func (w *World) OnEvent(f func(Event)) {
	w.busMu.Lock()
	defer w.busMu.Unlock()
	w.onBus = append(w.onBus, f)
}
