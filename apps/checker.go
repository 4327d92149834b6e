package apps

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// sampleEvery is how many messages there are for each one whose body the
// checker hashes. Every sequence number is checked.
const sampleEvery = 256

// Tally is what a checker found, for one session or for all.
type Tally struct {
	Messages   uint64 `json:"messages"`
	Bytes      uint64 `json:"bytes"`        // of payload
	Lost       uint64 `json:"lost"`         // sequence numbers skipped and not seen since
	OutOfOrder uint64 `json:"out_of_order"` // messages that came after a later one, or twice
	Corrupt    uint64 `json:"corrupt"`      // sampled messages whose bytes are not what was sent
	Sampled    uint64 `json:"sampled"`
}

// add sums two tallies.
func (t *Tally) add(o Tally) {
	t.Messages += o.Messages
	t.Bytes += o.Bytes
	t.Lost += o.Lost
	t.OutOfOrder += o.OutOfOrder
	t.Corrupt += o.Corrupt
	t.Sampled += o.Sampled
}

// Checker is a sink that counts and checks what the sources of this package
// send. A session is one sender and application; its first message is number 0.
type Checker struct {
	// Latency, if set, is called with the nanoseconds since a paced message was
	// meant to be sent.
	Latency func(ns int64)

	sessions []*session
	last     *session
}

type session struct {
	head   [wire.StreamLen]byte // of its first message, to know the others by
	sender core.NodeID
	app    uint32
	next   uint64 // sequence number expected
	tally  Tally
}

// Consume implements core.Sink.
func (c *Checker) Consume(n *core.Node, m *core.Msg) {
	s := c.last
	if s == nil || !wire.SameStream(m.Frame(), s.head[:]) {
		s = c.session(m)
	}
	seq, p := m.Seq(), m.Payload()
	s.tally.Messages++
	s.tally.Bytes += uint64(len(p))
	if seq != s.next {
		s.misplaced(seq)
	} else {
		s.next++
	}
	if seq%sampleEvery == 0 {
		s.sample(seq, p)
	}
	if c.Latency != nil && len(p) >= stampSize {
		if at := int64(binary.BigEndian.Uint64(p)); at != 0 {
			c.Latency(int64(n.Now()) - at)
		}
	}
}

// session finds or begins the session of a message.
func (c *Checker) session(m *core.Msg) *session {
	for _, s := range c.sessions {
		if s.app == m.App() && s.sender == m.Sender() {
			c.last = s
			return s
		}
	}
	c.last = &session{sender: m.Sender(), app: m.App()}
	copy(c.last.head[:], m.Frame())
	c.sessions = append(c.sessions, c.last)
	return c.last
}

// misplaced books a sequence number that was not the expected one.
func (s *session) misplaced(seq uint64) {
	if seq > s.next {
		s.tally.Lost += seq - s.next
		s.next = seq + 1
		return
	}
	s.tally.OutOfOrder++
	if s.tally.Lost > 0 {
		s.tally.Lost-- // it was late, not lost
	}
}

// sample checks a message's bytes.
func (s *session) sample(seq uint64, p []byte) {
	if len(p) < stampSize {
		return
	}
	s.tally.Sampled++
	at, want := int64(binary.BigEndian.Uint64(p)), binary.BigEndian.Uint64(p[8:])
	if check(xxhash.Sum64(p[stampSize:]), seq, at) != want {
		s.tally.Corrupt++
	}
}

// Tally sums all sessions. Call it on the node's loop.
func (c *Checker) Tally() Tally {
	var t Tally
	for _, s := range c.sessions {
		t.add(s.tally)
	}
	return t
}

// Session is the tally of one session. Call it on the node's loop.
func (c *Checker) Session(sender core.NodeID, app uint32) Tally {
	for _, s := range c.sessions {
		if s.app == app && s.sender == sender {
			return s.tally
		}
	}
	return Tally{}
}
