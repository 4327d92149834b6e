package simtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// gossip passes on what it sees for the first time.
type gossip struct {
	algos.Base
}

func (g *gossip) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return g.Base.Process(m)
	}
	if g.Fresh(m) {
		g.Disseminate(m, 1, g.Known()...)
	}
	return core.Done
}

// A crash in the middle, and everybody else still gets everything.
func TestGossipSurvivesACrash(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 7, Order: sim.Shuffled})
	nodes := w.Add(20, func(int) core.Algorithm { return &gossip{} })
	for i, n := range nodes {
		for k := 1; k <= 3; k++ {
			n.Algorithm().(*gossip).AddHost(nodes[(i+k)%len(nodes)].ID())
		}
	}
	nodes[0].Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: 50}, 100))
	w.Schedule(sim.Fault{At: 250 * time.Millisecond, Kind: sim.Crash, Nodes: []string{"n5"}})
	w.RunFor(2 * time.Second)
	for _, n := range nodes[1:] {
		seen := make(map[uint64]bool)
		for _, seq := range w.Saw(n.Name()).Type(wire.TypeData).Seqs() {
			seen[seq] = true
		}
		if want := 50; n.Name() != "n5" && len(seen) != want {
			t.Errorf("%s saw %d messages, want %d", n.Name(), len(seen), want)
		}
	}
	if late := w.Saw("n5").Between(251*time.Millisecond, time.Hour); len(late) != 0 {
		t.Errorf("a dead node saw %v", late)
	}
}

func TestRecords(t *testing.T) {
	w := simtest.New(t, sim.Options{})
	n := w.Add(2, func(int) core.Algorithm { return relay.New(nil) })
	w.Send(n[0], n[1].ID(), wire.TypeData, 4, 9, []byte("hi"))
	w.Run()
	saw := w.Saw("n1")
	if got := saw.App(4).From(n[0].ID()); len(got) != 1 || got[0].Payload != "hi" || got[0].Life != 1 || got[0].Sender != n[0].ID() {
		t.Errorf("got %+v", got)
	}
	if got := saw.Type(wire.TypeLinkUp); len(got) != 1 || got[0].Link.Peer != n[0].ID() || got[0].At != sim.DefaultHop {
		t.Errorf("got %+v", got)
	}
	if got := saw.Type(wire.TypeData).Seqs(); !slices.Equal(got, []uint64{9}) {
		t.Errorf("got %v", got)
	}
}

// fakeTest is a test that may fail.
type fakeTest struct {
	cleanup func()
	text    strings.Builder
	failed  bool
}

func (f *fakeTest) Helper()           {}
func (f *fakeTest) Cleanup(fn func()) { f.cleanup = fn }
func (f *fakeTest) Failed() bool      { return f.failed }
func (f *fakeTest) Logf(format string, args ...any) {
	fmt.Fprintf(&f.text, format+"\n", args...)
}

func (f *fakeTest) Errorf(format string, args ...any) {
	f.failed = true
	f.Logf(format, args...)
}

func (f *fakeTest) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

// panicky panics when it starts, or keeps what it is given.
type panicky struct {
	algos.Base
	timer bool
}

func (p *panicky) Process(m *core.Msg) core.Verdict {
	if p.timer {
		p.After(0, 1)
		return core.Done
	}
	panic("oops")
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name     string
		timer    bool
		expected bool
		want     []string // in the log; nil if the test is to succeed
	}{
		{"panic", false, false, []string{"node n0 panicked at 0s: oops", "seed 77"}},
		{"a panic that is expected", false, true, nil},
		{"time stands still", true, false, []string{"seed 77: sim: time does not go on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeTest{}
			w := simtest.New(f, sim.Options{Seed: 77, MaxSteps: 1000})
			n := w.Add(1, func(int) core.Algorithm { return &panicky{timer: c.timer} })
			w.RunFor(time.Second)
			if c.expected && len(w.Panicked(n[0])) != 1 {
				t.Error("the panic was not booked")
			}
			f.cleanup()
			if f.failed != (c.want != nil) {
				t.Errorf("failed: %v, with %q", f.failed, f.text.String())
			}
			for _, part := range c.want {
				if !strings.Contains(f.text.String(), part) {
					t.Errorf("%q is not in %q", part, f.text.String())
				}
			}
		})
	}
}

// When a test ends, or before if it wants to see the end, all nodes are told at once.
func TestTheEnd(t *testing.T) {
	for _, early := range []bool{true, false} {
		tb := &endOfTest{}
		w := simtest.New(tb, sim.Options{Seed: 3})
		w.Add(3, func(int) core.Algorithm { return relay.New(nil) })
		for _, n := range w.Nodes()[:2] {
			w.Send(n, w.ID("n2"), wire.TypeData, 1, 1, nil)
		}
		w.RunFor(time.Second)
		if early {
			w.Stop()
		}
		tb.end()
		if len(tb.said) > 0 {
			t.Error(tb.said)
		}
		for _, n := range w.Nodes() {
			saw := w.Saw(n.Name())
			if got := saw.Type(wire.TypeWorldUp); len(got) != 1 || got[0].At != 0 {
				t.Errorf("%s was told that all are up: %+v", n.Name(), got)
			}
			if got := saw.Type(wire.TypeStopping); len(got) != 1 || got[0].At != time.Second {
				t.Errorf("%s was told of the end: %+v", n.Name(), got)
			}
			if got := saw.Type(wire.TypeLinkDown).Between(0, time.Second); len(got) > 0 {
				t.Errorf("%s was told of ends before: %+v", n.Name(), got)
			}
		}
	}
}

// endOfTest is a test that ends when it is told to.
type endOfTest struct {
	said []string
	last []func()
}

func (e *endOfTest) Helper()             {}
func (e *endOfTest) Logf(string, ...any) {}
func (e *endOfTest) Errorf(format string, args ...any) {
	e.said = append(e.said, fmt.Sprintf(format, args...))
}
func (e *endOfTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (e *endOfTest) Cleanup(fn func())                 { e.last = append(e.last, fn) }
func (e *endOfTest) Failed() bool                      { return len(e.said) > 0 }

func (e *endOfTest) end() {
	for _, fn := range slices.Backward(e.last) {
		fn()
	}
}
