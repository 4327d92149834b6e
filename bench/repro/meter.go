package repro

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Tally is what a node has received since it started. Bytes are payload of the source:
// headers are not in them.
type Tally struct {
	Received uint64 `json:"received_bytes"` // everything that came, as it came
	Useful   uint64 `json:"useful_bytes"`   // of the source's streams, received or decoded, each message once
	Wrong    uint64 `json:"wrong_messages"` // that are not what was sent

	// Messages of the source that came since the tally was read before, in the node's time: how
	// long they took from when the source made them, and the longest time without one.
	Timed   uint64        `json:"timed_messages"`
	Delay   time.Duration `json:"delay_sum_ns"`
	Longest time.Duration `json:"delay_longest_ns"`
	Silence time.Duration `json:"silence_longest_ns"`
}

// minus is what has come since an earlier tally. What is timed is so already.
func (t Tally) minus(o Tally) Tally {
	t.Received, t.Useful, t.Wrong = t.Received-o.Received, t.Useful-o.Useful, t.Wrong-o.Wrong
	return t
}

// meter keeps a node's tally. Each message of the source is compared with what it was
// made from, byte by byte. It belongs to its node's loop.
type meter struct {
	tally Tally
	now   func() time.Duration // the node's; nil: nothing is timed
	last  time.Duration        // when something useful came, or the tally was read
	made  []*stream            // of the sources, to ask when a message was made; nil where they are elsewhere
	seen  []map[uint64]bool    // by stream from 1 on
	want  []byte
	got   func(app uint32, seq uint64) // is told of each useful message; nil: nobody is
}

// Consume implements core.Sink for messages of the source.
func (k *meter) Consume(_ *core.Node, m *core.Msg) { k.useful(m.App(), m.Seq(), m.Payload()) }

// useful takes a message of the source, received or decoded.
func (k *meter) useful(app uint32, seq uint64, payload []byte) {
	for int(app) >= len(k.seen) {
		k.seen = append(k.seen, make(map[uint64]bool))
	}
	if k.seen[app][seq] {
		return
	}
	k.seen[app][seq] = true
	if k.want = pattern(k.want, app, seq, len(payload)); !bytes.Equal(k.want, payload) {
		k.tally.Wrong++
		return
	}
	k.tally.Useful += uint64(len(payload))
	k.time(app, seq)
	if k.got != nil {
		k.got(app, seq)
	}
}

// time takes note of when a message came.
func (k *meter) time(app uint32, seq uint64) {
	if k.now == nil {
		return
	}
	now := k.now()
	k.tally.Silence = max(k.tally.Silence, now-k.last)
	k.last = now
	for _, s := range k.made {
		if s.app == app && seq < uint64(len(s.times)) {
			d := now - s.times[seq]
			k.tally.Timed++
			k.tally.Delay += d
			k.tally.Longest = max(k.tally.Longest, d)
		}
	}
}

// read is the tally, and begins anew with what is timed.
func (k *meter) read() Tally {
	if k.now != nil {
		k.tally.Silence = max(k.tally.Silence, k.now()-k.last)
		k.last = k.now()
	}
	t := k.tally
	k.tally.Timed, k.tally.Delay, k.tally.Longest, k.tally.Silence = 0, 0, 0, 0
	return t
}

// received takes note of any message from upstream.
func (k *meter) received(bytes int) { k.tally.Received += uint64(bytes) }

// pattern is what message seq of a stream carries: bytes that no other message has.
func pattern(dst []byte, app uint32, seq uint64, size int) []byte {
	if cap(dst) < size+8 {
		dst = make([]byte, size+8)
	}
	dst = dst[:size+8]
	x := uint64(app)<<40 ^ (seq+1)*0x9e3779b97f4a7c15
	for i := 0; i < size; i += 8 {
		x ^= x << 13 // xorshift64 (Marsaglia, 2003)
		x ^= x >> 7
		x ^= x << 17
		binary.LittleEndian.PutUint64(dst[i:], x)
	}
	return dst[:size]
}

// stream is a source that sends pattern after pattern: whenever it is asked, or at a rate.
type stream struct {
	app  uint32
	size int
	rate float64 // messages a second; 0: always ready
	sent uint64
	buf  []byte

	begun bool
	start time.Duration // when it was asked first

	timed bool // times are kept, for meters in the same virtual time
	times []time.Duration
}

// Produce implements core.Source.
func (s *stream) Produce(n *core.Node) core.Supply {
	if !s.begun {
		s.begun, s.start = true, n.Now()
	}
	if s.rate > 0 {
		if due := s.start + time.Duration(float64(s.sent)/s.rate*float64(time.Second)); due > n.Now() {
			return core.Supply{Wake: due}
		}
	}
	h := wire.Header{Type: wire.TypeData, Sender: n.ID(), App: s.app, Seq: s.sent, Size: s.size}
	head := wire.HeaderLen(h.Sender)
	slab, err := n.Pool().GetSize(head + s.size)
	if err != nil {
		return core.Supply{Wake: n.Now() + 1_000_000} // out of memory: again in a millisecond
	}
	b := slab.Bytes()[:head+s.size]
	h.Size = len(b) - wire.HeaderSize
	wire.PutHeader(b, h)
	s.buf = pattern(s.buf, s.app, s.sent, s.size)
	copy(b[head:], s.buf)
	if s.timed {
		s.times = append(s.times, n.Now())
	}
	s.sent++
	return core.Supply{Run: core.Run{Slab: slab, Len: uint32(len(b)), Msgs: 1}}
}

// Close implements core.Source.
func (s *stream) Close() {}
