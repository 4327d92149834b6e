package record

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Time is nanoseconds since the world's beginning; in JSON, seconds with at most nine digits after the point.
type Time int64

// MaxTime is the latest time: what seconds in float64, which is what readers of JSON have, still tell apart by about a
// microsecond. It is 68 years.
const MaxTime = Time(1<<31) * Time(time.Second)

// At is a duration since the beginning as a time.
func At(d time.Duration) Time { return Time(d) }

// FromSeconds is the nearest time to seconds; what is no number is 0.
func FromSeconds(s float64) Time {
	if math.IsNaN(s) {
		return 0
	}
	ns := math.Round(s * 1e9)
	return Time(min(max(ns, -float64(MaxTime)), float64(MaxTime)))
}

// Seconds is the time in seconds.
func (t Time) Seconds() float64 { return float64(t) / 1e9 }

// Duration is the time as a duration.
func (t Time) Duration() time.Duration { return time.Duration(t) }

// AppendJSON appends seconds, exactly.
func (t Time) AppendJSON(b []byte) []byte {
	if t < 0 {
		b = append(b, '-')
		t = -t
	}
	b = strconv.AppendInt(b, int64(t/1e9), 10)
	rest := int64(t % 1e9)
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for digit := int64(1e8); rest > 0; digit /= 10 {
		b = append(b, byte('0'+rest/digit))
		rest %= digit
	}
	return b
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	s, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("record: a time is a number of seconds, not %.40q", b)
	}
	*t = FromSeconds(s)
	return nil
}
