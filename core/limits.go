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

	// DefaultOverflowMsgs and DefaultOverflowBytes bound what may wait behind the
	// full queue of a lane without stopping anybody: control, and data made on a
	// timer or an event. Data that came on a lane, or was made from what did, does
	// not count: that lane is stopped instead. What goes over is dropped, counted,
	// and told by SendFailed. A thousand messages are a burst of questions to
	// everybody in a large overlay; 8 MiB are a thousand of 8 KB.
	DefaultOverflowMsgs  = 1024
	DefaultOverflowBytes = 8 << 20

	// compactShare is the part of a slab up to which a control message that has to
	// wait is copied to others that wait, so that it does not keep its slab alone.
	compactShare = 4

	// lossDelay is how long losses of a lane are gathered before the algorithm is
	// told of them, so that one that sends again at once is not told, and sends,
	// for ever in the same instant. It is short against every time-out.
	lossDelay = 10 * time.Millisecond

	// DefaultRedialMin and DefaultRedialMax bound how long a destination that
	// refused or failed is left alone. Doubling from 50 ms to 500 ms, each time
	// drawn between half of that and all: a node that comes up is found in half a
	// second, so that churn is not measured as back-off; a dead one costs those who
	// go on sending to it three dials a second, which is nothing.
	DefaultRedialMin = 50 * time.Millisecond
	DefaultRedialMax = 500 * time.Millisecond

	// DefaultIdleTimeout is how long a lane may rest before its sending end closes
	// it. A minute is longer than the periods of most protocols, so lanes in use
	// stay, and short enough that a node that talks to others at random does not
	// gather lanes to all of them.
	DefaultIdleTimeout = time.Minute

	// NeverIdle as Config.IdleTimeout keeps idle lanes open for ever.
	NeverIdle = time.Duration(-1)

	// maxWeightRules is how many weights of lanes that do not exist now are kept
	// for when they come again. Beyond, those are forgotten.
	maxWeightRules = 1024

	// DefaultStallTimeout is how long a lane may have data to send and make no
	// progress before the algorithm is told, and the shortest silence of a stream
	// that is told. A second is long against round-trips and scheduling, and short
	// for a person who waits.
	DefaultStallTimeout = time.Second

	// DefaultFailTimeout is how long a peer's system may leave data unacknowledged
	// and probes unanswered before its lane ends. 10 s is several retransmissions
	// of TCP, so that a few seconds of loss end nothing.
	DefaultFailTimeout = 10 * time.Second

	// maxFlows bounds how many applications of a lane that they share are told
	// apart when it breaks. A peer could otherwise make up as many as it likes.
	maxFlows = 4096

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
	MaxPayload    int           // most payload bytes in a message (default 1 MiB)
	QueueBytes    int           // most bytes in a lane's send queue, exceeded by at most one message
	QueueMsgs     int           // most messages in a lane's send queue
	Quantum       int           // bytes a turn for the heaviest lane
	OverflowMsgs  int           // most messages that wait for a full lane and stop nobody
	OverflowBytes int           // the same in bytes, exceeded by at most one message
	RedialMin     time.Duration // first pause after a destination refused or failed
	RedialMax     time.Duration // longest such pause
	IdleTimeout   time.Duration // of a lane at rest, before it is closed; NeverIdle: none
	Lanes         LaneMode      // one lane an application, or one for all
	StallTimeout  time.Duration // without progress before the algorithm is told
	FailTimeout   time.Duration // without an answer of the peer's system before a lane ends

	// DelaySlack is how much longer than asked emulated latency may take, so that a node
	// whose messages arrive one after another wakes up for several. It is never shorter.
	// 0 means a wake-up for each time at which one is due, but 200 µs in the live engine.
	DelaySlack time.Duration

	// Strict finds what algorithms do with messages that are not theirs any more (strict.go): for tests and
	// "ioverlay check". It costs a copy and an allocation a message.
	Strict bool
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
	def(&c.OverflowBytes, DefaultOverflowBytes)
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	if c.StallTimeout <= 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	if c.FailTimeout <= 0 {
		c.FailTimeout = DefaultFailTimeout
	}
	if c.RedialMin <= 0 {
		c.RedialMin = DefaultRedialMin
	}
	if c.RedialMax < c.RedialMin {
		c.RedialMax = max(DefaultRedialMax, c.RedialMin)
	}
	return c
}
