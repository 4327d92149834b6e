package algos_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// watchman finds out who lives, and has nothing to spread.
type watchman struct {
	algos.Base
	detector algos.Detector[nothing, *nothing]
}

type nothing struct{}

func (*nothing) Fields(*pack.Fields) {}

func (x *watchman) Bind(n *core.Node) {
	x.Base.Bind(n)
	x.detector = algos.Detector[nothing, *nothing]{Base: &x.Base, Type: wire.FirstUserType, Timeout: 200 * time.Millisecond, Within: time.Second}
	x.detector.Helpers = func(silent core.NodeID) []core.NodeID { return x.Sample(3, silent) }
	x.detector.Knows = func(core.NodeID) bool { return true }
	x.detector.Tell = func(core.NodeID) nothing { return nothing{} }
	x.detector.Heard = func(core.NodeID, nothing) {}
	x.detector.Open()
}

// Two nodes cannot reach each other; a third finds out for the one that the other lives. Then it crashes.
func ExampleDetector() {
	w := sim.New(sim.Options{Seed: 1})
	add := func(name string) *watchman {
		x := &watchman{}
		w.AddNode(name, func() core.Algorithm { return x })
		return x
	}
	a, b, c := add("a"), add("b"), add("c")
	a.AddHost(c.ID())
	probe := func() {
		w.Node("a").Core().Call(func() {
			a.detector.Probe(b.ID(), func(err error) { fmt.Println("b lives:", err == nil, "- silent:", errors.Is(err, algos.ErrTimeout)) })
		})
		if err := w.RunFor(5 * time.Second); err != nil {
			log.Fatal(err)
		}
	}
	w.Schedule(sim.Fault{Kind: sim.CutOneWay, Nodes: []string{"a", "b"}})
	probe()
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{"b"}})
	probe()
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// b lives: true - silent: false
	// b lives: false - silent: true
}
