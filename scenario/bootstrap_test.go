package scenario_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// greeter sends a message to everybody whom it knows when the world is up.
type greeter struct{ algos.Base }

func (g *greeter) Bind(n *core.Node) {
	g.Base.Bind(n)
	g.Handle(wire.TypeWorldUp, func(*core.Msg) {
		m := g.NewMsg(wire.TypeData, 1, 0)
		for _, id := range g.Known() {
			g.Send(m, id)
		}
	})
}

func withGreeter(r *scenario.Registry) *scenario.Registry {
	r.Add(scenario.Algorithm{Name: "greeter", New: func(e scenario.Env) (core.Algorithm, error) {
		known := make(map[core.NodeID]bool)
		for _, id := range e.Contacts {
			if known[id] {
				return nil, fmt.Errorf("%s knows %v twice", e.Name, id)
			}
			known[id] = true
		}
		return &greeter{}, nil
	}})
	return r
}

// greetings runs a scenario and says who greeted whom, and how often.
func greetings(t *testing.T, w, src string) map[string]uint64 {
	t.Helper()
	r := withGreeter(scenario.Shipped())
	got := make(map[string]uint64)
	for _, f := range run(t, parse(t, r, src), scenario.Options{World: w, Registry: r}).LinkFigures() {
		if f.Received > 0 {
			got[f.Name] = f.Received
		}
	}
	return got
}

const acquaintances = `name: acquaintances
seed: 3
duration: 1900ms
algorithm: greeter
bootstrap: {random: 3}
nodes:
  - n1..n12
  - {names: seeded, bootstrap: {seeds: "n1, n2, seeded"}}
  - {names: last, bootstrap: all, starts: 1700ms}
applications:
  - {name: a, at: n1, source: constant-rate, rate: 1/s, payload: 10B}
timeline:
  - {at: 1s, kill: n3..n12}
  - {at: 1300ms, start: n3}
  - {at: 1500ms, start: n4}
`

// A node knows whom the scenario says when it starts: of those that run then, other ones
// each time, and the same in every world.
func TestBootstrap(t *testing.T) {
	want := greetings(t, "sim", acquaintances)
	by := func(name string) (to []string, sum uint64) {
		for _, link := range slices.Sorted(maps.Keys(want)) {
			if rest, ok := strings.CutPrefix(link, name+" -> "); ok {
				to, sum = append(to, rest), sum+want[link]
			}
		}
		return to, sum
	}
	for name, sum := range map[string]uint64{"n1": 3, "n2": 3, "n12": 3, "n3": 6, "n4": 6} {
		if to, n := by(name); n != sum {
			t.Errorf("%s greeted %v, %d times in all", name, to, n)
		}
	}
	if to, _ := by("seeded"); !slices.Equal(to, []string{"n1", "n2"}) {
		t.Errorf("seeded greeted %v", to)
	}
	if to, _ := by("last"); !slices.Equal(to, []string{"n1", "n2", "n3", "n4", "seeded"}) {
		t.Errorf("last greeted %v", to)
	}
	if to, _ := by("n3"); slices.Contains(to, "n3") {
		t.Errorf("n3 greeted %v", to)
	}
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			if got := greetings(t, w, acquaintances); !maps.Equal(got, want) {
				t.Errorf("greetings\n%v, and in virtual time\n%v", got, want)
			}
		})
	}
	if other := greetings(t, "sim", strings.Replace(acquaintances, "seed: 3", "seed: 4", 1)); maps.Equal(other, want) {
		t.Error("another seed draws the same")
	}
}
