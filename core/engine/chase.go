package engine

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Following a write. Both ends of a TCP lane are often on one loop: in emulations and
// chains always. The kernel has delivered what was written to the loopback when the write
// returns, so the loop reads it at the other end at once instead of asking the poller
// first: the trip to the kernel is saved, and the bytes are still in the cache. It is a
// guess, which costs one read when it is wrong; an end where it was wrong is left to
// the poller for a while.

// pairing is what an end of a lane knows of being followed.
type pairing struct {
	hot  bool  // in loop.hot
	miss uint8 // reads in a row that found nothing
	skip uint8 // writes not to follow
}

// expectPeer notes a connection whose other end this loop may soon accept.
func (lp *loop) expectPeer(c *tcpOut) {
	n := lp.eng.lookup(c.lane.Peer())
	if n == nil || n.loop != lp {
		return
	}
	own, err := localAddr(c.fd)
	if err != nil {
		return // the poller does as well
	}
	if lp.dialled == nil {
		lp.dialled = make(map[netip.AddrPort]*tcpOut)
	}
	c.own = own
	lp.dialled[own] = c
}

// forgetPeer undoes expectPeer.
func (lp *loop) forgetPeer(c *tcpOut) {
	if lp.dialled[c.own] == c {
		delete(lp.dialled, c.own)
	}
}

// pair joins an accepted connection with its other end, if that is on this loop.
func (lp *loop) pair(in *tcpIn, from unix.Sockaddr) {
	if len(lp.dialled) == 0 || from == nil {
		return
	}
	out := lp.dialled[addrPort(from)]
	if out == nil {
		return
	}
	// One local port may serve several connections to different places.
	if at, err := localAddr(in.fd); err != nil || at != out.lane.Peer().AddrPort() {
		return
	}
	lp.forgetPeer(out)
	out.local, in.remote = in, out
}

// part forgets that the ends of a lane know each other.
func part(out *tcpOut, in *tcpIn) {
	if out == nil || in == nil {
		return
	}
	out.local, in.remote = nil, nil
	if out.more && !out.closed {
		out.more = false
		out.wait()
	}
}

// followed reports whether what is written is read at the other end at once.
func (c *tcpOut) followed() bool { return c.local != nil && c.local.pairing.skip == 0 && !c.loop.spent }

// goOn writes the next piece of a long burst.
func (c *tcpOut) goOn() {
	if c != nil && c.more {
		c.more = false
		c.Flush(c.lane)
	}
}

// follow has the other end read soon, or says that only the poller will tell what becomes of
// what was written.
func (lp *loop) follow(in *tcpIn) {
	switch {
	case in == nil:
		lp.away++
	case in.pairing.skip > 0:
		in.pairing.skip--
		lp.away++
	case !in.pairing.hot:
		in.pairing.hot = true
		lp.hot = append(lp.hot, in)
	}
}

// chase reads what this loop has just written to itself, depth first, and returns how many reads
// that took. What is left over after chaseBudget of them the poller reports.
func (lp *loop) chase() (reads int) {
	if lp.chasing || len(lp.hot) == 0 {
		return 0
	}
	lp.chasing = true
	busy := lp.busy
	for len(lp.hot) > 0 {
		last := len(lp.hot) - 1
		in := lp.hot[last]
		lp.hot[last] = nil
		lp.hot = lp.hot[:last]
		in.pairing.hot = false
		switch {
		case in.closed || in.lingering || in.watch != watching || in.lane != nil && in.lane.Busy():
			lp.away++
		case reads >= chaseBudget:
			lp.away++
			lp.spent = true
		default:
			reads++
			in.chased()
		}
		in.remote.goOn()
	}
	lp.busy = busy
	lp.chasing, lp.spent = false, false
	return reads
}

// chased reads on a guess.
func (in *tcpIn) chased() {
	before := in.reads
	in.ready(0)
	p := &in.pairing
	if in.reads != before {
		p.miss = 0
		return
	}
	in.loop.away++
	p.miss = min(p.miss+1, maxMisses)
	p.skip = 1<<p.miss - 1
}
