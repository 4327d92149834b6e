package library

import (
	"context"
	"errors"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core/sim"
)

// meshFault is something that happens to a swarm on its way. It returns when no more will.
type meshFault struct {
	name string
	join func(n int) int // how many of n nodes are there from the beginning
	fn   func(ctx context.Context, s *swarm, n int, least time.Duration) error
}

func all(n int) int { return n }

// meshFaults are those that are measured.
var meshFaults = []meshFault{
	{"30% crash halfway", all, func(ctx context.Context, s *swarm, n int, least time.Duration) error {
		if err := run(ctx, s.World, least/2); err != nil {
			return err
		}
		return s.fault(sim.Crash, algos.Pick(s.dice, s.nodes, n*3/10)...)
	}},
	{"churn: each second one of 100 crashes, and starts again with nothing 5 s later", all, func(ctx context.Context, s *swarm, n int, least time.Duration) error {
		for range int(least / time.Second) {
			for range max(1, n/100) {
				name := algos.One(s.dice, s.nodes)
				s.Schedule(sim.Fault{At: s.Now(), Kind: sim.Crash, Nodes: []string{name}},
					sim.Fault{At: s.Now() + 5*time.Second, Kind: sim.Restart, Nodes: []string{name}})
			}
			if err := run(ctx, s.World, time.Second); err != nil {
				return err
			}
		}
		return run(ctx, s.World, 6*time.Second)
	}},
	{"half of them come when the others are halfway", func(n int) int { return n / 2 }, func(ctx context.Context, s *swarm, n int, least time.Duration) error {
		if err := run(ctx, s.World, least/2); err != nil {
			return err
		}
		s.join(n - n/2)
		return nil
	}},
	{"half of them come when the others have it", func(n int) int { return n / 2 }, func(ctx context.Context, s *swarm, n int, least time.Duration) error {
		if err := s.finish(ctx, 20*least); err != nil {
			return err
		}
		s.join(n - n/2)
		return nil
	}},
	{"the source crashes when there is one copy elsewhere", all, func(ctx context.Context, s *swarm, _ int, least time.Duration) error {
		for until := s.Now() + 20*least; s.Now() < until && !s.copied(); {
			if err := run(ctx, s.World, 10*time.Millisecond); err != nil {
				return err
			}
		}
		return s.fault(sim.Crash, "source")
	}},
}

// copied reports whether the nodes together have all blocks, without the source.
func (s *swarm) copied() bool {
	all := algos.NewBits(s.file.Blocks())
	for _, name := range s.nodes {
		have := s.have(name)
		for i := range have.Len() {
			if have.Has(i) {
				all.Add(i)
			}
		}
	}
	return all.Full()
}

func (s *swarm) fault(kind sim.FaultKind, nodes ...string) error {
	s.Schedule(sim.Fault{At: s.Now(), Kind: kind, Nodes: nodes})
	return s.RunFor(0)
}

func meshFails(ctx context.Context, file *meshFile, n int, seed uint64, f meshFault) (rows []Row, err error) {
	s := newSwarm(file, seed)
	defer func() { err = errors.Join(err, s.Close()) }()
	least := meshBound(file.Size, n)
	s.join(f.join(n))
	if err := f.fn(ctx, s, n, least); err != nil {
		return nil, err
	}
	if err := s.finish(ctx, 20*least); err != nil {
		return nil, err
	}
	have, of := s.whole()
	longest := time.Duration(0)
	for name, at := range s.done {
		longest = max(longest, at-s.began[name])
	}
	return []Row{
		Claim{Overlay: "mesh", What: f.name + ": share of those that run which have the file", AtLeast: bound(1)}.Measured(Sim, n, seed, float64(have)/float64(of)),
		Claim{Overlay: "mesh", What: f.name + ": longest since a node began, of the least without faults"}.Measured(Sim, n, seed, longest.Seconds()/least.Seconds()),
	}, nil
}
