package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Every limit of the switch, with its reason. A zero field of [Config] means the
// default given here.
const (
	// DefaultQueueBytes bounds the send queue of a lane. One slab: a relay then
	// passes a burst on with one write and its bytes are still in the L2 cache.
	// More only moves data out of the cache; less splits bursts.
	DefaultQueueBytes = 128 << 10

	// DefaultQueueMsgs bounds the same queue in messages. It is high enough that
	// bytes decide for every message over 16 bytes; experiments that need the
	// paper's "buffers of 10 messages" lower it.
	DefaultQueueMsgs = 8192

	// DefaultQuantum is what a lane of the greatest weight may switch in one turn
	// of the deficit round robin, in bytes. One slab: with equal weights a lane
	// is never interrupted in the middle of what one read brought.
	DefaultQuantum = 128 << 10

	// DefaultOverflowMsgs bounds how many messages an algorithm may make for a
	// lane whose queue is full. Forwarded messages do not count: their upstream
	// is stopped instead. Beyond the bound a made message is dropped, counted,
	// and reported by SendFailed.
	DefaultOverflowMsgs = 1024

	// DefaultRedialMin and DefaultRedialMax bound how long a destination that
	// refused is left alone. Doubling from 100 ms: a restarted process is found
	// within the time a person takes to notice; 5 s: a dead one costs nothing.
	DefaultRedialMin = 100 * time.Millisecond
	DefaultRedialMax = 5 * time.Second

	// MaxWeight bounds the weight of a lane, so that the quantum of the lightest
	// lane beside the heaviest stays above a header.
	MaxWeight = 1024
)

// LaneMode says how the applications of a link share its lanes.
type LaneMode uint8

const (
	// LanePerApp gives each application a lane of its own (the default).
	LanePerApp LaneMode = iota
	// LaneShared puts all applications on one lane, as the paper did: a stalled
	// session then delays the others.
	LaneShared
)

// Config holds the tunables of the switch; the zero value is ready.
type Config struct {
	MaxPayload   int           // most payload bytes in a message (default 1 MiB)
	QueueBytes   int           // most bytes in a lane's send queue, exceeded by at most one message
	QueueMsgs    int           // most messages in a lane's send queue
	Quantum      int           // bytes a turn for the heaviest lane
	OverflowMsgs int           // most messages made by the algorithm for a full lane
	RedialMin    time.Duration // first pause after a destination refused
	RedialMax    time.Duration // longest such pause
	Lanes        LaneMode      // one lane an application, or one for all
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&c.MaxPayload, wire.DefaultMaxPayload)
	def(&c.QueueBytes, DefaultQueueBytes)
	def(&c.QueueMsgs, DefaultQueueMsgs)
	def(&c.Quantum, DefaultQuantum)
	def(&c.OverflowMsgs, DefaultOverflowMsgs)
	if c.RedialMin <= 0 {
		c.RedialMin = DefaultRedialMin
	}
	if c.RedialMax < c.RedialMin {
		c.RedialMax = max(DefaultRedialMax, c.RedialMin)
	}
	return c
}
