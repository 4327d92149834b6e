package engine

import (
	"errors"
	"fmt"
	"math"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What a loop does when the pool's budget is used up. A connection that finds no
// slab is starved: it is not read until there is memory again, and its peer has to
// wait. Usually memory comes back by itself, as queues drain.
//
// It does not if all of it holds beginnings of messages that cannot be finished
// for want of memory. So one connection a loop at a time holds the reserve: it may go on
// with a reserve until it has brought a whole message and is in the middle of
// none. Nobody can keep the reserve: a peer that does not finish in time is
// disconnected, and so are those found silent in the middle of the same message
// when that happens again. Nor is the reserve spent on what would only wait at a
// congested node: along the way of a session the node nearest to its end comes
// first, and makes room for those before it.

// noSpace handles a read that found no slab: the budget is used up, or what the
// peer has sent cannot become a frame.
func (c *tcpIn) noSpace(err error) {
	lp := c.loop
	switch {
	case !errors.Is(err, bufpool.ErrBudget):
		c.end(core.ReasonProtocol, err)
		lp.turn()
	case lp.reserveHolder == nil && (c.lane == nil || !c.node.core.Congested(c.lane.App())):
		lp.reserveHolder = c
		c.readReserved()
	default:
		lp.evict()
		c.starve()
	}
}

// starve leaves a connection alone until there may be memory again.
func (c *tcpIn) starve() {
	lp := c.loop
	if c.closed || c.lingering {
		return // evict has ended it
	}
	c.credit.known = false // it is not read, and so not to blame for its silence
	c.unwatch(starving)
	lp.starved = append(lp.starved, c)
	lp.timers.wakeAt(lp.Now() + memoryPause)
}

// readReserved is read for the reserve holder.
func (c *tcpIn) readReserved() {
	lp, stage, limit := c.loop, c.loop.stage, c.loop.eng.opt.ReadBytes
	if c.lane == nil {
		limit = min(limit, wire.MaxHello) // no more of a stranger
	}
	// A frame longer than any read: so the framer lets this read end where the
	// message ends that it is in the middle of, and does not begin another.
	c.framer.NoteFrame(math.MaxInt32)
	buf, err := c.framer.Space(stage, limit)
	if errors.Is(err, bufpool.ErrBudget) {
		stage = lp.openReserve()
		buf, err = c.framer.Space(stage, limit)
	}
	switch {
	case err == nil:
		c.readInto(stage, buf)
		c.keepReserve()
	case errors.Is(err, bufpool.ErrBudget): // the reserve is still queued somewhere
		c.yieldReserve()
		c.starve()
	default:
		c.end(core.ReasonProtocol, err)
		lp.turn()
	}
}

// openReserve is the stage of the reserve holder. Its memory is the loop's
// own, is there only while it is used, and holds two of the largest messages: one
// that grows out of a block into the next.
func (lp *loop) openReserve() *wire.Stage {
	if lp.reserve == nil {
		size := lp.eng.pool.SlabSize()
		lp.reservePool = bufpool.New(bufpool.Options{
			SlabSize: size,
			Budget:   int64(blockSize(size)) + 2*bufpool.MaxBlock,
			MaxIdle:  bufpool.KeepNone,
		})
		lp.reserve = wire.NewStage(lp.reservePool)
	}
	return lp.reserve
}

// keepReserve decides after a read whether the connection still holds the reserve.
func (c *tcpIn) keepReserve() {
	switch {
	case c.closed: // and has yielded
	case c.lane == nil: // the hello is not complete; it has a deadline of its own
	case c.lane.Busy() || c.framer.Buffered() < wire.HeaderSize:
		c.yieldReserve()
	case c.deadline == 0:
		c.loop.strict.add(c, &c.deadline, memoryTimeout)
	}
}

// yieldReserve lets another connection hold the reserve, if this one was.
func (c *tcpIn) yieldReserve() {
	lp := c.loop
	if lp.reserveHolder != c {
		return
	}
	lp.reserveHolder = nil
	if c.lane != nil {
		lp.strict.settle(&c.deadline)
	}
	lp.retryStarved()
}

// retryStarved lets some connections try again that found no slab. Not all: most
// would find none again.
func (lp *loop) retryStarved() {
	if len(lp.starved) == 0 {
		lp.starved = nil
		if lp.reserve != nil && lp.reserveHolder == nil {
			lp.reserve.Close() // an idle reserve keeps no slab
		}
		return
	}
	for range min(len(lp.starved), starvedBudget) {
		c := lp.starved[0]
		lp.starved[0] = nil
		lp.starved = lp.starved[1:]
		if !c.closed && c.watch == starving {
			c.rewatch()
		}
	}
	lp.timers.wakeAt(lp.Now() + memoryPause)
}

// expired implements expirer: no hello came in time, or not the rest of a message
// that others wait for.
func (c *tcpIn) expired() {
	if c.lane == nil {
		c.drop(fmt.Errorf("no hello within %v", c.loop.eng.opt.HelloTimeout))
		return
	}
	c.loop.relieve()
}

// relieve acts against memory pressure that has lasted: the reserve holder loses the
// memory that it has, and so do those from which nothing has come since the last
// time.
func (lp *loop) relieve() {
	for _, h := range lp.fds {
		c, ok := h.(*tcpIn)
		if !ok || c.lane == nil || c.lingering || c.lane.Busy() || c.framer.Buffered() < wire.HeaderSize {
			continue
		}
		silent := c.watch == watching && c.readsSeen == c.reads
		c.readsSeen = c.reads
		if c == lp.reserveHolder || silent {
			c.end(core.ReasonNoRoom, fmt.Errorf("out of memory, and the rest of a message did not come within %v", memoryTimeout))
		}
	}
	lp.turn()
}
