package apps

import (
	"fmt"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// retryMemory is how long a source waits when the pool has no slab.
const retryMemory = time.Millisecond

// Stream says what a source sends.
type Stream struct {
	App     uint32 // application (session), not 0
	Payload int    // payload bytes in a message
	Limit   uint64 // messages in all; 0 means no end
}

func (s Stream) forge() forge {
	if s.App == 0 || s.Payload < 0 {
		panic(fmt.Sprintf("apps: a stream needs an application above 0 and a payload of 0 or more bytes, not %d and %d", s.App, s.Payload))
	}
	return forge{typ: wire.TypeData, app: s.App, payload: s.Payload}
}

// BackToBack is a source that is always ready: it sends as fast as its node takes
// messages (paper, section 2.4).
type BackToBack struct {
	stream Stream
	forge  forge
	seq    uint64
}

// NewBackToBack makes a back-to-back source.
func NewBackToBack(s Stream) *BackToBack { return &BackToBack{stream: s, forge: s.forge()} }

// Sent is how many messages the source has produced.
func (b *BackToBack) Sent() uint64 { return b.seq }

// Produce implements core.Source: a slab of messages.
func (b *BackToBack) Produce(n *core.Node) core.Supply {
	left := left(b.stream.Limit, b.seq)
	if left == 0 {
		return core.Supply{End: true}
	}
	m, first, count, err := b.forge.take(n, left)
	if err != nil {
		return core.Supply{Wake: n.Now() + retryMemory}
	}
	b.forge.stamp(m, first, count, b.seq, nil)
	b.seq += uint64(count)
	return core.Supply{Run: b.forge.run(m, first, count)}
}

// Close implements core.Source.
func (b *BackToBack) Close() { b.forge.close() }

// left is how many messages a source may still send, as a batch size.
func left(limit, seq uint64) int {
	if limit == 0 {
		return math.MaxInt
	}
	return int(min(limit-seq, math.MaxInt32))
}

// ConstantRate is a source that sends messages at equal distances in time. Each
// carries the time at which it was meant to be sent, so that a latency measured
// from it includes what it waited for the source: no coordinated omission.
type ConstantRate struct {
	stream Stream
	forge  forge
	rate   float64 // messages a second
	start  time.Duration
	begun  bool
	seq    uint64
}

// NewConstantRate makes a source of rate messages a second.
func NewConstantRate(s Stream, rate float64) *ConstantRate {
	if !(rate > 0) || math.IsInf(rate, 1) {
		panic(fmt.Sprintf("apps: a constant-rate source needs a rate above 0 messages a second, not %v", rate))
	}
	return &ConstantRate{stream: s, forge: s.forge(), rate: rate}
}

// Sent is how many messages the source has produced.
func (c *ConstantRate) Sent() uint64 { return c.seq }

// due is when message seq is meant to be sent.
func (c *ConstantRate) due(seq uint64) time.Duration {
	return c.start + time.Duration(float64(seq)/c.rate*float64(time.Second))
}

// Produce implements core.Source: every message that is due, up to a slab.
func (c *ConstantRate) Produce(n *core.Node) core.Supply {
	now := n.Now()
	if !c.begun {
		c.begun, c.start = true, now
	}
	left := left(c.stream.Limit, c.seq)
	if left == 0 {
		return core.Supply{End: true}
	}
	if next := c.due(c.seq); next > now {
		return core.Supply{Wake: next}
	}
	due := int(float64(now-c.start)/float64(time.Second)*c.rate) + 1 - int(c.seq)
	m, first, count, err := c.forge.take(n, min(left, max(due, 1)))
	if err != nil {
		return core.Supply{Wake: now + retryMemory}
	}
	c.forge.stamp(m, first, count, c.seq, func(seq uint64) int64 { return int64(c.due(seq)) })
	c.seq += uint64(count)
	return core.Supply{Run: c.forge.run(m, first, count)}
}

// Close implements core.Source.
func (c *ConstantRate) Close() { c.forge.close() }
