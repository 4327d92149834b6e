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

// turnReads is after how many reads down the chain the source leaves its turn, so that the poller is asked.
const turnReads = 16

// source writes the same block again and again, drain before inject: one block, and only when nothing else was ready
// since its last turn, and the next when that one has reached the sink within the turn. Its doorbell brings it one turn
// in every round of the poller.
type source struct {
	loop     *loop
	out      outlet
	bell     *doorbell
	block    []byte
	at       int    // where in block the next write begins
	piece    int    // the most that it writes
	seen     uint64 // loop.events as of the last turn
	stopping bool
	written  atomic.Uint64
}

func newSource(l *loop, out, peer int, c Config) (*source, error) {
	bell, err := newDoorbell()
	if err != nil {
		return nil, err
	}
	s := &source{loop: l, bell: bell, block: prefilled(c), piece: c.moveBytes()}
	s.out = outlet{loop: l, fd: out, peer: peer, drained: s.resume}
	return s, nil
}

// prefilled returns a block of frames numbered from 0, which are never renumbered.
func prefilled(c Config) []byte {
	block := newBlock(c.fillBytes())
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
	for spent := 0; spent < turnReads; {
		if s.stopping && s.at == 0 {
			return errors.Join(s.loop.unwatch(s.bell.readable()), s.out.finish())
		}
		if err := s.inject(); err != nil || s.out.blocked() {
			return err
		}
		s.loop.arrived = false
		reads, err := s.loop.follow()
		if err != nil || !s.loop.arrived {
			return err
		}
		spent += reads
	}
	return nil
}

// inject writes a piece of the block.
func (s *source) inject() error {
	p := s.block[s.at:min(s.at+s.piece, len(s.block))]
	rest, err := s.out.write(p)
	if err != nil {
		return err
	}
	s.written.Add(uint64(len(p))) // the rest will follow, whatever happens
	s.at = (s.at + len(p)) % len(s.block)
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
