package swim_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/swim"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

const seeds = 20

// eachSeed runs a test with several seeds; a few with -short, and as many as one likes with SWIM_SEEDS.
func eachSeed(t *testing.T, fn func(t *testing.T, seed uint64)) {
	n := uint64(seeds)
	if testing.Short() {
		n = 4
	}
	if many, err := strconv.Atoi(os.Getenv("SWIM_SEEDS")); err == nil {
		n = uint64(many)
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { fn(t, seed) })
	}
}

// lossy is SWIM whose links lose messages until an end.
type lossy struct {
	*swim.Swim
	loss  float64
	until time.Duration
}

func (l *lossy) Bind(n *core.Node) {
	l.Swim.Bind(n)
	if l.loss > 0 && n.Now() < l.until {
		n.SetDefaultLink(emul.Link{Loss: l.loss})
	}
}

// Process implements core.Algorithm.
func (l *lossy) Process(m *core.Msg) core.Verdict {
	if l.loss > 0 && l.Now() >= l.until {
		l.loss = 0
		l.SetDefaultLink(emul.Link{})
	}
	return l.Swim.Process(m)
}

// group is n nodes that know three others of it when they start.
func group(t *testing.T, seed uint64, n int, change func(*lossy)) (*simtest.World, []*sim.Node) {
	w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
	dice := rand.New(rand.NewPCG(seed, 1))
	nodes := w.Add(n, func(int) core.Algorithm {
		l := &lossy{Swim: swim.New()}
		for range 3 {
			l.AddHost(w.ID(fmt.Sprint("n", dice.IntN(n))))
		}
		if change != nil {
			change(l)
		}
		return l
	})
	return w, nodes
}

// at is what a node holds another for.
func at(n, of *sim.Node) swim.State { return n.Algorithm().(*lossy).State(of.ID()) }

// agree fails the test unless all that run hold each other for alive, and the others for dead.
func agree(t *testing.T, w *simtest.World, nodes []*sim.Node) {
	t.Helper()
	for _, n := range nodes {
		for _, of := range nodes {
			want := swim.Dead
			if of.Running() {
				want = swim.Alive
			}
			if n.Running() && at(n, of) != want {
				t.Errorf("at %v %s holds %s for %v, want %v", w.Now(), n.Name(), of.Name(), at(n, of), want)
			}
		}
		if a := n.Algorithm().(*lossy); n.Running() && a.BadMessages()+a.Unhandled() > 0 {
			t.Errorf("%s could not use %d messages, and did not know %d", n.Name(), a.BadMessages(), a.Unhandled())
		}
	}
}

// Every crash is noticed by somebody within the time of one round of probes and two
// periods, and by everybody not before the suspect has had its time to object, and within the time of that and of
// spreading after it was first suspected; nobody who lives is suspected meanwhile.
func TestCompleteness(t *testing.T) {
	const n, failed = 40, 4
	const round = n + 2                  // periods until it is suspected
	const objects, spreading = 11, 8 + 2 // 3·ln of 37 to 41 members, rounded up: 11 or 12; a message goes through all in 2·log2(n)
	eachSeed(t, func(t *testing.T, seed uint64) {
		died := make(map[core.NodeID]time.Duration)
		suspected := make(map[core.NodeID]time.Duration)
		dead := make(map[[2]core.NodeID]time.Duration) // by who holds whom for it
		w, nodes := group(t, seed, n, func(l *lossy) {
			l.OnChange = func(id core.NodeID, now swim.State) {
				if at, crashed := died[id]; now != swim.Alive && (!crashed || l.Now() < at) {
					t.Errorf("%s was held for %v while it lived", id, now)
				}
				if _, before := suspected[id]; now == swim.Suspect && !before {
					suspected[id] = l.Now()
				}
				if now == swim.Dead {
					dead[[2]core.NodeID{l.ID(), id}] = l.Now()
				}
			}
		})
		w.RunFor(30 * time.Second)
		agree(t, w, nodes)
		for i := range failed {
			at := w.Now() + time.Duration(i)*700*time.Millisecond
			died[nodes[i].ID()] = at
			w.Schedule(sim.Fault{At: at, Kind: sim.Crash, Nodes: []string{nodes[i].Name()}})
		}
		w.RunFor((round + objects + spreading + 5) * time.Second)
		agree(t, w, nodes)
		for id, at := range died {
			first, noticed := suspected[id]
			if took := first - at; !noticed || took > round*time.Second {
				t.Errorf("%s was suspected %v after it had failed: %v", id, took, noticed)
			}
			for _, by := range nodes[failed:] {
				at, held := dead[[2]core.NodeID{by.ID(), id}]
				if took := at - first; !held || took < objects*time.Second || took > (objects+1+spreading)*time.Second {
					t.Errorf("%s holds %s for dead %v after that was first suspected: %v", by.Name(), id, took, held)
				}
			}
		}
	})
}

// Whatever happens, and with lost messages meanwhile: when it is quiet all agree on who lives.
func TestViewsAgreeAfterFaults(t *testing.T) {
	const n, quiet = 16, 60 * time.Second
	eachSeed(t, func(t *testing.T, seed uint64) {
		dice := rand.New(rand.NewPCG(seed, 2))
		w, nodes := group(t, seed, n, func(l *lossy) { l.loss, l.until = 0.1, 60*time.Second })
		name := func() []string { return []string{fmt.Sprint("n", dice.IntN(n))} }
		for range 12 {
			at := time.Duration(dice.Int64N(int64(50 * time.Second)))
			switch dice.IntN(4) {
			case 0:
				w.Schedule(sim.Fault{At: at, Kind: sim.Crash, Nodes: name()})
			case 1:
				w.Schedule(sim.Fault{At: at, Kind: sim.Restart, Nodes: name()})
			case 2:
				w.Schedule(sim.Fault{At: at, Kind: sim.Stop, Nodes: name()})
			default:
				var sides [2][]string
				for i := range n {
					k := dice.IntN(2)
					sides[k] = append(sides[k], fmt.Sprint("n", i))
				}
				w.Schedule(sim.Fault{At: at, Kind: sim.Partition, Groups: sides[:]})
			}
		}
		w.Schedule(sim.Fault{At: 60 * time.Second, Kind: sim.Heal})
		w.RunFor(60*time.Second + quiet)
		agree(t, w, nodes)
	})
}

// The sides of a partition, each of which holds the other for dead, come together again, and nobody is held for dead in
// the meantime: neither what waited on the links since before nor what is fetched kills anybody.
func TestPartitionHeals(t *testing.T) {
	const n = 20
	eachSeed(t, func(t *testing.T, seed uint64) {
		healed, wrong := time.Duration(0), 0
		w, nodes := group(t, seed, n, func(l *lossy) {
			l.OnChange = func(who core.NodeID, now swim.State) {
				if healed > 0 && now == swim.Dead {
					wrong++
				}
			}
		})
		var sides [2][]string
		for i := range n {
			k := min(i/(n/4), 1)
			sides[k] = append(sides[k], fmt.Sprint("n", i))
		}
		w.RunFor(10 * time.Second)
		w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Partition, Groups: sides[:]})
		w.RunFor(60 * time.Second)
		for _, a := range nodes[:n/4] {
			for _, b := range nodes[n/4:] {
				if at(a, b) != swim.Dead || at(b, a) != swim.Dead {
					t.Fatalf("%s and %s hold each other for %v and %v after a minute", a.Name(), b.Name(), at(a, b), at(b, a))
				}
			}
		}
		healed = w.Now()
		w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Heal})
		w.RunFor(40 * time.Second)
		agree(t, w, nodes)
		if wrong > 0 {
			t.Errorf("%d times a member was held for dead though the partition had healed", wrong)
		}
	})
}

// With almost no news on messages, and none told twice, digests still make all agree.
func TestWhatIsNotToldIsFetched(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		w, nodes := group(t, seed, 30, func(l *lossy) { l.Spread, l.Facts.Most, l.loss, l.until = 1, 1, 0.2, 40*time.Second })
		w.Schedule(sim.Fault{At: 20 * time.Second, Kind: sim.Crash, Nodes: []string{"n3"}})
		w.RunFor(100 * time.Second)
		agree(t, w, nodes)
	})
}
