package fluid_test

import (
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/scenario/fluid"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type relays struct{}

func (relays) Names() []string                    { return []string{"other", "relay"} }
func (relays) Params(string) ([]spec.Param, bool) { return nil, true }

// Networks whose rates can be worked out with a pencil.
func TestSteady(t *testing.T) {
	const one = "\napplications: [{name: a, at: A, source: back-to-back}]"
	for _, c := range []struct {
		name, body string
		want       []float64 // of the links in order, KBps; nil: none
		err        string
	}{
		{"chain", "nodes: [A..C]\nlinks: [A -> B, {link: B -> C, rate: 70KBps}]" + one, []float64{70, 70}, ""},
		{"a node that both receives and sends", "nodes: [A, {names: B, bandwidth: {total: 100KBps}}, C]\nlinks: [A -> B -> C]" + one, []float64{50, 50}, ""},
		{"fan-out", "nodes: [{names: A, bandwidth: {up: 90KBps}}, B..D]\nlinks: [\"A -> B, C, D\"]" + one, []float64{30, 30, 30}, ""},
		{"the slowest leaf", "nodes: [A, B, {names: C, bandwidth: {down: 10KBps}}]\nlinks: [\"A -> B, C\"]" + one, []float64{10, 10}, ""},
		{"diamond", "nodes: [A..E]\nlinks: [\"A -> B, C\", \"B, C -> D\", {link: D -> E, rate: 80KBps}]" + one, []float64{40, 40, 40, 40, 80}, ""},
		{"the paper's bottleneck", "nodes: [{names: A, bandwidth: {total: 400KBps}}, B, C, {names: D, bandwidth: {up: 30KBps}}, E..G]\n" +
			"links: [\"A -> B, C\", \"B -> D, F\", \"C -> D, G\", D -> E, \"E -> F, G\"]" + one, []float64{15, 15, 15, 15, 15, 15, 30, 30, 30}, ""},
		{"two sources share", "nodes: [A..C]\nlinks: [A -> B, {link: B -> C, rate: 60KBps}]\napplications: [{name: a, at: A, source: back-to-back}, {name: b, at: B, source: back-to-back}]", []float64{30, 60}, ""},
		{"one of them is held back", "nodes: [A..C]\nlinks: [{link: A -> B, rate: 10KBps}, {link: B -> C, rate: 60KBps}]\napplications: [{name: a, at: A, source: back-to-back}, {name: b, at: B, source: back-to-back}]", []float64{10, 60}, ""},
		{"three ways and one", "nodes: [S, A, B, C, M, Z]\nlinks: [S -> A, S -> B, A -> C, B -> C, C -> M, S -> M, {link: M -> Z, rate: 400KBps}]\n" +
			"applications: [{name: a, at: S, source: back-to-back}, {name: b, at: M, source: back-to-back}]",
			[]float64{200. / 3, 200. / 3, 200. / 3, 200. / 3, 400. / 3, 200. / 3, 400}, ""},
		{"two ways and one at a downlink", "nodes: [S, A, B, T, {names: Z, bandwidth: {down: 300KBps}}]\nlinks: [S -> A, S -> B, A -> Z, B -> Z, T -> Z]\n" +
			"applications: [{name: a, at: S, source: back-to-back}, {name: b, at: T, source: back-to-back}]", // a link each
			[]float64{100, 100, 100, 100, 100}, ""},
		{"three ways and one at a downlink", "nodes: [S, A, B, C, T, {names: Z, bandwidth: {down: 300KBps}}]\nlinks: [S -> A, S -> B, A -> C, B -> C, C -> Z, T -> Z]\n" +
			"applications: [{name: a, at: S, source: back-to-back}, {name: b, at: T, source: back-to-back}]",
			[]float64{75, 75, 75, 75, 150, 150}, ""},
		{"an uplink of two links and two sessions", "nodes: [A, {names: B, bandwidth: {up: 240KBps}}, C, D]\nlinks: [A -> B, B -> C, B -> D]\n" +
			"applications: [{name: a, at: A, source: back-to-back}, {name: b, at: B, source: back-to-back}]", []float64{60, 120, 120}, ""},
		{"no limit", "nodes: [A, B]\nlinks: [A -> B]" + one, nil, "nothing limits"},
		{"cycle", "nodes: [A, B]\nlinks: [{link: A <-> B, rate: 1KBps}]" + one, nil, "cycle"},
		{"loss", "nodes: [A, B]\nlinks: [{link: A -> B, rate: 1KBps, loss: 1%}]" + one, nil, "loses"},
		{"other algorithm", "algorithm: other\nnodes: [A, B]\nlinks: [{link: A -> B, rate: 1KBps}]" + one, nil, "no relay"},
		{"other source", "nodes: [A, B]\nlinks: [{link: A -> B, rate: 1KBps}]\napplications: [{name: a, at: A, source: constant-rate, rate: 1/s}]", nil, "not back-to-back"},
	} {
		p, err := spec.Parse(c.name, []byte("name: x\nduration: 1s\n"+c.body), spec.Options{Algorithms: relays{}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := fluid.Steady(p)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
			continue
		}
		for i, want := range c.want {
			if math.Abs(got[i]-1000*want) > 1e-6 {
				t.Errorf("%s: link %d carries %.0f B/s, want %.0f", c.name, i, got[i], 1000*want)
			}
		}
	}
}
