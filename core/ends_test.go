package core

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// recorded adds a node that writes down what it gets, and then does do, if any.
func (w *world) recorded(i int, j *journal, do func(n *Node, m *Msg) Verdict) *Node {
	return w.node(i, func(n *Node, m *Msg) Verdict {
		j.note(m)
		if do == nil {
			return Done
		}
		return do(n, m)
	})
}

func sameLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// TestEndAfterLastFrame: a lane that ends is switched to its end first, even if
// it is blocked meanwhile, and the algorithm is told afterwards.
func TestEndAfterLastFrame(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	var j journal
	n := w.recorded(0, &j, relay(1))
	f := w.feeder(n, 9, 5, w.messages(9, 5, 4, 10))
	f.lane.End(ReasonClosed, nil)
	w.settle()
	if f.lane.Closed() || !f.lane.Blocked() {
		t.Fatal("the lane has ended before its frames were switched")
	}
	f.lane.End(ReasonReset, nil) // the last word counts: it is why nothing more comes
	for range 5 {
		ps.to(1, 5).give(wire.HeaderSize + 10)
		w.settle()
		w.check()
	}
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(4)) {
		t.Errorf("sent %v", got)
	}
	if !f.lane.Closed() || !slices.Equal(f.closed, []CloseHow{CloseGraceful}) {
		t.Errorf("closed %v, %v", f.lane.Closed(), f.closed)
	}
	f.lane.End(ReasonClosed, nil) // once more is no harm
	w.settle()
	got := j.take()
	if last := got[len(got)-1]; last != "link-down 10.0.0.9:7000/5 upstream: reset, lost 0" {
		t.Errorf("the last message is %q", last)
	}
}

// TestIncompleteFrameAtEnd: a rest that never became a frame is no message.
func TestIncompleteFrameAtEnd(t *testing.T) {
	for _, cut := range []int{1, 10, wire.HeaderSize, wire.HeaderSize + 5} {
		w := newWorld(t, Config{})
		var j journal
		n := w.recorded(0, &j, nil)
		r := w.messages(9, 5, 3, 30)
		r.Len = uint32(2*(wire.HeaderSize+30) + cut)
		f := w.feeder(n, 9, 5, r)
		f.lane.End(ReasonReset, errors.New("connection ended in the middle of a message"))
		w.settle()
		w.check()
		sameLines(t, "cut frame", j.take(), "started/0 #0", "link-up 10.0.0.9:7000/5 upstream: none, lost 0",
			"data/5 #0", "data/5 #1", "link-down 10.0.0.9:7000/5 upstream: reset, lost 0")
		w.close()
	}
}

// TestViolations: a peer that breaks the protocol loses that lane, what follows
// on it is counted, and another lane of the same peer goes on.
func TestViolations(t *testing.T) {
	good := func(seq uint64) spec { return spec{sender: nodeID(9), app: 5, seq: seq, size: 10} }
	for _, c := range []struct {
		name string
		bad  spec
		spot func(b []byte) // spoils the bad frame
		err  error
		lost string
	}{
		{"foreign application", spec{app: 6, sender: nodeID(9)}, nil, ErrForeignApp, "2"},
		{"no application", spec{sender: nodeID(9)}, nil, ErrForeignApp, "2"},
		{"hello", spec{typ: wire.TypeHello, app: 5}, nil, ErrLateHello, "1"}, // which is no message
		{"hello as it is written", spec{typ: wire.TypeHello, sender: nodeID(9), size: 14}, nil, ErrLateHello, "1"},
		{"first local type", spec{typ: 128, app: 5}, nil, ErrLocalType, "2"},
		{"last local type", spec{typ: 255, app: 5}, nil, ErrLocalType, "2"},
		{"local type of another application", spec{typ: 255, app: 6}, nil, ErrLocalType, "2"},
		{"type 0", good(2), func(b []byte) { b[4], b[5] = 0, 0 }, wire.ErrMalformed, "0"},
		{"too big", good(2), func(b []byte) { b[0] = 0xff }, wire.ErrTooBig, "0"},
		{"a byte too big", good(2), func(b []byte) { b[1], b[2], b[3] = 0, 0x10, 0x01 }, wire.ErrTooBig, "0"},
		{"no room for the address", spec{app: 5, size: 15}, func(b []byte) { b[4] |= 0x80 }, wire.ErrMalformed, "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{MaxPayload: 4096})
			defer w.close()
			var j journal
			n := w.recorded(0, &j, nil)
			r := w.makeRun(good(0), good(1), c.bad, good(3))
			if c.spot != nil {
				c.spot(r.Bytes()[2*(wire.HeaderSize+10):])
			}
			f := w.feeder(n, 9, 5, r)
			other := w.feeder(n, 9, 7, w.makeRun(spec{sender: nodeID(9), app: 7}))
			w.settle()
			w.check()
			sameLines(t, c.name, j.take(), "started/0 #0",
				"link-up 10.0.0.9:7000/5 upstream: none, lost 0", "link-up 10.0.0.9:7000/7 upstream: none, lost 0",
				"data/5 #0", "data/5 #1", "data/7 #0",
				"link-down 10.0.0.9:7000/5 upstream: protocol violation, lost "+c.lost)
			if !slices.Equal(f.closed, []CloseHow{CloseAbort}) || other.lane.Closed() || !n.Running() {
				t.Errorf("closed %v; the other lane %v", f.closed, other.lane.Closed())
			}
			if len(w.warns) != 1 || !errors.Is(w.warns[0], c.err) {
				t.Errorf("warned of %v, want %v", w.warns, c.err)
			}
		})
	}
}

// TestViolationFoundByTransport: what was received before it, and not switched,
// is dropped and counted, and the queue that the lane waited for keeps its own.
func TestViolationFoundByTransport(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	var j journal
	n := w.recorded(0, &j, relay(1))
	f := w.feeder(n, 9, 5, w.messages(9, 5, 6, 10))
	w.settle()
	j.take()
	f.lane.End(ReasonProtocol, wire.ErrTooBig)
	w.settle()
	w.check()
	sameLines(t, "violation", j.take(), "link-down 10.0.0.9:7000/5 upstream: protocol violation, lost 4")
	for range 3 {
		ps.to(1, 5).give(endless)
		w.settle()
		w.check()
	}
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(2)) || !slices.Equal(f.closed, []CloseHow{CloseAbort}) {
		t.Errorf("sent %v, closed %v", got, f.closed)
	}
}

// TestUsualFrames holds the switch's quick look at a frame to the slow one, for
// every value of the type field.
func TestUsualFrames(t *testing.T) {
	w := newWorld(t, Config{MaxPayload: 100})
	defer w.close()
	n := w.node(0, nil)
	l := w.feeder(n, 1, 5).lane
	b := make([]byte, 200)
	for typ := 0; typ < 1<<16; typ += 9 - fewer(8) {
		for _, size := range []int{0, 15, 16, 100, 101} {
			for _, app := range []uint32{5, 6} {
				wire.PutHeader(b, wire.Header{Type: 2, App: app, Size: size})
				b[4], b[5] = byte(typ>>8), byte(typ)
				total, err := n.inspect(l, b)
				quick := l.usual(b)
				if quick != 0 && (err != nil || quick != total) {
					t.Fatalf("type %#x, size %d, application %d: quickly %d, slowly %d, %v", typ, size, app, quick, total, err)
				}
				good := typ > 1 && typ < 0x8000 && !Type(typ).Local() && size <= 100 && app == 5
				if good && quick == 0 && (typ == int(wire.TypeData) || typ > 255) {
					t.Fatalf("type %#x, size %d, application %d is not usual", typ, size, app)
				}
				if !good && typ < 0x8000 && err == nil {
					t.Fatalf("type %#x, size %d, application %d passes", typ, size, app)
				}
			}
		}
	}
}

// TestSharedLane: with lanes that applications share, any application may come
// on them, and no other type than elsewhere.
func TestSharedLane(t *testing.T) {
	w := newWorld(t, Config{Lanes: LaneShared})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, relay(1))
	f := w.feeder(n, 9, wire.SharedApp, w.makeRun(
		spec{sender: nodeID(9), app: 5}, spec{sender: nodeID(9), app: 6, seq: 1}, spec{sender: nodeID(9), app: 7, seq: 2},
		spec{sender: nodeID(9), typ: wire.TypeTimer, app: 7}))
	w.settle()
	w.check()
	if got := seqs(t, ps.to(1, wire.SharedApp).got); !slices.Equal(got, upto(3)) || len(ps.byLane) != 1 {
		t.Errorf("sent %v on %d lanes", got, len(ps.byLane))
	}
	if !f.lane.Closed() || len(w.warns) != 1 || !errors.Is(w.warns[0], ErrLocalType) {
		t.Errorf("closed %v, warned of %v", f.lane.Closed(), w.warns)
	}
}

// TestAcceptAgain: the same upstream and application again replaces the lane;
// another application, another upstream or a source does not.
func TestAcceptAgain(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	w.ports(0)
	var j journal
	n := w.recorded(0, &j, relay(1))
	n.AddSource(5, &numbered{w: w, app: 5, limit: 0})
	old := w.feeder(n, 9, 5, w.messages(9, 5, 4, 10)) // 1 queued, 1 waits, 2 unswitched
	a, b := w.feeder(n, 9, 6), w.feeder(n, 8, 5)
	w.settle()
	j.take()
	fresh := w.feeder(n, 9, 5, w.makeRun(spec{sender: nodeID(9), app: 5, seq: 10}))
	w.settle()
	w.check()
	sameLines(t, "accepted again", j.take(), "link-down 10.0.0.9:7000/5 upstream: replaced, lost 2",
		"link-up 10.0.0.9:7000/5 upstream: none, lost 0", "data/5 #10")
	if !old.lane.Closed() || a.lane.Closed() || b.lane.Closed() || fresh.lane.Closed() || len(n.sources) != 1 {
		t.Error("the wrong lane was replaced")
	}
	if n.Received(nodeID(9), 5) != 1 || n.Stats().Lost.InMsgs != 2 {
		t.Errorf("%d received on the new lane, %d lost", n.Received(nodeID(9), 5), n.Stats().Lost.InMsgs)
	}
	var ups []NodeID
	n.Upstreams(5, func(id NodeID) { ups = append(ups, id) })
	if !slices.Equal(ups, []NodeID{nodeID(8), nodeID(9)}) {
		t.Errorf("upstreams %v", ups)
	}
}

// TestStopDelivers: a node that stops delivers all it has accepted, in queues and
// behind them, from upstreams and sources, and then ends, once.
func TestStopDelivers(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	ps := w.ports(0)
	var j journal
	n := w.recorded(0, &j, relay(1, 2))
	src := &numbered{w: w, rng: Rand(1), app: 5, limit: 7, burst: 7}
	src.rng = Rand(3)
	n.AddSource(5, src)
	f := w.feeder(n, 9, 5, w.messages(9, 5, 6, 10))
	w.run()
	accepted := int(src.next) + 6
	n.Stop()
	n.Stop()
	if n.Running() || n.sw.Accept(nodeID(7), 5, f) != nil {
		t.Error("a stopping node still accepts lanes")
	}
	w.run()
	if n.Ended() {
		t.Fatal("the node has ended with messages queued")
	}
	ps.to(1, 5).give(endless)
	w.run()
	w.check()
	if n.Ended() {
		t.Fatal("the node has ended with messages queued for one downstream")
	}
	for range 1000 {
		ps.to(2, 5).give(7)
		w.run()
	}
	if !n.Ended() || len(w.ends[n]) != 1 || w.crash(n) != nil {
		t.Fatalf("ended %v, told %d times", n.Ended(), len(w.ends[n]))
	}
	for d := 1; d <= 2; d++ {
		p := ps.to(d, 5)
		// And behind them the news that the session has ended.
		if fs, rest := frames(t, p.got); len(fs) != accepted+1 || rest != 0 || wire.TypeOf(fs[accepted]) != wire.TypeSessionEnd {
			t.Errorf("downstream %d got %d messages and %d bytes, want %d", d, len(fs), rest, accepted+1)
		}
		if !slices.Equal(p.closed, []CloseHow{CloseGraceful}) {
			t.Errorf("downstream %d was closed %v", d, p.closed)
		}
	}
	if src.closed != 1 || !slices.Equal(f.closed, []CloseHow{CloseGraceful}) {
		t.Errorf("the source was closed %d times, the upstream %v", src.closed, f.closed)
	}
	if s := n.Stats(); s.Lost != (LossStats{}) {
		t.Errorf("lost %+v", s.Lost)
	}
	if got := j.take(); !slices.Contains(got, "stopping/0 #0") || !slices.Contains(got, "link-down 10.0.0.9:7000/5 upstream: stopped, lost 0") {
		t.Errorf("the algorithm was told %q", got)
	}
	if n.sw.Deliver(wire.TypeControl, 0, 0, nil) {
		t.Error("an ended node says it has taken a message")
	}
}

// TestStopAcrossMem: nodes that stop one after the other pass everything on.
func TestStopAcrossMem(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	var got journal
	a := w.node(0, relay(1))
	b := w.node(1, relay(2))
	w.recorded(2, &got, nil)
	f := w.feeder(a, 9, 5, w.messages(9, 5, 50, 10))
	for range 3 {
		w.sh.ServeNext()
	}
	a.Stop()
	for range 2 {
		w.sh.ServeNext()
	}
	w.settle()
	b.Stop()
	w.settle()
	w.check()
	if !a.Ended() || !b.Ended() || !f.lane.Closed() {
		t.Fatal("the nodes have not ended")
	}
	data := slices.DeleteFunc(got.take(), func(s string) bool { return !strings.HasPrefix(s, "data") })
	if lost := a.Stats().Lost.InMsgs; len(data)+int(lost) != 50 {
		t.Errorf("%d messages arrived, %d counted as lost", len(data), lost)
	}
}

// TestKillCounts: what a killed node had is counted, on both sides of the switch.
func TestKillCounts(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	f := w.feeder(n, 9, 5, w.messages(9, 5, 10, 10), w.messages(9, 5, 4, 10))
	w.settle()
	ps.to(1, 5).give(wire.HeaderSize + 10 + 3) // one and a bit
	w.settle()
	switched := f.lane.msgs
	n.sw.Kill()
	n.sw.Kill()
	w.settle()
	w.check()
	s := n.Stats()
	if s.Lost.InMsgs+f.rest.Msgs != 14-switched || f.rest.Msgs != 4 || s.Lost.OutMsgs != switched-1 {
		t.Errorf("switched %d of 14; lost %+v", switched, s.Lost)
	}
	if s.Lost.OutBytes != (switched-1)*(wire.HeaderSize+10) { // what broke off is lost whole
		t.Errorf("%d bytes lost", s.Lost.OutBytes)
	}
	if !slices.Equal(ps.to(1, 5).closed, []CloseHow{CloseAbort}) || !slices.Equal(f.closed, []CloseHow{CloseAbort}) || len(w.ends[n]) != 1 {
		t.Errorf("closed %v, %v; ended %d times", ps.to(1, 5).closed, f.closed, len(w.ends[n]))
	}
}

// panicky is a source that panics.
type panicky struct{ closed int }

func (p *panicky) Produce(*Node) Supply { panic("no supply") }
func (p *panicky) Close()               { p.closed++ }

// torn is a source that produces part of a frame.
type torn struct {
	w      *world
	closed int
}

func (s *torn) Produce(n *Node) Supply {
	r := s.w.makeRun(spec{sender: n.ID(), app: 5, size: 10})
	r.Len -= 3
	return Supply{Run: r}
}
func (s *torn) Close() { s.closed++ }

// TestCrash: a panic, wherever an algorithm or a source has it, ends that node
// and no other; neighbours see a failure, and no slab stays behind.
func TestCrash(t *testing.T) {
	on := func(typ Type, do func(n *Node, m *Msg)) func(n *Node, m *Msg) Verdict {
		return func(n *Node, m *Msg) Verdict {
			for _, d := range []int{2} {
				if m.Type() == wire.TypeData {
					n.Send(m, nodeID(d))
				}
			}
			if m.Type() == typ && (typ != wire.TypeData || m.Seq() == 3) {
				n.Retain(n.NewMsg(wire.TypeData, 5, 10))
				n.NewMsg(wire.TypeData, 5, 10)
				do(n, m)
			}
			return Done
		}
	}
	oops := func(*Node, *Msg) { panic("oops") }
	none := func(*Node, *Msg) {}
	for _, c := range []struct {
		name   string
		alg    func(n *Node, m *Msg) Verdict
		poke   func(w *world, n *Node)
		value  any
		before int // messages that got through
	}{
		{"data", on(wire.TypeData, oops), nil, "oops", 4},
		{"event", on(wire.TypeLinkUp, oops), nil, "oops", 0},
		{"held", on(wire.TypeData, func(n *Node, m *Msg) { n.Retain(m); panic("oops") }), nil, "oops", 4},
		{"timer", on(wire.TypeTimer, oops), func(_ *world, n *Node) { n.sw.Fire(1) }, "oops", 6},
		{"call", on(wire.TypeTimer, none), func(_ *world, n *Node) { n.sw.Call(func() { panic("oops") }) }, "oops", 6},
		{"deliver", on(wire.TypeControl, oops), func(_ *world, n *Node) { n.sw.Deliver(wire.TypeControl, 0, 0, []byte("x")) }, "oops", 6},
		{"produce", on(wire.TypeTimer, none), func(_ *world, n *Node) { n.AddSource(5, &panicky{}) }, "no supply", 6},
		{"part of a frame", on(wire.TypeTimer, none), func(w *world, n *Node) { n.AddSource(5, &torn{w: w}) },
			"core: a source produced part of a frame", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			var up, down journal
			a := w.recorded(0, &up, relay(1))
			w.settle()
			b := w.node(1, c.alg)
			d := w.recorded(2, &down, nil)
			w.feeder(a, 9, 5, w.messages(9, 5, 6, 10))
			w.run()
			if c.poke != nil {
				c.poke(w, b)
				w.run()
			}
			w.check()
			if crash := w.crash(b); crash == nil || crash.Value != c.value || len(w.ends[b]) != 1 {
				t.Fatalf("the crash is %+v", crash)
			}
			if !a.Running() || !d.Running() {
				t.Error("a neighbour has ended too")
			}
			got := up.take()
			if last := got[len(got)-1]; !strings.HasPrefix(last, "link-down 10.0.0.1:7000/5 downstream: reset") {
				t.Errorf("the upstream's last message is %q", last)
			}
			// Nothing that the crashed node had not flushed may arrive; what it had
			// flushed does.
			got = down.take()
			data := 0
			for _, line := range got {
				if strings.HasPrefix(line, "data") {
					data++
				}
			}
			if data != c.before && data != 0 {
				t.Errorf("the downstream got %d messages, want %d or, if nothing was flushed, none", data, c.before)
			}
			if last := got[len(got)-1]; data > 0 && last != "link-down 10.0.0.1:7000/5 upstream: reset, lost 0" {
				t.Errorf("the downstream's last message is %q", last)
			}
		})
	}
}

// TestSourcesAreNoUpstreams: what a node's own source made and nobody switched was
// received from nobody, and is counted apart.
func TestSourcesAreNoUpstreams(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	w.ports(0)
	n := w.node(0, relay(1))
	n.AddSource(6, &once{w.messages(0, 6, 6, 10)}) // 1 is queued, 1 waits, 4 are not switched
	w.sh.Inject()
	w.settle()
	w.feeder(n, 9, 5, w.messages(9, 5, 5, 10)) // likewise 3
	w.settle()
	n.sw.Kill()
	w.settle()
	s := n.Stats()
	if s.Lost.InMsgs != 3 || s.Lost.SourceMsgs != 4 || s.Lost.UnswitchedMsgs() != 7 || s.Lost.InBytes != 3*(wire.HeaderSize+10) || s.Lost.SourceBytes != 4*(wire.HeaderSize+10) {
		t.Errorf("lost %+v, want 3 messages from upstream and 4 of the source", s.Lost)
	}
	if s.Past.In.Msgs != 2 || s.Past.Source.Msgs != 2 {
		t.Errorf("switched %+v, want 2 messages from upstream and 2 of the source", s.Past)
	}
}

// once is a source that makes one run.
type once struct{ run Run }

func (s *once) Produce(*Node) Supply {
	r := s.run
	s.run = Run{}
	return Supply{Run: r, End: r.Slab == nil}
}

func (s *once) Close() {}
