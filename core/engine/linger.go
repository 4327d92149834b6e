package engine

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Lingering close: connections whose lanes have ended here, and which stay a moment so
// that losses are counted to the message.
//
//	sending end    says bye, if it ends in order, closes its direction, and waits
//	               for what the other end says that it took
//	receiving end  says how much it took, closes its direction, and reads on and
//	               throws away, so that its word is not lost in a reset
//
// Each ends when the other has closed its end. Those who wait in vain are given up:
// see overdue.
type lingerers struct {
	loop *loop
	list []lingerer
	done []chan<- struct{} // closed when the list is empty
}

// lingerer is such a connection.
type lingerer interface {
	// overdue gives the connection up if it has waited for too long.
	overdue(now time.Duration)
	// dismiss gives it up in any case.
	dismiss()
}

func (p *lingerers) add(c lingerer) {
	p.list = append(p.list, c)
	p.loop.timers.wakeAt(p.loop.Now() + lingerPause)
}

func (p *lingerers) remove(c lingerer) {
	for i := range p.list {
		if p.list[i] == c {
			last := len(p.list) - 1
			p.list[i], p.list[last] = p.list[last], nil
			p.list = p.list[:last]
			break
		}
	}
	if len(p.list) == 0 {
		p.list = nil
		for _, ch := range p.done {
			close(ch)
		}
		p.done = nil
		p.loop.calm()
	}
}

// check gives up those that have waited for too long.
func (p *lingerers) check() {
	now := p.loop.Now()
	for _, c := range append([]lingerer(nil), p.list...) { // those given up leave the list
		c.overdue(now)
	}
	if len(p.list) > 0 {
		p.loop.timers.wakeAt(now + lingerPause)
	}
}

// notify closes ch when no connection is left.
func (p *lingerers) notify(ch chan<- struct{}) {
	if len(p.list) == 0 {
		close(ch)
		return
	}
	p.done = append(p.done, ch)
}

// dismiss gives all of them up.
func (p *lingerers) dismiss() {
	for _, c := range append([]lingerer(nil), p.list...) {
		c.dismiss()
	}
}

// awaitLingering gives connections a moment to end by themselves.
func (e *Engine) awaitLingering(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lingerGrace)
	defer cancel()
	for _, lp := range e.loops {
		ch := make(chan struct{})
		if lp.do(func() { lp.lingering.notify(ch) }) != nil {
			continue // the loop has ended
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return
		}
	}
}

// The sending end.

// linger ends the sending end of a lane: in order with a bye, or with a broken
// stream.
func (c *tcpOut) linger(how core.CloseHow) {
	c.handed = c.lane.Handed()
	c.lingering = true
	c.since = c.loop.Now()
	c.loop.lingering.add(c)
	if how == core.CloseGraceful {
		c.bye = wire.Bye{App: c.lane.App(), Msgs: c.handed.Msgs, Bytes: c.handed.Bytes}.AppendTo(nil)
	}
	c.sayBye()
}

// sayBye writes what is left of the bye and closes the direction.
func (c *tcpOut) sayBye() {
	c.waiting, c.more = false, false
	if c.shm != nil {
		var err error
		if c.bye, err = c.shm.say(c.bye); err != nil {
			c.lingered()
			return
		}
		if len(c.bye) > 0 {
			return
		}
	}
	if len(c.bye) > 0 {
		n, e := c.loop.write(c.fd, c.bye)
		switch {
		case e == unix.EAGAIN:
		case e != 0:
			c.lingered()
			return
		default:
			c.bye = c.bye[n:]
		}
		if len(c.bye) > 0 {
			c.waiting = true
			c.mode(c.loop.poller.ModReadWrite)
			return
		}
	}
	if err := unix.Shutdown(c.fd, unix.SHUT_WR); err != nil {
		c.lingered()
		return
	}
	if c.shm != nil {
		return // which is watched for nothing else
	}
	c.mode(c.loop.poller.ModRead)
}

// readyToLinger is ready for a lane that has ended.
func (c *tcpOut) readyToLinger(writable bool) {
	if writable && c.waiting {
		c.sayBye()
	}
	if c.closed {
		return
	}
	if e := c.hear(); e != unix.EAGAIN {
		c.lingered()
	}
}

// lingered ends a connection and counts what the peer did not take.
func (c *tcpOut) lingered() {
	if c.closed {
		return
	}
	c.hear() // writing may have failed first, and then nobody has read what the peer said
	took := c.handed
	if bye, said := c.word(); said {
		took = core.Tally{Msgs: bye.Msgs, Bytes: bye.Bytes}
	} else if k, told := c.Kernel(c.lane); told {
		took = c.handed.Acked(k.Acked)
	}
	c.shut(core.CloseAbort)
	c.lane.Missed(c.handed, took)
	c.lane.Parted()
}

// overdue implements lingerer. A peer that answers nothing is gone. One that has
// acknowledged everything and says nothing, or takes nothing more, is left to the
// kernel in the end.
func (c *tcpOut) overdue(now time.Duration) {
	k, told := c.Kernel(c.lane)
	if !told {
		k = qos.Kernel{}
	}
	if k.Acked != c.acked {
		c.acked, c.since = k.Acked, now
	}
	switch {
	case c.patience.Look(now, k) >= c.loop.shard.Config().FailTimeout:
		c.lingered()
	case now-c.since >= lingerPatience:
		c.dismiss()
	}
}

// dismiss implements lingerer. What the peer has not taken yet may still reach it,
// and is not counted as lost.
func (c *tcpOut) dismiss() {
	c.shut(core.CloseGraceful)
	c.lane.Parted()
}

// The receiving end.

// linger ends the receiving end of a lane: it says what was taken.
func (c *tcpIn) linger(l *core.InLane, how core.CloseHow) {
	if c.left != nil {
		c.forgo()
		c.shut(how)
		return
	}
	took := l.Taken()
	c.lastWord(wire.Bye{App: l.App(), Failed: how != core.CloseGraceful, Msgs: took.Msgs, Bytes: took.Bytes}, how)
}

// lastWord says what was taken, and stays until the peer has heard it.
func (c *tcpIn) lastWord(word wire.Bye, how core.CloseHow) {
	bye := word.AppendTo(nil)
	n, e := c.loop.write(c.fd, bye)
	switch {
	case e != 0 || n < len(bye):
		c.shut(how) // the connection is gone, or its peer does not even read 40 bytes
	case c.over:
		c.shut(core.CloseGraceful)
	case unix.Shutdown(c.fd, unix.SHUT_WR) != nil:
		c.shut(how)
	default:
		c.yieldReserve()
		c.pardon()
		c.loop.strict.settle(&c.deadline)
		c.framer.Close()
		c.lingering, c.since = true, c.loop.Now()
		c.loop.lingering.add(c)
		switch {
		case c.watch != watching:
			c.rewatch()
		case c.shm != nil:
			c.shm.list()
		}
	}
}

// throwAway reads what comes for a lane that has ended.
func (c *tcpIn) throwAway() {
	n, e := c.loop.read(c.fd, c.loop.scrapSpace())
	if e == unix.EAGAIN || e == 0 && n > 0 {
		return
	}
	c.shut(core.CloseGraceful)
}

// scrapSpace is where what is thrown away is read.
func (lp *loop) scrapSpace() []byte {
	if lp.scrap == nil {
		lp.scrap = make([]byte, scrapBytes)
	}
	return lp.scrap
}

// overdue implements lingerer.
func (c *tcpIn) overdue(now time.Duration) {
	if now-c.since >= lingerTime {
		c.dismiss()
	}
}

// dismiss implements lingerer.
func (c *tcpIn) dismiss() { c.shut(core.CloseGraceful) }
