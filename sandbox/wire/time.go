package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Time is a timestamp of the wire: epoch seconds with a fraction in JSON, and
// whatever a protocol wants elsewhere. It has millisecond precision, as AWS's.
type Time struct{ time.Time }

// At is t as a Time.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// MarshalJSON writes epoch seconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)), nil
}

// UnmarshalJSON reads epoch seconds or an ISO 8601 text.
func (t *Time) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	if len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		return t.parse(s, "")
	}
	return t.parse(string(data), "unixTimestamp")
}

// parse reads a timestamp in one of the formats of the service models.
func (t *Time) parse(s, format string) error {
	if format == "rfc822" {
		v, err := http.ParseTime(s)
		*t = At(v)
		return err
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(seconds) && math.Abs(seconds) < 1e12 {
		*t = At(time.UnixMilli(int64(math.Round(seconds * 1000))))
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "20060102T150405Z", "2006-01-02"} {
		if v, err := time.Parse(layout, s); err == nil {
			*t = At(v)
			return nil
		}
	}
	return fmt.Errorf("%q is not a timestamp", s)
}

// text writes the timestamp in one of the formats of the service models.
func (t Time) text(format string) string {
	switch format {
	case "rfc822":
		return t.UTC().Format(http.TimeFormat)
	case "unixTimestamp":
		return strconv.FormatInt(t.Unix(), 10)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
