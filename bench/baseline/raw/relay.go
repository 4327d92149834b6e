package raw

import (
	"errors"
	"fmt"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// relay is a node between source and sink. It belongs to one loop.
type relay struct {
	loop *loop
	in   int
	out  outlet
	own  []byte // holds what could not be written at once; made when first needed
}

func newRelay(l *loop, in, out, peer int) *relay {
	r := &relay{loop: l, in: in}
	r.out = outlet{loop: l, fd: out, peer: peer, drained: r.resume}
	return r
}

func (r *relay) attach() error {
	return errors.Join(r.loop.watch(r.in, r), r.out.attach())
}

// ready moves one block at most.
func (r *relay) ready(netpoll.IOEvent) error {
	n, err := readSome(r.in, r.loop.slab)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil
	case err != nil:
		return fmt.Errorf("read from a link: %w", err)
	case n == 0:
		return errors.Join(r.loop.unwatch(r.in), r.out.finish())
	}
	rest, err := r.out.write(r.loop.slab[:n])
	if err != nil || len(rest) == 0 {
		return err
	}
	return r.pause(rest)
}

// pause keeps rest out of the shared slab and stops reading, so that TCP holds the sender back.
func (r *relay) pause(rest []byte) error {
	if r.own == nil {
		r.own = newBlock(len(r.loop.slab))
	}
	kept := r.own[:copy(r.own, rest)]
	return errors.Join(r.loop.unwatch(r.in), r.out.wait(kept))
}

func (r *relay) resume() error { return r.loop.watch(r.in, r) }
