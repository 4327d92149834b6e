package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// ErrClosed means that the engine or the node has been stopped.
var ErrClosed = errors.New("engine: stopped")

// Engine runs nodes in real time. It is safe for concurrent use.
type Engine struct {
	opt   Options
	pool  *bufpool.Pool
	clock worldClock
	loops []*loop
	wg    sync.WaitGroup // loops
	waits waits          // what waits for what (deadlock.go)

	budget int64    // of the pool
	spare  giveBack // memory, after a flood

	ringsWithin bool // rings between nodes of this engine as well: for tests, before there are nodes

	mu     sync.Mutex
	nodes  map[core.NodeID]*Node
	placed int    // nodes placed so far
	names  uint32 // names made up so far, for Mem links
	up     bool   // the world is: those who start now are told at once
	closed bool
}

// New starts an engine: its loops run and sleep until there is something to do.
func New(o Options) (*Engine, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	var clock worldClock
	if clock, o.Epoch, err = startClock(o.Epoch); err != nil {
		return nil, err
	}
	e := &Engine{clock: clock, nodes: make(map[core.NodeID]*Node)}
	o.Pool.OnLarge = e.spare.grown
	e.pool = bufpool.New(o.Pool)
	e.spare.pool, e.budget = e.pool, e.pool.Stats().Budget
	e.opt = o.sizedTo(e.pool)
	for i := range o.Loops {
		lp, err := newLoop(e, i)
		if err != nil {
			e.stopLoops()
			return nil, fmt.Errorf("engine: loop %d: %w", i, err)
		}
		e.loops = append(e.loops, lp)
		e.wg.Add(1)
		go lp.run()
	}
	return e, nil
}

// blockSize is the power of two that a slab of n usable bytes lies in.
func blockSize(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

// Pool is the engine's slab pool.
func (e *Engine) Pool() *bufpool.Pool { return e.pool }

// Loops is the number of event loops.
func (e *Engine) Loops() int { return len(e.loops) }

// Options are the engine's options with their defaults filled in.
func (e *Engine) Options() Options { return e.opt }

// AddNode starts a node that runs alg. When it returns, the node accepts links
// and its algorithm has been told that it started.
func (e *Engine) AddNode(alg core.Algorithm, o NodeOptions) (*Node, error) {
	if alg == nil {
		panic("engine: AddNode without an algorithm")
	}
	if err := o.Bandwidth.Check(); err != nil {
		return nil, fmt.Errorf("engine: NodeOptions.Bandwidth: %w", err)
	}
	n, err := e.reserve(o)
	if err != nil {
		return nil, err
	}
	var failed error
	err = n.loop.do(func() { failed = n.start(alg, o.Bandwidth) })
	if err = errors.Join(err, failed); err != nil {
		n.listener.close()
		e.forget(n)
		close(n.done)
		return nil, err
	}
	return n, nil
}

// stopping reports whether the engine takes no more nodes.
func (e *Engine) stopping() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// reserve finds a node a name, a listener and a loop.
func (e *Engine) reserve(o NodeOptions) (*Node, error) {
	n := &Node{eng: e, done: make(chan struct{})}
	if e.opt.Links != Mem {
		l, err := openListener(o, e.opt.SocketBytes)
		if err != nil {
			return nil, err
		}
		if e.opt.Links == Shm {
			if l.meeting, err = l.listenShm(); err != nil {
				e.opt.Log.Warn("links of this host's processes go by TCP", "node", l.id, "err", err)
			}
		}
		n.listener, n.id = l, l.id
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.admit(n, o); err != nil {
		n.listener.close()
		return nil, err
	}
	e.nodes[n.id] = n
	return n, nil
}

// admit completes a node under the engine's lock.
func (e *Engine) admit(n *Node, o NodeOptions) (err error) {
	if e.closed {
		return ErrClosed
	}
	if n.loop, err = e.place(o.Loop); err != nil {
		return err
	}
	if e.opt.Links == Mem {
		if n.id, err = e.name(o); err != nil {
			return err
		}
	}
	if _, taken := e.nodes[n.id]; taken {
		return fmt.Errorf("engine: the node ID %v is taken by another node of this engine", n.id)
	}
	n.index = e.placed
	e.placed++
	return nil
}

// place chooses a loop: nodes created one after another share one.
func (e *Engine) place(p Placement) (*loop, error) {
	if p.loop > len(e.loops) || p.loop < 0 {
		return nil, fmt.Errorf("engine: a node was placed on loop %d of %d", p.loop-1, len(e.loops))
	}
	if p.loop > 0 {
		return e.loops[p.loop-1], nil
	}
	row := defaultRunNodes
	if e.opt.ExpectNodes > 0 {
		row = (e.opt.ExpectNodes + len(e.loops) - 1) / len(e.loops)
	}
	return e.loops[e.placed/row%len(e.loops)], nil
}

// name gives a node of an engine with Mem links its ID: the one asked for, or a
// made-up one in 127.0.0.0/8.
func (e *Engine) name(o NodeOptions) (core.NodeID, error) {
	if o.Advertise != "" || o.Zone != "" {
		return core.NodeID{}, fmt.Errorf("engine: NodeOptions.Advertise %q and Zone %q have no meaning with Mem links, where nothing listens: Listen is the node's name", o.Advertise, o.Zone)
	}
	if o.Listen != "" {
		id, err := core.ParseNodeID(o.Listen)
		if err != nil {
			return id, fmt.Errorf("engine: node name: %w", err)
		}
		return id, nil
	}
	for {
		e.names++
		const port = 7000 // any: made-up names differ in their address
		addr := netip.AddrFrom4([4]byte{127, byte(e.names >> 16), byte(e.names >> 8), byte(e.names)})
		id := core.NodeIDFrom(netip.AddrPortFrom(addr, port))
		if _, taken := e.nodes[id]; !taken {
			return id, nil
		}
	}
}

// lookup finds a live node of this engine.
func (e *Engine) lookup(id core.NodeID) *Node {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.nodes[id]
}

func (e *Engine) forget(n *Node) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.nodes[n.id] == n {
		delete(e.nodes, n.id)
	}
}

// Nodes are the nodes that live now, in no particular order.
func (e *Engine) Nodes() []*Node {
	e.mu.Lock()
	defer e.mu.Unlock()
	nodes := make([]*Node, 0, len(e.nodes))
	for _, n := range e.nodes {
		nodes = append(nodes, n)
	}
	return nodes
}

// stopLoops ends the loops. All nodes have ended; lanes between loops still have
// notes under way, which release what is left in their rings, and two rounds
// through every loop see to them all.
func (e *Engine) stopLoops() {
	e.spare.end()
	for range 2 {
		for _, lp := range e.loops {
			_ = lp.do(lp.readInbox) // the only error is that the loop has ended
		}
	}
	for _, lp := range e.loops {
		_ = lp.do(lp.lingering.dismiss)
		lp.stop()
	}
	e.wg.Wait()
	for _, lp := range e.loops {
		lp.release()
	}
}
