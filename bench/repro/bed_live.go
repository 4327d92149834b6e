package repro

import (
	"context"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// liveBed is the engine in this process.
type liveBed struct {
	engine *engine.Engine
	nodes  map[string]*engine.Node
	roles  map[string]role
}

func newLiveBed(seed uint64, links engine.Links) (*liveBed, error) {
	e, err := engine.New(engine.Options{Seed: seed, Links: links, Core: core.Config{QueueMsgs: queueMsgs}})
	if err != nil {
		return nil, err
	}
	return &liveBed{engine: e, nodes: make(map[string]*engine.Node), roles: make(map[string]role)}, nil
}

func (b *liveBed) id(name string) core.NodeID { return b.nodes[name].ID() }

func (b *liveBed) add(name string, r role) error {
	n, err := b.engine.AddNode(r.alg, engine.NodeOptions{})
	if err != nil {
		return fmt.Errorf("add node %s: %w", name, err)
	}
	b.nodes[name], b.roles[name] = n, r
	return n.Do(func(c *core.Node) { emulate(c, r) })
}

func (b *liveBed) begin(name string) error {
	b.engine.AllUp() // all nodes are added before the first begins
	return b.nodes[name].Do(func(c *core.Node) {
		for _, s := range b.roles[name].sources {
			c.AddSource(s.app, s)
		}
	})
}

func (b *liveBed) wait(ctx context.Context, d time.Duration) error { return pause(ctx, d) }

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

func (b *liveBed) read(name string) (t Tally, at time.Duration, err error) {
	err = b.nodes[name].Do(func(c *core.Node) { t, at = b.roles[name].meter.read(), c.Now() })
	return t, at, err
}

func (b *liveBed) close() error {
	b.engine.Close()
	if held := b.engine.Pool().Held(); held != 0 {
		return fmt.Errorf("the engine ended with %d slabs still held", held)
	}
	return nil
}
