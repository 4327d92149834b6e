package goroutine

import (
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
)

// pacedStart is how far ahead the schedule of a paced source begins, so that its first messages are not late merely
// because the chain is still being started.
const pacedStart = 20 * time.Millisecond

// source is node 1: it makes messages and puts them into the channel of its node's sender, being its own switch. The
// payloads of its messages are filled once, when the message is made; each sending only renumbers them.
type source struct {
	toward   chan<- *message
	messages *pool
	bodyHash uint64 // of every payload
	stopping atomic.Bool
	sent     uint64 // read by others only after run has returned
}

func newSource(c Config, toward chan<- *message) *source {
	return &source{
		toward:   toward,
		bodyHash: traffic.Fill(make([]byte, c.PayloadBytes)),
		messages: newPool(c.frameBytes(), func(m *message) {
			traffic.PutHeader(m.frame, c.PayloadBytes, 0)
			traffic.Fill(m.payload())
		}),
	}
}

// run sends back to back until stop.
func (s *source) run() error {
	defer close(s.toward)
	for !s.stopping.Load() {
		s.send(0)
	}
	return nil
}

// runPaced sends by the schedule until stop. While the channel is full the schedule goes on, and the messages that
// follow are late.
func (s *source) runPaced(schedule traffic.Schedule, p *pacer) error {
	defer close(s.toward)
	for !s.stopping.Load() {
		for due := schedule.Due(traffic.Now()); s.sent < due && !s.stopping.Load(); {
			s.send(schedule.Intended(s.sent))
		}
		if err := p.wait(); err != nil {
			return err
		}
	}
	return nil
}

// send sends the next message; at is when it is meant to leave, or 0.
func (s *source) send(at int64) {
	m := s.messages.get()
	traffic.PutSeq(m.frame, s.sent)
	apps.Stamp(m.payload(), s.bodyHash, s.sent, at)
	s.sent++
	s.toward <- m
}

func (s *source) stop() { s.stopping.Store(true) }
