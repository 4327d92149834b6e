package sim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// single is a relay that gets its messages one by one: the batches that it could have are
// the embedded relay's.
type single struct{ *relay.Relay }

// register is a sink that writes down what it gets, and when.
type register struct {
	apps.Checker
	lines []string
}

func (r *register) Consume(n *core.Node, m *core.Msg) {
	r.Checker.Consume(n, m)
	r.lines = append(r.lines, fmt.Sprint(n.ID(), n.Now(), m.From(), m.Sender(), m.App(), m.Seq(), len(m.Payload())))
}

// relayStorm runs relays in layers, with narrow queues and links, under faults, and returns
// what sinks got and what every node counted.
func relayStorm(t *testing.T, seed uint64, batches bool) (lines []string) {
	rng := rand.New(rand.NewPCG(seed, 5))
	w := sim.New(sim.Options{Seed: seed, DialTimeout: 300 * time.Millisecond, Core: core.Config{
		QueueMsgs: 1 + rng.IntN(30), QueueBytes: 500 + rng.IntN(5000), Quantum: 1 + rng.IntN(3000),
	}})
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	const layers, wide = 4, 4
	name := func(layer, i int) string { return fmt.Sprintf("n%d-%d", layer, i) }
	sinks := []*register{}
	for layer := range layers {
		for i := range wide {
			var down []core.NodeID
			if layer < layers-1 {
				for _, k := range rng.Perm(wide)[:1+rng.IntN(wide)] {
					down = append(down, w.ID(name(layer+1, k)))
				}
			}
			w.AddNode(name(layer, i), func() core.Algorithm {
				var sink core.Sink
				if layer == layers-1 {
					sinks = append(sinks, &register{})
					sink = sinks[len(sinks)-1]
				}
				r := relay.New(sink, down...)
				if batches {
					return r
				}
				return single{r}
			})
		}
	}
	for i := range wide {
		n := w.Node(name(0, i)).Core()
		payload, limit := rng.IntN(300), uint64(200+rng.IntN(2000))
		n.Call(func() {
			n.AddSource(uint32(1+i%2), apps.NewBackToBack(apps.Stream{App: uint32(1 + i%2), Payload: payload, Limit: limit}))
		})
	}
	w.Node(name(1, 0)).SetBandwidth(emul.Bandwidth{Down: 50 * emul.KBps})
	w.Node(name(1, 1)).SetBandwidth(emul.Bandwidth{Up: 80 * emul.KBps})
	w.Schedule(
		sim.Fault{At: 20 * time.Millisecond, Kind: sim.Crash, Nodes: []string{name(2, 0)}},
		sim.Fault{At: 90 * time.Millisecond, Kind: sim.Restart, Nodes: []string{name(2, 0)}},
		sim.Fault{At: 50 * time.Millisecond, Kind: sim.Cut, Nodes: []string{name(1, 1), name(2, 1)}},
		sim.Fault{At: 150 * time.Millisecond, Kind: sim.Heal},
	)
	if err := w.RunFor(3 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, s := range sinks {
		lines = append(lines, s.lines...)
		lines = append(lines, fmt.Sprintf("%+v", s.Tally()))
	}
	for _, n := range w.Nodes() {
		lines = append(lines, fmt.Sprintf("%s %+v", n.Name(), n.Core().Stats()))
	}
	return append(lines, fmt.Sprintf("%+v", w.Totals()))
}

// TestBatchesInVirtualTime: relays that take batches make the same world as relays that do
// not: each message at the same time, the same counters at every node, the same events.
func TestBatchesInVirtualTime(t *testing.T) {
	got := 0
	for seed := range uint64(12) {
		a, b := relayStorm(t, seed, true), relayStorm(t, seed, false)
		if !slices.Equal(a, b) {
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Fatalf("seed %d: in batches\n%s\none by one\n%s", seed, a[i], b[i])
				}
			}
			t.Fatalf("seed %d: %d lines in batches, %d one by one", seed, len(a), len(b))
		}
		got += len(a)
	}
	if got < 1000 {
		t.Errorf("only %d messages arrived: this shows nothing", got)
	}
}
