package netcode_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// hostileTypes are what a peer may send that a node of this package looks at.
var hostileTypes = []core.Type{netcode.TypeCoded, netcode.TypeFeedback, netcode.TypeFeedback + 1, wire.TypeData, wire.TypeSessionEnd, wire.TypeBrokenSource}

// FuzzMulticast sends a relay that is in the middle of a session whatever a peer may send.
// It must not panic, keep more than its window, or be kept from delivering.
func FuzzMulticast(f *testing.F) {
	g := coding.Generation{K: 4, Size: 8, Last: 8}
	source := make([]byte, g.SourceLen(0))
	if _, err := g.PutSource(source, 1); err != nil {
		f.Fatal(err)
	}
	fb := coding.Feedback{Base: 1, Missing: []uint16{0, 4}}
	feedback := make([]byte, fb.Len()+8)
	if _, err := fb.Put(feedback); err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), uint32(1), uint64(0), source)
	f.Add(uint8(0), uint32(1), uint64(1)<<63, source)
	f.Add(uint8(1), uint32(0), uint64(7), feedback)
	f.Add(uint8(2), uint32(1), uint64(0), []byte{})
	f.Add(uint8(3), uint32(1), uint64(3), []byte{1})
	f.Add(uint8(0), uint32(1), uint64(0), append([]byte{2, 1, 1, 0, 0, 0, 0, 9, 0, 0, 9, 9}, source...))
	f.Add(uint8(0), uint32(1), uint64(0), append([]byte{2, 2, 0, 0, 0, 0, 0, 9, 0, 0, 9, 9}, make([]byte, 34)...))
	f.Add(uint8(1), uint32(0), uint64(7), append([]byte{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, feedback...))
	f.Fuzz(func(t *testing.T, typ uint8, app uint32, seq uint64, payload []byte) {
		if len(payload) > 1<<16 {
			return
		}
		w := coretest.New(t, core.Config{})
		got := 0
		w.Node("t", netcode.NewMulticast(netcode.Session{App: 1, Upstreams: []core.NodeID{w.ID("r")}, Deliver: func(_ coding.Generation, i int, p []byte) { got++ }}))
		relay := netcode.NewMulticast(netcode.Session{App: 1, Upstreams: []core.NodeID{w.ID("s")}, Downstreams: []core.NodeID{w.ID("t")}})
		w.Node("r", relay)
		s := w.Node("s", netcode.NewMulticast(netcode.Session{App: 1, K: 4, Upstreams: []core.NodeID{}, Downstreams: []core.NodeID{w.ID("r")}}))
		s.AddSource(1, &counted{app: 1, size: always(50), limit: 40})
		peer := w.Node("peer", &algos.Base{})
		send := func(to core.NodeID, from *core.Switch) {
			w.Send(from, to, hostileTypes[int(typ)%len(hostileTypes)], app, seq, payload)
		}
		send(relay.ID(), peer) // before there is a session
		w.RunFor(20 * time.Millisecond)
		send(relay.ID(), peer)
		send(s.ID(), peer)
		send(w.ID("t"), peer)
		w.RunFor(30 * time.Second)
		if relay.Held() > 16*256 {
			t.Errorf("the relay keeps %d messages", relay.Held())
		}
		if got != 40 {
			t.Errorf("the receiver got %d of 40", got)
		}
	})
}

// FuzzCoder does the same to a coding node and a solver.
func FuzzCoder(f *testing.F) {
	g := coding.Generation{ID: 5, K: 2, Size: 4, Last: 4}
	var rec coding.Encoder
	if err := rec.Reset(g, [][]byte{{1, 2, 3, 4}, {5, 6, 7, 8}}); err != nil {
		f.Fatal(err)
	}
	vector := make([]byte, g.VectorLen())
	if _, err := rec.Combine(vector, []byte{1, 1}); err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), uint32(3), uint64(5), vector)
	f.Add(uint8(0), uint32(1), uint64(5), vector)
	f.Add(uint8(3), uint32(2), uint64(1)<<63, []byte{9})
	f.Add(uint8(4), uint32(1), uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, typ uint8, app uint32, seq uint64, payload []byte) {
		if len(payload) > 1<<16 {
			return
		}
		w := coretest.New(t, core.Config{})
		sink := &counting{}
		v := netcode.NewSolver([]uint32{1, 2}, []uint32{1, 3}, sink)
		w.Node("v", v)
		l := netcode.NewLinear([]uint32{1, 2}, netcode.Out{App: 3, Coefs: []byte{1, 1}, To: []core.NodeID{w.ID("v")}})
		w.Node("l", l)
		a, peer := w.Node("a", &algos.Base{}), w.Node("peer", &algos.Base{})
		for i := range uint64(10) {
			if i == 5 {
				for _, to := range []core.NodeID{l.ID(), v.ID()} {
					w.Send(peer, to, hostileTypes[int(typ)%len(hostileTypes)], app, seq, payload)
				}
			}
			say(a, 1, i, 4, l.ID(), v.ID())
			say(a, 2, i, 4, l.ID())
			w.RunFor(time.Millisecond)
		}
		w.Run()
		if l.Held()+v.Held() != 0 {
			t.Errorf("%d and %d messages are kept", l.Held(), v.Held())
		}
		if len(payload) == 0 && sink.n != 20 {
			t.Errorf("the solver got %d of 20", sink.n)
		}
	})
}

// FuzzMixer does the same to a mixer.
func FuzzMixer(f *testing.F) {
	g := coding.Generation{ID: 1, K: 2, Size: 4, Last: 4}
	source := make([]byte, g.SourceLen(0))
	if _, err := g.PutSource(source, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(source, source)
	f.Add([]byte{1, 3, 1}, source)
	f.Fuzz(func(t *testing.T, one, two []byte) {
		if len(one)+len(two) > 1<<16 {
			return
		}
		w := coretest.New(t, core.Config{})
		w.Node("sink", &algos.Base{})
		x := netcode.NewMixer(1, 2, w.ID("sink"))
		w.Node("x", x)
		peer := w.Node("peer", &algos.Base{})
		w.Send(peer, x.ID(), netcode.TypeCoded, 1, 0, one)
		w.Send(peer, x.ID(), netcode.TypeCoded, 1, 1, two)
		w.Run()
		if c := x.Counters(); c.Received != 2 || c.Bad+c.Stale+c.Innovative > 2 || c.Sent != 2*c.Innovative {
			t.Errorf("counters %+v", c)
		}
	})
}

type counting struct{ n int }

func (c *counting) Consume(*core.Node, *core.Msg) { c.n++ }
