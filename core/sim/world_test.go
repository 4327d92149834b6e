package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// expect compares what happened with lines.
func expect(t *testing.T, d *diary, want ...string) {
	t.Helper()
	got := d.take()
	if !slices.Equal(got, want) {
		t.Errorf("what happened:\n\t%s\nwanted:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestMessageCrosses(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond})
	a, b := w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	say(a, b.ID(), 5, 7, "hi")
	mustRun(t, w, time.Second)
	expect(t, d,
		"0s a: started",
		"0s b: started",
		"0s a: world-up",
		"0s b: world-up",
		"1ms b: link-up upstream a/5: none, lost 0",
		"2ms a: link-up downstream b/5: none, lost 0",
		"2ms a sent 1 to b/5",
		`3ms b: data from a/5 #7 "hi"`,
	)
	if now := w.Now(); now != time.Second {
		t.Errorf("it is %v after a second", now)
	}
	want := LinkStats{From: a.ID(), To: b.ID(), Msgs: 1, Bytes: 26, Dials: 1}
	if got := w.Link(a.ID(), b.ID()); got != want {
		t.Errorf("the link counts %+v, want %+v", got, want)
	}
}

// TestRunSome: a run in pieces of some events is the same run, and none is longer than its piece, however little time it takes.
func TestRunSome(t *testing.T) {
	run := func(events uint64) (lines []string) {
		w, d := watched(t, Options{Hop: time.Millisecond})
		ticks := 0
		a := w.AddNode("a", does(func(n *core.Node, m *core.Msg) core.Verdict {
			if ticks++; ticks < 1000 {
				n.After(time.Nanosecond, 1)
			}
			return core.Done
		}))
		b := w.AddNode("b", does(nil))
		say(a, b.ID(), 5, 7, "hi")
		for pieces := 1; ; pieces++ {
			before := w.Totals().Events
			there, err := w.RunSome(time.Second, events)
			if err != nil {
				t.Fatal(err)
			}
			if n := w.Totals().Events - before; n > events {
				t.Fatalf("%d events in a piece of %d", n, events)
			}
			if there {
				break
			}
			if w.Now() >= time.Second || pieces > 10_000 {
				t.Fatalf("piece %d has not come to the end, at %v", pieces, w.Now())
			}
		}
		if w.Now() != time.Second {
			t.Errorf("it is %v after a second", w.Now())
		}
		return d.take()
	}
	want := run(1 << 40)
	for _, events := range []uint64{1, 7, 100} {
		if got := run(events); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %d lines, want the same %d", events, len(got), len(want))
		}
	}
}

func TestNobodyThere(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond})
	a := w.AddNode("a", does(nil))
	say(a, w.ID("b"), 5, 0, "")
	mustRun(t, w, time.Second)
	expect(t, d,
		"0s a: started",
		"0s a: world-up",
		"2ms a: link-down downstream b/5: refused, lost 1",
	)
}

var _ core.Runtime = (*World)(nil)

func TestNames(t *testing.T) {
	w := newWorld(t, Options{Seed: 4})
	x, y := w.AddNode("x", does(nil)), w.AddNode("192.0.2.1:9", does(nil))
	for _, c := range []struct {
		name, id string
		node     *Node
	}{{"x", "10.0.0.1:7000", x}, {"10.0.0.1:7000", "10.0.0.1:7000", x}, {"192.0.2.1:9", "192.0.2.1:9", y}, {"z", "10.0.0.2:7000", nil}} {
		if got := w.ID(c.name).String(); got != c.id {
			t.Errorf("%s has the ID %s, want %s", c.name, got, c.id)
		}
		if got := w.Node(c.name); got != c.node {
			t.Errorf("the node of %s is %v", c.name, got)
		}
	}
	if w.Node("nobody") != nil || x.Name() != "x" || y.Name() != "192.0.2.1:9" || y.Index() != 1 || w.Seed() != 4 || x.World() != w {
		t.Error("a node does not know who it is")
	}
}

func TestTotals(t *testing.T) {
	w := newWorld(t, Options{Core: core.Config{IdleTimeout: core.NeverIdle}})
	a, b := w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	for i := range 3 {
		say(a, b.ID(), uint32(1+i%2), uint64(i), "1234")
	}
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	got := w.Totals()
	// The nodes' monitors look twice whether anything moves; nothing else is done.
	want := Totals{Time: got.Time, Messages: 3, Bytes: 3 * 28, Events: got.Events, Nodes: 2, Links: 1, Lanes: 2}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s := b.Stats(); len(s.Upstream) != 2 || s.Upstream[0].Msgs != 2 {
		t.Errorf("b says %+v", s)
	}
	if got := w.Link(b.ID(), a.ID()); got != (LinkStats{}) {
		t.Errorf("a link that has had no lane counts %+v", got)
	}
}

func TestStuck(t *testing.T) {
	w := newWorld(t, Options{MaxSteps: 500})
	w.AddNode("n", does(func(n *core.Node, _ *core.Msg) core.Verdict {
		n.After(0, 1)
		return core.Done
	}))
	if err := w.Run(); !errors.Is(err, ErrStuck) {
		t.Errorf("a timer of no time gave %v", err)
	}
}

// What an algorithm keeps is released with its node; what an application keeps is
// missed.
func TestSlabsNeverReleased(t *testing.T) {
	w := New(Options{})
	n := w.AddNode("n", does(nil)).Core()
	n.Call(func() { n.Retain(n.NewMsg(wire.TypeData, 1, 10)) })
	slab, err := w.Pool().Get()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, ErrSlabs) {
		t.Errorf("Close returned %v", err)
	}
	slab.Release()
	if held := w.Pool().Held(); held != 0 {
		t.Errorf("%d slabs are held still", held)
	}
}

func TestPanicEndsOneNode(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond})
	a := w.AddNode("a", does(nil))
	b := w.AddNode("b", does(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeData {
			panic("oops")
		}
		return core.Done
	}))
	say(a, b.ID(), 1, 7, "x")
	mustRun(t, w, time.Second)
	lines := d.take()
	if !slices.Contains(lines, "3ms b crashed: oops") || lines[len(lines)-1] != "4ms a: link-down downstream b/1: reset, lost 0" {
		t.Errorf("got %q", lines)
	}
	if p := w.Panics(); len(p) != 1 || p[0].Node != b || p[0].Life != 1 || p[0].Value != "oops" || p[0].At != 3*time.Millisecond {
		t.Errorf("got %+v", p)
	}
}

// A peer that breaks the protocol is warned of, and its lane ends.
func TestViolation(t *testing.T) {
	w, d := watched(t, Options{Hop: time.Millisecond, Core: core.Config{MaxPayload: 100}})
	a, b := w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	say(a, b.ID(), 1, 1, "x")
	mustRun(t, w, time.Second)
	d.take()
	n := a.Core()
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, 1, 10)
		copy(m.Frame(), []byte{0xff, 0xff}) // a size above every bound
		n.Send(m, b.ID())
	})
	mustRun(t, w, time.Second)
	lines := d.take()
	if len(lines) != 5 || !strings.HasPrefix(lines[1], "1.001s b: warned of a/1: ") ||
		lines[2] != "1.001s b: link-down upstream a/1: protocol violation, lost 0" || lines[4] != "1.002s a: link-down downstream b/1: reset, lost 1" {
		t.Errorf("got %q", lines)
	}
}

func TestMisuse(t *testing.T) {
	w := newWorld(t, Options{})
	w.AddNode("n", does(nil))
	for name, fn := range map[string]func(){
		"two nodes of one name":    func() { w.AddNode("n", does(nil)) },
		"a fault that is none":     func() { w.Schedule(Fault{}) },
		"a negative hop":           func() { New(Options{Hop: -1}) },
		"a negative window":        func() { New(Options{WindowMsgs: -1}) },
		"an order that is unknown": func() { New(Options{Order: 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			fn()
		}()
	}
	w.Schedule(Fault{Kind: Crash, Nodes: []string{"nobody"}}, Fault{Kind: Cut, Nodes: []string{"n", "nobody"}},
		Fault{Kind: Heal, Nodes: []string{"n", "nobody"}}, Fault{Kind: Partition, Groups: [][]string{{"nobody"}}})
	mustRun(t, w, time.Second)
}
