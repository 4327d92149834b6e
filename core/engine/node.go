package engine

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/ring"
)

// Node is a node of an engine, as seen from outside its loop. It is safe for
// concurrent use.
type Node struct {
	eng      *Engine
	loop     *loop
	core     *core.Switch // touched on the loop only
	id       core.NodeID
	index    int
	listener *listener // nil with Mem links; touched on the loop once the node runs
	done     chan struct{}
	crash    *core.Crash // valid once done is closed
	pos      int         // in the loop's list of nodes
}

// start begins the node's life, on its loop.
func (n *Node) start(alg core.Algorithm, w emul.Bandwidth) error {
	if n.eng.stopping() {
		return ErrClosed // those who stop the engine may have looked already
	}
	if err := n.mayRun(alg); err != nil {
		return err
	}
	c, err := n.bind(alg)
	if err != nil {
		return err
	}
	if err := n.loop.addNode(n); err != nil {
		return err
	}
	n.core = c
	c.SetBandwidth(w)
	c.Start()
	if n.eng.isUp() {
		c.TellWorldUp()
	}
	return nil
}

// bind makes the node's core. A panic in the algorithm's Bind is an error: there
// is no node yet that it could end.
func (n *Node) bind(alg core.Algorithm) (c *core.Switch, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("engine: the algorithm panicked in Bind: %v\n%s", v, debug.Stack())
		}
	}()
	return n.loop.shard.NewNode(n.id, alg, core.Rand(n.eng.opt.Seed^uint64(n.index))), nil
}

// live reports whether the node has started and not ended. On the loop only.
func (n *Node) live() bool { return n.core != nil && !n.core.Ended() }

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
// has ended instead. A panic in fn ends the node, and the error says so. Do must
// not be called from an algorithm, which is on the loop already.
func (n *Node) Do(fn func(c *core.Node)) error {
	ran, returned := false, false
	err := n.loop.do(func() {
		if n.live() {
			ran = true
			n.core.Call(func() {
				fn(n.core.Node())
				returned = true
			})
		}
	})
	switch {
	case err != nil:
		return err
	case !ran:
		return ErrClosed
	case !returned:
		return fmt.Errorf("%w: the function panicked and ended node %v", ErrClosed, n.id)
	}
	return nil
}

// async runs fn on the node's loop without waiting.
func (n *Node) async(fn func(c *core.Node)) {
	n.loop.post(func() {
		if n.live() {
			fn(n.core.Node())
		}
	})
}

// Post hands the node's algorithm a message from outside, for example from an
// application's own goroutine. The payload is copied. It does not wait: the
// result is ring.OK, ring.Full if the loop has too much to look at already (try
// again later), or ring.Closed if the node has ended.
func (n *Node) Post(t core.Type, app uint32, seq uint64, payload []byte) ring.Result {
	if len(payload) > n.loop.shard.Config().MaxPayload-(wire.HeaderLen(n.id)-wire.HeaderSize) {
		panic(fmt.Sprintf("engine: Post of %d bytes, above Config.MaxPayload", len(payload)))
	}
	if t == 0 || t > wire.MaxType || t == wire.TypeHello || t.Local() {
		panic("engine: Post of a type that no application makes: " + t.String())
	}
	n.loop.gate.RLock()
	defer n.loop.gate.RUnlock()
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
// last ones. Once the engine has stopped they come with ErrClosed.
func (n *Node) Stats() (core.Stats, error) {
	var s core.Stats
	read := func() {
		if n.core != nil {
			s = n.core.Stats()
		}
	}
	err := n.loop.do(read)
	if err != nil {
		read() // the loop has ended, so nobody else touches the node
	}
	return s, err
}

// Stop ends the node gracefully and waits for it: its sources end, what it
// accepted is delivered, its links close. If ctx is done first, the node is
// ended at once and the error says so.
func (n *Node) Stop(ctx context.Context) error {
	ctx, cancel := withStopTimeout(ctx)
	defer cancel()
	n.async(func(c *core.Node) { c.Stop() })
	return n.await(ctx)
}

// await waits until the node has ended, and ends it when ctx is done first.
func (n *Node) await(ctx context.Context) error {
	select {
	case <-n.done:
		return nil
	case <-ctx.Done():
	}
	if killed := n.kill(); !killed {
		return nil
	}
	return fmt.Errorf("engine: node %v had messages to deliver and was ended: %w", n.id, ctx.Err())
}

// Kill ends the node at once and waits for it. Its neighbours see a failed node.
func (n *Node) Kill() { n.kill() }

// kill reports whether the node had not ended before.
func (n *Node) kill() (killed bool) {
	// The only error is that the loop has ended, and then so has the node.
	_ = n.loop.do(func() {
		if n.live() {
			killed = true
			n.core.Kill()
		}
	})
	return killed
}
