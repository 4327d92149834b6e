package spec_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// places are where a rate can stand: all of them, with @ for the rate.
var places = []struct{ name, line string }{
	{"bandwidth of all", "bandwidth: {total: @}"},
	{"uplink of all", "bandwidth: {up: @}"},
	{"downlink of all", "bandwidth: {up: 1KBps, down: @}"},
	{"bandwidth of a node", "nodes: [{names: A..F, bandwidth: {total: @}}]"},
	{"uplink of a node", "nodes: [{names: A..F, bandwidth: {up: @}}]"},
	{"downlink of a node", "nodes: [{names: A..F, bandwidth: {down: @}}]"},
	{"link", "links: [{link: A -> B, rate: @}]"},
	{"chain", "links: [{chain: A..C, rate: @}]"},
	{"ring", "links: [{ring: A..C, rate: @}]"},
	{"star", "links: [{star: {center: A, leaves: B..D}, rate: @}]"},
	{"tree", "links: [{tree: {nodes: A..D, fanout: 2}, rate: @}]"},
	{"random graph", "links: [{random-graph: {nodes: A..D, degree: 2}, rate: @}]"},
	{"random DAG", "links: [{random-dag: {nodes: A..D, degree: 2}, rate: @}]"},
	{"change of a node's total", "timeline: [{at: 1s, set: {nodes: A, total: @}}]"},
	{"change of a node's uplink", "timeline: [{at: 1s, set: {nodes: A, up: @}}]"},
	{"change of a node's downlink", "timeline: [{at: 1s, set: {nodes: A, down: @}}]"},
	{"change of a link", "links: [A -> B]\ntimeline: [{at: 1s, set: {links: A -> B, rate: @}}]"},
}

// written is a scenario with a value at a place, and where the value stands.
func written(line, value string) (src, at string) {
	src = "name: rates\nduration: 10s\napplications: []\n"
	if !strings.Contains(line, "nodes: [") {
		src += "nodes: [A..F]\n"
	}
	before, _, _ := strings.Cut(src+line, "@")
	src += strings.ReplaceAll(line, "@", "'"+value+"'") + "\n"
	return src, fmt.Sprintf("x.yaml:%d:%d:", strings.Count(before, "\n")+1, len(before)-strings.LastIndex(before, "\n")+1)
}

// A rate of nothing is no rate, wherever it stands and however it is written: it
// would be taken for no limit.
func TestRatesOfNothing(t *testing.T) {
	for _, place := range places {
		for _, rate := range []string{
			"0Bps", "0KBps", "0.0Mbps", "0.4Bps", "7bps", "0.0009KBps",
			"uniform(0KBps, 0KBps)", "uniform(0Bps, 0.9Bps)", "normal(0Bps, 0Bps)", "normal(0.2Bps, 0.001Bps)",
			"exponential(0MBps)", "exponential(0.01Bps)", "pareto(0Bps, 2)", "choice(0KBps)", "choice(100KBps, 0KBps)", "choice(0.1Bps, 1MBps)",
		} {
			src, at := written(place.line, rate)
			_, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}})
			var ps spec.Problems
			if !errors.As(err, &ps) || len(ps) != 1 {
				t.Errorf("%s, %s: %v", place.name, rate, err)
				continue
			}
			if text := err.Error(); !strings.HasPrefix(text, at) || !strings.Contains(text, "unlimited") || !strings.Contains(text, "cut:") {
				t.Errorf("%s, %s: want %s and what to write instead in\n%s", place.name, rate, at, text)
			}
		}
		for _, rate := range []string{"1Bps", "8bps", "unlimited", "normal(50KBps, 50KBps)", "uniform(0KBps, 1KBps)", "exponential(2Bps)"} {
			src, _ := written(place.line, rate)
			if _, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}}); err != nil {
				t.Errorf("%s, %s: %v", place.name, rate, err)
			}
		}
	}
}

// The same of an algorithm's parameter, of a source and of churn, which cannot be cut.
func TestOtherRatesOfNothing(t *testing.T) {
	for _, c := range []struct{ old, new, at, what string }{
		{"at: A, source: back-to-back", "at: A, source: constant-rate, rate: 0KBps", "8:51", "above 0"},
		{"at: A, source: back-to-back", "at: A, source: constant-rate, rate: 0/s", "8:51", "above 0"},
		{"at: A, source: back-to-back", "at: A, source: constant-rate, rate: 0.000000001/s", "8:51", "1e-09 a second"},
		{"at: A, source: back-to-back", "at: A, source: constant-rate, rate: 0.000001Bps", "8:51", "a second"},
		{"at: A, source: back-to-back", "at: A, source: constant-rate, rate: 100000000000/s", "8:51", "1e+11 a second"},
		{"at: 5s, kill: B", "at: 5s, churn: {nodes: B, rate: 0/s, down: 1s}", "10:38", "above 0"},
		{"at: 5s, kill: B", "at: 5s, churn: {nodes: B, rate: 0.00000000001/s, down: 1s}", "10:38", "a second"},
		{"{names: A..D,", "{names: A..D, algorithm: {name: tuned, rate: 0KBps},", "4:50", "0Bps cannot be used"},
		{"{names: A..D,", "{names: A..D, algorithm: {name: tuned, rate: 0.4Bps},", "4:50", "0.4Bps cannot be used"},
	} {
		src := strings.Replace(small, c.old, c.new, 1)
		_, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}})
		if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:"+c.at) || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%s: want %s and %q in\n%v", c.new, c.at, c.what, err)
		}
	}
}

// Whatever is drawn is a rate that can be emulated; or the file is refused, with every
// seed.
func TestDrawsAreWithinBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		amount := func(name string) float64 {
			return rapid.SampledFrom([]float64{0, 0.3, 1, 2, 1000, 5e4, 1e9, 1e13, 9e14}).Draw(rt, name) * rapid.Float64Range(0.5, 1).Draw(rt, name)
		}
		a, b := amount("a"), amount("b")
		dist := rapid.SampledFrom([]string{"uniform", "normal", "exponential", "pareto", "choice"}).Draw(rt, "distribution")
		args := map[string]string{
			"uniform":     fmt.Sprintf("%.6fBps, %.6fBps", min(a, b), max(a, b)),
			"normal":      fmt.Sprintf("%.6fBps, %.6fBps", a, b),
			"exponential": fmt.Sprintf("%.6fBps", a),
			"pareto":      fmt.Sprintf("%.6fBps, %.3f", a, rapid.Float64Range(0.01, 5).Draw(rt, "shape")),
			"choice":      fmt.Sprintf("%.6fBps, %.6fBps", a, b),
		}[dist]
		refused := make(map[bool]int)
		for seed := range 4 {
			src := fmt.Sprintf("name: d\nduration: 1s\nseed: %d\nnodes: [{names: n1..n60, bandwidth: {up: '%s(%s)'}}]\napplications: []\n", seed, dist, args)
			p, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}})
			if refused[err != nil]++; err != nil {
				continue
			}
			for _, n := range p.Nodes {
				if n.Bandwidth.Up < 1 || n.Bandwidth.Up > int64(emul.MaxRate) {
					rt.Fatalf("%s(%s) gave %d", dist, args, n.Bandwidth.Up)
				}
			}
		}
		if len(refused) != 1 {
			rt.Fatalf("%s(%s) was refused with %d of 4 seeds", dist, args, refused[true])
		}
	})
}

// Draws are truncated, not moved to the bound: the distribution is the one that was
// asked for, as far as it can be. The figures are those of truncated distributions.
func TestDrawsAreTruncated(t *testing.T) {
	for _, c := range []struct {
		draw string
		mean float64 // of what can be drawn, Bps
	}{
		// a normal distribution above 0 with mean = deviation = m: m + m*phi(-1)/(1-Phi(-1))
		{"normal(50KBps, 50KBps)", 64_380},
		{"normal(0Bps, 10KBps)", 7_979}, // half of it: m*sqrt(2/pi)
		{"uniform(0KBps, 40KBps)", 20_000},
		{"exponential(30KBps)", 30_000},
	} {
		p := planOf(t, 11, fmt.Sprintf(`{names: n1..n20000, bandwidth: {down: "%s"}}`, c.draw), "", "")
		sum, least := 0.0, 0
		for _, n := range p.Nodes {
			sum += float64(n.Bandwidth.Down)
			if n.Bandwidth.Down <= 1 {
				least++
			}
		}
		if mean := sum / float64(len(p.Nodes)); math.Abs(mean-c.mean) > 0.02*c.mean || least > 20 {
			t.Errorf("%s has a mean of %.0f, want %.0f, and %d at the bound", c.draw, mean, c.mean, least)
		}
	}
}

// Latencies and losses are drawn again too: none is at a bound that it would have been
// moved to.
func TestOtherDrawsAreTruncated(t *testing.T) {
	p := planOf(t, 5, "n1..n2000", `{chain: n1..n2000, latency: "normal(5ms, 10ms)", loss: "exponential(60%)"}`, "")
	for _, l := range p.Links {
		if l.Latency <= 0 || l.Loss <= 0 || l.Loss >= 1 {
			t.Errorf("a link with %v and %v", l.Latency, l.Loss)
		}
	}
	long := planOf(t, 6, "n1..n500", `{chain: n1..n500, latency: "pareto(1s, 1)"}`, "")
	if !slices.ContainsFunc(long.Links, func(l spec.Link) bool { return l.Latency > emul.MaxLatency/2 }) {
		t.Error("no latency is long")
	}
	for _, latency := range []string{"61s", "choice(1s, 2min)", "normal(1h, 1s)"} {
		src, at := written("links: [{link: A -> B, latency: @}]", latency)
		if _, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}}); err == nil || !strings.HasPrefix(err.Error(), at) {
			t.Errorf("%s: %v", latency, err)
		}
	}
}
