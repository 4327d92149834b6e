package engine

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// listener is a node's publicized port (paper, section 2.2). It lives on its
// node's loop.
type listener struct {
	fd     int
	id     core.NodeID    // as whom the node is known
	bound  netip.AddrPort // where it listens, without its zone
	zone   uint32         // of link-local peers; 0 for none
	loop   *loop
	node   *Node
	paused bool
	short  bool // of descriptors, or was when it last looked, and has said so

	meeting *listener // the Unix socket beside the port, for Shm links; nil for none
	meets   bool      // this is one
}

// openListener binds and listens at once, so that a port in use is an error of
// AddNode and a connection that comes early only waits.
func openListener(o NodeOptions, bufferBytes int) (*listener, error) {
	a, err := addressesOf(o)
	if err != nil {
		return nil, err
	}
	fd, err := openSocket(a.listen.Addr())
	if err != nil {
		return nil, fmt.Errorf("engine: listen on %v: %w", a.listen, err)
	}
	l := &listener{fd: fd, zone: a.zone}
	if err := errors.Join(tuneLane(fd, bufferBytes), keepAlive(fd), l.bind(a.listen)); err != nil {
		return nil, errors.Join(fmt.Errorf("engine: listen on %v: %w", a.listen, err), unix.Close(fd))
	}
	l.id = core.NodeIDFrom(l.bound)
	if o.Advertise != "" {
		ap, err := parseAdvertised(o.Advertise, l.bound.Port())
		if err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
		l.id = core.NodeIDFrom(ap)
	}
	return l, nil
}

func (l *listener) bind(ap netip.AddrPort) (err error) {
	// A restarted node must get its port back although old connections linger.
	if err := unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fmt.Errorf("set SO_REUSEADDR: %w", err)
	}
	if a := ap.Addr(); a.Is6() && a.IsUnspecified() {
		// :: means all addresses, IPv4 too, however the system is set up.
		if err := unix.SetsockoptInt(l.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			return fmt.Errorf("set IPV6_V6ONLY: %w", err)
		}
	}
	if err := unix.Bind(l.fd, zoned(ap, l.zone)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(l.fd, listenBacklog); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	l.bound, err = localAddr(l.fd)
	return err
}

// close gives up a listener that was never started. A nil listener is fine.
func (l *listener) close() {
	if l != nil {
		l.meeting.close()
		_ = unix.Close(l.fd) // nothing was accepted on it
	}
}

func (l *listener) start(lp *loop, n *Node) error {
	l.loop, l.node = lp, n
	if m := l.meeting; m != nil {
		if err := m.start(lp, n); err != nil {
			return err
		}
	}
	if err := lp.watch(l.fd, l); err != nil {
		if m := l.meeting; m != nil {
			m.stop()
			l.meeting = nil
		}
		return fmt.Errorf("engine: watch the port of %v: %w", n.id, err)
	}
	return nil
}

func (l *listener) stop() {
	if l.meeting != nil {
		l.meeting.stop()
	}
	l.loop.disown(l.fd)
	if err := unix.Close(l.fd); err != nil {
		l.loop.eng.opt.Log.Error("closing a listener", "node", l.id, "err", err)
	}
	l.fd = -1
}

// ready accepts what waits, a bounded number a turn.
func (l *listener) ready(netpoll.IOEvent) {
	if l.paused {
		return // the poller cannot leave it out: see poll_other.go
	}
	for range acceptBudget {
		fd, from, err := acceptCloexec(l.fd)
		switch err {
		case nil:
			if l.meets {
				l.knocked(fd)
				continue
			}
			l.accepted(fd, from)
		case unix.EAGAIN:
			l.caughtUp()
			return
		default:
			// A system without descriptors says so before it looks whether anybody
			// waits.
			if somebodyWaits(l.fd) {
				l.rest(err)
			} else {
				l.caughtUp()
			}
			return
		}
	}
}

// somebodyWaits reports whether a connection waits to be accepted. If the system
// cannot tell, it says yes: then the listener looks again.
func somebodyWaits(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(p, 0)
	return n > 0 || err != nil
}

func (l *listener) accepted(fd int, from unix.Sockaddr) {
	if connectedToItself(fd) {
		l.loop.eng.opt.Log.Warn("dropped a connection to itself", "node", l.id, "err", unix.Close(fd))
		return
	}
	c := &tcpIn{loop: l.loop, fd: fd, node: l.node, credit: credit{stranger: true}}
	// The hello must pass however small messages are; the switch refuses others.
	c.framer.MaxPayload = max(l.loop.shard.Config().MaxPayload, wire.MaxHello)
	err := tuneLane(fd, l.loop.eng.opt.SocketBytes)
	if err == nil {
		err = l.loop.watch(fd, c)
	}
	if err != nil {
		l.loop.eng.opt.Log.Warn("dropped a connection", "node", l.id, "err", errors.Join(err, unix.Close(fd)))
		return
	}
	l.loop.pair(c, from)
	l.loop.strict.add(c, &c.deadline, l.loop.eng.opt.HelloTimeout)
}

// rest stops accepting for a while: the process is out of descriptors, and the
// poller would report the waiting connection in every turn.
func (l *listener) rest(err error) {
	lp := l.loop
	if !l.short { // once, however long it lasts
		l.short = true
		lp.eng.opt.Log.Warn("cannot accept for now", "node", l.id, "err", err, "again_in", acceptPause)
	}
	if err := lp.poller.Delete(l.fd); err != nil {
		lp.eng.opt.Log.Error("pausing a listener", "node", l.id, "err", err)
	}
	l.paused = true
	lp.resting = append(lp.resting, l)
	lp.timers.wakeAt(lp.Now() + acceptPause)
}

// caughtUp says that nobody waits to be accepted.
func (l *listener) caughtUp() {
	if l.short {
		l.short = false
		l.loop.eng.opt.Log.Info("accepted all who waited", "node", l.id)
	}
}

// awaken lets resting listeners accept again.
func (lp *loop) awaken() {
	resting := lp.resting
	lp.resting = nil
	for _, l := range resting {
		if l.fd < 0 {
			continue
		}
		l.paused = false
		if err := lp.poller.AddRead(lp.attachment(l.fd), levelTriggered); err != nil {
			lp.eng.opt.Log.Error("resuming a listener", "node", l.id, "err", err)
		}
	}
}
