package bench

import (
	"slices"
)

// Spread is a median with the smallest and the largest of the values.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spread returns nil if there are no values. The median of an even number of values is the mean of the middle two.
func spread(values []float64) *Spread {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	upper := len(sorted) / 2
	median := sorted[upper]
	if len(sorted)%2 == 0 {
		median = (sorted[upper-1] + sorted[upper]) / 2
	}
	return &Spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// place is where in a plan a point belongs, its round aside.
type place struct {
	kind  string
	nodes int
	pass  string
}

// measurements holds the points of a run by place and round.
type measurements map[place]map[int]Point

func tabulate(points []Point) measurements {
	t := make(measurements)
	for _, p := range points {
		at := place{kind: p.Kind, nodes: p.Nodes, pass: p.Pass}
		if t[at] == nil {
			t[at] = make(map[int]Point)
		}
		t[at][p.Round] = p
	}
	return t
}

// metric reads a figure from a point. 0 stands for a figure that could not be had, and is left out of everything.
type metric func(Point) float64

func totalPerCPU(p Point) float64    { return p.BytesPerCPUS }
func totalPerWall(p Point) float64   { return p.TotalBytesPerS }
func e2ePerWall(p Point) float64     { return p.E2EBytesPerS }
func messagesPerCPU(p Point) float64 { return p.MessagesPerCPUS }
func peakMemory(p Point) float64     { return float64(p.RSSPeakBytes) }

func hopP50(p Point) float64 {
	if p.HopLatencyNS == nil {
		return 0
	}
	return float64(p.HopLatencyNS.P50)
}

func hopP99(p Point) float64 {
	if p.HopLatencyNS == nil {
		return 0
	}
	return float64(p.HopLatencyNS.P99)
}

func hopP999(p Point) float64 {
	if p.HopLatencyNS == nil {
		return 0
	}
	return float64(p.HopLatencyNS.P999)
}

// over sums up one figure over the rounds of a place; nil if no round has it.
func (t measurements) over(at place, m metric) *Spread {
	var values []float64
	for _, p := range t[at] {
		if v := m(p); v != 0 {
			values = append(values, v)
		}
	}
	return spread(values)
}

// ratio sums up f(a/b) over the rounds that have both. Taking the ratio within a round, where both were measured
// within seconds of each other, leaves out most of what the machine did between rounds.
func (t measurements) ratio(a, b place, m metric, f func(float64) float64) *Spread {
	var values []float64
	for round, p := range t[a] {
		q, both := t[b][round]
		if !both || m(p) == 0 || m(q) == 0 {
			continue
		}
		values = append(values, f(m(p)/m(q)))
	}
	return spread(values)
}
