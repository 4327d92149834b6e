package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/ioverlay/ioverlay/bench/traffic"
)

// The two passes.
const (
	PassThroughput = "throughput" // back to back
	PassLatency    = "latency"    // paced, below saturation
)

// Limits of what can be asked for.
const (
	MinNodes        = 2
	MaxNodes        = 256
	MinPayloadBytes = traffic.MinPayloadBytes
	MaxPayloadBytes = 1 << 20 // the engine's default limit for a message
	MaxLoops        = 64
	MinDuration     = 10 * time.Millisecond
	MaxDuration     = time.Hour
	MaxRounds       = 1000
	MaxRate         = 1e6 // messages a second of the paced pass
)

// Spec describes one point: what a child process measures.
type Spec struct {
	Kind         string        `json:"kind"`
	Pass         string        `json:"pass"`
	Nodes        int           `json:"nodes"`
	PayloadBytes int           `json:"payload_bytes"`
	Loops        int           `json:"loops"` // event loops, or threads that run Go code where there are none
	Round        int           `json:"round"` // from 1
	Warmup       time.Duration `json:"warmup_ns"`
	Duration     time.Duration `json:"duration_ns"` // of the measured window, after Warmup

	// RatePerSecond is the number of messages a second that the source of the latency pass sends.
	RatePerSecond float64 `json:"rate_per_s,omitempty"`
	// CPUProfile is the file to write a CPU profile of the window to; empty for none.
	CPUProfile string `json:"cpu_profile,omitempty"`
}

// ErrSpec is what Validate's errors wrap.
var ErrSpec = errors.New("not a measurable point")

// Validate returns nil or an error that wraps ErrSpec and names what is wrong and what is allowed. It does not look
// at Kind: which kinds there are is the builders' matter.
func (s Spec) Validate() error {
	switch {
	case s.Nodes < MinNodes || s.Nodes > MaxNodes:
		return fmt.Errorf("%w: %d nodes; %d to %d are allowed", ErrSpec, s.Nodes, MinNodes, MaxNodes)
	case s.PayloadBytes < MinPayloadBytes || s.PayloadBytes > MaxPayloadBytes:
		return fmt.Errorf("%w: a payload of %d bytes; %d to %d are allowed",
			ErrSpec, s.PayloadBytes, MinPayloadBytes, MaxPayloadBytes)
	case s.Loops < 1 || s.Loops > MaxLoops:
		return fmt.Errorf("%w: %d loops; 1 to %d are allowed", ErrSpec, s.Loops, MaxLoops)
	case s.Warmup < 0 || s.Warmup > MaxDuration:
		return fmt.Errorf("%w: a warm-up of %v; 0 to %v are allowed", ErrSpec, s.Warmup, MaxDuration)
	case s.Duration < MinDuration || s.Duration > MaxDuration:
		return fmt.Errorf("%w: a duration of %v; %v to %v are allowed", ErrSpec, s.Duration, MinDuration, MaxDuration)
	}
	return s.validatePass()
}

func (s Spec) validatePass() error {
	switch s.Pass {
	case PassThroughput:
		if s.RatePerSecond != 0 {
			return fmt.Errorf("%w: a rate of %v/s in the throughput pass; 0 is allowed", ErrSpec, s.RatePerSecond)
		}
	case PassLatency:
		if !(s.RatePerSecond > 0 && s.RatePerSecond <= MaxRate) {
			return fmt.Errorf("%w: a rate of %v/s in the latency pass; above 0 to %v are allowed",
				ErrSpec, s.RatePerSecond, MaxRate)
		}
	default:
		return fmt.Errorf("%w: pass %q; %q and %q are allowed", ErrSpec, s.Pass, PassThroughput, PassLatency)
	}
	return nil
}

// Links is the number of links of the chain.
func (s Spec) Links() int { return s.Nodes - 1 }

// Snapshot is the state of a running chain, counted from its start.
type Snapshot struct {
	// What the sink has seen: messages, and violations among them. Lost is final only after Drain.
	Messages, Lost, OutOfOrder, Corrupt uint64
	// CPU is user plus system time of all processes of the chain.
	CPU time.Duration
	// RSSPeak is the largest resident memory so far in bytes, summed over the processes of the chain.
	RSSPeak int64
}

// Chain is a chain of nodes that is running. Its methods are called from one goroutine.
type Chain interface {
	// Snapshot is cheap enough to bracket a window with.
	Snapshot() (Snapshot, error)
	// Drain stops the source and returns when everything it sent has arrived or is known to be lost; the next
	// Snapshot has the final counts. It is called once.
	Drain(ctx context.Context) error
	// Latency returns arrival minus intended send time in nanoseconds, of the latency pass without its warm-up. It
	// is called after Drain, and not in the throughput pass.
	Latency() *hdrhistogram.Histogram
	// Close frees everything, drained or not. It is called once, last.
	Close() error
}

// Builder makes a chain whose source is already sending. The context bounds the building, not the chain's life.
type Builder func(ctx context.Context, s Spec) (Chain, error)
