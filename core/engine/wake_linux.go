package engine

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// waker is a descriptor that can be made readable: an eventfd.
type waker struct{ efd int }

func (w *waker) open() (err error) {
	if w.efd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	return nil
}

func (w *waker) fd() int { return w.efd }

var one = binary.NativeEndian.AppendUint64(nil, 1)

// raise makes the descriptor readable.
func (w *waker) raise() {
	interleave.Writes(w)
	// It cannot fail but for a full counter, and then it is readable.
	_, _ = sysWakeWrite(w.efd, one)
}

// lower makes it unreadable again.
func (w *waker) lower() {
	interleave.Writes(w)
	var buf [8]byte
	_, _ = sysWakeRead(w.efd, buf[:]) // EAGAIN: nobody had raised it
}

func (w *waker) close() error { return unix.Close(w.efd) }

// sysWakeWrite and sysWakeRead are calls of their own so that a profile tells
// wake-ups from the data path's writes and reads.
func sysWakeWrite(fd int, p []byte) (int, error) { return unix.Write(fd, p) }

func sysWakeRead(fd int, p []byte) (int, error) { return unix.Read(fd, p) }
