package spec

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

const formulaScenario = `name: x
duration: 10s
nodes: [A..C]
links: [A -> B, {link: B -> C, loss: 1%}]
algorithm: {name: fake, p: 50%}
applications: [{name: stream, at: A, source: back-to-back}]
`

// fakeAlgorithms has one algorithm, with a probability p.
type fakeAlgorithms struct{}

func (fakeAlgorithms) Names() []string { return []string{"fake", "relay"} }
func (fakeAlgorithms) Params(name string) ([]Param, bool) {
	return []Param{{Name: "p", Kind: Probability, Default: 1.0}}, name == "fake" || name == "relay"
}

// flat readings grow by 10 a second for each measure and node.
type flat struct{ OwnReadings }

func (flat) Read(_ Measure, of Target, _ uint32, at time.Duration) (float64, time.Duration) {
	if of.From >= 0 {
		return math.NaN(), at
	}
	return 10 * at.Seconds() * float64(of.Node+1), at
}
func (flat) Name(of Target) string { return fmt.Sprint("node ", of.Node) }
func (flat) End() time.Duration    { return 10 * time.Second }
func (flat) Last() time.Duration   { return 12 * time.Second }

func TestFormula(t *testing.T) {
	p, err := Parse("x.yaml", []byte(formulaScenario), Options{Algorithms: fakeAlgorithms{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, unit string
		want       []float64
		edges      int
	}{
		{"sent(A)", "", []float64{120}, 0},
		{"throughput(B) between 2s and 4s", "B/s", []float64{20}, 2},
		{"received(A..C) before 5s", "", []float64{50, 100, 150}, 1},
		{"mean(received(A..C)) / sent(A)", "", []float64{2}, 0},
		{"sent(A) * 1KB / throughput(A) after 1s", "s", []float64{11000}, 1},
		{"queued(A) at 3s", "", []float64{30}, 1},
		{"received(A -> B)", "", []float64{math.NaN()}, 0},
		{"sent(A) / (sent(B) - sent(B))", "", []float64{math.NaN()}, 0},
	} {
		f, err := p.Formula(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, why := f.Values(flat{})
		if f.Unit() != c.unit || len(f.Edges()) != c.edges || len(got) != len(c.want) {
			t.Errorf("%s: unit %q, edges %v, values %v", c.text, f.Unit(), f.Edges(), got)
			continue
		}
		for i, v := range got {
			if math.IsNaN(c.want[i]) != math.IsNaN(v.Value) || math.Abs(v.Value-c.want[i]) > 1e-9 || math.IsNaN(v.Value) && why == "" {
				t.Errorf("%s: %v, want %v (%s)", c.text, got, c.want, why)
			}
			if (v.Of != "") != (len(got) > 1) {
				t.Errorf("%s: %v is of %q", c.text, v.Value, v.Of)
			}
		}
	}
}

func TestFormulasThatAreNone(t *testing.T) {
	p, err := Parse("x.yaml", []byte(formulaScenario), Options{Algorithms: fakeAlgorithms{}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"sent(A) = 3":             "1:9:",
		"sent(Z)":                 "1:6:",
		"sent(A) +":               "belongs here",
		"throughput(A) at 3s":     "is a rate",
		"sent(A) after 20s":       "the run ends at 10s",
		"throughput(A) + sent(A)": "cannot be added",
		"":                        "nothing here",
	} {
		_, err := p.Formula(text)
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something with %q", text, err, want)
		}
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]struct {
		v    float64
		unit string
	}{"5%": {0.05, ""}, "400KBps": {4e5, "B/s"}, "10": {10, ""}, "20ms": {0.02, "s"}, "2/s": {2, "1/s"}, "-3": {-3, ""}, "5 KB": {5000, "B"}} {
		v, unit, ok := Quantity(text)
		if !ok || math.Abs(v-want.v) > 1e-12 || unit != want.unit {
			t.Errorf("%q: %v %q %v", text, v, unit, ok)
		}
	}
	for _, text := range []string{"", "relay", "5 parsecs", "uniform(1ms, 2ms)", "1 2", "{name: x}"} {
		if v, unit, ok := Quantity(text); ok {
			t.Errorf("%q is %v %q", text, v, unit)
		}
	}
}

func TestOverride(t *testing.T) {
	for _, c := range []struct {
		path, value, fails string
		holds              func(*Plan) bool
	}{
		{"links.1.loss", "5%", "", func(p *Plan) bool { return p.Links[1].Loss == 0.05 }},
		{"links.1.rate", "5KBps", "", func(p *Plan) bool { return p.Links[1].Rate == 5000 }}, // a key that is not there
		{"algorithm", "{name: fake, p: 20%}", "", func(p *Plan) bool { return p.Nodes[0].Params.Float("p") == 0.2 }},
		{"algorithm", "relay", "", func(p *Plan) bool { return p.Nodes[0].Algorithm == "relay" }},
		{"algorithm.p", "20%", "", func(p *Plan) bool { return p.Nodes[0].Params.Float("p") == 0.2 }},
		{"applications.stream.payload", "100B", "", func(p *Plan) bool { return p.Apps[0].Payload == 100 }},
		{"duration", "3s", "", func(p *Plan) bool { return p.Duration == 3*time.Second }},
		{"default-link", "{loss: 2%}", "", func(p *Plan) bool { return p.DefaultLink.Loss == 0.02 }},
		{"links.0.loss", "5%", "is a single value", nil},
		{"links.7.loss", "5%", `no "7"`, nil},
		{"applications.steam.payload", "5B", `"stream"`, nil},
		{"links.1.loss", "500%", "x.yaml:4:", nil},
		{"links.1.loss", "{", "cannot be set to", nil},
		{"unheard", "1", `unknown key "unheard"`, nil},
	} {
		p, err := Parse("x.yaml", []byte(formulaScenario), Options{Algorithms: fakeAlgorithms{}, Override: []Override{{c.path, c.value}}})
		switch {
		case c.fails == "" && (err != nil || !c.holds(p)):
			t.Errorf("%s = %s: %v", c.path, c.value, err)
		case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
			t.Errorf("%s = %s: %v, want something with %q", c.path, c.value, err, c.fails)
		}
	}
}

// Formulas of deliveries say that messages must be followed, and a plan that is asked for them follows.
func TestFormulasOfDeliveries(t *testing.T) {
	p, err := Parse("x.yaml", []byte(formulaScenario), Options{Algorithms: fakeAlgorithms{}})
	if err != nil {
		t.Fatal(err)
	}
	for text, follows := range map[string]bool{
		"sent(A)": false, "duplicates(B)": false,
		"p99(latency(B..C))": true, "mean(hops(B)) after 1s": true, "coverage() within 1s": true, "1 - coverage()": true,
	} {
		f, err := p.Formula(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if f.Follows() != follows {
			t.Errorf("%s follows messages: %v", text, f.Follows())
		}
	}
}
