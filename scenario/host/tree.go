package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// newTree is data dissemination trees: sources at a node are their sessions' roots, and nodes come in by join
// events. They know each other by bootstrap, or by the links of the scenario.
func newTree() Algorithm {
	const policy, refine, period, patience, retry, lastMile, measure = "policy", "refine", "period", "patience", "retry", "bandwidth", "measure"
	const yes, no = "yes", "no"
	d := tree.New(tree.NodeStress)
	params := []spec.Param{
		{Name: policy, Kind: spec.Text, Default: string(d.Policy), About: "Where a query ends: unicast (at the source), random (at the first node in the tree), or stress (at a node with the least stress of its neighbours)."},
		{Name: refine, Kind: spec.Text, Default: no, About: "Whether parents hand children over to neighbours with less stress: yes or no."},
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often neighbours in a tree tell each other of their load, from 1ms."},
		{Name: patience, Kind: spec.Whole, Default: d.Patience, About: "Periods without a sign until a neighbour is taken for lost, from 2 to 1024."},
		{Name: retry, Kind: spec.Time, Default: d.Retry, About: "How long a query may take until there is another, from 1ms."},
		{Name: lastMile, Kind: spec.Rate, Default: int64(0), About: "The bandwidth that stress is reckoned with; 0: the node's own in the scenario, total or else up, or 100KBps."},
		{Name: measure, Kind: spec.Whole, Default: 0, About: "Known hosts to which the last mile is measured, in place of being told, before a node first joins: the best of them counts; 0: it is told. At most 64."},
	}
	return Algorithm{Name: "tree", Params: params, New: func(e Env) (core.Algorithm, error) {
		t := tree.New(tree.Policy(e.Params.Text(policy)))
		t.Roots = e.Sources
		if !slices.Contains(tree.Policies, t.Policy) {
			return nil, outOfRange(policy, t.Policy, fmt.Sprint("one of ", tree.Policies))
		}
		switch v := e.Params.Text(refine); v {
		case yes, no:
			t.Refine = v == yes
		default:
			return nil, outOfRange(refine, v, "yes or no")
		}
		if t.Period = e.Params.Time(period); t.Period < time.Millisecond {
			return nil, outOfRange(period, t.Period, "1ms or more")
		}
		if t.Patience = e.Params.Int(patience); t.Patience < 2 || t.Patience > 1024 {
			return nil, outOfRange(patience, t.Patience, "a number from 2 to 1024")
		}
		if t.Retry = e.Params.Time(retry); t.Retry < time.Millisecond {
			return nil, outOfRange(retry, t.Retry, "1ms or more")
		}
		t.Bandwidth = float64(e.Params.Rate(lastMile))
		if t.Measure = e.Params.Int(measure); t.Measure < 0 || t.Measure > 64 {
			return nil, outOfRange(measure, t.Measure, "a number from 0 to 64")
		}
		for _, id := range e.Downstreams {
			t.AddHost(id)
		}
		return t, nil
	}}
}
