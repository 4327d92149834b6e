package coretest

import (
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

func types(rs []Record) (ts []core.Type) {
	for _, r := range rs {
		ts = append(ts, r.Type)
	}
	return ts
}

func TestNodesTalk(t *testing.T) {
	w := New(t, core.Config{})
	var ra, rb Recorder
	a, b := w.Node("a", &ra), w.Node("b", &rb)
	w.Send(a, b.ID(), wire.TypeData, 5, 7, []byte("hi"))
	w.Run()
	if got, want := types(rb.Got), []core.Type{wire.TypeStarted, wire.TypeLinkUp, wire.TypeData}; !slices.Equal(got, want) {
		t.Fatalf("b got %v, want %v", got, want)
	}
	want := Record{Type: wire.TypeData, From: a.ID(), Sender: a.ID(), App: 5, Seq: 7, Payload: "hi"}
	if got := rb.Of(wire.TypeData)[0]; got != want {
		t.Errorf("b got %+v, want %+v", got, want)
	}
}

func TestNobodyThere(t *testing.T) {
	w := New(t, core.Config{})
	var down core.LinkEvent
	a := w.Node("a", &Recorder{Handle: func(m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeLinkDown {
			down = m.Link()
		}
		return core.Done
	}})
	w.Send(a, w.ID("b"), wire.TypeData, 5, 0, nil)
	w.Run()
	want := core.LinkEvent{Peer: w.ID("b"), App: 5, Direction: core.Downstream, Reason: core.ReasonRefused, Lost: 1}
	if down != want {
		t.Errorf("a was told %+v, want %+v", down, want)
	}
}

func TestTimersInOrder(t *testing.T) {
	w := New(t, core.Config{})
	var r Recorder
	var at []time.Duration
	r.Handle = func(m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeTimer {
			at = append(at, w.Now())
		}
		return core.Done
	}
	n := w.Node("a", &r)
	n.After(3*time.Second, 1)
	n.After(time.Second, 2)
	n.After(time.Second, 3)
	n.After(2*time.Second, 4)
	n.Cancel(4)
	n.After(time.Hour, 5)
	w.RunFor(10 * time.Second)
	var ids []uint64
	for _, g := range r.Of(wire.TypeTimer) {
		ids = append(ids, g.Seq)
	}
	if !slices.Equal(ids, []uint64{2, 3, 1}) || !slices.Equal(at, []time.Duration{time.Second, time.Second, 3 * time.Second}) {
		t.Errorf("timers %v fired at %v", ids, at)
	}
	if w.Now() != 10*time.Second {
		t.Errorf("it is %v after ten seconds", w.Now())
	}
}

func TestCrash(t *testing.T) {
	w := New(t, core.Config{})
	n := w.Node("a", &Recorder{Handle: func(*core.Msg) core.Verdict { panic("oops") }})
	w.Run()
	if c := w.Crash(n.ID()); c == nil || c.Value != "oops" {
		t.Errorf("the crash was %+v", c)
	}
}

func TestNames(t *testing.T) {
	w := New(t, core.Config{})
	for _, c := range []struct{ name, id string }{
		{"x", "10.0.0.1:7000"}, {"y", "10.0.0.2:7000"}, {"x", "10.0.0.1:7000"}, {"192.0.2.1:9", "192.0.2.1:9"},
	} {
		id := w.ID(c.name)
		if id.String() != c.id || w.Name(id) != c.name {
			t.Errorf("%s has the ID %v and that the name %s", c.name, id, w.Name(id))
		}
	}
}

// A node is no peer of its own, here as in every world.
func TestANodeIsNoPeerOfItsOwn(t *testing.T) {
	for _, app := range []uint32{0, 1} {
		w := New(t, core.Config{})
		var r Recorder
		n := w.Node("a", &r)
		w.Send(n, n.ID(), wire.FirstUserType, app, 0, nil)
		w.RunFor(0)
		if got := r.Of(wire.TypeLinkDown); len(got) != 1 || len(r.Of(wire.TypeLinkUp)) != 0 || len(r.Of(wire.FirstUserType)) != 0 {
			t.Errorf("application %d: the node got %+v", app, r.Got)
		}
		if lost := n.Stats().Lost.OutMsgs; lost != 1 {
			t.Errorf("application %d: %d messages lost, want 1", app, lost)
		}
	}
}
