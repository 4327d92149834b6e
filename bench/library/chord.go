package library

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/chord"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Chord measures how many hops lookups take in a ring that is at rest, and how many of them find
// the owner: before the ring has closed when all join at once, and while nodes come and
// go as in section 6.5 of the paper. The oracle knows who lives.
func Chord(ctx context.Context, o Options) (rows []Row, err error) {
	for _, nodes := range o.sizes([]int{1000, 10_000}, 200) {
		for _, measure := range []func(context.Context, Options, int) ([]Row, error){chordHops, chordAtOnce, chordChurn} {
			more, err := measure(ctx, o, nodes)
			if rows = append(rows, more...); err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

// Of the measurements: how long one way over a link takes, how many lookups are made, and for
// how long nodes come and go.
const (
	chordHop     = 10 * time.Millisecond
	chordLookups = 5000
	chordTime    = 1000 * time.Second
)

// circle is a world of Chord.
type circle struct {
	world *sim.World
	rng   *rand.Rand
	live  []*member // in the order of the ring
	born  int
	with  func(*chord.Chord) // sets a new node's parameters; may be nil
}

type member struct {
	*chord.Chord
	node *sim.Node
	key  algos.Key
}

func newCircle(seed uint64) *circle {
	return &circle{world: sim.New(sim.Options{Seed: seed, Hop: chordHop}), rng: rand.New(rand.NewPCG(seed, 2))}
}

// join adds a node that knows some others.
func (c *circle) join(contacts ...core.NodeID) {
	m := &member{Chord: chord.New()}
	if c.with != nil {
		c.with(m.Chord)
	}
	for _, id := range contacts {
		m.AddHost(id)
	}
	m.node = c.world.AddNode(fmt.Sprint("n", c.born), func() core.Algorithm { return m.Chord })
	m.key = algos.KeyOfNode(m.node.ID())
	c.born++
	i, _ := slices.BinarySearchFunc(c.live, m, func(a, b *member) int { return cmp.Compare(a.key, b.key) })
	c.live = slices.Insert(c.live, i, m)
}

// some is a node that lives.
func (c *circle) some() *member { return algos.One(c.rng, c.live) }

// crash ends a node as if its process was killed.
func (c *circle) crash() {
	i := c.rng.IntN(len(c.live))
	c.world.Schedule(sim.Fault{At: c.world.Now(), Kind: sim.Crash, Nodes: []string{c.live[i].node.Name()}})
	c.live = slices.Delete(c.live, i, i+1)
}

// grow makes a ring by joins one after another, and waits until its fingers have been looked up.
func (c *circle) grow(ctx context.Context, nodes int) error {
	c.join()
	for c.born < nodes {
		c.join(c.some().ID())
		if err := c.world.RunFor(chordHop); err != nil {
			return err
		}
	}
	return run(ctx, c.world, 25*c.live[0].Period)
}

// owner is whose a key is.
func (c *circle) owner(key algos.Key) core.NodeID {
	i, _ := slices.BinarySearchFunc(c.live, key, func(m *member, key algos.Key) int { return cmp.Compare(m.key, key) })
	return c.live[i%len(c.live)].ID()
}

// open is how many nodes do not have the successor and the predecessor that they should have.
func (c *circle) open() (open int) {
	for i, m := range c.live {
		next, before := c.live[(i+1)%len(c.live)], c.live[(i+len(c.live)-1)%len(c.live)]
		if m.Successors.First().ID != next.ID() || m.Predecessor().ID != before.ID() {
			open++
		}
	}
	return open
}

// tally is what became of lookups.
type tally struct{ asked, right, wrong, failed, hops int }

// lookup has some node look a random key up. It is right if the owner was that when the
// question was asked, or is when it is answered.
func (c *circle) lookup(t *tally) {
	m, key := c.some(), algos.Key(c.rng.Uint64())
	was := c.owner(key)
	t.asked++
	m.node.Core().Call(func() {
		m.Lookup(key, func(r *chord.Found, err error) {
			switch {
			case err != nil:
				t.failed++
			case r.Owner.ID == was || r.Owner.ID == c.owner(key):
				t.right++
				t.hops += int(r.Hops)
			default:
				t.wrong++
			}
		})
	})
}

// share is how many of the lookups were right, and note what became of the others.
func (t *tally) share() float64 { return float64(t.right) / float64(t.asked) }
func (t *tally) note() string {
	return fmt.Sprintf("of %d lookups %d wrong, %d failed or unanswered", t.asked, t.wrong, t.asked-t.right-t.wrong)
}

func chordClaim(what, unit, paper string) Claim {
	return Claim{Overlay: "chord", What: what, Unit: unit, Paper: paper}
}

// chordHops measures a ring that is at rest.
func chordHops(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	o.tell("chord, %d nodes, hops", nodes)
	c := newCircle(o.Seed)
	defer func() { err = errors.Join(err, c.world.Close()) }()
	if err := c.grow(ctx, nodes); err != nil {
		return nil, err
	}
	var t tally
	speed, err := timed(c.world, func() error {
		for range chordLookups {
			c.lookup(&t)
			if err := c.world.RunFor(chordHop / 5); err != nil {
				return err
			}
		}
		return run(ctx, c.world, 10*time.Second)
	})
	if err != nil {
		return nil, err
	}
	hops := chordClaim("mean hops of a lookup, of log2 N", "", "about 1/2 (section 6.3)")
	hops.AtLeast, hops.AtMost = bound(0.35), bound(0.5)
	mean := float64(t.hops) / float64(t.right)
	row := hops.Measured(Sim, nodes, o.Seed, mean/math.Log2(float64(nodes)))
	row.Note = fmt.Sprintf("%.2f hops", mean)
	right := chordClaim("lookups that find the owner, at rest", "", "all")
	right.AtLeast = bound(1)
	rows = append(rows, row, right.Measured(Sim, nodes, o.Seed, t.share()))
	if nodes == 1000 {
		rows = append(rows, speed.rows("chord", nodes, o.Seed)...)
	}
	return rows, nil
}

// chordAtOnce measures a ring that all join in one instant, each by three others.
func chordAtOnce(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	o.tell("chord, %d nodes, all join at once", nodes)
	c := newCircle(o.Seed)
	defer func() { err = errors.Join(err, c.world.Close()) }()
	for range nodes {
		var contacts []core.NodeID
		for range 3 {
			contacts = append(contacts, c.world.ID(fmt.Sprint("n", c.rng.IntN(nodes))))
		}
		c.join(contacts...)
	}
	var before, after tally
	closed := math.NaN()
	for c.world.Now() < 10*time.Minute {
		t := &before
		if closed == closed {
			t = &after
		}
		for range 20 {
			c.lookup(t)
		}
		if err := run(ctx, c.world, time.Second); err != nil {
			return nil, err
		}
		if closed != closed && c.open() == 0 {
			closed = c.world.Now().Seconds()
		}
		if after.asked >= 1000 {
			break
		}
	}
	if err := run(ctx, c.world, 10*time.Second); err != nil {
		return nil, err
	}
	early := chordClaim("lookups that find the owner, before the ring has closed", "", "").Measured(Sim, nodes, o.Seed, before.share())
	early.Note = before.note()
	late := chordClaim("lookups that find the owner, from then on", "", "all")
	late.AtLeast = bound(1)
	lateRow := late.Measured(Sim, nodes, o.Seed, after.share())
	lateRow.Note = after.note()
	return []Row{chordClaim("time until the ring has closed, all join at once", "s", "").Measured(Sim, nodes, o.Seed, closed), early, lateRow}, nil
}

// chordChurn measures 500 nodes, as the paper has them, of which some fail and as many others
// come all the time; with fewer nodes there are fewer of them.
func chordChurn(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	nodes = min(nodes, 500)
	for _, churn := range []struct {
		rate   float64 // failures a second, and joins
		period time.Duration
	}{{0.05, 30 * time.Second}, {0.1, 30 * time.Second}, {1, 5 * time.Second}} {
		o.tell("chord, %d nodes, %.2g fail and %.2g join a second", nodes, churn.rate, churn.rate)
		row, err := chordChurns(ctx, o, nodes, churn.rate*float64(nodes)/500, churn.period)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func chordChurns(ctx context.Context, o Options, nodes int, rate float64, period time.Duration) (row Row, err error) {
	c := newCircle(o.Seed)
	c.with = func(n *chord.Chord) { n.Period = period }
	defer func() { err = errors.Join(err, c.world.Close()) }()
	if err := c.grow(ctx, nodes); err != nil {
		return row, err
	}
	const perSecond = chordLookups / int(chordTime/time.Second)
	var t tally
	for range int(chordTime / time.Second) {
		for range perSecond {
			if c.rng.Float64() < rate/float64(perSecond) {
				c.crash()
			}
			if c.rng.Float64() < rate/float64(perSecond) {
				c.join(c.some().ID())
			}
			c.lookup(&t)
			if err := run(ctx, c.world, time.Second/time.Duration(perSecond)); err != nil {
				return row, err
			}
		}
	}
	if err := run(ctx, c.world, 10*time.Second); err != nil {
		return row, err
	}
	claim := chordClaim(fmt.Sprintf("lookups that find the owner, %.2g nodes fail and join a second, Period %v", rate, period), "", "fewer the higher the rate; simulated with 30s (section 6.5)")
	claim.AtLeast = bound(0.95)
	row = claim.Measured(Sim, nodes, o.Seed, t.share())
	row.Note = t.note()
	return row, nil
}
