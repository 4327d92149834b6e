package nodereport

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies of the engine's chains are recorded from 1 ns to a minute with three
// significant digits.
const (
	minLatency    = 1
	maxLatency    = int64(time.Minute)
	latencyDigits = 3
)

// Recording is the latency histogram of a sink that leaves the warm-up out. It
// belongs to the sink's loop.
type Recording struct {
	hist    *hdrhistogram.Histogram
	warmup  time.Duration
	started time.Time
}

// NewRecording makes an empty one. The warm-up begins with the first message.
func NewRecording(warmup time.Duration) *Recording {
	return &Recording{hist: hdrhistogram.New(minLatency, maxLatency, latencyDigits), warmup: warmup}
}

// Record takes one latency in nanoseconds.
func (r *Recording) Record(ns int64) {
	if r.started.IsZero() {
		r.started = time.Now()
	}
	if time.Since(r.started) < r.warmup {
		return
	}
	if err := r.hist.RecordValue(min(max(ns, minLatency), maxLatency)); err != nil {
		panic(fmt.Sprintf("nodereport: a latency of %d ns is inside the histogram's range and was refused: %v", ns, err))
	}
}

// Histogram is what was recorded.
func (r *Recording) Histogram() *hdrhistogram.Histogram { return r.hist }
