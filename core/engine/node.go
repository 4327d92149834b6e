package engine

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/ring"
)

// Node is a node of an engine, as seen from outside its loop. It is safe for
// concurrent use.
type Node struct {
	eng      *Engine
	loop     *loop
	core     *core.Node // touched on the loop only
	id       core.NodeID
	index    int
	listener *listener // nil with Mem links; touched on the loop once the node runs
	done     chan struct{}
	crash    *core.Crash // valid once done is closed
	pos      int         // in the loop's list of nodes
}

// ID is the node's address and port.
func (n *Node) ID() core.NodeID { return n.id }

// Loop is the index of the loop that the node lives on.
func (n *Node) Loop() int { return n.loop.index }

// Done is closed when the node has ended.
func (n *Node) Done() <-chan struct{} { return n.done }

// Crash is the panic that ended the node, or nil. It is valid once Done is
// closed.
func (n *Node) Crash() *core.Crash {
	select {
	case <-n.done:
		return n.crash
	default:
		return nil
	}
}

// Do runs fn on the node's loop, waits for it, and returns ErrClosed if the node
// has ended instead. It must not be called from an algorithm, which is on the
// loop already.
func (n *Node) Do(fn func(c *core.Node)) error {
	ran := false
	err := n.loop.do(func() {
		if !n.core.Ended() {
			ran = true
			n.core.Call(func() { fn(n.core) })
		}
	})
	if err == nil && !ran {
		err = ErrClosed
	}
	return err
}

// async runs fn on the node's loop without waiting.
func (n *Node) async(fn func(c *core.Node)) {
	n.loop.post(func() {
		if !n.core.Ended() {
			fn(n.core)
		}
	})
}

// Post hands the node's algorithm a message from outside, for example from an
// application's own goroutine. The payload is copied. It does not wait: the
// result is ring.OK, ring.Full if the loop has too much to look at already (try
// again later), or ring.Closed if the node has ended.
func (n *Node) Post(t core.Type, app uint32, seq uint64, payload []byte) ring.Result {
	if len(payload) > n.loop.shard.Config().MaxPayload {
		panic(fmt.Sprintf("engine: Post of %d bytes, above Config.MaxPayload", len(payload)))
	}
	select {
	case <-n.done:
		return ring.Closed
	default:
	}
	m := &posted{node: n, typ: t, app: app, seq: seq, payload: append([]byte(nil), payload...)}
	return n.loop.notify(note{posted: m})
}

// posted is a message from outside, on its way to the loop.
type posted struct {
	node    *Node
	typ     core.Type
	app     uint32
	seq     uint64
	payload []byte
}

// Stats is a snapshot of the node's counters; for a node that has ended, of its
// last ones.
func (n *Node) Stats() (core.Stats, error) {
	var s core.Stats
	err := n.loop.do(func() { s = n.core.Stats() })
	return s, err
}

// Stop ends the node gracefully and waits for it: its sources end, what it
// accepted is delivered, its links close. If ctx is done first, the node is
// ended at once and the error says so.
func (n *Node) Stop(ctx context.Context) error {
	ctx, cancel := withStopTimeout(ctx)
	defer cancel()
	n.async(func(c *core.Node) { c.Stop() })
	select {
	case <-n.done:
		return nil
	case <-ctx.Done():
		n.Kill()
		return fmt.Errorf("engine: node %v had messages to deliver and was ended: %w", n.id, ctx.Err())
	}
}

// Kill ends the node at once and waits for it. Its neighbours see a failed node.
func (n *Node) Kill() {
	_ = n.loop.do(func() { n.core.Kill() }) // if the loop has ended, so has the node
}
