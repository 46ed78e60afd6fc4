package logs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) eventOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[PutLogEventsRequest, PutLogEventsResponse]{Name: "PutLogEvents", Data: true, Auth: func(c *cloud.Call, in *PutLogEventsRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.onStream("PutLogEvents", groupARN(c.Region, c.Account, in.LogGroupName), in.LogStreamName)}, nil
		}, Do: s.put}.Operation(),
		wire.Op[GetLogEventsRequest, GetLogEventsResponse]{Name: "GetLogEvents", Auth: func(c *cloud.Call, in *GetLogEventsRequest) ([]cloud.Check, error) {
			full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
			return []cloud.Check{s.onStream("GetLogEvents", full, in.LogStreamName)}, err
		}, Do: s.get}.Operation(),
		wire.Op[FilterLogEventsRequest, FilterLogEventsResponse]{Name: "FilterLogEvents", ReadOnly: true, Auth: func(c *cloud.Call, in *FilterLogEventsRequest) ([]cloud.Check, error) {
			full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
			return []cloud.Check{s.onGroup("FilterLogEvents", full)}, err
		}, Do: s.filter}.Operation(),
	}
}

// The bounds of one PutLogEvents ("PutLogEvents", CloudWatch Logs API reference).
const (
	maxBatchBytes = 1_048_576
	overhead      = 26
	maxSpan       = 24 * time.Hour
	maxAge        = 14 * 24 * time.Hour
	maxAhead      = 2 * time.Hour
)

func eventBytes(message string) int64 { return int64(len(message)) + overhead }

func (s *service) put(c *cloud.Call, in *PutLogEventsRequest) (*PutLogEventsResponse, error) {
	if in.Entity != nil {
		return nil, cloud.NotImplemented("entities of log events")
	}
	full := groupARN(c.Region, c.Account, in.LogGroupName)
	st, err := s.stream(full, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	g, _ := s.groups.Get(full)
	total := int64(0)
	for i, e := range in.LogEvents {
		total += eventBytes(e.Message)
		if i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if total > maxBatchBytes {
		return nil, invalid("Upload too large: %d bytes exceeds limit of %d", total, maxBatchBytes)
	}
	if span := in.LogEvents[len(in.LogEvents)-1].Timestamp - in.LogEvents[0].Timestamp; span > maxSpan.Milliseconds() {
		return nil, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	kept, rejected := s.admit(g, in.LogEvents, c.Time)
	out := &PutLogEventsResponse{RejectedLogEventsInfo: rejected, NextSequenceToken: s.world.IDs.Hex(56)}
	if len(kept) == 0 {
		return out, nil
	}
	b := s.book(st.ID)
	b.mu.Lock()
	defer b.mu.Unlock()
	x := batch{Stream: st.ID, Number: b.batches + 1, At: c.Time, Events: kept}
	if err := s.batches.Put(x.key(), x); err != nil {
		return nil, err
	}
	b.insert(x)
	return out, nil
}

// admit keeps the events that are neither too old nor too new.
func (s *service) admit(g group, events []*InputLogEvent, now time.Time) (kept []entry, rejected *RejectedLogEventsInfo) {
	var info RejectedLogEventsInfo
	oldest, newest := now.Add(-maxAge).UnixMilli(), now.Add(maxAhead).UnixMilli()
	expired := int64(math.MinInt64)
	if g.Retention > 0 {
		expired = now.AddDate(0, 0, -int(g.Retention)).UnixMilli()
	}
	for i, e := range events {
		end := int64(i + 1)
		switch {
		case e.Timestamp < expired:
			info.ExpiredLogEventEndIndex = &end
		case e.Timestamp < oldest:
			info.TooOldLogEventEndIndex = &end
		case e.Timestamp > newest:
			if start := int64(i); info.TooNewLogEventStartIndex == nil {
				info.TooNewLogEventStartIndex = &start
			}
		default:
			kept = append(kept, entry{e.Timestamp, e.Message, now.UnixMilli(), fmt.Sprintf("%020d%s", e.Timestamp, s.world.IDs.Hex(36))})
		}
	}
	if len(kept) == len(events) {
		return kept, nil
	}
	return kept, &info
}

// window is the part of the events in a time range; the end is not part of it.
func window(entries []entry, start, end *int64) []entry {
	index := func(t int64) int {
		i, _ := slices.BinarySearchFunc(entries, t, func(e entry, t int64) int { return cmp.Compare(e.Time, t) })
		return i
	}
	from, to := 0, len(entries)
	if start != nil {
		from = index(*start)
	}
	if end != nil {
		to = index(*end)
	}
	if from > to {
		return nil
	}
	return entries[from:to]
}

const maxEvents = 10_000

// get returns a page of a stream. Tokens are positions: f/N goes on after N events,
// b/N goes back from there; the same token comes back at either end.
func (s *service) get(c *cloud.Call, in *GetLogEventsRequest) (*GetLogEventsResponse, error) {
	full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	st, err := s.stream(full, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	g, _ := s.groups.Get(full)
	entries := window(s.book(st.ID).read(g, c.Time), in.StartTime, in.EndTime)
	limit := maxEvents
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	from, to := max(0, len(entries)-limit), len(entries)
	if in.StartFromHead != nil && *in.StartFromHead {
		from, to = 0, min(limit, len(entries))
	}
	if in.NextToken != "" {
		direction, number, _ := strings.Cut(in.NextToken, "/")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || direction != "f" && direction != "b" {
			return nil, invalid("The specified nextToken is invalid.")
		}
		n = min(n, len(entries))
		if from, to = n, min(n+limit, len(entries)); direction == "b" {
			from, to = max(0, n-limit), n
		}
	}
	out := &GetLogEventsResponse{Events: []*OutputLogEvent{}, NextForwardToken: fmt.Sprintf("f/%056d", to), NextBackwardToken: fmt.Sprintf("b/%056d", from)}
	for _, e := range entries[from:to] {
		out.Events = append(out.Events, &OutputLogEvent{Timestamp: &e.Time, Message: e.Message, IngestionTime: &e.Ingested})
	}
	return out, nil
}

func (s *service) filter(c *cloud.Call, in *FilterLogEventsRequest) (*FilterLogEventsResponse, error) {
	full, err := groupOf(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, ok := s.groups.Get(full)
	if !ok {
		return nil, noGroup()
	}
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "" {
		return nil, invalid("LogStreamNames and LogStreamNamePrefix are mutually exclusive parameters.")
	}
	match, err := parseFilter(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	var all []*FilteredLogEvent
	for _, st := range s.streamsOf(g.ARN) {
		if len(in.LogStreamNames) > 0 && !slices.Contains(in.LogStreamNames, st.Name) || !strings.HasPrefix(st.Name, in.LogStreamNamePrefix) {
			continue
		}
		for _, e := range window(s.book(st.ID).read(g, c.Time), in.StartTime, in.EndTime) {
			if match(e.Message) {
				all = append(all, &FilteredLogEvent{LogStreamName: st.Name, Timestamp: &e.Time, Message: e.Message, IngestionTime: &e.Ingested, EventId: e.ID})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *FilteredLogEvent) int { return cmp.Compare(*a.Timestamp, *b.Timestamp) })
	part, next := page(all, func(e *FilteredLogEvent) string { return e.EventId }, in.NextToken, in.Limit, maxEvents)
	if part == nil {
		part = []*FilteredLogEvent{}
	}
	return &FilterLogEventsResponse{Events: part, SearchedLogStreams: []*SearchedLogStream{}, NextToken: next}, nil
}
