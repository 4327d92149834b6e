package sim

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Watcher is told of all that happens in a world, in the order in which it happens,
// and when. What it is handed is valid until it returns. It must change nothing: a world that
// is watched runs as one that is not.
type Watcher interface {
	// Message is told of a message before the node's algorithm gets it: data,
	// control messages, and events such as timers and the ends of links.
	Message(at time.Duration, n *Node, m *core.Msg)
	// Sent is told of messages that have left a node on a lane, a run at a time.
	Sent(at time.Duration, from, to *Node, app uint32, r core.Run)
	// Fault is told of a fault when it happens.
	Fault(at time.Duration, f Fault)
	// Warned is told of a lane that ended because its upstream broke the protocol.
	Warned(at time.Duration, n *Node, from core.NodeID, app uint32, err error)
	// Ended is told of a node that has ended; crash is a panic in its algorithm, or
	// nil.
	Ended(at time.Duration, n *Node, crash *core.Crash)
}

// Placer is a Watcher that is also told of messages when they leave a node's queue for a link with emulated latency, and
// of those that such a link loses: Sent is told of the others only when their latency is over.
type Placer interface {
	Placed(at time.Duration, from, to core.NodeID, app uint32, r core.Run, lost bool)
}

// tap is an algorithm with somebody listening. It is only put around algorithms of
// worlds that are watched.
type tap struct {
	core.Algorithm
	node  *Node
	watch Watcher
}

// Process implements core.Algorithm.
func (t *tap) Process(m *core.Msg) core.Verdict {
	t.watch.Message(t.node.world.now, t.node, m)
	return t.Algorithm.Process(m)
}

// Unwrap implements core.Wrapper.
func (t *tap) Unwrap() core.Algorithm { return t.Algorithm }
