package core

import (
	"math"
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
	before  []int   // bytes served, by lane, at the last reset
	quanta  float64 // how far a lane may be from its share, in its quanta
}

func newContest(t tb, cfg Config, rng *rand.Rand, weights, sizes []int, burst int) *contest {
	c := &contest{w: newWorld(t, cfg), rng: rng, weights: weights, sizes: sizes, burst: burst,
		seq: make([]uint64, len(weights)), before: make([]int, len(weights)), quanta: 2}
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

// drain lets the output take step bytes at a time, total in all. each is called
// after every step.
func (c *contest) drain(total, step int, each func()) {
	c.w.t.Helper()
	for took := 0; took < total; took += step {
		c.out.got = c.out.got[:0]
		c.out.give(step)
		c.w.settle()
		c.w.check()
		if each != nil {
			each()
		}
	}
}

// reset begins to count anew.
func (c *contest) reset() {
	for i, f := range c.lanes {
		c.before[i] = int(f.lane.bytes)
	}
}

// fair fails unless every lane has been served what a fluid would have given it,
// within some of its quanta and a message of each lane. (Two, not one: a lane
// whose turn ends while there is room begins its next one before a lane that is
// blocked in the middle of its turn has ended it, and then waits for it.)
func (c *contest) fair() {
	c.w.t.Helper()
	sum, total, message := 0, 0, 0
	served := make([]int, len(c.weights))
	for i := range c.weights {
		served[i] = int(c.lanes[i].lane.bytes) - c.before[i]
		total += served[i]
		sum += c.weights[i]
		message = max(message, c.sizes[i]+wire.HeaderSize)
	}
	for i, weight := range c.weights {
		share := float64(weight) / float64(sum)
		ideal := float64(total) * share
		slack := c.quanta*float64(c.lanes[i].lane.quantum) + float64(message)*(1+share*float64(len(c.weights)))
		d := float64(served[i]) - ideal
		if math.Abs(d) > slack {
			c.w.t.Fatalf("lane %d of weights %v has %d of %d bytes, a fluid would give it %.0f; off by %.0f, the bound is %.0f",
				i, c.weights, served[i], total, ideal, d, slack)
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
		{"room for one message at a time", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueMsgs: 1}, 40, 500},
		{"room for ten messages", []int{1, 3}, []int{1000, 1000}, Config{Quantum: 10080, QueueMsgs: 10}, 40, 500},
		{"2:5:1, slow socket", []int{2, 5, 1}, []int{100, 1400, 700}, Config{Quantum: 10080, QueueBytes: 5000}, 40, 700},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContest(t, c.cfg, rand.New(rand.NewPCG(1, 2)), c.weights, c.sizes, c.burst)
			defer k.w.close()
			step := min(c.step, 15000)
			k.drain(fewer(400)*step, step, k.fair)
		})
	}
}

// TestFairSharesProperty draws everything.
func TestFairSharesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lanes := rapid.IntRange(2, 5).Draw(t, "lanes")
		weights := rapid.SliceOfN(rapid.IntRange(1, 10), lanes, lanes).Draw(t, "weights")
		sizes := rapid.SliceOfN(rapid.IntRange(2, 1000), lanes, lanes).Draw(t, "sizes")
		cfg := Config{
			Quantum:    rapid.SampledFrom([]int{12600, 25200}).Draw(t, "quantum"), // divisible by every weight
			QueueBytes: rapid.IntRange(1, 30000).Draw(t, "queue bytes"),
			QueueMsgs:  rapid.SampledFrom([]int{1, 2, 10, 0}).Draw(t, "queue messages"),
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c := newContest(t, cfg, rng, weights, sizes, rapid.IntRange(1, 30).Draw(t, "burst"))
		defer c.w.close()
		c.quanta = 4 // two from the turns before the queue was full for the first time
		c.drain(200_000, rapid.SampledFrom([]int{300, 3000, 20000}).Draw(t, "step"), c.fair)
	})
}

// TestLargeMessages: messages larger than a quantum are paid for in later rounds,
// also if their lane is drained in between. Shares are right in the long run.
func TestLargeMessages(t *testing.T) {
	for _, queue := range []int{1, 5000, 50000} {
		c := newContest(t, Config{Quantum: 2520, QueueBytes: queue}, rand.New(rand.NewPCG(1, 2)), []int{1, 1}, []int{1000, 8000}, 1)
		c.drain(fewer(200)*15000, 15000, nil)
		small, large := float64(c.lanes[0].lane.bytes), float64(c.lanes[1].lane.bytes)
		if math.Abs(large-small) > 0.02*small+2*8000 {
			t.Errorf("queue of %d bytes: %.0f bytes of small messages and %.0f of large ones", queue, small, large)
		}
		c.w.close()
	}
}

// TestWeightsChange: new weights hold from the next turn on.
func TestWeightsChange(t *testing.T) {
	c := newContest(t, Config{Quantum: 2520, QueueBytes: 5000}, rand.New(rand.NewPCG(1, 2)),
		[]int{1, 1, 1}, []int{400, 400, 400}, 10)
	defer c.w.close()
	c.quanta = 4 // two from the turns under way when counting begins
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

// TestTurnsAndFailure: lanes that let others catch up at a queue go on at once
// when that queue is gone, or when the lane they wait for is stuck elsewhere.
func TestTurnsAndFailure(t *testing.T) {
	for _, fail := range []bool{true, false} {
		w := newWorld(t, Config{QueueMsgs: 1, Quantum: 600})
		ps := w.ports(0)
		stuck := false
		n := w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() == wire.TypeData {
				n.Send(m, nodeID(1))
				if stuck && m.From() == nodeID(101) {
					n.Send(m, nodeID(2)) // which takes nothing
				}
			}
			return Done
		})
		n.SetWeight(nodeID(101), 5, 3)
		var fs []*feeder
		for i := range 2 {
			f := w.feeder(n, 100+i, 5)
			f.more = func() Run { return w.messages(100+i, 5, 3, 76) }
			f.feed()
			fs = append(fs, f)
		}
		w.settle()
		p := ps.to(1, 5)
		for len(p.lane.parked) == 0 {
			p.give(wire.HeaderSize + 76)
			w.settle()
			w.check()
		}
		if p.lane.parked[0].in != fs[0].lane {
			t.Fatal("the lane of the greater weight waits for the other")
		}
		before := fs[0].lane.msgs
		if fail {
			p.lane.Fail(ReasonReset)
			w.sh.ServeNext()
		} else {
			stuck = true
			for range 10 {
				p.give(wire.HeaderSize + 76)
				w.settle()
				w.check()
			}
		}
		if fs[0].lane.msgs == before {
			t.Errorf("failed %v: a lane waits for one that does not come", fail)
		}
		w.close()
	}
}

// TestRoundOfStuckLane: a round that only a lane stuck elsewhere could use is over
// at once.
func TestRoundOfStuckLane(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	a := w.feeder(n, 8, 5, w.messages(8, 5, 1, 10))
	w.settle()
	b := w.feeder(n, 9, 5, w.messages(9, 5, 2, 10))
	n.active.remove(b.lane)
	b.lane.active = false
	l := ps.to(1, 5).lane
	a.lane.blocked, b.lane.blocked = 2, 1
	l.park(a.lane, 5)
	l.park(b.lane, 7)
	n.endRound()
	if a.lane.blocked != 1 || !b.lane.active || l.round != 7 || len(l.parked) != 0 || len(n.parking) != 0 {
		t.Errorf("round %d, %d lanes parked; the free lane is listed: %v", l.round, len(l.parked), b.lane.active)
	}
	a.lane.blocked = 0
	w.settle()
	w.check()
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
	for l := range n.ins.all() {
		if l.weight != want[l.app] || l.quantum != quanta[l.app] {
			t.Errorf("lane of application %d has weight %d and quantum %d, want %d and %d", l.app, l.weight, l.quantum, want[l.app], quanta[l.app])
		}
	}
	if n.ins.n != 3 {
		t.Errorf("%d lanes, want 3", n.ins.n)
	}
}
