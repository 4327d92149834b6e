package algos_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

const typeGuard = wire.FirstUserType + 70

// rumour is what goes along with pings: how many its sender has sent.
type rumour uint32

func (r *rumour) Fields(f *pack.Fields) { f.Uint32((*uint32)(r)) }

// guard finds out whether others live.
type guard struct {
	algos.Base
	algos.Detector[rumour, *rumour]
	told, unhelped int
	heard          map[core.NodeID]int
	askedFor       []core.NodeID // with whom others were to help
	verdicts       []string
}

func (g *guard) Bind(n *core.Node) {
	g.Base.Bind(n)
	g.heard = make(map[core.NodeID]int)
	g.Detector = algos.Detector[rumour, *rumour]{Base: &g.Base, Type: typeGuard, Timeout: 200 * time.Millisecond, Within: time.Second}
	g.Helpers = func(silent core.NodeID) []core.NodeID {
		g.askedFor = append(g.askedFor, silent)
		return g.Sample(2, silent)
	}
	g.Knows = func(target core.NodeID) bool { return slices.Contains(g.Base.Known(), target) }
	g.Tell = func(core.NodeID) rumour { g.told++; return rumour(g.told) }
	g.Heard = func(from core.NodeID, said rumour) { g.heard[from] = int(said) }
	g.Unhelped = func() { g.unhelped++ }
	g.Open()
}

// probe begins a probe and notes its verdict, and when it came.
func (g *guard) probe(target core.NodeID) *algos.Probe {
	began := g.Now()
	return g.Probe(target, func(err error) {
		word := "lives"
		if err != nil {
			var failed *algos.CallError
			if !errors.As(err, &failed) || failed.Peer != target || failed.Type != typeGuard {
				panic(fmt.Sprintf("the verdict on %v is %v", target, err))
			}
			word = failed.Err.Error()
		}
		g.verdicts = append(g.verdicts, fmt.Sprintf("%s after %v", word, (g.Now()-began).Round(100*time.Millisecond)))
	})
}

// guards are nodes that know each other.
func guards(t *testing.T, n int) (*simtest.World, []*sim.Node, []*guard) {
	w := simtest.New(t, sim.Options{Seed: 1, Hop: time.Millisecond})
	gs := make([]*guard, n)
	nodes := w.Add(n, func(i int) core.Algorithm {
		gs[i] = &guard{}
		for k := range n {
			gs[i].AddHost(w.ID(fmt.Sprint("n", k)))
		}
		return gs[i]
	})
	w.RunFor(time.Second)
	return w, nodes, gs
}

// A node is held for silent if neither it nor a helper has an answer, and only then; the verdict comes once, in time.
func TestDetector(t *testing.T) {
	for _, c := range []struct {
		name    string
		n       int
		faults  []sim.Fault
		end     time.Duration // 0: nobody ends it
		verdict string
		helped  bool // others were asked
	}{
		{name: "all is well", n: 4, verdict: "lives after 0s"},
		{name: "a bad link", n: 4, faults: []sim.Fault{{Kind: sim.CutOneWay, Nodes: []string{"n0", "n1"}}}, verdict: "lives after 200ms", helped: true},
		{name: "a bad link back", n: 4, faults: []sim.Fault{{Kind: sim.CutOneWay, Nodes: []string{"n1", "n0"}}}, verdict: "lives after 200ms", helped: true},
		{name: "a crash", n: 4, faults: []sim.Fault{{Kind: sim.Crash, Nodes: []string{"n1"}}}, verdict: "no answer in time after 1.2s", helped: true},
		{name: "a crash, judged early", n: 4, faults: []sim.Fault{{Kind: sim.Crash, Nodes: []string{"n1"}}}, end: 700 * time.Millisecond,
			verdict: "no answer in time after 700ms", helped: true},
		{name: "judged before anybody was asked", n: 4, faults: []sim.Fault{{Kind: sim.Cut, Nodes: []string{"n0", "n1"}}}, end: 100 * time.Millisecond,
			verdict: "no answer in time after 100ms"},
		{name: "nobody to help", n: 2, faults: []sim.Fault{{Kind: sim.CutOneWay, Nodes: []string{"n0", "n1"}}}, verdict: "no answer in time after 1s", helped: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, nodes, gs := guards(t, c.n)
			for _, f := range c.faults {
				f.At = w.Now()
				w.Schedule(f)
			}
			w.RunFor(10 * time.Millisecond)
			var p *algos.Probe
			nodes[0].Core().Call(func() {
				p = gs[0].probe(nodes[1].ID())
				if c.end > 0 {
					gs[0].AfterFunc(c.end, p.End)
				}
			})
			w.RunFor(5 * time.Second)
			nodes[0].Core().Call(p.End) // it is over
			if got := strings.Join(gs[0].verdicts, ", "); got != c.verdict || len(gs[0].askedFor) > 0 != c.helped {
				t.Errorf("the verdict is %q, want %q; help was asked for: %v", got, c.verdict, gs[0].askedFor)
			}
			if s := gs[0].CallStats(); s.Open != 0 {
				t.Errorf("calls are left: %+v", s)
			}
			if c.verdict == "lives after 0s" && (gs[1].heard[nodes[0].ID()] != 1 || gs[0].heard[nodes[1].ID()] != 1) {
				t.Errorf("what went along was not heard: %v, %v", gs[1].heard, gs[0].heard)
			}
		})
	}
	(*algos.Probe)(nil).End() // none
}

// Whoever cannot ask has nothing to say of the node that it would have asked.
func TestDetectorHasNoCallsLeft(t *testing.T) {
	w, nodes, gs := guards(t, 4)
	mute := w.AddNode("x", func() core.Algorithm { return &algos.Base{} })
	nodes[0].Core().Call(func() {
		for range algos.MaxCalls {
			gs[0].Call(mute.ID(), typeGuard+1, nil, time.Minute, func(*core.Msg, error) {})
		}
		gs[0].probe(nodes[1].ID())
	})
	w.RunFor(5 * time.Second)
	if got := strings.Join(gs[0].verdicts, ", "); got != "too many calls are open after 200ms" {
		t.Errorf("the verdict is %q", got)
	}
}

// A node pings for others only whom it knows, and no more for one of them than Each at a time; what it drops it says.
func TestDetectorBoundsHelp(t *testing.T) {
	w, nodes, gs := guards(t, 3)
	x := &guard{}
	stranger := w.AddNode("x", func() core.Algorithm { return x })
	helper, silent, nobody := nodes[0], nodes[1], w.ID("nobody")
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.CutOneWay, Nodes: []string{"n0", "n1"}})
	w.RunFor(time.Millisecond)
	ask := func(target core.NodeID) {
		x.Helpers = func(core.NodeID) []core.NodeID { return []core.NodeID{helper.ID()} }
		stranger.Core().Call(func() { x.probe(target) })
	}
	ask(nobody)
	w.RunFor(time.Second)
	if made := gs[0].CallStats().Made; made != 0 || gs[0].unhelped != 0 || gs[0].heard[stranger.ID()] == 0 {
		t.Errorf("the helper pinged a node that it does not know %d times; %d requests were dropped; it heard %v", made, gs[0].unhelped, gs[0].heard)
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.CutOneWay, Nodes: []string{"x", "n1"}})
	w.RunFor(time.Millisecond)
	for range 5 {
		ask(silent.ID())
	}
	w.RunFor(900 * time.Millisecond)
	if gs[0].unhelped != 3 || gs[0].Helping.Open() != 2 {
		t.Errorf("%d requests were dropped, %d are open; want 3 and 2", gs[0].unhelped, gs[0].Helping.Open())
	}
	w.RunFor(time.Minute)
	if gs[0].Helping.Open() != 0 {
		t.Errorf("%d requests are open after a minute", gs[0].Helping.Open())
	}
	ask(nodes[2].ID())
	w.RunFor(5 * time.Second)
	if got := x.verdicts[len(x.verdicts)-1]; got != "lives after 0s" {
		t.Errorf("the last verdict is %q", got)
	}
}

// A Detector that lacks something says so at once.
func TestDetectorOpenPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was opened without functions")
		}
	}()
	(&algos.Detector[rumour, *rumour]{Base: &algos.Base{}, Timeout: 1, Within: 1}).Open()
}
