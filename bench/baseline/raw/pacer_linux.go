package raw

import (
	"errors"
	"fmt"

	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// timerPacer is a timerfd in the poller of the source's loop.
type timerPacer struct {
	loop *loop
	fd   int
	due  func() error
}

func newPacer(l *loop, s traffic.Schedule) (pacer, error) {
	fd, err := traffic.OpenTimer(s)
	if err != nil {
		return nil, err
	}
	return &timerPacer{loop: l, fd: fd}, nil
}

func (p *timerPacer) start(due func() error) error {
	p.due = due
	return p.loop.watch(p.fd, p)
}

func (p *timerPacer) ready(netpoll.IOEvent) error {
	var expirations [8]byte
	if _, err := readSome(p.fd, expirations[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("read a timerfd: %w", err)
	}
	return p.due()
}

func (p *timerPacer) stop() error { return p.loop.unwatch(p.fd) }

func (p *timerPacer) close() error { return unix.Close(p.fd) }
