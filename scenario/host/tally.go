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

	lastIn     *entry[InCount]
	lastLane   lane
	lastStream *stream
	lastApp    *entry[AppCount]
	lastOf     lane // of lastStream
}

// lane is a node and an application: where messages come from, or who made them.
type lane struct {
	node core.NodeID
	app  uint32
}

func (t *tally) data(m *core.Msg) {
	from := lane{m.From(), m.App()}
	if t.lastIn == nil || t.lastLane != from {
		t.lastLane, t.lastIn = from, t.in.at(from)
		t.lastIn.value.From, t.lastIn.value.App = from.node, from.app
	}
	c := t.in.touch(t.lastIn)
	c.Msgs++
	c.Bytes += uint64(m.Len())
	c.Payload += uint64(len(m.Payload()))
	of := lane{m.Sender(), m.App()}
	if t.lastStream == nil || t.lastOf != of {
		t.lastOf, t.lastStream, t.lastApp = of, &t.streams.at(of).value, t.appEntry(of.app)
	}
	if t.lastStream.mark(m.Seq()) {
		t.apps.touch(t.lastApp).Distinct++
	}
}

// app is the count of one application, to be changed.
func (t *tally) app(app uint32) *AppCount { return t.apps.touch(t.appEntry(app)) }

func (t *tally) appEntry(app uint32) *entry[AppCount] {
	e := t.apps.at(app)
	e.value.App = app
	return e
}

// counted is values by keys, and which of them have been touched since they were taken.
// Most nodes have few neighbours and applications: up to a handful are looked for one by
// one, which is quicker than a map, and more by a map.
type counted[K comparable, V any] struct {
	keys    []K
	entries []*entry[V] // beside keys
	index   map[K]int   // once there are more than handful
	touched []*entry[V]
}

const handful = 8

type entry[V any] struct {
	value V
	dirty bool
}

func (c *counted[K, V]) at(k K) *entry[V] {
	if c.index != nil {
		if i, ok := c.index[k]; ok {
			return c.entries[i]
		}
	} else if i := slices.Index(c.keys, k); i >= 0 {
		return c.entries[i]
	}
	e := new(entry[V])
	c.keys, c.entries = append(c.keys, k), append(c.entries, e)
	switch {
	case c.index != nil:
		c.index[k] = len(c.keys) - 1
	case len(c.keys) > handful:
		c.index = make(map[K]int, 2*len(c.keys))
		for i, k := range c.keys {
			c.index[k] = i
		}
	}
	return e
}

// touch is an entry's value, which its caller changes.
func (c *counted[K, V]) touch(e *entry[V]) *V {
	if !e.dirty {
		e.dirty = true
		c.touched = append(c.touched, e)
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
	for i, e := range c.touched {
		out = append(out, fn(&e.value))
		e.dirty, c.touched[i] = false, nil
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
