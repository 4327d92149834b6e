package world

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// looking is an algorithm that calls look wherever a world calls it.
type looking struct {
	*relay.Relay
	look func(where string)
}

func (l *looking) Bind(n *core.Node) { l.look("Bind"); l.Relay.Bind(n) }

func (l *looking) Invariant() error { l.look("Invariant"); return nil }

func (l *looking) Process(m *core.Msg) core.Verdict {
	l.look(m.Type().String())
	return l.Relay.Process(m)
}

// listening is a watcher of virtual time that calls look.
type listening struct{ look func(where string) }

func (l listening) Message(time.Duration, *sim.Node, *core.Msg)                { l.look("Message") }
func (l listening) Sent(time.Duration, *sim.Node, *sim.Node, uint32, core.Run) { l.look("Sent") }
func (l listening) Fault(time.Duration, sim.Fault)                             { l.look("Fault") }
func (l listening) Warned(time.Duration, *sim.Node, core.NodeID, uint32, error) {
	l.look("Warned")
}
func (l listening) Ended(time.Duration, *sim.Node, *core.Crash) { l.look("Ended") }

// Wherever virtual time calls an algorithm, from its making to its end, it is watched; whoever watches the world is not.
func TestAllCallsAreWatched(t *testing.T) {
	var w *virtual
	watched, patient := make(map[string]bool), make(map[string]bool)
	reg := host.Shipped()
	reg.Add(host.Algorithm{Name: "looking", New: func(e host.Env) (core.Algorithm, error) {
		look := func(where string) {
			watched[where] = true
			if c := w.calls.now.Load(); c == nil || (where == "New" || where == "Invariant" && c.doing != "") && c.node != e.Name {
				t.Errorf("%s of node %s: the call under way is %+v", where, e.Name, c)
			}
		}
		look("New")
		return &looking{relay.New(nil, e.Downstreams...), look}, nil
	}})
	plan, err := spec.Parse("looking", []byte(`name: looking
duration: 2s
nodes: [A, B]
algorithm: looking
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 10/s, payload: 10B}]
`), spec.Options{Algorithms: reg})
	if err != nil {
		t.Fatal(err)
	}
	w = newSim(Options{Plan: plan, Registry: reg, Watch: listening{func(where string) {
		patient[where] = true
		if c := w.calls.now.Load(); c != nil {
			t.Errorf("a watcher's %s counts as %+v", where, c)
		}
	}}})
	setup := func(i int) host.Setup {
		s := host.Setup{Name: plan.Nodes[i].Name, ID: w.ID(i), Algorithm: "looking", CheckEvery: 1}
		if i == 0 {
			s.Downstreams = []core.NodeID{w.ID(1)}
		}
		return s
	}
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	do(w.Boot(t.Context(), 0, setup(0)), w.Begin(), w.Boot(t.Context(), 1, setup(1)))
	do(w.Obey(0, host.Command{Op: host.OpStartSource, App: 1, Source: host.Source{Kind: "constant-rate", Payload: 10, MsgsPerSec: 10}}))
	do(w.Advance(t.Context(), time.Second))
	do(w.Kill(1), w.Boot(t.Context(), 1, setup(1)))
	do(w.Advance(t.Context(), 2*time.Second))
	_, err = w.Count([]int{0, 1})
	do(err)
	_, err = w.End()
	do(err, w.Close())
	for _, where := range []string{"New", "Bind", "Invariant", "started", "world-up", "data", "stopping"} {
		if !watched[where] {
			t.Errorf("no %s, but %v", where, watched)
		}
	}
	for _, where := range []string{"Message", "Sent", "Fault", "Ended"} {
		if !patient[where] {
			t.Errorf("no %s, but %v", where, patient)
		}
	}
}

// What goes on, and what is outside, is no hang, however long it takes; what stands still is one.
func TestWatch(t *testing.T) {
	const ticks = 20
	var k calls
	var looks, moves, still atomic.Uint64
	progress := func() uint64 {
		looks.Add(1)
		if still.Load() == 0 {
			moves.Add(1)
		}
		return moves.Load()
	}
	hung := make(chan *call, 1)
	stop := k.watch(time.Millisecond, progress, func(c *call) { hung <- c })
	wait := func() {
		for from := looks.Load(); looks.Load() < from+ticks; {
			time.Sleep(time.Millisecond)
		}
	}
	_ = k.during(call{}, func() error {
		wait()
		k.outside(func() { still.Store(1); wait(); still.Store(0) })
		return nil
	})
	select {
	case c := <-hung:
		t.Fatalf("%+v hangs", c)
	default:
	}
	still.Store(1)
	_ = k.during(call{node: "n"}, func() error {
		if c := <-hung; c.node != "n" {
			t.Errorf("%+v", c)
		}
		k.outside(func() { t.Error("a world that was given up tells somebody") })
		return nil
	})
	stop()
}
