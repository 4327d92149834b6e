package sim

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/internal/protocoltest"
)

// protocolSeeds is how many random protocols are run: more with IOVERLAY_SEEDS=10000.
func protocolSeeds(t *testing.T, n int) uint64 {
	if testing.Short() || bufpool.Tracing {
		n /= 10
	}
	if s := os.Getenv("IOVERLAY_SEEDS"); s != "" {
		v, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("IOVERLAY_SEEDS=%q: want a number", s)
		}
		return uint64(v)
	}
	return uint64(n)
}

// protocolRun is one world with a random protocol.
type protocolRun struct {
	*World
	plan  *protocoltest.Plan
	lives []*protocoltest.Peer
	rng   *rand.Rand
	is    protocoltest.Faults
}

// busy is how long the nodes do things of their own accord.
const busy = 3 * time.Second

func newProtocolRun(seed uint64) *protocolRun {
	rng := rand.New(rand.NewPCG(seed, 8))
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	w := New(Options{
		Seed: seed, Hop: time.Millisecond, DialTimeout: time.Second, Order: Order(rng.IntN(2)), WindowMsgs: pick(0, 1, 7),
		Core: core.Config{QueueMsgs: pick(1, 2, 10, 0), OverflowMsgs: pick(1, 20, 0), OverflowBytes: pick(1, 5000, 0), Quantum: pick(1, 2000, 0),
			IdleTimeout: time.Duration(pick(200, 2000)) * time.Millisecond, StallTimeout: 300 * time.Millisecond, FailTimeout: 600 * time.Millisecond},
		Pool: bufpool.Options{SlabSize: pick(4<<10, 64<<10)},
	})
	var ids []core.NodeID
	for i := range 2 + rng.IntN(6) {
		ids = append(ids, w.ID(fmt.Sprint("n", i)))
	}
	p := protocoltest.Draw(rng, ids)
	p.Tick, p.Until = time.Duration(pick(20, 300))*time.Millisecond, busy
	r := &protocolRun{World: w, plan: p, rng: rng}
	for i := range ids {
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm {
			life := protocoltest.NewPeer(p, i)
			r.lives = append(r.lives, life)
			return life
		})
	}
	return r
}

func (r *protocolRun) name() string { return fmt.Sprint("n", r.rng.IntN(len(r.nodes))) }

// two are two different nodes.
func (r *protocolRun) two() []string {
	a, b := r.name(), r.name()
	for a == b {
		b = r.name()
	}
	return []string{a, b}
}

// strain emulates bandwidth, latency and loss.
func (r *protocolRun) strain() {
	for _, n := range r.nodes {
		if r.rng.IntN(3) == 0 {
			n.SetBandwidth(emul.Bandwidth{Up: emul.Rate(20+r.rng.IntN(100)) * emul.KBps, Down: emul.Rate(r.rng.IntN(2)*50) * emul.KBps})
		}
		if r.rng.IntN(3) == 0 {
			n.SetLink(r.nodes[r.rng.IntN(len(r.nodes))].id, emul.Link{Latency: time.Duration(r.rng.IntN(50)) * time.Millisecond, Loss: float64(r.rng.IntN(2)) * 0.1})
		}
	}
}

// trouble schedules faults, and takes them back when the nodes have done what they do.
func (r *protocolRun) trouble() {
	for range r.rng.IntN(10) {
		f := Fault{At: time.Duration(r.rng.Int64N(int64(busy)))}
		switch r.rng.IntN(7) {
		case 0:
			f.Kind, f.Nodes = Crash, []string{r.name()}
		case 1:
			f.Kind, f.Nodes = Restart, []string{r.name()}
		case 2:
			f.Kind, f.Nodes = Stop, []string{r.name()}
		case 3:
			f.Kind, f.Nodes = Cut, r.two()
		case 4:
			f.Kind, f.Nodes = CutOneWay, r.two()
		case 5:
			f.Kind, f.Nodes, f.Cost = Slow, []string{r.name()}, time.Duration(1+r.rng.IntN(20))*time.Millisecond
		case 6:
			f.Kind, f.Groups = Partition, [][]string{{r.name()}}
		}
		if f.Kind == Cut || f.Kind == CutOneWay || f.Kind == Partition {
			r.is.Cut, r.plan.Payload = true, 0
		}
		r.Schedule(f)
		if r.rng.IntN(2) == 0 {
			r.Schedule(Fault{At: f.At + time.Duration(r.rng.Int64N(int64(busy))), Kind: Heal})
		}
	}
	r.At(busy+2*time.Second, func() {
		r.apply(Fault{Kind: Heal})
		for _, n := range r.nodes {
			n.apply(Fault{Kind: Slow})
		}
	})
}

// finish lets everything come to its end, and checks that nothing waits, nothing is
// left, and nothing is lost without being told.
func (r *protocolRun) finish() error {
	defer func() { _ = r.Close() }() // of an error before
	if err := r.RunFor(5 * time.Minute); err != nil {
		return err
	}
	for _, p := range r.Panics() {
		return fmt.Errorf("%s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
	}
	var books protocoltest.Books
	for _, life := range r.lives {
		n := life.Node()
		s := n.Stats()
		books.Add(life, s)
		r.is.Ended = r.is.Ended || n.Ended()
		if !n.Ended() && (len(s.Upstream)+len(s.Downstream)+s.Held > 0) {
			return fmt.Errorf("in the end %v has %+v", n.ID(), s)
		}
	}
	if err := books.Check(r.is); err != nil {
		return err
	}
	if got := r.Totals().Lanes; got != 0 {
		return fmt.Errorf("%d lanes are left in the world", got)
	}
	if set := len(r.timers.list) - len(r.timers.free); set != 0 {
		return fmt.Errorf("%d timers are left: %+v", set, r.timers.list)
	}
	if held := r.pool.Held(); held > 2 {
		return fmt.Errorf("%d slabs are held", held)
	}
	return r.Close()
}

// TestRandomProtocols: whatever nodes ask, answer, flood, stream and close, and
// whatever happens to them and between them, in the end nothing waits, nothing is
// left, and nothing is lost without being told.
func TestRandomProtocols(t *testing.T) {
	for seed := range protocolSeeds(t, 400) {
		r := newProtocolRun(seed)
		if seed%4 > 0 {
			r.strain()
		}
		if seed%2 > 0 {
			r.trouble()
		}
		if err := r.finish(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
