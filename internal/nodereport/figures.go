package nodereport

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/metric"
)

// Figures are what the algorithm of a node has counted of itself, by name: counters and histograms since the node
// began, what gauges and states are now, and what has happened since they were reported last.
type Figures struct {
	Counters   map[string]uint64  `json:"counters,omitempty"`
	Gauges     map[string]float64 `json:"gauges,omitempty"`
	Histograms map[string]Spread  `json:"histograms,omitempty"`
	States     map[string]string  `json:"states,omitempty"`
	Events     []metric.Event     `json:"events,omitempty"`  // changes of states, and notes, since the report before; at most metric.MaxEvents
	Refused    uint64             `json:"refused,omitempty"` // uses that went over a bound of package metric
}

// Spread is the distribution of a histogram.
type Spread struct {
	Count uint64  `json:"count"`
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// Keeper adds up what an algorithm reports. The zero value is empty and ready. It belongs to the node's loop.
type Keeper struct {
	sum   Figures
	dists map[string]*metric.Distribution
}

// Take adds what has changed (core.Node.TakeMetrics), and is all there is so far; nil if the algorithm keeps no figures. The caller owns it.
func (k *Keeper) Take(c *metric.Changes) *Figures {
	events := k.add(c)
	f := Figures{Counters: maps.Clone(k.sum.Counters), Gauges: maps.Clone(k.sum.Gauges), States: maps.Clone(k.sum.States), Events: events, Refused: k.sum.Refused}
	for name, d := range k.dists {
		if f.Histograms == nil {
			f.Histograms = make(map[string]Spread)
		}
		f.Histograms[name] = Spread{d.Count(), d.Mean(), d.Min(), d.Quantile(0.5), d.Quantile(0.95), d.Quantile(0.99), d.Max()}
	}
	if len(f.Counters)+len(f.Gauges)+len(f.Histograms)+len(f.States)+len(f.Events) == 0 && f.Refused == 0 {
		return nil
	}
	return &f
}

func (k *Keeper) add(c *metric.Changes) (events []metric.Event) {
	if c == nil {
		return nil
	}
	for _, x := range c.Counters {
		put(&k.sum.Counters, x.Name, k.sum.Counters[x.Name]+x.More)
	}
	for _, x := range c.Gauges {
		put(&k.sum.Gauges, x.Name, x.Value)
	}
	for _, x := range c.Histograms {
		if x.More.Count() == 0 {
			continue // its figures would be no numbers
		}
		if k.dists[x.Name] == nil {
			put(&k.dists, x.Name, new(metric.Distribution))
		}
		k.dists[x.Name].Merge(x.More)
	}
	for _, e := range c.Events {
		if e.Kind == metric.KindState {
			put(&k.sum.States, e.Name, e.Text)
		}
	}
	k.sum.Refused += c.Refused
	return c.Events
}

func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[name] = v
}

// String is a line for people, without events.
func (f *Figures) String() string {
	if f == nil {
		return ""
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(f.Counters)) {
		words = append(words, fmt.Sprintf("%s %d", name, f.Counters[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Gauges)) {
		words = append(words, fmt.Sprintf("%s %.6g", name, f.Gauges[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Histograms)) {
		h := f.Histograms[name]
		words = append(words, fmt.Sprintf("%s %d times, mean %.4g, p50 %.4g, p95 %.4g, p99 %.4g, most %.4g", name, h.Count, h.Mean, h.P50, h.P95, h.P99, h.Max))
	}
	for _, name := range slices.Sorted(maps.Keys(f.States)) {
		words = append(words, fmt.Sprintf("%s %q", name, f.States[name]))
	}
	if f.Refused > 0 {
		words = append(words, fmt.Sprintf("metrics refused %d", f.Refused))
	}
	return strings.Join(words, "  ")
}
