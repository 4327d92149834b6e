package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// engineChain is a chain of the engine's own nodes in this process. Nothing is
// set but what describes the chain: loops, kind of link, number of nodes.
type engineChain struct {
	engine *engine.Engine
	first  *engine.Node
	last   *engine.Node
	source source
	sink   *apps.Checker
	timed  *nodereport.Recording
	lost   uint64 // known after Drain
}

// source is what the two sources of package apps have in common.
type source interface {
	core.Source
	Sent() uint64
}

func buildTCP(_ context.Context, s Spec) (Chain, error) { return buildEngine(s, engine.TCP) }

func buildMem(_ context.Context, s Spec) (Chain, error) { return buildEngine(s, engine.Mem) }

func buildEngine(s Spec, links engine.Links) (Chain, error) {
	e, err := engine.New(engine.Options{Loops: s.Loops, Links: links, ExpectNodes: s.Nodes})
	if err != nil {
		return nil, err
	}
	c := &engineChain{engine: e, sink: &apps.Checker{SampleEvery: traffic.SampleEvery}}
	if s.Pass == PassLatency {
		c.timed = nodereport.NewRecording(s.Warmup)
		c.sink.Latency = c.timed.Record
	}
	if err := c.build(s); err != nil {
		e.Close()
		return nil, err
	}
	return c, nil
}

// build adds the nodes from the last to the first, since each must know where to
// send, and starts the source.
func (c *engineChain) build(s Spec) (err error) {
	if c.last, err = c.engine.AddNode(relay.New(c.sink), engine.NodeOptions{}); err != nil {
		return err
	}
	c.first = c.last
	for range s.Links() {
		if c.first, err = c.engine.AddNode(relay.New(nil, c.first.ID()), engine.NodeOptions{}); err != nil {
			return err
		}
	}
	c.source = newSource(s)
	return c.first.Do(func(n *core.Node) { n.AddSource(traffic.App, c.source) })
}

func newSource(s Spec) source {
	stream := apps.Stream{App: traffic.App, Payload: s.PayloadBytes}
	if s.Pass == PassLatency {
		return apps.NewConstantRate(stream, s.RatePerSecond)
	}
	return apps.NewBackToBack(stream)
}

// Snapshot implements Chain.
func (c *engineChain) Snapshot() (Snapshot, error) {
	var t apps.Tally
	if err := c.last.Do(func(*core.Node) { t = c.sink.Tally() }); err != nil {
		return Snapshot{}, fmt.Errorf("ask the last node: %w", err)
	}
	usage, err := nodereport.Self()
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{
		Messages: t.Messages, Lost: max(t.Lost, c.lost), OutOfOrder: t.OutOfOrder, Corrupt: t.Corrupt,
		CPU: usage.CPU, RSSPeak: usage.RSSPeak,
	}, nil
}

// Drain implements Chain.
func (c *engineChain) Drain(ctx context.Context) error {
	var sent uint64
	stop := func(n *core.Node) {
		n.StopSource(traffic.App)
		sent = c.source.Sent()
	}
	if err := c.first.Do(stop); err != nil {
		return fmt.Errorf("stop the source: %w", err)
	}
	for {
		now, err := c.Snapshot()
		if err != nil {
			return err
		}
		c.lost = sent - min(sent, now.Messages)
		if c.lost == 0 {
			return nil
		}
		if err := pause(ctx, glance); err != nil {
			return errors.Join(err, fmt.Errorf("%d of %d messages did not arrive", c.lost, sent))
		}
	}
}

// Latency implements Chain.
func (c *engineChain) Latency() *hdrhistogram.Histogram { return c.timed.Histogram() }

// Close implements Chain.
func (c *engineChain) Close() error {
	c.engine.Close()
	if held := c.engine.Pool().Held(); held != 0 {
		return fmt.Errorf("the engine ended with %d slabs still held", held)
	}
	return nil
}
