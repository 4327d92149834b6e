package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// whole is a node's algorithm with what this command puts around it.
type whole interface {
	core.Algorithm
	fill(*nodereport.Report) // what it has counted
}

// theRelay is the algorithm that this command knows best: it has a sink of its own, and takes batches.
const theRelay = "relay"

// anyAlgorithm is an algorithm of the registry, of which nothing is known but what comes to it.
type anyAlgorithm struct {
	core.Algorithm
	base    *algos.Base // nil if it has none
	node    *core.Node
	checker *apps.Checker // with --sink
	log     *slog.Logger
	epoch   time.Duration

	msgs, bytes uint64            // of data from other nodes, each as often as it came
	figures     nodereport.Keeper // of the algorithm's own
}

// newAny makes an algorithm by its name, within the given time (0: whenever).
func newAny(ctx context.Context, r *scenario.Registry, name string, e scenario.Env, observers []core.NodeID, within time.Duration) (*anyAlgorithm, error) {
	alg, err := scenario.Make(ctx, r, name, e, within)
	if ctx.Err() != nil {
		return nil, console.ErrInterrupted
	}
	if err != nil {
		return nil, err
	}
	a := &anyAlgorithm{Algorithm: alg, base: algos.BaseOf(alg)}
	switch {
	case a.base != nil:
		for _, id := range e.Contacts {
			a.base.AddHost(id)
		}
	case len(observers) > 0:
		return nil, console.Usage("observer", observers[0].String(), "none: the algorithm "+name+" does not embed algos.Base, which obeys observers")
	}
	return a, nil
}

// report makes what happens to the node known.
func (a *anyAlgorithm) report(checker *apps.Checker, log *slog.Logger, epoch time.Duration) {
	a.checker, a.log, a.epoch = checker, log, epoch
	if a.base != nil && a.base.OnRefused == nil {
		a.base.OnRefused = logRefusals(a.base, log)
	}
}

// Bind implements core.Algorithm.
func (a *anyAlgorithm) Bind(n *core.Node) {
	a.node = n
	a.Algorithm.Bind(n)
}

// Process implements core.Algorithm.
func (a *anyAlgorithm) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && !m.From().IsZero() {
		a.msgs++
		a.bytes += uint64(len(m.Payload()))
		if a.checker != nil {
			a.checker.Consume(a.node, m)
		}
	}
	logEvent(a.log, a.node, a.epoch, m)
	return a.Algorithm.Process(m)
}

// fill tells what came. Of what the checker knows only damage counts: an algorithm may get messages twice, in any order,
// and not all of them, and be right.
func (a *anyAlgorithm) fill(r *nodereport.Report) {
	r.Messages, r.Bytes = a.msgs, a.bytes
	if a.checker != nil {
		r.Corrupt = a.checker.Tally().Corrupt
	}
	if a.base != nil {
		r.Refused = a.base.Refused()
	}
	r.Metrics = a.figures.Take(a.node.TakeMetrics())
}

// env is what the algorithm is made for.
func (f nodeFlags) env(known peers, params spec.Params) scenario.Env {
	return scenario.Env{Name: f.name, Downstreams: known.downstreams, Upstreams: known.upstreams, Contacts: known.contacts, Params: params}
}
