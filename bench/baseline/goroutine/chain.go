package goroutine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/ioverlay/ioverlay/bench/traffic"
)

// Chain is a running chain. Its methods may be called from any goroutine, Close once.
type Chain struct {
	config  Config
	conns   []*net.TCPConn
	source  *source
	pacer   *pacer // nil unless paced
	checker *traffic.Checker

	running sync.WaitGroup
	ended   chan struct{} // closed when every goroutine has returned

	mu      sync.Mutex
	failure error // the first
	closing bool  // failures are no longer worth noting
}

// Start builds a chain and lets its source go. The caller closes the chain.
func Start(ctx context.Context, config Config) (*Chain, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	c := &Chain{config: config, checker: newChecker(config), ended: make(chan struct{})}
	if err := c.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("goroutine: connect %d nodes: %w", config.Nodes, err), c.closeConns())
	}
	first := make(chan *message, config.queueLength())
	c.source = newSource(config, first)
	produce, err := c.producer()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("goroutine: start the source: %w", err), c.closeConns())
	}
	c.startNodes(first)
	c.spawn(produce)
	go func() {
		c.running.Wait()
		close(c.ended)
	}()
	return c, nil
}

func newChecker(c Config) *traffic.Checker {
	if c.paced() {
		return traffic.NewTimedChecker(c.PayloadBytes, c.Warmup)
	}
	return traffic.NewChecker(c.PayloadBytes)
}

func (c *Chain) producer() (func() error, error) {
	if !c.config.paced() {
		return c.source.run, nil
	}
	schedule := traffic.NewSchedule(traffic.Now()+pacedStart.Nanoseconds(), c.config.RatePerSecond)
	pacer, err := newPacer(schedule)
	if err != nil {
		return nil, err
	}
	c.pacer = pacer
	return func() error { return c.source.runPaced(schedule, pacer) }, nil
}

// startNodes starts the senders of all nodes but the last, the receivers of all but the first, and their switches.
// conns holds two ends a link, the sending one first.
func (c *Chain) startNodes(first chan *message) {
	// One pool for all nodes: a message that one node's sender returns is taken by the next receiver to run,
	// most likely while it is still in the processor's cache.
	received := newPool(c.config.frameBytes(), func(*message) {})
	toSender, queue := first, c.config.queueLength()
	for link := range c.config.Nodes - 1 {
		out, in := c.conns[2*link], c.conns[2*link+1]
		toSwitch := make(chan *message, queue)
		c.spawn((&sender{conn: out, from: toSender}).run)
		c.spawn((&receiver{conn: in, pool: received, frame: c.config.frameBytes(), toward: toSwitch}).run)
		if link == c.config.Nodes-2 {
			c.spawn(func() error { return consume(toSwitch, c.checker) })
			return
		}
		next := make(chan *message, queue)
		c.spawn(func() error { return forward(toSwitch, next) })
		toSender = next
	}
}

// forward is the switch of a node with one downstream.
func forward(from <-chan *message, toward chan<- *message) error {
	defer close(toward)
	for m := range from {
		toward <- m
	}
	return nil
}

// consume is the switch of the last node: it hands messages to the application, which checks them.
func consume(from <-chan *message, checker *traffic.Checker) error {
	for m := range from {
		checker.Observe(traffic.Seq(m.frame), m.payload())
		m.release()
	}
	return nil
}

// spawn runs one goroutine of a node. A failure closes all connections: every receiver then ends, and the closing
// of channels ends the rest.
func (c *Chain) spawn(run func() error) {
	c.running.Go(func() {
		if err := run(); err != nil {
			c.fail(err)
		}
	})
}

func (c *Chain) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	c.failure, c.closing = err, true
	if stopErr := errors.Join(c.stopSource(), c.closeConns()); stopErr != nil {
		c.failure = errors.Join(err, stopErr)
	}
}

func (c *Chain) stopSource() error {
	c.source.stop()
	if c.pacer == nil {
		return nil
	}
	return c.pacer.stop()
}

// Counts returns what the sink has seen.
func (c *Chain) Counts() traffic.Counts { return c.checker.Counts() }

// Drain stops the source and waits until everything it sent has reached the sink, or is known to be lost: Counts is
// final then.
func (c *Chain) Drain(ctx context.Context) error {
	if err := c.stopSource(); err != nil {
		return fmt.Errorf("goroutine: stop the source: %w", err)
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		return fmt.Errorf("goroutine: drain the chain: %w", context.Cause(ctx))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	if c.failure != nil {
		return fmt.Errorf("goroutine: drain the chain: %w", c.failure)
	}
	c.checker.Finish(c.source.sent)
	return nil
}

// Latency returns the histogram of the paced pass, in nanoseconds; nil otherwise. It must not be read before Drain
// has returned without an error.
func (c *Chain) Latency() *hdrhistogram.Histogram { return c.checker.Latency() }

// Close ends the chain, drained or not, frees everything and returns the failure that ended it early, if there was
// one.
func (c *Chain) Close() error {
	c.mu.Lock()
	broken := c.failure
	var err error
	if broken == nil {
		c.closing = true
		err = errors.Join(c.stopSource(), c.closeConns())
	}
	c.mu.Unlock()
	<-c.ended
	if c.pacer != nil {
		err = errors.Join(err, c.pacer.close())
	}
	return errors.Join(broken, err)
}

// closeConns closes both ends of every link, once.
func (c *Chain) closeConns() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	c.conns = nil
	return errors.Join(errs...)
}
