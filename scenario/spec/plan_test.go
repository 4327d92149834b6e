package spec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// plan reads a scenario of some nodes, links and lines of a timeline.
func planOf(t *testing.T, seed uint64, nodes, links, timeline string) *spec.Plan {
	t.Helper()
	return parse(t, fmt.Sprintf("name: p\nseed: %d\nduration: 10s\nnodes: [%s]\nlinks: [%s]\napplications: []\ntimeline: [%s]\n", seed, nodes, links, timeline))
}

func ends(p *spec.Plan) (out []string) {
	for _, l := range p.Links {
		out = append(out, p.Nodes[l.From].Name+p.Nodes[l.To].Name)
	}
	return out
}

func TestTopologies(t *testing.T) {
	for _, c := range []struct{ links, want string }{
		{`"A -> B, C"`, "AB AC"},
		{`"A -> B -> C"`, "AB BC"},
		{`"A <-> B"`, "AB BA"},
		{`"A, B -> C, D"`, "AC AD BC BD"},
		{`"A..B -> C"`, "AC BC"},
		{`{chain: A..D}`, "AB BC CD"},
		{`{ring: A..C}`, "AB BC CA"},
		{`{star: {center: C, leaves: "A, B, D"}}`, "CA CB CD"},
		{`{tree: {nodes: A..G, fanout: 2}}`, "AB AC BD BE CF CG"},
		{`{tree: {nodes: A..E, fanout: 3}}`, "AB AC AD BE"},
	} {
		if got := strings.Join(ends(planOf(t, 0, "A..G", c.links, "")), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.links, got, c.want)
		}
	}
}

// Random graphs are connected and symmetric; random DAGs go forward and leave nobody
// out; and a seed makes one of each.
func TestRandomTopologies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		n := rapid.IntRange(3, 40).Draw(rt, "nodes")
		degree := rapid.IntRange(1, 2).Draw(rt, "degree")
		graph := planOf(t, seed, fmt.Sprintf("n1..n%d", n), fmt.Sprintf("{random-graph: {nodes: all, degree: %d}}", degree), "")
		reached := map[int]bool{0: true}
		down := graph.Downstreams()
		for todo := []int{0}; len(todo) > 0; todo = todo[1:] {
			for _, to := range down[todo[0]] {
				if graph.LinkBetween(to, todo[0]) < 0 {
					rt.Fatalf("no link back from %d to %d", to, todo[0])
				}
				if !reached[to] {
					reached[to] = true
					todo = append(todo, to)
				}
			}
		}
		if len(reached) != n {
			rt.Fatalf("%d of %d nodes are connected", len(reached), n)
		}
		dag := planOf(t, seed, fmt.Sprintf("n1..n%d", n), fmt.Sprintf("{random-dag: {nodes: all, degree: %d}}", degree), "")
		into := make([]int, n)
		for _, l := range dag.Links {
			if l.From >= l.To {
				rt.Fatalf("a link from %d back to %d", l.From, l.To)
			}
			into[l.To]++
		}
		for i, k := range into[1:] {
			if k < 1 || k > degree {
				rt.Fatalf("node %d has %d links into it", i+1, k)
			}
		}
		again := planOf(t, seed, fmt.Sprintf("n1..n%d", n), fmt.Sprintf("{random-dag: {nodes: all, degree: %d}}", degree), "")
		if !slices.Equal(ends(dag), ends(again)) {
			rt.Fatal("one seed, two graphs")
		}
	})
}

// What is drawn lies in its bounds, differs between nodes and seeds, and is not
// changed by links that come in addition.
func TestDraws(t *testing.T) {
	read := func(seed uint64, links string) []int64 {
		p := planOf(t, seed, `{names: n1..n50, bandwidth: {up: "uniform(50KBps, 200KBps)"}}`, links, "")
		var ups []int64
		for _, n := range p.Nodes {
			if n.Bandwidth.Up < 50_000 || n.Bandwidth.Up > 200_000 {
				t.Errorf("drew %d", n.Bandwidth.Up)
			}
			ups = append(ups, n.Bandwidth.Up)
		}
		return ups
	}
	one, two := read(1, ""), read(2, "")
	if slices.Equal(one, two) || one[0] == one[1] {
		t.Error("everything is alike")
	}
	if !slices.Equal(one, read(1, `{chain: n1..n9, rate: "exponential(1MBps)"}`)) {
		t.Error("a link changed what nodes drew")
	}
	for _, d := range []string{"normal(100KBps, 10KBps)", "exponential(100KBps)", "pareto(100KBps, 1.5)", "choice(1KBps, 2KBps)", "unlimited", "100KBps"} {
		planOf(t, 3, fmt.Sprintf(`{names: n1..n50, bandwidth: {up: "%s"}}`, d), "", "")
	}
}

// A change of a part keeps the rest, in order of time whatever the order in the file.
func TestSetKeepsTheRest(t *testing.T) {
	p := planOf(t, 0, `{names: A, bandwidth: {up: 1KBps, down: 2KBps}}, B`, `{link: A -> B, rate: 9KBps}`,
		`{at: 4s, set: {nodes: A, down: unlimited}}, {at: 2s, set: {nodes: A, up: 3KBps}}, {at: 3s, set: {links: A -> B, latency: 5ms}}`)
	want := []spec.NodeBandwidth{{Up: 3000, Down: 2000}, {Up: 3000}}
	if p.Steps[0].Bandwidths[0] != want[0] || p.Steps[2].Bandwidths[0] != want[1] {
		t.Errorf("%+v", p.Steps)
	}
	if s := p.Steps[1].States[0]; s.Rate != 9000 || s.Latency != 5*time.Millisecond {
		t.Errorf("the link becomes %+v", s)
	}
}

// A partition cuts the links between groups that the file has; where it has none, every
// way between them, since the algorithms make their own.
func TestPartitions(t *testing.T) {
	for _, c := range []struct{ links, want string }{
		{`"A -> B, C", "C -> A, D"`, "AC CA"},
		{`"A -> B", "C -> D"`, "AC AD BC BD CA CB DA DB"},
		{``, "AC AD BC BD CA CB DA DB"},
	} {
		p := planOf(t, 0, "A..E", c.links, `{at: 1s, partition: ["A, B", "C, D"]}`)
		var got []string
		for _, pair := range p.Steps[0].Pairs {
			got = append(got, p.Nodes[pair[0]].Name+p.Nodes[pair[1]].Name)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.links, got, c.want)
		}
	}
}

// Whatever churn draws, a node fails only while it is up and comes back only once.
func TestChurn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := planOf(t, seed, "n1..n8", "", `{at: 1s, churn: {nodes: all, rate: 20/s, down: "exponential(300ms)", until: 9s}}`)
		down := make(map[int]bool)
		for _, s := range p.Steps {
			n := s.Nodes[0]
			if s.At < time.Second || down[n] == (s.Kind == spec.StepKill) {
				rt.Fatalf("%v of %d at %v, when down is %v", s.Kind, n, s.At, down[n])
			}
			down[n] = s.Kind == spec.StepKill
		}
		if len(p.Steps) < 20 {
			rt.Fatalf("only %d events", len(p.Steps))
		}
	})
}

func TestChurnTrace(t *testing.T) {
	src := strings.Replace(small, "{at: 5s, kill: B}", "{at: 1s, churn: {nodes: \"B, C\", trace: t.csv}}", 1)
	for _, c := range []struct{ trace, want string }{
		{"# comment\n0.5,B,kill\n1.5, B,start\n2,C,stop\n9,C,start\n", ""},
		{"\ufeff0.5,B,kill\r\n1.5, B,start\r\n2,C,stop\r\n9,C,start\r\n", ""},
		{"0.5,B,kill\n2,D,kill\n", "t.csv:2: D is not among the nodes of this churn"},
		{"0.5,B,kill\n1,C,stop\n9.001,C,start\n", "t.csv:3: the run ends at 10s, before this happens at 10.001s"},
		{"x,B,kill\n", `t.csv:1: "x" is no time`},
		{"1,X,kill\n", `no node "X"`},
		{"1,B,die\n", "not kill, stop or start"},
		{"1,B\n", "wrong number of fields"},
	} {
		p, err := spec.Parse("x.yaml", []byte(src), spec.Options{Algorithms: known{}, Open: func(string) ([]byte, error) { return []byte(c.trace), nil }})
		switch {
		case c.want == "" && (err != nil || len(p.Steps) != 5):
			t.Errorf("%v; %+v", err, p)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v", c.trace, err)
		}
	}
}
