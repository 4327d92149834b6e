package netcode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// In steady state nothing is allocated on the way of a message, answers included: all that is comes from the source of this test.
func TestWindowAllocates(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	src := &counted{app: 1, size: always(size), limit: 1 << 60, every: time.Millisecond}
	w := sim.New(sim.Options{Seed: 1})
	nodes := map[string]*netcode.Window{}
	for _, n := range []struct {
		name, to string
		deliver  func(uint64, []byte)
	}{{"b", "", func(uint64, []byte) {}}, {"a", "b", nil}, {"s", "a", nil}} {
		w.AddNode(n.name, func() core.Algorithm {
			s := netcode.WindowSession{App: 1, Overhead: 0.1, Deadline: time.Second, Deliver: n.deliver}
			if n.to != "" {
				s.Downstreams = []core.NodeID{w.ID(n.to)}
			}
			nodes[n.name] = netcode.NewWindow(s)
			return nodes[n.name]
		})
		if n.to != "" {
			w.Node(n.name).SetLink(w.ID(n.to), emul.Link{Loss: 0.02})
		}
	}
	w.Node("s").Core().AddSource(1, src)
	run := func(d time.Duration) {
		if err := w.RunFor(d); err != nil {
			t.Fatal(err)
		}
	}
	run(20 * time.Second)
	sent, made := nodes["a"].Counters().Sent, src.sent
	allocs := testing.AllocsPerRun(5, func() { run(2 * time.Second) })
	perRun := float64(nodes["a"].Counters().Sent-sent) / 6
	if own := allocs - float64(src.sent-made)/6; perRun < 1900 || own > 0.01*perRun {
		t.Errorf("%.0f allocations for %.0f packets", own, perRun)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// A small session from beginning to end, message by message: source, relay, receiver, five messages. testdata/window.txt is written
// with -update, by someone who has understood every line that changes.
func TestGoldenWindow(t *testing.T) {
	var got strings.Builder
	w := coretest.New(t, core.Config{})
	watch := func(name string, alg core.Algorithm) *core.Switch {
		return w.Node(name, spyOn(alg, func(m *core.Msg) { noteWindow(&got, w, name, m) }))
	}
	watch("t", netcode.NewWindow(netcode.WindowSession{App: 1, Deliver: func(seq uint64, p []byte) {
		fmt.Fprintf(&got, "%v t delivers %d, %d bytes\n", w.Now(), seq, len(p))
	}}))
	watch("r", netcode.NewWindow(netcode.WindowSession{App: 1, Downstreams: []core.NodeID{w.ID("t")}}))
	source := watch("s", netcode.NewWindow(netcode.WindowSession{App: 1, Window: 3, Overhead: 0.5, Deadline: time.Second, Downstreams: []core.NodeID{w.ID("r")}}))
	source.AddSource(1, &counted{app: 1, size: always(10), limit: 5, every: 10 * time.Millisecond})
	w.Run()
	golden.File(t, "testdata/window.txt", got.String())
}

// noteWindow writes down what a node was given.
func noteWindow(to *strings.Builder, w *coretest.World, name string, m *core.Msg) {
	const head, answerHead = 24, 16
	b, what := m.Payload(), ""
	switch m.Type() {
	case netcode.TypeWindow:
		what = fmt.Sprintf("head %x, number %d: ", b[:head], m.Seq())
		if p, err := coding.ParseWindow(b[head:]); b[1] == 1 {
			what += fmt.Sprintf("%v, %d of %d, %v", p.Kind, p.First, p.Count, err)
		} else {
			what += fmt.Sprintf("hello, start %x, epoch %x, shape %x", b[head:head+8], b[head+12:head+20], b[head+38:])
		}
	case netcode.TypeWindowAnswer:
		f, err := coding.ParseWindowFeedback(b[answerHead:])
		what = fmt.Sprintf("head %x, from %d to %d, missing %d, up to %d, %v", b[:answerHead], f.Next, f.End, f.Missing, m.Seq(), err)
	case wire.TypeData:
		what = fmt.Sprintf("message %d", m.Seq())
	default:
		return
	}
	fmt.Fprintf(to, "%v %s: %v %s %s\n", w.Now(), name, m.Type(), w.Name(m.Sender()), what)
}

// FuzzWindow sends the nodes of a session whatever a peer may send: before there is one, in the middle of it, and from an upstream and
// a downstream that lie. They must not panic, nor keep more than their window; and what a stranger sends keeps nobody from delivering.
func FuzzWindow(f *testing.F) {
	s := coding.Stream{ID: 7, Size: 12, Window: 4}
	packet := make([]byte, 24+s.SourceLen())
	packet[0], packet[1] = 1, 1
	packet[23] = 2
	if _, err := s.PutSource(packet[24:], 1); err != nil {
		f.Fatal(err)
	}
	hello := make([]byte, 72)
	copy(hello, []byte{1, 2})
	copy(hello[24:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9, 27, 88, 0, 11, 0, 64})
	answer := make([]byte, 40)
	copy(answer, []byte{1, 1})
	copy(answer[16:], []byte{1, 10})
	for _, b := range [][]byte{packet, hello, answer, nil} {
		for typ := range uint8(3) {
			f.Add(typ, uint32(typ%2), uint64(1), b)
		}
	}
	f.Add(uint8(0), uint32(1), uint64(1)<<63, packet)
	types := []core.Type{netcode.TypeWindow, netcode.TypeWindowAnswer, wire.TypeData, wire.TypeSessionEnd, wire.TypeBrokenSource}
	f.Fuzz(func(t *testing.T, typ uint8, app uint32, seq uint64, payload []byte) {
		if len(payload) > 1<<12 {
			return
		}
		for _, deadline := range []time.Duration{0, time.Second} {
			w := coretest.New(t, core.Config{})
			got := 0
			w.Node("t", netcode.NewWindow(netcode.WindowSession{App: 1, Upstreams: []core.NodeID{w.ID("r")}, Deliver: func(uint64, []byte) { got++ }}))
			relay := netcode.NewWindow(netcode.WindowSession{App: 1, Upstreams: []core.NodeID{w.ID("s")}, Downstreams: []core.NodeID{w.ID("t")}})
			w.Node("r", relay)
			// These know nobody, so the peer may bring them a stream, and answer.
			peer := w.Node("peer", &algos.Base{})
			open := netcode.NewWindow(netcode.WindowSession{App: 1, Downstreams: []core.NodeID{peer.ID()}, Deliver: func(uint64, []byte) {}})
			w.Node("open", open)
			src := w.Node("s", netcode.NewWindow(netcode.WindowSession{App: 1, Window: 4, Deadline: deadline, Upstreams: []core.NodeID{}, Downstreams: []core.NodeID{w.ID("r"), w.ID("open")}}))
			src.AddSource(1, &counted{app: 1, size: always(10), limit: 40, every: 10 * time.Millisecond})
			send := func(to core.NodeID) { w.Send(peer, to, types[int(typ)%len(types)], app, seq, payload) }
			for range 2 {
				for _, to := range []core.NodeID{relay.ID(), src.ID(), w.ID("t"), open.ID()} {
					send(to)
				}
				w.RunFor(20 * time.Millisecond)
			}
			w.RunFor(time.Minute)
			if got != 40 {
				t.Errorf("the receiver got %d of 40", got)
			}
			if relay.Held()+open.Held() != 0 {
				t.Errorf("%d and %d messages are kept", relay.Held(), open.Held())
			}
		}
	})
}
