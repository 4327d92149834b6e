package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Peers that depart from lanes which are not read. A lane that is blocked, by a full queue
// or for want of emulated bandwidth, is out of the poller, so the end of its connection
// would be seen when all before it has been read: never, if a thousand such lanes share one
// kilobyte a second. So connections that have been blocked for a while are asked whether
// their peer has gone. If it has, no more than the system's buffer can come:
//
//	depart  what has come is read, its messages are counted and told to the upstream as
//	        taken, and the descriptor is given back
//	recall  the lane is fed from what was read, at its own pace
//	forgo   a lane that ends before counts the rest as received and not switched
//
// What was read so lies in slabs, of which all lanes of a loop may have departShare of the
// budget. Those that find no room keep their connection and try again, and what has found
// none for departPatience is counted as lost.

// departures are the connections that have been blocked.
type departures struct {
	loop *loop
	list []*tcpIn
	poll []unix.PollFd // used again
	held int64         // bytes of blocks that hold what departed peers have left

	patience time.Duration // departPatience; shorter in tests
}

// look has a connection looked at as long as it is blocked.
func (d *departures) look(c *tcpIn) {
	if c.asked || c.left != nil {
		return
	}
	c.asked = true
	d.list = append(d.list, c)
	d.loop.timers.wakeAt(d.loop.Now() + departPause)
}

// check asks those that are still blocked.
func (d *departures) check() {
	if len(d.list) == 0 {
		return
	}
	still := d.list[:0]
	for _, c := range d.list {
		if c.asked = !c.closed && !c.lingering && c.left == nil && c.watch == paused; c.asked {
			still = append(still, c)
		}
	}
	clear(d.list[len(still):])
	d.list = still
	d.ask(still)
	if len(still) > 0 {
		d.loop.timers.wakeAt(d.loop.Now() + departPause)
	}
}

// ask asks the system, for many at a time.
func (d *departures) ask(all []*tcpIn) {
	for len(all) > 0 {
		some := all[:min(len(all), departBatch)]
		all = all[len(some):]
		d.poll = d.poll[:0]
		for _, c := range some {
			d.poll = append(d.poll, unix.PollFd{Fd: int32(c.fd), Events: hangUp})
		}
		n, err := unix.Poll(d.poll, 0)
		for i := 0; err == nil && n > 0 && i < len(some); i++ {
			if d.poll[i].Revents&(hangUp|unix.POLLHUP|unix.POLLERR) != 0 {
				n--
				some[i].depart()
			}
		}
	}
}

// leftBehind is what a departed peer has sent and the lane has not taken.
type leftBehind struct {
	slabs []*bufpool.Slab
	lens  []int
	at    int        // bytes of the first slab that have been fed
	all   core.Tally // of the connection: what was taken before, and whole messages in here
	short bool       // some did not fit and is lost
}

// depart reads what a peer that has gone has left, and gives its descriptor back. If there
// is no memory for it, that waits: the lane may go on meanwhile.
func (c *tcpIn) depart() {
	lp := c.loop
	size, err := unix.IoctlGetInt(c.fd, bytesReadable)
	if c.went == 0 {
		c.went = lp.Now()
	}
	fits := err == nil && lp.departing.fits(size)
	if !fits && lp.Now() < c.went+lp.departing.patience {
		return
	}
	b := &leftBehind{short: !fits}
	var w frameCounter
	w.count(c.lane.Unswitched())
	end := c.readAll(b, &w, size)
	b.all = c.lane.Taken()
	b.all.Msgs += w.msgs
	b.all.Bytes += w.bytes
	if end == 0 { // in order: it may wait to hear this
		_, _ = c.loop.write(c.fd, wire.Bye{App: c.lane.App(), Msgs: b.all.Msgs, Bytes: b.all.Bytes}.AppendTo(nil))
	}
	if b.short {
		c.loop.eng.opt.Log.Warn("a peer has gone and left more than there is memory for: what does not fit is lost",
			"node", c.node.id, "from", c.lane.From(), "app", c.lane.App())
	}
	c.left, c.over = b, true
	c.loop.disown(c.fd)
	closeSocket(c.loop, c.fd, core.CloseGraceful)
	c.fd = -1
}

// readAll reads all that the connection's system has, and counts it. The error is how the
// stream ends, 0 for in order.
func (c *tcpIn) readAll(b *leftBehind, w *frameCounter, size int) unix.Errno {
	for {
		slab, into := c.loop.departing.room(b, size), c.loop.scrapSpace()
		if slab != nil {
			into = slab.Bytes()
		}
		n, e := c.loop.read(c.fd, into)
		if e == 0 && n > 0 {
			w.count(into[:n])
			size -= min(n, size)
		}
		switch {
		case slab == nil:
			b.short = b.short || e == 0 && n > 0
		case e == 0 && n > 0:
			b.slabs, b.lens = append(b.slabs, slab), append(b.lens, n)
		default:
			c.loop.departing.release(slab)
		}
		if e != 0 || n == 0 {
			return e
		}
	}
}

// room is a slab for so much of what was left behind; nil if it is to be lost.
func (d *departures) room(b *leftBehind, size int) *bufpool.Slab {
	if b.short || size == 0 {
		return nil
	}
	s, err := d.loop.eng.pool.Overdraw(min(size, d.loop.eng.pool.SlabSize()))
	if err != nil {
		panic("engine: no slab of a size that the pool has: " + err.Error())
	}
	d.held += int64(blockSize(len(s.Bytes())))
	return s
}

// fits reports whether there is memory for so many bytes.
func (d *departures) fits(size int) bool {
	need := int64(size) + int64(d.loop.eng.pool.SlabSize())
	return (d.held == 0 || d.held+need <= d.loop.eng.budget/departShare/int64(len(d.loop.eng.loops))) &&
		d.loop.eng.pool.Stats().InUse+need <= d.loop.eng.budget
}

func (d *departures) release(s *bufpool.Slab) {
	d.held -= int64(blockSize(len(s.Bytes())))
	s.Release()
}

// recall feeds the lane from what its peer has left, and reports whether there was
// something. The end of it is told later, since the lane is being served.
func (c *tcpIn) recall() bool {
	b, lp := c.left, c.loop
	if len(b.slabs) == 0 {
		lp.post(c.gone)
		return false
	}
	buf, err := c.framer.Space(lp.stage, lp.eng.opt.ReadBytes)
	switch {
	case errors.Is(err, bufpool.ErrBudget):
		c.starve()
		return false
	case err != nil:
		lp.post(func() { c.end(core.ReasonProtocol, err) })
		return false
	}
	n := copy(buf, b.slabs[0].Bytes()[b.at:b.lens[0]])
	if b.at += n; b.at == b.lens[0] {
		lp.departing.release(b.slabs[0])
		b.slabs, b.lens, b.at = b.slabs[1:], b.lens[1:], 0
	}
	c.feed(c.framer.Filled(lp.stage, n))
	return true
}

// gone ends a lane that has had all that its peer left.
func (c *tcpIn) gone() {
	switch {
	case c.closed:
	case c.left.short:
		c.end(core.ReasonNoRoom, errors.New("what its peer left behind when it went was more than there is memory for"))
	default:
		c.endOfStream()
	}
}

// forgo lets go of what is left, and counts it.
func (c *tcpIn) forgo() {
	b := c.left
	if b == nil {
		return
	}
	for _, s := range b.slabs {
		c.loop.departing.release(s)
	}
	b.slabs = nil
	c.lane.Forgo(b.all)
}

// frameCounter counts the whole messages in a stream that is not kept. It stops where the
// stream makes no sense.
type frameCounter struct {
	msgs, bytes uint64
	head        [wire.HeaderSize]byte
	have        int // bytes of the header
	rest        int // bytes of the frame that are still to come
	lost        bool
}

func (w *frameCounter) count(b []byte) {
	for len(b) > 0 && !w.lost {
		if w.have < wire.HeaderSize {
			n := copy(w.head[w.have:], b)
			w.have += n
			b = b[n:]
			if w.have < wire.HeaderSize {
				return
			}
			if _, err := wire.Peek(w.head[:], wire.MaxPayloadLimit); err != nil {
				w.lost = true
				return
			}
			w.rest = wire.FrameSize(w.head[:]) - wire.HeaderSize
		}
		n := min(w.rest, len(b))
		w.rest -= n
		b = b[n:]
		if w.rest == 0 {
			w.whole()
		}
	}
}

func (w *frameCounter) whole() {
	w.have = 0
	if t := wire.TypeOf(w.head[:]); t == wire.TypeBye || t == wire.TypeHello {
		return
	}
	w.msgs++
	w.bytes += uint64(wire.FrameSize(w.head[:]))
}
