package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// tcpOut is the sending end of a TCP lane, in the order of its life:
//
//	dialTCP    a connection is started, without waiting
//	connected  it is there: the hello goes first
//	Flush      queued runs leave, one write a burst
//	ready      the socket has room again, or the peer is gone
//	linger     the lane has ended, and the peer says what it took (linger.go)
type tcpOut struct {
	loop    *loop
	fd      int
	lane    *core.OutLane
	up      bool   // the hello has been written
	hello   []byte // what is left of it
	opening uint64 // its length
	waiting bool   // for room in the socket
	more    bool   // goes on when the other end has read (chase.go)
	width   width
	closed  bool

	local *tcpIn         // the other end, if this loop has it too (chase.go)
	own   netip.AddrPort // by which the loop will know it; zero if it cannot have it

	deadline pending // of the dial

	said  [wire.ByeSize]byte // the peer's last word, as far as it was heard
	heard int

	lingering bool       // the lane has ended
	bye       []byte     // what is left of it
	handed    core.Tally // what the connection was given in all
	acked     uint64     // when it was last looked at
	since     time.Duration
	patience  qos.Patience

	shm *shmOut // of a lane through shared memory; else nil
}

// dialTCP starts a connection for a lane. Its failure is the lane's.
func (lp *loop) dialTCP(l *core.OutLane) {
	c := &tcpOut{loop: lp, fd: -1, lane: l}
	if lp.eng.opt.Links == Shm && (lp.eng.ringsWithin || lp.eng.lookup(l.Peer()) == nil) && c.dialShm() {
		return
	}
	c.dialNet()
}

func (c *tcpOut) dialNet() {
	lp, l := c.loop, c.lane
	if err := c.dial(); err != nil {
		lp.eng.opt.Log.Debug("dial", "node", l.Node().ID(), "to", l.Peer(), "err", err)
		c.fail(refusedBy(err))
		return
	}
	lp.strict.add(c, &c.deadline, dialTimeout)
}

func (c *tcpOut) dial() error {
	lp, to := c.loop, c.lane.Peer().AddrPort()
	zone := uint32(0)
	if needsZone(to.Addr()) {
		if zone = lp.zone(c.lane); zone == 0 {
			return errors.New("a link-local address, and the node has no zone: name the interface, with NodeOptions.Zone or the address it listens on")
		}
	}
	c.hello = c.greeting()
	c.opening = uint64(len(c.hello))
	fd, err := openSocket(to.Addr())
	if err != nil {
		return err
	}
	c.fd = fd
	lp.own(fd, c)
	if err := tuneLane(fd, lp.eng.opt.SocketBytes); err != nil {
		return err
	}
	lp.unpace(fd, c.lane.Node().ID(), to.Addr())
	if err := lp.connect(fd, zoned(to, zone)); err != nil && err != unix.EINPROGRESS {
		return err
	}
	lp.expectPeer(c)
	lp.calls.Watches++
	return lp.poller.AddReadWrite(lp.attachment(fd), levelTriggered)
}

// zone is the interface through which a lane's node reaches link-local peers; 0 if it
// has none.
func (lp *loop) zone(l *core.OutLane) uint32 {
	if n := lp.eng.lookup(l.Node().ID()); n != nil && n.listener != nil {
		return n.listener.zone
	}
	return 0
}

// greeting is the first frame on the connection.
func (c *tcpOut) greeting() []byte {
	h := wire.Hello{From: c.lane.Node().ID(), App: c.lane.App()}
	if c.loop.shard.Config().Lanes == core.LaneShared {
		h.Flags |= wire.HelloShared
	}
	return h.AppendTo(nil)
}

// ready implements handler.
func (c *tcpOut) ready(ev netpoll.IOEvent) {
	switch {
	case c.shm != nil:
		c.shm.ready()
		return
	case c.lingering:
		c.readyToLinger(netpoll.IsWriteEvent(ev))
		return
	case !c.up:
		c.connected()
	case netpoll.IsWriteEvent(ev) && c.waiting:
		c.waiting = false
		c.Flush(c.lane)
		if !c.closed && !c.waiting {
			c.idle()
		}
	}
	if c.up && !c.closed && !onlyWritable(ev) {
		c.listen()
	}
	c.loop.turn()
}

// connected finishes the dial and sends the hello.
func (c *tcpOut) connected() {
	if err := socketError(c.fd); err != nil {
		c.loop.eng.opt.Log.Debug("connect", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", err)
		c.fail(reasonOf(err))
		return
	}
	if c.toItself() {
		c.loop.eng.opt.Log.Debug("connect", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", "the connection leads back to the node itself")
		c.fail(core.ReasonRefused)
		return
	}
	n, e := c.loop.write(c.fd, c.hello)
	switch {
	case e == unix.EAGAIN || e == unix.ENOTCONN:
		return
	case e != 0:
		c.fail(reasonOf(e))
		return
	}
	if c.hello = c.hello[n:]; len(c.hello) > 0 {
		return
	}
	c.up, c.hello = true, nil
	c.loop.strict.settle(&c.deadline)
	if c.idle(); !c.closed {
		c.lane.Opened(c)
	}
}

// Flush implements core.OutTransport.
func (c *tcpOut) Flush(l *core.OutLane) {
	queued, _ := l.Queued()
	if c.waiting || c.more || queued == 0 {
		return
	}
	if c.shm != nil {
		c.loop.away++
		c.shm.flush(l)
		return
	}
	limit := queued
	if c.followed() {
		limit = min(queued, c.loop.eng.opt.ReadBytes)
	}
	n, e := c.write(l, limit)
	switch {
	case e == unix.EAGAIN:
		c.wait()
	case e != 0:
		c.fail(brokenBy(e))
	default:
		l.Wrote(n)
		c.loop.follow(c.local)
		c.width.moved(c.loop, c.fd, unix.SO_SNDBUF, n)
		switch {
		case n == queued:
		case n == limit:
			c.more = true // what is there is read first, while the cache has it
		default:
			c.wait()
		}
	}
}

// write sends the head of the queue, as one piece if it is one, and of a piece at most limit bytes.
func (c *tcpOut) write(l *core.OutLane, limit int) (int, unix.Errno) {
	if b, only := l.First(); only {
		return c.loop.write(c.fd, b[:min(len(b), limit)])
	}
	lp := c.loop
	lp.iovecs = l.Iovecs(lp.iovecs[:0], iovecBudget)
	n, e := lp.writev(c.fd, lp.iovecs)
	clear(lp.iovecs)
	return n, e
}

// wait asks the poller to say when the socket has room.
func (c *tcpOut) wait() {
	c.waiting = true
	c.width.stuck(c.loop, c.fd, unix.SO_SNDBUF)
	c.mode(c.loop.poller.ModReadWrite)
}

// idle watches only for the peer's end.
func (c *tcpOut) idle() { c.mode(c.loop.poller.ModRead) }

func (c *tcpOut) mode(set func(*netpoll.PollAttachment, bool) error) {
	c.loop.calls.Watches++
	if err := set(c.loop.attachment(c.fd), levelTriggered); err != nil {
		c.loop.eng.opt.Log.Error("watching a lane", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", err)
		if c.lingering {
			c.lingered()
			return
		}
		c.fail(core.ReasonReset)
	}
}

// listen reads what the downstream says: its last word, or nothing.
func (c *tcpOut) listen() {
	switch e := c.hear(); e {
	case unix.EAGAIN:
	case 0:
		c.fail(core.ReasonReset) // the stream has ended without a word
	default:
		c.fail(brokenBy(e))
	}
}

// hear reads as much of the last word as is there. EAGAIN means that there may be
// more to come, and 0 that there is not.
func (c *tcpOut) hear() unix.Errno {
	if c.shm != nil {
		return c.shm.hear()
	}
	for c.heard < len(c.said) {
		n, e := c.loop.read(c.fd, c.said[c.heard:])
		if e != 0 {
			return e
		}
		if n == 0 {
			return 0
		}
		c.heard += n
	}
	return 0
}

// word is the peer's last word on the lane, if it has said one that makes sense.
func (c *tcpOut) word() (wire.Bye, bool) {
	if c.heard < len(c.said) {
		return wire.Bye{}, false
	}
	bye, err := wire.ParseBye(c.said[:])
	if err == nil && bye.App != c.lane.App() {
		err = core.ErrForeignApp
	}
	if err != nil {
		c.loop.eng.opt.Log.Warn("downstream said something else than bye on a lane that leads to it",
			"node", c.lane.Node().ID(), "from", c.lane.Peer(), "err", err)
		return bye, false
	}
	return bye, true
}

// Kernel implements core.Meter.
func (c *tcpOut) Kernel(l *core.OutLane) (qos.Kernel, bool) {
	handed := c.handed
	if !c.lingering {
		handed = l.Handed()
	}
	if c.shm != nil {
		return c.shm.meter(handed)
	}
	k, told := kernelOf(c.fd, c.opening+handed.Bytes)
	k.Acked -= min(k.Acked, c.opening)
	k.Unacked = handed.Bytes - min(k.Acked, handed.Bytes)
	return k, told
}

// fail ends the connection and tells the lane how much the peer took of it: what
// the peer says, or else what its system has acknowledged. What the peer said
// before it closed the connection can be read although writing fails.
func (c *tcpOut) fail(why core.Reason) {
	switch {
	case c.closed:
		return
	case !c.up:
		c.shut(core.CloseAbort)
		c.lane.Fail(why)
		return
	}
	c.hear()
	bye, said := c.word()
	k, told := c.Kernel(c.lane)
	c.shut(core.CloseAbort)
	switch {
	case said:
		if why = core.ReasonClosed; bye.Failed {
			why = core.ReasonReset
		}
		c.lane.FailTook(why, core.Tally{Msgs: bye.Msgs, Bytes: bye.Bytes})
	case c.heard == len(c.said):
		c.lane.FailAcked(core.ReasonProtocol, k.Acked)
	case told:
		c.lane.FailAcked(why, k.Acked)
	default: // the system does not tell: what it took counts as delivered
		c.lane.Fail(why)
	}
}

// Close implements core.OutTransport.
func (c *tcpOut) Close(_ *core.OutLane, how core.CloseHow) {
	switch {
	case c.closed:
	case c.up && how != core.CloseDead:
		c.linger(how)
	default:
		c.shut(core.CloseAbort)
	}
}

func (c *tcpOut) shut(how core.CloseHow) {
	if c.closed {
		return
	}
	c.closed = true
	c.loop.forgetPeer(c)
	part(c, c.local)
	c.loop.strict.settle(&c.deadline)
	if c.lingering {
		c.loop.lingering.remove(c)
	}
	if c.shm != nil {
		c.shm.unmap()
	}
	if c.fd >= 0 {
		c.loop.disown(c.fd)
		closeSocket(c.loop, c.fd, how)
	}
}

// expired implements expirer: the destination did not answer in time.
func (c *tcpOut) expired() {
	if c.shm != nil {
		c.fallBack(fmt.Sprintf("no answer within %v", shmTimeout))
		return
	}
	c.loop.eng.opt.Log.Debug("dial", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", fmt.Sprintf("no answer within %v", dialTimeout))
	c.fail(core.ReasonRefused)
}

// abandoned implements expirer.
func (c *tcpOut) abandoned() { c.shut(core.CloseAbort) }

// belongsTo implements expirer.
func (c *tcpOut) belongsTo(n *Node) bool { return c.lane.Node() == n.core }
