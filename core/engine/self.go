package engine

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
)

// A node is no peer of its own: what it would send itself, it has already. It meets
// itself in four ways, and each counts as refused:
//
//	its ID, or the address that it is bound to, as a destination    Dial; and before it
//	        starts, if its algorithm says where it sends            mayRun
//	a socket that connected to itself                               connected, accepted
//	an address of the machine, and it listens on all of them        connected
//	a hello that says the accepter's own ID or address              greet
//
// The second happens on the loopback: whoever dials a port of the ephemeral range where
// nobody listens may be given that very port as his own, and TCP opens a connection
// whose ends are one socket (RFC 9293, 3.5, simultaneous open).

// ownName reports whether an ID is the node's own, or where it is bound.
func (n *Node) ownName(id core.NodeID) bool {
	return id == n.id || n.listener != nil && id == core.NodeIDFrom(n.listener.bound)
}

// reaches reports whether a connection between these addresses, of which the machine
// has the first, leads to the node's own port.
func (n *Node) reaches(local, to netip.AddrPort) bool {
	if n.listener == nil || to.Port() != n.listener.bound.Port() {
		return false
	}
	at := n.listener.bound.Addr()
	listens := at == to.Addr() || at.IsUnspecified() && (at.Is6() || to.Addr().Is4())
	return listens && (to.Addr() == local.Addr() || to.Addr().IsLoopback())
}

// refuse fails a dial, but not at once: the message that the lane was opened for is
// not queued yet, and its loss is to be told with the refusal.
func (lp *loop) refuse(l *core.OutLane) {
	lp.post(func() { l.Fail(core.ReasonRefused) })
}

// connectedToItself reports whether both ends of a connection are one socket.
func connectedToItself(fd int) bool {
	local, err := localAddr(fd)
	if err != nil {
		return false // the connection has broken, which whoever reads from it will find
	}
	sa, err := unix.Getpeername(fd)
	return err == nil && addrPort(sa) == local
}

// toItself reports whether a connection that was dialled leads back to its dialler.
func (c *tcpOut) toItself() bool {
	if connectedToItself(c.fd) {
		return true
	}
	local, err := localAddr(c.fd)
	n := c.loop.eng.lookup(c.lane.Node().ID())
	return err == nil && n != nil && n.reaches(local, c.lane.Peer().AddrPort())
}
