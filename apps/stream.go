package apps

// Tally is what a checker found, for one session or for all.
type Tally struct {
	Messages   uint64 `json:"messages"`
	Bytes      uint64 `json:"bytes"`        // of payload
	Lost       uint64 `json:"lost"`         // sequence numbers skipped and not seen since
	OutOfOrder uint64 `json:"out_of_order"` // messages that came after a later one, or twice
	Corrupt    uint64 `json:"corrupt"`      // messages whose bytes are not what was sent
	Sampled    uint64 `json:"sampled"`      // messages whose bytes were looked at
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

// StreamChecker checks one stream: messages of one source of this package, in the
// order in which they arrive. It is the part of Checker that knows nothing of nodes.
// The zero value is ready: it expects number 0 and checks every message.
type StreamChecker struct {
	// SampleEvery is how many messages there are for each one whose content is
	// checked; 0 and 1 mean every message.
	SampleEvery uint64
	// PayloadBytes, if set, is the length that the payload of every message must
	// have; one of another length is corrupt.
	PayloadBytes int

	next    uint64 // sequence number expected
	unasked uint64 // messages left until the next whose content is checked
	tally   Tally
}

// Observe examines a message: its sequence number and its payload, which it does not
// keep. It reports whether it found nothing wrong.
func (s *StreamChecker) Observe(seq uint64, payload []byte) bool {
	s.tally.Messages++
	s.tally.Bytes += uint64(len(payload))
	good := seq == s.next
	if good {
		s.next++
	} else {
		s.misplaced(seq)
	}
	if s.PayloadBytes != 0 && len(payload) != s.PayloadBytes {
		s.tally.Corrupt++
		return false
	}
	if s.unasked > 0 {
		s.unasked--
		return good
	}
	if s.SampleEvery > 1 {
		s.unasked = s.SampleEvery - 1
	}
	return s.look(seq, payload) && good
}

// misplaced books a sequence number that was not the expected one.
func (s *StreamChecker) misplaced(seq uint64) {
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

// look checks a message's bytes.
func (s *StreamChecker) look(seq uint64, payload []byte) bool {
	if len(payload) < StampSize {
		return true
	}
	s.tally.Sampled++
	if !intact(payload, seq) {
		s.tally.Corrupt++
		return false
	}
	return true
}

// Finish says how many messages the source has sent in all: those missing at the end
// are lost too.
func (s *StreamChecker) Finish(sent uint64) {
	if sent > s.next {
		s.tally.Lost += sent - s.next
		s.next = sent
	}
}

// Tally is what was found so far.
func (s *StreamChecker) Tally() Tally { return s.tally }
