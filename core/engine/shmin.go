package engine

import (
	"errors"
	"fmt"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// shmKnock is a connection to a listener's Unix socket that has not offered its ring.
type shmKnock struct {
	loop     *loop
	fd       int
	node     *Node
	deadline pending
	closed   bool
}

// knocked is accepted for a Unix socket.
func (l *listener) knocked(fd int) {
	k := &shmKnock{loop: l.loop, fd: fd, node: l.node}
	err := sameUser(fd)
	if err == nil {
		err = l.loop.watch(fd, k)
	}
	if err != nil {
		l.loop.eng.opt.Log.Warn("dropped a connection for shared memory", "node", l.id, "err", errors.Join(err, unix.Close(fd)))
		return
	}
	l.loop.strict.add(k, &k.deadline, l.loop.eng.opt.HelloTimeout)
}

// ready implements handler.
func (k *shmKnock) ready(netpoll.IOEvent) {
	mem, err := takeOffer(k.fd)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return
	case err != nil:
		k.drop(err)
		return
	}
	refuseFiles(k.fd)
	c := &tcpIn{loop: k.loop, fd: k.fd, node: k.node, credit: credit{stranger: true}}
	c.framer.MaxPayload = max(k.loop.shard.Config().MaxPayload, wire.MaxHello)
	c.shm = &shmIn{shmLink: shmLink{loop: k.loop, fd: k.fd, mem: mem}, c: c, ring: ringReader{words: wordsOf(mem), bytes: bytesOf(mem)}}
	if _, e := sysWrite(k.fd, []byte{shmYes}); e != 0 {
		c.shm.unmap()
		k.drop(fmt.Errorf("accept a ring: %w", e))
		return
	}
	k.loop.fds[k.fd] = c
	k.loop.strict.settle(&k.deadline)
	k.loop.strict.add(c, &c.deadline, k.loop.eng.opt.HelloTimeout)
	c.shm.list()
}

func (k *shmKnock) drop(err error) {
	k.loop.eng.opt.Log.Warn("refused to share memory", "node", k.node.id, "err", err)
	k.shut(core.CloseGraceful)
}

// shut implements expirer.
func (k *shmKnock) shut(how core.CloseHow) {
	if k.closed {
		return
	}
	k.closed = true
	k.loop.strict.settle(&k.deadline)
	k.loop.disown(k.fd)
	closeSocket(k.loop, k.fd, how)
}

// abandoned implements expirer: nothing can have been sent before the offer was taken.
func (k *shmKnock) abandoned() { k.shut(core.CloseAbort) }

// expired implements expirer.
func (k *shmKnock) expired() {
	k.drop(fmt.Errorf("no offer within %v", k.loop.eng.opt.HelloTimeout))
}

// belongsTo implements expirer.
func (k *shmKnock) belongsTo(n *Node) bool { return k.node == n }

// shmIn is what the receiving end of a lane through shared memory has besides. While
// there may be bytes in the ring it is in one of these states:
//
//	asleep     the ring was empty, and the writer will send a kick
//	listed     the loop reads it in this turn or the next
//	neither    its lane is busy or blocked, or finds no memory; whoever ends that lists it
type shmIn struct {
	shmLink
	c       *tcpIn
	ring    ringReader
	gone    bool // the peer has closed its end of the socket, which is not watched any more
	asleep  bool
	listed  bool
	reading bool // and whether it goes on is decided at the end
}

// ready acts on the socket: a kick, or the peer is gone.
func (s *shmIn) ready() {
	var p [wire.ByeSize]byte
	n, e := s.packet(p[:])
	if e == unix.EAGAIN {
		return
	}
	if e != 0 || n == 0 {
		s.gone = true
		if err := pauseRead(s.loop, s.fd); err != nil { // or it is reported for ever
			s.loop.eng.opt.Log.Error("leaving a socket out", "node", s.c.node.id, "err", err)
		}
	}
	s.asleep = false
	s.proceed()
}

// proceed reads, if the lane can take something.
func (s *shmIn) proceed() {
	c := s.c
	switch {
	case c.closed || c.watch != watching:
		return
	case c.lingering:
		s.throwAway()
		return
	case c.lane != nil && c.lane.Busy():
		if c.lane.Blocked() {
			c.unwatch(paused)
		}
		return
	}
	s.reading, s.loop.bursts = true, true
	for range ringReads {
		if c == c.loop.reserveHolder {
			c.readReserved()
		} else {
			c.read()
		}
		if c.closed || c.lingering || s.asleep || c.watch != watching || c.lane != nil && c.lane.Busy() {
			break
		}
	}
	s.reading, s.loop.bursts = false, false
	if !c.closed && c.watch == watching && (c.lingering || c.lane == nil || !c.lane.Busy()) {
		s.list()
	}
	s.loop.settle()
}

// list has the loop read the ring soon, unless it sleeps.
func (s *shmIn) list() {
	if s.listed || s.reading || s.asleep || s.c.closed {
		return
	}
	s.listed = true
	s.loop.rings = append(s.loop.rings, s)
	s.loop.raise()
}

// readRings reads the rings that are listed, once each.
func (lp *loop) readRings() {
	list := lp.rings
	lp.rings, lp.spareRings = lp.spareRings[:0], nil
	for i, s := range list {
		list[i], s.listed = nil, false
		s.proceed()
	}
	lp.spareRings = list[:0]
}

// recv is a read from the ring as from a socket.
func (s *shmIn) recv(p []byte) (int, unix.Errno) {
	for {
		n, err := s.ring.read(p)
		if n == 0 && err == nil {
			if s.gone { // before we looked: this is all
				return 0, 0
			}
			if s.asleep, err = s.ring.sleep(); s.asleep {
				return 0, unix.EAGAIN
			}
		}
		if err != nil {
			return 0, unix.EBADMSG
		}
		if n > 0 {
			s.oweKick(s)
			return n, 0
		}
	}
}

// urgent implements shmEnd: the writer waits for half of the ring, which is much.
func (s *shmIn) urgent() bool { return true }

// wake implements shmEnd.
func (s *shmIn) wake() {
	s.owes = false
	if s.mem != nil && s.ring.wakes() {
		s.kick()
	}
}

// throwAway drops what comes for a lane that has ended.
func (s *shmIn) throwAway() {
	err := s.ring.discard()
	if s.gone || err != nil {
		s.c.shut(core.CloseGraceful)
		return
	}
	s.wake()                                     // the writer may wait for room for its bye
	if s.asleep, _ = s.ring.sleep(); !s.asleep { // a violation is found when it is looked at again
		s.list()
	}
}
