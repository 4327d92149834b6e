package engine

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/internal/interleave"
	"github.com/ioverlay/ioverlay/ring"
)

// A lane between two loops of one process: a ring of runs. References cross,
// bytes do not move. Each side wakes the other at most once a burst:
//
//	sender's loop    Flush   queue ─▶ ring, wakes the receiver if it found the ring empty
//	receiver's loop  Drained ring ─▶ lane, wakes the sender if it found the ring full
//
// Each does so by saying that it waits and then looking once more, since the other may
// have looked just before. interleave_test.go tries every order of these steps.
//
// Lanes between nodes of one loop are core.Connect.

// dialMem opens a lane to another node of the engine.
func (lp *loop) dialMem(l *core.OutLane) {
	n := lp.eng.lookup(l.Peer())
	switch {
	case n == nil, n.loop == lp && n.core == nil: // nobody, or nobody yet
		lp.refuse(l)
	case n.loop == lp:
		core.Connect(l, n.core)
	default:
		lp.openPipe(l, n, pipeRuns)
	}
}

// openPipe begins to open a lane to a node of another loop, with room for so many runs
// between the loops.
func (lp *loop) openPipe(l *core.OutLane, n *Node, runs int) *memPipe {
	p := &memPipe{ring: ring.NewSPSC[core.Run](runs), out: l, from: lp, to: n.loop, sender: l.Node().ID(), app: l.App()}
	n.loop.post(func() { p.accept(n) })
	return p
}

// memPipe is such a lane. Fields are grouped by the loop that touches them.
type memPipe struct {
	ring     *ring.SPSC[core.Run]
	from, to *loop
	sender   core.NodeID
	app      uint32

	out *core.OutLane // sender's loop; nil once closed there

	parted *core.OutLane // the same, once it has closed and the receiver has not
	handed core.Tally    // and what it had been handed

	in   *core.InLane // receiver's loop; nil once closed there
	took core.Tally   // what the receiver took; the sender's once finished says so

	bytes    interleave.Int64 // in the ring
	idle     interleave.Bool  // the receiver found the ring empty: wake it
	starved  interleave.Bool  // the sender found the ring full: wake it
	how      interleave.Uint32
	finished interleave.Bool // the receiver has closed
}

// pipeEnd says which end of a pipe a note is for.
type pipeEnd uint8

const (
	pipeIn pipeEnd = iota
	pipeOut
)

// pipeOutEnd and pipeInEnd are the ends as transports.
type (
	pipeOutEnd struct{ *memPipe }
	pipeInEnd  struct{ *memPipe }
)

// accept opens the receiver's end, on its loop.
func (p *memPipe) accept(n *Node) {
	if n.core != nil && n.core.Accepts() {
		p.idle.Store(true)
		p.in = n.core.Accept(p.sender, p.app, pipeInEnd{p})
	}
	ok := p.in != nil
	p.from.post(func() { p.opened(ok) })
}

// opened completes the dial, on the sender's loop.
func (p *memPipe) opened(ok bool) {
	l := p.out
	switch {
	case l == nil: // the receiver has opened and closed already
	case l.Node().Ended():
		p.out = nil
		p.hangUp(core.CloseAbort)
	case ok:
		l.Opened(pipeOutEnd{p})
	default:
		p.out = nil
		p.ring.Close()
		l.Fail(core.ReasonRefused)
	}
}

// Flush implements core.OutTransport.
func (p pipeOutEnd) Flush(l *core.OutLane) {
	p.from.away++
	if p.fill(l) && p.idle.Load() && p.idle.Swap(false) {
		p.wake(p.to, pipeIn)
	}
}

// fill moves runs into the ring while it has room, and reports whether it moved
// any.
func (p *memPipe) fill(l *core.OutLane) (moved bool) {
	limit := int64(p.from.shard.Config().QueueBytes)
	for {
		if p.bytes.Load() >= limit || p.ring.Len() == p.ring.Cap() {
			p.starved.Store(true)
			// The receiver may have made room before it could see that.
			if p.bytes.Load() >= limit || p.ring.Len() == p.ring.Cap() || !p.starved.Swap(false) {
				return moved
			}
		}
		r, ok := l.Take()
		if !ok {
			return moved
		}
		p.bytes.Add(int64(r.Len))
		if p.ring.Push(r) != ring.OK {
			panic("engine: a lane between loops had room and took no run")
		}
		moved = true
	}
}

// Drained implements core.InTransport.
func (p pipeInEnd) Drained(l *core.InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		r.Slab.Release()
	}
	return p.drain(l)
}

// drain moves the next run from the ring to the lane.
func (p *memPipe) drain(l *core.InLane) bool {
	r, res := p.ring.Pop()
	if res == ring.Empty {
		p.idle.Store(true)
		// The sender may have pushed before it could see that.
		if r, res = p.ring.Pop(); res == ring.Empty {
			return false
		}
		p.idle.Store(false)
	}
	if res == ring.Closed {
		l.End(core.CloseHow(p.how.Load()).Reason(), nil)
		return false
	}
	p.bytes.Add(-int64(r.Len))
	if p.starved.Load() && p.starved.Swap(false) {
		p.wake(p.from, pipeOut)
	}
	l.Feed(r)
	return true
}

// noted acts on a wake-up from the other side.
func (p *memPipe) noted(end pipeEnd) {
	if end == pipeIn {
		p.notedIn()
		return
	}
	switch finished := p.finished.Load(); {
	case p.out != nil && finished:
		p.peerLeft()
	case p.out != nil:
		pipeOutEnd{p}.Flush(p.out)
	case p.parted != nil && finished: // it has ended as well, and hears what was not taken any more
		l := p.parted
		p.parted = nil
		l.Missed(p.handed, p.took)
		l.Parted()
	}
}

func (p *memPipe) notedIn() {
	switch {
	case p.in == nil:
		p.discard()
	case !p.in.Busy():
		p.drain(p.in)
	}
}

// peerLeft ends the sender's lane after the receiver's end has closed.
func (p *memPipe) peerLeft() {
	l := p.out
	p.out = nil
	why := core.CloseHow(p.how.Load()).Reason()
	p.ring.Close()
	p.wake(p.to, pipeIn) // to discard what is left
	l.FailTook(why, p.took)
}

// Close implements core.OutTransport: the sender is gone.
func (p pipeOutEnd) Close(l *core.OutLane, how core.CloseHow) {
	p.out, p.parted, p.handed = nil, l, l.Handed()
	p.hangUp(how)
	if p.finished.Load() { // and its note may have been looked at before
		p.noted(pipeOut)
	}
}

// hangUp closes the ring from the sender's side.
func (p *memPipe) hangUp(how core.CloseHow) {
	p.how.Store(uint32(how))
	p.ring.Close()
	p.wake(p.to, pipeIn)
}

// Close implements core.InTransport: the receiver is gone.
func (p pipeInEnd) Close(l *core.InLane, how core.CloseHow) {
	p.in, p.took = nil, l.Taken()
	p.how.Store(uint32(how))
	p.finished.Store(true)
	p.discard()
	p.wake(p.from, pipeOut)
}

// discard releases what the receiver will not switch any more; the sender is told. It
// runs on the receiver's loop, once when its end closes and again when the sender
// has closed the ring.
func (p *memPipe) discard() {
	for {
		r, res := p.ring.Pop()
		if res != ring.OK {
			return
		}
		p.bytes.Add(-int64(r.Len))
		r.Slab.Release()
	}
}

// wake leaves a note for one end. A full inbox is no reason to lose it.
func (p *memPipe) wake(lp *loop, end pipeEnd) {
	if lp.notify(note{pipe: p, end: end}) != ring.OK {
		lp.post(func() { p.noted(end) })
	}
}
