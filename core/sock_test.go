package core

import (
	"math/rand/v2"

	"github.com/ioverlay/ioverlay/core/wire"
)

// sock is a slow socket between two nodes: both ends of a lane and the bounded
// pipe between them. Writes and reads stop in the middle of frames; nothing
// happens but in the steps that the test asks for.
type sock struct {
	w    *world
	out  *OutLane
	in   *InLane
	pipe []byte

	perWrite, most, perRead int // bytes a write takes, the pipe holds, a read returns

	waiting  bool // the writer, for room
	outDone  bool // the writer has closed
	outHow   CloseHow
	inDone   bool // the reader has closed
	inHow    CloseHow
	outTold  bool // the writer's lane knows that the reader has closed
	inTold   bool // the reader's lane knows that the writer has closed
	parted   bool // the writer's lane knows that both have
	carried  uint64
	wasReset bool

	framer wire.Framer
	stage  *wire.Stage
}

// sockDialler answers dials with sockets of random speeds.
func (w *world) sockDialler(rng *rand.Rand, most int) func(l *OutLane) {
	return func(l *OutLane) {
		n := w.find(l.Peer())
		if n == nil {
			l.Fail(ReasonRefused)
			return
		}
		s := &sock{w: w, out: l, stage: wire.NewStage(w.pool)}
		s.perWrite, s.most, s.perRead = 1+rng.IntN(most), 1+rng.IntN(most), 1+rng.IntN(most)
		s.framer.MaxPayload = w.sh.cfg.MaxPayload
		w.socks = append(w.socks, s)
		s.in = n.sw.Accept(l.Node().ID(), l.App(), s.reader())
		l.Opened(s)
	}
}

// Flush implements OutTransport.
func (s *sock) Flush(l *OutLane) {
	queued, _ := l.Queued()
	if s.waiting || queued == 0 || s.outDone {
		return
	}
	n := min(queued, s.perWrite, s.most-len(s.pipe))
	if s.inDone {
		n = 0
	}
	if n > 0 {
		s.pipe = append(s.pipe, head(l, n)...)
		s.carried += uint64(n)
		l.Wrote(n)
	}
	s.waiting = n < queued
}

// Close implements OutTransport.
func (s *sock) Close(_ *OutLane, how CloseHow) { s.outDone, s.outHow = true, how }

// sockReader is the reading end as an InTransport.
type sockReader sock

func (s *sock) reader() *sockReader { return (*sockReader)(s) }

// Drained implements InTransport.
func (r *sockReader) Drained(l *InLane) bool {
	if run := l.TakeRest(); run.Slab != nil {
		r.framer.Keep(wire.Chunk{Slab: run.Slab, Off: run.Off, Len: run.Len})
	}
	return false
}

// Close implements InTransport.
func (r *sockReader) Close(_ *InLane, how CloseHow) {
	r.inDone, r.inHow = true, how
	r.framer.Close()
}

// acts are the steps that the socket could take now.
func (s *sock) acts() (as []func()) {
	if s.waiting && !s.outDone && !s.inDone && len(s.pipe) < s.most {
		as = append(as, func() { s.waiting = false; s.Flush(s.out) })
	}
	if s.inDone && !s.outDone && !s.outTold {
		as = append(as, func() { s.outTold, s.outDone = true, true; s.out.Fail(s.inHow.Reason()) })
	}
	if s.inDone && s.outDone && !s.parted {
		as = append(as, func() { s.parted = true; s.out.Parted() })
	}
	if s.inDone || s.in.Busy() {
		return as
	}
	if len(s.pipe) > 0 {
		as = append(as, s.read)
	} else if s.outDone && !s.inTold {
		as = append(as, func() { s.inTold = true; s.in.End(s.outHow.Reason(), nil) })
	}
	return as
}

func (s *sock) read() {
	space, err := s.framer.Space(s.stage, min(s.perRead, len(s.pipe)))
	if err != nil {
		s.w.t.Fatalf("no space to read into: %v", err)
	}
	n := copy(space, s.pipe)
	s.pipe = s.pipe[n:]
	c := s.framer.Filled(s.stage, n)
	s.in.Feed(Run{Slab: c.Slab, Off: c.Off, Len: c.Len})
}

// reset breaks the connection: what is in the pipe is lost, and both lanes see it.
func (s *sock) reset() {
	if s.outDone || s.inDone {
		return
	}
	s.wasReset = true
	s.pipe = nil
	s.outDone, s.outTold, s.inTold = true, true, true
	s.out.Fail(ReasonReset)
	s.in.End(ReasonReset, nil)
}

// wander takes random steps until none is left or most of them were taken, and
// reports whether it came to rest. Each step is followed by a check of everything.
func (w *world) wander(rng *rand.Rand, most int, each func()) bool {
	w.t.Helper()
	for range most {
		var as []func()
		if w.sh.Ready() {
			as = append(as, func() { w.sh.ServeNext() })
		}
		if w.sh.Sources() {
			as = append(as, w.sh.Inject)
		}
		for _, s := range w.socks {
			as = append(as, s.acts()...)
		}
		if w.sh.Unflushed() {
			as = append(as, w.sh.Flush)
		}
		if len(as) == 0 {
			if len(w.timers) == 0 {
				return true
			}
			w.fireNext(1 << 62)
			continue
		}
		as[rng.IntN(len(as))]()
		w.check()
		if each != nil {
			each()
		}
	}
	return false
}
