package netcode

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The message types of this package.
const (
	// TypeCoded carries a packet of package coding: header, coefficients, coded bytes.
	TypeCoded core.Type = wire.FirstAlgorithmType + 16 + iota
	// TypeFeedback says what a node still needs of a session's generations.
	TypeFeedback
	// TypeWindow carries a packet of a multicast by sliding window.
	TypeWindow
	// TypeWindowAnswer says what a node has of its window, and needs.
	TypeWindowAnswer
)

// Every limit of this package, with its reason.
const (
	// MaxStreams bounds the streams that are coded together, and the inputs of a node:
	// enough for any hand-made code, and the equations of a set fit into a cache.
	MaxStreams = 32

	// DefaultWait is how long a Coder waits for a stream that is silent. Far above the
	// jitter of wide-area links, and short enough that a listener notices a gap rather
	// than an end.
	DefaultWait = 2 * time.Second

	// MaxWaiting bounds the numbers that wait at a Coder for other streams. The buffers of
	// the upstream lanes bind first, unless messages come from within the process.
	MaxWaiting = 1 << 16

	// DefaultWindow is how many generations are under way at a time: while some wait for
	// their last packets on the slowest path, the links have the others to send.
	DefaultWindow = 16

	// MaxWindow is what one feedback can speak of.
	MaxWindow = 64

	// DefaultQueue bounds the packets that wait on a link. A packet is the better the
	// later it is made; two are enough to keep a link busy, and four let a fast one be
	// served four at a time, which is cheaper a packet.
	DefaultQueue = 4

	// batch is how many packets are made at once at most: package coding's kernels keep
	// four results in registers.
	batch = 4

	// feedbackEvery is after how many packets from an upstream it is told what is still
	// needed. At 100 bytes a feedback that is 0.3% of packets of 5 KB.
	feedbackEvery = 8

	// DefaultBeat is how often a node that waits for something says so again, in case that
	// what it said, or the answer, was lost.
	DefaultBeat = 100 * time.Millisecond

	// patience is after how many beats without news packets under way count as lost.
	patience = 4

	// retryDown is how long a downstream that failed is left alone, at first; each time for
	// twice as long, up to retryMost.
	retryDown = time.Second
	retryMost = 30 * time.Second
)

// Timer ids of this package, below algos.FirstBaseTimer. Algorithms that embed a Coder
// choose others.
const (
	waitTimer = 1<<61 + iota
	beatTimer
	retryTimer
	lingerTimer
	paceTimer
	expireTimer
)

// padded is the bit of a generation's stream that says that its last packet is there
// only because a generation has two.
const padded = 1 << 31
