//go:build !linux

package engine

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// waker is a descriptor that can be made readable: a pipe.
type waker struct{ r, w int }

func (w *waker) open() error {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	w.r, w.w = fds[0], fds[1]
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return errors.Join(fmt.Errorf("pipe: %w", err), w.close())
		}
	}
	return nil
}

func (w *waker) fd() int { return w.r }

// raise makes the descriptor readable.
func (w *waker) raise() {
	interleave.Writes(w)
	_, _ = sysWrite(w.w, []byte{1}) // a full pipe is readable already
}

// lower makes it unreadable again. raise is called once for each lower.
func (w *waker) lower() {
	interleave.Writes(w)
	var buf [8]byte
	_, _ = sysRead(w.r, buf[:])
}

func (w *waker) close() error { return errors.Join(unix.Close(w.r), unix.Close(w.w)) }
