package host

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// tally counts what arrives. Neighbours and applications are few and come again and
// again, so the last one is looked at first.
type tally struct {
	apps    []AppCount
	in      []InCount
	last    int // index in in of the message before
	streams []stream
}

func (t *tally) data(m *core.Msg) {
	c := t.from(m.From(), m.App())
	c.Msgs++
	c.Bytes += uint64(m.Len())
	c.Payload += uint64(len(m.Payload()))
	if t.stream(m).mark(m.Seq()) {
		t.app(m.App()).Distinct++
	}
}

func (t *tally) from(id core.NodeID, app uint32) *InCount {
	if t.last < len(t.in) && t.in[t.last].From == id && t.in[t.last].App == app {
		return &t.in[t.last]
	}
	t.last = slices.IndexFunc(t.in, func(c InCount) bool { return c.From == id && c.App == app })
	if t.last < 0 {
		t.last = len(t.in)
		t.in = append(t.in, InCount{From: id, App: app})
	}
	return &t.in[t.last]
}

// app is the count of one application.
func (t *tally) app(app uint32) *AppCount {
	i := slices.IndexFunc(t.apps, func(c AppCount) bool { return c.App == app })
	if i < 0 {
		i = len(t.apps)
		t.apps = append(t.apps, AppCount{App: app})
	}
	return &t.apps[i]
}

// read copies the counts.
func (t *tally) read() ([]AppCount, []InCount) { return slices.Clone(t.apps), slices.Clone(t.in) }

// stream remembers which sequence numbers of one sender and application have
// arrived: a bit each, from the first on.
type stream struct {
	sender core.NodeID
	app    uint32
	seen   []uint64
}

// maxSeq bounds the memory of a stream: 32 MiB for 2^28 messages. Sequence numbers
// beyond, which no scenario reaches, count as new.
const maxSeq = 1 << 28

func (t *tally) stream(m *core.Msg) *stream {
	sender, app := m.Sender(), m.App()
	for i := range t.streams {
		if s := &t.streams[i]; s.app == app && s.sender == sender {
			return s
		}
	}
	t.streams = append(t.streams, stream{sender: sender, app: app})
	return &t.streams[len(t.streams)-1]
}

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
