package netcode_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// atLeast fails unless each receiver named gets its rate in each of several windows.
func (g *graph) atLeast(t *testing.T, least float64, windows int, names ...string) {
	t.Helper()
	for i := range windows {
		rates := g.rates(t, 20*time.Second)
		for _, name := range names {
			if rates[name] < least {
				t.Errorf("window %d: %s gets %.1f packets a second, want %.0f", i, name, rates[name], least)
			}
		}
	}
}

// A receiver that crashes behind a relay of its own holds nobody up, and gets the stream
// again when it is back.
func TestReceiverCrashesBehindItsRelay(t *testing.T) {
	const k = 32
	g := newGraph(t, 1, netcode.Session{K: k}, []string{"s", "a", "b", "r1", "r2"},
		limited([]edge{{from: "s", to: "a"}, {from: "s", to: "b"}, {from: "a", to: "r1"}, {from: "b", to: "r2"}}, emul.Link{Rate: packets(100, k)}),
		[]string{"r1", "r2"}, &counted{app: 1, size: always(size), limit: 1 << 60})
	g.runFor(t, 20*time.Second)
	g.atLeast(t, 90, 1, "r1", "r2")
	g.read["r2"].gaps = true // it begins anew where the others are
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Crash, Nodes: []string{"r2"}})
	g.atLeast(t, 90, 4, "r1")
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Restart, Nodes: []string{"r2"}})
	g.runFor(t, 40*time.Second) // it is tried again after half a minute at most
	g.atLeast(t, 90, 2, "r1", "r2")
}

// A relay that leads nowhere holds nobody up, whatever comes to it; and when somebody comes
// behind it, it carries.
func TestRelayThatLeadsNowhere(t *testing.T) {
	const k = 32
	g := newGraph(t, 1, netcode.Session{K: k}, []string{"s", "a", "x", "y", "r"},
		limited([]edge{{from: "s", to: "a"}, {from: "s", to: "x"}, {from: "a", to: "y"}, {from: "x", to: "y"}, {from: "a", to: "r"}}, emul.Link{Rate: packets(100, k)}),
		[]string{"r"}, &counted{app: 1, size: always(size), limit: 1 << 60})
	g.runFor(t, 20*time.Second)
	g.atLeast(t, 90, 3, "r")
	sent := g.nodes["x"].Counters().Sent
	late := &reader{t: t, name: "late", size: always(size), gaps: true}
	g.read["late"] = late
	g.w.AddNode("late", func() core.Algorithm {
		return netcode.NewMulticast(netcode.Session{App: 1, Deliver: late.deliver})
	})
	g.w.Node("y").SetLink(g.w.ID("late"), emul.Link{Rate: packets(100, k)})
	g.w.At(g.w.Now(), func() { g.nodes["y"].AddDownstream(g.w.ID("late")) })
	g.runFor(t, 10*time.Second)
	g.atLeast(t, 90, 2, "r", "late")
	if now := g.nodes["x"].Counters().Sent; now == sent {
		t.Errorf("x sent nothing, although y has use for it again")
	}
}

// A source that starts anew is followed, and where it left off the receiver is told.
func TestSourceStartsAnew(t *testing.T) {
	g := newGraph(t, 1, netcode.Session{K: 16}, []string{"s", "a", "b", "r"},
		limited([]edge{{from: "s", to: "a"}, {from: "s", to: "b"}, {from: "a", to: "r"}, {from: "b", to: "r"}}, emul.Link{Rate: packets(100, 16)}),
		[]string{"r"}, &counted{app: 1, size: always(size), limit: 1 << 60})
	g.read["r"].gaps = true
	g.runFor(t, 20*time.Second)
	before := g.nodes["r"].Counters().Delivered
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Restart, Nodes: []string{"s"}})
	g.w.At(g.w.Now()+time.Second, func() {
		g.w.Node("s").Core().AddSource(1, &counted{app: 1, size: always(size), limit: 1 << 60})
	})
	g.read["r"].restarts = true
	g.runFor(t, 20*time.Second)
	if got := g.nodes["r"].Counters().Delivered - before; before < 2000 || got < 2000 {
		t.Errorf("r got %d packets of the first life in 20 s, and %d of the second: %+v", before, got, g.nodes["r"].Counters())
	}
	if c := g.nodes["r"].Counters(); c.Replaced == 0 {
		t.Errorf("%+v", c)
	}
}

// What a stranger sends neither begins a session where upstreams are named, nor takes the
// place of a stream, nor keeps one from beginning.
func TestStrangers(t *testing.T) {
	for _, named := range []bool{true, false} {
		w := sim.New(sim.Options{Seed: 3})
		src := &counted{app: 1, size: always(100), limit: 4000, every: 5 * time.Millisecond}
		read := &reader{t: t, name: "r", size: src.size}
		var r *netcode.Multicast
		w.AddNode("r", func() core.Algorithm {
			s := netcode.Session{App: 1, Deliver: func(g coding.Generation, i int, p []byte) {
				if named || len(p) != 50 { // what the stranger brings first is taken, if nobody is named
					read.deliver(g, i, p)
				}
			}}
			if named {
				s.Upstreams = []core.NodeID{w.ID("s")}
			}
			r = netcode.NewMulticast(s)
			return r
		})
		// The stranger has a stream of its own, and brings one stray packet of it.
		w.AddNode("x", func() core.Algorithm {
			return netcode.NewMulticast(netcode.Session{App: 1, K: 4, Downstreams: []core.NodeID{w.ID("r")}})
		})
		w.Node("x").Core().AddSource(1, &counted{app: 1, size: always(50), limit: 1})
		if err := w.RunFor(time.Second); err != nil {
			t.Fatal(err)
		}
		got := read.next
		w.AddNode("s", func() core.Algorithm {
			return netcode.NewMulticast(netcode.Session{App: 1, K: 16, Downstreams: []core.NodeID{w.ID("r")}})
		})
		w.Node("s").Core().AddSource(1, src)
		if err := w.RunFor(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		// And then it comes with another, while the first goes on.
		w.Node("x").Core().AddSource(1, &counted{app: 1, size: always(50), limit: 1 << 60, every: time.Millisecond})
		if err := w.RunFor(time.Minute); err != nil {
			t.Fatal(err)
		}
		if c := r.Counters(); read.next != src.limit || named && (got != 0 || c.Strangers == 0) {
			t.Errorf("named %v: r got %d of %d packets, %d before the source began: %+v", named, read.next, src.limit, got, c)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Nobody who has no use for the stream, or has gone, holds up those who have: relays that are
// no receivers, dead ends, crashes, leaves and late joins, in any acyclic topology. Receivers
// that stay get everything, while the source and a way to them stay.
func TestMulticastAmongThoseWhoComeAndGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 8).Draw(t, "nodes")
		names, edges := randomDAG(t, n)
		// The stable part: a chain that nothing happens to, ending at the receiver that stays.
		names = append(names, "hop", "stays")
		edges = append(edges, edge{"n0", "hop", emul.Link{}}, edge{"hop", "stays", emul.Link{Loss: 0.05}})
		to := []string{"stays"}
		for _, name := range names[1:n] {
			if rapid.IntRange(0, 2).Draw(t, "receiver") == 0 {
				to = append(to, name)
			}
			if rapid.IntRange(0, 3).Draw(t, "feeds") == 0 {
				edges = append(edges, edge{name, "stays", emul.Link{Rate: 50 * emul.KBps}})
			}
		}
		src := &counted{app: 1, size: always(100), limit: 600, every: 10 * time.Millisecond}
		g := newGraphIn(t, neverIdle(t), netcode.Session{K: rapid.IntRange(2, 20).Draw(t, "K")}, names, edges, to, src, func(string, *netcode.Session) {})
		for _, r := range g.read {
			r.gaps = r.name != "stays"
		}
		for range rapid.IntRange(0, 5).Draw(t, "faults") {
			kind := rapid.SampledFrom([]sim.FaultKind{sim.Crash, sim.Restart, sim.Stop}).Draw(t, "fault")
			at := time.Duration(rapid.IntRange(0, 8000).Draw(t, "at")) * time.Millisecond
			name := rapid.SampledFrom(names[1:n]).Draw(t, "node")
			if r := g.read[name]; r != nil {
				r.restarts = true
			}
			g.w.Schedule(sim.Fault{At: at, Kind: kind, Nodes: []string{name}})
		}
		if rapid.Bool().Draw(t, "late") {
			late := &reader{t: t, name: "late", size: src.size, gaps: true}
			g.w.At(3*time.Second, func() {
				g.w.AddNode("late", func() core.Algorithm {
					return netcode.NewMulticast(netcode.Session{App: 1, Deliver: late.deliver})
				})
				g.nodes["hop"].AddDownstream(g.w.ID("late"))
			})
		}
		if rapid.Bool().Draw(t, "leaves") {
			g.w.At(4*time.Second, func() { g.nodes["n0"].RemoveDownstream(g.w.ID(edges[0].to)) })
		}
		g.runFor(t, 3*time.Minute)
		if got := g.read["stays"].next; got != src.limit {
			for name, m := range g.nodes {
				t.Logf("%s: oldest %d, %+v", name, m.Oldest(), m.Counters())
			}
			t.Fatalf("the receiver that stays got %d of %d", got, src.limit)
		}
	})
}
