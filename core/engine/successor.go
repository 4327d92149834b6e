package engine

import "github.com/ioverlay/ioverlay/core/wire"

// A peer that has closed in order is told that all was taken before its messages have been switched, if the node is
// slow (departed.go), and may open the lane anew at once. The new connection must not replace the old one then, with
// what was taken of it: it waits, unread, until that has been switched.
//
//	succeed  the hello has come, and the lane before still has what its peer left
//	inherit  the lane before is over
//	resign   a third connection has come, or this one is closed

// succeed has the connection wait for one before it, if that still has what its peer has left. ch begins with the hello, which
// comes again later.
func (c *tcpIn) succeed(h wire.Hello, ch wire.Chunk) bool {
	before, ok := c.node.core.Before(h.From, h.App).(*tcpIn)
	if !ok || before.left == nil {
		return false
	}
	if other := before.heir; other != nil { // as a lane that is replaced; nothing of it was taken
		other.resign()
		other.takeNothing(h.App)
	}
	before.heir, c.ahead, c.hello = c, before, ch
	c.loop.strict.settle(&c.deadline)
	c.unwatch(starving)
	return true
}

// pass lets a connection go on that has waited for this one.
func (c *tcpIn) pass() {
	if h := c.heir; h != nil {
		c.loop.post(h.inherit) // the lane is being ended
	}
}

func (c *tcpIn) inherit() {
	if c.ahead == nil {
		return
	}
	c.ahead.heir, c.ahead = nil, nil
	ch := c.hello
	c.hello = wire.Chunk{}
	c.rewatch()
	c.feed(ch)
}

// resign gives up a place behind another connection.
func (c *tcpIn) resign() {
	if c.ahead == nil {
		return
	}
	c.ahead.heir, c.ahead = nil, nil
	c.hello.Slab.Release()
	c.hello = wire.Chunk{}
}
