package host

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// tally counts what arrives, and remembers what has changed since it was read last, so
// that reading costs what has changed and not all there is. Messages of one neighbour
// and application come one after another, so the last one is looked at first, and a map
// only behind it.
type tally struct {
	apps    counted[uint32, AppCount]
	in      counted[lane, InCount]
	streams counted[lane, stream]

	lastLane lane
	lastIn   int // in in
	lastOf   lane
	lastSeen int // lastOf in streams
	lastApp  int // its application in apps

	follow *follow // nil: no messages are followed
}

// lane is a node and an application: where messages come from, or who made them.
type lane struct {
	node core.NodeID
	app  uint32
}

func (t *tally) data(m *core.Msg) {
	t.coded(m)
	if t.isNew(lane{m.Sender(), m.App()}, m.Seq()) && t.follow != nil {
		t.follow.first(m)
	}
}

// coded counts a message by the link that it came on, and not by what it is.
func (t *tally) coded(m *core.Msg) {
	from := lane{m.From(), m.App()}
	if t.lastLane != from {
		t.lastLane, t.lastIn = from, t.inOf(from)
	}
	c := t.in.touch(t.lastIn)
	c.Msgs++
	c.Bytes += uint64(m.Len())
	c.Payload += uint64(len(m.Payload()))
}

// delivered counts a message that was put together here: Env.Delivered.
func (t *tally) delivered(maker core.NodeID, app uint32, seq uint64) {
	if t.isNew(lane{maker, app}, seq) && t.follow != nil {
		t.follow.note(First{App: app, Maker: maker, Seq: seq})
	}
}

// isNew counts a message of a source if it has not come before.
func (t *tally) isNew(of lane, seq uint64) bool {
	if t.lastOf != of || len(t.streams.keys) == 0 {
		t.lastOf, t.lastSeen, t.lastApp = of, t.streams.at(of), t.appAt(of.app)
	}
	if !t.streams.entries[t.lastSeen].value.mark(seq) {
		return false
	}
	t.apps.touch(t.lastApp).Distinct++
	return true
}

func (t *tally) inOf(from lane) int {
	i := t.in.at(from)
	v := &t.in.entries[i].value
	v.From, v.App, v.Slot = from.node, from.app, i
	return i
}

// app is the count of one application, to be changed.
func (t *tally) app(app uint32) *AppCount { return t.apps.touch(t.appAt(app)) }

func (t *tally) appAt(app uint32) int {
	i := t.apps.at(app)
	t.apps.entries[i].value.App = app
	return i
}

// counted is values by keys, and which of them have been touched since they were taken.
// Most nodes have few neighbours and applications: up to a handful are looked for one by
// one, which is quicker than a map, and more by a map. Entries lie side by side and are
// known by their places: in a large world what counts is how many cache lines they are in.
type counted[K comparable, V any] struct {
	keys    []K
	entries []entry[V] // beside keys
	index   map[K]int  // once there are more than handful
	touched []int32    // places
}

const handful = 8

type entry[V any] struct {
	value V
	dirty bool
}

// at is the place of a key, which is made for it if it has none.
func (c *counted[K, V]) at(k K) int {
	if c.index != nil {
		if i, ok := c.index[k]; ok {
			return i
		}
	} else if i := slices.Index(c.keys, k); i >= 0 {
		return i
	}
	last := len(c.keys)
	c.keys, c.entries = append(c.keys, k), append(c.entries, entry[V]{})
	switch {
	case c.index != nil:
		c.index[k] = last
	case len(c.keys) > handful:
		c.index = make(map[K]int, 2*len(c.keys))
		for i, k := range c.keys {
			c.index[k] = i
		}
	}
	return last
}

// touch is the value at a place, which its caller changes before the next call of at.
func (c *counted[K, V]) touch(i int) *V {
	e := &c.entries[i]
	if !e.dirty {
		e.dirty = true
		c.touched = append(c.touched, int32(i))
	}
	return &e.value
}

// take reads what was touched, through fn, which makes of it what is reported and may
// change it for the next time.
func (c *counted[K, V]) take(fn func(*V) V) []V {
	if len(c.touched) == 0 {
		return nil
	}
	out := make([]V, 0, len(c.touched))
	for _, i := range c.touched {
		e := &c.entries[i]
		out = append(out, fn(&e.value))
		e.dirty = false
	}
	c.touched = c.touched[:0]
	return out
}

// stream remembers which sequence numbers of one sender and application have
// arrived: a bit each, from the first on.
type stream struct{ seen []uint64 }

// maxSeq bounds the memory of a stream: 32 MiB for 2^28 messages. Sequence numbers
// beyond, which no scenario reaches, count as new.
const maxSeq = 1 << 28

// mark reports whether a number is new.
func (s *stream) mark(seq uint64) bool {
	if seq >= maxSeq {
		return true
	}
	word, bit := int(seq/64), uint64(1)<<(seq%64)
	if word >= len(s.seen) {
		s.seen = append(s.seen, make([]uint64, word+1-len(s.seen))...)
	}
	isNew := s.seen[word]&bit == 0
	s.seen[word] |= bit
	return isNew
}
