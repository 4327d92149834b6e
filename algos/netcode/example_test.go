package netcode_test

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// The streams, as applications.
const (
	a  uint32 = 1
	b  uint32 = 2
	ab uint32 = 3
)

// Sum sends a+b.
type Sum struct {
	netcode.Coder
	To []core.NodeID
}

// NewSum makes the paper's coding node D.
func NewSum(to ...core.NodeID) *Sum {
	s := &Sum{To: to}
	s.Streams = []uint32{a, b}
	s.Rule = s.sum
	return s
}

// sum is the combination rule: it is called with the messages of one number.
func (s *Sum) sum(set *netcode.Set) {
	set.Emit(ab, []byte{1, 1}, s.To...)
}

// Thrifty sends a+b while both streams are there, and what there is as it is otherwise.
type Thrifty struct {
	netcode.Coder
	To      []core.NodeID
	Stalled int
}

// NewThrifty makes such a node.
func NewThrifty(to ...core.NodeID) *Thrifty {
	s := &Thrifty{To: to}
	s.Streams, s.Wait = []uint32{a, b}, 500*time.Millisecond
	s.Rule = func(set *netcode.Set) {
		if set.Complete() {
			set.Emit(ab, []byte{1, 1}, s.To...)
			return
		}
		for i := range s.Inputs {
			if m := set.Msg(i); m != nil {
				for _, dest := range s.To {
					s.Send(m, dest)
				}
			}
		}
	}
	s.OnInput = func(_ int, state netcode.InputState) {
		if state == netcode.Stalled {
			s.Stalled++
		}
	}
	return s
}

func Example_sum() {
	w := sim.New(sim.Options{Seed: 1})
	defer closed(w)

	var sink apps.Checker
	f := w.AddNode("f", func() core.Algorithm {
		return netcode.NewSolver([]uint32{a, b}, []uint32{a, ab}, &sink)
	})
	d := w.AddNode("d", func() core.Algorithm { return NewSum(f.ID()) })
	source := func(name string, app uint32, to ...core.NodeID) {
		n := w.AddNode(name, func() core.Algorithm { return relay.New(nil, to...) })
		n.Core().AddSource(app, apps.NewBackToBack(apps.Stream{App: app, Payload: 1000, Limit: 500}))
	}
	source("a", a, d.ID(), f.ID())
	source("b", b, d.ID())

	if err := w.Run(); err != nil {
		fmt.Println(err)
	}
	t := sink.Tally()
	fmt.Println(t.Messages, "messages,", t.Lost, "lost,", t.Corrupt, "corrupt")
	// Output: 1000 messages, 0 lost, 0 corrupt
}

func Example_fallback() {
	w := sim.New(sim.Options{Seed: 1})
	defer closed(w)

	var sink apps.Checker
	f := w.AddNode("f", func() core.Algorithm { return relay.New(&sink) })
	d := w.AddNode("d", func() core.Algorithm { return NewThrifty(f.ID()) })
	n := w.AddNode("a", func() core.Algorithm { return relay.New(nil, d.ID()) })
	n.Core().AddSource(a, apps.NewConstantRate(apps.Stream{App: a, Payload: 1000, Limit: 20}, 10))

	if err := w.Run(); err != nil { // nobody sends b
		fmt.Println(err)
	}
	fmt.Println(sink.Tally().Messages, "messages of a, the other stream stalled", d.Algorithm().(*Thrifty).Stalled, "time")
	// Output: 20 messages of a, the other stream stalled 1 time
}

func ExampleMulticast() {
	w := sim.New(sim.Options{Seed: 1})
	defer closed(w)

	var sink apps.Checker
	receiver := w.AddNode("receiver", func() core.Algorithm {
		m := netcode.NewMulticast(netcode.Session{App: 1})
		m.DeliverTo(&sink)
		return m
	})
	left := w.AddNode("left", func() core.Algorithm {
		return netcode.NewMulticast(netcode.Session{App: 1, Downstreams: []core.NodeID{receiver.ID()}})
	})
	right := w.AddNode("right", func() core.Algorithm {
		return netcode.NewMulticast(netcode.Session{App: 1, Downstreams: []core.NodeID{receiver.ID()}})
	})
	source := w.AddNode("source", func() core.Algorithm {
		return netcode.NewMulticast(netcode.Session{App: 1, K: 32, Downstreams: []core.NodeID{left.ID(), right.ID()}})
	})
	left.SetLink(receiver.ID(), emul.Link{Rate: 300 * emul.KBps, Loss: 0.2})
	right.SetLink(receiver.ID(), emul.Link{Rate: 100 * emul.KBps, Latency: 40 * time.Millisecond})
	source.Core().AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 1000, Limit: 2000}))

	if err := w.Run(); err != nil {
		fmt.Println(err)
	}
	t := sink.Tally()
	fmt.Println(t.Messages, "messages,", t.Lost, "lost,", t.Corrupt, "corrupt")
	// Output: 2000 messages, 0 lost, 0 corrupt
}

// closed ends a world, and says so if a node has kept memory.
func closed(w *sim.World) {
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
}
