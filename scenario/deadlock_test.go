package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
)

// doubler sends what it gets twice, so that a ring of them fills.
type doubler struct {
	*relay.Relay
	to []core.NodeID
}

func (d *doubler) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return d.Relay.Process(m)
	}
	for range 2 {
		for _, id := range d.to {
			d.Send(d.Clone(m), id)
		}
	}
	return core.Done
}

// A session that waits for itself round a ring is an error of the run, with the names
// of the scenario, in every world that sees all of its nodes.
func TestDeadlocksAreNamed(t *testing.T) {
	const src = `name: ring
duration: 3s
drain: 0s
buffers: {messages: 5}
algorithm: {name: doubler}
nodes: [A, B, C]
links: [A -> B -> C -> A]
applications: [{name: news, at: A, source: constant-rate, rate: 10 messages/s, payload: 100B}]
`
	for _, w := range []string{"sim", "live"} {
		r := scenario.Shipped()
		r.Add(scenario.Algorithm{Name: "doubler", New: func(e scenario.Env) (core.Algorithm, error) {
			return &doubler{relay.New(nil), e.Downstreams}, nil
		}})
		p := parse(t, r, src)
		_, err := scenario.Run(t.Context(), p, scenario.Options{World: w, Registry: r})
		if !errors.Is(err, scenario.ErrDeadlock) || !strings.Contains(err.Error(), "at A news from C waits for news to B") {
			t.Errorf("%s: %v", w, err)
		}
	}
}
