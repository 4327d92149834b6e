package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Kernel buffers that follow what a lane does. A lane starts with small ones: what they hold is what a slow
// downstream lets pile up, out of the switch's sight. One that moves much gets larger ones, so that a burst leaves
// in one write and arrives in one read, and loses them when it has become slow. Buffers that the options name stay as they are.

const (
	// wideSlabs is the larger size, in slabs. Measured: 2 split bursts, 16 win nothing more.
	wideSlabs = 4

	// narrowBuffer is the most that a lane starts with.
	narrowBuffer = 256 << 10

	// widenStep is after how many bytes the time is looked at, widenWithin in which they must pass for
	// larger buffers (some 100 MB/s), and narrowAfter how long they may take before those are lost again.
	widenStep   = 16 << 20
	widenWithin = 160 * time.Millisecond
	narrowAfter = 1600 * time.Millisecond
)

// width is one end's buffer in the kernel.
type width struct {
	step  int           // bytes that have passed of this step
	since time.Duration // when it began; 0 before the first
	wide  bool
}

// moved is called after n bytes have passed.
func (w *width) moved(lp *loop, fd int, option int, n int) {
	if lp.eng.opt.wideBytes == 0 || !w.stepped(n) {
		return
	}
	if w.timed(lp.Now()) {
		w.set(lp, fd, option)
	}
}

// stuck is called when the end has to wait: a lane that was fast and is not any more passes no step for long.
func (w *width) stuck(lp *loop, fd int, option int) {
	if w.wide && w.slow(lp.Now()) {
		w.wide = false
		w.set(lp, fd, option)
	}
}

// stepped counts bytes and reports whether to look at the time.
func (w *width) stepped(n int) bool {
	w.step += n
	return w.step >= widenStep || w.since == 0
}

// timed begins a new step at the given time, not 0, and reports whether the buffer's size changes.
func (w *width) timed(now time.Duration) (change bool) {
	first, was := w.since == 0, w.wide
	switch {
	case first:
	case now-w.since <= widenWithin:
		w.wide = true
	case w.slow(now):
		w.wide = false
	}
	w.step, w.since = 0, now
	return w.wide != was
}

// slow reports whether the step under way has taken too long for large buffers.
func (w *width) slow(now time.Duration) bool { return now-w.since >= narrowAfter }

// set gives the buffer in the kernel its size.
func (w *width) set(lp *loop, fd int, option int) {
	bytes := lp.eng.opt.SocketBytes
	if w.wide {
		bytes = lp.eng.opt.wideBytes
	}
	if err := resizeBuffer(fd, option, bytes); err != nil {
		lp.eng.opt.Log.Debug("resizing a socket's buffer", "fd", fd, "bytes", bytes, "err", err)
	}
}

// resizeBuffer sets SO_SNDBUF or SO_RCVBUF of a connection.
func resizeBuffer(fd, option, bytes int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, bytes); err != nil {
		return err
	}
	if option == unix.SO_RCVBUF {
		return widenWindow(fd, 2*bytes)
	}
	return nil
}
