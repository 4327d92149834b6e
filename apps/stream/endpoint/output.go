package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/apps/stream"
)

// OutputHelp says what an output can be.
const OutputHelp = "- for standard output, udp://ADDRESS:PORT to send there, or http://ADDRESS:PORT/PATH to serve it there"

const (
	queueBlocks = 4096                 // that wait for a reader: of 1,316 bytes each, 5 MB
	datagram    = 7 * stream.PacketLen // what UDP media have
)

// Output is where a stream goes to. Write never waits: what a reader has no room for is dropped, and counted.
type Output struct {
	mu      sync.Mutex
	readers map[*reader]struct{}
	closed  bool
	all     sync.WaitGroup // readers
	dropped atomic.Uint64
	failed  chan error                  // of standard output
	ends    func(context.Context) error // what is left when the readers have ended
	addr    net.Addr
}

// OpenOutput opens an output by its name (OutputHelp). Of standard output nothing is closed. A name that is none is an error
// that wraps [ErrName].
func OpenOutput(name string, stdout io.Writer) (*Output, error) {
	o := &Output{readers: make(map[*reader]struct{}), failed: make(chan error, 1), ends: func(context.Context) error { return nil }}
	if name == "-" {
		o.add(newReader(func(b []byte) error {
			_, err := stdout.Write(b)
			if err != nil {
				o.failed <- fmt.Errorf("endpoint: write to standard output: %w", err) // once: the reader ends
			}
			return err
		}))
		return o, nil
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %q is no output: want %s", ErrName, name, OutputHelp)
	}
	at, err := netip.ParseAddrPort(u.Host)
	switch {
	case (u.Scheme == "udp" || u.Scheme == "http") && err != nil:
		return nil, fmt.Errorf("%w: %q is no output: want an address in figures and a port, %s", ErrName, name, OutputHelp)
	case u.Scheme == "udp" && u.Path == "":
		err = o.sendUDP(at)
	case u.Scheme == "http" && strings.ContainsAny(u.Path, "{} "): // which mean something to a mux
		return nil, fmt.Errorf("%w: %q is no output: want a path without braces and spaces", ErrName, name)
	case u.Scheme == "http":
		err = o.serve(at, u.Path)
	default:
		err = fmt.Errorf("%w: %q is no output: want %s", ErrName, name, OutputHelp)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Output) sendUDP(to netip.AddrPort) error {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return fmt.Errorf("endpoint: send media: %w", err)
	}
	o.ends = func(context.Context) error { return c.Close() }
	o.add(newReader(func(b []byte) error {
		for len(b) > 0 {
			n := min(len(b), datagram)
			_, _ = c.Write(b[:n]) // that nobody listens is no reason to stop: somebody may, later
			b = b[n:]
		}
		return nil
	}))
	return nil
}

// Addr is where an output is served, and nil for others.
func (o *Output) Addr() net.Addr { return o.addr }

// Dropped is how many transport packets readers did not get since they were too slow, one for each reader.
func (o *Output) Dropped() uint64 { return o.dropped.Load() }

// Failed says that standard output, if that is where the stream goes, can be written to no more.
func (o *Output) Failed() <-chan error { return o.failed }

// Readers is how many there are.
func (o *Output) Readers() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.readers)
}

// Write takes whole transport packets, of which it keeps nothing. It is what stream.SinkOptions.Out wants.
func (o *Output) Write(packets []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.readers) == 0 {
		return
	}
	b := append([]byte(nil), packets...)
	for r := range o.readers {
		if !r.offer(b) {
			o.dropped.Add(uint64(len(b) / stream.PacketLen))
		}
	}
}

// Close ends the output. Readers get what waits for them until the context ends. An error is that of writing, or that what was
// left could not be written.
func (o *Output) Close(ctx context.Context) error {
	o.mu.Lock()
	o.closed = true
	var errs []error
	for r := range o.readers {
		close(r.blocks)
	}
	o.mu.Unlock()
	done := make(chan struct{})
	go func() { o.all.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("endpoint: %d readers have not taken what was left for them: %w", o.Readers(), context.Cause(ctx)))
	}
	return errors.Join(append(errs, o.ends(ctx))...)
}

// block is media for a reader, and whether some are missing before it.
type block struct {
	b   []byte
	gap bool
}

// reader is one who gets the stream, at its own pace.
type reader struct {
	blocks chan block
	gap    bool // something was dropped since the last block; the output's lock
	write  func([]byte) error
	resume stream.Resumer
	buf    []byte
	done   chan struct{} // closed when it reads no more
}

func newReader(write func([]byte) error) *reader {
	return &reader{blocks: make(chan block, queueBlocks), write: write, done: make(chan struct{})}
}

// add has a reader get what comes from now on. It reports false if the output is closed.
func (o *Output) add(r *reader) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.readers[r] = struct{}{}
	o.all.Go(func() { r.run(); o.remove(r) })
	return true
}

func (o *Output) remove(r *reader) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.readers, r)
}

// offer reports whether there was room.
func (r *reader) offer(b []byte) bool {
	select {
	case r.blocks <- block{b, r.gap}:
		r.gap = false
		return true
	default:
		r.gap = true
		return false
	}
}

// run writes what comes until that fails, or nothing comes any more.
func (r *reader) run() {
	defer close(r.done)
	for next := range r.blocks {
		if next.gap {
			r.resume.Gap()
		}
		r.buf = append(r.buf[:0], next.b...) // the block is others' too
		if left := r.resume.Filter(r.buf); len(left) > 0 && r.write(left) != nil {
			return // it has gone
		}
	}
}
