package traffic

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/cespare/xxhash/v2"
)

// Counts is what a sink has found so far. Lost counts sequence numbers that were passed over and have not come
// since; OutOfOrder counts messages that came after one with a higher number, repeated ones included.
type Counts struct {
	Messages, Lost, OutOfOrder, Corrupt uint64
}

// Checker examines every message that reaches the end of a chain. Observe and Finish belong to one goroutine, the
// sink's; Counts may be called from any.
type Checker struct {
	payloadBytes int
	bodyHash     uint64
	next         uint64 // the sequence number that is due
	timed        *recorder

	messages, skipped, late, corrupt atomic.Uint64
}

// NewChecker returns a checker for the throughput pass of messages with the given payload. It panics if the
// payload is smaller than MinPayloadBytes.
func NewChecker(payloadBytes int) *Checker {
	if payloadBytes < MinPayloadBytes {
		panic(fmt.Sprintf("traffic: a payload of %d bytes cannot carry its two words; at least %d are needed",
			payloadBytes, MinPayloadBytes))
	}
	pattern := make([]byte, payloadBytes)
	Fill(pattern)
	return &Checker{payloadBytes: payloadBytes, bodyHash: xxhash.Sum64(body(pattern))}
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
	switch {
	case seq == c.next:
		c.next++
	case seq > c.next:
		c.skipped.Add(seq - c.next)
		c.next = seq + 1
	default:
		c.late.Add(1)
	}
	if !c.intact(seq, payload) {
		c.corrupt.Add(1)
	} else if c.timed != nil {
		head, _ := stamps(payload)
		c.timed.record(int64(head), Now())
	}
	// The only writer, so no read-modify-write is needed on the path of every message.
	c.messages.Store(c.messages.Load() + 1)
}

func (c *Checker) intact(seq uint64, payload []byte) bool {
	if len(payload) != c.payloadBytes {
		return false
	}
	head, tail := stamps(payload)
	if tail != seq || (c.timed == nil && head != seq) {
		return false
	}
	return seq%SampleEvery != 0 || xxhash.Sum64(body(payload)) == c.bodyHash
}

// Finish is called once, after the last message, with the number of messages that the source sent: those missing
// at the end are lost too.
func (c *Checker) Finish(sent uint64) {
	if sent > c.next {
		c.skipped.Add(sent - c.next)
		c.next = sent
	}
}

// Counts returns what was found so far. It is safe for concurrent use.
func (c *Checker) Counts() Counts {
	// late is read first: a message that comes late between the two reads may then count as lost for a moment,
	// but never makes the difference negative.
	late, skipped := c.late.Load(), c.skipped.Load()
	return Counts{
		Messages:   c.messages.Load(),
		Lost:       skipped - min(late, skipped),
		OutOfOrder: late,
		Corrupt:    c.corrupt.Load(),
	}
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
