package scenario_test

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// alternate sends messages to its downstreams by turns.
type alternate struct {
	algos.Base
	to []core.NodeID
}

func (a *alternate) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && len(a.to) > 0 {
		a.Send(m, a.to[m.Seq()%uint64(len(a.to))])
		return core.Done
	}
	return a.Base.Process(m)
}

// A program runs a scenario with an algorithm of its own.
func Example() {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "alternate", New: func(e scenario.Env) (core.Algorithm, error) {
		return &alternate{to: e.Downstreams}, nil
	}})
	plan, err := spec.Parse("turns.yaml", []byte(`
name: turns
duration: 2s
algorithm: alternate
nodes: [A..C]
links: ["A -> B, C"]
applications: [{name: a, at: A, source: constant-rate, rate: 50 messages/s}]
expect:
  - received(B..C) = 0.5 * sent(A) ± 2%
  - received() = sent()
`), spec.Options{Algorithms: r})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := scenario.Run(context.Background(), plan, scenario.Options{World: "sim", Registry: r})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range run.Verdicts {
		fmt.Println(v.Held, v.Expectation)
	}
	// Output:
	// true received(B..C) = 0.5 * sent(A) ± 2%
	// true received() = sent()
}
