package core

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// What is told of the world comes once, in its place among what the node is told.
func TestToldOfTheWorld(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(w *world, s *Switch)
		want []string
	}{
		{"up before the first round", func(_ *world, s *Switch) { s.TellWorldUp() }, []string{"started/0 #0", "world-up/0 #0"}},
		{"up twice", func(w *world, s *Switch) {
			s.TellWorldUp()
			w.settle()
			s.TellWorldUp()
		}, []string{"started/0 #0", "world-up/0 #0"}},
		{"the end in two halves", func(w *world, s *Switch) {
			s.TellStopping()
			w.settle()
			s.TellStopping()
			s.Stop()
		}, []string{"started/0 #0", "stopping/0 #0"}},
		{"up after the end", func(_ *world, s *Switch) {
			s.Stop()
			s.TellWorldUp()
			s.TellStopping()
		}, []string{"started/0 #0", "stopping/0 #0"}},
		{"nothing after a kill", func(_ *world, s *Switch) {
			s.Kill()
			s.TellWorldUp()
			s.TellStopping()
		}, nil},
	} {
		w := newWorld(t, Config{})
		var j journal
		n := w.recorded(0, &j, nil)
		c.do(w, &n.sw)
		w.settle()
		w.check()
		sameLines(t, c.name, j.take(), c.want...)
		w.close()
	}
}

// Between the halves of its end a node takes lanes and serves them, and knows that it
// will stop; what ends then is told after.
func TestServesUntilItIsStopped(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	n := w.recorded(0, &j, nil)
	n.sw.TellStopping()
	w.settle()
	if n.Running() || !n.sw.Accepts() {
		t.Errorf("running %v, takes lanes %v; want it to take lanes and not to count as running", n.Running(), n.sw.Accepts())
	}
	w.feeder(n, 9, 5, w.messages(9, 5, 2, 10))
	w.settle()
	w.check()
	n.Stop()
	if n.sw.Accepts() {
		t.Error("a node that was stopped takes lanes")
	}
	w.settle()
	sameLines(t, "an end in two halves", j.take(), "started/0 #0", "stopping/0 #0",
		"link-up 10.0.0.9:7000/5 upstream: none, lost 0", "data/5 #0", "data/5 #1",
		"link-down 10.0.0.9:7000/5 upstream: stopped, lost 0")
	if !n.Ended() {
		t.Error("the node has not ended")
	}
}

// A runtime that says so of a node that it has not started is wrong.
func TestUpBeforeTheStart(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	s := w.sh.NewNode(nodeID(1), &algo{}, Rand(1))
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "Start") {
			t.Errorf("panicked with %q", v)
		}
	}()
	s.TellWorldUp()
}

// No peer can say it.
func TestWorldUpIsLocal(t *testing.T) {
	if wire.TypeWorldUp != 140 || !wire.TypeWorldUp.Local() {
		t.Errorf("world-up is %d, local %v; want 140, which never crosses a link", wire.TypeWorldUp, wire.TypeWorldUp.Local())
	}
}
