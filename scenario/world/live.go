package world

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// live runs all nodes in one engine.
type live struct {
	o     Options
	eng   *engine.Engine
	at    claim
	nodes []liveNode
	short *shortage
	calls calls
	clock

	shared *report.Shared // that the nodes report through; nil: each does so itself
}

// liveNode is what runs at a node now, or ran last.
type liveNode struct {
	*engine.Node
	host *host.Host
}

// clock is real time since the beginning of a run.
type clock struct{ began time.Time }

func (c *clock) begin() { c.began = time.Now() }

func (c *clock) Now() time.Duration { return time.Since(c.began) }

func (c *clock) Advance(ctx context.Context, until time.Duration) error {
	return pause(ctx, until-c.Now())
}

func newLive(o Options) (World, error) {
	if len(o.Plan.Observers) > 0 && o.Plan.Transport == spec.TransportMem {
		return nil, errors.New("world: nodes that are linked in memory reach no observer: use transport: tcp, or leave the observer out")
	}
	at, err := addresses(len(o.Plan.Nodes), o.Plan.Transport)
	if err != nil {
		return nil, err
	}
	// 0 would draw a seed; no two scenarios have seeds that differ in this way only.
	opt := tuningOf(o.Plan).engine(o.Plan.Seed + 1)
	if o.Plan.Transport == spec.TransportMem {
		opt.Links = engine.Mem
	}
	opt.ExpectNodes = len(o.Plan.Nodes)
	short := listen(&opt)
	eng, err := engine.New(opt)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("world: start the engine: %w", err), at.release())
	}
	w := &live{o: o, eng: eng, at: at, nodes: make([]liveNode, len(at.ids)), short: short}
	if w.shared, err = shareReports(eng, o.Plan); err != nil {
		eng.Close()
		return nil, errors.Join(err, at.release())
	}
	return w, nil
}

func (w *live) Name() string { return "live" }

func (w *live) ID(node int) core.NodeID { return w.at.ids[node] }

func (w *live) Boot(_ context.Context, node int, s host.Setup) error {
	h, err := w.calls.newHost(w.o.Registry, s)
	if err != nil {
		return err
	}
	if err := observe(h, s, w.shared); err != nil {
		return err
	}
	n, err := w.eng.AddNode(h, engine.NodeOptions{Listen: w.at.ids[node].String()})
	if err != nil {
		return fmt.Errorf("world: start node %s: %w", s.Name, err)
	}
	w.nodes[node] = liveNode{n, h}
	return nil
}

// do runs a function on a node's loop. A node that has ended does nothing.
func (w *live) do(node int, fn func(n liveNode, c *core.Node)) error {
	n := w.nodes[node]
	if n.Node == nil {
		return nil
	}
	err := n.Do(func(c *core.Node) { fn(n, c) })
	if errors.Is(err, engine.ErrClosed) {
		return nil
	}
	return err
}

func (w *live) Obey(node int, c host.Command) error {
	return w.do(node, func(n liveNode, _ *core.Node) { n.host.Obey(c) })
}

// Count asks all nodes at once, so that a loop that is busy answers for all of its
// nodes in one turn.
func (w *live) Count(nodes []int) ([]host.Counters, error) {
	out := make([]host.Counters, len(nodes))
	var all sync.WaitGroup
	for i, node := range nodes {
		if n := w.nodes[node]; n.Node != nil {
			all.Go(func() { out[i] = *countOf(n.Node, n.host) })
		}
	}
	all.Wait()
	for i, node := range nodes {
		out[i].NoRoom += w.short.take(w.at.ids[node])
	}
	return out, nil
}

// Deadlocks implements Deadlocker.
func (w *live) Deadlocks() []core.Circle { return w.eng.Deadlocks() }

func (w *live) Kill(node int) error {
	if n := w.nodes[node]; n.Node != nil {
		n.Kill()
	}
	return nil
}

func (w *live) Stop(node int) error {
	return w.do(node, func(_ liveNode, c *core.Node) { c.Stop() })
}

func (w *live) Close() error {
	w.eng.Close()
	return w.at.release()
}
