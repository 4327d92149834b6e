package fluid

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

type relays struct{}

func (relays) Names() []string                    { return []string{"relay"} }
func (relays) Params(string) ([]spec.Param, bool) { return nil, true }

// random draws a small network of relays in which every source is limited.
func random(t *rapid.T) *spec.Plan {
	n := rapid.IntRange(3, 7).Draw(t, "nodes")
	src := "name: r\nduration: 1s\nnodes:\n"
	some := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	rate := func(name string) int { return rapid.IntRange(20, 400).Draw(t, name) }
	for i := range n {
		src += fmt.Sprintf("  - {names: n%d", i)
		if some("node limited") {
			src += fmt.Sprintf(", bandwidth: {%s: %dKBps}", rapid.SampledFrom([]string{"up", "down", "total"}).Draw(t, "which"), rate("bandwidth"))
		}
		src += "}\n"
	}
	src += "links:\n"
	for i := range n - 1 {
		for j := i + 1; j < n; j++ {
			if j > i+1 && !some("link") {
				continue
			}
			if j == i+1 || some("link limited") {
				src += fmt.Sprintf("  - {link: n%d -> n%d, rate: %dKBps}\n", i, j, rate("rate"))
			} else {
				src += fmt.Sprintf("  - n%d -> n%d\n", i, j)
			}
		}
	}
	src += "applications:\n"
	for a := range rapid.IntRange(1, 4).Draw(t, "sources") {
		src += fmt.Sprintf("  - {name: a%d, at: n%d, source: back-to-back}\n", a, rapid.IntRange(0, n-2).Draw(t, "at"))
	}
	p, err := spec.Parse("random", []byte(src), spec.Options{Algorithms: relays{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func limitsOf(t *rapid.T, p *spec.Plan) []limit {
	order, err := topological(p)
	if err != nil {
		t.Fatal(err)
	}
	var ways [][]float64
	for a := range p.Apps {
		ways = append(ways, waysFrom(p, order, p.Apps[a].Node))
	}
	return limits(p, ways)
}

// crawl is the slow and independent solver: everybody creeps up by a little, and where
// more is asked for than there is, whoever has most on the link that has most goes down
// again. It needs no notion of an offer, a share or an equation. The steps become small,
// so that it is there soon and then precise; what it comes to is the mean of the last.
func crawl(all []limit, sources int) []float64 {
	const first, halvings, steps = 20_000.0, 13, 800
	x, mean := make([]float64, sources), make([]float64, sources)
	step := first
	for h := range halvings {
		for range steps {
			for s := range x {
				x[s] += step
			}
			for again := true; again; {
				again = false
				for i := range all {
					if s, over := all[i].greediest(x); over {
						x[s] = max(x[s]-step, 0)
						again = true
					}
				}
			}
			for s := range x {
				if h == halvings-1 {
					mean[s] += x[s] / steps
				}
			}
		}
		step /= 2
	}
	return mean
}

// greediest is the session that has most on the link that has most, if the limit is
// over-full.
func (l *limit) greediest(x []float64) (session int, over bool) {
	total, most := 0.0, 0.0
	for _, lanes := range l.links {
		sum, largest, who := 0.0, 0.0, 0
		for _, a := range lanes {
			r := a.ways * x[a.session]
			sum += r
			if r > largest {
				largest, who = r, a.session
			}
		}
		if total += sum; sum > most {
			most, session = sum, who
		}
	}
	return session, total > l.rate
}

// The solver comes to the rates that the slow one creeps to. Where two limits are full at once there may be more than one steady state
// (TestTwoSteadyStates), and then the slow one may have come to another, which must be one for the solver too.
func TestAgainstASlowSolver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := random(t)
		all := limitsOf(t, p)
		x, err := solve(all, len(p.Apps))
		if err != nil {
			t.Fatal(err)
		}
		slow := crawl(all, len(p.Apps))
		for s := range x {
			if math.Abs(slow[s]-x[s]) > 0.03*x[s] && !steady(all, slow) {
				t.Fatalf("source %d sends %.0f B/s, and creeps to %.0f; all %v and %v", s, x[s], slow[s], x, slow)
			}
		}
	})
}

// steady reports whether every source sends what all limits grant it, and no less, within three percent.
func steady(all []limit, x []float64) bool {
	for s := range x {
		offer := math.Inf(1)
		for i := range all {
			offer = min(offer, all[i].offers(s, x))
		}
		if math.Abs(offer-x[s]) > 0.03*x[s] {
			return false
		}
	}
	return true
}

// Two limits of one size: n1's, where a0 comes in once and goes out once beside a1, and that of the last link, where a0 goes twice beside a1. Both
// are full with two thirds each, which the first holds up, and with a half for each on the last link.
func TestTwoSteadyStates(t *testing.T) {
	p, err := spec.Parse("two", []byte(`name: two
duration: 1s
nodes:
  - n0
  - {names: n1, bandwidth: {total: 20KBps}}
  - n2..n3
links: [n0 -> n1, n0 -> n2, n1 -> n2, {link: n2 -> n3, rate: 20KBps}]
applications:
  - {name: a0, at: n0, source: back-to-back}
  - {name: a1, at: n1, source: back-to-back}
`), spec.Options{Algorithms: relays{}})
	if err != nil {
		t.Fatal(err)
	}
	order, err := topological(p)
	if err != nil {
		t.Fatal(err)
	}
	var ways [][]float64
	for a := range p.Apps {
		ways = append(ways, waysFrom(p, order, p.Apps[a].Node))
	}
	all := limits(p, ways)
	for _, x := range [][]float64{{20_000. / 3, 20_000. / 3}, {5_000, 10_000}} {
		if !steady(all, x) {
			t.Errorf("%v is not steady", x)
		}
	}
	for _, x := range [][]float64{{4_000, 12_000}, {8_000, 4_000}, {5_000, 8_000}} {
		if steady(all, x) {
			t.Errorf("%v is steady", x)
		}
	}
}

// What comes out is feasible, and fair: each session is held up somewhere that is full,
// where nobody on its link has more, nor any link than its own.
func TestEverybodyHasABottleneck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := random(t)
		all := limitsOf(t, p)
		x, err := solve(all, len(p.Apps))
		if err != nil {
			t.Fatal(err)
		}
		const near = 1 + 1e-6
		held := make([]bool, len(x))
		for i := range all {
			total, most := 0.0, 0.0
			sums := make([]float64, len(all[i].links))
			for k, lanes := range all[i].links {
				for _, a := range lanes {
					sums[k] += a.ways * x[a.session]
				}
				total, most = total+sums[k], max(most, sums[k])
			}
			if total > all[i].rate*near {
				t.Fatalf("%.0f B/s where there are %.0f", total, all[i].rate)
			}
			if total*near < all[i].rate {
				continue
			}
			for k, lanes := range all[i].links {
				largest := 0.0
				for _, a := range lanes {
					largest = max(largest, a.ways*x[a.session])
				}
				for _, a := range lanes {
					if sums[k]*near >= most && a.ways*x[a.session]*near >= largest {
						held[a.session] = true
					}
				}
			}
		}
		for s, ok := range held {
			if !ok {
				t.Fatalf("source %d could send more than %.0f B/s; all %v", s, x[s], x)
			}
		}
	})
}
