package core

import (
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/internal/nodemap"
	"github.com/ioverlay/ioverlay/metric"
)

// Node is one overlay node as its algorithm sees it: an algorithm and the lanes it
// switches between. What only a runtime may do with it is [Switch]'s, which nobody
// gets from a Node. All methods must be called on the node's loop, that is, from
// within Process or from a function the runtime runs there.
type Node struct {
	// What every message needs lies together at the front, as in OutLane.

	sw        Switch // the same node as its runtime sees it
	shard     *Shard
	alg       Algorithm
	nextReady *Node
	queued    bool // in the shard's list of ready nodes
	state     nodeState
	told      announced // announce.go
	toldLast  bool      // the losses of a stopping node were told (losstell.go)
	repairing bool      // the algorithm repairs the session whose break it is being told of
	waiting   bool      // the runtime was told of waits at the last look (waitgraph.go)
	active    laneList  // the round: lanes that have frames and may be served

	ticket   uint64
	events   []event
	parking  []*OutLane            // those that keep upstream lanes for the next round
	draining []*OutLane            // to be closed once they have run dry (domino.go)
	outs     nodemap.Map[*OutLane] // the lanes of links
	last     *OutLane              // that was sent on; never nil
	batches  BatchAlgorithm        // alg, if it takes batches; else nil
	id       NodeID

	watch watchList // what the monitor looks at (monitor.go)
	aging aging     // lanes that rest or have ended (aging.go)
	due   dueTimers // of events, the timers

	rng  *rand.Rand
	luck *rand.Rand // the switch's own; nil until it is needed

	// receiving
	ins       inList
	from      nodemap.Map[*InLane] // those of upstream nodes
	ofApps    map[uint32]*appLanes // of them, those of an application; nil while a scan is faster
	weights   weightRules
	strangers int           // rules set since those of lanes that are not there were dropped
	heaviest  int           // weight of a lane; the others' quanta are in proportion
	heavy     int           // lanes that have it
	sources   []*sourceLane // by the number of their timers; nil: free
	vacant    []int         // the free places
	pace      *pacer        // nil while nothing is emulated

	// sending
	links      []*Link
	byPeer     nodemap.Map[*Link] // the same, once they are many; the application is 0
	spareClaim *claim             // sendfirst.go

	telling   []*OutLane // with losses to tell (losstell.go)
	pulls     pulls      // pull.go
	kept      *Msg       // held and retained
	keptCount int

	waits []Wait   // found by the look of the monitor under way (waitgraph.go)
	begun []uint32 // sessions that the algorithm brings itself (session.go)

	reporter reporter // report.go

	metrics *metric.Set // metrics.go; nil while the algorithm keeps none

	own  OwnStats
	gone lost     // what ended lanes and links had lost, so that totals stay right
	past PastLane // what forgotten lanes had carried

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
	outMsgs, outBytes   uint64 // queued for a downstream
	in, source          Tally  // received from upstream nodes, or made by sources, and not switched
	emulMsgs, emulBytes uint64 // on emulated links, as they were told to
}

// ID is the node's address and port.
func (n *Node) ID() NodeID { return n.id }

// Now is the time since the node's world began: real time in a live world,
// virtual time in a simulated one. All nodes of a world agree on it, whatever
// process they are in.
func (n *Node) Now() time.Duration { return n.shard.rt.Now() }

// Config is the switch's configuration with its defaults filled in.
func (n *Node) Config() Config { return n.shard.cfg }

// Pool is where the slabs of the node's sources come from.
func (n *Node) Pool() *bufpool.Pool { return n.shard.pool }

// Rand is the node's own source of randomness, seeded by its world.
func (n *Node) Rand() *rand.Rand { return n.rng }

// Running reports whether the node has started and not been stopped, nor told that
// it will be.
func (n *Node) Running() bool { return n.state == nodeRunning && !n.told.stopping }

// Ended reports whether the node is gone.
func (n *Node) Ended() bool { return n.state == nodeEnded }

// dice are the switch's own, so that what it draws changes nothing that the algorithm
// draws but once.
func (n *Node) dice() *rand.Rand {
	if n.luck == nil {
		n.luck = Rand(n.rng.Uint64())
	}
	return n.luck
}

// After asks for a Timer message with the given sequence number after d. A
// second call with the same id replaces the first. Ids are the algorithm's own,
// below 2^63.
func (n *Node) After(d time.Duration, id uint64) {
	if id&sourceTimer != 0 {
		panic("core: After with a timer id of 2^63 or more, which the engine keeps for itself")
	}
	n.unpost(id)
	n.shard.rt.SetTimer(&n.sw, n.Now()+max(d, 0), id)
}

// Cancel forgets a timer. Its message does not come any more, even if it was due
// already.
func (n *Node) Cancel(id uint64) {
	n.unpost(id)
	n.shard.rt.StopTimer(&n.sw, id)
}

// sourceTimer marks the timers of sources, and paceTimer is that of emulation: they
// are numbered from 1.
const (
	sourceTimer = 1 << 63
	paceTimer   = sourceTimer
)

// Stop ends the node gracefully: sources and links from upstream end at once,
// what was accepted is delivered, and Runtime.Ended is called when all of it is
// on its way. The algorithm is told with Stopping before its links end.
func (n *Node) Stop() {
	if n.state != nodeRunning {
		return
	}
	n.tellStopping()
	n.state = nodeStopping
	n.endAllPulls()
	for l := range n.ins.all() {
		l.End(ReasonStopped, nil)
	}
	n.shard.ready.push(n)
}

// tryEnd ends a stopping node once nothing is left to deliver.
func (n *Node) tryEnd() {
	if len(n.events) > 0 || n.active.n > 0 {
		return
	}
	for l := range n.ins.all() {
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
	if len(n.telling) > 0 && !n.toldLast {
		n.toldLast = true // once: an algorithm may answer a loss with another message
		if n.tellLosses(); len(n.events) > 0 {
			return
		} // else all of them had been told, and nothing would bring the node here again
	}
	n.finish(CloseGraceful, nil)
}

// crash ends a node whose algorithm panicked. Its neighbours see a failed node.
func (n *Node) crash(c *Crash) {
	n.shard.cur, n.shard.event = nil, nil
	n.shard.batch.end(n)
	_ = n.dropMade() // it has a reason to end already
	n.finish(CloseAbort, c)
}

// finish lets go of everything that the node has.
func (n *Node) finish(how CloseHow, c *Crash) {
	if n.state == nodeEnded {
		return
	}
	n.state = nodeEnded
	n.endAllPulls()
	n.releaseAll()
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			l.close(how)
			n.bookOut(l)
		}
	}
	for n.ins.n > 0 {
		l := n.ins.lanes[len(n.ins.lanes)-1]
		n.removeIn(l)
		l.tr.Close(l, how)
	}
	n.events, n.sources, n.parking, n.draining, n.telling = nil, nil, nil, nil, nil
	n.watch, n.aging, n.due, n.waits = watchList{}, aging{}, dueTimers{}, nil
	n.reportWaits()
	n.shard.rt.Ended(&n.sw, c)
}
