package library

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/plumtree"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Plumtree measures HyParView with Plumtree: an overlay is built by joins one after another, as
// in both papers; a share of the nodes fail in one instant, and the next message is sent
// in the same instant.
func Plumtree(ctx context.Context, o Options) (rows []Row, err error) {
	for _, nodes := range o.sizes([]int{1000, 10_000}, 1000) {
		more, err := plumtreeAt(ctx, o, nodes)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	if o.Live {
		more, err := plumtreeLive(ctx, o, liveNodes)
		return append(rows, more...), err
	}
	return rows, nil
}

const (
	hop             = time.Millisecond
	joinInterval    = 10 * hop          // longer than the walk of a join: one after another, as in the papers
	settle          = 200 * time.Second // 20 Periods: until the passive views are mixed
	liveNodes       = 200
	plumtreeApp     = 1
	plumtreePayload = 100 // bytes

	paperReliability = "high, even at high rates of failure (HyParView, abstract)"
	paperRedundancy  = "0 is the least (Plumtree: RMR = m/(n-1) - 1)"
)

// forest is a world of Plumtree, and what has become of the message that was sent last.
type forest struct {
	world *sim.World
	nodes []*plumtree.Plumtree
	rng   *rand.Rand

	hops   map[core.NodeID]int // of the message, to each node that it was delivered to
	copies int
	last   int // hops of the last delivery
	seq    uint64
	flows  uint32 // streams so far
}

// plant builds an overlay.
func plant(ctx context.Context, seed uint64, nodes int) (*forest, error) {
	f := &forest{rng: rand.New(rand.NewPCG(seed, 1)), hops: make(map[core.NodeID]int)}
	f.world = sim.New(sim.Options{Seed: seed, Hop: hop})
	for i := range nodes {
		f.world.AddNode(fmt.Sprint("n", i), func() core.Algorithm {
			p := plumtree.New()
			if i > 0 {
				p.AddHost(f.nodes[f.rng.IntN(i)].ID())
			}
			f.nodes = append(f.nodes, p)
			return &counted{p, f}
		})
		if err := f.world.RunFor(joinInterval); err != nil {
			return f, err
		}
	}
	return f, run(ctx, f.world, settle)
}

// counted is a node that tells the forest of each copy that comes.
type counted struct {
	*plumtree.Plumtree
	in *forest
}

// Process implements core.Algorithm.
func (c *counted) Process(m *core.Msg) core.Verdict {
	if f := c.in; m.Type() == wire.TypeData && m.App() == plumtreeApp && m.Seq() == f.seq {
		f.copies++
		if _, twice := f.hops[c.ID()]; !twice {
			f.last = 0
			if from := m.From(); !from.IsZero() {
				f.last = f.hops[from] + 1
			}
			f.hops[c.ID()] = f.last
		}
	}
	return c.Plumtree.Process(m)
}

// alive are the nodes that have not failed.
func (f *forest) alive() (nodes []*plumtree.Plumtree) {
	for _, p := range f.nodes {
		if p.Running() {
			nodes = append(nodes, p)
		}
	}
	return nodes
}

// broadcast has any node that lives make one message.
func (f *forest) broadcast(ctx context.Context, d time.Duration) error {
	f.seq++
	f.copies, f.last = 0, 0
	clear(f.hops)
	n := f.world.Node(f.world.Name(algos.One(f.rng, f.alive()).ID())).Core()
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, plumtreeApp, plumtreePayload)
		m.SetSeq(f.seq)
		clear(m.Payload())
		n.Algorithm().Process(m)
	})
	return run(ctx, f.world, d)
}

// redundancy is how many copies of the message each of those that it came to got beyond the one that it needs.
func (f *forest) redundancy() float64 {
	if len(f.hops) < 2 {
		return 0
	}
	return float64(f.copies-1)/float64(len(f.hops)-1) - 1 // a source has its own from nobody
}

// fail crashes a share of the nodes in this instant. Nobody notices before the next.
func (f *forest) fail(percent int) error {
	var names []string
	for _, p := range algos.Pick(f.rng, f.nodes, len(f.nodes)*percent/100) {
		names = append(names, f.world.Name(p.ID()))
	}
	f.world.Schedule(sim.Fault{At: f.world.Now(), Kind: sim.Crash, Nodes: names})
	return f.world.RunFor(0)
}

// flow is a stream from one node, for the speed: each time of another application, as one that numbers
// from 0 again is not heard.
func (f *forest) flow(ctx context.Context) error {
	const rate, messages = 50, 500
	f.flows++
	app := plumtreeApp + f.flows
	source := apps.NewConstantRate(apps.Stream{App: app, Payload: plumtreePayload, Limit: messages}, rate)
	f.world.Nodes()[0].Core().AddSource(app, source)
	return run(ctx, f.world, (messages/rate+1)*time.Second)
}

func plumtreeAt(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	claim := func(what, unit, paper string) Claim {
		return Claim{Overlay: "plumtree", What: what, Unit: unit, Paper: paper}
	}
	add := func(c Claim, figure float64) {
		rows = append(rows, c.Measured(Sim, nodes, o.Seed, figure))
	}
	percents := []int{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}
	if o.Short {
		percents = []int{0, 50, 80}
	}
	for _, percent := range percents {
		o.tell("plumtree, %d nodes, %d%% fail", nodes, percent)
		f, err := plant(ctx, o.Seed, nodes)
		if err != nil {
			return rows, errors.Join(err, f.world.Close())
		}
		err = f.measure(ctx, percent, claim, add)
		if percent == 0 && err == nil && nodes == 1000 {
			var s Speed
			s, err = timed(f.world, func() error { return f.flow(ctx) })
			rows = append(rows, s.rows("plumtree", nodes, o.Seed)...)
		}
		if err := errors.Join(err, f.world.Close()); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// broadcasts is broadcast again and again. It returns the reliability of all the messages together: the share of
// the living that they came to.
func (f *forest) broadcasts(ctx context.Context, n int, d time.Duration) (float64, error) {
	reached, alive := 0, 0
	for range n {
		if err := f.broadcast(ctx, d); err != nil {
			return 0, err
		}
		reached += len(f.hops)
		alive += len(f.alive())
	}
	return float64(reached) / float64(alive), nil
}

// measure fails a share of the nodes, and measures what comes of it. Reliability is that of all messages, redundancy that of the last, as the
// first ones make the tree.
func (f *forest) measure(ctx context.Context, percent int, claim func(what, unit, paper string) Claim, add func(Claim, float64)) error {
	share, err := f.broadcasts(ctx, 20, time.Second)
	if err != nil {
		return err
	}
	if percent == 0 {
		all := claim("reliability when stable", "", paperReliability)
		all.AtLeast = bound(1)
		add(all, share)
		stable := claim("redundancy (RMR) when stable", "", paperRedundancy)
		stable.AtMost = bound(0.01)
		add(stable, f.redundancy())
		add(claim("hops of the last delivery when stable", "hops", ""), float64(f.last))
		return nil
	}
	if err := f.fail(percent); err != nil {
		return err
	}
	if share, err = f.broadcasts(ctx, 1, 5*time.Second); err != nil {
		return err
	}
	first := claim(fmt.Sprintf("reliability of the first message after %d%% failures", percent), "", paperReliability)
	if percent <= 80 {
		first.AtLeast = bound(0.9)
	}
	add(first, share)
	if err := run(ctx, f.world, time.Minute); err != nil {
		return err
	}
	if share, err = f.broadcasts(ctx, 10, 5*time.Second); err != nil {
		return err
	}
	healed := claim(fmt.Sprintf("reliability after %d%% failures, healed", percent), "", paperReliability)
	if percent <= 80 {
		healed.AtLeast = bound(1)
	}
	add(healed, share)
	add(claim(fmt.Sprintf("redundancy (RMR) after %d%% failures, healed", percent), "", paperRedundancy), f.redundancy())
	return nil
}
