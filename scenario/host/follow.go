package host

import (
	"math/bits"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// follow notes of a sample of the messages when they were made here, and when and from whom
// they came first. Which are in the sample their number alone says, so all nodes follow the
// same ones and nothing is carried in a message.
type follow struct {
	node   *core.Node
	dense  uint64
	firsts []First
	made   []Made
	missed uint64
}

// First is a message that came to a node for the first time since it started.
type First struct {
	App   uint32        `json:"app"`
	Maker core.NodeID   `json:"maker"` // the sender in its header
	Seq   uint64        `json:"seq"`
	From  core.NodeID   `json:"from"` // the upstream node; zero: it was put together of what several sent
	At    time.Duration `json:"at_ns"`
}

// Made is a message that a source at a node made.
type Made struct {
	App uint32 `json:"app"`
	Seq uint64 `json:"seq"`
	// At is when its rate asked for it, or, of a source back to back, when the node was
	// shown it: what waits for its turn at the source has been made on purpose.
	At time.Duration `json:"at_ns"`
}

// maxFollowed bounds what is noted between two readings.
const maxFollowed = 1 << 16

// Followed reports whether a message of a number is followed: all below dense, a power of
// two, then half of dense from each doubling, evenly.
func Followed(seq uint64, dense int) bool {
	octave := bits.Len64(seq / uint64(dense))
	return seq&(1<<octave-1) == 0
}

// first notes a message that came for the first time.
func (f *follow) first(m *core.Msg) {
	f.note(First{App: m.App(), Maker: m.Sender(), Seq: m.Seq(), From: m.From()})
}

func (f *follow) note(m First) {
	switch {
	case !Followed(m.Seq, int(f.dense)):
	case len(f.firsts) >= maxFollowed:
		f.missed++
	default:
		m.At = f.node.Now()
		f.firsts = append(f.firsts, m)
	}
}

// shown notes a message of a source of this host, which the node is shown.
func (f *follow) shown(m *core.Msg, sources []*source) {
	if !Followed(m.Seq(), int(f.dense)) {
		return
	}
	for _, s := range sources {
		if s.app != m.App() || !s.begun {
			continue
		}
		if len(f.made) >= maxFollowed {
			f.missed++
			return
		}
		at := f.node.Now()
		if s.rate > 0 {
			at = min(at, s.start+time.Duration(float64(m.Seq())/s.rate*float64(time.Second)))
		}
		f.made = append(f.made, Made{m.App(), m.Seq(), at})
		return
	}
}

// take is what was noted since it was called last; the caller owns it.
func (f *follow) take(c *Counters) {
	if f == nil {
		return
	}
	c.Firsts, c.Made, c.Missed = f.firsts, f.made, f.missed
	f.firsts, f.made, f.missed = nil, nil, 0
}
