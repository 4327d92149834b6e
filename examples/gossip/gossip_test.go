package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// A node that fails and comes back gets all again.
func TestANodeThatForgotGetsAll(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 7})
	nodes := w.Add(2, func(i int) core.Algorithm {
		return &Gossip{Neighbours: []core.NodeID{w.ID(fmt.Sprint("n", 1-i))}}
	})
	nodes[0].Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: 50}, 100))
	w.Schedule(
		sim.Fault{At: 200 * time.Millisecond, Kind: sim.Crash, Nodes: []string{"n1"}},
		sim.Fault{At: 700 * time.Millisecond, Kind: sim.Restart, Nodes: []string{"n1"}},
	)
	w.RunFor(3 * time.Second)
	seen := make(map[uint64]bool)
	for _, m := range w.Saw("n1").Type(wire.TypeData).Between(700*time.Millisecond, time.Hour) {
		seen[m.Seq] = true
	}
	if len(seen) != 50 {
		t.Errorf("n1 saw %d messages after it came back, want 50", len(seen))
	}
}

// Whatever fails, every reader gets everything; 30 is the seed that found a mistake.
func TestEveryReaderGetsEverything(t *testing.T) {
	for seed := uint64(26); seed < 34; seed++ {
		run := scenariotest.Run(t, "gossip.yaml", scenariotest.With(algorithms...), scenariotest.Seed(seed))
		run.Expect("distinct(n1..n4) = sent(source)")
	}
}

// Of a longer stream than its memory, a node keeps the newest, and sees all.
func TestALongStream(t *testing.T) {
	const messages = 3*memory + 7
	w := simtest.New(t, sim.Options{})
	nodes := w.Add(2, func(i int) core.Algorithm {
		return &Gossip{Neighbours: []core.NodeID{w.ID(fmt.Sprint("n", 1-i))}}
	})
	nodes[0].Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 10, Limit: messages}, 1000))
	w.RunFor(10 * time.Second)
	last := nodes[1].Algorithm().(*Gossip)
	if last.next != messages || last.Consumed() != messages || nodes[1].Core().Held() != memory {
		t.Errorf("lacks %d, consumed %d, keeps %d; want %d, %d, %d",
			last.next, last.Consumed(), nodes[1].Core().Held(), messages, messages, memory)
	}
}
