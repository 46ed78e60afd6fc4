package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
)

const (
	// interval is how long records gather before they are written, on the world's
	// clock; the real service takes about as long.
	interval = 5 * time.Minute
	// maxPending bounds what gathers; a trail that has as much writes at once.
	maxPending = 5_000
)

// hear takes a record for the trails that want it.
func (s *service) hear(r cloud.Record) {
	for _, t := range s.trails.Select(func(_ string, t trail) bool { return t.wants(&r) }) {
		s.gather(t, r)
	}
}

func (s *service) gather(t trail, r cloud.Record) {
	s.mu.Lock()
	s.pending[t.ARN] = append(s.pending[t.ARN], r)
	full := len(s.pending[t.ARN]) >= maxPending
	if s.timer[t.ARN] == nil && !full {
		s.timer[t.ARN] = s.world.Clock.At(s.world.Clock.Now().Add(interval), func() { s.flush(t.ARN) })
	}
	s.mu.Unlock()
	if full {
		s.flush(t.ARN)
	}
}

// taken are the records that wait for a trail, which do not wait any more.
func (s *service) taken(full string) []cloud.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := s.pending[full]
	delete(s.pending, full)
	if cancel := s.timer[full]; cancel != nil {
		cancel()
		delete(s.timer, full)
	}
	return records
}

// flush queues the writing of what has gathered.
func (s *service) flush(full string) {
	records := s.taken(full)
	t, ok := s.trails.Get(full)
	if !ok || len(records) == 0 {
		return
	}
	// A full queue lists the delivery among the failures.
	_ = s.deliveries.Add(cloud.Delivery{Account: t.Account, What: "records of the trail " + full, Do: func(ctx context.Context) error {
		return s.write(ctx, t, records)
	}})
}

func (s *service) forget(full string) { s.taken(full) }

// flushControl is POST /_sandbox/flush-trails: it writes what has gathered, now,
// and returns when all of it is written.
func (s *service) flushControl([]byte) (any, error) {
	ctx := context.Background()
	n, err := s.writeAll(ctx)
	return map[string]any{"trails": n}, err
}

func (s *service) writeAll(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	waiting := slices.Sorted(maps.Keys(s.pending))
	s.mu.Unlock()
	for _, full := range waiting {
		records := s.taken(full)
		if t, ok := s.trails.Get(full); ok && len(records) > 0 {
			n++
			err = errors.Join(err, s.write(ctx, t, records))
		}
	}
	return n, err
}

// close writes what has gathered and stops. What a bucket refuses is noted with
// the trail and lost, as it is on AWS.
func (s *service) close() error {
	_, _ = s.writeAll(context.Background())
	return errors.Join(s.deliveries.Stop(), s.world.Flush())
}

// as is CloudTrail acting for a trail: its service principal with the trail in
// aws:SourceArn.
func (t trail) as(region string) cloud.Caller {
	return cloud.AsService(principal, t.Account, region, t.ARN, t.Account)
}

// folder is where a trail's files lie in its bucket.
func (t trail) folder() string {
	prefix := t.Prefix
	if prefix != "" {
		prefix += "/"
	}
	return prefix + "AWSLogs/" + t.Account + "/CloudTrail/"
}

func (s *service) put(ctx context.Context, t trail, key string, body []byte) error {
	in := map[string]any{"Bucket": t.Bucket, "Key": key, "Body": body, "ACL": "bucket-owner-full-control"}
	if len(body) > 0 {
		in["ContentType"], in["ContentEncoding"] = "application/json", "gzip"
	}
	return s.world.Invoke(ctx, t.as(t.Region), "s3", "PutObject", in, nil)
}

// checkBucket does what the real service does before it takes a bucket: it reads
// the bucket's ACL and writes the folder.
func (s *service) checkBucket(c *cloud.Call, t trail) error {
	err := s.world.Invoke(c.Context, t.as(t.Region), "s3", "GetBucketAcl", map[string]any{"Bucket": t.Bucket}, nil)
	if err == nil {
		err = s.put(c.Context, t, t.folder(), nil)
	}
	var e *cloud.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "NoSuchBucket":
		return cloud.Errorf("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	case "AccessDenied", "AccessDeniedException":
		return cloud.Errorf("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	}
	return err
}

// write puts records into the bucket, a file for each region, and tells the topic.
func (s *service) write(ctx context.Context, t trail, records []cloud.Record) error {
	byRegion := map[string][]cloud.Record{}
	for _, r := range records {
		byRegion[r.AWSRegion] = append(byRegion[r.AWSRegion], r)
	}
	now := s.world.Clock.Now().UTC()
	var keys []string
	var failed error
	for _, region := range slices.Sorted(maps.Keys(byRegion)) {
		body, err := zipped(byRegion[region])
		if err != nil {
			return err
		}
		key := t.folder() + region + now.Format("/2006/01/02/") + t.Account + "_CloudTrail_" + region + "_" + now.Format("20060102T1504Z") + "_" + s.unique() + ".json.gz"
		if err := s.put(ctx, t, key, body); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		keys = append(keys, key)
	}
	told := s.tell(ctx, t, keys)
	_, err := s.change(t.ARN, func(t *trail) error {
		t.DeliveryError, t.NotificationError = errorCode(failed), errorCode(told)
		if len(keys) > 0 {
			t.Delivered = now
		}
		if t.Topic != "" && told == nil && len(keys) > 0 {
			t.Notified = now
		}
		return nil
	})
	if trailGone(err) {
		err = nil
	}
	return errors.Join(failed, told, err, s.world.Flush())
}

func trailGone(err error) bool {
	var e *cloud.Error
	return errors.As(err, &e) && e.Code == "TrailNotFoundException"
}

// unique is the end of a file's name: 16 letters and digits.
func (s *service) unique() string {
	return s.world.IDs.From("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AB", 16)
}

func zipped(records []cloud.Record) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(map[string]any{"Records": records}); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// tell publishes the names of new files to the trail's topic, where it has one.
func (s *service) tell(ctx context.Context, t trail, keys []string) error {
	if t.Topic == "" || len(keys) == 0 {
		return nil
	}
	a, err := arn.Parse(t.Topic)
	if err != nil {
		return err
	}
	message, err := json.Marshal(map[string]any{"s3Bucket": t.Bucket, "s3ObjectKey": keys})
	if err != nil {
		return err
	}
	return s.world.Invoke(ctx, t.as(a.Region), "sns", "Publish", map[string]any{"TopicArn": t.Topic, "Message": string(message)}, nil)
}

// errorCode is what GetTrailStatus shows of an error.
func errorCode(err error) string {
	var e *cloud.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "InternalFailure"
	}
	return ""
}
