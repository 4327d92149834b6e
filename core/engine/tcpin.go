package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// tcpIn is the receiving end of a TCP lane, in the order in which bytes meet it:
//
//	ready      the poller says that there is something
//	read       one read of at most one slab, straight into the loop's slab
//	greet      the first frame: who is it, and which lane is this?
//	feed       whole frames go to the node's in-lane, which switches them
//	Drained    the unfinished rest goes back to the framer
//	linger     the lane has ended, and its upstream hears what it took (linger.go)
type tcpIn struct {
	loop   *loop
	fd     int
	node   *Node
	lane   *core.InLane // nil until the hello has come
	framer wire.Framer
	watch  watchState
	closed bool
	over   bool // nothing more comes: the peer has closed, or the connection broke
	proven bool // the peer is where its hello says (address.go)

	lingering bool          // the lane has ended
	since     time.Duration // and when

	remote  *tcpOut // the other end, if this loop has it too
	pairing pairing
	width   width

	deadline pending // of the hello, or of the rest of a message: see pressure.go

	credit credit // see strangers.go

	asked bool          // it is looked at as long as it is blocked: see departed.go
	went  time.Duration // when its peer was first seen to have gone
	left  *leftBehind   // by a peer that has gone; then there is no descriptor

	heir, ahead *tcpIn     // who waits for this one to be switched, and for whom this one waits: see successor.go
	hello       wire.Chunk // what was read of this one by then; a reference is ours

	reads     uint64 // that brought something
	readsSeen uint64 // reads when it was last looked at; see relieve

	shm *shmIn // of a lane through shared memory; else nil
}

type watchState uint8

const (
	watching watchState = iota
	paused              // taken out of the poller: the lane is blocked
	starving            // taken out of the poller: there was no slab
)

// ready implements handler.
func (c *tcpIn) ready(netpoll.IOEvent) {
	if c.shm != nil {
		c.shm.ready()
		return
	}
	if c.lingering {
		c.throwAway()
		return
	}
	if c.lane != nil && c.lane.Busy() {
		// What was read before is not switched yet. If that is because its
		// downstream is full, the poller would report this socket in every turn.
		if c.lane.Blocked() {
			c.unwatch(paused)
			c.width.stuck(c.loop, c.fd, unix.SO_RCVBUF)
		}
		return
	}
	if c == c.loop.reserveHolder {
		c.readReserved()
		return
	}
	c.read()
}

func (c *tcpIn) read() {
	if c.credit.stranger && c.excess() {
		c.starve()
		return
	}
	stage, limit := c.loop.stage, c.loop.eng.opt.ReadBytes
	if c.credit.stranger {
		limit = c.allowance(limit)
	}
	buf, err := c.framer.Space(stage, limit)
	if err != nil {
		c.noSpace(err)
		return
	}
	c.readInto(stage, buf)
}

func (c *tcpIn) readInto(stage *wire.Stage, buf []byte) {
	lp := c.loop
	n, e := c.recv(buf)
	switch {
	case e == unix.EAGAIN:
	case e != 0:
		c.over = true
		c.end(brokenBy(e), readError(e))
		lp.turn()
	case n == 0:
		c.over = true
		c.endOfStream()
		lp.turn()
	default:
		lp.busy++
		c.reads++
		if c.shm == nil {
			c.width.moved(lp, c.fd, unix.SO_RCVBUF, n)
		}
		c.feed(c.framer.Filled(stage, n))
		lp.turn()
	}
}

// recv reads from the socket or the ring.
func (c *tcpIn) recv(buf []byte) (int, unix.Errno) {
	if c.shm != nil {
		return c.shm.recv(buf)
	}
	return c.loop.read(c.fd, buf)
}

// feed gives the lane what was read.
func (c *tcpIn) feed(ch wire.Chunk) {
	if c.lane == nil {
		var ok bool
		if ch, ok = c.greet(ch); !ok {
			return
		}
	}
	if ch.Len >= wire.HeaderSize {
		c.framer.NoteFrame(wire.FrameSize(ch.Bytes()))
	}
	c.lane.Feed(core.Run{Slab: ch.Slab, Off: ch.Off, Len: ch.Len})
}

// greet reads the hello and opens the lane. What follows it is returned; false
// means that there is no lane, yet or ever.
func (c *tcpIn) greet(ch wire.Chunk) (wire.Chunk, bool) {
	b := ch.Bytes()
	total, err := wire.Peek(b, wire.MaxHello-wire.HeaderSize)
	if err == nil && (total == 0 || total > len(b)) {
		c.framer.Keep(ch)
		return ch, false
	}
	var h wire.Hello
	if err == nil {
		h, err = wire.ParseHello(b[:total])
	}
	if err == nil {
		err = c.stranger(h.From)
	}
	if err == nil {
		err = c.fits(h)
	}
	if err == nil && c.succeed(h, ch) {
		return ch, false
	}
	if err == nil {
		if c.lane = c.node.core.Accept(h.From, h.App, c); c.lane == nil {
			ch.Slab.Release()
			c.takeNothing(h.App) // the node is stopping
			return ch, false
		}
	}
	if err != nil {
		ch.Slab.Release()
		c.drop(fmt.Errorf("hello: %w", err))
		return ch, false
	}
	c.loop.strict.settle(&c.deadline)
	ch.Off += uint32(total)
	ch.Len -= uint32(total)
	return ch, true
}

// stranger checks that a hello is not the node's own.
func (c *tcpIn) stranger(from core.NodeID) error {
	var local netip.AddrPort // a ring's socket has none
	if c.shm == nil {
		var err error
		if local, err = localAddr(c.fd); err != nil {
			return err
		}
	}
	c.proven = c.shm != nil || c.comesFrom(from) // who shares memory with us is our own user, here
	if c.node.ownName(from) || from == core.NodeIDFrom(local) {
		return fmt.Errorf("%w: it says that it is %v", wire.ErrSelf, from)
	}
	return nil
}

// fits checks that both ends use lanes in the same way.
func (c *tcpIn) fits(h wire.Hello) error {
	shared := c.loop.shard.Config().Lanes == core.LaneShared
	if peer := h.Flags&wire.HelloShared != 0; peer != shared {
		return fmt.Errorf("peer shares one lane among all applications: %v; this node: %v; set both alike", peer, shared)
	}
	return nil
}

// Drained implements core.InTransport.
func (c *tcpIn) Drained(l *core.InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		c.framer.Keep(wire.Chunk{Slab: r.Slab, Off: r.Off, Len: r.Len})
	}
	if c.credit.stranger {
		c.weigh()
	}
	switch {
	case c.watch == paused:
		c.rewatch()
	case c.shm != nil:
		c.shm.list()
	}
	return c.left != nil && c.recall()
}

// Close implements core.InTransport.
func (c *tcpIn) Close(l *core.InLane, how core.CloseHow) {
	if !c.closed && !c.lingering {
		c.linger(l, how)
	}
}

// endOfStream is the peer's FIN without a bye before it: the system closes the
// connections of a process that was killed.
func (c *tcpIn) endOfStream() {
	if n := c.framer.Buffered(); n > 0 {
		c.end(core.ReasonReset, fmt.Errorf("connection ended %d bytes into a message", n))
		return
	}
	c.end(core.ReasonReset, errors.New("connection ended without a bye"))
}

// end ends the lane, or the connection if it has no lane yet.
func (c *tcpIn) end(why core.Reason, err error) {
	if c.lane == nil {
		c.drop(err)
		return
	}
	c.lane.End(why, err)
}

// drop closes a connection that never had a lane.
func (c *tcpIn) drop(err error) {
	if err != nil {
		c.loop.eng.opt.Log.Warn("closed a connection before its hello", "node", c.node.id, "err", err)
	}
	c.shut(core.CloseAbort)
}

func (c *tcpIn) unwatch(why watchState) {
	if c.watch != watching {
		return
	}
	c.watch = why
	if c.shm != nil {
		return // who is not asleep gets no kicks, and an end is reported once
	}
	if why == paused {
		c.loop.departing.look(c)
	}
	if c.left != nil {
		return
	}
	if err := pauseRead(c.loop, c.fd); err != nil {
		c.loop.eng.opt.Log.Error("pausing a lane", "node", c.node.id, "err", err)
	}
}

func (c *tcpIn) rewatch() {
	was := c.watch
	c.watch = watching
	if c.shm != nil {
		c.shm.list()
		return
	}
	if c.left != nil {
		if was == starving {
			c.recall()
		}
		return
	}
	if err := resumeRead(c.loop, c.fd); err != nil {
		c.loop.eng.opt.Log.Error("resuming a lane", "node", c.node.id, "err", err)
	}
}

func (c *tcpIn) shut(how core.CloseHow) {
	if c.closed {
		return
	}
	c.closed = true
	part(c.remote, c)
	if c.lingering {
		c.loop.lingering.remove(c)
	}
	c.yieldReserve()
	c.pardon()
	c.resign()
	c.pass()
	c.loop.strict.settle(&c.deadline)
	c.framer.Close()
	if c.fd < 0 {
		return // its peer had gone
	}
	if c.shm != nil {
		c.shm.unmap()
	}
	c.loop.disown(c.fd)
	closeSocket(c.loop, c.fd, how)
}

// closeSocket closes a lane's socket and lets listeners try again that had no
// descriptors.
func closeSocket(lp *loop, fd int, how core.CloseHow) {
	var err error
	if how == core.CloseAbort {
		err = closeAbruptly(fd)
	} else {
		err = unix.Close(fd)
	}
	if err != nil {
		lp.eng.opt.Log.Debug("closing a socket", "fd", fd, "err", err)
	}
	if len(lp.resting) > 0 {
		lp.awaken()
	}
}

// belongsTo implements expirer.
func (c *tcpIn) belongsTo(n *Node) bool { return c.node == n }
