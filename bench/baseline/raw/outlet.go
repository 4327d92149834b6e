package raw

import (
	"errors"
	"fmt"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// noPeer stands for an end on another loop.
const noPeer = -1

// outlet is the sending end of a link. It belongs to the loop of its node.
type outlet struct {
	loop    *loop
	fd      int
	peer    int          // the other end, if it is on the same loop; or noPeer
	rest    []byte       // what waits until the kernel has room; empty when nothing does
	drained func() error // called when rest is out
}

// attach has the loop watch the outlet. Nothing ever comes up a link, so it is never readable while both ends are
// open, and this costs nothing; it makes waiting for room a change instead of a registration.
func (o *outlet) attach() error { return o.loop.watch(o.fd, o) }

// write hands p to the kernel with one call and returns what it did not take.
func (o *outlet) write(p []byte) (rest []byte, err error) {
	n, err := writeSome(o.fd, p)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return p, fmt.Errorf("write %d bytes to a link: %w", len(p), err)
	}
	if n > 0 {
		o.loop.next = o.peer
	}
	return p[n:], nil
}

// wait keeps rest, which the caller must not change, until the kernel has taken it, and then calls drained.
func (o *outlet) wait(rest []byte) error {
	o.rest = rest
	return o.loop.awaitWritable(o.fd)
}

func (o *outlet) blocked() bool { return len(o.rest) > 0 }

func (o *outlet) ready(event netpoll.IOEvent) error {
	if !o.blocked() {
		return errors.New("a link was closed by its receiver")
	}
	if !netpoll.IsWriteEvent(event) {
		return nil
	}
	rest, err := o.write(o.rest)
	o.rest = rest
	if err != nil || len(rest) > 0 {
		return err
	}
	if err := o.loop.ignoreWritable(o.fd); err != nil {
		return err
	}
	return o.drained()
}

// finish ends the stream: the receiver reads all that was written and then the end.
func (o *outlet) finish() error {
	if o.blocked() {
		panic("raw: a link may be finished only when everything is written")
	}
	if err := unix.Shutdown(o.fd, unix.SHUT_WR); err != nil {
		return fmt.Errorf("end a link: %w", err)
	}
	return o.loop.unwatch(o.fd)
}
