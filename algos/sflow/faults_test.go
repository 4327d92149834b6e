package sflow_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/sflow"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core/sim"
)

var seeds = flag.Uint64("seeds", 30, "how many seeds the test of federations with faults takes")

// Whatever happens to whom while services are federated and data flows: once it is quiet and every service has an instance, a
// federation succeeds, its nodes agree on it, each has the service of its step, and all that the source makes then comes through
// it, once and in order.
func TestFederationsAfterFaults(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 8)
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { faults(t, seed) })
	}
}

func faults(t *testing.T, seed uint64) {
	dice := rand.New(rand.NewPCG(seed, 2))
	down := map[string]int{"camera1": 4000, "plain1": 2000}
	for _, s := range []string{"scale", "titles", "join", "screen"} {
		for i := range 1 + dice.IntN(3) {
			down[fmt.Sprint(s, i)] = 200 + dice.IntN(800)
		}
	}
	b := newBed(t, seed, down, func(_ *bed, _ string, s *sflow.SFlow) { s.Services = map[string]sflow.Service{"join": sflow.Join} })
	source := func() { // restarted nodes must be told again
		b.Node("camera1").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500}, 20))
	}
	b.RunFor(time.Duration(dice.Int64N(int64(10 * time.Second))))
	source()
	ask := func() {
		if b.Node("camera1").Running() && b.alg("camera1").Service().Service != "" {
			b.federate(t, diamond)
		}
	}
	for end := b.Now() + 2*time.Minute; b.Now() < end; {
		b.RunFor(time.Duration(dice.Int64N(int64(8 * time.Second))))
		name := b.names[dice.IntN(len(b.names))]
		switch k := dice.IntN(12); {
		case k < 3:
			ask()
		case k < 6:
			b.fault(sim.Crash, name)
		case k < 7:
			b.fault(sim.Stop, name)
		case k < 10:
			b.fault(sim.Restart, name)
			if name == "camera1" {
				source()
			}
		case k < 11:
			var sides [2][]string
			for _, name := range b.names {
				i := dice.IntN(2)
				sides[i] = append(sides[i], name)
			}
			b.Schedule(sim.Fault{At: b.Now(), Kind: sim.Partition, Groups: sides[:]})
		default:
			b.fault(sim.Heal)
		}
	}
	b.fault(sim.Heal)
	for _, name := range b.names {
		if !b.Node(name).Running() {
			b.fault(sim.Restart, name)
			if name == "camera1" {
				source()
			}
		}
	}
	b.RunFor(6 * time.Minute) // until federations that were begun have ended one way or another
	b.outcomes = nil
	ask()
	b.RunFor(3 * time.Minute)
	if len(b.outcomes) != 1 || b.outcomes[0].Refused != "" {
		t.Fatalf("one federation was asked for: %+v", b.outcomes)
	}
	chosen := b.outcomes[0].Chosen
	need, err := sflow.ParseRequirement(diamond)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range chosen {
		name := b.Name(id)
		if service(name) != need.Steps[i].Service {
			t.Errorf("step %d is %s at %s", i, need.Steps[i].Service, name)
		}
		for j, c := range b.settled[name] {
			if c.Node != chosen[j] {
				t.Errorf("%s believes that step %d is %s, and it is %s", name, j, b.Name(c.Node), b.Name(chosen[j]))
			}
		}
		if err := b.alg(name).Invariant(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	sink := b.Name(chosen[len(chosen)-1])
	b.RunFor(10 * time.Second) // what was kept has come
	before := len(b.got[sink])
	b.RunFor(20 * time.Second)
	more := b.got[sink][before:]
	if len(more) < 395 || len(more) > 405 || !slices.IsSorted(more) || len(slices.Compact(slices.Clone(more))) != len(more) {
		t.Errorf("%d messages in twenty seconds, of 400; in order: %v", len(more), slices.IsSorted(more))
	}
}
