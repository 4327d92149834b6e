package algos_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A report has what the node says of itself, what it emulates, and what its algorithm counts.
func TestStatusDescribesTheNode(t *testing.T) {
	p := newPair(t, core.Config{})
	p.RunFor(0)
	n := p.node
	n.About = algos.About{Name: "n1", Group: "gateway", Algorithm: "mine", Place: &algos.Place{Lat: 52.5, Lon: 13.4, Label: "Berlin"}}
	n.Usage = func() algos.StatusProcess { return algos.StatusProcess{PID: 7, Host: "h", CPU: time.Second, RSS: 1 << 20} }
	p.Call(n, func() {
		n.SetBandwidth(emul.Bandwidth{Up: 1000})
		n.SetLink(p.peer.ID(), emul.Link{Rate: 500, Latency: time.Millisecond, Loss: 0.25})
		n.Metric("lookups").Add(3)
		n.TakeMetrics() // whoever takes them takes nothing from here
		n.Metric("lookups").Add(1)
		n.Gauge("neighbours").Set(5)
		n.State("chunks", "3 of 16")
	})
	p.Send(n.Node, p.peer.ID(), wire.TypeData, 6, 0, make([]byte, 26))
	p.RunFor(time.Second)
	s, _ := p.request(t)
	if s.Name != "n1" || s.Group != "gateway" || s.Algorithm != "mine" || s.Place == nil || *s.Place != *n.About.Place {
		t.Errorf("it says of itself %+v, %+v", s, s.Place)
	}
	if s.Process == nil || *s.Process != n.Usage() {
		t.Errorf("its process is %+v", s.Process)
	}
	if s.Caps == nil || *s.Caps != (algos.StatusCaps{Up: 1000}) {
		t.Errorf("it emulates %+v", s.Caps)
	}
	if want := map[string]float64{"lookups": 4, "neighbours": 5}; !reflect.DeepEqual(s.Metrics, want) {
		t.Errorf("its figures are %v, want %v", s.Metrics, want)
	}
	if want := map[string]string{"chunks": "3 of 16"}; !reflect.DeepEqual(s.States, want) {
		t.Errorf("its states are %v, want %v", s.States, want)
	}
	for _, d := range s.Downstream {
		if d.Cap != 500 || d.Latency != time.Millisecond || d.Loss != 0.25 {
			t.Errorf("a lane of the link is %+v", d)
		}
	}
}

// Those who look on are told of the node, get its lines and its status, and are not obeyed.
func TestWatchersLookOn(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var first, second coretest.Recorder
	w.Node("first", &first)
	w.Node("second", &second)
	b := &algos.Base{Observer: w.ID("first"), Watchers: []core.NodeID{w.ID("first"), w.ID("second")}}
	w.Node("node", b)
	w.RunFor(0)
	w.Call(b, func() { b.Tracef("a line") })
	w.Send(second.Node, b.ID(), wire.TypeJoin, 0, 5<<32, nil)
	w.Send(first.Node, b.ID(), wire.TypeJoin, 0, 6<<32, nil)
	w.Send(second.Node, b.ID(), wire.TypeRequest, 0, 77, nil)
	w.RunFor(0)
	if b.Joined(5) || !b.Joined(6) || b.Refused() != 1 {
		t.Errorf("it joined 5: %v, 6: %v, and refused %d: want the first observer alone to be obeyed", b.Joined(5), b.Joined(6), b.Refused())
	}
	for name, r := range map[string]*coretest.Recorder{"first": &first, "second": &second} {
		if boots, lines := len(r.Of(wire.TypeBoot)), len(r.Of(wire.TypeTrace)); boots != 1 || lines != 2 { // the second is the refusal
			t.Errorf("the %s observer got %d boots and %d lines, want 1 and 2", name, boots, lines)
		}
	}
	if n := len(second.Of(wire.TypeStatus)); n != 1 {
		t.Errorf("the second observer got %d reports", n)
	}
}

// An observer that is gone is told again after pauses that double and differ from node to node; one that comes back and
// dials the node is told at once.
func TestALostObserverIsToldAgain(t *testing.T) {
	w := coretest.New(t, core.Config{})
	gone := w.ID("observer")
	var bases []*algos.Base
	for _, name := range []string{"a", "b", "c"} {
		b := &algos.Base{Observer: gone}
		w.Node(name, b)
		bases = append(bases, b)
	}
	w.RunFor(time.Minute)
	lost := make(map[uint64]bool)
	for _, b := range bases {
		n := b.Stats().Lost.OutMsgs
		lost[n] = true
		// Without doubling there would be more than 200; with it 250 ms, 500 ms and so on to 5 s, each from half of that up.
		if n < 12 || n > 30 {
			t.Errorf("in a minute it tried %d times", n)
		}
	}
	var back coretest.Recorder
	observer := w.Node("observer", &back)
	w.Send(observer, bases[0].ID(), wire.TypePing, 0, 1, nil)
	w.RunFor(0)
	if got := back.Of(wire.TypeBoot); len(got) != 1 || got[0].From != bases[0].ID() {
		t.Errorf("when it came back and dialled one node it was told %v, want by that one, at once", got)
	}
	w.RunFor(5 * time.Second)
	if got := back.Of(wire.TypeBoot); len(got) != 3 {
		t.Errorf("5 s later it has been told %d times, want by each of 3 once", len(got))
	}
}

func TestSenselessWeightsChangeNothing(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var worker algos.Base
	n := w.Node("worker", &worker)
	up := w.Node("up", &coretest.Recorder{})
	worker.Observer = up.ID()
	orders := []any{
		algos.WeightOrder{App: 1}, algos.WeightOrder{App: 1, Weight: core.MaxWeight + 1}, algos.WeightOrder{App: 1, Weight: -1},
		algos.WeightOrder{From: n.ID(), App: 1, Weight: 1}, "nonsense", []byte{0xff},
	}
	for _, o := range orders {
		w.Send(up, n.ID(), wire.TypeSetWeight, 0, 0, algos.Encode(o))
	}
	w.Run()
	if got := worker.BadMessages(); got != uint64(len(orders)) {
		t.Errorf("%d of %d orders count as bad", got, len(orders))
	}
}
