package algos_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

var commands = []core.Type{
	wire.TypeDeploy, wire.TypeTerminateSource, wire.TypeTerminateNode, wire.TypeJoin, wire.TypeLeave, wire.TypeSetBandwidth,
	wire.TypeSetWeight,
}

// Whoever the sender of a command claims to be: what counts is the link that it came
// on. Every combination of observer, link, sender, type and form.
func TestCommandsAreObeyedByLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]core.NodeID{{}, nodeID(1), nodeID(2), nodeID(9)})
		b := &algos.Base{}
		deployed := 0
		b.Deploy = func(uint32, []byte) { deployed++ }
		w := coretest.New(t, core.Config{})
		node := w.Node("node", b)
		w.RunFor(0)
		b.Observer = who.Draw(t, "observer")
		b.Join(6)
		h := wire.Header{Type: rapid.SampledFrom(commands).Draw(t, "type"), Sender: who.Draw(t, "sender"), Seq: 5 << 32}
		if rapid.Bool().Draw(t, "with the application in the header") && h.Type != wire.TypeSetBandwidth && h.Type != wire.TypeSetWeight {
			h.App, h.Seq = 5, 0
		}
		var payload []byte
		switch h.Type {
		case wire.TypeSetBandwidth:
			payload = algos.Encode(algos.BandwidthOrder{Up: 1000})
		case wire.TypeSetWeight:
			payload = algos.Encode(algos.WeightOrder{From: nodeID(9), Weight: 7})
		case wire.TypeLeave:
			b.Join(5)
		}
		h.Size = len(payload)
		deliver(w, b, h, payload) // on a link from node 9
		w.RunFor(0)

		obeyed := map[core.Type]bool{
			wire.TypeDeploy: deployed == 1, wire.TypeTerminateNode: b.Ended(), wire.TypeJoin: b.Joined(5),
			wire.TypeLeave: !b.Joined(5), wire.TypeSetBandwidth: node.Bandwidth() == emul.Bandwidth{Up: 1000},
			wire.TypeTerminateSource: b.Refused() == 0, wire.TypeSetWeight: weightOf(node, nodeID(9)) == 7,
		}[h.Type]
		want := b.Observer == nodeID(9)
		if obeyed != want || (b.Refused() == 0) != want || b.Status().Refused != b.Refused() || b.BadMessages() != 0 {
			t.Errorf("%v on a link from node 9 with the sender %v: obeyed %v, want %v; %d refused, %d bad",
				h.Type, h.Sender, obeyed, want, b.Refused(), b.BadMessages())
		}
	})
}

// weightOf is the weight of the control lane from a node; 0 if there is none.
func weightOf(n *core.Switch, from core.NodeID) int {
	for _, l := range n.Stats().Upstream {
		if l.From == from && l.App == 0 {
			return l.Weight
		}
	}
	return 0
}

// A node obeys itself: its application, its runtime, its own code.
func TestCommandsFromTheNodeItself(t *testing.T) {
	p := newPair(t, core.Config{})
	p.RunFor(0)
	p.Deliver(p.node, wire.TypeJoin, 5, 0, nil)
	p.Call(p.node, func() {
		m := p.node.NewMsg(wire.TypeJoin, 0, 0)
		m.SetParams(6, 0)
		p.node.Process(m)
	})
	p.RunFor(0)
	if !p.node.Joined(5) || !p.node.Joined(6) || p.node.Refused() != 0 {
		t.Errorf("joined %v and %v, %d refused", p.node.Joined(5), p.node.Joined(6), p.node.Refused())
	}
}

// What is refused is told once, and then every ten seconds at most, with the count.
func TestRefusalsAreTold(t *testing.T) {
	p := newPair(t, core.Config{})
	p.RunFor(0)
	var told []algos.Refusal
	p.node.OnRefused = func(r algos.Refusal) { told = append(told, r) }
	for range 100 {
		for range 3 {
			p.tell(wire.TypeJoin, 5, nil)
		}
		p.RunFor(time.Second)
	}
	if len(told) != 10 || told[0].Count != 1 || told[9].Count != 30 || told[9].From != p.peer.ID() || told[9].Type != wire.TypeJoin {
		t.Errorf("told %v", told)
	}
	if p.node.Refused() != 300 {
		t.Errorf("%d refused, want 300", p.node.Refused())
	}
}

// A question is answered to the other end of its link. Whom its header names as its
// sender hears nothing, whatever the type.
func TestForgedSendersGetNothing(t *testing.T) {
	for typ := core.Type(1); typ < wire.FirstUserType+1; typ++ {
		if typ == wire.TypeHello || typ == wire.TypeBye || typ.Local() || typ == wire.TypeBrokenSource {
			continue
		}
		w := coretest.New(t, core.Config{})
		var victim, asker coretest.Recorder
		w.Node("10.1.1.1:7000", &victim)
		w.Node(nodeID(9).String(), &asker)
		b := &algos.Base{}
		w.Node("node", b)
		b.Join(5)
		w.RunFor(0)
		mark := []byte{0, 0, 0, 4, 0, 0, 0, 4} // the end of a train of probes
		deliver(w, b, wire.Header{Type: typ, Sender: victim.ID(), Seq: 5<<32 | 7, Size: len(mark)}, mark)
		w.RunFor(time.Minute)
		if got := sentTo(&victim); got != 0 {
			t.Errorf("a forged %v sent its victim %d messages", typ, got)
		}
		answer := map[core.Type]core.Type{wire.TypePing: wire.TypePong, wire.TypeProbe: wire.TypeProbeReport, wire.TypeRequest: wire.TypeStatus}[typ]
		if answer != 0 && len(asker.Of(answer)) != 1 {
			t.Errorf("whoever sent a %v got %d answers", typ, len(asker.Of(answer)))
		}
	}
}

// sentTo is how many messages of others a recorder has got.
func sentTo(r *coretest.Recorder) (n int) {
	for _, rec := range r.Got {
		if !rec.Type.Local() {
			n++
		}
	}
	return n
}

// Queries name their asker and announcements their source, so they can be forged
// whatever the link: what comes of it is bounded, and goes on in time.
func TestThirdPartiesAreSpared(t *testing.T) {
	for _, typ := range []core.Type{wire.TypeQuery, wire.TypeAnnounce} {
		t.Run(typ.String(), func(t *testing.T) {
			const many, burst, rate = 5000, algos.MaxSessions, 64
			w := coretest.New(t, core.Config{})
			var victim coretest.Recorder
			w.Node("10.1.1.1:7000", &victim)
			b := &algos.Base{}
			w.Node("node", b)
			b.Join(5)
			b.AddHost(victim.ID())
			w.RunFor(0)
			query := algos.Encode(map[string]any{"asker": victim.ID(), "ttl": 9})
			number := uint64(0)
			flood := func() {
				for range many {
					number++
					h := wire.Header{Type: typ, Sender: nodeID(7), Seq: 5<<32 | number}
					payload := query
					if typ == wire.TypeAnnounce {
						payload = nil
					}
					h.Size = len(payload)
					deliver(w, b, h, payload)
					w.RunFor(0)
				}
			}
			flood()
			if got := sentTo(&victim); got != burst || b.Refused() != many-burst {
				t.Errorf("%d messages for the victim, %d refused; want %d, %d", got, b.Refused(), burst, many-burst)
			}
			w.RunFor(10 * time.Second)
			flood()
			if got := sentTo(&victim); got != burst+10*rate {
				t.Errorf("%d messages for the victim after ten seconds more, want %d", got, burst+10*rate)
			}
		})
	}
}

// Members answer for themselves: nobody makes a third node a contact.
func TestAnswersInTheNameOfOthers(t *testing.T) {
	for _, sender := range []core.NodeID{nodeID(7), nodeID(9)} {
		w := coretest.New(t, core.Config{})
		b := &algos.Base{}
		w.Node("node", b)
		w.RunFor(0)
		w.Call(b, func() { b.Ask(5, 1) })
		deliver(w, b, wire.Header{Type: wire.TypeQueryAck, Sender: sender, Seq: 5 << 32}, nil) // on a link from node 9
		w.RunFor(0)
		want, refused := nodeID(9), uint64(0)
		if sender != want {
			want, refused = core.NodeID{}, 1
		}
		if b.Contact(5) != want || b.Refused() != refused {
			t.Errorf("an answer of %v on a link from %v: contact %v, %d refused", sender, nodeID(9), b.Contact(5), b.Refused())
		}
	}
}

// An asker that is its query's other end is always answered.
func TestNeighboursAreAnswered(t *testing.T) {
	const many = 3 * algos.MaxSessions
	w := coretest.New(t, core.Config{})
	var asker coretest.Recorder
	w.Node(nodeID(9).String(), &asker)
	b := &algos.Base{}
	w.Node("node", b)
	b.Join(5)
	w.RunFor(0)
	query := algos.Encode(map[string]any{"asker": nodeID(9), "ttl": 9})
	for i := range uint64(many) {
		deliver(w, b, wire.Header{Type: wire.TypeQuery, Sender: nodeID(9), Seq: 5<<32 | i, Size: len(query)}, query)
		w.RunFor(0)
	}
	if got := len(asker.Of(wire.TypeQueryAck)); got != many || b.Refused() != 0 {
		t.Errorf("%d answers, %d refused; want %d, 0", got, b.Refused(), many)
	}
}
