package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// told notes what each node is told of the world and of its links, and when.
type told struct{ lines map[string][]string }

func newTold() *told { return &told{lines: make(map[string][]string)} }

// algorithm is one that writes to the notes, and does do after that.
func (t *told) algorithm(name string, do func(n *core.Node, m *core.Msg)) func() core.Algorithm {
	return does(func(n *core.Node, m *core.Msg) core.Verdict {
		switch m.Type() {
		case wire.TypeStarted, wire.TypeWorldUp, wire.TypeStopping, wire.TypeLinkDown, wire.TypeBrokenSource:
			t.lines[name] = append(t.lines[name], n.Now().String()+" "+m.Type().String())
		}
		if do != nil {
			do(n, m)
		}
		return core.Done
	})
}

// All that the world begins with are told that all are up, at the end of the first
// instant and before any source is asked; those that come later are told at once.
func TestWorldUp(t *testing.T) {
	for _, order := range []Order{InOrder, Shuffled} {
		w, told := newWorld(t, Options{Hop: hop, Order: order}), newTold()
		var early bool
		src := apps.NewBackToBack(apps.Stream{App: 1, Payload: 10, Limit: 5})
		a := w.AddNode("a", told.algorithm("a", func(n *core.Node, m *core.Msg) {
			switch m.Type() {
			case wire.TypeStarted:
				n.AddSource(1, src)
			case wire.TypeData:
				early = early || !slices.Contains(told.lines["a"], "0s world-up")
			}
		}))
		w.At(0, func() { w.AddNode("b", told.algorithm("b", nil)) })
		w.Schedule(Fault{At: 0, Kind: Restart, Nodes: []string{"a"}}, Fault{At: 20 * hop, Kind: Restart, Nodes: []string{"b"}})
		w.At(10*hop, func() { w.AddNode("c", told.algorithm("c", nil)) })
		mustRun(t, w, 100*hop)
		for name, want := range map[string][]string{
			"b": {"0s started", "0s world-up", "20ms started", "20ms world-up"},
			"c": {"10ms started", "10ms world-up"},
		} {
			if got := told.lines[name]; !slices.Equal(got, want) {
				t.Errorf("order %v: %s was told %v, want %v", order, name, got, want)
			}
		}
		if got := told.lines["a"]; len(got) < 2 || got[0] != "0s started" || got[len(got)-1] != "0s world-up" || a.Lives() != 2 {
			t.Errorf("order %v: a was told %v", order, got)
		}
		if early || src.Sent() == 0 {
			t.Errorf("order %v: of %d messages of a source, one came before all were up: %v", order, src.Sent(), early)
		}
	}
}

// A world that begins with nobody is up: whoever comes is late.
func TestWorldUpOfNobody(t *testing.T) {
	w, told := newWorld(t, Options{Hop: hop}), newTold()
	mustRun(t, w, hop)
	w.AddNode("a", told.algorithm("a", nil))
	mustRun(t, w, hop)
	if got, want := told.lines["a"], []string{"1ms started", "1ms world-up"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// mesh is nodes that all send to each other for ever.
func mesh(w *World, told *told, names ...string) {
	for _, name := range names {
		w.AddNode(name, told.algorithm(name, func(n *core.Node, m *core.Msg) {
			switch m.Type() {
			case wire.TypeStarted, wire.TypeTimer:
				for _, to := range names {
					if to != name {
						n.Send(n.NewMsg(wire.TypeData, 1, 100), w.ID(to))
					}
				}
				n.After(hop, 1)
			}
		}))
	}
}

// At the end all are told in one instant, and of no other node's end before. Time goes
// on until they have ended and no further, whatever is still to come.
func TestStopEndsAllAtOnce(t *testing.T) {
	for _, order := range []Order{InOrder, Shuffled} {
		w, told := newWorld(t, Options{Hop: hop, Order: order}), newTold()
		names := []string{"a", "b", "c", "d"}
		mesh(w, told, names...)
		w.Schedule(Fault{At: 30 * hop, Kind: Stop, Nodes: []string{"d"}}, Fault{At: 51 * hop, Kind: Restart, Nodes: []string{"a"}},
			Fault{At: time.Hour, Kind: Restart, Nodes: []string{"b"}})
		mustRun(t, w, 50*hop)
		if err := w.Stop(time.Second); err != nil {
			t.Error(err)
		}
		if w.Now() < 50*hop || w.Now() > 60*hop {
			t.Errorf("order %v: the world ended at %v, and was stopped at %v", order, w.Now(), 50*hop)
		}
		for _, name := range names[:3] {
			got := told.lines[name]
			if !w.Node(name).Core().Ended() || w.Node(name).Lives() != 1 {
				t.Errorf("order %v: %s has not ended, or lives again", order, name)
			}
			end := slices.Index(got, "50ms stopping")
			if end < 0 || slices.ContainsFunc(got[:end], func(l string) bool { return l >= "50ms" }) ||
				slices.ContainsFunc(got[end+1:], func(l string) bool { return strings.HasSuffix(l, "stopping") }) {
				t.Errorf("order %v: %s was told %v", order, name, got)
			}
		}
		if got := told.lines["d"]; !slices.Contains(got, "30ms stopping") || slices.Contains(got, "50ms stopping") {
			t.Errorf("order %v: d, which was stopped before, was told %v", order, got)
		}
		before := w.Now()
		if err := w.Stop(time.Second); err != nil || w.Now() != before {
			t.Errorf("once more: %v, at %v and not %v", err, w.Now(), before)
		}
	}
}

// A node that cannot deliver what it has accepted is ended when there was time enough,
// and named.
func TestStopThatCannotFinish(t *testing.T) {
	w, told := newWorld(t, Options{Hop: hop, Core: core.Config{FailTimeout: time.Hour}}), newTold()
	mesh(w, told, "a", "b")
	w.Schedule(Fault{At: 10 * hop, Kind: Cut, Nodes: []string{"a", "b"}})
	mustRun(t, w, 5*time.Second)
	err := w.Stop(time.Second)
	if !errors.Is(err, ErrUnfinished) || !strings.Contains(err.Error(), "a, b") || w.Now() != 6*time.Second {
		t.Errorf("%v, at %v", err, w.Now())
	}
	for _, name := range []string{"a", "b"} {
		if !w.Node(name).Core().Ended() || !slices.Contains(told.lines[name], "5s stopping") {
			t.Errorf("%s: ended %v, told %v", name, w.Node(name).Core().Ended(), told.lines[name])
		}
	}
}

// What was accepted is delivered, to those who have not been told yet to end: none, so
// what a node itself has accepted it still hands to its algorithm.
func TestStopDeliversWhatWasAccepted(t *testing.T) {
	w := newWorld(t, Options{Hop: hop})
	got, stopped := 0, false
	b := w.AddNode("b", does(func(_ *core.Node, m *core.Msg) core.Verdict {
		switch m.Type() {
		case wire.TypeData:
			got++
		case wire.TypeStopping:
			stopped = true
		}
		return core.Done
	}))
	b.SetBandwidth(emul.Bandwidth{Down: 1000}) // it has received more than it may switch
	a := w.AddNode("a", does(nil))
	for i := range 20 {
		say(a, b.ID(), 1, uint64(i), strings.Repeat("x", 100))
	}
	mustRun(t, w, 100*hop)
	before := got
	if before == 20 {
		t.Fatal("all was switched before the end")
	}
	if err := w.Stop(time.Minute); err != nil {
		t.Fatal(err)
	}
	lost := b.Stats().Lost.InMsgs + a.Stats().Lost.OutMsgs
	if !stopped || got+int(lost) != 20 || got == before {
		t.Errorf("told of the end %v; %d messages switched, %d of them before; %d lost", stopped, got, before, lost)
	}
}

// Nobody starts after the end.
func TestAddNodeAfterStop(t *testing.T) {
	w := newWorld(t, Options{})
	if err := w.Stop(time.Second); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "after Stop") {
			t.Errorf("panicked with %q", v)
		}
	}()
	w.AddNode("late", does(nil))
}
