// Package cloudtrail is CloudTrail in the sandbox: it answers from the world's
// records, and its trails write them to buckets as the real service does.
package cloudtrail

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

const principal = "cloudtrail.amazonaws.com"

// trail is a trail with its state.
type trail struct {
	Account, Region, Name, ARN string
	Bucket, Prefix, Topic      string
	Global, MultiRegion        bool
	Selectors                  []EventSelector
	Advanced                   []AdvancedEventSelector
	Tags                       []tag
	Logging                    bool
	Started, Stopped           time.Time
	Delivered, Notified        time.Time
	// DeliveryError and NotificationError are what the last attempt met; empty after
	// a success.
	DeliveryError, NotificationError string
}

type tag struct{ Key, Value string }

type service struct {
	world      *cloud.World
	trails     *cloud.Table[trail] // by ARN
	deliveries *cloud.Deliveries

	mu      sync.Mutex
	pending map[string][]cloud.Record // by trail
	timer   map[string]func()         // takes back the delivery that is due
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, deliveries: w.NewDeliveries("cloudtrail", 2, 1000), pending: map[string][]cloud.Record{}, timer: map[string]func(){}}
	var err error
	if s.trails, err = cloud.NewTable[trail](w, "cloudtrail.trails"); err != nil {
		return nil, err
	}
	w.OnRecord(s.hear)
	w.HandleControl("flush-trails", s.flushControl)
	return s.close, server.Add(&model, slices.Concat(s.trailOps(), s.selectorOps(), s.tagOps(),
		[]wire.Operation{wire.Op[LookupEventsRequest, LookupEventsResponse]{Name: "LookupEvents", Do: s.lookup}.Operation()})...)
}

func trailARN(region, account, name string) string {
	return "arn:aws:cloudtrail:" + region + ":" + account + ":trail/" + name
}

// arnOf is the ARN of the trail that a request names, by name or ARN.
func arnOf(c *cloud.Call, named string) (string, error) {
	if !strings.HasPrefix(named, "arn:") {
		return trailARN(c.Region, c.Account, named), nil
	}
	a, err := arn.Parse(named)
	if err != nil || a.Service != "cloudtrail" || !strings.HasPrefix(a.Resource, "trail/") {
		return "", cloud.Errorf("CloudTrailARNInvalidException", "The specified trail ARN is not valid: %s", named)
	}
	return named, nil
}

func (s *service) find(c *cloud.Call, named string) (trail, error) {
	full, err := arnOf(c, named)
	if err != nil {
		return trail{}, err
	}
	t, ok := s.trails.Get(full)
	if !ok || t.Account != c.Account {
		return trail{}, cloud.Errorf("TrailNotFoundException", "Unknown trail: %s for the user: %s", full, c.Account)
	}
	return t, nil
}

// on is the check of an action on a trail.
func (s *service) on(c *cloud.Call, action, named string) ([]cloud.Check, error) {
	full, err := arnOf(c, named)
	if err != nil {
		return nil, err
	}
	ctx := iam.NewContext()
	if t, ok := s.trails.Get(full); ok {
		for _, g := range t.Tags {
			ctx.Set("aws:ResourceTag/"+g.Key, g.Value)
		}
	}
	return []cloud.Check{{Action: "cloudtrail:" + action, Resource: full, Context: ctx}}, nil
}

// bind makes an operation on one trail. Those that change it must be called in its
// home region.
func bind[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, t trail, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.on(c, name, which(in))
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		t, err := s.find(c, which(in))
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, "Get") && t.Region != c.Region {
			return nil, cloud.Errorf("InvalidHomeRegionException", "Trail %s was not created in %s; its home region is %s", t.Name, c.Region, t.Region)
		}
		return do(c, t, in)
	}}.Operation()
}

// change replaces a trail by what f makes of a copy of it.
func (s *service) change(full string, f func(t *trail) error) (trail, error) {
	return s.trails.Update(full, func(t trail, ok bool) (trail, error) {
		if !ok {
			return t, cloud.Errorf("TrailNotFoundException", "Unknown trail: %s", full)
		}
		t.Tags = slices.Clone(t.Tags)
		return t, f(&t)
	})
}
