package raw

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

const (
	defaultBlockBytes = 128 << 10
	// socketBlocks sizes the kernel's buffers by default: one block can be written while the one before is read.
	socketBlocks = 2
	// slabOffset is where the usable bytes of a slab begin. Some processors copy with rep movsb fifteen times
	// slower when the destination lies 1 to 15 bytes ahead of the source modulo 4096, which is where page-aligned
	// blocks and the kernel's own buffers meet.
	slabOffset    = 512
	minBlockBytes = 4 << 10
	maxBlockBytes = 64 << 20
	backlog       = 16
	maxNodes      = 1024
	maxFrameSize  = 64 << 20
)

// Config describes a chain.
type Config struct {
	Nodes        int // 2 or more; node 1 is the source, the last the sink
	PayloadBytes int // of each frame, traffic.MinPayloadBytes or more
	Loops        int // event loops, 1 or more; with more loops than nodes the rest are not started
	BlockBytes   int // memory for what is moved at once, which is 512 bytes less; 0 means 128 KiB
	SocketBytes  int // the kernel's send and receive buffer of a link; 0 means two blocks
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
	case c.BlockBytes < minBlockBytes || c.BlockBytes > maxBlockBytes:
		return fmt.Errorf("raw: blocks of %d bytes are not possible; %d to %d are", c.BlockBytes, minBlockBytes, maxBlockBytes)
	case c.SocketBytes < 0 || c.SocketBytes > maxBlockBytes:
		return fmt.Errorf("raw: socket buffers of %d bytes are not possible; up to %d are, and 0 for two blocks", c.SocketBytes, maxBlockBytes)
	case c.Loops < 1:
		return fmt.Errorf("raw: %d event loops are not possible; 1 or more are", c.Loops)
	case !(c.RatePerSecond >= 0):
		return fmt.Errorf("raw: a rate of %v messages a second is not possible; 0 (back to back) or more is", c.RatePerSecond)
	}
	return nil
}

func (c Config) paced() bool { return c.RatePerSecond > 0 }

func (c Config) frameBytes() int { return traffic.HeaderBytes + c.PayloadBytes }

// withDefaults fills in what is left open.
func (c Config) withDefaults() Config {
	if c.BlockBytes == 0 {
		c.BlockBytes = defaultBlockBytes
	}
	if c.SocketBytes == 0 {
		c.SocketBytes = socketBlocks * c.BlockBytes
	}
	return c
}

// usableBytes is the most that fits in a block.
func (c Config) usableBytes() int { return c.BlockBytes - slabOffset }

// fillBytes is what the source sends again and again: as many whole frames as fit in a block, or one frame if it is larger.
func (c Config) fillBytes() int {
	return max(1, c.usableBytes()/c.frameBytes()) * c.frameBytes()
}

// moveBytes is how much a source writes and a relay reads at most at a time.
func (c Config) moveBytes() int { return min(c.fillBytes(), c.usableBytes()) }

// newBlock returns a block of the given length whose first byte lies slabOffset behind the start of an allocation.
// Allocations of this size begin at a page.
func newBlock(length int) []byte {
	return make([]byte, slabOffset+length)[slabOffset:]
}
