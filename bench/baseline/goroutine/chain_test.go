package goroutine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"
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
	chain, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func drainAndClose(t *testing.T, chain *Chain) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testWait)
	defer cancel()
	if err := chain.Drain(ctx); err != nil {
		t.Error(err)
	}
	counts := chain.Counts()
	if counts.Messages != chain.source.sent || counts.Lost+counts.OutOfOrder+counts.Corrupt != 0 {
		t.Errorf("%d messages sent; counted %+v", chain.source.sent, counts)
	}
	if err := chain.Close(); err != nil {
		t.Error(err)
	}
}

func TestChainDeliversEverything(t *testing.T) {
	for _, nodes := range []int{2, 3, 8} {
		for _, payload := range []int{16, 1000, 5120, 200_000} {
			t.Run(fmt.Sprintf("nodes=%d/payload=%d", nodes, payload), func(t *testing.T) {
				chain := start(t, Config{Nodes: nodes, PayloadBytes: payload})
				await(t, "100 messages", func() bool { return chain.Counts().Messages >= 100 })
				drainAndClose(t, chain)
			})
		}
	}
}

func TestQueuesAreBoundedInBytes(t *testing.T) {
	tests := []struct{ payload, want int }{
		{16, queueMessages}, {5120, queueMessages}, {8000, queueMessages}, {200_000, 10}, {1 << 20, leastQueue}, {maxPayloadBytes, leastQueue},
	}
	for _, test := range tests {
		if got := (Config{PayloadBytes: test.payload}).queueLength(); got != test.want {
			t.Errorf("payload %d: channels of %d messages, want %d", test.payload, got, test.want)
		}
	}
}

func TestPacedChainMeasuresLatency(t *testing.T) {
	chain := start(t, Config{Nodes: 4, PayloadBytes: 5120, RatePerSecond: 2000})
	await(t, "20 messages", func() bool { return chain.Counts().Messages >= 20 })
	drainAndClose(t, chain)
	if recorded := chain.Latency().TotalCount(); recorded != int64(chain.Counts().Messages) {
		t.Errorf("%d latencies recorded of %d messages", recorded, chain.Counts().Messages)
	}
}

func TestSlowSourceStopsAtOnce(t *testing.T) {
	chain := start(t, Config{Nodes: 2, PayloadBytes: 16, RatePerSecond: 1.0 / 3600})
	drainAndClose(t, chain)
}

func TestCloseWithoutDrain(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		chain := start(t, Config{Nodes: 3, PayloadBytes: 100, RatePerSecond: rate})
		await(t, "a message", func() bool { return chain.Counts().Messages > 0 })
		if err := chain.Close(); err != nil {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
}

// A link that breaks must end the chain with an error, and not leave Drain waiting.
func TestBrokenLinkIsReported(t *testing.T) {
	chain := start(t, Config{Nodes: 4, PayloadBytes: 5120})
	await(t, "a message", func() bool { return chain.Counts().Messages > 0 })
	const secondLinksReceiver = 3
	if err := chain.conns[secondLinksReceiver].Close(); err != nil {
		t.Fatal(err)
	}
	<-chain.ended
	if err := chain.Drain(t.Context()); err == nil {
		t.Error("Drain of a broken chain returned no error")
	}
	if err := chain.Close(); err == nil {
		t.Error("Close of a broken chain returned no error")
	}
}

func TestDrainObeysContext(t *testing.T) {
	chain := start(t, Config{Nodes: 2, PayloadBytes: 16})
	impatient := errors.New("impatient")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(impatient)
	// The chain may end before Drain looks; then there is nothing to be impatient about.
	if err := chain.Drain(ctx); err != nil && !errors.Is(err, impatient) {
		t.Errorf("Drain returned %v, want the cause of the context", err)
	}
	if err := chain.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartRefusesNonsense(t *testing.T) {
	good := Config{Nodes: 2, PayloadBytes: 16}
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"one node", func(c *Config) { c.Nodes = 1 }},
		{"too many nodes", func(c *Config) { c.Nodes = maxNodes + 1 }},
		{"payload too small", func(c *Config) { c.PayloadBytes = 15 }},
		{"payload too large", func(c *Config) { c.PayloadBytes = maxPayloadBytes + 1 }},
		{"negative rate", func(c *Config) { c.RatePerSecond = -1 }},
		{"no number for a rate", func(c *Config) { c.RatePerSecond = math.NaN() }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := good
			test.change(&config)
			if chain, err := Start(t.Context(), config); err == nil {
				t.Errorf("%+v was accepted", config)
				_ = chain.Close()
			}
		})
	}
}
