package core

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// contest is a node with lanes that compete for one output.
type contest struct {
	w       *world
	n       *Node
	out     *port
	lanes   []*feeder
	weights []int
	sizes   []int    // payload bytes of the lanes' messages, at most
	burst   int      // most messages in a run
	seq     []uint64 // of each lane's next message
	rng     *rand.Rand
	served  []int // bytes that left, by lane, since the last reset
}

func newContest(t tb, cfg Config, rng *rand.Rand, weights, sizes []int, burst int) *contest {
	c := &contest{w: newWorld(t, cfg), rng: rng, weights: weights, sizes: sizes, burst: burst,
		seq: make([]uint64, len(weights)), served: make([]int, len(weights))}
	ps := c.w.ports(0)
	c.n = c.w.node(0, relay(1))
	for i, weight := range weights {
		c.n.SetWeight(nodeID(100+i), 1, weight)
	}
	for i := range weights {
		c.add(i)
	}
	c.w.settle()
	c.out = ps.to(1, 1)
	return c
}

func (c *contest) add(i int) {
	f := c.w.feeder(c.n, 100+i, 1)
	f.more = func() Run {
		var specs []spec
		for range 1 + c.rng.IntN(c.burst) {
			size := c.sizes[i]/2 + c.rng.IntN(c.sizes[i]/2+1)
			specs = append(specs, spec{sender: nodeID(100 + i), app: 1, seq: c.seq[i], size: size})
			c.seq[i]++
		}
		return c.w.makeRun(specs...)
	}
	c.lanes = append(c.lanes, f)
	f.feed()
}

// drain lets the output take step bytes at a time, total in all, and books what
// came out. each is called after every step.
func (c *contest) drain(total, step int, each func()) {
	c.w.t.Helper()
	for took := 0; took < total; took += step {
		c.out.give(step)
		c.w.settle()
		c.w.check()
		c.book()
		if each != nil {
			each()
		}
	}
}

func (c *contest) book() {
	fs, rest := frames(c.w.t, c.out.got)
	for _, f := range fs {
		c.served[int(wire.Sender(f).AddrPort().Addr().As4()[3])-100] += len(f)
	}
	c.out.got = append([]byte(nil), c.out.got[len(c.out.got)-rest:]...)
}

func (c *contest) reset() { clear(c.served) }

// fair fails unless every lane has what a fluid would have given it, within one
// quantum and one message of each lane.
func (c *contest) fair() {
	c.w.t.Helper()
	sum, total, quanta := 0, 0, 0
	for i := range c.weights {
		sum += c.weights[i]
		total += c.served[i]
		quanta += c.lanes[i].lane.quantum
	}
	message := 0
	for _, s := range c.sizes {
		message = max(message, s+wire.HeaderSize)
	}
	// What waits between the switch and the output is served and not booked yet.
	queue := min(c.w.sh.cfg.QueueBytes+message, c.w.sh.cfg.QueueMsgs*message)
	for i, weight := range c.weights {
		ideal := float64(total) * float64(weight) / float64(sum)
		share := float64(weight) / float64(sum)
		slack := float64(c.lanes[i].lane.quantum) + float64(message)*(2+share*float64(len(c.weights))) + float64(queue)
		if d := float64(c.served[i]) - ideal; d > slack || d < -slack {
			c.w.t.Fatalf("lane %d of weights %v has %d of %d bytes, a fluid would give it %.0f; off by %.0f, the bound is %.0f",
				i, c.weights, c.served[i], total, ideal, d, slack)
		}
	}
}

// TestFairShares: fixed weights, random message sizes, outputs fast and slow.
func TestFairShares(t *testing.T) {
	for _, c := range []struct {
		name           string
		weights, sizes []int
		cfg            Config
		burst, step    int
	}{
		{"1:1", []int{1, 1}, []int{1000, 1000}, Config{Quantum: 10080, QueueBytes: 20000}, 40, 15000},
		{"1:1 unequal messages", []int{1, 1}, []int{60, 1400}, Config{Quantum: 10080, QueueBytes: 20000}, 40, 15000},
		{"1:3", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueBytes: 20000}, 40, 15000},
		{"2:5:1", []int{2, 5, 1}, []int{100, 1400, 700}, Config{Quantum: 10080, QueueBytes: 20000}, 40, 15000},
		{"queue as long as a quantum", []int{1, 1}, []int{1000, 1000}, Config{Quantum: 10080, QueueBytes: 10080}, 40, 1 << 20},
		{"queue shorter than a quantum", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueBytes: 3000}, 40, 1 << 20},
		{"one large message a run", []int{1, 1}, []int{1000, 8000}, Config{Quantum: 2520, QueueBytes: 50000}, 1, 15000},
		{"room for one message at a time", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueMsgs: 1}, 40, 500},
		{"room for ten messages", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueMsgs: 10}, 40, 500},
		{"2:5:1, slow socket", []int{2, 5, 1}, []int{100, 1400, 700}, Config{Quantum: 10080, QueueBytes: 5000}, 40, 700},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContest(t, c.cfg, rand.New(rand.NewPCG(1, 2)), c.weights, c.sizes, c.burst)
			defer k.w.close()
			k.drain(500*c.step/(1+c.step/20000), min(c.step, 15000), k.fair)
		})
	}
}

// TestFairSharesProperty draws everything.
func TestFairSharesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lanes := rapid.IntRange(2, 5).Draw(t, "lanes")
		weights := rapid.SliceOfN(rapid.IntRange(1, 10), lanes, lanes).Draw(t, "weights")
		sizes := rapid.SliceOfN(rapid.IntRange(2, 3000), lanes, lanes).Draw(t, "sizes")
		cfg := Config{
			Quantum:    rapid.SampledFrom([]int{2520, 25200}).Draw(t, "quantum"), // divisible by every weight
			QueueBytes: rapid.IntRange(1, 30000).Draw(t, "queue bytes"),
			QueueMsgs:  rapid.SampledFrom([]int{1, 2, 10, 0}).Draw(t, "queue messages"),
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c := newContest(t, cfg, rng, weights, sizes, rapid.IntRange(1, 30).Draw(t, "burst"))
		defer c.w.close()
		c.drain(300_000, rapid.SampledFrom([]int{300, 3000, 20000}).Draw(t, "step"), c.fair)
	})
}

// TestWeightsChange: new weights hold from the next turn on.
func TestWeightsChange(t *testing.T) {
	c := newContest(t, Config{Quantum: 2520, QueueBytes: 5000}, rand.New(rand.NewPCG(1, 2)),
		[]int{1, 1, 1}, []int{400, 400, 400}, 10)
	defer c.w.close()
	for _, weights := range [][]int{{1, 1, 1}, {1, 5, 2}, {10, 1, 1}, {3, 3, 2}} {
		for i, weight := range weights {
			c.n.SetWeight(nodeID(100+i), 1, weight)
		}
		c.weights = weights
		c.drain(20_000, 5000, nil) // turns under way
		c.reset()
		c.drain(300_000, 5000, c.fair)
	}
}

// TestIdleShare: what a lane does not use goes to the others in proportion, and
// it has its share again as soon as it comes back, with nothing saved up.
func TestIdleShare(t *testing.T) {
	c := newContest(t, Config{Quantum: 2520, QueueBytes: 2000}, rand.New(rand.NewPCG(1, 2)),
		[]int{1, 1, 2}, []int{400, 400, 400}, 3)
	defer c.w.close()
	c.drain(50_000, 2000, c.fair)

	more := c.lanes[2].more
	c.lanes[2].more = nil
	c.drain(20_000, 2000, nil)
	if c.lanes[2].lane.Busy() {
		t.Fatal("the lane that got no more messages is not idle")
	}
	c.reset()
	c.weights[2] = 0
	c.drain(200_000, 2000, c.fair)

	c.weights[2] = 2
	c.lanes[2].more = more
	c.reset()
	c.lanes[2].feed()
	c.drain(200_000, 2000, c.fair)
}

// TestWeightsBeforeLanes: weights hold for lanes that come later, and again when
// a lane comes back; a lane without one has 1.
func TestWeightsBeforeLanes(t *testing.T) {
	w := newWorld(t, Config{Quantum: 1000})
	defer w.close()
	n := w.node(0, nil)
	n.SetWeight(nodeID(1), 7, 3)
	n.SetWeight(nodeID(1), 7, 4) // replaces it
	n.SetWeight(NodeID{}, 9, 2)
	for range 2 {
		w.feeder(n, 1, 7)
		w.feeder(n, 1, 8)
	}
	n.AddSource(9, &numbered{w: w, app: 9})
	want := map[uint32]int{7: 4, 8: 1, 9: 2}
	quanta := map[uint32]int{7: 1000, 8: 250, 9: 500}
	for _, l := range n.ins {
		if l.weight != want[l.app] || l.quantum != quanta[l.app] {
			t.Errorf("lane of application %d has weight %d and quantum %d, want %d and %d", l.app, l.weight, l.quantum, want[l.app], quanta[l.app])
		}
	}
	if len(n.ins) != 3 {
		t.Errorf("%d lanes, want 3", len(n.ins))
	}
}
