package core

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Node is one overlay node: an algorithm and the lanes it switches between.
// Algorithms call its methods; all of them must be called on the node's loop,
// that is, from within Process or from a function the runtime runs there.
type Node struct {
	shard *Shard
	id    NodeID
	alg   Algorithm
	rng   *rand.Rand
	state nodeState

	// receiving
	ins     []*InLane
	active  laneList // the round: lanes that have frames and may be served
	ticket  uint64
	weights []weightRule
	sources []*sourceLane
	pace    *pacer     // nil while nothing is emulated
	parking []*OutLane // those that keep upstream lanes for the next round

	// sending
	links  []*Link
	byPeer map[NodeID]*Link // the same; nil while a scan is faster
	last   *OutLane         // that was sent on; never nil

	events    []event
	kept      *Msg // held and retained
	keptCount int
	timerSeq  uint64

	queued    bool // in the shard's list of ready nodes
	nextReady *Node

	monitored bool       // the monitor's timer is set (monitor.go)
	draining  []*OutLane // to be closed once they have run dry (domino.go)
	repairing bool       // the algorithm repairs the session whose break it is being told of

	reporter reporter // report.go

	own  OwnStats
	gone lost // what ended lanes and links had lost, so that totals stay right

	runtimeData any // whatever the runtime keeps of the node
}

type nodeState uint8

const (
	nodeNew nodeState = iota
	nodeRunning
	nodeStopping // delivers what it has accepted, takes nothing new
	nodeEnded
)

// lost counts messages that the node accepted and did not deliver.
type lost struct {
	outMsgs, outBytes uint64 // queued for a downstream
	inMsgs, inBytes   uint64 // received and not switched
}

// ID is the node's address and port.
func (n *Node) ID() NodeID { return n.id }

// Now is the time since the node's world began: real time in a live world,
// virtual time in a simulated one.
func (n *Node) Now() time.Duration { return n.shard.rt.Now() }

// Rand is the node's own source of randomness, seeded by its world.
func (n *Node) Rand() *rand.Rand { return n.rng }

// Shard is the part that the node shares with the others on its loop.
func (n *Node) Shard() *Shard { return n.shard }

// Algorithm is what the node runs, without what a runtime has put around it.
func (n *Node) Algorithm() Algorithm {
	if w, ok := n.alg.(Wrapper); ok {
		return w.Unwrap()
	}
	return n.alg
}

// SetRuntimeData keeps a value for the runtime, which is told of nodes again and again and
// then finds what it knows of them with no look-up. The switch never looks at it.
func (n *Node) SetRuntimeData(v any) { n.runtimeData = v }

// RuntimeData is the value of SetRuntimeData, or nil.
func (n *Node) RuntimeData() any { return n.runtimeData }

// Running reports whether the node has started and not been stopped.
func (n *Node) Running() bool { return n.state == nodeRunning }

// Ended reports whether the node is gone.
func (n *Node) Ended() bool { return n.state == nodeEnded }

// Start tells the algorithm that it may begin: its first message is Started.
func (n *Node) Start() {
	if n.state != nodeNew {
		panic("core: Start of a node that was started before")
	}
	n.state = nodeRunning
	n.post(event{typ: typeStarted})
}

// Call runs fn on the node as if it were a message: messages that fn makes are
// dropped when it returns unless it sends or retains them, and a panic in it
// stops the node.
func (n *Node) Call(fn func()) {
	if n.state == nodeEnded {
		return
	}
	cur := n.shard.cur
	n.shard.cur = nil // what fn sends has no upstream lane to stop
	defer func() { n.shard.cur = cur }()
	defer n.guard()
	fn()
	if n.shard.made != nil {
		n.settleMade()
	}
}

// After asks for a Timer message with the given sequence number after d. A
// second call with the same id replaces the first. Ids are the algorithm's own,
// below 2^63.
func (n *Node) After(d time.Duration, id uint64) {
	if id&sourceTimer != 0 {
		panic("core: After with a timer id of 2^63 or more, which the engine keeps for itself")
	}
	n.unpost(id)
	n.shard.rt.SetTimer(n, n.Now()+max(d, 0), id)
}

// Cancel forgets a timer. Its message does not come any more, even if it was due
// already.
func (n *Node) Cancel(id uint64) {
	n.unpost(id)
	n.shard.rt.StopTimer(n, id)
}

// sourceTimer marks the timers of sources, and paceTimer is that of emulation: they
// are numbered from 1.
const (
	sourceTimer = 1 << 63
	paceTimer   = sourceTimer
)

// Fire is called by the runtime when a timer is due.
func (n *Node) Fire(id uint64) {
	switch {
	case id&sourceTimer == 0:
		n.post(event{typ: typeTimer, seq: id})
		return
	case id == paceTimer:
		n.pace.fire()
		return
	case id == monitorTimer:
		n.monitor()
		return
	case id == reportTimer:
		n.report()
		return
	}
	for _, sl := range n.sources {
		if sl.timer == id && !sl.lane.Busy() {
			// A source that waited for its time does not wait for the loop to
			// run dry as well: it is paced already.
			sl.ask()
			return
		}
	}
}

// Stop ends the node gracefully: sources and links from upstream end at once,
// what was accepted is delivered, and Runtime.Ended is called when all of it is
// on its way. The algorithm is told with Stopping before its links end.
func (n *Node) Stop() {
	if n.state != nodeRunning {
		return
	}
	n.post(event{typ: typeStopping})
	n.state = nodeStopping
	for _, l := range slices.Clone(n.ins) {
		l.End(ReasonStopped, nil)
	}
	n.shard.ready.push(n)
}

// Kill ends the node at once. What it had accepted is lost, and counted.
func (n *Node) Kill() {
	n.finish(CloseAbort, nil)
}

// tryEnd ends a stopping node once nothing is left to deliver.
func (n *Node) tryEnd() {
	if len(n.events) > 0 || n.active.n > 0 {
		return
	}
	for _, l := range n.ins {
		if l.blocked > 0 {
			return
		}
	}
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			if l.state <= laneOpen && !l.empty() {
				return
			}
		}
	}
	n.finish(CloseGraceful, nil)
}

// crash ends a node whose algorithm panicked. Its neighbours see a failed node.
func (n *Node) crash(c *Crash) {
	n.shard.cur = nil
	n.settleMade()
	n.finish(CloseAbort, c)
}

// finish lets go of everything that the node has.
func (n *Node) finish(how CloseHow, c *Crash) {
	if n.state == nodeEnded {
		return
	}
	n.state = nodeEnded
	n.releaseAll()
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			l.close(how)
			n.gone.outMsgs += l.lostMsgs
			n.gone.outBytes += l.lostBytes
			l.booked = true
		}
	}
	for len(n.ins) > 0 {
		l := n.ins[len(n.ins)-1]
		n.removeIn(l)
		l.tr.Close(l, how)
	}
	n.events, n.sources, n.parking, n.draining = nil, nil, nil, nil
	n.shard.rt.Ended(n, c)
}
