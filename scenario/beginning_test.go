package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
)

// unbound panics in Bind.
type unbound struct{ algos.Base }

func (*unbound) Bind(*core.Node) { panic("nobody is bound") }

// An algorithm that cannot be made, or bound, ends the run with words, and no program.
func TestPanicsBeforeTheFirstMessage(t *testing.T) {
	for name, c := range map[string]struct {
		make  func(scenario.Env) (core.Algorithm, error)
		is    error // nil: any
		words []string
	}{
		"new":     {func(scenario.Env) (core.Algorithm, error) { panic("nobody is made") }, nil, []string{"New panicked: nobody is made", "beginning_test.go"}},
		"nothing": {func(scenario.Env) (core.Algorithm, error) { return nil, nil }, nil, []string{"neither an algorithm nor an error"}},
		"bind":    {func(scenario.Env) (core.Algorithm, error) { return new(unbound), nil }, scenario.ErrCrashed, []string{"in Bind: nobody is bound", "(*unbound).Bind"}},
	} {
		for _, world := range []string{"sim", "live"} {
			r := scenario.Shipped()
			r.Add(scenario.Algorithm{Name: "bad", New: c.make})
			p := parse(t, r, "name: bad\nduration: 100ms\nnodes: [A, {names: B, algorithm: bad}]\nlinks: [A -> B]\napplications: []\n")
			_, err := scenario.Run(t.Context(), p, scenario.Options{World: world, Registry: r})
			if err == nil || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%s in %s: %v", name, world, err)
				continue
			}
			for _, part := range append(c.words, "node B") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s in %s: %q is not in\n%v", name, world, part, err)
				}
			}
		}
	}
}
