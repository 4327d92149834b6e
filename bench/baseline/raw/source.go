package raw

import (
	"errors"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// injector is node 1. All but sent belongs to its loop.
type injector interface {
	attach() error
	// stop ends the stream as soon as the current block or frame is out.
	stop() error
	// sent returns how many bytes were handed to the kernel; from any goroutine.
	sent() uint64
	close() error
}

// source writes the same block again and again, drain before inject: at most one block, and only when nothing else
// was ready since its last turn. Its doorbell brings it one turn in every round of the poller.
type source struct {
	loop     *loop
	out      outlet
	bell     *doorbell
	block    []byte
	seen     uint64 // loop.events as of the last turn
	stopping bool
	written  atomic.Uint64
}

func newSource(l *loop, out int, c Config) (*source, error) {
	bell, err := newDoorbell()
	if err != nil {
		return nil, err
	}
	s := &source{loop: l, bell: bell, block: prefilled(c)}
	s.out = outlet{loop: l, fd: out, drained: s.resume}
	return s, nil
}

// prefilled returns a block of frames numbered from 0, which are never renumbered.
func prefilled(c Config) []byte {
	block := newBlock(c.blockBytes())
	for seq := range len(block) / c.frameBytes() {
		frame := block[seq*c.frameBytes():][:c.frameBytes()]
		traffic.PutHeader(frame, c.PayloadBytes, uint64(seq))
		payload := frame[traffic.HeaderBytes:]
		apps.Stamp(payload, traffic.Fill(payload), uint64(seq), 0)
	}
	return block
}

func (s *source) attach() error {
	return errors.Join(s.out.attach(), s.loop.watch(s.bell.readable(), s), s.bell.ring())
}

// ready is the source's turn.
func (s *source) ready(netpoll.IOEvent) error {
	const itself = 1
	alone := s.loop.events-s.seen <= itself
	s.seen = s.loop.events
	if !alone {
		return nil
	}
	if s.stopping {
		return errors.Join(s.loop.unwatch(s.bell.readable()), s.out.finish())
	}
	rest, err := s.out.write(s.block)
	if err != nil {
		return err
	}
	s.written.Add(uint64(len(s.block))) // the rest will follow, whatever happens
	if len(rest) == 0 {
		return nil
	}
	return errors.Join(s.bell.silence(), s.out.wait(rest))
}

func (s *source) resume() error { return s.bell.ring() }

func (s *source) stop() error {
	s.stopping = true
	return nil
}

func (s *source) sent() uint64 { return s.written.Load() }

func (s *source) close() error { return s.bell.close() }
