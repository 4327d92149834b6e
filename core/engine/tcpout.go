package engine

import (
	"fmt"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// tcpOut is the sending end of a TCP lane, in the order of its life:
//
//	dialTCP    a connection is started, without waiting
//	connected  it is there: the hello goes first
//	Flush      queued runs leave, one write a burst
//	ready      the socket has room again, or the peer is gone
type tcpOut struct {
	loop    *loop
	fd      int
	lane    *core.OutLane
	up      bool   // the hello has been written
	hello   []byte // what is left of it
	waiting bool   // for room in the socket
	closed  bool

	deadline pending // of the dial
}

// dialTCP starts a connection for a lane. Its failure is the lane's.
func (lp *loop) dialTCP(l *core.OutLane) {
	c := &tcpOut{loop: lp, fd: -1, lane: l}
	if err := c.dial(); err != nil {
		lp.eng.opt.Log.Debug("dial", "node", l.Node().ID(), "to", l.Peer(), "err", err)
		c.fail(reasonOf(err))
		return
	}
	lp.strict.add(c, &c.deadline, dialTimeout)
}

func (c *tcpOut) dial() error {
	lp, to := c.loop, c.lane.Peer().AddrPort()
	c.hello = c.greeting()
	fd, err := openSocket(to.Addr())
	if err != nil {
		return err
	}
	c.fd = fd
	lp.own(fd, c)
	if err := tuneLane(fd, lp.eng.opt.SocketBytes); err != nil {
		return err
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil && err != unix.EINPROGRESS {
		return err
	}
	return lp.poller.AddReadWrite(lp.attachment(fd), levelTriggered)
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
	n, e := sysWrite(c.fd, c.hello)
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
	if c.waiting || queued == 0 {
		return
	}
	n, e := c.write(l)
	switch {
	case e == unix.EAGAIN:
		c.wait()
	case e != 0:
		c.fail(reasonOf(e))
	default:
		l.Wrote(n)
		if n < queued {
			c.wait()
		}
	}
}

// write sends the head of the queue, as one piece if it is one.
func (c *tcpOut) write(l *core.OutLane) (int, unix.Errno) {
	if b, only := l.First(); only {
		return sysWrite(c.fd, b)
	}
	lp := c.loop
	lp.iovecs = l.Iovecs(lp.iovecs[:0], iovecBudget)
	n, e := sysWritev(c.fd, lp.iovecs)
	clear(lp.iovecs)
	return n, e
}

// wait asks the poller to say when the socket has room.
func (c *tcpOut) wait() {
	c.waiting = true
	c.mode(c.loop.poller.ModReadWrite)
}

// idle watches only for the peer's end.
func (c *tcpOut) idle() { c.mode(c.loop.poller.ModRead) }

func (c *tcpOut) mode(set func(*netpoll.PollAttachment, bool) error) {
	if err := set(c.loop.attachment(c.fd), levelTriggered); err != nil {
		c.loop.eng.opt.Log.Error("watching a lane", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", err)
		c.fail(core.ReasonReset)
	}
}

// listen reads what the downstream says, which can only be that it has ended: a
// lane is directed.
func (c *tcpOut) listen() {
	var b [1]byte
	n, e := sysRead(c.fd, b[:])
	switch {
	case e == unix.EAGAIN:
	case e != 0:
		c.fail(reasonOf(e))
	case n == 0:
		c.fail(core.ReasonClosed)
	default:
		c.loop.eng.opt.Log.Warn("downstream sent bytes on a lane that leads to it", "node", c.lane.Node().ID(), "from", c.lane.Peer())
		c.fail(core.ReasonProtocol)
	}
}

// fail ends the connection and tells the lane.
func (c *tcpOut) fail(why core.Reason) {
	if c.closed {
		return
	}
	c.shut(core.CloseAbort)
	c.lane.Fail(why)
}

// Close implements core.OutTransport.
func (c *tcpOut) Close(_ *core.OutLane, how core.CloseHow) { c.shut(how) }

func (c *tcpOut) shut(how core.CloseHow) {
	if c.closed {
		return
	}
	c.closed = true
	c.loop.strict.settle(&c.deadline)
	if c.fd >= 0 {
		c.loop.disown(c.fd)
		closeSocket(c.loop, c.fd, how)
	}
}

// expired implements expirer: the destination did not answer in time.
func (c *tcpOut) expired() {
	c.loop.eng.opt.Log.Debug("dial", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", fmt.Sprintf("no answer within %v", dialTimeout))
	c.fail(core.ReasonRefused)
}

// belongsTo implements expirer.
func (c *tcpOut) belongsTo(n *Node) bool { return c.lane.Node() == n.core }
