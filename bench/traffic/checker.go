package traffic

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/apps"
)

// Counts is what a sink has found so far, as apps.Tally says.
type Counts struct {
	Messages, Lost, OutOfOrder, Corrupt uint64
}

// Checker is the checking sink of package apps for the end of a chain that has no nodes. It checks the content of one
// message in SampleEvery, as the sinks of the engine's chains do, and publishes its counts for other goroutines. Observe
// and Finish belong to one goroutine, the sink's; Counts may be called from any.
type Checker struct {
	stream apps.StreamChecker
	timed  *recorder

	messages, lost, outOfOrder, corrupt atomic.Uint64
}

// NewChecker returns a checker for the throughput pass of messages with the given payload. It panics if the
// payload is smaller than MinPayloadBytes.
func NewChecker(payloadBytes int) *Checker {
	if payloadBytes < MinPayloadBytes {
		panic(fmt.Sprintf("traffic: a payload of %d bytes cannot be stamped; at least %d are needed", payloadBytes, MinPayloadBytes))
	}
	return &Checker{stream: apps.StreamChecker{SampleEvery: SampleEvery, PayloadBytes: payloadBytes}}
}

// NewTimedChecker returns a checker for the latency pass. Messages whose intended send time is less than warmup
// after that of the first are checked but not recorded.
func NewTimedChecker(payloadBytes int, warmup time.Duration) *Checker {
	c := NewChecker(payloadBytes)
	c.timed = newRecorder(warmup)
	return c
}

// Observe examines one message: the sequence number of its header and its payload. It does not keep the payload
// and does not allocate.
func (c *Checker) Observe(seq uint64, payload []byte) {
	if !c.stream.Observe(seq, payload) {
		c.publish()
	}
	if c.timed != nil {
		if at := apps.Intended(payload); at != 0 {
			c.timed.record(at, Now())
		}
	}
	// The only writer, so no read-modify-write is needed on the path of every message.
	c.messages.Store(c.messages.Load() + 1)
}

// publish shows others what is wrong.
func (c *Checker) publish() {
	t := c.stream.Tally()
	c.lost.Store(t.Lost)
	c.outOfOrder.Store(t.OutOfOrder)
	c.corrupt.Store(t.Corrupt)
}

// Finish is called once, after the last message, with the number of messages that the source sent: those missing
// at the end are lost too.
func (c *Checker) Finish(sent uint64) {
	c.stream.Finish(sent)
	c.publish()
}

// Counts returns what was found so far. It is safe for concurrent use.
func (c *Checker) Counts() Counts {
	return Counts{Messages: c.messages.Load(), Lost: c.lost.Load(), OutOfOrder: c.outOfOrder.Load(), Corrupt: c.corrupt.Load()}
}

// Latency returns the histogram, in nanoseconds, of arrival minus intended send time; nil in the throughput pass.
// It must not be read before the sink has seen its last message.
func (c *Checker) Latency() *hdrhistogram.Histogram {
	if c.timed == nil {
		return nil
	}
	return c.timed.histogram
}

// Latencies are recorded from 1 ns to a minute with three significant digits (about 200 KiB of counters).
const (
	minLatencyNS = 1
	maxLatencyNS = int64(time.Minute)
	digits       = 3
)

type recorder struct {
	histogram *hdrhistogram.Histogram
	warmupNS  int64
	firstNS   int64 // intended send time of the first message; 0 before it
}

func newRecorder(warmup time.Duration) *recorder {
	return &recorder{
		histogram: hdrhistogram.New(minLatencyNS, maxLatencyNS, digits),
		warmupNS:  warmup.Nanoseconds(),
	}
}

func (r *recorder) record(intendedNS, nowNS int64) {
	if r.firstNS == 0 {
		r.firstNS = intendedNS
	}
	if intendedNS-r.firstNS < r.warmupNS {
		return
	}
	latencyNS := min(max(nowNS-intendedNS, minLatencyNS), maxLatencyNS)
	if err := r.histogram.RecordValue(latencyNS); err != nil {
		panic(fmt.Sprintf("traffic: a latency of %d ns is inside the range of the histogram yet was refused: %v", latencyNS, err))
	}
}
