package library

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Cyclon measures by how many nodes each is known once views have been shuffled for long, beside a graph
// drawn at random, and what becomes of views and of the network when 70% of the nodes fail at once.
func Cyclon(ctx context.Context, o Options) (rows []Row, err error) {
	for _, n := range o.sizes([]int{1000, 10_000}, 300) {
		o.tell("cyclon: degrees and failures of %d nodes", n)
		got, err := cyclonOf(ctx, n, o.Seed)
		if rows = append(rows, got...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// cyclonPeriods are those that views are shuffled for before they are measured.
const cyclonPeriods = 100

// newCyclons is a world of nodes whose views have been shuffled for long.
func newCyclons(ctx context.Context, n int, seed uint64, dice *rand.Rand) (*sim.World, error) {
	w := sim.New(sim.Options{Seed: seed, Order: sim.Shuffled, Hop: 10 * time.Millisecond})
	for i := range n { // one after another, in a Period, as many as there are
		c := cyclon.New()
		if i > 0 {
			c.AddHost(w.ID(fmt.Sprint("n", dice.IntN(i))))
		}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return c })
		if err := w.RunFor(10 * time.Millisecond); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	if err := run(ctx, w, (cyclonPeriods-10)*cyclon.New().Period); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func cyclonOf(ctx context.Context, n int, seed uint64) (rows []Row, err error) {
	d, dice := cyclon.New(), rand.New(rand.NewPCG(seed, 3))
	w, err := newCyclons(ctx, n, seed, dice)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	before := w.Totals()
	speed, err := timed(w, func() error { return run(ctx, w, 10*d.Period) })
	if err != nil {
		return nil, err
	}
	messages := float64(w.Totals().Messages-before.Messages) / float64(10*n)
	claim := func(what, unit string, atLeast, atMost *float64, figure float64) {
		rows = append(rows, Claim{Overlay: "cyclon", What: what, Unit: unit, AtLeast: atLeast, AtMost: atMost}.Measured(Sim, n, seed, figure))
	}
	mean, deviation, fewest, most := cyclonDegrees(w)
	random := math.Sqrt(float64(d.Size) * (1 - float64(d.Size)/float64(n)))
	claim("entries of a node, mean", "", bound(0.97*float64(d.Size)), nil, mean)
	claim("entries of a node, deviation, of that in a random graph", "", nil, bound(1), deviation/random)
	claim("entries of the node that has fewest, of the mean", "", bound(0.25), nil, float64(fewest)/mean)
	claim("entries of the node that has most, of the mean", "", nil, bound(2), float64(most)/mean)
	claim("messages that a node takes a period", "", nil, bound(2.5), messages)
	if n == 1000 {
		rows = append(rows, speed.rows("cyclon", n, seed)...)
	}

	var gone []string
	for _, i := range dice.Perm(n)[:7*n/10] {
		gone = append(gone, fmt.Sprint("n", i))
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: gone})
	if err := w.RunFor(0); err != nil {
		return rows, err
	}
	claim("70% fail: share of the others that are one network, at once", "", bound(0.99), nil, cyclonNetwork(w))
	healed := math.Inf(1)
	for period := range 10 * cyclonPeriods {
		if cyclonDead(w) == 0 {
			healed = float64(period)
			break
		}
		if err := run(ctx, w, d.Period); err != nil {
			return rows, err
		}
	}
	claim("70% fail: until no view has an entry of the failed", "periods", nil, nil, healed)
	if err := run(ctx, w, cyclonPeriods*d.Period); err != nil {
		return rows, err
	}
	claim("70% fail: share of the others that are one network, healed", "", bound(1), nil, cyclonNetwork(w))
	mean, deviation, _, _ = cyclonDegrees(w)
	claim("70% fail: entries of a node, mean, healed", "", nil, nil, mean)
	claim("70% fail: entries of a node, deviation, healed, of that in a random graph", "", nil, nil, // small networks: above 1
		deviation/math.Sqrt(float64(d.Size)*(1-float64(d.Size)/float64(n-len(gone)))))
	return rows, nil
}

// cyclonViews calls fn with each node that runs, and what it has entries of.
func cyclonViews(w *sim.World, fn func(n *sim.Node, view []cyclon.Entry)) {
	for _, n := range w.Nodes() {
		if n.Running() {
			fn(n, n.Algorithm().(*cyclon.Cyclon).View())
		}
	}
}

// cyclonDegrees are how many entries there are of each node that runs.
func cyclonDegrees(w *sim.World) (mean, deviation float64, fewest, most int) {
	of := make(map[core.NodeID]int)
	cyclonViews(w, func(_ *sim.Node, view []cyclon.Entry) {
		for _, e := range view {
			of[e.ID]++
		}
	})
	nodes, squares := 0.0, 0.0
	fewest = math.MaxInt
	cyclonViews(w, func(n *sim.Node, _ []cyclon.Entry) {
		k := of[n.ID()]
		nodes++
		mean += float64(k)
		squares += float64(k) * float64(k)
		fewest, most = min(fewest, k), max(most, k)
	})
	mean /= nodes
	return mean, math.Sqrt(squares/nodes - mean*mean), fewest, most
}

// cyclonDead is how many entries there are of nodes that do not run.
func cyclonDead(w *sim.World) (dead int) {
	cyclonViews(w, func(_ *sim.Node, view []cyclon.Entry) {
		for _, e := range view {
			if !w.Node(w.Name(e.ID)).Running() {
				dead++
			}
		}
	})
	return dead
}

// cyclonNetwork is the share of the nodes that run which are in the largest part of the network, entries being
// ways in both directions.
func cyclonNetwork(w *sim.World) float64 {
	near := make(map[core.NodeID][]core.NodeID)
	live := 0.0
	cyclonViews(w, func(n *sim.Node, view []cyclon.Entry) {
		live++
		for _, e := range view {
			if w.Node(w.Name(e.ID)).Running() {
				near[n.ID()], near[e.ID] = append(near[n.ID()], e.ID), append(near[e.ID], n.ID())
			}
		}
	})
	seen, largest := make(map[core.NodeID]bool), 0
	cyclonViews(w, func(n *sim.Node, _ []cyclon.Entry) {
		part := []core.NodeID{}
		meet := func(id core.NodeID) {
			if !seen[id] {
				seen[id] = true
				part = append(part, id)
			}
		}
		meet(n.ID())
		for i := 0; i < len(part); i++ {
			for _, id := range near[part[i]] {
				meet(id)
			}
		}
		largest = max(largest, len(part))
	})
	return float64(largest) / live
}
