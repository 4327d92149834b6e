package goroutine

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

const (
	maxNodes        = 1024
	maxPayloadBytes = 64 << 20

	// What follows was chosen by measuring chains of 2, 8 and 32 nodes with 5120-byte payloads. Read and write
	// sizes matter most: at 32 KiB the bytes on their way through a node stay in the processor's cache, at 128 KiB
	// a long chain moves half as much with the same CPU time; at 8 KiB system calls take over.

	// queueMessages bounds every channel. 64 and 128 were up to a fifth slower.
	queueMessages = 256
	// queueBytes bounds it too, so that a long chain of large messages does not take all memory; it leaves
	// messages of up to 8 KiB alone. No channel is shorter than leastQueue.
	queueBytes = 2 << 20
	leastQueue = 4
	// readBytes is the receiver's buffer.
	readBytes = 32 << 10
	// burstBytes is how much a sender gathers for one write: it stops at the message that reaches it.
	burstBytes = 32 << 10
	// copyBelowBytes is the frame length under which copying a frame behind the one before it is cheaper than
	// giving the kernel one more piece to gather.
	copyBelowBytes = 1024
	// socketBytes is the size of the socket buffers asked for, the same as the engine's.
	socketBytes = 256 << 10
)

// Config describes a chain.
type Config struct {
	Nodes        int // 2 or more; node 1 is the source, the last the sink
	PayloadBytes int // traffic.MinPayloadBytes or more
	// RatePerSecond is the number of messages a second of the paced pass; 0 sends back to back.
	RatePerSecond float64
	// Warmup is the first part of a paced pass, which is not recorded.
	Warmup time.Duration
}

func (c Config) validate() error {
	switch {
	case c.Nodes < 2 || c.Nodes > maxNodes:
		return fmt.Errorf("goroutine: a chain of %d nodes is not possible; 2 to %d are", c.Nodes, maxNodes)
	case c.PayloadBytes < traffic.MinPayloadBytes || c.PayloadBytes > maxPayloadBytes:
		return fmt.Errorf("goroutine: a payload of %d bytes is not possible; %d to %d are",
			c.PayloadBytes, traffic.MinPayloadBytes, maxPayloadBytes)
	case !(c.RatePerSecond >= 0):
		return fmt.Errorf("goroutine: a rate of %v messages a second is not possible; 0 (back to back) or more is",
			c.RatePerSecond)
	}
	return nil
}

func (c Config) paced() bool { return c.RatePerSecond > 0 }

// queueLength is the capacity of each channel, in messages.
func (c Config) queueLength() int {
	return max(leastQueue, min(queueMessages, queueBytes/c.frameBytes()))
}

func (c Config) frameBytes() int { return traffic.HeaderBytes + c.PayloadBytes }
