package core

import (
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/core/qos"
)

// Runtime is what a world hands to its nodes: time, timers, links and a place
// to report. Its methods are called on the shard's own loop and never once a
// message.
type Runtime interface {
	// Now is the time since the world began.
	Now() time.Duration

	// SetTimer asks for n.Fire(id) at the given time. A second timer with the
	// same id replaces the first.
	SetTimer(n *Switch, at time.Duration, id uint64)

	// StopTimer forgets a timer; one that is unknown is no error.
	StopTimer(n *Switch, id uint64)

	// Dial opens the lane to l.Peer(). It may answer at once or later, on this
	// loop, with l.Opened or l.Fail. A node is no peer of its own: the runtime refuses
	// to dial the ID of the lane's own node.
	Dial(l *OutLane)

	// Warn reports an upstream lane that ended because of an error, for the log.
	// The algorithm has its own message of it.
	Warn(n *Switch, l *InLane, err error)

	// Waits is told which of a node's lanes from upstream wait for a queue that has
	// stood still, each time the node's monitor looks, and once with none when that
	// is over. A [WaitGraph] finds those that wait in a circle. The slice is the
	// node's.
	Waits(n *Switch, waits []Wait)

	// Ended is told once when a node has stopped: after Stop, once everything it
	// had accepted was delivered; or at once if its algorithm panicked, with the
	// panic's value and stack.
	Ended(n *Switch, crash *Crash)
}

// OutTransport moves what an out-lane has queued. It is called on the lane's
// loop.
type OutTransport interface {
	// Flush sends what it can now: once a burst, not once a message.
	Flush(l *OutLane)
	// Close lets go of the connection. All that was queued has been sent (how is
	// CloseGraceful: the transport calls l.Parted once the peer's end is over, too),
	// or was counted as lost (CloseAbort: the peer must see a
	// failure, not an end).
	Close(l *OutLane, how CloseHow)
}

// Meter is an OutTransport that can say what its system knows of the connection.
// Transports in memory have no system to ask and are none.
type Meter interface {
	// Kernel reports it; false means that the system does not tell.
	Kernel(l *OutLane) (qos.Kernel, bool)
}

// InTransport brings runs to an in-lane. It is called on the lane's loop.
type InTransport interface {
	// Drained says that the lane has switched every whole frame it was fed. The
	// transport takes back what is left (l.TakeRest), may feed the lane again at
	// once, and reports whether it did.
	Drained(l *InLane) (fed bool)
	// Close lets go of the connection.
	Close(l *InLane, how CloseHow)
}

// Prover is implemented by an InTransport that can be lied to: Proven reports, from before
// the lane is accepted, whether the peer receives at the address of the node that it says
// it is. The lanes of other transports count as proven.
type Prover interface{ Proven() bool }

// CloseHow says how a lane ends.
type CloseHow uint8

const (
	// CloseGraceful ends a lane after its last message.
	CloseGraceful CloseHow = iota
	// CloseAbort ends a lane so that its peer sees a failure.
	CloseAbort
	// CloseDead ends a lane whose peer does not answer: nothing is to be waited
	// for.
	CloseDead
)

// Reason is how the peer sees a lane end.
func (h CloseHow) Reason() Reason {
	if h == CloseGraceful {
		return ReasonClosed
	}
	return ReasonReset
}

// Crash is a panic in an algorithm: what was thrown and where.
type Crash struct {
	Value any
	Stack []byte
}

// Rand makes a node's source of randomness from a seed: the same seed gives the
// same numbers in every world and on every machine.
func Rand(seed uint64) *rand.Rand {
	const stream = 0x9e3779b97f4a7c15 // any constant: keeps seeds of nodes apart from seeds of worlds
	return rand.New(rand.NewPCG(seed, stream))
}
