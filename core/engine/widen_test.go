package engine

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

func TestBlocksFollowTheMachine(t *testing.T) {
	const narrow, wide = 128 << 10, 256 << 10
	for _, c := range []struct {
		name       string
		l2, window int
		budget     int64
		want       int
	}{
		{"nothing is known", 0, 0, 0, narrow},
		{"the processor does not say", -1, 4 << 20, 0, narrow},
		{"a small cache", 512 << 10, 4 << 20, 0, narrow},
		{"the kernel's own default of window", 1 << 20, 212992, 0, narrow},
		{"both allow it", 1 << 20, 1 << 20, 0, wide},
		{"more than that", 2 << 20, 16 << 20, 0, wide},
		{"a small budget", 2 << 20, 16 << 20, 256<<20 - 1, narrow},
		{"a budget that bears it", 2 << 20, 16 << 20, 256 << 20, wide},
	} {
		if got := blockFor(c.l2, c.window, c.budget); got != c.want {
			t.Errorf("%s: blocks of %d bytes, want %d", c.name, got, c.want)
		}
	}
}

// What the baselines are given is what an engine has.
func TestMachineSizesAreTheEngines(t *testing.T) {
	for loops := 1; loops <= 2; loops++ { // between loops, too: no other core waits for long any more
		e := newEngine(t, Options{Loops: loops})
		block, socket := MachineSizes()
		if block != blockSize(e.Pool().SlabSize()) || socket != max(e.opt.wideBytes, e.opt.SocketBytes) {
			t.Errorf("%d loops: blocks of %d and buffers of %d bytes; the engine has %d and %d", loops, block, socket,
				blockSize(e.Pool().SlabSize()), e.opt.wideBytes)
		}
	}
}

// What the options name is left alone.
func TestSizesThatAreNamedStay(t *testing.T) {
	e := newEngine(t, Options{SocketBytes: 70 << 10, ReadBytes: 9000, Core: core.Config{QueueBytes: 5000, Quantum: 6000},
		Pool: bufpool.Options{SlabSize: 30 << 10}})
	if o := e.Options(); o.SocketBytes != 70<<10 || o.wideBytes != 0 || o.ReadBytes != 9000 || o.Core.QueueBytes != 5000 ||
		o.Core.Quantum != 6000 || e.Pool().SlabSize() != 32<<10 {
		t.Errorf("%+v, slabs of %d", o, e.Pool().SlabSize())
	}
	if o := newEngine(t, Options{}).Options(); o.wideBytes < o.SocketBytes || o.Core.QueueBytes != blockSize(o.ReadBytes) {
		t.Errorf("defaults: %+v", o)
	}
}

// A lane's buffers follow how long a step of its bytes takes.
func TestWidth(t *testing.T) {
	type look struct {
		bytes int
		after time.Duration
		wide  bool
	}
	const fast, middling, slow = widenWithin, widenWithin + 1, narrowAfter
	for _, c := range []struct {
		name  string
		looks []look
	}{
		{"fast", []look{{1, 0, false}, {widenStep, fast, true}}},
		{"not fast enough", []look{{1, 0, false}, {widenStep, middling, false}}},
		{"few bytes are no step", []look{{1, 0, false}, {widenStep - 1, fast - 1, false}, {1, 1, true}}},
		{"stays between the two", []look{{1, 0, false}, {widenStep, fast, true}, {widenStep, middling, true}}},
		{"slow again", []look{{1, 0, false}, {widenStep, fast, true}, {widenStep, slow, false}, {widenStep, fast, true}}},
	} {
		w, now := width{}, time.Second
		for i, l := range c.looks {
			now += l.after
			was := w.wide
			change := w.stepped(l.bytes) && w.timed(now)
			if w.wide != l.wide || change != (w.wide != was) {
				t.Errorf("%s, look %d: wide %v, change %v", c.name, i, w.wide, change)
			}
		}
	}
}

// The kernel's buffers really change, and the lane goes on.
func TestBuffersAreResized(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1}), &gauge{}
	nodes := e.row(t, 2, sink)
	say(t, nodes[0], nodes[1].ID(), 10)
	eventually(t, "the lane is there", func() bool { return sink.n.Load() == 10 })
	narrow, wide := e.opt.SocketBytes, e.opt.wideBytes
	do(t, nodes[0], func(*core.Node) {
		lp := nodes[0].loop
		for _, h := range lp.fds {
			var w *width
			fd, option := 0, unix.SO_SNDBUF
			switch c := h.(type) {
			case *tcpOut:
				w, fd = &c.width, c.fd
			case *tcpIn:
				w, fd, option = &c.width, c.fd, unix.SO_RCVBUF
			default:
				continue
			}
			for _, bytes := range []int{wide, narrow, wide} {
				w.wide = bytes == wide
				w.set(lp, fd, option)
				if got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option); err != nil || got < bytes {
					t.Errorf("option %d: buffer of %d bytes, %v, want %d or more", option, got, err, bytes)
				}
			}
		}
	})
	send(t, nodes[0], stream(5000, 2000))
	eventually(t, "the lane goes on", func() bool { return sink.n.Load() == 2010 })
}
