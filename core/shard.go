package core

import (
	"fmt"
	"math/rand/v2"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Shard is what the nodes of one event loop share: the world they live in, the
// slab that messages are built in, and the lists of work to do. It is owned by
// that loop.
type Shard struct {
	rt   Runtime
	pool *bufpool.Pool
	cfg  Config

	ready    nodeQueue  // nodes with something to serve
	dirty    []*OutLane // lanes that got something since they were last flushed
	flushed  []*OutLane // the list before that, empty, to be used again
	sources  []supplier
	free     *Msg  // unused Msg structs
	one      *Msg  // the struct that received messages are shown in, one after another; nil if the last was kept
	batch    Batch // that is shown to an algorithm now
	made     *Msg  // messages made in the Process call under way
	cur      *InLane
	serving  *Node  // now, or last (serving.go)
	event    *Msg   // that was made here, and is shown to an algorithm now
	build    mason  // of messages that algorithms make
	waiting  mason  // of small ones that wait behind others (overflow.go)
	overdraw uint64 // blocks made beyond the pool's budget

	placed func(on *OutLane, r Run, lost bool) // OnPlaced; nil: nobody
}

// NewShard makes the shared part of a loop's nodes.
func NewShard(rt Runtime, pool *bufpool.Pool, cfg Config) *Shard {
	return &Shard{rt: rt, pool: pool, cfg: cfg.withDefaults()}
}

// Pool is where the shard's slabs come from.
func (s *Shard) Pool() *bufpool.Pool { return s.pool }

// Config is the configuration with its defaults filled in.
func (s *Shard) Config() Config { return s.cfg }

// NewNode makes a node that runs alg. Nothing reaches the algorithm before
// Start. The random source is the node's alone.
func (s *Shard) NewNode(id NodeID, alg Algorithm, rng *rand.Rand) *Switch {
	if id.IsZero() || alg == nil || rng == nil {
		panic("core: a node needs an ID, an algorithm and a source of randomness")
	}
	if s.cfg.Strict {
		alg = &strict{alg, s}
	}
	n := &Node{shard: s, id: id, alg: alg, rng: rng, heaviest: 1, last: &OutLane{}}
	n.sw.node = n
	n.batches = batchesOf(alg)
	s.serving = n
	alg.Bind(n)
	return &n.sw
}

// OnPlaced says who is told of runs that have left a lane's queue for an emulated way with latency, and of those that
// are lost there: what a runtime's transport hears of only when they arrive, or never. The run is the caller's until it
// returns. Lanes without such a way tell nobody and pay nothing.
func (s *Shard) OnPlaced(fn func(on *OutLane, r Run, lost bool)) { s.placed = fn }

// Ready reports whether a node has something to serve.
func (s *Shard) Ready() bool { return s.ready.head != nil }

// Next is the node that ServeNext would serve, or nil.
func (s *Shard) Next() *Switch {
	if s.ready.head == nil {
		return nil
	}
	return &s.ready.head.sw
}

// ServeNext serves one node for one round and flushes what it sent. It reports
// whether there was one. Depth first: what the round sent is on its way before
// another node is looked at, while its bytes are in the cache.
func (s *Shard) ServeNext() bool {
	n := s.ready.pop()
	if n == nil {
		return false
	}
	n.serve()
	s.Flush()
	return true
}

// Flush hands every lane that got something to its transport. A flush that makes
// room lets waiting messages in, and their upstreams go on: those lanes are left
// for the next Flush, after the upstreams have been served, so that a burst
// leaves in one piece.
func (s *Shard) Flush() {
	todo := s.dirty
	s.dirty = s.flushed[:0]
	for i, l := range todo {
		todo[i] = nil
		l.dirty = false
		switch {
		case l.state != laneOpen:
		case l.emulator != nil:
			l.node.pace.flush(l)
		default:
			l.tr.Flush(l)
		}
	}
	s.flushed = todo[:0]
}

// Unflushed reports whether a lane got something since it was last flushed.
func (s *Shard) Unflushed() bool { return len(s.dirty) > 0 }

// Close lets go of the slabs that messages are built in. No node may be left.
func (s *Shard) Close() {
	s.build.close()
	s.waiting.close()
}

// mason carves frames out of a slab, one after the other, and takes another slab when it
// is used up.
type mason struct {
	slab *bufpool.Slab
	at   int
}

func (b *mason) close() {
	if b.slab != nil {
		b.slab.Release()
	}
	*b = mason{}
}

// carve takes n bytes for a frame out of a mason's slab: bump allocation. The caller
// owns one reference on the slab.
func (s *Shard) carve(b *mason, n int) (*bufpool.Slab, int) {
	if b.slab != nil && b.slab.Unique() {
		b.at = 0
	}
	if b.slab == nil || b.at+n > len(b.slab.Bytes()) {
		if n > s.pool.SlabSize()/4 {
			return s.block(n), 0 // large: a block of its own wastes less
		}
		b.close()
		b.slab = s.block(s.pool.SlabSize())
	}
	off := b.at
	b.at += n
	b.slab.Retain()
	return b.slab, off
}

// block gets a block for messages made here. It never fails: what an algorithm
// may make is bounded by Config.OverflowMsgs, and links stop reading long before
// that, so going over the budget here is bounded too. It is counted.
func (s *Shard) block(n int) *bufpool.Slab {
	slab, err := s.pool.GetSize(n)
	if err == nil {
		return slab
	}
	s.overdraw++
	slab, err = s.pool.Overdraw(n)
	if err != nil {
		panic(fmt.Sprintf("core: a message of %d bytes fits no block: %v", n, err))
	}
	return slab
}

// newMsg takes a Msg struct from the free list.
func (s *Shard) newMsg() *Msg {
	m := s.free
	if m == nil {
		return &Msg{}
	}
	s.free = m.next
	m.next = nil
	return m
}

// recycle puts a Msg struct back; its bytes are no business of this.
func (s *Shard) recycle(m *Msg) {
	if s.cfg.Strict { // a struct that was kept never shows another message
		*m = Msg{}
		return
	}
	*m = Msg{next: s.free}
	s.free = m
}

// nodeQueue is an intrusive FIFO of nodes that have something to serve.
type nodeQueue struct{ head, tail *Node }

func (q *nodeQueue) push(n *Node) {
	if n.queued {
		return
	}
	n.queued = true
	if q.tail == nil {
		q.head = n
	} else {
		q.tail.nextReady = n
	}
	q.tail = n
}

func (q *nodeQueue) pop() *Node {
	n := q.head
	if n == nil {
		return nil
	}
	q.head = n.nextReady
	if q.head == nil {
		q.tail = nil
	}
	n.nextReady, n.queued = nil, false
	return n
}

// header fills in the header of a message that node n makes.
func header(n *Node, t Type, app uint32, size int) wire.Header {
	return wire.Header{Type: t, Sender: n.id, App: app, Size: size}
}
