package raw

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testWait bounds what a working chain does at once.
const testWait = 30 * time.Second

// await yields until done says so; the test fails if that takes testWait.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testWait); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", testWait, what)
		}
	}
}

func start(t *testing.T, config Config) *Chain {
	t.Helper()
	chain, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func TestChainDeliversEverything(t *testing.T) {
	for _, nodes := range []int{2, 3, 8} {
		for _, loops := range []int{1, 2, 20} {
			for _, payload := range []int{16, 5120, 200_000} {
				t.Run(fmt.Sprintf("nodes=%d/loops=%d/payload=%d", nodes, loops, payload), func(t *testing.T) {
					chain := start(t, Config{Nodes: nodes, Loops: loops, PayloadBytes: payload})
					await(t, "100 messages", func() bool { return chain.Counts().Messages >= 100 })
					drainAndClose(t, chain)
				})
			}
		}
	}
}

// Whatever the sizes, also when a frame is far larger than a block.
func TestChainDeliversEverythingAtAnySize(t *testing.T) {
	for _, block := range []int{minBlockBytes, 256 << 10} {
		for _, socket := range []int{0, 16 << 10, 1 << 20} {
			for _, payload := range []int{16, 65_512, 1 << 20} {
				t.Run(fmt.Sprintf("block=%d/socket=%d/payload=%d", block, socket, payload), func(t *testing.T) {
					chain := start(t, Config{Nodes: 4, Loops: 1, PayloadBytes: payload, BlockBytes: block, SocketBytes: socket})
					await(t, "10 messages", func() bool { return chain.Counts().Messages >= 10 })
					drainAndClose(t, chain)
				})
			}
		}
	}
}

// What was written is read at its other end without the poller: it reports less than there are hops.
func TestWritesAreFollowed(t *testing.T) {
	chain := start(t, Config{Nodes: 8, Loops: 1, PayloadBytes: 5120})
	await(t, "1000 messages", func() bool { return chain.Counts().Messages >= 1000 })
	reported, blocks := make(chan uint64, 1), make(chan uint64, 1)
	if err := chain.loops[0].post(func() error {
		reported <- chain.loops[0].events
		blocks <- chain.sink.received.Load() / uint64(chain.config.moveBytes())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if events, hops := <-reported, 7*<-blocks; events >= hops {
		t.Errorf("the poller reported %d times for %d hops", events, hops)
	}
	drainAndClose(t, chain)
}

func drainAndClose(t *testing.T, chain *Chain) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testWait)
	defer cancel()
	lost, err := chain.Drain(ctx)
	if err != nil || lost != 0 {
		t.Errorf("drained with %d lost, error %v; want 0, none", lost, err)
	}
	if sent, received := chain.source.sent(), chain.sink.received.Load(); sent != received || sent%uint64(chain.config.frameBytes()) != 0 {
		t.Errorf("%d bytes sent, %d received; want the same, in whole frames", sent, received)
	}
	if err := chain.Close(); err != nil {
		t.Error(err)
	}
}

func TestPacedChainMeasuresLatency(t *testing.T) {
	for _, payload := range []int{16, 5120, 200_000} {
		t.Run(fmt.Sprintf("payload=%d", payload), func(t *testing.T) {
			chain := start(t, Config{Nodes: 4, Loops: 2, PayloadBytes: payload, RatePerSecond: 2000})
			await(t, "20 messages", func() bool { return chain.Counts().Messages >= 20 })
			drainAndClose(t, chain)
			counts := chain.Counts()
			if counts.Lost+counts.OutOfOrder+counts.Corrupt != 0 {
				t.Errorf("violations: %+v", counts)
			}
			if recorded := chain.Latency().TotalCount(); recorded != int64(counts.Messages) {
				t.Errorf("%d latencies recorded of %d messages", recorded, counts.Messages)
			}
		})
	}
}

func TestCloseWithoutDrain(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		chain := start(t, Config{Nodes: 3, Loops: 2, PayloadBytes: 100, RatePerSecond: rate})
		await(t, "a message", func() bool { return chain.Counts().Messages > 0 })
		if err := chain.Close(); err != nil {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
}

// A link that breaks must end the chain with an error, and not leave Drain waiting.
func TestBrokenLinkIsReported(t *testing.T) {
	chain := start(t, Config{Nodes: 4, Loops: 1, PayloadBytes: 5120})
	await(t, "a message", func() bool { return chain.Counts().Messages > 0 })
	const secondLinksReceiver = 3
	if err := unix.Shutdown(chain.sockets[secondLinksReceiver], unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	<-chain.failed
	if _, err := chain.Drain(t.Context()); err == nil {
		t.Error("Drain of a broken chain returned no error")
	}
	if err := chain.Close(); err == nil {
		t.Error("Close of a broken chain returned no error")
	}
}

func TestDrainObeysContext(t *testing.T) {
	// A frame an hour: nothing arrives, and a stopped source ends its stream at once; so keep the loop from it.
	chain := start(t, Config{Nodes: 2, Loops: 1, PayloadBytes: 16, RatePerSecond: 1.0 / 3600})
	busy := make(chan struct{})
	if err := chain.loops[0].post(func() error { <-busy; return nil }); err != nil {
		t.Fatal(err)
	}
	impatient := errors.New("impatient")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(impatient)
	if _, err := chain.Drain(ctx); !errors.Is(err, impatient) {
		t.Errorf("Drain returned %v, want the cause of the context", err)
	}
	close(busy)
	if err := chain.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartRefusesNonsense(t *testing.T) {
	good := Config{Nodes: 2, Loops: 1, PayloadBytes: 16}
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"one node", func(c *Config) { c.Nodes = 1 }},
		{"too many nodes", func(c *Config) { c.Nodes = maxNodes + 1 }},
		{"block too small", func(c *Config) { c.BlockBytes = minBlockBytes - 1 }},
		{"block too large", func(c *Config) { c.BlockBytes = maxBlockBytes + 1 }},
		{"negative socket buffer", func(c *Config) { c.SocketBytes = -1 }},
		{"no loop", func(c *Config) { c.Loops = 0 }},
		{"payload too small", func(c *Config) { c.PayloadBytes = 15 }},
		{"payload too large", func(c *Config) { c.PayloadBytes = maxFrameSize + 1 }},
		{"negative rate", func(c *Config) { c.RatePerSecond = -1 }},
		{"no number for a rate", func(c *Config) { c.RatePerSecond = math.NaN() }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := good
			test.change(&config)
			if chain, err := Start(config); err == nil {
				t.Errorf("%+v was accepted", config)
				_ = chain.Close()
			}
		})
	}
}

func TestNeighboursShareLoops(t *testing.T) {
	c := &Chain{config: Config{Nodes: 7}, loops: make([]*loop, 3)}
	for i := range c.loops {
		c.loops[i] = new(loop)
	}
	position := 0
	for node := range c.config.Nodes {
		switch l := c.loopOf(node); {
		case l == c.loops[position]:
		case position+1 < len(c.loops) && l == c.loops[position+1]:
			position++
		default:
			t.Fatalf("node %d lies on a loop that is neither its neighbour's nor the next", node)
		}
	}
	if position != len(c.loops)-1 {
		t.Errorf("only %d of %d loops have nodes", position+1, len(c.loops))
	}
}
