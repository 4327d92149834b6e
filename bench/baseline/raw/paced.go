package raw

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
)

// pacedStart is how far ahead the schedule of a paced source begins, so that its first frames are not late merely
// because the chain is still being started.
const pacedStart = 20 * time.Millisecond

// paced is the source of the latency pass: frame k leaves at its time in the schedule, or as soon after it as the
// link lets it, and carries that time.
type paced struct {
	out      outlet
	schedule traffic.Schedule
	pacer    pacer
	frame    []byte
	payload  []byte // of frame
	bodyHash uint64 // of payload
	next     uint64 // the frame to send next
	stopping bool
	written  atomic.Uint64
}

// pacer calls a source on its loop at the times of a schedule, or later.
type pacer interface {
	start(due func() error) error
	stop() error
	close() error
}

func newPaced(l *loop, out, peer int, c Config) (*paced, error) {
	schedule := traffic.NewSchedule(traffic.Now()+pacedStart.Nanoseconds(), c.RatePerSecond)
	pacer, err := newPacer(l, schedule)
	if err != nil {
		return nil, err
	}
	s := &paced{schedule: schedule, pacer: pacer, frame: newBlock(c.frameBytes())}
	s.out = outlet{loop: l, fd: out, peer: peer, drained: s.resume}
	s.payload = s.frame[traffic.HeaderBytes:]
	traffic.PutHeader(s.frame, c.PayloadBytes, 0)
	s.bodyHash = traffic.Fill(s.payload)
	return s, nil
}

func (s *paced) attach() error {
	return errors.Join(s.out.attach(), s.pacer.start(s.sendDue))
}

// sendDue sends the frames whose time has come. While one of them is stuck the schedule goes on, and those that
// follow are sent, late, when it is out.
func (s *paced) sendDue() error {
	due := s.schedule.Due(traffic.Now())
	for s.next < due && !s.out.blocked() && !s.stopping {
		traffic.PutSeq(s.frame, s.next)
		apps.Stamp(s.payload, s.bodyHash, s.next, s.schedule.Intended(s.next))
		s.next++
		rest, err := s.out.write(s.frame)
		if err != nil {
			return err
		}
		s.written.Add(uint64(len(s.frame)))
		if len(rest) > 0 {
			return s.out.wait(rest)
		}
	}
	return nil
}

func (s *paced) resume() error {
	if s.stopping {
		return s.out.finish()
	}
	return s.sendDue()
}

func (s *paced) stop() error {
	s.stopping = true
	if err := s.pacer.stop(); err != nil {
		return err
	}
	if s.out.blocked() {
		return nil // resume ends the stream
	}
	return s.out.finish()
}

func (s *paced) sent() uint64 { return s.written.Load() }

func (s *paced) close() error { return s.pacer.close() }
