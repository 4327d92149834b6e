package library

import (
	"cmp"
	"context"
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

// close waits until the ring has closed, looking once a second, and is how long that took: NaN if it has not
// within a time. Meanwhile lookups are made.
func (c *circle) close(ctx context.Context, within time.Duration, perSecond int, t *tally) (took float64, err error) {
	began := c.world.Now()
	for c.open() > 0 {
		if c.world.Now() >= began+within {
			return math.NaN(), nil
		}
		for range perSecond {
			c.lookup(t)
			if err := run(ctx, c.world, time.Second/time.Duration(perSecond)); err != nil {
				return 0, err
			}
		}
	}
	return (c.world.Now() - began).Seconds(), nil
}

// lookups are made at a rate, and answered.
func (c *circle) lookups(ctx context.Context, count, perSecond int, t *tally) error {
	for range count {
		c.lookup(t)
		if err := run(ctx, c.world, time.Second/time.Duration(perSecond)); err != nil {
			return err
		}
	}
	return run(ctx, c.world, 10*time.Second)
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
