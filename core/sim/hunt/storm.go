package hunt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
)

// Storm says what faults to draw from a seed.
type Storm struct {
	Nodes []string        // that may be hit
	Kinds []sim.FaultKind // that may be drawn; nil means Crash, Cut, CutOneWay, Partition and Slow
	Count int             // how many, without those that end others
	From  time.Duration   // the first may come then
	To    time.Duration   // and the last before then; by then all is right again

	// Longest is how long a fault may last: a crashed node is restarted, a cut is
	// healed, a slow node is fast again.
	Longest time.Duration
	Slowest time.Duration // most that a message takes at a slow node
}

// Faults draws the storm of a seed: every fault, and what ends it, in the order of
// their times. The same seed and storm give the same faults.
func (s Storm) Faults(seed uint64) []sim.Fault {
	if len(s.Nodes) < 2 || s.From < 0 || s.To <= s.From || s.Longest <= 0 || s.Count < 0 {
		panic(fmt.Sprintf("hunt: a storm needs two nodes, a time from From to To, and faults that last, not %+v", s))
	}
	kinds := s.Kinds
	if kinds == nil {
		kinds = []sim.FaultKind{sim.Crash, sim.Cut, sim.CutOneWay, sim.Partition, sim.Slow}
	}
	const stream = 0x73746f726d // any: keeps these numbers apart from those of nodes
	rng := rand.New(rand.NewPCG(seed, stream))
	faults := make([]sim.Fault, 0, 2*s.Count)
	for range s.Count {
		begin := s.From + time.Duration(rng.Int64N(int64(s.To-s.From)))
		f := s.draw(rng, kinds[rng.IntN(len(kinds))])
		f.At = begin
		end := remedy(f)
		end.At = min(begin+1+time.Duration(rng.Int64N(int64(s.Longest))), s.To)
		faults = append(faults, f, end)
	}
	// Stable: what ends a fault comes behind it, though at the same time.
	slices.SortStableFunc(faults, func(a, b sim.Fault) int { return int(min(max(a.At-b.At, -1), 1)) })
	return faults
}

// draw draws whom a fault hits.
func (s Storm) draw(rng *rand.Rand, kind sim.FaultKind) sim.Fault {
	f := sim.Fault{Kind: kind}
	a := rng.IntN(len(s.Nodes))
	switch kind {
	case sim.Cut, sim.CutOneWay:
		b := (a + 1 + rng.IntN(len(s.Nodes)-1)) % len(s.Nodes)
		f.Nodes = []string{s.Nodes[a], s.Nodes[b]}
	case sim.Partition:
		side := slices.Clone(s.Nodes)
		rng.Shuffle(len(side), func(i, k int) { side[i], side[k] = side[k], side[i] })
		f.Groups = [][]string{side[:1+rng.IntN(len(side)-1)]}
	case sim.Slow:
		f.Nodes, f.Cost = []string{s.Nodes[a]}, 1+time.Duration(rng.Int64N(max(int64(s.Slowest), 1)))
	case sim.Crash, sim.Stop:
		f.Nodes = []string{s.Nodes[a]}
	default:
		panic("hunt: a storm of faults of kind " + kind.String() + ", which ends others or is none")
	}
	return f
}

// remedy is what ends a fault.
func remedy(f sim.Fault) sim.Fault {
	switch f.Kind {
	case sim.Crash, sim.Stop:
		return sim.Fault{Kind: sim.Restart, Nodes: f.Nodes}
	case sim.Slow:
		return sim.Fault{Kind: sim.Slow, Nodes: f.Nodes}
	case sim.Partition:
		return sim.Fault{Kind: sim.Heal} // which ends the cuts as well
	default:
		return sim.Fault{Kind: sim.Heal, Nodes: f.Nodes}
	}
}

// ParseSeeds reads a range of seeds, such as "1..10000", or a single one.
func ParseSeeds(text string) (first, last uint64, err error) {
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	first, err1 := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	if err1 != nil || err2 != nil || first > last {
		return 0, 0, fmt.Errorf(`hunt: seeds %q: write a number, or two such as "1..10000", the smaller one first`, text)
	}
	return first, last, nil
}
