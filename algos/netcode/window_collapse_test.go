package netcode_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// The cases of collapse_test.go, for the sliding window.

func forever() *counted {
	return &counted{app: 1, size: always(size), limit: 1 << 60, every: 10 * time.Millisecond}
}

// A receiver that crashes behind a relay of its own holds nobody up, and gets the stream again when it is back.
func TestWindowReceiverCrashesBehindItsRelay(t *testing.T) {
	g := newWinGraph(t, sim.Options{Seed: 1}, netcode.WindowSession{}, []string{"s", "a", "b", "r1", "r2"},
		[]edge{{from: "s", to: "a"}, {from: "s", to: "b"}, {from: "a", to: "r1"}, {from: "b", to: "r2"}}, []string{"r1", "r2"}, forever())
	g.atLeast(t, 99, 1, "r1", "r2")
	g.read["r2"].late, g.read["r2"].restarts = true, true
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Crash, Nodes: []string{"r2"}})
	g.atLeast(t, 99, 3, "r1")
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Restart, Nodes: []string{"r2"}})
	g.runFor(t, 40*time.Second) // it is tried again after half a minute at most
	g.atLeast(t, 99, 2, "r1", "r2")
}

// A relay that leads nowhere holds nobody up, and gets nothing; when somebody comes behind it, it carries.
func TestWindowRelayThatLeadsNowhere(t *testing.T) {
	g := newWinGraph(t, sim.Options{Seed: 1}, netcode.WindowSession{}, []string{"s", "a", "x", "y", "r"},
		[]edge{{from: "s", to: "a"}, {from: "s", to: "x"}, {from: "a", to: "y"}, {from: "x", to: "y"}, {from: "a", to: "r"}}, []string{"r"}, forever())
	g.atLeast(t, 99, 2, "r")
	sent, got := g.nodes["x"].Counters().Sent, g.nodes["x"].Counters().Received
	g.atLeast(t, 99, 1, "r")
	if now := g.nodes["x"].Counters(); now.Sent != sent || now.Received != got {
		t.Errorf("x is sent packets although nobody needs them: %+v", now)
	}
	g.read["late"] = g.reader(t, "late", 0)
	g.read["late"].late = true
	g.w.AddNode("late", func() core.Algorithm {
		g.nodes["late"] = netcode.NewWindow(netcode.WindowSession{App: 1, Deliver: g.read["late"].deliver})
		return g.nodes["late"]
	})
	g.w.At(g.w.Now(), func() { g.nodes["y"].AddDownstream(g.w.ID("late")) })
	g.runFor(t, 10*time.Second)
	g.atLeast(t, 99, 1, "r", "late")
}

// A downstream that takes everything and never answers is waited for no more after a while.
func TestWindowDownstreamThatDoesNotAnswer(t *testing.T) {
	g := newWinGraph(t, sim.Options{Seed: 1}, netcode.WindowSession{}, []string{"s", "r"}, []edge{{from: "s", to: "r"}}, []string{"r"}, forever())
	g.w.AddNode("deaf", func() core.Algorithm { return &algos.Base{} })
	g.w.At(5*time.Second, func() { g.nodes["s"].AddDownstream(g.w.ID("deaf")) })
	g.runFor(t, 20*time.Second)
	g.atLeast(t, 99, 3, "r")
	if c := g.nodes["s"].Counters(); c.Muted == 0 {
		t.Errorf("%+v", c)
	}
}

// A source that starts anew is followed.
func TestWindowSourceStartsAnew(t *testing.T) {
	g := newWinGraph(t, sim.Options{Seed: 1}, netcode.WindowSession{}, []string{"s", "a", "b", "r"},
		[]edge{{from: "s", to: "a"}, {from: "s", to: "b"}, {from: "a", to: "r"}, {from: "b", to: "r"}}, []string{"r"}, forever())
	g.runFor(t, 20*time.Second)
	r := g.read["r"]
	before := r.got
	r.restarts, r.born = true, nil
	g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Restart, Nodes: []string{"s"}})
	g.w.At(g.w.Now()+time.Second, func() {
		again := forever()
		g.w.Node("s").Core().AddSource(1, again)
	})
	g.runFor(t, 20*time.Second)
	if c := g.nodes["r"].Counters(); before < 1990 || r.got-before < 1900 || c.Replaced == 0 {
		t.Errorf("r got %d messages of the first life in 20 s, and %d of the second: %+v", before, r.got-before, c)
	}
}

// What a stranger sends is not looked at where upstreams are named.
func TestWindowStrangers(t *testing.T) {
	g := newWinGraph(t, sim.Options{Seed: 3}, netcode.WindowSession{}, []string{"s", "r"}, []edge{{from: "s", to: "r"}}, nil, forever())
	var got uint64
	var named *netcode.Window
	g.w.AddNode("named", func() core.Algorithm {
		named = netcode.NewWindow(netcode.WindowSession{App: 1, Upstreams: []core.NodeID{g.w.ID("s")}, Deliver: func(seq uint64, message []byte) {
			if len(message) != size {
				t.Errorf("message %d of %d bytes is the stranger's", seq, len(message))
			}
			got++
		}})
		return named
	})
	g.w.AddNode("x", func() core.Algorithm {
		return netcode.NewWindow(netcode.WindowSession{App: 1, Downstreams: []core.NodeID{g.w.ID("named")}})
	})
	g.w.Node("x").Core().AddSource(1, &counted{app: 1, size: always(50), limit: 1 << 60, every: 10 * time.Millisecond})
	g.runFor(t, 5*time.Second)
	g.w.At(g.w.Now(), func() { g.nodes["s"].AddDownstream(g.w.ID("named")) })
	g.runFor(t, 20*time.Second)
	if c := named.Counters(); got < 1900 || c.Strangers == 0 {
		t.Errorf("%d messages came: %+v", got, c)
	}
}

// Nobody who has no use for the stream, or has gone, holds up those who have: relays that are no receivers, dead ends, crashes,
// leaves and late joins, in any acyclic topology. The receiver that stays gets everything, while the source and a way to it stay; with
// a deadline what it does not get was too old.
func TestWindowAmongThoseWhoComeAndGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 8).Draw(t, "nodes")
		names, edges := randomDAG(t, n)
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
		cfg := netcode.WindowSession{Window: rapid.IntRange(2, 64).Draw(t, "window"), Overhead: 0.1}
		if rapid.Bool().Draw(t, "deadline") {
			cfg.Deadline = 500 * time.Millisecond
		}
		g := newWinGraph(t, neverIdle(t), cfg, names, edges, to, src)
		for _, r := range g.read {
			r.late, r.restarts = r.name != "stays", r.name != "stays"
		}
		for range rapid.IntRange(0, 5).Draw(t, "faults") {
			kind := rapid.SampledFrom([]sim.FaultKind{sim.Crash, sim.Restart, sim.Stop}).Draw(t, "fault")
			at := time.Duration(rapid.IntRange(0, 8000).Draw(t, "at")) * time.Millisecond
			g.w.Schedule(sim.Fault{At: at, Kind: kind, Nodes: []string{rapid.SampledFrom(names[1:n]).Draw(t, "node")}})
		}
		if rapid.Bool().Draw(t, "late") {
			g.w.At(3*time.Second, func() {
				g.read["late"] = g.reader(t, "late", cfg.Deadline)
				g.read["late"].late = true
				g.w.AddNode("late", func() core.Algorithm {
					g.nodes["late"] = netcode.NewWindow(netcode.WindowSession{App: 1, Deliver: g.read["late"].deliver})
					return g.nodes["late"]
				})
				g.nodes["hop"].AddDownstream(g.w.ID("late"))
			})
		}
		if rapid.Bool().Draw(t, "leaves") {
			g.w.At(4*time.Second, func() { g.nodes["n0"].RemoveDownstream(g.w.ID(edges[0].to)) })
		}
		g.runFor(t, 3*time.Minute)
		c := g.nodes["stays"].Counters()
		if r := g.read["stays"]; c.Delivered+c.Skipped+g.nodes["stays"].Began() != src.limit || cfg.Deadline == 0 && r.got != src.limit {
			g.log(t)
			t.Fatalf("the receiver that stays got %d of %d", r.got, src.limit)
		}
	})
}
