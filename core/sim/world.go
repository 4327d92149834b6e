package sim

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// World is a virtual-time world and the core.Runtime of its nodes. It belongs to
// one goroutine, which is why a run can be repeated; many worlds may run at the
// same time. Make it with New and end it with Close.
type World struct {
	opt   Options
	shard *core.Shard
	pool  *bufpool.Pool
	now   time.Duration
	queue queue
	steps int   // events and rounds of this instant
	stuck error // a node's timers let no time go on

	timers timers
	calls  []func() // by the index in their events
	vacant []uint32 // unused places in calls

	injected time.Duration // when the sources were last asked; -1 before
	inject   bool          // and the event of the next time is in the queue

	up    bool // those that the world begins with have been told that all are up
	alive int  // nodes that have not ended
	over  bool // Stop was called: nobody starts any more

	nodes     []*Node // in the order in which they were added
	born      *Node   // the one being made
	panics    []Panic
	waits     core.WaitGraph
	deadlocks []Deadlock
	byID      map[core.NodeID]*Node
	ids       map[string]core.NodeID // of made-up IDs
	names     map[core.NodeID]string
	links     []*link       // in the order in which they were first used
	cuts      map[pair]bool // one-way cuts; only looked up
	windowB   int32         // bytes, and
	windowM   int32         // messages, on a lane

	messages uint64 // taken by nodes from other nodes
	bytes    uint64 // of them, headers included
	events   uint64
}

// New makes a world at time 0 with nobody in it.
func New(o Options) *World {
	o = o.withDefaults()
	w := &World{
		opt: o, pool: bufpool.New(o.Pool), injected: -1,
		byID: make(map[core.NodeID]*Node), ids: make(map[string]core.NodeID), names: make(map[core.NodeID]string),
		cuts: make(map[pair]bool),
	}
	w.shard = core.NewShard(w, w.pool, o.Core)
	if p, ok := o.Watch.(Placer); ok {
		w.shard.OnPlaced(func(on *core.OutLane, r core.Run, lost bool) {
			p.Placed(w.now, on.Node().ID(), on.Peer(), on.App(), r, lost)
		})
	}
	cfg := w.shard.Config()
	w.windowB, w.windowM = window(o.WindowBytes, cfg.QueueBytes), window(o.WindowMsgs, cfg.QueueMsgs)
	if o.Order == Shuffled {
		w.queue.mixer = seedMixer(o.Seed)
	}
	return w
}

// window is one of the two bounds of a lane. It is exceeded by one run, which the
// sum must have room for.
func window(asked, def int) int32 {
	if asked == 0 {
		asked = def
	}
	return int32(min(asked, math.MaxInt32/2))
}

// Now is the time since the world began. With it the world is a core.Runtime.
func (w *World) Now() time.Duration { return w.now }

// Seed is what decides all that is random.
func (w *World) Seed() uint64 { return w.opt.Seed }

// Shard is the shard of all nodes.
func (w *World) Shard() *core.Shard { return w.shard }

// Pool is where the slabs come from.
func (w *World) Pool() *bufpool.Pool { return w.pool }

// ID is the node ID of a name: "10.1.1.1:80" is itself, and any other name gets an
// ID of its own when it is first used: 10.0.0.1:7000, 10.0.0.2:7000 and so on.
func (w *World) ID(name string) core.NodeID {
	if id, ok := w.ids[name]; ok {
		return id
	}
	id, err := core.ParseNodeID(name)
	if err != nil {
		const port = 7000 // any: made-up IDs differ in their address
		i := len(w.ids) + 1
		id = core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), port))
		w.ids[name], w.names[id] = id, name
	}
	return id
}

// Name is the name that an ID was made from, or the ID as text.
func (w *World) Name(id core.NodeID) string {
	if name, ok := w.names[id]; ok {
		return name
	}
	return id.String()
}

// At calls fn at the given time, or now if that has passed: how whoever runs the
// world changes it on the way. Calls of one time come in the order of At. What fn sends must be sent within [core.Switch.Call].
func (w *World) At(at time.Duration, fn func()) {
	i := uint32(len(w.calls))
	if n := len(w.vacant); n > 0 {
		i = w.vacant[n-1]
		w.vacant = w.vacant[:n-1]
		w.calls[i] = fn
	} else {
		w.calls = append(w.calls, fn)
	}
	at = max(at, w.now)
	w.queue.push(event{at: at, ord: w.queue.ordOf(math.MaxUint32, at), kind: evCall, arg: i})
}

// Totals count what has happened in a world.
type Totals struct {
	Time     time.Duration
	Messages uint64 // that nodes took from other nodes: one message over one link counts once
	Bytes    uint64 // of them, headers included
	Events   uint64 // of the scheduler: several messages may come in one
	Lost     uint64 // messages under way on lanes that failed
	Nodes    int    // that have been added
	Links    int    // directed, between two nodes that have had a lane
	Lanes    int    // open or being opened
}

// Totals are the counters so far.
func (w *World) Totals() Totals {
	t := Totals{Time: w.now, Messages: w.messages, Bytes: w.bytes, Events: w.events, Nodes: len(w.nodes), Links: len(w.links)}
	for _, k := range w.links {
		t.Lost += k.stats.LostMsgs
		t.Lanes += len(k.lanes)
	}
	return t
}

// Taken is Totals().Messages, at no cost however large the world is.
func (w *World) Taken() uint64 { return w.messages }

// ErrSlabs means that a world was closed and somebody still held its slabs.
var ErrSlabs = errors.New("sim: slabs never released")

// Close ends all nodes and lets go of all memory. The error wraps ErrSlabs if an
// algorithm or application has kept what it should have released. A closed world
// can still be asked for its counters.
func (w *World) Close() error {
	w.opt.Watch = nil
	for _, n := range w.nodes {
		n.core.Kill()
	}
	for _, k := range w.links {
		for _, l := range k.lanes {
			l.lose(0)
		}
		k.lanes = nil
	}
	w.shard.Flush()
	w.shard.Close()
	w.queue, w.timers, w.calls = queue{}, timers{}, nil
	if held := w.pool.Held(); held != 0 {
		return fmt.Errorf("%w: %d %v", ErrSlabs, held, w.pool.Leaks())
	}
	return nil
}
