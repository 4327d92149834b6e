package sim_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/wire"
)

// busy is an algorithm with a bit of everything: it passes new messages on to some
// of those that it knows, holds a few until a timer comes, makes messages of its
// own, and, at one node, panics.
type busy struct {
	algos.Base
	peers []core.NodeID
	held  []*core.Msg
	fails bool
	count uint64
}

const (
	tick    = 1
	rumours = wire.FirstUserType
)

func (b *busy) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted:
		b.After(time.Duration(b.Rand().IntN(100))*time.Millisecond, tick)
	case wire.TypeTimer:
		return b.tick(m)
	case rumours, wire.TypeData:
		if !b.Fresh(m) {
			break
		}
		if b.count++; b.fails && b.count == 40 {
			panic("as the test asks")
		}
		b.Disseminate(m, 0.7, b.peers...)
		if b.Rand().IntN(20) == 0 && len(b.held) < 3 {
			b.held = append(b.held, m)
			return core.Hold
		}
	default:
		return b.Base.Process(m)
	}
	return core.Done
}

func (b *busy) tick(m *core.Msg) core.Verdict {
	if m.TimerID() != tick {
		return b.Base.Process(m)
	}
	for _, h := range b.held {
		b.Disseminate(h, 0.5, b.peers...)
		b.Release(h)
	}
	b.held = b.held[:0]
	r := b.NewMsg(rumours, 0, b.Rand().IntN(300))
	for i := range r.Payload() {
		r.Payload()[i] = byte(b.Rand().Uint32())
	}
	r.SetSeq(b.Rand().Uint64())
	b.Disseminate(r, 1, b.peers...)
	b.After(time.Duration(50+b.Rand().IntN(100))*time.Millisecond, tick)
	return core.Done
}

// turmoil runs some nodes for a while while everything goes wrong, and returns
// the hash of the trace.
func turmoil(t testing.TB, seed uint64, order sim.Order) (hash string, totals sim.Totals) {
	tr := trace.NewWriter(io.Discard, trace.Options{Sent: true})
	totals = storm(t, seed, order, tr)
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	return tr.Hash(), totals
}

// storm is turmoil with or without somebody watching.
func storm(t testing.TB, seed uint64, order sim.Order, watch sim.Watcher) sim.Totals {
	w := sim.New(sim.Options{
		Seed: seed, Watch: watch, Order: order, DialTimeout: 350 * time.Millisecond,
		Core: core.Config{QueueMsgs: 10, Quantum: 2000, Strict: strictly, StallTimeout: 100 * time.Millisecond, FailTimeout: 400 * time.Millisecond}, Pool: bufpool.Options{SlabSize: 8 << 10},
	})
	const nodes = 22
	rng := rand.New(rand.NewPCG(seed, 3))
	name := func() string { return fmt.Sprint("n", rng.IntN(nodes)) }
	for i := range nodes {
		var peers []core.NodeID
		for range 4 {
			peers = append(peers, w.ID(name()))
		}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return &busy{peers: peers, fails: i == 7} })
	}
	for i, n := range w.Nodes()[2:10] {
		n.SetBandwidth(emul.Bandwidth{Total: 300 * emul.KBps, Down: emul.Rate(100+i) * emul.KBps})
		n.SetLink(n.Algorithm().(*busy).peers[0], emul.Link{
			Latency: time.Duration(i) * time.Millisecond, Loss: 0.02, Jitter: emul.Jitter{Dist: emul.Uniform, Spread: time.Millisecond},
		})
	}
	w.Nodes()[0].Core().AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 500, Limit: 60}))
	w.Nodes()[1].Core().AddSource(2, apps.NewConstantRate(apps.Stream{App: 2, Payload: 100}, 60))
	for range 30 {
		f := sim.Fault{At: time.Duration(rng.IntN(1500)) * time.Millisecond, Kind: sim.Crash + sim.FaultKind(rng.IntN(int(sim.Slow)))}
		switch f.Kind {
		case sim.Cut, sim.CutOneWay:
			a := rng.IntN(nodes)
			f.Nodes = []string{fmt.Sprint("n", a), fmt.Sprint("n", (a+1+rng.IntN(nodes-1))%nodes)}
		case sim.Partition:
			f.Groups = [][]string{{"n1", "n2", "n3", "n4", "n5"}, {"n20", "n21"}}
		case sim.Heal:
		case sim.Slow:
			f.Nodes, f.Cost = []string{name()}, time.Duration(rng.IntN(3))*time.Millisecond
		default:
			f.Nodes = []string{name()}
		}
		w.Schedule(f)
	}
	err := w.RunFor(2 * time.Second)
	totals := w.Totals()
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return totals
}

// strictly makes the worlds of storm strict.
var strictly bool

// A strict world does the same, if its algorithms do nothing that they may not.
func TestStrictIsTheSameRun(t *testing.T) {
	defer func() { strictly = false }()
	for _, order := range []sim.Order{sim.InOrder, sim.Shuffled} {
		strictly = false
		plain, _ := turmoil(t, 2, order)
		strictly = true
		if strict, _ := turmoil(t, 2, order); strict != plain {
			t.Errorf("order %d: the hash is %s, and %s in a strict world", order, plain, strict)
		}
	}
}

// A world that nobody watches does the same.
func TestWatchingChangesNothing(t *testing.T) {
	_, watched := turmoil(t, 1, sim.Shuffled)
	if alone := storm(t, 1, sim.Shuffled, nil); alone != watched {
		t.Errorf("watched it did %+v, and alone %+v", watched, alone)
	}
}

// TestSameSeedSameTrace: the same seed gives the same trace, twice in a row, on one
// processor and on two, and beside others that run at the same time; another seed,
// or another order of what happens at the same time, does not.
func TestSameSeedSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	seeds := uint64(6)
	if bufpool.Tracing {
		seeds = 1 // it is slow there
	}
	seen := make(map[string]bool)
	for seed := range seeds {
		for _, order := range []sim.Order{sim.InOrder, sim.Shuffled} {
			hash, totals := turmoil(t, seed, order)
			if totals.Messages < 3000 {
				t.Errorf("seed %d: only %d messages", seed, totals.Messages)
			}
			t.Logf("seed %d, order %d: %d messages, hash %s", seed, order, totals.Messages, hash) // the same in every build
			for _, procs := range []int{1, 1, 2} {
				runtime.GOMAXPROCS(procs)
				if again, _ := turmoil(t, seed, order); again != hash {
					t.Fatalf("seed %d: hash %s, and %s the next time, on %d processors", seed, hash, again, procs)
				}
			}
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if again, _ := turmoil(t, seed, order); again != hash {
						t.Errorf("seed %d: hash %s, and %s beside another run", seed, hash, again)
					}
				})
			}
			wg.Wait()
			if seen[hash] {
				t.Errorf("seed %d: the hash of another run", seed)
			}
			seen[hash] = true
		}
	}
}
