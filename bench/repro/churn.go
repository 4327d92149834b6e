package repro

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
)

// Churn has relays crash, one at a time, drawn: one every so often, from the first time on,
// and each comes back, knowing nothing, before the next goes. The zero value is none.
type Churn struct {
	Every time.Duration
	Down  time.Duration // shorter than Every
}

// check tells churn that makes no sense.
func (c Churn) check() error {
	if c != (Churn{}) && (c.Down <= 0 || c.Every <= c.Down) {
		return errors.New("a relay has to come back before the next crashes")
	}
	return nil
}

// absence is a time for which a relay is down.
type absence struct {
	relay      int
	from, till time.Duration
}

// absences are those of a topology until a time.
func (c Churn) absences(t Topology, seed uint64, until time.Duration) (all []absence) {
	relays := t.relays()
	if c.Every == 0 || len(relays) == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x636875726e))
	for at := c.Every; at < until; at += c.Every {
		all = append(all, absence{relays[rng.IntN(len(relays))], at, at + c.Down})
	}
	return all
}

// faults are what has virtual time do that.
func faults(all []absence) (faults []sim.Fault) {
	for _, a := range all {
		nodes := []string{nodeName(a.relay)}
		faults = append(faults, sim.Fault{At: a.from, Kind: sim.Crash, Nodes: nodes}, sim.Fault{At: a.till, Kind: sim.Restart, Nodes: nodes})
	}
	return faults
}

// bounds are what coding and routing can bring, in units, to the receiver that is worst off,
// on average over a window: to each its maximal flow without the relay that is down, or what flows
// over trees in which it is not on the way.
func (t Topology) bounds(p Packing, all []absence, w Window) (coding, routing float64) {
	coding, routing = 1e18, 1e18
	for _, r := range t.Receivers {
		flow, trees := float64(t.maxFlow(r)), p.Units()
		meanFlow, meanTrees := flow, trees
		for _, a := range all {
			from, till := max(a.from, w.Warmup), min(a.till, w.Warmup+w.Duration)
			if from >= till {
				continue
			}
			share := float64(till-from) / float64(w.Duration)
			meanFlow += share * (float64(t.without(a.relay).maxFlow(r)) - flow)
			for i, tree := range p.Trees {
				if t.leads(tree, a.relay, r) {
					meanTrees -= share * float(p.Flows[i])
				}
			}
		}
		coding, routing = min(coding, meanFlow), min(routing, meanTrees)
	}
	return coding, routing
}

// without is the topology without what leads to and from a relay.
func (t Topology) without(relay int) Topology {
	t.Edges = slices.DeleteFunc(slices.Clone(t.Edges), func(e Edge) bool { return e.From == relay || e.To == relay })
	return t
}

// leads reports whether the way to a receiver in a tree is over a relay.
func (t Topology) leads(tree Tree, relay, receiver int) bool {
	for at := receiver; at != 0; {
		if at == relay {
			return true
		}
		e := tree[slices.IndexFunc(tree, func(e int) bool { return t.Edges[e].To == at })]
		at = t.Edges[e].From
	}
	return false
}
