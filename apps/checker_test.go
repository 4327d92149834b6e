package apps_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// payloadOf is the payload of a message that a source of package apps could have sent.
func payloadOf(seq uint64, size int, at int64) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(uint64(i)*7 + seq)
	}
	if size >= apps.StampSize {
		apps.Stamp(p, apps.BodyHash(p), seq, at)
	}
	return p
}

// oracle is a checker that remembers everything.
type oracle struct {
	seen    map[uint64]bool
	highest int64
	want    apps.Tally
}

func (o *oracle) observe(seq uint64, p []byte, damaged, looked bool) {
	if int64(seq) <= o.highest {
		o.want.OutOfOrder++
	}
	o.highest = max(o.highest, int64(seq))
	o.seen[seq] = true
	o.want.Messages++
	o.want.Bytes += uint64(len(p))
	if looked {
		o.want.Sampled++
		if damaged {
			o.want.Corrupt++
		}
	}
	o.want.Lost = 0
	for s := range uint64(o.highest + 1) {
		if !o.seen[s] {
			o.want.Lost++
		}
	}
}

// Whatever is lost, exchanged or damaged is told, and nothing else; by default whatever byte it is.
func TestStreamCheckerAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Uint64Range(0, 5).Draw(t, "every")
		all := make([]uint64, rapid.IntRange(0, 40).Draw(t, "sent"))
		for i := range all {
			all[i] = uint64(i)
		}
		order := rapid.Permutation(all).Draw(t, "order")
		order = order[:rapid.IntRange(0, len(order)).Draw(t, "arrived")]
		size := rapid.IntRange(apps.StampSize, 100).Draw(t, "size")
		c, o := apps.StreamChecker{SampleEvery: every}, oracle{seen: map[uint64]bool{}, highest: -1}
		for i, seq := range order {
			p := payloadOf(seq, size, rapid.Int64().Draw(t, "at"))
			damaged := rapid.Bool().Draw(t, "damaged")
			if damaged {
				p[rapid.IntRange(0, size-1).Draw(t, "where")] ^= byte(rapid.IntRange(1, 255).Draw(t, "how"))
			}
			looked := i%int(max(every, 1)) == 0
			before := o.want
			o.observe(seq, p, damaged, looked)
			good := o.want.OutOfOrder == before.OutOfOrder && o.want.Corrupt == before.Corrupt && o.want.Lost == before.Lost
			if c.Observe(seq, p) != good || c.Tally() != o.want {
				t.Fatalf("message %d of %v: got %+v, want %+v", i, order, c.Tally(), o.want)
			}
		}
		sent := uint64(o.highest+1) + rapid.Uint64Range(0, 5).Draw(t, "tail")
		c.Finish(sent)
		if got, want := c.Tally().Lost, o.want.Lost+sent-uint64(o.highest+1); got != want {
			t.Fatalf("of %d sent %d are lost, want %d", sent, got, want)
		}
	})
}

// A message that is whole but not the one whose number it has is corrupt.
func TestAnotherMessagesPayload(t *testing.T) {
	var c apps.StreamChecker
	if c.Observe(0, payloadOf(1, 100, 0)) || c.Tally().Corrupt != 1 {
		t.Errorf("%+v", c.Tally())
	}
}

func TestPayloadLength(t *testing.T) {
	c := apps.StreamChecker{PayloadBytes: 64, SampleEvery: 256}
	for seq, size := range []int{64, 63, 65, 0, 64} {
		c.Observe(uint64(seq), payloadOf(uint64(seq), size, 0))
	}
	if got := c.Tally(); got.Corrupt != 3 || got.Messages != 5 || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
}

func TestPayloadsWithoutAStamp(t *testing.T) {
	var c apps.StreamChecker
	for seq := range uint64(apps.StampSize) {
		if p := payloadOf(seq, int(seq), 0); !c.Observe(seq, p) || apps.Intended(p) != 0 {
			t.Errorf("a payload of %d bytes is not good", seq)
		}
	}
	if got := c.Tally(); got.Sampled != 0 || got.Corrupt != 0 || got.Messages != apps.StampSize {
		t.Errorf("%+v", got)
	}
}

// holder keeps the messages that it is given.
type holder struct {
	node *core.Node
	held []*core.Msg
}

func (h *holder) Bind(n *core.Node) { h.node = n }

func (h *holder) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return core.Done
	}
	h.held = append(h.held, m)
	return core.Hold
}

// hold has a node hold a message of each of so many sessions, from two senders.
func hold(t coretest.TB, sessions, size int) *holder {
	w := coretest.New(t, core.Config{})
	h := &holder{}
	sink := w.Node("sink", h)
	from := []*core.Switch{w.Node("a", &holder{}), w.Node("b", &holder{})}
	w.Run()
	for i := range sessions {
		w.Send(from[i%2], sink.ID(), wire.TypeData, uint32(1+i/2), 0, payloadOf(0, size, 0))
		if i%100 == 99 {
			w.Run()
		}
	}
	w.Run()
	t.Cleanup(func() {
		for _, m := range h.held {
			h.node.Release(m)
		}
		w.Run()
	})
	return h
}

// Sessions are told apart by sender and application, whatever the order in which their messages come.
func TestManySessions(t *testing.T) {
	const sessions = 3000
	h := hold(t, sessions, 40)
	if len(h.held) != sessions {
		t.Fatalf("%d messages are held", len(h.held))
	}
	c := &apps.Checker{}
	for range 3 {
		for _, m := range h.held {
			c.Consume(h.node, m)
		}
	}
	want := apps.Tally{Messages: 3, Bytes: 120, OutOfOrder: 2, Sampled: 3}
	for _, m := range h.held {
		if got := c.Session(m.Sender(), m.App()); got != want {
			t.Fatalf("session %v/%d: %+v", m.Sender(), m.App(), got)
		}
	}
	if got := c.Tally(); got.Messages != 3*sessions || got.OutOfOrder != 2*sessions || got.Sampled != 3*sessions || got.Corrupt != 0 {
		t.Errorf("in all %+v", got)
	}
	if got := c.Session(h.node.ID(), 1); got != (apps.Tally{}) {
		t.Errorf("a session that never was: %+v", got)
	}
}

// By default the content of every message is checked.
func TestEveryMessageIsChecked(t *testing.T) {
	h := hold(t, 300, 40)
	all, some := &apps.Checker{}, &apps.Checker{SampleEvery: 3}
	for range 3 {
		for _, m := range h.held {
			all.Consume(h.node, m)
			some.Consume(h.node, m)
		}
	}
	if a, s := all.Tally(), some.Tally(); a.Sampled != 900 || s.Sampled != 300 {
		t.Errorf("%d and %d of 900 messages were looked at", a.Sampled, s.Sampled)
	}
}

func TestConsumeDoesNotAllocate(t *testing.T) {
	h := hold(t, 50, 40)
	c := &apps.Checker{}
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		c.Consume(h.node, h.held[i%len(h.held)])
		i++
	}); n != 0 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

// What a sink's checks cost: of every message's content, of none's, and of its session by the number of senders.
func BenchmarkChecker(b *testing.B) {
	for _, size := range []int{64, 1024, 5120} {
		p := payloadOf(0, size, 0)
		hash := apps.BodyHash(p)
		for _, every := range []uint64{1, 1 << 62} {
			name := map[bool]string{true: "sequence", false: "content"}[every > 1]
			b.Run(fmt.Sprintf("%s/payload=%d", name, size), func(b *testing.B) {
				c := apps.StreamChecker{SampleEvery: every}
				c.Observe(0, p)
				seq := uint64(1)
				b.ReportAllocs()
				for b.Loop() {
					apps.Stamp(p, hash, seq, 0)
					c.Observe(seq, p)
					seq++
				}
			})
		}
	}
	for _, sessions := range []int{1, 100, 3000} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			h := hold(b, sessions, 64)
			c := &apps.Checker{SampleEvery: 1 << 62}
			for i := 0; b.Loop(); i = (i + 1) % sessions {
				c.Consume(h.node, h.held[i])
			}
		})
	}
}

// A payload says which message it is, unless it is too short.
func TestNumbered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seq, size := rapid.Uint64().Draw(t, "seq"), rapid.IntRange(0, 100).Draw(t, "size")
		got, stamped := apps.Numbered(payloadOf(seq, size, rapid.Int64().Draw(t, "at")))
		if stamped != (size >= apps.StampSize) || stamped && got != seq {
			t.Fatalf("message %d of %d bytes: got %d, %v", seq, size, got, stamped)
		}
	})
}
