package engine

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// shmOut is what the sending end of a lane through shared memory has besides.
type shmOut struct {
	shmLink
	c      *tcpOut
	ring   ringWriter
	kicked bool // since it was last looked at
}

// dialShm tries to meet the destination on this host. If that cannot be, nothing has
// happened.
func (c *tcpOut) dialShm() bool {
	lp, to := c.loop, c.lane.Peer()
	fd, err := meetShm(to)
	if err == nil {
		if err = c.offer(fd); err == nil {
			lp.strict.add(c, &c.deadline, shmTimeout)
			return true
		}
		_ = unix.Close(fd)
	}
	if !errors.Is(err, unix.ECONNREFUSED) { // nobody is there
		lp.eng.opt.Log.Debug("no shared memory", "node", c.lane.Node().ID(), "to", to, "err", err)
	}
	return false
}

// offer makes a ring and passes it. On error the socket stays the caller's.
func (c *tcpOut) offer(fd int) error {
	size := c.loop.eng.opt.ringBytes()
	memfd, mem, err := newRing(size)
	if err != nil {
		return err
	}
	s := &shmOut{shmLink: shmLink{loop: c.loop, fd: fd, mem: mem}, c: c, ring: ringWriter{words: wordsOf(mem), bytes: bytesOf(mem)}}
	err = errors.Join(sendOffer(fd, memfd, size), unix.Close(memfd))
	if err == nil {
		err = c.loop.watch(fd, c)
	}
	if err != nil {
		s.unmap()
		return err
	}
	c.fd, c.shm = fd, s
	return nil
}

// fallBack goes on with TCP: the offer was not accepted.
func (c *tcpOut) fallBack(why string) {
	c.loop.eng.opt.Log.Debug("no shared memory", "node", c.lane.Node().ID(), "to", c.lane.Peer(), "err", why)
	c.loop.strict.settle(&c.deadline)
	c.shm.unmap()
	c.loop.disown(c.fd)
	closeSocket(c.loop, c.fd, core.CloseGraceful)
	c.fd, c.shm = -1, nil
	c.dialNet()
}

// ready acts on the socket: an answer, a kick, the peer's last word, or its end.
func (s *shmOut) ready() {
	c := s.c
	if !c.up {
		s.answered()
		c.loop.turn()
		return
	}
	e := c.hear()
	if s.kicked && c.waiting {
		c.waiting = false
		if c.lingering {
			c.sayBye()
		} else {
			c.Flush(c.lane)
		}
	}
	s.kicked = false
	switch {
	case c.closed || e == unix.EAGAIN:
	case c.lingering:
		c.lingered()
	case e == 0:
		c.fail(core.ReasonReset) // it has said its last word, or ended without one
	default:
		c.fail(brokenBy(e))
	}
	c.loop.turn()
}

// answered reads what the destination says to the offer, and sends the hello.
func (s *shmOut) answered() {
	c := s.c
	var p [wire.ByeSize]byte
	n, e := s.packet(p[:])
	switch {
	case e == unix.EAGAIN:
		return
	case e != 0 || n != 1 || p[0] != shmYes:
		c.fallBack("the destination does not accept the offer")
		return
	}
	c.hello = c.greeting()
	c.opening = uint64(len(c.hello))
	if n, err := s.ring.write([][]byte{c.hello}); err != nil || n < len(c.hello) {
		c.fallBack("the destination has written into a ring that is new")
		return
	}
	s.oweKick(s)
	c.up, c.hello = true, nil
	c.loop.strict.settle(&c.deadline)
	c.lane.Opened(c)
}

// urgent implements shmEnd: a reader takes a while for a quarter of the ring, in which more is written.
func (s *shmOut) urgent() bool { return s.mem == nil || s.ring.room() < len(s.ring.bytes)*3/4 }

// wake implements shmEnd.
func (s *shmOut) wake() {
	s.owes = false
	if s.mem != nil && s.ring.wakes() {
		s.kick()
	}
}

// flush moves queued runs into the ring while it has room.
func (s *shmOut) flush(l *core.OutLane) {
	c, lp := s.c, s.loop
	for !c.closed && !c.waiting {
		lp.iovecs = l.Iovecs(lp.iovecs[:0], iovecBudget)
		if len(lp.iovecs) == 0 {
			break
		}
		n, err := s.ring.write(lp.iovecs)
		clear(lp.iovecs)
		if err == nil && n == 0 {
			c.waiting, err = s.ring.awaitRoom()
		}
		if err != nil {
			s.violated(err)
			return
		}
		if n > 0 {
			s.oweKick(s)
			l.Wrote(n)
		}
	}
}

// say writes what fits of p and returns the rest; with some left the lane waits for room.
func (s *shmOut) say(p []byte) ([]byte, error) {
	for len(p) > 0 {
		n, err := s.ring.write([][]byte{p})
		if err != nil {
			return p, err
		}
		if p = p[n:]; len(p) > 0 {
			if s.c.waiting, err = s.ring.awaitRoom(); err != nil {
				return p, err
			}
			if s.c.waiting {
				break
			}
		}
	}
	s.oweKick(s)
	return p, nil
}

// violated ends a lane whose reader broke the rules of the ring.
func (s *shmOut) violated(err error) {
	s.loop.eng.opt.Log.Warn("lane ended", "node", s.c.lane.Node().ID(), "to", s.c.lane.Peer(), "err", err)
	s.c.fail(core.ReasonProtocol)
}

// hear is tcpOut.hear for packets: kicks are noted, and any other is the last word. A peer
// that sends nothing but kicks is not listened to for ever.
func (s *shmOut) hear() unix.Errno {
	c := s.c
	for range kicksBudget {
		if c.heard == len(c.said) {
			return 0
		}
		var p [wire.ByeSize]byte
		n, e := s.packet(p[:])
		switch {
		case e != 0:
			return e
		case n == 0:
			return 0
		case n == 1 && p[0] == shmKick:
			s.kicked = true
		default: // what is no bye is found out in word
			c.said, c.heard = p, len(c.said)
		}
	}
	return unix.EAGAIN
}

// meter is what the reader's position says, in place of a kernel's acknowledgements: it
// has copied what lies before it. There is no time between the ends to be measured.
func (s *shmOut) meter(handed core.Tally) (qos.Kernel, bool) {
	if s.mem != nil {
		_ = s.ring.look() // a position that cannot be is not taken over, and ends the lane elsewhere
	}
	acked := min(s.ring.head-min(s.ring.head, s.c.opening), handed.Bytes)
	return qos.Kernel{Acked: acked, Unacked: handed.Bytes - acked}, true
}
