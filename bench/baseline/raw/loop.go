package raw

import (
	"errors"
	"fmt"

	gneterrors "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"
)

// handler reacts to a descriptor that is ready, or may be, with at most one read and one write; a source may go on while
// the chain keeps up. An error ends the chain.
type handler interface {
	ready(event netpoll.IOEvent) error
}

// loop is one event loop. Before run everything in it belongs to the goroutine that builds the chain, then to the
// one in run; only post and stop may be called from others.
type loop struct {
	poller   *netpoll.Poller
	slab     []byte    // what is read lies here until it is written, within one event
	handlers []handler // by descriptor; nil for those that are not watched
	events   uint64    // reported by the poller so far
	next     int       // the other end of what was just written, if it is on this loop; or noPeer
	arrived  bool      // the sink got something since somebody looked
	failure  error     // why run ended, if nobody stopped it
}

func newLoop(blockBytes int) (*loop, error) {
	poller, err := netpoll.OpenPoller()
	if err != nil {
		return nil, fmt.Errorf("open a poller: %w", err)
	}
	return &loop{poller: poller, slab: newBlock(blockBytes), next: noPeer}, nil
}

// run handles events until stop or a failure.
func (l *loop) run() error {
	err := l.poller.Polling(func(fd int, event netpoll.IOEvent, _ netpoll.IOFlags) error {
		// A handler may have stopped watching a descriptor whose event came in the same turn.
		if fd >= len(l.handlers) || l.handlers[fd] == nil {
			return nil
		}
		l.events++
		err := l.handlers[fd].ready(event)
		if err == nil {
			_, err = l.follow()
		}
		return l.judge(err)
	})
	if !errors.Is(err, gneterrors.ErrEngineShutdown) {
		return fmt.Errorf("wait for events: %w", err)
	}
	return l.failure
}

// follow reads at the other end of what was just written, and so on down the chain as far as it is on this loop: the
// kernel has delivered over loopback when a write returns, so nobody need be asked. It returns how many ends it read.
func (l *loop) follow() (reads int, err error) {
	for l.next != noPeer {
		end := l.handlers[l.next]
		l.next = noPeer
		if end == nil {
			break // a relay that waits for room
		}
		reads++
		if err := end.ready(0); err != nil {
			return reads, err
		}
	}
	return reads, nil
}

// judge turns a failure into the one error at which the poller stops.
func (l *loop) judge(err error) error {
	if err == nil {
		return nil
	}
	l.failure = err
	return gneterrors.ErrEngineShutdown
}

// post runs task on the loop; if it fails, so does the loop.
func (l *loop) post(task func() error) error {
	return l.poller.Trigger(queue.HighPriority, func(any) error { return l.judge(task()) }, nil)
}

// stop ends run after the events at hand.
func (l *loop) stop() error {
	return l.poller.Trigger(queue.HighPriority, func(any) error { return gneterrors.ErrEngineShutdown }, nil)
}

// watch has h called whenever fd is readable, and when it is writable if it was asked for with awaitWritable.
func (l *loop) watch(fd int, h handler) error {
	for fd >= len(l.handlers) {
		l.handlers = append(l.handlers, nil)
	}
	l.handlers[fd] = h
	return l.poller.AddRead(&netpoll.PollAttachment{FD: fd}, false)
}

func (l *loop) awaitWritable(fd int) error {
	return l.poller.ModReadWrite(&netpoll.PollAttachment{FD: fd}, false)
}

func (l *loop) ignoreWritable(fd int) error {
	return l.poller.ModRead(&netpoll.PollAttachment{FD: fd}, false)
}

// unwatch takes fd out of the poller. Where the poller cannot (its Delete does nothing with kqueue), events go on
// and are ignored.
func (l *loop) unwatch(fd int) error {
	l.handlers[fd] = nil
	return l.poller.Delete(fd)
}
