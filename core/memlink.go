package core

// Links between two nodes of one shard: references move from the queue of one
// node straight to the other's round. Bytes, system calls and other threads do
// not come into it.

// memLink is such a lane: the sender's end and the receiver's.
type memLink struct {
	parted *OutLane // out, once it has closed and as long as the receiver's end has not
	out    *OutLane // nil once the sender's end is closed
	in     *InLane  // nil once the receiver's end is closed
}

// memOut and memIn are the two ends as transports.
type (
	memOut struct{ *memLink }
	memIn  struct{ *memLink }
)

// Connect opens a lane to a node of the same shard, in the same step.
func Connect(out *OutLane, dest *Switch) {
	if dest.shard != out.node.shard {
		panic("core: Connect of nodes on different shards")
	}
	m := &memLink{out: out}
	m.in = dest.Accept(out.node.id, out.app, memIn{m})
	if m.in == nil {
		out.Fail(ReasonRefused)
		return
	}
	out.Opened(memOut{m})
}

// Flush implements OutTransport: the receiver takes the runs in its own turn.
func (m memOut) Flush(*OutLane) {
	if m.in != nil && m.in.slab == nil {
		m.refill()
	}
}

// Drained implements InTransport.
func (m memIn) Drained(l *InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		r.Slab.Release()
	}
	return m.refill()
}

// refill moves the next run from the sender's queue to the receiver's lane.
func (m *memLink) refill() bool {
	if m.out == nil {
		return false
	}
	r, ok := m.out.Take()
	if ok {
		m.in.Feed(r)
	}
	return ok
}

// Close implements OutTransport: the sender is gone. What the receiver has been
// given it still switches.
func (m memOut) Close(l *OutLane, how CloseHow) {
	m.out, m.parted = nil, l
	if in := m.in; in != nil {
		m.in = nil
		in.End(how.Reason(), nil)
		return
	}
	m.over()
}

// over says that both ends have closed.
func (m *memLink) over() {
	if l := m.parted; l != nil {
		m.parted = nil
		l.Parted()
	}
}

// Close implements InTransport: the receiver is gone.
func (m memIn) Close(_ *InLane, how CloseHow) {
	m.in = nil
	if out := m.out; out != nil {
		m.out = nil
		out.Fail(how.Reason())
	}
	m.over()
}
