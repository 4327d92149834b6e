package raw

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

const (
	slabBytes = 128 << 10
	// slabOffset is where the usable bytes of a slab begin. Some processors copy with rep movsb fifteen times
	// slower when the destination lies 1 to 15 bytes ahead of the source modulo 4096, which is where page-aligned
	// blocks and the kernel's own buffers meet.
	slabOffset   = 512
	usableBytes  = slabBytes - slabOffset
	socketBytes  = 2 * slabBytes
	backlog      = 16
	maxNodes     = 1024
	maxFrameSize = 64 << 20
)

// Config describes a chain.
type Config struct {
	Nodes        int // 2 or more; node 1 is the source, the last the sink
	PayloadBytes int // of each frame, traffic.MinPayloadBytes or more
	Loops        int // event loops, 1 or more; with more loops than nodes the rest are not started
	// RatePerSecond is the number of frames a second of the paced pass; 0 sends back to back.
	RatePerSecond float64
	// Warmup is the first part of a paced pass, which is not recorded.
	Warmup time.Duration
}

func (c Config) validate() error {
	switch {
	case c.Nodes < 2 || c.Nodes > maxNodes:
		return fmt.Errorf("raw: a chain of %d nodes is not possible; 2 to %d are", c.Nodes, maxNodes)
	case c.PayloadBytes < traffic.MinPayloadBytes || c.PayloadBytes > maxFrameSize:
		return fmt.Errorf("raw: a payload of %d bytes is not possible; %d to %d are",
			c.PayloadBytes, traffic.MinPayloadBytes, maxFrameSize)
	case c.Loops < 1:
		return fmt.Errorf("raw: %d event loops are not possible; 1 or more are", c.Loops)
	case !(c.RatePerSecond >= 0):
		return fmt.Errorf("raw: a rate of %v messages a second is not possible; 0 (back to back) or more is", c.RatePerSecond)
	}
	return nil
}

func (c Config) paced() bool { return c.RatePerSecond > 0 }

func (c Config) frameBytes() int { return traffic.HeaderBytes + c.PayloadBytes }

// blockBytes is how much a source writes and a relay reads at a time: as many whole frames as fit in a slab, or one
// frame if it is larger than a slab.
func (c Config) blockBytes() int {
	return max(1, usableBytes/c.frameBytes()) * c.frameBytes()
}

// newBlock returns a block of the given length whose first byte lies slabOffset behind the start of an allocation.
// Allocations of this size begin at a page.
func newBlock(length int) []byte {
	return make([]byte, slabOffset+length)[slabOffset:]
}
