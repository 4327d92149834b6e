package raw

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// sink is the last node. It belongs to one loop; received may be read from any goroutine.
type sink struct {
	loop     *loop
	in       int
	frames   *assembler // nil unless paced
	received atomic.Uint64
	ended    chan struct{} // closed at the end of the stream
}

func newSink(l *loop, in int, c Config) *sink {
	k := &sink{loop: l, in: in, ended: make(chan struct{})}
	if c.paced() {
		k.frames = &assembler{
			frameBytes: c.frameBytes(),
			checker:    traffic.NewTimedChecker(c.PayloadBytes, c.Warmup),
		}
	}
	return k
}

func (k *sink) attach() error { return k.loop.watch(k.in, k) }

func (k *sink) ready(netpoll.IOEvent) error {
	n, err := readSome(k.in, k.loop.slab)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return fmt.Errorf("read from the last link: %w", err)
	case n == 0:
		close(k.ended)
		return k.loop.unwatch(k.in)
	}
	k.loop.arrived = true
	k.received.Add(uint64(n))
	if k.frames != nil {
		k.frames.take(k.loop.slab[:n])
	}
	return nil
}

// assembler cuts the stream of the paced pass into frames and has them checked.
type assembler struct {
	frameBytes int
	checker    *traffic.Checker
	partial    []byte // the beginning of a frame whose end has not come yet
}

func (a *assembler) take(p []byte) {
	if len(a.partial) > 0 {
		missing := min(a.frameBytes-len(a.partial), len(p))
		a.partial = append(a.partial, p[:missing]...)
		p = p[missing:]
		if len(a.partial) < a.frameBytes {
			return
		}
		a.check(a.partial)
		a.partial = a.partial[:0]
	}
	for len(p) >= a.frameBytes {
		a.check(p[:a.frameBytes])
		p = p[a.frameBytes:]
	}
	a.partial = append(a.partial, p...)
}

func (a *assembler) check(frame []byte) {
	a.checker.Observe(traffic.Seq(frame), frame[traffic.HeaderBytes:])
}
