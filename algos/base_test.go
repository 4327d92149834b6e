package algos_test

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// pair is a world with a peer that records what it gets and a node under test.
type pair struct {
	*coretest.World
	peer *coretest.Recorder
	node *hooked
}

// hooked is Base, but for data messages if handle is set.
type hooked struct {
	algos.Base
	handle func(m *core.Msg)
}

func (h *hooked) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData || h.handle == nil {
		return h.Base.Process(m)
	}
	h.handle(m)
	return core.Done
}

func newPair(t coretest.TB, cfg core.Config) *pair {
	p := &pair{coretest.New(t, cfg), &coretest.Recorder{}, &hooked{}}
	p.World.Node("peer", p.peer)
	p.World.Node("node", p.node)
	return p
}

// newObserved is newPair with the peer as the node's observer, whose commands it obeys.
func newObserved(t coretest.TB) *pair {
	p := newPair(t, core.Config{})
	p.RunFor(0) // so that the node has booted without one
	p.node.Observer = p.peer.ID()
	return p
}

// tell sends a control message about a session to the node under test.
func (p *pair) tell(t core.Type, app uint32, payload []byte) {
	p.Send(p.peer.Node, p.node.ID(), t, 0, uint64(app)<<32, payload)
	p.RunFor(0)
}

func TestHooks(t *testing.T) {
	p := newObserved(t)
	var got []string
	p.node.Deploy = func(app uint32, params []byte) { got = append(got, "deploy "+string(params)) }
	p.node.OnJoin = func(uint32) {
		got = append(got, "join")
		if !p.node.Joined(5) {
			t.Error("OnJoin was called before the node had joined")
		}
	}
	p.node.OnLeave = func(uint32) { got = append(got, "leave") }
	p.tell(wire.TypeDeploy, 5, []byte("fast"))
	for _, typ := range []core.Type{wire.TypeLeave, wire.TypeJoin, wire.TypeJoin, wire.TypeLeave, wire.TypeLeave} {
		p.tell(typ, 5, nil)
	}
	if want := []string{"deploy fast", "join", "leave"}; !slices.Equal(got, want) {
		t.Errorf("hooks called: %v, want %v", got, want)
	}
	if p.node.Unhandled() != 0 || p.node.BadMessages() != 0 {
		t.Errorf("%d unhandled, %d bad", p.node.Unhandled(), p.node.BadMessages())
	}
}

func TestMemberDecides(t *testing.T) {
	p := newPair(t, core.Config{})
	p.node.Member = func(app uint32) bool { return app == 6 }
	p.node.Join(5)
	for app, want := range map[uint32]bool{5: false, 6: true} {
		if p.node.InSession(app) != want {
			t.Errorf("InSession(%d) is not what Member says", app)
		}
	}
}

func TestDataIsConsumed(t *testing.T) {
	p := newPair(t, core.Config{})
	for i := range 3 {
		p.Send(p.peer.Node, p.node.ID(), wire.TypeData, 5, uint64(i), []byte("x"))
	}
	p.Run()
	if got := p.node.Consumed(); got != 3 {
		t.Errorf("%d messages consumed, want 3", got)
	}
}

// A header can say anything of its sender; nobody is answered who cannot be there.
func TestNobodyToAnswer(t *testing.T) {
	p := newPair(t, core.Config{})
	p.Run()
	for _, typ := range []core.Type{wire.TypePing, wire.TypeRequest} {
		p.Deliver(p.node, typ, 0, 0, nil) // its sender is the node itself
	}
	p.Run()
	if p.node.BadMessages() != 2 || len(p.peer.Of(wire.TypePong)) != 0 {
		t.Errorf("%d bad messages, want 2", p.node.BadMessages())
	}
}

// What a peer can send, a node with a longer address may not be able to send back.
// That is no reason to fall over.
func TestNoRoomForTheAnswer(t *testing.T) {
	const most = 60
	w := coretest.New(t, core.Config{MaxPayload: most})
	var peer, next coretest.Recorder
	w.Node("peer", &peer)
	w.Node("next", &next)
	var b algos.Base
	w.Node("[2001:db8::1]:7000", &b)
	w.Run()
	b.Observer = peer.ID()
	b.AddHost(next.ID())
	query := algos.Encode(map[string]any{"asker": w.ID("[2001:db8:1111:2222:3333:4444:5555:1]:7000"), "ttl": 3})
	if len(query) > most || len(query)+16 <= most {
		t.Fatalf("a query of %d bytes shows nothing", len(query))
	}
	for _, c := range []struct {
		typ     core.Type
		payload []byte
	}{{wire.TypePing, make([]byte, most)}, {wire.TypeQuery, query}, {wire.TypeDeploy, nil}, {wire.TypeRequest, nil}} {
		w.Send(peer.Node, b.ID(), c.typ, 0, 5<<32, c.payload)
	}
	w.Run()
	if !b.Running() || b.BadMessages() != 1 || len(next.Of(wire.TypeQuery)) != 0 || len(peer.Of(wire.TypeTrace)) != 1 {
		t.Errorf("running %v, %d bad messages, %d queries, %d trace lines",
			b.Running(), b.BadMessages(), len(next.Of(wire.TypeQuery)), len(peer.Of(wire.TypeTrace)))
	}
}

func TestTraceIsCutAndValid(t *testing.T) {
	p := newPair(t, core.Config{})
	p.node.Tracef("nobody listens")
	p.node.Observer = p.peer.ID()
	p.Call(p.node, func() { p.node.Tracef("x%s", strings.Repeat("ü", 1000)) })
	p.Run()
	lines := p.peer.Of(wire.TypeTrace)
	if len(lines) != 1 || len(lines[0].Payload) != 1023 || strings.ToValidUTF8(lines[0].Payload, "") != lines[0].Payload {
		t.Errorf("%d lines, the first has %d bytes", len(lines), len(lines[0].Payload))
	}
}

func TestOwnTimersAreUnhandled(t *testing.T) {
	p := newPair(t, core.Config{})
	p.node.After(0, 1)
	p.Run()
	if p.node.Unhandled() != 1 {
		t.Errorf("%d unhandled, want the timer that the algorithm forgot", p.node.Unhandled())
	}
}

// 10,000 nodes run in one process, so an idle Base is small and owns nothing.
func TestIdleBaseIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(algos.Base{}); size > 600 {
		t.Errorf("a Base has %d bytes, want at most 600", size)
	}
	p := newPair(t, core.Config{})
	p.Run()
	if p.node.Known() != nil || p.node.Suspects() != nil {
		t.Error("an idle Base has allocated hosts")
	}
	if s := p.node.Status(); s.Sessions != nil {
		t.Error("an idle Base has allocated sessions")
	}
}

func TestDataAllocatesNothing(t *testing.T) {
	p := newPair(t, core.Config{})
	p.Run()
	p.Call(p.node, func() {
		m := p.node.NewMsg(wire.TypeData, 5, 100)
		if n := testing.AllocsPerRun(1000, func() { p.node.Process(m) }); n != 0 {
			t.Errorf("%v allocations a data message", n)
		}
		for i := range uint64(4 * algos.SeenAtLeast) { // until its memory is all there
			m.SetSeq(i)
			p.node.Fresh(m)
		}
		seq := uint64(1 << 40)
		if n := testing.AllocsPerRun(4*algos.SeenAtLeast, func() { seq++; m.SetSeq(seq); p.node.Fresh(m) }); n != 0 {
			t.Errorf("%v allocations in Fresh", n)
		}
	})
}

func BenchmarkFresh(b *testing.B) {
	var base algos.Base
	w := coretest.New(b, core.Config{})
	w.Node("a", &base)
	w.Call(base, func() {
		m := base.NewMsg(wire.TypeData, 5, 100)
		b.ReportAllocs()
		for i := range b.N {
			m.SetSeq(uint64(i))
			base.Fresh(m)
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	p := newPair(b, core.Config{})
	p.RunFor(0)
	b.ReportAllocs()
	for b.Loop() {
		p.tell(wire.TypeRequest, 0, nil)
		p.peer.Got = p.peer.Got[:0]
	}
}
