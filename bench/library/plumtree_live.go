package library

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/plumtree"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// grove is Plumtree in the engine, over TCP.
type grove struct {
	engine *engine.Engine
	nodes  []*engine.Node
	algs   []*plumtree.Plumtree
	got    []atomic.Uint64 // by node: messages that it was delivered
	seq    uint64
}

// plumtreeLive measures in the engine of this process what does not take thousands of nodes.
func plumtreeLive(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	o.tell("plumtree, %d nodes, live", nodes)
	e, err := engine.New(engine.Options{Seed: o.Seed, Links: engine.TCP})
	if err != nil {
		return nil, err
	}
	g := &grove{engine: e, got: make([]atomic.Uint64, nodes)}
	defer func() {
		e.Close()
		if held := e.Pool().Held(); held != 0 {
			err = errors.Join(err, fmt.Errorf("the engine ended with %d slabs still held", held))
		}
	}()
	for i := range nodes {
		p := plumtree.New()
		p.Period = time.Second
		p.Deliver = func(*core.Msg) { g.got[i].Add(1) }
		if i > 0 {
			p.AddHost(g.nodes[core.Rand(o.Seed^uint64(i)).IntN(i)].ID())
		}
		n, err := e.AddNode(p, engine.NodeOptions{})
		if err != nil {
			return nil, err
		}
		g.nodes, g.algs = append(g.nodes, n), append(g.algs, p)
	}
	e.AllUp()
	const calm = 10 * time.Second
	if err := pause(ctx, calm); err != nil {
		return nil, err
	}
	add := func(what string, least float64, share float64) {
		rows = append(rows, Claim{Overlay: "plumtree", What: what, Paper: paperReliability, AtLeast: bound(least)}.Measured(Live, nodes, o.Seed, share))
	}
	all := make([]int, nodes)
	for i := range all {
		all[i] = i
	}
	share, err := g.reliability(ctx, all, 20)
	if err != nil {
		return rows, err
	}
	add("reliability when stable", 1, share)
	alive := algos.Pick(core.Rand(o.Seed), all, nodes-nodes/2)
	for _, i := range all {
		if !slices.Contains(alive, i) {
			g.nodes[i].Kill()
		}
	}
	if share, err = g.reliability(ctx, alive, 1); err != nil {
		return rows, err
	}
	add("reliability of the first message after 50% failures", 0.9, share)
	if err := pause(ctx, calm); err != nil {
		return rows, err
	}
	if share, err = g.reliability(ctx, alive, 20); err != nil {
		return rows, err
	}
	add("reliability after 50% failures, healed", 1, share)
	return rows, nil
}

// reliability has the first of some nodes make messages, and is the share of them that the
// nodes were delivered.
func (g *grove) reliability(ctx context.Context, nodes []int, messages int) (float64, error) {
	before := make([]uint64, len(nodes))
	for k, i := range nodes {
		before[k] = g.got[i].Load()
	}
	for range messages {
		g.seq++
		err := g.nodes[nodes[0]].Do(func(n *core.Node) {
			m := n.NewMsg(wire.TypeData, plumtreeApp, plumtreePayload)
			m.SetSeq(g.seq)
			clear(m.Payload())
			g.algs[nodes[0]].Process(m)
		})
		if err != nil {
			return 0, err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	if err := pause(ctx, 5*time.Second); err != nil {
		return 0, err
	}
	var got uint64
	for k, i := range nodes {
		got += g.got[i].Load() - before[k]
	}
	return float64(got) / float64(messages*len(nodes)), nil
}

// pause lets real time pass.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
