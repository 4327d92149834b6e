package netcode_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// counted is a source whose messages say which they are, in all their bytes.
type counted struct {
	app   uint32
	size  func(i uint64) int
	limit uint64
	sent  uint64
	every time.Duration // 0: always ready
}

// Produce implements core.Source.
func (c *counted) Produce(n *core.Node) core.Supply {
	if c.sent == c.limit {
		return core.Supply{End: true}
	}
	if at := time.Duration(c.sent) * c.every; c.every > 0 && at > n.Now() {
		return core.Supply{Wake: at}
	}
	size := c.size(c.sent)
	slab, err := n.Pool().GetSize(wire.HeaderSize + size)
	if err != nil {
		panic(err)
	}
	b := slab.Bytes()[:wire.HeaderSize+size]
	wire.PutHeader(b, wire.Header{Type: wire.TypeData, Sender: n.ID(), App: c.app, Seq: c.sent, Size: size})
	copy(b[wire.HeaderSize:], payload(c.app, c.sent, size))
	c.sent++
	return core.Supply{Run: core.Run{Slab: slab, Len: uint32(len(b)), Msgs: 1}}
}

// Close implements core.Source.
func (c *counted) Close() {}

func always(size int) func(uint64) int { return func(uint64) int { return size } }

// reader is a receiver's Deliver: it compares what comes with what was sent, in order.
type reader struct {
	t    coretest.TB
	name string
	size func(uint64) int
	next uint64

	gaps     bool // it may have missed some, but none is wrong or out of order
	restarts bool // the stream, or this node, may begin anew
	stream   uint32
}

func (r *reader) deliver(g coding.Generation, _ int, packet []byte) {
	if s := g.Stream &^ (1 << 31); s != r.stream && r.restarts {
		r.next = 0
	}
	r.stream = g.Stream &^ (1 << 31)
	if r.gaps || r.restarts {
		was := r.next
		for range 1 << 14 {
			if bytes.Equal(packet, payload(1, r.next, r.size(r.next))) {
				r.next++
				return
			}
			r.next++
		}
		for r.next = 0; r.restarts && r.next < was; r.next++ { // a node that begins anew may be given some again
			if bytes.Equal(packet, payload(1, r.next, r.size(r.next))) {
				r.next++
				return
			}
		}
		r.t.Fatalf("%s: a packet after %d is nothing that was sent", r.name, was)
	}
	if !bytes.Equal(packet, payload(1, r.next, r.size(r.next))) {
		r.t.Fatalf("%s: packet %d is not what was sent", r.name, r.next)
	}
	r.next++
}

// graph is a topology with a multicast node at each place.
type graph struct {
	w     *sim.World
	nodes map[string]*netcode.Multicast
	read  map[string]*reader
	src   *counted
}

type edge struct {
	from, to string
	link     emul.Link
}

// newGraph makes nodes of the names, of which receivers are those in to.
func newGraph(t coretest.TB, seed uint64, cfg netcode.Session, names []string, edges []edge, to []string, src *counted) *graph {
	return newGraphOf(t, seed, cfg, names, edges, to, src, func(string, *netcode.Session) {})
}

// newGraphOf does the same with sessions that differ from node to node.
func newGraphOf(t coretest.TB, seed uint64, cfg netcode.Session, names []string, edges []edge, to []string, src *counted, change func(string, *netcode.Session)) *graph {
	return newGraphIn(t, sim.Options{Seed: seed}, cfg, names, edges, to, src, change)
}

// newGraphIn does the same in a world of these options.
func newGraphIn(t coretest.TB, o sim.Options, cfg netcode.Session, names []string, edges []edge, to []string, src *counted, change func(string, *netcode.Session)) *graph {
	g := &graph{w: sim.New(o), nodes: map[string]*netcode.Multicast{}, read: map[string]*reader{}, src: src}
	t.Cleanup(func() {
		for _, p := range g.w.Panics() {
			t.Errorf("node %s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
		}
		if err := g.w.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	for _, name := range to {
		g.read[name] = &reader{t: t, name: name, size: src.size}
	}
	for _, name := range names {
		g.w.AddNode(name, func() core.Algorithm {
			s := cfg
			s.App, s.Downstreams = 1, nil
			for _, e := range edges {
				if e.from == name {
					s.Downstreams = append(s.Downstreams, g.w.ID(e.to))
				}
			}
			if r := g.read[name]; r != nil {
				s.Deliver = r.deliver
			}
			change(name, &s)
			g.nodes[name] = netcode.NewMulticast(s)
			return g.nodes[name]
		})
	}
	for _, e := range edges {
		g.w.Node(e.from).SetLink(g.w.ID(e.to), e.link)
	}
	g.w.Node(names[0]).Core().AddSource(1, src)
	return g
}

func (g *graph) runFor(t coretest.TB, d time.Duration) {
	if err := g.w.RunFor(d); err != nil {
		t.Fatalf("%v", err)
	}
}

// rates runs for a while and returns what each receiver gets, in packets a second.
func (g *graph) rates(t coretest.TB, d time.Duration) map[string]float64 {
	before := map[string]uint64{}
	for name, r := range g.read {
		before[name] = r.next
	}
	g.runFor(t, d)
	rates := map[string]float64{}
	for name, r := range g.read {
		rates[name] = float64(r.next-before[name]) / d.Seconds()
	}
	return rates
}

const size = 1000

// packets is a rate of so many coded packets a second.
func packets(perSecond float64, k int) emul.Rate {
	return emul.Rate(perSecond * float64(wire.HeaderSize+coding.Generation{K: k, Size: size, Last: size}.VectorLen()))
}

var butterfly = []edge{{from: "s", to: "a"}, {from: "s", to: "b"}, {from: "a", to: "c"}, {from: "b", to: "c"},
	{from: "c", to: "d"}, {from: "a", to: "t1"}, {from: "b", to: "t2"}, {from: "d", to: "t1"}, {from: "d", to: "t2"}}

func limited(edges []edge, l emul.Link) []edge {
	var es []edge
	for _, e := range edges {
		e.link = l
		es = append(es, e)
	}
	return es
}

// The classical butterfly: the min cut to each receiver is 2, and only coding reaches it.
func TestButterfly(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	const k = 128
	for _, c := range []struct {
		latency time.Duration
		least   float64
	}{{0, 0.94}, {20 * time.Millisecond, 0.9}} {
		t.Run(c.latency.String(), func(t *testing.T) {
			g := newGraph(t, 1, netcode.Session{K: k}, []string{"s", "a", "b", "c", "d", "t1", "t2"},
				limited(butterfly, emul.Link{Rate: packets(100, k), Latency: c.latency}), []string{"t1", "t2"},
				&counted{app: 1, size: always(size), limit: 1 << 60})
			g.runFor(t, 20*time.Second)
			for name, r := range g.rates(t, 60*time.Second) {
				if r < c.least*200 || r > 1.01*1.03*200 { // a seeded packet is 3% shorter than those the links are measured in
					t.Errorf("%s gets %.1f packets a second of 200", name, r)
				}
			}
		})
	}
}

// Whatever the source sends arrives, in order and whole: any acyclic topology, any sizes,
// any loss of data and feedback.
func TestMulticastDelivers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "nodes")
		names, edges := randomDAG(t, n)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 400), 1, 5).Draw(t, "sizes")
		run := rapid.IntRange(1, 30).Draw(t, "run")
		src := &counted{app: 1, limit: rapid.Uint64Range(1, 300).Draw(t, "packets"),
			size: func(i uint64) int { return sizes[int(i)/run%len(sizes)] }}
		if rapid.Bool().Draw(t, "slow source") {
			src.every = 7 * time.Millisecond
		}
		cfg := netcode.Session{
			K: rapid.IntRange(2, 40).Draw(t, "K"), Window: rapid.IntRange(1, 20).Draw(t, "window"), Queue: rapid.IntRange(1, 6).Draw(t, "queue"),
			Code: rapid.SampledFrom([]coding.Code{{}, {Scheme: coding.Sparse, Weight: 3}, {Scheme: coding.Band, Weight: 4}}).Draw(t, "code"),
		}
		signed := rapid.Bool().Draw(t, "signed")
		g := newGraphIn(t, neverIdle(t), cfg, names, edges, names[1:], src, func(name string, s *netcode.Session) {
			if sign, trust := keys(); signed {
				s.Trust = trust
				if name == names[0] {
					s.Sign = sign
				}
			}
		})
		for _, e := range edges { // feedback is lost too
			g.w.Node(e.to).SetLink(g.w.ID(e.from), emul.Link{Loss: e.link.Loss})
		}
		g.runFor(t, 10*time.Minute)
		for name, r := range g.read {
			if r.next != src.limit {
				t.Fatalf("%s got %d of %d packets: %+v", name, r.next, src.limit, g.nodes[name].Counters())
			}
		}
		for name, m := range g.nodes {
			if c := m.Counters(); m.Held() != 0 || c.Bad+c.Skipped+c.Doubted+c.Shunned != 0 {
				t.Fatalf("%s holds %d messages in the end: %+v", name, m.Held(), c)
			}
		}
		at := g.w.Totals().Events
		g.runFor(t, time.Hour)
		if now := g.w.Totals().Events; now != at {
			t.Fatalf("%d events in an hour in which there was nothing to do", now-at)
		}
	})
}

// neverIdle is a world whose links are, or are not, closed when they rest. If they never are,
// nothing that is stuck is freed by their coming back.
func neverIdle(t *rapid.T) sim.Options {
	o := sim.Options{Seed: rapid.Uint64().Draw(t, "seed")}
	if rapid.Bool().Draw(t, "never idle") {
		o.Core.IdleTimeout = core.NeverIdle
	}
	return o
}

// randomDAG is a topology in which every node can be reached from the first.
func randomDAG(t *rapid.T, n int) (names []string, edges []edge) {
	for i := range n {
		names = append(names, fmt.Sprint("n", i))
	}
	link := func() emul.Link {
		l := emul.Link{Loss: rapid.Float64Range(0, 0.4).Draw(t, "loss")}
		if rapid.Bool().Draw(t, "limited") {
			l.Rate = emul.Rate(rapid.IntRange(20, 200).Draw(t, "KBps")) * emul.KBps
		}
		if rapid.Bool().Draw(t, "far") {
			l.Latency = time.Duration(rapid.IntRange(1, 50).Draw(t, "ms")) * time.Millisecond
		}
		return l
	}
	for to := 1; to < n; to++ {
		sure := rapid.IntRange(0, to-1).Draw(t, "from")
		for from := range to {
			if from == sure || rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				edges = append(edges, edge{names[from], names[to], link()})
			}
		}
	}
	return names, edges
}

// Relays that crash and come back cost time, not data: here another path always leads
// around them.
func TestChurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		relays := []string{"r0", "r1", "r2"}
		var edges []edge
		for _, r := range relays {
			edges = append(edges, edge{"s", r, emul.Link{Rate: 100 * emul.KBps, Loss: 0.02}}, edge{r, "t", emul.Link{Rate: 100 * emul.KBps, Latency: 5 * time.Millisecond}})
		}
		edges = append(edges, edge{"r0", "r1", emul.Link{Rate: 50 * emul.KBps}})
		src := &counted{app: 1, size: always(500), limit: 4000}
		if raceOn {
			src.limit = 400
		}
		g := newGraph(t, rapid.Uint64().Draw(t, "seed"), netcode.Session{K: 16}, append([]string{"s", "t"}, relays...), edges, []string{"t"}, src)
		for range rapid.IntRange(0, 8).Draw(t, "faults") {
			r := rapid.SampledFrom(relays[:2]).Draw(t, "relay") // r2 stays
			at := time.Duration(rapid.IntRange(0, int(src.limit)*3).Draw(t, "at")) * time.Millisecond
			kind := rapid.SampledFrom([]sim.FaultKind{sim.Crash, sim.Restart, sim.Stop}).Draw(t, "fault")
			g.w.Schedule(sim.Fault{At: at, Kind: kind, Nodes: []string{r}})
		}
		g.runFor(t, 3*time.Minute)
		if got := g.read["t"].next; got != src.limit {
			for name, m := range g.nodes {
				t.Logf("%s: oldest %d, %+v", name, m.Oldest(), m.Counters())
			}
			t.Fatalf("t got %d of %d", got, src.limit)
		}
		for name, m := range g.nodes {
			if m.Running() && m.Held() != 0 {
				t.Fatalf("%s holds %d messages in the end", name, m.Held())
			}
		}
	})
}

// A receiver that joins late begins where the others are, and the same seed is the same
// run.
func TestJoinLateAndRepeat(t *testing.T) {
	run := func() string {
		src := &counted{app: 1, size: always(500), limit: 3000}
		first := map[string]uint64{}
		g := newGraph(t, 7, netcode.Session{K: 16}, []string{"s", "a", "b"}, []edge{{"s", "a", emul.Link{Rate: 100 * emul.KBps, Loss: 0.1}}}, []string{"a"}, src)
		g.w.At(5*time.Second, func() {
			b := g.nodes["b"]
			late := func(gen coding.Generation, i int, packet []byte) {
				if first["b"] == 0 {
					first["b"] = uint64(gen.ID)
				}
			}
			_ = b
			g.w.AddNode("late", func() core.Algorithm {
				return netcode.NewMulticast(netcode.Session{App: 1, Deliver: late})
			})
			g.nodes["s"].AddDownstream(g.w.ID("late"))
		})
		g.runFor(t, 5*time.Minute)
		if g.read["a"].next != 3000 {
			t.Errorf("a got %d", g.read["a"].next)
		}
		late := g.w.Node("late").Algorithm().(*netcode.Multicast).Counters()
		if late.Delivered < 1000 || first["b"] == 0 {
			t.Errorf("the late one got %+v, from generation %d", late, first["b"])
		}
		return fmt.Sprintf("%+v %+v %d %v", late, g.nodes["s"].Counters(), first["b"], g.w.Totals())
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs of one seed:\n%s\n%s", a, b)
	}
}

// In steady state nothing is allocated on the way of a packet, feedback included: all that
// is comes from the source of this test, which makes each of its payloads.
func TestMulticastAllocates(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	cfg := netcode.Session{K: 16, Deliver: func(coding.Generation, int, []byte) {}}
	g := newGraph(t, 1, cfg, []string{"s", "a", "b"},
		[]edge{{"s", "a", emul.Link{Rate: packets(1000, 16)}}, {"a", "b", emul.Link{Rate: packets(1000, 16)}}}, nil,
		&counted{app: 1, size: always(size), limit: 1 << 60})
	g.runFor(t, 20*time.Second)
	sent, made := g.nodes["a"].Counters().Sent, g.src.sent
	allocs := testing.AllocsPerRun(5, func() { g.runFor(t, 2*time.Second) })
	perRun := float64(g.nodes["a"].Counters().Sent-sent) / 6
	own := allocs - float64(g.src.sent-made)/6
	if perRun < 1900 || own > 0.01*perRun {
		t.Errorf("%.0f allocations for %.0f recoded packets", own, perRun)
	}
}

// A downstream that is named again is the same one, one that was removed gets nothing more
// and holds nothing up, and may come back.
func TestDownstreamsComeAndGo(t *testing.T) {
	w := coretest.New(t, core.Config{})
	received := map[string]int{}
	for _, name := range []string{"a", "b"} {
		w.Node(name, netcode.NewMulticast(netcode.Session{App: 1, Deliver: func(coding.Generation, int, []byte) { received[name]++ }}))
	}
	m := netcode.NewMulticast(netcode.Session{App: 1, K: 4, Downstreams: []core.NodeID{w.ID("a"), w.ID("a")}})
	s := w.Node("s", m)
	s.AddSource(1, &counted{app: 1, size: always(100), limit: 1200, every: 10 * time.Millisecond})
	took := func(d time.Duration) string {
		a, b := received["a"], received["b"]
		w.RunFor(d)
		return fmt.Sprintf("a %d, b %d", (received["a"]-a+8)/100*100, (received["b"]-b+8)/100*100)
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "a 300, b 0"},
		{func() { m.AddDownstream(w.ID("b")); m.AddDownstream(w.ID("b")); m.AddDownstream(w.ID("a")) }, "a 300, b 300"},
		{func() { m.RemoveDownstream(w.ID("a")); m.RemoveDownstream(w.ID("c")) }, "a 0, b 300"},
		{func() { m.AddDownstream(w.ID("a")) }, "a 300, b 300"},
	} {
		w.Call(s, step.do)
		if got := took(3 * time.Second); got != step.want {
			t.Errorf("delivered %s, want %s", got, step.want)
		}
	}
	w.RunFor(time.Minute)
	// Every packet is sent to each once, as long as it is a downstream.
	if c := m.Counters(); received["b"] != 900 || c.Sent < 1790 || c.Sent > 1830 || m.Held() != 0 {
		t.Errorf("b got %d packets, %d were sent, %d are held", received["b"], c.Sent, m.Held())
	}
}
