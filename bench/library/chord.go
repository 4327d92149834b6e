package library

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/algos/chord"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Chord measures how many hops lookups take in a ring that is at rest, and how many of them find
// the owner: before the ring has closed when all join at once, while nodes join, after crashes and a
// partition, and while nodes come and go as in section 6.5 of the paper. The oracle knows who lives.
// Of networks above chordMost only the hops are measured.
func Chord(ctx context.Context, o Options) (rows []Row, err error) {
	for _, nodes := range o.sizes([]int{1000, 10_000}, 200) {
		measures := []func(context.Context, Options, int) ([]Row, error){chordHops, chordAtOnce, chordJoins, chordCrashes, chordPartition, chordChurn}
		if nodes > chordMost {
			measures = measures[:1]
		}
		for _, measure := range measures {
			more, err := measure(ctx, o, nodes)
			if rows = append(rows, more...); err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

// Of the measurements: the largest network of all of them, how long one way over a link takes, how many lookups are made, and for
// how long nodes come and go.
const (
	chordMost    = 5000
	chordHop     = 10 * time.Millisecond
	chordLookups = 5000
	chordTime    = 1000 * time.Second
)

func chordClaim(what, unit, paper string) Claim {
	return Claim{Overlay: "chord", What: what, Unit: unit, Paper: paper}
}

func chordHeld(what string, atLeast float64) Claim {
	return Claim{Overlay: "chord", What: what, AtLeast: bound(atLeast)}
}

// row is the share of lookups that were right.
func (t *tally) row(c Claim, nodes int, seed uint64) Row {
	r := c.Measured(Sim, nodes, seed, float64(t.right)/float64(t.asked))
	r.Note = fmt.Sprintf("of %d lookups %d wrong, %d failed or unanswered", t.asked, t.wrong, t.asked-t.right-t.wrong)
	return r
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
	rows = append(rows, row, t.row(chordHeld("lookups that find the owner, at rest", 1), nodes, o.Seed))
	if nodes == 1000 {
		rows = append(rows, speed.rows("chord", nodes, o.Seed)...)
	}
	return rows, nil
}

// chordAtOnce measures a ring that all join in one instant, each by three others. A lookup is right
// if it finds the owner of all that have started, though many are no members yet.
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
	closed, err := c.close(ctx, 10*time.Minute, 20, &before)
	if err == nil {
		err = c.lookups(ctx, 1000, 20, &after)
	}
	if err != nil {
		return nil, err
	}
	return []Row{
		chordClaim("time until the ring has closed, all join at once", "s", "").Measured(Sim, nodes, o.Seed, closed),
		before.row(chordClaim("lookups that find the owner, before the ring has closed", "", ""), nodes, o.Seed),
		after.row(chordHeld("lookups that find the owner, from then on", 1), nodes, o.Seed),
	}, nil
}

// chordJoins measures a ring that grows to twice its size, by as many joins a second as are a
// fiftieth of its nodes.
func chordJoins(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	o.tell("chord, %d nodes, half of them join", nodes)
	c := newCircle(o.Seed)
	defer func() { err = errors.Join(err, c.world.Close()) }()
	if err := c.grow(ctx, nodes/2); err != nil {
		return nil, err
	}
	var t tally
	for range nodes / 2 {
		c.join(c.some().ID())
		for range 10 {
			c.lookup(&t)
			if err := c.world.RunFor(time.Second * 10 / time.Duration(nodes)); err != nil {
				return nil, err
			}
		}
	}
	if err := run(ctx, c.world, 10*time.Second); err != nil {
		return nil, err
	}
	claim := chordHeld("lookups that find the owner, while nodes join and double the ring in 50 s", 0.99)
	return []Row{t.row(claim, nodes, o.Seed)}, nil
}

// chordCrashes measures rings some of whose nodes fail at once: lookups from that instant on, before
// anybody has noticed.
func chordCrashes(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	for _, percent := range []int{10, 30, 50} {
		o.tell("chord, %d nodes, %d%% fail", nodes, percent)
		more, err := chordCrash(ctx, o, nodes, percent)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func chordCrash(ctx context.Context, o Options, nodes, percent int) (rows []Row, err error) {
	c := newCircle(o.Seed)
	defer func() { err = errors.Join(err, c.world.Close()) }()
	if err := c.grow(ctx, nodes); err != nil {
		return nil, err
	}
	for range nodes * percent / 100 {
		c.crash()
	}
	var at, after tally
	for range 200 {
		c.lookup(&at)
	}
	closed, err := c.close(ctx, 5*time.Minute, 20, new(tally))
	if err == nil {
		err = c.lookups(ctx, 1000, 20, &after)
	}
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d%% fail at once: ", percent)
	return []Row{
		at.row(chordClaim(what+"lookups of that instant that find the owner", "", ""), nodes, o.Seed),
		chordClaim(what+"time until the ring has closed", "s", "").Measured(Sim, nodes, o.Seed, closed),
		after.row(chordHeld(what+"lookups that find the owner, from then on", 1), nodes, o.Seed),
	}, nil
}

// chordPartition measures how long the halves of a ring that was parted for two minutes take to be one.
func chordPartition(ctx context.Context, o Options, nodes int) (rows []Row, err error) {
	o.tell("chord, %d nodes, a partition", nodes)
	c := newCircle(o.Seed)
	defer func() { err = errors.Join(err, c.world.Close()) }()
	if err := c.grow(ctx, nodes); err != nil {
		return nil, err
	}
	var sides [2][]string
	for _, m := range c.live {
		k := c.rng.IntN(2)
		sides[k] = append(sides[k], m.node.Name())
	}
	c.world.Schedule(sim.Fault{At: c.world.Now(), Kind: sim.Partition, Groups: sides[:]},
		sim.Fault{At: c.world.Now() + 2*time.Minute, Kind: sim.Heal})
	if err := run(ctx, c.world, 2*time.Minute); err != nil {
		return nil, err
	}
	var after tally
	closed, err := c.close(ctx, 10*time.Minute, 20, new(tally))
	if err == nil {
		err = c.lookups(ctx, 1000, 20, &after)
	}
	if err != nil {
		return nil, err
	}
	return []Row{
		chordClaim("time until the ring is one, after a partition of two minutes in halves", "s", "").Measured(Sim, nodes, o.Seed, closed),
		after.row(chordHeld("lookups that find the owner, once it is one", 1), nodes, o.Seed),
	}, nil
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
	claim.AtLeast = bound(0.99)
	return t.row(claim, nodes, o.Seed), nil
}
