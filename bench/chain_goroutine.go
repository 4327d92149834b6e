package bench

import (
	"context"
	"runtime"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioverlay/ioverlay/bench/baseline/goroutine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

type goroutineChain struct {
	chain *goroutine.Chain
	procs int // GOMAXPROCS to return to
}

// buildGoroutine gives the baseline as many threads that run Go code as the other kinds have event loops. With one
// for one it also does best: it moves up to half as much again for each CPU-second as with two, since handing a
// message to a goroutine on another core costs more than to one on the same.
func buildGoroutine(ctx context.Context, s Spec) (Chain, error) {
	procs := runtime.GOMAXPROCS(s.Loops)
	chain, err := goroutine.Start(ctx, goroutine.Config{
		Nodes:         s.Nodes,
		PayloadBytes:  s.PayloadBytes,
		RatePerSecond: s.RatePerSecond,
		Warmup:        s.Warmup,
	})
	if err != nil {
		runtime.GOMAXPROCS(procs)
		return nil, err
	}
	return &goroutineChain{chain: chain, procs: procs}, nil
}

func (c *goroutineChain) Snapshot() (Snapshot, error) {
	usage, err := nodereport.Self()
	if err != nil {
		return Snapshot{}, err
	}
	counts := c.chain.Counts()
	return Snapshot{
		Messages:   counts.Messages,
		Lost:       counts.Lost,
		OutOfOrder: counts.OutOfOrder,
		Corrupt:    counts.Corrupt,
		CPU:        usage.CPU,
		RSSPeak:    usage.RSSPeak,
	}, nil
}

func (c *goroutineChain) Drain(ctx context.Context) error { return c.chain.Drain(ctx) }

func (c *goroutineChain) Latency() *hdrhistogram.Histogram { return c.chain.Latency() }

func (c *goroutineChain) Close() error {
	err := c.chain.Close()
	runtime.GOMAXPROCS(c.procs)
	return err
}
