package bench

import (
	"context"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/bench/baseline/raw"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

type rawChain struct {
	chain *raw.Chain
	lost  uint64
}

func buildRaw(_ context.Context, s Spec) (Chain, error) {
	// The engine's own sizes, so that what it loses is not for want of larger blocks.
	block, socket := engine.MachineSizes()
	chain, err := raw.Start(raw.Config{
		Nodes:         s.Nodes,
		PayloadBytes:  s.PayloadBytes,
		Loops:         s.Loops,
		BlockBytes:    block,
		SocketBytes:   socket,
		RatePerSecond: s.RatePerSecond,
		Warmup:        s.Warmup,
	})
	if err != nil {
		return nil, err
	}
	return &rawChain{chain: chain}, nil
}

func (c *rawChain) Snapshot() (Snapshot, error) {
	usage, err := nodereport.Self()
	if err != nil {
		return Snapshot{}, err
	}
	counts := c.chain.Counts()
	return Snapshot{
		Messages:   counts.Messages,
		Lost:       max(counts.Lost, c.lost),
		OutOfOrder: counts.OutOfOrder,
		Corrupt:    counts.Corrupt,
		CPU:        usage.CPU,
		RSSPeak:    usage.RSSPeak,
	}, nil
}

func (c *rawChain) Drain(ctx context.Context) (err error) {
	c.lost, err = c.chain.Drain(ctx)
	return err
}

func (c *rawChain) Latency() *hdrhistogram.Histogram { return c.chain.Latency() }

func (c *rawChain) Close() error { return c.chain.Close() }
