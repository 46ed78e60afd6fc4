package logs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) streamOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateLogStreamRequest, wire.Empty]{Name: "CreateLogStream", Auth: func(c *cloud.Call, in *CreateLogStreamRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.onStream("CreateLogStream", groupARN(c.Region, c.Account, in.LogGroupName), in.LogStreamName)}, nil
		}, Do: s.createStream}.Operation(),
		wire.Op[DeleteLogStreamRequest, wire.Empty]{Name: "DeleteLogStream", Auth: func(c *cloud.Call, in *DeleteLogStreamRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.onStream("DeleteLogStream", groupARN(c.Region, c.Account, in.LogGroupName), in.LogStreamName)}, nil
		}, Do: func(c *cloud.Call, in *DeleteLogStreamRequest) (*wire.Empty, error) {
			st, err := s.stream(groupARN(c.Region, c.Account, in.LogGroupName), in.LogStreamName)
			if err != nil {
				return nil, err
			}
			return nil, s.dropStream(st)
		}}.Operation(),
		wire.Op[DescribeLogStreamsRequest, DescribeLogStreamsResponse]{Name: "DescribeLogStreams", Auth: func(c *cloud.Call, in *DescribeLogStreamsRequest) ([]cloud.Check, error) {
			full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
			return []cloud.Check{s.onGroup("DescribeLogStreams", full)}, err
		}, Do: s.describeStreams}.Operation(),
	}
}

// batch is what one PutLogEvents brought.
type batch struct {
	Stream string // ID
	Number int
	At     time.Time
	Events []entry
}

// entry is one event.
type entry struct {
	Time     int64 // milliseconds
	Message  string
	Ingested int64
	ID       string
}

func (b batch) key() string { return fmt.Sprintf("%s/%010d", b.Stream, b.Number) }

// book holds a stream's events in the order of their times.
type book struct {
	mu      sync.Mutex
	entries []entry
	batches int
	bytes   int64
	last    time.Time // of the last ingestion
}

func (s *service) book(stream string) *book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.books[stream]
	if b == nil {
		b = &book{}
		s.books[stream] = b
	}
	return b
}

func (b *book) add(x batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.insert(x)
}

// insert adds a batch; the caller holds the lock.
func (b *book) insert(x batch) {
	b.batches = max(b.batches, x.Number)
	b.last = x.At
	// A copy, for readers hold the slice of before.
	b.entries = slices.Concat(b.entries, x.Events)
	slices.SortStableFunc(b.entries, func(a, z entry) int { return cmp.Compare(a.Time, z.Time) })
	for _, e := range x.Events {
		b.bytes += eventBytes(e.Message)
	}
}

// read returns the events that the group still retains.
func (b *book) read(g group, now time.Time) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if g.Retention == 0 {
		return b.entries
	}
	oldest := now.AddDate(0, 0, -int(g.Retention)).UnixMilli()
	i, _ := slices.BinarySearchFunc(b.entries, oldest, func(e entry, t int64) int { return cmp.Compare(e.Time, t) })
	return b.entries[i:]
}

func (b *book) size() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// stream finds a stream of a group.
func (s *service) stream(group, name string) (stream, error) {
	if _, ok := s.groups.Get(group); !ok {
		return stream{}, noGroup()
	}
	st, ok := s.streams.Get(streamARN(group, name))
	if !ok {
		return stream{}, noStream()
	}
	return st, nil
}

func (s *service) createStream(c *cloud.Call, in *CreateLogStreamRequest) (*wire.Empty, error) {
	g, ok := s.groups.Get(groupARN(c.Region, c.Account, in.LogGroupName))
	if !ok {
		return nil, noGroup()
	}
	st := stream{Group: g.ARN, Name: in.LogStreamName, ARN: streamARN(g.ARN, in.LogStreamName), ID: s.world.IDs.UUID(), Created: c.Time}
	_, err := s.streams.Update(st.ARN, func(old stream, exists bool) (stream, error) {
		if exists {
			return old, cloud.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
		}
		return st, nil
	})
	return nil, err
}

func (s *service) dropStream(st stream) error {
	for _, k := range s.batches.Keys(func(k string) bool { return strings.HasPrefix(k, st.ID+"/") }) {
		if err := s.batches.Delete(k); err != nil {
			return err
		}
	}
	s.mu.Lock()
	delete(s.books, st.ID)
	s.mu.Unlock()
	return s.streams.Delete(st.ARN)
}

func (s *service) describeStreams(c *cloud.Call, in *DescribeLogStreamsRequest) (*DescribeLogStreamsResponse, error) {
	full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, ok := s.groups.Get(full)
	if !ok {
		return nil, noGroup()
	}
	byTime := in.OrderBy == "LastEventTime"
	if byTime && in.LogStreamNamePrefix != "" {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	var all []*LogStream
	for _, st := range s.streamsOf(g.ARN) {
		if strings.HasPrefix(st.Name, in.LogStreamNamePrefix) {
			all = append(all, s.streamView(g, st, c.Time))
		}
	}
	slices.SortStableFunc(all, func(a, b *LogStream) int {
		if byTime {
			return cmp.Compare(lastTime(a), lastTime(b))
		}
		return strings.Compare(a.LogStreamName, b.LogStreamName)
	})
	if in.Descending != nil && *in.Descending {
		slices.Reverse(all)
	}
	part, next := page(all, func(v *LogStream) string { return v.LogStreamName }, in.NextToken, in.Limit, 50)
	if part == nil {
		part = []*LogStream{}
	}
	return &DescribeLogStreamsResponse{LogStreams: part, NextToken: next}, nil
}

func lastTime(v *LogStream) int64 {
	if v.LastEventTimestamp == nil {
		return 0
	}
	return *v.LastEventTimestamp
}

func (s *service) streamView(g group, st stream, now time.Time) *LogStream {
	b := s.book(st.ID)
	entries, zero := b.read(g, now), int64(0)
	v := &LogStream{LogStreamName: st.Name, CreationTime: milli(st.Created), Arn: st.ARN, StoredBytes: &zero}
	if len(entries) > 0 {
		first, last := entries[0].Time, entries[len(entries)-1].Time
		b.mu.Lock()
		ingested := b.last
		b.mu.Unlock()
		v.FirstEventTimestamp, v.LastEventTimestamp, v.LastIngestionTime = &first, &last, milli(ingested)
	}
	return v
}
