package raw

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"golang.org/x/sys/unix"
)

// Chain is a running chain. Its methods may be called from any goroutine, Close once.
type Chain struct {
	config  Config
	loops   []*loop
	sockets []int
	source  injector
	sink    *sink

	running sync.WaitGroup
	failed  chan struct{} // closed at the first failure of a loop
	once    sync.Once
	failure error // read only after failed is closed
}

// Start builds a chain and lets its source go. The caller closes the chain.
func Start(config Config) (*Chain, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	c := &Chain{config: config, failed: make(chan struct{})}
	if err := c.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("raw: build a chain of %d nodes: %w", config.Nodes, err), c.release())
	}
	for _, l := range c.loops {
		c.running.Go(func() {
			if err := l.run(); err != nil {
				c.fail(err)
			}
		})
	}
	return c, nil
}

func (c *Chain) build() error {
	for range min(c.config.Loops, c.config.Nodes) {
		l, err := newLoop(c.config.moveBytes())
		if err != nil {
			return err
		}
		c.loops = append(c.loops, l)
	}
	dialer, err := newDialer(c.config.SocketBytes)
	if err != nil {
		return err
	}
	return errors.Join(c.connect(dialer), dialer.close())
}

// connect makes the links and the nodes at their ends.
func (c *Chain) connect(d *dialer) error {
	last := c.config.Nodes - 1
	in := -1
	for node := range c.config.Nodes {
		out, next, peer := -1, -1, noPeer
		if node < last {
			var err error
			if out, next, err = d.pair(); err != nil {
				return err
			}
			c.sockets = append(c.sockets, out, next)
			if c.loopOf(node) == c.loopOf(node+1) {
				peer = next
			}
		}
		if err := c.addNode(node, in, out, peer); err != nil {
			return err
		}
		in = next
	}
	return nil
}

func (c *Chain) addNode(node, in, out, peer int) error {
	l := c.loopOf(node)
	switch {
	case in < 0:
		return c.addSource(l, out, peer)
	case out < 0:
		c.sink = newSink(l, in, c.config)
		return c.sink.attach()
	default:
		return newRelay(l, in, out, peer).attach()
	}
}

func (c *Chain) addSource(l *loop, out, peer int) error {
	var err error
	if c.config.paced() {
		c.source, err = newPaced(l, out, peer, c.config)
	} else {
		c.source, err = newSource(l, out, peer, c.config)
	}
	if err != nil {
		c.source = nil
		return err
	}
	return c.source.attach()
}

// loopOf places contiguous blocks of nodes on each loop: neighbours share one.
func (c *Chain) loopOf(node int) *loop {
	return c.loops[node*len(c.loops)/c.config.Nodes]
}

// Counts returns what the sink has seen. Without pacing a message is as many bytes as a frame has, and nothing but
// their number is checked, by Drain.
func (c *Chain) Counts() traffic.Counts {
	if c.sink.frames != nil {
		return c.sink.frames.checker.Counts()
	}
	return traffic.Counts{Messages: c.sink.received.Load() / uint64(c.config.frameBytes())}
}

// Drain stops the source and waits until everything it sent has reached the sink. It returns how many frames were
// lost on the way; in a chain that works this is 0.
func (c *Chain) Drain(ctx context.Context) (lost uint64, err error) {
	if err := c.loopOf(0).post(c.source.stop); err != nil {
		return 0, fmt.Errorf("raw: stop the source: %w", err)
	}
	select {
	case <-c.sink.ended:
	case <-c.failed:
		return 0, fmt.Errorf("raw: drain the chain: %w", c.failure)
	case <-ctx.Done():
		return 0, fmt.Errorf("raw: drain the chain: %w", context.Cause(ctx))
	}
	sent, received := c.source.sent(), c.sink.received.Load()
	if received > sent {
		return 0, fmt.Errorf("raw: drain the chain: %d bytes arrived of %d sent", received, sent)
	}
	frame := uint64(c.config.frameBytes())
	return (sent - received + frame - 1) / frame, nil
}

// Latency returns the histogram of the paced pass, in nanoseconds; nil otherwise. It must not be read before Drain
// has returned without an error.
func (c *Chain) Latency() *hdrhistogram.Histogram {
	if c.sink.frames == nil {
		return nil
	}
	return c.sink.frames.checker.Latency()
}

// Close stops the loops, frees everything and returns the failure that ended the chain early, if there was one.
func (c *Chain) Close() error {
	for _, l := range c.loops {
		if err := l.stop(); err != nil {
			return fmt.Errorf("raw: stop a loop: %w", err)
		}
	}
	c.running.Wait()
	select {
	case <-c.failed:
		return errors.Join(c.failure, c.release())
	default:
		return c.release()
	}
}

func (c *Chain) fail(err error) {
	c.once.Do(func() {
		c.failure = err
		close(c.failed)
	})
}

// release frees what build made, as far as it came. No loop may be running.
func (c *Chain) release() error {
	var errs []error
	if c.source != nil {
		errs = append(errs, c.source.close())
	}
	for _, fd := range c.sockets {
		errs = append(errs, unix.Close(fd))
	}
	for _, l := range c.loops {
		errs = append(errs, l.poller.Close())
	}
	return errors.Join(errs...)
}
