package engine

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Connections that find no lane because their node ends: some have not been accepted, and
// of some the hello has not been read. Their peers may have sent behind the hello already,
// and the system has acknowledged it. Without a word they would count that as delivered, so
// whoever has said hello is told that nothing was taken (docs/wire.md, section 3).

// turnAway ends the connections of a node that has ended and have no lane.
func (lp *loop) turnAway(n *Node) {
	if l := n.listener; l != nil {
		for range listenBacklog {
			fd, from, err := acceptCloexec(l.fd)
			if err != nil {
				break
			}
			l.accepted(fd, from)
		}
	}
	lp.strict.abandon(n)
}

// abandoned implements expirer: the node has ended.
func (c *tcpIn) abandoned() {
	if h, ok := c.hearHello(); ok {
		c.takeNothing(h.App)
	} else {
		c.shut(core.CloseAbort)
	}
}

// hearHello reads the hello of a connection that has no lane, if it has come whole.
func (c *tcpIn) hearHello() (h wire.Hello, ok bool) {
	buf, err := c.framer.Space(c.loop.stage, wire.MaxHello)
	if err != nil {
		return h, false
	}
	n, e := c.recv(buf)
	if e != 0 || n == 0 {
		return h, false
	}
	ch := c.framer.Filled(c.loop.stage, n)
	defer ch.Slab.Release()
	b := ch.Bytes()
	if total, err := wire.Peek(b, wire.MaxHello-wire.HeaderSize); err == nil && total > 0 && total <= len(b) {
		h, err = wire.ParseHello(b[:total])
		ok = err == nil
	}
	return h, ok
}

// takeNothing tells a peer that nothing of what it sent was taken, and lingers.
func (c *tcpIn) takeNothing(app uint32) {
	c.lastWord(wire.Bye{App: app, Failed: true}, core.CloseAbort)
}
