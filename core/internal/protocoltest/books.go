package protocoltest

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core"
)

// Books are the accounts of all lives of all nodes together.
type Books struct {
	Sent, Received uint64 // by algorithms and by the switch itself
	Told           uint64 // losses that algorithms were told of
	Emulated       uint64 // losses of links that were told to lose
	Untold         uint64 // losses of lives that ended before they could be told
	Asked          uint64
	Answered       uint64
	Held           uint64 // by lives that ended: they were received, and are answered by nobody
}

// Add adds a life, with its node's last counters.
func (b *Books) Add(p *Peer, s core.Stats) {
	b.Sent += p.Sent + s.Own.Sent - s.Own.Lost
	b.Received += p.Received + s.Own.Taken
	b.Told += p.Told
	b.Emulated += s.Lost.EmulMsgs
	b.Untold += s.Lost.OutMsgs + s.Lost.InMsgs - p.Told
	b.Asked += p.Asked
	b.Answered += p.Answered
	b.Held += uint64(len(p.held))
}

// Faults say what has happened, and so how exact the books can be.
type Faults struct {
	Ended bool // lives have ended, and could not be told of what they lost with them
	Cut   bool // peers did not answer: what they had taken meanwhile may count as lost as well
}

// Check says what is wrong with the books in the end, when nobody does anything any
// more.
func (b *Books) Check(f Faults) error {
	switch lost := b.Told + b.Emulated + b.Untold; {
	case b.Sent > b.Received+lost, b.Sent < b.Received+lost && !f.Cut:
		return fmt.Errorf("of %d messages %d were received and %d lost, so %d are unaccounted for: %+v",
			b.Sent, b.Received, lost, int64(b.Sent)-int64(b.Received+lost), *b)
	case !f.Ended && b.Untold != 0:
		return fmt.Errorf("%d losses were not told to anybody, and nobody has ended: %+v", int64(b.Untold), *b)
	case b.Answered > b.Asked || b.Asked-b.Answered > lost+b.Held:
		return fmt.Errorf("of %d questions %d were answered, and only %d messages lost", b.Asked, b.Answered, lost)
	}
	return nil
}
